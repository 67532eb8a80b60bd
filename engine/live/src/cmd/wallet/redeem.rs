//! `arena wallet redeem`: the tokens of a resolved market into pUSD.

use super::open::Wallet;
use super::send::{Preparing, confirm, report, send};
use super::{approve, rpc_failure, withdraw};
use crate::exit::{Code, Failure, Outcome};
use clap::Args;
use polymarket::Generation;
use schemas::{Bytes32, Cash};
use signer::Call;
use venues::polygon::{Held, Purpose};

/// Arguments.
#[derive(Debug, Args)]
pub struct RedeemArgs {
    /// The market's condition id: 64 hex digits; of a Protocol V2 market 62
    #[arg(long, value_name = "HEX")]
    pub condition: String,
    /// It is a market of a neg-risk event
    #[arg(long)]
    pub neg_risk: bool,
    /// It is a Protocol V2 market (Gamma's version "v2"): then also say which outcome and how much
    #[arg(long, requires_all = ["outcome", "amount"], conflicts_with = "neg_risk")]
    pub protocol_v2: bool,
    /// Which outcome: 0 the first, 1 the second
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(0..=1), requires = "protocol_v2")]
    pub outcome: Option<u8>,
    /// How many shares of it
    #[arg(long, value_name = "SHARES", requires = "protocol_v2")]
    pub amount: Option<Cash>,
}

impl RedeemArgs {
    fn call(&self) -> Result<Call, Failure> {
        let digits = self.condition.strip_prefix("0x").unwrap_or(&self.condition);
        let expected = if self.protocol_v2 { 62 } else { 64 };
        let wrong = || Failure::new(Code::Usage, format!("a condition id of such a market has {expected} hex digits"));
        if digits.len() != expected {
            return Err(wrong());
        }
        let condition = Bytes32::from_hex(&format!("{digits:0<64}")).ok_or_else(wrong)?;
        match (self.outcome, self.amount) {
            (Some(outcome), Some(amount)) => {
                Ok(Call::RedeemV3 { condition, outcome, amount: withdraw::positive(amount)? })
            }
            _ => Ok(Call::RedeemV2 { condition, neg_risk: self.neg_risk }),
        }
    }
}

pub(super) fn run(wallet: &Wallet<'_>, args: &RedeemArgs) -> Outcome {
    withdraw::only_own_account(wallet, "redeeming")?;
    let call = args.call()?;
    let hand = wallet.signer()?;
    let owner = hand.address();
    let (generation, held) = match args.protocol_v2 {
        true => (Generation::V3, Held::Positions),
        false => (Generation::V2, Held::ConditionalTokens),
    };
    let settlement = wallet.chain.settlement(generation, args.neg_risk).map_err(|e| rpc_failure(e.into()))?;
    wallet.on_chain(async |node| {
        let permissions = node.permissions(wallet.chain, owner).await.map_err(rpc_failure)?;
        let mut fitting =
            permissions.iter().filter(|p| (p.held, p.purpose, p.spender) == (held, Purpose::Redeem, settlement));
        if fitting.all(|p| p.amount == 0) {
            return Err(approve::missing(
                &format!("the contract {settlement} may not take the tokens that it is to redeem"),
                "`arena wallet approve --redeem` lets it",
            ));
        }
        let tx = Preparing::begin(node, wallet.chain, owner).await?.next(call).await?;
        let txs = [tx];
        let signer = confirm(wallet, hand, &txs, &withdraw::last_four(&owner), "redeem")?;
        report(wallet, &[send(node, signer.as_ref(), &txs[0]).await?])
    })
}
