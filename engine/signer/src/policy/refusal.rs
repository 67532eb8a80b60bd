//! Why something was not signed: which rule, what was asked, what is allowed.

use polymarket::Address;
use schemas::{Bytes32, Price, UtcNanos};
use std::fmt;

/// A request breaks a rule of the policy. Nothing was signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Another chain.
    #[error("chain {asked} is not the policy's chain {allowed}")]
    Chain {
        /// The one in the request.
        asked: u64,
        /// The only one.
        allowed: u64,
    },
    /// An exchange contract that is not on the list.
    #[error("the exchange {exchange} is not on the policy's list")]
    Exchange {
        /// Its address.
        exchange: Address,
    },
    /// An account type that is not on the list.
    #[error("account type {found} is not on the policy's list")]
    AccountType {
        /// Its number.
        found: u8,
    },
    /// A wallet that is neither the key's own nor on the list.
    #[error("the wallet {maker} is neither derived from this key nor on the policy's list of funders")]
    Maker {
        /// The wallet.
        maker: Address,
    },
    /// Somebody else's order.
    #[error("the order names {signer} as its signer, which is not who signs here")]
    Signer {
        /// Who it names.
        signer: Address,
    },
    /// A salt that a JSON number cannot carry.
    #[error("the salt {salt} is not below 2^53")]
    Salt {
        /// It.
        salt: u64,
    },
    /// Somebody would earn a fee who is not on the list.
    #[error("the builder code 0x{builder} is not on the policy's list")]
    Builder {
        /// It.
        builder: Bytes32,
    },
    /// One side of the order is nothing.
    #[error("an order gives and takes more than nothing")]
    Empty,
    /// A price outside of the bounds.
    #[error("{} dollars for {} shares is not a price from {min} to {max}", Micro(*dollars), Micro(*shares))]
    Price {
        /// Dollars of the order.
        dollars: u64,
        /// Its shares.
        shares: u64,
        /// Lowest.
        min: Price,
        /// Highest.
        max: Price,
    },
    /// One order pays too much.
    #[error("the order pays {} dollars, at most {} are signed", Micro(*asked), Micro(*max))]
    OrderDollars {
        /// What it pays.
        asked: u64,
        /// The limit.
        max: u64,
    },
    /// One order gives too many shares.
    #[error("the order gives {} shares, at most {} are signed", Micro(*asked), Micro(*max))]
    OrderShares {
        /// What it gives.
        asked: u64,
        /// The limit.
        max: u64,
    },
    /// The buy orders of the day would pay too much.
    #[error("{} dollars more than the {} of today would pass the day's {}", Micro(*asked), Micro(*signed), Micro(*max))]
    DayDollars {
        /// What it pays.
        asked: u64,
        /// What today's orders pay.
        signed: u64,
        /// The limit.
        max: u64,
    },
    /// The sell orders of the day would give too many shares.
    #[error("{} shares more than the {} of today would pass the day's {}", Micro(*asked), Micro(*signed), Micro(*max))]
    DayShares {
        /// What it gives.
        asked: u64,
        /// What today's orders give.
        signed: u64,
        /// The limit.
        max: u64,
    },
    /// The transactions of the day would move too much.
    #[error("sending {} dollars more than the {} of today would pass the day's {}", Micro(*asked), Micro(*signed), Micro(*max))]
    DaySent {
        /// What it moves.
        asked: u64,
        /// What today's transactions move.
        signed: u64,
        /// The limit.
        max: u64,
    },
    /// A sum that no limit could hold.
    #[error("the day's sum does not fit a number")]
    Overflow,
    /// Logins are not signed here.
    #[error("the policy signs no logins")]
    Login,
    /// A login of another time could be kept for later.
    #[error("the login's time, {timestamp_s} s, is not within five minutes of {now}")]
    LoginTime {
        /// What it says.
        timestamp_s: u64,
        /// What this machine's clock says.
        now: UtcNanos,
    },
    /// A kind of transaction that is not on the list.
    #[error("the policy signs no transactions of the kind {kind}")]
    TxKind {
        /// Its name.
        kind: &'static str,
    },
    /// A contract that has no business with these tokens.
    #[error("{target} is no contract of the venue for this")]
    TxTarget {
        /// Its address.
        target: Address,
    },
    /// A recipient that is not on the list.
    #[error("the recipient {to} is not on the policy's list")]
    Recipient {
        /// It.
        to: Address,
    },
    /// A transaction that moves nothing, or an outcome that does not exist.
    #[error("the transaction makes no sense: {reason}")]
    TxNonsense {
        /// Why.
        reason: &'static str,
    },
    /// One transaction moves too much.
    #[error("the transaction moves {} dollars, at most {} are signed", Micro(*asked), Micro(*max))]
    TxAmount {
        /// What it moves.
        asked: u64,
        /// The limit.
        max: u64,
    },
    /// The fee could be too high.
    #[error("the fee may reach {asked} wei, at most {max} are signed")]
    TxFee {
        /// Gas limit times price.
        asked: u128,
        /// The limit.
        max: u128,
    },
}

impl Refusal {
    /// The rule's name, for logs and programs.
    pub fn rule(&self) -> &'static str {
        match self {
            Self::Chain { .. } => "chain",
            Self::Exchange { .. } => "exchange",
            Self::AccountType { .. } => "account_type",
            Self::Maker { .. } => "maker",
            Self::Signer { .. } => "signer",
            Self::Salt { .. } => "salt",
            Self::Builder { .. } => "builder",
            Self::Empty => "empty",
            Self::Price { .. } => "price",
            Self::OrderDollars { .. } => "order_dollars",
            Self::OrderShares { .. } => "order_shares",
            Self::DayDollars { .. } => "day_dollars",
            Self::DayShares { .. } => "day_shares",
            Self::DaySent { .. } => "day_sent",
            Self::Overflow => "overflow",
            Self::Login => "login",
            Self::LoginTime { .. } => "login_time",
            Self::TxKind { .. } => "transaction_kind",
            Self::TxTarget { .. } => "transaction_target",
            Self::Recipient { .. } => "recipient",
            Self::TxNonsense { .. } => "transaction_nonsense",
            Self::TxAmount { .. } => "transaction_amount",
            Self::TxFee { .. } => "transaction_fee",
        }
    }
}

/// Millionths, shown as a decimal number.
pub(crate) struct Micro(pub u64);

impl fmt::Display for Micro {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.0 / 1_000_000, self.0 % 1_000_000);
        if part == 0 {
            return write!(f, "{whole}");
        }
        let part = format!("{part:06}");
        write!(f, "{whole}.{}", part.trim_end_matches('0'))
    }
}
