//! The account at the venue, as the venue reports it. The log's own books never come from here; these events check them.

use crate::ids::TokenId;
use crate::money::{Cash, Size};

/// What the venue says about our account.
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
}
