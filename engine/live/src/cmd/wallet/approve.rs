//! `arena wallet approve`: lets the venue's contracts take what orders need, and nothing that is there already.

use super::balance::{held, needed, purpose};
use super::open::Wallet;
use super::send::{Preparing, confirm, report, send};
use super::{rpc_failure, withdraw};
use crate::exit::{Code, Failure, Outcome};
use clap::Args;
use schemas::Cash;
use signer::{Allowance, Call, TokenLedger};
use venues::polygon::{Held, Permission, Purpose};

/// Arguments.
#[derive(Debug, Args)]
pub struct ApproveArgs {
    /// Most pUSD that each exchange may take [default: any amount, as the venue's own pages ask for]
    #[arg(long, value_name = "USDC", conflicts_with = "revoke")]
    pub amount: Option<Cash>,
    /// Also what redeeming resolved markets needs
    #[arg(long)]
    pub redeem: bool,
    /// Take every permission back that is there
    #[arg(long, conflicts_with = "redeem")]
    pub revoke: bool,
}

pub(super) fn run(wallet: &Wallet<'_>, args: &ApproveArgs) -> Outcome {
    withdraw::only_own_account(wallet, "permissions")?;
    let allowance = match args.amount {
        None => Allowance::Unlimited,
        Some(amount) => Allowance::Exactly(withdraw::positive(amount)?),
    };
    let hand = wallet.signer()?;
    let owner = hand.address();
    wallet.on_chain(async |node| {
        let permissions = node.permissions(wallet.chain, owner).await.map_err(rpc_failure)?;
        let wanted: Vec<&Permission> = permissions.iter().filter(|p| is_wanted(args, allowance, p)).collect();
        if wanted.is_empty() {
            let what =
                if args.revoke { "there is no permission to take back" } else { "every permission is there already" };
            eprintln!("{what}");
            return Ok(Code::Ok);
        }
        let mut preparing = Preparing::begin(node, wallet.chain, owner).await?;
        let mut txs = Vec::new();
        for permission in &wanted {
            if !wallet.global.quiet {
                eprintln!("{}, for {}", held(permission.held), purpose(permission.purpose));
            }
            txs.push(preparing.next(call(permission, allowance, args.revoke)).await?);
        }
        let what = if args.revoke { "take these permissions back" } else { "give these permissions" };
        let signer = confirm(wallet, hand, &txs, &withdraw::last_four(&owner), what)?;
        let mut done = Vec::new();
        for tx in &txs {
            done.push(send(node, signer.as_ref(), tx).await?);
        }
        report(wallet, &done)
    })
}

fn is_wanted(args: &ApproveArgs, allowance: Allowance, permission: &Permission) -> bool {
    if args.revoke {
        return permission.amount > 0;
    }
    let in_scope = needed(permission.purpose) || (args.redeem && permission.purpose == Purpose::Redeem);
    let enough = match (permission.held, allowance) {
        (Held::Pusd, Allowance::Exactly(amount)) => permission.amount == amount,
        // A permission that was unlimited and has been used a little is still more than anybody has.
        _ => permission.amount >= u64::MAX / 2,
    };
    in_scope && !enough
}

fn call(permission: &Permission, allowance: Allowance, revoke: bool) -> Call {
    let ledger = match permission.held {
        Held::Pusd => {
            let amount = if revoke { Allowance::Exactly(0) } else { allowance };
            return Call::ApprovePusd { spender: permission.spender, amount };
        }
        Held::ConditionalTokens => TokenLedger::ConditionalTokens,
        Held::Positions => TokenLedger::PositionManager,
    };
    Call::ApproveTokens { ledger, operator: permission.spender, approved: !revoke }
}

/// A failure where a permission is missing.
pub(super) fn missing(what: &str, how: &str) -> Failure {
    Failure::new(Code::Usage, what.to_owned()).next(how.to_owned())
}
