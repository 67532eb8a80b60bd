//! The account at the venue, as the venue reports it: the log's own books never come from that, it checks them. And what a
//! person says of cash that no trade moved, which the books take.

use crate::ids::TokenId;
use crate::money::{Cash, Size};

/// What a comparison of cash is called in [`AccountEvent::ReconcileMismatch`].
pub const CASH_COMPARED: &str = "cash, micro-dollars";

/// Why cash moved without a trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MoveKind {
    /// It was sent to the account.
    Deposit,
    /// It was sent away.
    Withdrawal,
    /// The venue paid a rebate or a reward.
    Reward,
    /// Anything else.
    Other,
}

/// What the venue says about our account, and what a person says about its cash.
#[derive(Clone, Debug, PartialEq, Eq)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub enum AccountEvent {
    /// The cash balance. The first of a log opens the account; later ones are compared with the books.
    BalanceObserved {
        /// Cash, micro-dollars.
        cash: Cash,
    },
    /// How much a contract may move.
    AllowanceObserved {
        /// The contract.
        spender: String,
        /// How much, micro-dollars.
        amount: Cash,
    },
    /// A position.
    PositionObserved {
        /// The token.
        token: TokenId,
        /// How much of it.
        size: Size,
    },
    /// The venue and the books differ: no new risk until explained.
    ReconcileMismatch {
        /// What differs.
        what: String,
        /// What the books say, in the thing's own unit.
        expected: i64,
        /// What the venue says.
        observed: i64,
    },
    /// Cash moved without a trade. It is neither made nor lost: results count from what was put in.
    CashMoved {
        /// How much, micro-dollars; less than nothing if it went out.
        amount: Cash,
        /// Why.
        kind: MoveKind,
        /// Who says so.
        who: String,
        /// Anything more, in words.
        note: String,
    },
}

impl AccountEvent {
    /// What the books and the venue said of the cash, if that differed.
    pub fn cash_mismatch(&self) -> Option<(Cash, Cash)> {
        match self {
            Self::ReconcileMismatch { what, expected, observed } if what == CASH_COMPARED => {
                Some((Cash(*expected), Cash(*observed)))
            }
            _ => None,
        }
    }
}
