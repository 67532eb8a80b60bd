//! Answers to requests.

use super::Sides;
use super::book::RawSides;
use super::outcome;
use crate::fields::{self, Entries, read};
use polymarket::wire::{Problem, WireError};
use schemas::{Outcome, Price, Size, UtcNanos};
use serde::Deserialize;
use serde_json::value::RawValue;

/// Entries of a list, and the cursor of the next page. With an entry that could not be used comes its JSON.
#[derive(Clone, Debug)]
pub struct Page<'a, T> {
    /// The entries.
    pub entries: Entries<'a, T>,
    /// The cursor of the next page; nothing at the end.
    pub next: Option<String>,
}

/// How far a market is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Not open yet, or paused, or a word that is not known here: no orders, as far as anyone knows.
    Waiting,
    /// Orders are taken.
    Open,
    /// No orders any more. Its result may be known, and may still be disputed.
    Closed,
    /// Paid out.
    Settled,
}

/// A market.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Market {
    /// Its name.
    pub ticker: String,
    /// The event it is one of the questions of.
    pub event_ticker: String,
    /// What is asked. Untrusted text.
    pub title: String,
    /// What YES stands for. Untrusted text, may be empty.
    pub yes_sub_title: String,
    /// Whether its answer is yes or no.
    pub is_binary: bool,
    /// Put together by somebody from other markets (a parlay).
    pub is_combination: bool,
    /// Whether parts of a contract are traded.
    pub is_fractional: bool,
    /// How far it is.
    pub phase: Phase,
    /// When it stops to take orders.
    pub close_time: Option<UtcNanos>,
    /// Its result, if it has one.
    pub result: Option<Ruling>,
    /// What a YES contract pays or paid, if it is said.
    pub settlement: Option<Price>,
    /// The finest step of its prices.
    pub tick: Price,
    /// Contracts traded in the last day.
    pub volume_24h: Size,
}

/// How a market was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// For one side.
    For(Outcome),
    /// In another way: void, a number. Untrusted text, cut and escaped.
    Other(String),
}

#[derive(Deserialize)]
struct RawMarket {
    #[serde(deserialize_with = "fields::name")]
    ticker: String,
    #[serde(deserialize_with = "fields::name")]
    event_ticker: String,
    #[serde(default, deserialize_with = "fields::text")]
    title: String,
    #[serde(default, deserialize_with = "fields::text")]
    yes_sub_title: String,
    #[serde(default, deserialize_with = "fields::text")]
    market_type: String,
    #[serde(default, deserialize_with = "fields::text")]
    mve_collection_ticker: String,
    #[serde(default, deserialize_with = "fields::flag")]
    fractional_trading_enabled: bool,
    status: String,
    #[serde(default, deserialize_with = "fields::maybe_time")]
    close_time: Option<UtcNanos>,
    #[serde(default, deserialize_with = "fields::text")]
    result: String,
    #[serde(default, deserialize_with = "fields::maybe_price")]
    settlement_value_dollars: Option<Price>,
    #[serde(default, deserialize_with = "fields::text")]
    price_level_structure: String,
    price_ranges: Option<Vec<Range>>,
    #[serde(default, deserialize_with = "fields::maybe_size")]
    volume_24h_fp: Option<Size>,
    #[serde(default, deserialize_with = "fields::maybe_size")]
    volume_24h: Option<Size>,
}

#[derive(Deserialize)]
struct Range {
    #[serde(deserialize_with = "fields::level_price")]
    step: Price,
}

impl<'de> Deserialize<'de> for Market {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        RawMarket::deserialize(d)?.read().map_err(serde::de::Error::custom)
    }
}

impl RawMarket {
    fn read(self) -> Result<Market, WireError> {
        let tick = self.tick()?;
        Ok(Market {
            ticker: self.ticker,
            event_ticker: self.event_ticker,
            title: self.title,
            yes_sub_title: self.yes_sub_title,
            is_binary: self.market_type.is_empty() || self.market_type == "binary",
            is_combination: !self.mve_collection_ticker.is_empty(),
            is_fractional: self.fractional_trading_enabled,
            phase: match self.status.as_str() {
                "active" | "open" => Phase::Open,
                "closed" | "determined" | "disputed" | "amended" => Phase::Closed,
                "settled" | "finalized" => Phase::Settled,
                _ => Phase::Waiting,
            },
            close_time: self.close_time.filter(|t| *t > UtcNanos::ZERO),
            result: match self.result.as_str() {
                "" => None,
                word => Some(outcome(word).map_or_else(|| Ruling::Other(short(word)), Ruling::For)),
            },
            settlement: self.settlement_value_dollars,
            tick,
            volume_24h: self.volume_24h_fp.or(self.volume_24h).unwrap_or_default(),
        })
    }

    /// The finest of the stated steps, or what the name of the grid stands for.
    fn tick(&self) -> Result<Price, WireError> {
        let finest = self.price_ranges.iter().flatten().map(|range| range.step).min();
        match (finest, self.price_level_structure.as_str()) {
            (Some(step), _) => Ok(step),
            (None, "linear_cent") => Ok(Price(10_000)),
            (None, "deci_cent" | "tapered_deci_cent") => Ok(Price(1_000)),
            (None, "") => Err(WireError::Missing("price_ranges")),
            (None, _) => Err(WireError::Field { field: "price_level_structure", problem: Problem::Word }),
        }
    }
}

fn short(text: &str) -> String {
    text.chars().take(60).collect::<String>().escape_debug().to_string()
}

/// Reads `GET /markets`.
pub fn markets(text: &str) -> Result<Page<'_, Market>, WireError> {
    #[derive(Deserialize)]
    struct Raw<'a> {
        #[serde(borrow)]
        markets: Vec<&'a RawValue>,
        #[serde(default, deserialize_with = "fields::text")]
        cursor: String,
    }
    let raw: Raw<'_> = read(text)?;
    Ok(Page { entries: fields::each(&raw.markets), next: (!raw.cursor.is_empty()).then_some(raw.cursor) })
}

/// Reads `GET /markets/{ticker}`.
pub fn market(text: &str) -> Result<Market, WireError> {
    #[derive(Deserialize)]
    struct Raw {
        market: Market,
    }
    read::<Raw>(text).map(|raw| raw.market)
}

/// Reads `GET /markets/{ticker}/orderbook`.
pub fn book(text: &str) -> Result<Sides, WireError> {
    #[derive(Deserialize)]
    struct Raw {
        orderbook_fp: Option<RawSides>,
        orderbook: Option<RawSides>,
    }
    let raw: Raw = read(text)?;
    raw.orderbook_fp.or(raw.orderbook).ok_or(WireError::Missing("orderbook_fp"))?.read()
}

/// A series: markets of one kind, with one fee.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Series {
    /// Its name.
    #[serde(deserialize_with = "fields::name")]
    pub ticker: String,
    /// Subject area. Untrusted text.
    #[serde(default, deserialize_with = "fields::text")]
    pub category: String,
    /// How fees are computed.
    pub fee_type: String,
    /// The digits of the factor by which they are multiplied.
    #[serde(deserialize_with = "digits")]
    pub fee_multiplier: String,
}

fn digits<'de, D: serde::Deserializer<'de>>(d: D) -> Result<String, D::Error> {
    let raw = <&RawValue>::deserialize(d)?.get();
    let is_number = raw.bytes().next().is_some_and(|b| b.is_ascii_digit());
    if is_number { Ok(raw.to_owned()) } else { Err(serde::de::Error::custom(Problem::Type)) }
}

/// Reads `GET /series/{ticker}`.
pub fn series(text: &str) -> Result<Series, WireError> {
    #[derive(Deserialize)]
    struct Raw {
        series: Series,
    }
    read::<Raw>(text).map(|raw| raw.series)
}

/// Whether the exchange works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct ExchangeStatus {
    /// It answers.
    pub exchange_active: bool,
    /// It takes orders.
    pub trading_active: bool,
}

/// Reads `GET /exchange/status`.
pub fn exchange_status(text: &str) -> Result<ExchangeStatus, WireError> {
    read(text)
}

/// A trade between others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trade {
    /// Its name.
    pub id: String,
    /// The market's.
    pub ticker: String,
    /// What the taker bought.
    pub taker: Outcome,
    /// What a YES contract cost.
    pub yes_price: Price,
    /// Contracts.
    pub count: Size,
    /// When.
    pub time: UtcNanos,
}

#[derive(Deserialize)]
struct RawTrade {
    #[serde(deserialize_with = "fields::name")]
    trade_id: String,
    #[serde(deserialize_with = "fields::name")]
    ticker: String,
    taker_side: String,
    #[serde(deserialize_with = "fields::price")]
    yes_price_dollars: Price,
    #[serde(default, deserialize_with = "fields::maybe_size")]
    count_fp: Option<Size>,
    #[serde(default, deserialize_with = "fields::maybe_size")]
    count: Option<Size>,
    #[serde(deserialize_with = "fields::time")]
    created_time: UtcNanos,
}

impl<'de> Deserialize<'de> for Trade {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let raw = RawTrade::deserialize(d)?;
        let error = |e: WireError| serde::de::Error::custom(e);
        Ok(Self {
            id: raw.trade_id,
            ticker: raw.ticker,
            taker: outcome(&raw.taker_side)
                .ok_or_else(|| error(WireError::Field { field: "taker_side", problem: Problem::Word }))?,
            yes_price: raw.yes_price_dollars,
            count: raw.count_fp.or(raw.count).ok_or_else(|| error(WireError::Missing("count_fp")))?,
            time: raw.created_time,
        })
    }
}

/// Reads `GET /markets/trades`, newest first.
pub fn trades(text: &str) -> Result<Page<'_, Trade>, WireError> {
    #[derive(Deserialize)]
    struct Raw<'a> {
        #[serde(borrow)]
        trades: Vec<&'a RawValue>,
        #[serde(default, deserialize_with = "fields::text")]
        cursor: String,
    }
    let raw: Raw<'_> = read(text)?;
    Ok(Page { entries: fields::each(&raw.trades), next: (!raw.cursor.is_empty()).then_some(raw.cursor) })
}
