//! Messages of the websocket, and what is said on it.

use super::book::RawSides;
use super::{Sides, outcome};
use crate::fields::{self, read};
use polymarket::wire::{Problem, WireError};
use schemas::{Outcome, Price, Size, UtcNanos};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

/// The channel with the books.
pub const BOOKS: &str = "orderbook_delta";
/// The channel with everybody's trades.
pub const TRADES: &str = "trade";

/// A message. `sid` is the number of a subscription, `seq` counts its messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A subscription begins.
    Subscribed {
        /// The command it answers.
        id: u64,
        /// To what.
        channel: String,
        /// Its number.
        sid: u64,
    },
    /// A command was refused.
    Error {
        /// The command, if it is said.
        id: Option<u64>,
        /// Kalshi's number of the reason.
        code: i64,
        /// The reason. Untrusted text, cut and escaped.
        text: String,
    },
    /// A whole book.
    Book {
        /// Subscription.
        sid: u64,
        /// Count.
        seq: u64,
        /// The market's.
        ticker: String,
        /// Its bids.
        sides: Sides,
    },
    /// One level changed.
    Delta {
        /// Subscription.
        sid: u64,
        /// Count.
        seq: u64,
        /// How.
        delta: Delta,
    },
    /// Best prices. The books say more, so the feed does not subscribe to them.
    Ticker(Ticker),
    /// A trade.
    Trade(StreamTrade),
    /// Anything else that a subscription counts: a command that was carried out, or a kind that is not known here.
    Other {
        /// Subscription.
        sid: Option<u64>,
        /// Count.
        seq: Option<u64>,
        /// What it calls itself. Untrusted text, cut and escaped.
        kind: String,
    },
}

/// A change of one level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delta {
    /// The market's.
    pub ticker: String,
    /// Whose bids.
    pub side: Outcome,
    /// At which price of that side.
    pub price: Price,
    /// Contracts added, or taken away.
    pub change: Size,
    /// When; zero if it is not said.
    pub time: UtcNanos,
}

/// Best prices of YES; nothing where it is not said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticker {
    /// The market's.
    pub ticker: String,
    /// Highest bid.
    pub yes_bid: Option<Price>,
    /// Lowest ask.
    pub yes_ask: Option<Price>,
    /// Price of the last trade.
    pub last: Option<Price>,
    /// When; zero if it is not said.
    pub time: UtcNanos,
}

/// A trade between others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamTrade {
    /// The market's.
    pub ticker: String,
    /// What the taker bought.
    pub taker: Outcome,
    /// What a YES contract cost.
    pub yes_price: Price,
    /// Contracts.
    pub count: Size,
    /// When; zero if it is not said.
    pub time: UtcNanos,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(rename = "type")]
    kind: String,
    id: Option<u64>,
    sid: Option<u64>,
    seq: Option<u64>,
    #[serde(borrow)]
    msg: Option<&'a RawValue>,
}

impl<'a> Envelope<'a> {
    fn msg(&self) -> Result<&'a str, WireError> {
        self.msg.map(RawValue::get).ok_or(WireError::Missing("msg"))
    }

    fn counted(&self) -> Result<(u64, u64), WireError> {
        Ok((self.sid.ok_or(WireError::Missing("sid"))?, self.seq.ok_or(WireError::Missing("seq"))?))
    }
}

/// When something happened, in any of the forms that it is said in.
#[derive(Deserialize)]
struct RawTime {
    #[serde(default, deserialize_with = "fields::maybe_millis")]
    ts_ms: Option<UtcNanos>,
    #[serde(default, deserialize_with = "fields::maybe_moment")]
    ts: Option<UtcNanos>,
}

impl RawTime {
    fn of(text: &str) -> Result<UtcNanos, WireError> {
        let raw: Self = read(text)?;
        Ok(raw.ts_ms.or(raw.ts).unwrap_or(UtcNanos::ZERO))
    }
}

/// Reads a message.
pub fn decode(text: &str) -> Result<Message, WireError> {
    let envelope: Envelope<'_> = read(text)?;
    match envelope.kind.as_str() {
        "subscribed" => subscribed(&envelope),
        "error" => error(&envelope),
        "orderbook_snapshot" => book(&envelope),
        "orderbook_delta" => delta(&envelope),
        "ticker" => ticker(envelope.msg()?).map(Message::Ticker),
        "trade" => trade(envelope.msg()?).map(Message::Trade),
        other => Ok(Message::Other { sid: envelope.sid, seq: envelope.seq, kind: short(other) }),
    }
}

fn short(text: &str) -> String {
    text.chars().take(160).collect::<String>().escape_debug().to_string()
}

fn word(field: &'static str, text: &str) -> Result<Outcome, WireError> {
    outcome(text).ok_or(WireError::Field { field, problem: Problem::Word })
}

fn subscribed(envelope: &Envelope<'_>) -> Result<Message, WireError> {
    #[derive(Deserialize)]
    struct Raw {
        channel: String,
        sid: u64,
    }
    let raw: Raw = read(envelope.msg()?)?;
    let id = envelope.id.ok_or(WireError::Missing("id"))?;
    Ok(Message::Subscribed { id, channel: raw.channel, sid: raw.sid })
}

fn error(envelope: &Envelope<'_>) -> Result<Message, WireError> {
    #[derive(Deserialize)]
    struct Raw {
        code: i64,
        #[serde(default, deserialize_with = "fields::text")]
        msg: String,
    }
    let raw: Raw = read(envelope.msg()?)?;
    Ok(Message::Error { id: envelope.id, code: raw.code, text: short(&raw.msg) })
}

#[derive(Deserialize)]
struct Named {
    #[serde(deserialize_with = "fields::name")]
    market_ticker: String,
}

fn book(envelope: &Envelope<'_>) -> Result<Message, WireError> {
    let (sid, seq) = envelope.counted()?;
    let named: Named = read(envelope.msg()?)?;
    let sides = read::<RawSides>(envelope.msg()?)?.read()?;
    Ok(Message::Book { sid, seq, ticker: named.market_ticker, sides })
}

fn delta(envelope: &Envelope<'_>) -> Result<Message, WireError> {
    #[derive(Deserialize)]
    struct Raw {
        #[serde(deserialize_with = "fields::name")]
        market_ticker: String,
        side: String,
        #[serde(deserialize_with = "fields::level_price")]
        price_dollars: Price,
        #[serde(deserialize_with = "fields::change")]
        delta_fp: Size,
        use_yes_price: Option<bool>,
    }
    let (sid, seq) = envelope.counted()?;
    let text = envelope.msg()?;
    let raw: Raw = read(text)?;
    if raw.use_yes_price == Some(true) {
        return Err(WireError::Field { field: "use_yes_price", problem: Problem::Word });
    }
    let delta = Delta {
        ticker: raw.market_ticker,
        side: word("side", &raw.side)?,
        price: raw.price_dollars,
        change: raw.delta_fp,
        time: RawTime::of(text)?,
    };
    Ok(Message::Delta { sid, seq, delta })
}

fn ticker(text: &str) -> Result<Ticker, WireError> {
    #[derive(Deserialize)]
    struct Raw {
        #[serde(deserialize_with = "fields::name")]
        market_ticker: String,
        #[serde(default, deserialize_with = "fields::maybe_price")]
        yes_bid_dollars: Option<Price>,
        #[serde(default, deserialize_with = "fields::maybe_price")]
        yes_ask_dollars: Option<Price>,
        #[serde(default, deserialize_with = "fields::maybe_price")]
        price_dollars: Option<Price>,
    }
    let raw: Raw = read(text)?;
    Ok(Ticker {
        ticker: raw.market_ticker,
        yes_bid: raw.yes_bid_dollars,
        yes_ask: raw.yes_ask_dollars,
        last: raw.price_dollars,
        time: RawTime::of(text)?,
    })
}

fn trade(text: &str) -> Result<StreamTrade, WireError> {
    #[derive(Deserialize)]
    struct Raw {
        #[serde(deserialize_with = "fields::name")]
        market_ticker: String,
        taker_side: String,
        #[serde(deserialize_with = "fields::price")]
        yes_price_dollars: Price,
        #[serde(default, deserialize_with = "fields::maybe_size")]
        count_fp: Option<Size>,
        #[serde(default, deserialize_with = "fields::maybe_size")]
        count: Option<Size>,
    }
    let raw: Raw = read(text)?;
    Ok(StreamTrade {
        ticker: raw.market_ticker,
        taker: word("taker_side", &raw.taker_side)?,
        yes_price: raw.yes_price_dollars,
        count: raw.count_fp.or(raw.count).ok_or(WireError::Missing("count_fp"))?,
        time: RawTime::of(text)?,
    })
}

/// Asks for a channel's messages about markets.
pub fn subscribe(id: u64, channel: &str, tickers: &[&str]) -> String {
    json!({"id": id, "cmd": "subscribe", "params": {"channels": [channel], "market_tickers": tickers}}).to_string()
}

/// Ends subscriptions.
pub fn unsubscribe(id: u64, sids: &[u64]) -> String {
    json!({"id": id, "cmd": "unsubscribe", "params": {"sids": sids}}).to_string()
}

/// Asks which subscriptions there are: whatever comes back shows that the other side lives.
pub fn list_subscriptions(id: u64) -> String {
    json!({"id": id, "cmd": "list_subscriptions"}).to_string()
}
