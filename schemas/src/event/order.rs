//! The life of an order. Intents say what we are about to do; everything else says what the venue did.

use crate::event::agent::OrderPlan;
use crate::ids::{Bytes32, MarketId, OrderId, TokenId};
use crate::money::{Cash, Price, Side, Size};

/// An order is about to leave. It holds the exact bytes, so a restart sends the same bytes or nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub struct OrderIntended {
    /// Our number of it.
    pub order: OrderId,
    /// The market.
    pub market: MarketId,
    /// What is ordered.
    pub plan: OrderPlan,
    /// The most it can lose, fees included: reserved until the order's fate is known.
    pub worst_case_loss: Cash,
    /// Makes the bytes unique; derived from the order's number.
    pub salt: u64,
    /// The venue's id of the order, computed from the bytes before they leave.
    pub hash: Bytes32,
    /// The exact bytes that are sent.
    pub signed: Vec<u8>,
}

/// A venue's id of one trade, or of our part of it: what fills are told apart by. Hexadecimal text for people and JSON,
/// which cannot carry 128-bit numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[derive(rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub struct TradeKey(pub u128);

impl serde::Serialize for TradeKey {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if s.is_human_readable() { s.collect_str(self) } else { s.serialize_u128(self.0) }
    }
}

impl<'de> serde::Deserialize<'de> for TradeKey {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        if d.is_human_readable() {
            let text = String::deserialize(d)?;
            u128::from_str_radix(&text, 16).map(Self).map_err(serde::de::Error::custom)
        } else {
            u128::deserialize(d).map(Self)
        }
    }
}

impl std::fmt::Display for TradeKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:x}", self.0)
    }
}

/// Whether we rested or took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Liquidity {
    /// Our order rested.
    Maker,
    /// Our order took.
    Taker,
}

/// A match that the venue reports. Provisional until confirmed on chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub struct FillBooked {
    /// Our order.
    pub order: OrderId,
    /// Which trade.
    pub trade: TradeKey,
    /// The token that changed hands.
    pub token: TokenId,
    /// Our side.
    pub side: Side,
    /// The price of the fill.
    pub price: Price,
    /// Its size.
    pub size: Size,
    /// What we paid for it, on top.
    pub fee: Cash,
    /// Whether we rested or took.
    pub liquidity: Liquidity,
}

/// Why an order is cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancelReason {
    /// The view changed.
    ViewChanged,
    /// The kill switch.
    Kill,
    /// An exit needs the reserved shares or replaces the order.
    Replaced,
    /// The operator asked.
    Operator,
    /// The engine stops.
    Shutdown,
    /// The venue: what a FAK order did not fill, or a FOK order as a whole.
    Unfilled,
    /// The venue: the market ended.
    MarketResolved,
    /// The venue: not enough balance any more.
    NoBalance,
}

/// A position of a resolved market paid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub struct PositionSettled {
    /// The token held.
    pub token: TokenId,
    /// How much of it.
    pub size: Size,
    /// What a share pays.
    pub payout: Price,
    /// What was paid in all.
    pub cash: Cash,
}

/// The life of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub enum OrderEvent {
    /// An intent: place it. Durable before any socket sees it.
    Intended(Box<OrderIntended>),
    /// The venue has it.
    Accepted {
        /// Our number.
        order: OrderId,
    },
    /// The venue refused it: definite, no fill can come.
    Rejected {
        /// Our number.
        order: OrderId,
        /// In the venue's words. Untrusted text.
        reason: String,
    },
    /// It was sent and no definite answer came. Keeps its reservation until proven one way or the other.
    Unknown {
        /// Our number.
        order: OrderId,
        /// What was seen instead.
        reason: String,
    },
    /// An intent: send the same bytes again.
    ResendIntended {
        /// Our number.
        order: OrderId,
        /// Which attempt this is, from 2.
        attempt: u16,
    },
    /// A match.
    FillBooked(Box<FillBooked>),
    /// A match is final.
    FillConfirmed {
        /// Our order.
        order: OrderId,
        /// Which trade.
        trade: TradeKey,
    },
    /// A match did not settle: it never happened.
    FillVoided {
        /// Our order.
        order: OrderId,
        /// Which trade.
        trade: TradeKey,
        /// In the venue's words. Untrusted text.
        reason: String,
    },
    /// An intent: cancel it.
    CancelIntended {
        /// Our number.
        order: OrderId,
        /// Why.
        reason: CancelReason,
    },
    /// It stands no more.
    Cancelled {
        /// Our number.
        order: OrderId,
        /// Why.
        reason: CancelReason,
    },
    /// Its time ran out.
    Expired {
        /// Our number.
        order: OrderId,
    },
    /// A position of a resolved market paid out.
    PositionSettled(Box<PositionSettled>),
}
