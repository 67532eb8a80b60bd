//! Which transactions are signed. A target is never free: it is a contract of the venue on this chain, looked up here.

use super::{Policy, Refusal};
use crate::ledger::Outflow;
use crate::request::{Call, TokenLedger, TxRequest};
use polymarket::{Address, Chain, Contract};
use std::collections::BTreeSet;

/// The kinds of transactions that a policy lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TxKind {
    /// Permissions for the venue's contracts.
    Approve,
    /// Dollars to a listed recipient.
    Transfer,
    /// pUSD into USDC.e, to a listed recipient.
    Unwrap,
    /// Outcome tokens of resolved markets into pUSD, to the wallet itself.
    Redeem,
}

impl TxKind {
    /// All, with the names of a policy file.
    pub const NAMES: [(Self, &'static str); 4] =
        [(Self::Approve, "approve"), (Self::Transfer, "transfer"), (Self::Unwrap, "unwrap"), (Self::Redeem, "redeem")];

    /// Its name in a policy file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Transfer => "transfer",
            Self::Unwrap => "unwrap",
            Self::Redeem => "redeem",
        }
    }
}

/// Which transactions are signed; none by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TransactionRules {
    /// The kinds.
    pub kinds: BTreeSet<TxKind>,
    /// Who may be sent dollars.
    pub recipients: BTreeSet<Address>,
    /// Most that one transaction may move, micro-dollars.
    pub amount_max: u64,
    /// Most that the transactions of a UTC day may move, micro-dollars.
    pub day_max: u64,
    /// Most that one transaction's fee may reach, wei.
    pub fee_max: u128,
}

impl Call {
    /// Its kind.
    pub fn kind(&self) -> TxKind {
        match self {
            Self::ApprovePusd { .. } | Self::ApproveTokens { .. } => TxKind::Approve,
            Self::Transfer { .. } => TxKind::Transfer,
            Self::Unwrap { .. } => TxKind::Unwrap,
            Self::RedeemV2 { .. } | Self::RedeemV3 { .. } => TxKind::Redeem,
        }
    }
}

impl Policy {
    /// Whether this transaction may be signed. Returns what it moves out of the wallet.
    pub fn transaction(&self, tx: &TxRequest, chain: &Chain) -> Result<Outflow, Refusal> {
        self.chain(tx.chain_id)?;
        self.chain(chain.id)?;
        let rules = &self.transactions;
        let kind = tx.call.kind();
        if !rules.kinds.contains(&kind) {
            return Err(Refusal::TxKind { kind: kind.name() });
        }
        if tx.fee_max() > rules.fee_max {
            return Err(Refusal::TxFee { asked: tx.fee_max(), max: rules.fee_max });
        }
        if tx.max_priority_fee_per_gas > tx.max_fee_per_gas {
            return Err(Refusal::TxNonsense { reason: "its tip is higher than all that a unit of gas may cost" });
        }
        match &tx.call {
            Call::ApprovePusd { spender, .. } => on_list(*spender, &spenders(chain)),
            Call::ApproveTokens { ledger, operator, .. } => on_list(*operator, &operators(chain, *ledger)),
            Call::Transfer { to, amount, .. } | Call::Unwrap { to, amount } => return rules.send(*to, *amount),
            Call::RedeemV3 { outcome, amount, condition } => match (*outcome, *amount, condition.0[31]) {
                (0 | 1, 1.., 0) => Ok(()),
                _ => Err(Refusal::TxNonsense {
                    reason: "an outcome is 0 or 1, a condition 31 bytes, an amount not nothing",
                }),
            },
            Call::RedeemV2 { .. } => Ok(()),
        }?;
        Ok(Outflow::default())
    }
}

impl TransactionRules {
    fn send(&self, to: Address, amount: u64) -> Result<Outflow, Refusal> {
        if !self.recipients.contains(&to) {
            return Err(Refusal::Recipient { to });
        }
        match amount {
            0 => Err(Refusal::TxNonsense { reason: "it moves nothing" }),
            n if n > self.amount_max => Err(Refusal::TxAmount { asked: n, max: self.amount_max }),
            n => Ok(Outflow { sent: n, ..Outflow::default() }),
        }
    }
}

fn on_list(target: Address, list: &[Address]) -> Result<(), Refusal> {
    if list.contains(&target) { Ok(()) } else { Err(Refusal::TxTarget { target }) }
}

/// Who may be allowed to take pUSD (polymarket.md 10): the exchanges to trade, adapters and router to split, the offramp
/// to withdraw.
pub fn spenders(chain: &Chain) -> Vec<Address> {
    use Contract::{
        CollateralAdapter, ExchangeV2, ExchangeV3, NegRiskCollateralAdapter, NegRiskExchangeV2, Offramp, Router,
    };
    let list =
        [ExchangeV2, NegRiskExchangeV2, ExchangeV3, CollateralAdapter, NegRiskCollateralAdapter, Router, Offramp];
    known(chain, &list)
}

/// Who may be allowed to move outcome tokens: the exchanges to trade, adapters and router to redeem.
pub fn operators(chain: &Chain, ledger: TokenLedger) -> Vec<Address> {
    use Contract::{CollateralAdapter, ExchangeV2, ExchangeV3, NegRiskCollateralAdapter, NegRiskExchangeV2, Router};
    match ledger {
        TokenLedger::ConditionalTokens => {
            known(chain, &[ExchangeV2, NegRiskExchangeV2, CollateralAdapter, NegRiskCollateralAdapter])
        }
        TokenLedger::PositionManager => known(chain, &[ExchangeV3, Router]),
    }
}

fn known(chain: &Chain, contracts: &[Contract]) -> Vec<Address> {
    contracts.iter().filter_map(|c| chain.address(*c).ok()).collect()
}
