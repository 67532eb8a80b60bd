//! `arena wallet withdraw`: pUSD to an address, as pUSD or, through the Offramp, as USDC.e.

use super::balance::{dollars, pol};
use super::books::Books;
use super::open::Wallet;
use super::rpc_failure;
use super::send::{Preparing, confirm, report, send};
use crate::config::AccountType;
use crate::exit::{Code, Failure, Outcome};
use clap::Args;
use polymarket::{Address, Contract};
use schemas::Cash;
use signer::{Allowance, Call, Dollar, TxRequest};

/// Gas for an unwrapping that cannot be estimated yet, because its permission is not there; a few times what it needs.
const UNWRAP_GAS: u64 = 400_000;

/// Arguments.
#[derive(Debug, Args)]
pub struct WithdrawArgs {
    /// To whom
    #[arg(long, value_name = "ADDRESS")]
    pub to: Address,
    /// How much, dollars, or `all`
    #[arg(long, value_name = "USDC", value_parser = amount)]
    pub amount: Amount,
    /// As USDC.e instead of pUSD, which only the venue takes
    #[arg(long)]
    pub unwrap: bool,
}

/// How much is withdrawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// All pUSD that is there.
    All,
    /// So much.
    Exactly(Cash),
}

fn amount(text: &str) -> Result<Amount, String> {
    match text {
        "all" => Ok(Amount::All),
        number => number.parse().map(Amount::Exactly).map_err(|e: schemas::MoneyError| e.to_string()),
    }
}

pub(super) fn run(wallet: &Wallet<'_>, args: &WithdrawArgs) -> Outcome {
    only_own_account(wallet, "a withdrawal")?;
    let asked = match args.amount {
        Amount::All => None,
        Amount::Exactly(amount) => Some(positive(amount)?),
    };
    check_recipient(wallet, args.to)?;
    let hand = wallet.signer()?;
    let owner = hand.address();
    if args.to == owner && !args.unwrap {
        return Err(Failure::new(Code::Usage, "that is the wallet's own address; nothing would move"));
    }
    wallet.on_chain(async |node| {
        let balances = node.balances(wallet.chain, owner).await.map_err(rpc_failure)?;
        let amount = asked.unwrap_or(balances.pusd);
        if amount == 0 {
            return Err(Failure::new(Code::Usage, "the wallet has no pUSD"));
        }
        if balances.pusd < amount {
            let what = format!("the wallet has {} pUSD, less than {}", dollars(balances.pusd), dollars(amount));
            return Err(Failure::new(Code::Usage, what));
        }
        let mut preparing = Preparing::begin(node, wallet.chain, owner).await?;
        let mut txs: Vec<TxRequest> = Vec::new();
        if args.unwrap {
            let offramp = wallet.chain.address(Contract::Offramp).map_err(|e| rpc_failure(e.into()))?;
            let unwrap = Call::Unwrap { to: args.to, amount };
            if node.allowance(wallet.chain, owner, offramp).await.map_err(rpc_failure)? < amount {
                let permission = Call::ApprovePusd { spender: offramp, amount: Allowance::Exactly(amount) };
                txs.push(preparing.next(permission).await?);
                txs.push(preparing.next_with(unwrap, UNWRAP_GAS));
            } else {
                txs.push(preparing.next(unwrap).await?);
            }
        } else {
            txs.push(preparing.next(Call::Transfer { token: Dollar::Pusd, to: args.to, amount }).await?);
        }
        let fee: u128 = txs.iter().map(TxRequest::fee_max).sum();
        if balances.pol_wei < fee {
            let what = format!("the wallet has {} POL, the fee may reach {}", pol(balances.pol_wei), pol(fee));
            return Err(Failure::new(Code::Usage, what).next(format!("send POL to {owner} first")));
        }
        let books = Books::of(wallet.global, owner);
        books.iter().for_each(Books::warn);
        let typed = format!("{} {}", dollars(amount), last_four(&args.to));
        let what = format!("send {} to {}: what is sent cannot be called back", dollars(amount), args.to);
        let signer = confirm(wallet, hand, &txs, &typed, &what)?;
        let mut done = Vec::new();
        for tx in &txs {
            done.push(send(node, signer.as_ref(), tx).await?);
        }
        let reported = report(wallet, &done);
        // Whatever comes of it: the money is gone, and the books have to know.
        if let (Some(books), Some(last)) = (&books, done.last()) {
            books.record(wallet.global, amount, &args.to, &last.hash);
        }
        reported
    })
}

/// A contract of the venue cannot give back what is sent to it, nor can nobody.
fn check_recipient(wallet: &Wallet<'_>, to: Address) -> Result<(), Failure> {
    let refused =
        |what: String| Err(Failure::new(Code::Usage, what).next("name an address that somebody has the key of"));
    if to == Address::ZERO {
        return refused("the zero address is nobody's; what is sent there is lost".to_owned());
    }
    match wallet.chain.contracts().find(|(_, address)| *address == to) {
        Some((contract, _)) => refused(format!("{to} is a contract of the venue ({contract:?}), not a wallet")),
        None => Ok(()),
    }
}

/// Only the key's own account can send transactions by itself.
pub(super) fn only_own_account(wallet: &Wallet<'_>, what: &str) -> Result<(), Failure> {
    let how = match wallet.config.account {
        AccountType::Eoa => return Ok(()),
        AccountType::Proxy => {
            "a proxy wallet moves only through the venue's relayer: log in on polymarket.com with the same account"
        }
        AccountType::Safe => {
            "a Safe moves only by its own transactions: use app.safe.global with this key's account as owner, or polymarket.com"
        }
        AccountType::Deposit => {
            "a deposit wallet moves only through the venue's relayer: log in on polymarket.com with the same account"
        }
    };
    let kind = format!("{:?}", wallet.config.account).to_lowercase();
    Err(Failure::new(Code::Usage, format!("{what} from a {kind} account cannot be made here")).next(how))
}

/// An amount above nothing, in millionths.
pub(super) fn positive(amount: Cash) -> Result<u64, Failure> {
    match u64::try_from(amount.0) {
        Ok(n) if n > 0 => Ok(n),
        _ => Err(Failure::new(Code::Usage, format!("an amount of {amount} is not more than nothing"))),
    }
}

/// The last four characters of an address, as they are shown.
pub(super) fn last_four(address: &Address) -> String {
    address.to_string().chars().skip(38).collect()
}
