//! The JSON of a Binance stream line, borrowed from the line: numbers stay the text they were.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

/// A price and a size.
pub(super) type Pair<'a> = (&'a str, &'a str);

/// What follows the local time: a stream's wrapped message, or the answer to a snapshot request.
#[derive(Deserialize)]
pub(super) struct Line<'a> {
    #[serde(borrow)]
    pub data: Option<&'a RawValue>,
    #[serde(rename = "lastUpdateId")]
    pub last_update: Option<u64>,
    #[serde(rename = "E")]
    pub event_ms: Option<u64>,
    #[serde(borrow)]
    pub bids: Option<Vec<Pair<'a>>>,
    #[serde(borrow)]
    pub asks: Option<Vec<Pair<'a>>>,
}

/// What tells the kinds of messages apart.
#[derive(Deserialize)]
pub(super) struct Head<'a> {
    #[serde(rename = "e")]
    pub kind: Option<&'a str>,
    #[serde(rename = "s")]
    pub symbol: Option<&'a str>,
    #[serde(rename = "T")]
    transaction: Option<IgnoredAny>,
    #[serde(rename = "M")]
    best_match: Option<IgnoredAny>,
    u: Option<IgnoredAny>,
    b: Option<IgnoredAny>,
    #[serde(rename = "B")]
    bid_size: Option<IgnoredAny>,
    a: Option<IgnoredAny>,
    #[serde(rename = "A")]
    ask_size: Option<IgnoredAny>,
}

impl Head<'_> {
    /// Spot depth and quotes have no transaction time; spot trades have a flag that futures trades have not.
    pub fn is_spot(&self) -> bool {
        self.transaction.is_none() || self.best_match.is_some()
    }

    /// Spot quotes do not say what they are.
    pub fn is_nameless_quote(&self) -> bool {
        let fields = [&self.u, &self.b, &self.bid_size, &self.a, &self.ask_size];
        self.kind.is_none() && fields.iter().all(|f| f.is_some())
    }
}

/// New sizes of levels.
#[derive(Deserialize)]
pub(super) struct Depth<'a> {
    #[serde(rename = "E")]
    pub event_ms: Option<u64>,
    #[serde(rename = "U")]
    pub first_update: u64,
    #[serde(rename = "u")]
    pub last_update: u64,
    /// The last update of the message before; futures only.
    #[serde(rename = "pu")]
    pub previous_update: Option<u64>,
    #[serde(rename = "b", borrow)]
    pub bids: Vec<Pair<'a>>,
    #[serde(rename = "a", borrow)]
    pub asks: Vec<Pair<'a>>,
}

/// A trade.
#[derive(Deserialize)]
pub(super) struct Deal<'a> {
    #[serde(rename = "E")]
    pub event_ms: Option<u64>,
    #[serde(rename = "p")]
    pub price: &'a str,
    #[serde(rename = "q")]
    pub size: &'a str,
    #[serde(rename = "m")]
    pub buyer_is_maker: bool,
    /// How a futures trade came about; only `MARKET` is one between two traders on the book.
    #[serde(rename = "X")]
    pub origin: Option<&'a str>,
}

/// The best bid and ask.
#[derive(Deserialize)]
pub(super) struct Ticker<'a> {
    #[serde(rename = "E")]
    pub event_ms: Option<u64>,
    #[serde(rename = "b")]
    pub bid: &'a str,
    #[serde(rename = "B")]
    pub bid_size: &'a str,
    #[serde(rename = "a")]
    pub ask: &'a str,
    #[serde(rename = "A")]
    pub ask_size: &'a str,
}
