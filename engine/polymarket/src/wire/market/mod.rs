//! The market channel, `/ws/market` (section 6 of the protocol notes): books, changes, trades, ticks, new and resolved
//! markets. The REST answers with books have the same shape and are read here too.

mod decode;
mod usual;

pub(super) use decode::elements;
pub use decode::{book, books, decode};

use super::error::WireError;
use super::field;
use schemas::{Bytes32, Price, Side, Size, UtcNanos};
use std::borrow::Cow;

/// A text frame of a websocket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame<E> {
    /// The answer to our `PING`.
    Pong,
    /// Messages, one or many.
    Messages(Vec<E>),
}

/// A message that could not be used, whole as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undecoded<'a> {
    /// Its JSON.
    pub raw: &'a str,
    /// What is wrong with it.
    pub error: WireError,
}

/// A message of the market channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A whole book.
    Book(Book<'a>),
    /// Levels that changed, of both outcomes of a market.
    PriceChange(PriceChanges<'a>),
    /// A trade.
    LastTrade(LastTrade<'a>),
    /// The market's tick size changed.
    TickSize(TickSizeChange),
    /// The best prices changed.
    BestBidAsk(BestBidAsk),
    /// A market was made.
    NewMarket(Box<NewMarket>),
    /// A market was resolved.
    Resolved(Box<MarketResolved>),
    /// An event type that this build does not know.
    Unknown {
        /// Its name.
        event_type: Cow<'a, str>,
        /// The message.
        raw: &'a str,
    },
}

/// Shares for sale or wanted at a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// Above 0 and below 1.
    pub price: Price,
    /// Above 0.
    pub size: Size,
}

/// The whole book of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Book<'a> {
    /// The market's condition.
    pub market: Bytes32,
    /// The token.
    pub token: Bytes32,
    /// When, by the venue.
    pub time: UtcNanos,
    /// The venue's hash of it; empty if it gave none.
    pub hash: &'a str,
    /// Best first, each price once.
    pub bids: Vec<Level>,
    /// Best first, each price once.
    pub asks: Vec<Level>,
    /// The market's tick size, which books of the websocket often lack.
    pub tick_size: Option<Price>,
    /// The market's smallest order.
    pub min_order_size: Option<Size>,
    /// Whether it is a neg-risk market.
    pub neg_risk: Option<bool>,
    /// The last trade's price.
    pub last_trade_price: Option<Price>,
    /// The message.
    pub raw: &'a str,
}

impl Book<'_> {
    /// Whether the book is the one its hash was made of. `None` if it lacks a field that is hashed.
    pub fn hash_matches(&self) -> Option<bool> {
        crate::book_hash(self.raw).map(|hash| hash == self.hash)
    }
}

/// Changed levels of a market.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceChanges<'a> {
    /// The market's condition.
    pub market: Bytes32,
    /// When, by the venue.
    pub time: UtcNanos,
    /// In their order; those of one outcome are mirrored in the other.
    pub changes: Vec<PriceChange<'a>>,
}

/// A changed level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceChange<'a> {
    /// The token.
    pub token: Bytes32,
    /// The level.
    pub price: Price,
    /// The shares there now; 0: the level is gone.
    pub size: Size,
    /// Buy is the bids, sell the asks.
    pub side: Side,
    /// The venue's hash; it cannot be recomputed.
    pub hash: &'a str,
    /// The best bid after the change; 0 or nothing if there is none.
    pub best_bid: Option<Price>,
    /// The best ask after the change; 1 or nothing if there is none.
    pub best_ask: Option<Price>,
}

/// A trade. It has no id: the same trade may be told twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastTrade<'a> {
    /// The market's condition.
    pub market: Bytes32,
    /// The token.
    pub token: Bytes32,
    /// The price.
    pub price: Price,
    /// The shares.
    pub size: Size,
    /// The taker's side.
    pub side: Side,
    /// As it stands.
    pub fee_rate_bps: Option<&'a str>,
    /// The transaction, if it is known already.
    pub transaction_hash: Option<Bytes32>,
    /// When, by the venue.
    pub time: UtcNanos,
}

/// The market's tick size changed: what rests off the new grid is gone, the book must come anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TickSizeChange {
    /// The market's condition.
    pub market: Bytes32,
    /// The token.
    pub token: Bytes32,
    /// Before.
    pub old: Option<Price>,
    /// Now.
    pub new: Price,
    /// When, by the venue.
    pub time: UtcNanos,
}

/// The best prices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BestBidAsk {
    /// The market's condition.
    pub market: Bytes32,
    /// The token.
    pub token: Bytes32,
    /// The best bid.
    pub best_bid: Option<Price>,
    /// The best ask.
    pub best_ask: Option<Price>,
    /// Between them.
    pub spread: Option<Price>,
    /// When, by the venue.
    pub time: UtcNanos,
}

/// A market was made.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
pub struct NewMarket {
    /// Gamma's id.
    #[serde(default, with = "field::text")]
    pub id: String,
    /// The market's condition.
    #[serde(with = "field::a_condition")]
    pub market: Bytes32,
    /// What is asked.
    #[serde(default, with = "field::text")]
    pub question: String,
    /// Its name in addresses.
    #[serde(default, with = "field::text")]
    pub slug: String,
    /// Its rules.
    #[serde(default, with = "field::text")]
    pub description: String,
    /// Its tokens, first outcome first.
    #[serde(with = "field::tokens")]
    pub assets_ids: Vec<Bytes32>,
    /// Its outcomes.
    #[serde(default, with = "field::list")]
    pub outcomes: Vec<String>,
    /// When, by the venue.
    #[serde(with = "field::a_time")]
    pub timestamp: UtcNanos,
    /// Its tags.
    #[serde(default, with = "field::list")]
    pub tags: Vec<String>,
    /// Its event.
    #[serde(default)]
    pub event_message: Option<EventMessage>,
    /// Whether it is open.
    #[serde(default)]
    pub active: Option<bool>,
    /// Its tick size.
    #[serde(default, with = "field::maybe_price")]
    pub order_price_min_tick_size: Option<Price>,
    /// Its outcome in a group of markets.
    #[serde(default, with = "field::text")]
    pub group_item_title: String,
    /// Whether takers pay fees.
    #[serde(default)]
    pub fees_enabled: Option<bool>,
}

/// The event that a market belongs to.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
pub struct EventMessage {
    /// Gamma's id.
    #[serde(default, with = "field::text")]
    pub id: String,
    /// Short name.
    #[serde(default, with = "field::text")]
    pub ticker: String,
    /// Its name in addresses.
    #[serde(default, with = "field::text")]
    pub slug: String,
    /// For people.
    #[serde(default, with = "field::text")]
    pub title: String,
}

/// A market was resolved.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
pub struct MarketResolved {
    /// Gamma's id.
    #[serde(default, with = "field::text")]
    pub id: String,
    /// The market's condition.
    #[serde(with = "field::a_condition")]
    pub market: Bytes32,
    /// Its tokens, first outcome first.
    #[serde(default, with = "field::tokens")]
    pub assets_ids: Vec<Bytes32>,
    /// The token that pays; nothing if that is not said.
    #[serde(default, with = "field::maybe_token")]
    pub winning_asset_id: Option<Bytes32>,
    /// Its outcome.
    #[serde(default, with = "field::text")]
    pub winning_outcome: String,
    /// When, by the venue.
    #[serde(with = "field::a_time")]
    pub timestamp: UtcNanos,
}
