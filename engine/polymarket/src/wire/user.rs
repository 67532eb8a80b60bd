//! The user channel, `/ws/user` (section 6 of the protocol notes), and the same orders and trades as REST lists them:
//! one type for each, as they are matched by id.

use super::error::{Problem, WireError};
use super::field;
use super::market::{Frame, Undecoded, elements};
use super::scan::Value;
use crate::{Address, OrderType};
use schemas::{Bytes32, Price, Side, Size, UtcNanos};
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;

/// A message of the user channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// An order of ours was placed, filled in part, or ended.
    Order(Box<OrderState>),
    /// A trade of ours changed its status. The same trade comes again for each; key fills by trade and order id.
    Trade(Box<Trade>),
    /// An event type that this build does not know.
    Unknown {
        /// Its name.
        event_type: Cow<'a, str>,
        /// The message.
        raw: &'a str,
    },
}

/// Where an order stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderStatus {
    /// In the book.
    Live,
    /// Traded wholly, or with what it met.
    Matched,
    /// Waiting for its delay to pass.
    Delayed,
    /// Its delay passed without a match; it rests.
    Unmatched,
    /// Ended, with the venue's reason behind `CANCELED`, if it gave one: `MARKET_RESOLVED`, `NOT_ENOUGH_BALANCE`,
    /// `MARKET_NOT_FOUND`, `EXPIRED_ORDER`, `ORDER_TIMED_OUT`.
    Canceled(Option<String>),
    /// Refused later.
    Invalid,
    /// A word that this build does not know: the order's fate is unknown.
    Other(String),
}

impl OrderStatus {
    /// From the venue's word of whatever case, with or without `ORDER_STATUS_`.
    pub fn parse(word: &str) -> Self {
        let upper = word.to_ascii_uppercase();
        match upper.strip_prefix("ORDER_STATUS_").unwrap_or(&upper) {
            "LIVE" => Self::Live,
            "MATCHED" => Self::Matched,
            "DELAYED" => Self::Delayed,
            "UNMATCHED" => Self::Unmatched,
            "INVALID" => Self::Invalid,
            "CANCELED" | "CANCELLED" => Self::Canceled(None),
            other => match other.strip_prefix("CANCELED_") {
                Some(reason) => Self::Canceled(Some(reason.to_owned())),
                None => Self::Other(word.chars().take(64).collect()),
            },
        }
    }

    /// Whether it can trade no more.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Canceled(_) | Self::Invalid)
    }
}

/// Where a trade stands: `MATCHED -> MINED -> CONFIRMED`, by way of `RETRYING`, or `FAILED`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TradeStatus {
    /// Matched by the venue: book the fill.
    Matched,
    /// Matched, and not sent to the chain yet.
    MatchedNotBroadcasted,
    /// In a block.
    Mined,
    /// Final: the fill stands.
    Confirmed,
    /// The transaction failed and is tried again.
    Retrying,
    /// Final: the fill never was.
    Failed,
    /// A word that this build does not know.
    Other(String),
}

impl TradeStatus {
    /// From the venue's word, with or without `TRADE_STATUS_`.
    pub fn parse(word: &str) -> Self {
        match word.strip_prefix("TRADE_STATUS_").unwrap_or(word) {
            "MATCHED" => Self::Matched,
            "MATCHED_NOT_BROADCASTED" => Self::MatchedNotBroadcasted,
            "MINED" => Self::Mined,
            "CONFIRMED" => Self::Confirmed,
            "RETRYING" => Self::Retrying,
            "FAILED" => Self::Failed,
            other => Self::Other(other.chars().take(64).collect()),
        }
    }
}

impl<'de> Deserialize<'de> for OrderStatus {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Ok(Self::parse(&Cow::<str>::deserialize(d)?))
    }
}

impl<'de> Deserialize<'de> for TradeStatus {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Ok(Self::parse(&Cow::<str>::deserialize(d)?))
    }
}

/// What happened to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum OrderChange {
    /// It was placed.
    Placement,
    /// Some of it traded.
    Update,
    /// It ended.
    Cancellation,
}

/// An order of ours, as the user channel and `GET /data/orders` tell it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
pub struct OrderState {
    /// The order's id: its EIP-712 digest.
    #[serde(with = "field::a_hash")]
    pub id: Bytes32,
    /// What happened, on the user channel.
    #[serde(default, rename = "type")]
    pub change: Option<OrderChange>,
    /// Where it stands.
    #[serde(default)]
    pub status: Option<OrderStatus>,
    /// The API key it belongs to.
    #[serde(default, with = "field::text")]
    pub owner: String,
    /// The wallet that holds the funds.
    #[serde(default, with = "field::maybe_address")]
    pub maker_address: Option<Address>,
    /// The market's condition.
    #[serde(with = "field::a_condition")]
    pub market: Bytes32,
    /// The token.
    #[serde(rename = "asset_id", with = "field::a_token")]
    pub token: Bytes32,
    /// Ours.
    #[serde(with = "field::a_side")]
    pub side: Side,
    /// Shares, but **dollars** for a purchase that takes at once: see [`OrderState::shares`].
    #[serde(with = "field::a_size")]
    pub original_size: Size,
    /// Shares that traded.
    #[serde(with = "field::a_size")]
    pub size_matched: Size,
    /// Its limit.
    #[serde(with = "field::a_price")]
    pub price: Price,
    /// The outcome's name.
    #[serde(default, with = "field::text")]
    pub outcome: String,
    /// Its trades.
    #[serde(default, with = "field::list")]
    pub associate_trades: Vec<String>,
    /// How long it stands.
    #[serde(default)]
    pub order_type: Option<OrderType>,
    /// When it ends; the epoch if never.
    #[serde(default, with = "field::maybe_time")]
    pub expiration: Option<UtcNanos>,
    /// When it was made.
    #[serde(default, with = "field::maybe_time")]
    pub created_at: Option<UtcNanos>,
    /// When this happened.
    #[serde(default, with = "field::maybe_time")]
    pub timestamp: Option<UtcNanos>,
}

impl OrderState {
    /// Whether `original_size` counts dollars: purchases that take at once are made for dollars.
    pub fn is_in_dollars(&self) -> bool {
        self.side == Side::Buy && matches!(self.order_type, Some(OrderType::Fak | OrderType::Fok))
    }

    /// The shares ordered. `None` if it was made for dollars, or for an order that does not say how long it stands.
    pub fn shares(&self) -> Option<Size> {
        (self.order_type.is_some() && !self.is_in_dollars()).then_some(self.original_size)
    }
}

/// Whether ours was the order that came or the one that stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum TraderSide {
    /// It came, and pays the fee.
    Taker,
    /// It stood.
    Maker,
}

/// A trade of ours, as the user channel and `GET /data/trades` tell it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
pub struct Trade {
    /// The trade's id.
    pub id: String,
    /// The order that came.
    #[serde(with = "field::a_hash")]
    pub taker_order_id: Bytes32,
    /// The market's condition.
    #[serde(with = "field::a_condition")]
    pub market: Bytes32,
    /// The taker's token.
    #[serde(rename = "asset_id", with = "field::a_token")]
    pub token: Bytes32,
    /// The taker's side.
    #[serde(with = "field::a_side")]
    pub side: Side,
    /// The taker's shares.
    #[serde(with = "field::a_size")]
    pub size: Size,
    /// The taker's price.
    #[serde(with = "field::a_price")]
    pub price: Price,
    /// As it stands; fees are not computed from it any more.
    #[serde(default, with = "field::text")]
    pub fee_rate_bps: String,
    /// Where it stands.
    pub status: TradeStatus,
    /// The API key whose trade this is.
    #[serde(default, with = "field::text")]
    pub owner: String,
    /// The wallet whose trade this is.
    #[serde(default, with = "field::maybe_address")]
    pub maker_address: Option<Address>,
    /// The outcome's name.
    #[serde(default, with = "field::text")]
    pub outcome: String,
    /// When it matched. The venue writes the field with and without an underscore.
    #[serde(default, alias = "matchtime", with = "field::maybe_time")]
    pub match_time: Option<UtcNanos>,
    /// When its status changed.
    #[serde(default, with = "field::maybe_time")]
    pub last_update: Option<UtcNanos>,
    /// When this was said.
    #[serde(default, with = "field::maybe_time")]
    pub timestamp: Option<UtcNanos>,
    /// The transaction, once there is one.
    #[serde(default, with = "field::maybe_hash")]
    pub transaction_hash: Option<Bytes32>,
    /// Which of the two was ours.
    #[serde(default)]
    pub trader_side: Option<TraderSide>,
    /// The orders that stood: several of ours may be among them.
    #[serde(default, with = "field::list")]
    pub maker_orders: Vec<MakerOrder>,
}

/// An order that stood when another came.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
pub struct MakerOrder {
    /// Its id.
    #[serde(with = "field::a_hash")]
    pub order_id: Bytes32,
    /// The API key it belongs to.
    #[serde(default, with = "field::text")]
    pub owner: String,
    /// Its wallet.
    #[serde(default, with = "field::maybe_address")]
    pub maker_address: Option<Address>,
    /// Shares of it that traded.
    #[serde(with = "field::a_size")]
    pub matched_amount: Size,
    /// Its price, of its own token.
    #[serde(with = "field::a_price")]
    pub price: Price,
    /// Its token: the other outcome's, where the two were minted or merged as a pair.
    #[serde(rename = "asset_id", with = "field::a_token")]
    pub token: Bytes32,
    /// The outcome's name.
    #[serde(default, with = "field::text")]
    pub outcome: String,
    /// Its side, if the venue says.
    #[serde(default, with = "field::maybe_side")]
    pub side: Option<Side>,
}

#[derive(serde::Deserialize)]
struct Kind<'a> {
    #[serde(borrow)]
    event_type: Option<Cow<'a, str>>,
}

/// Reads a text frame, like [`super::market::decode`].
pub fn decode(frame: &str) -> Result<Frame<Result<Event<'_>, Undecoded<'_>>>, WireError> {
    elements(frame, |scan, _| match scan.value()? {
        Value::Nested(raw) => Ok(event(raw).map_err(|error| Undecoded { raw, error })),
        _ => Ok(scan.wrong()?),
    })
}

fn event(raw: &str) -> Result<Event<'_>, WireError> {
    let kind: Kind<'_> = super::read(raw)?;
    let Some(event_type) = kind.event_type else {
        return Err(WireError::Missing("event_type"));
    };
    match event_type.as_ref() {
        "order" => super::read(raw).map(|order| Event::Order(Box::new(order))),
        "trade" => super::read::<Trade>(raw).and_then(Trade::checked).map(|trade| Event::Trade(Box::new(trade))),
        _ => Ok(Event::Unknown { event_type, raw }),
    }
}

impl Trade {
    /// A trade without an id cannot be told from the next.
    pub(super) fn checked(self) -> Result<Self, WireError> {
        if self.id.is_empty() { Err(WireError::field("id", Problem::Id)) } else { Ok(self) }
    }
}
