//! Gamma, the venue's catalogue of events and markets (section 7 of the protocol notes). Lists of texts come as JSON
//! inside a string, or as lists.

use super::rest;
use super::{Page, Statistic, WireError, field};
use crate::amounts::FeeSchedule;
use crate::{Generation, GenerationError};
use schemas::event::Resolution;
use schemas::{Bytes32, Price, Size, UtcNanos};
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Reads a page of markets (`GET /markets/keyset`). Its cursor goes back as `after_cursor`.
pub fn markets(text: &str) -> Result<Page<Market>, WireError> {
    page(text)
}

/// Reads a page of events (`GET /events/keyset`).
pub fn events(text: &str) -> Result<Page<Event>, WireError> {
    page(text)
}

fn page<T: for<'de> Deserialize<'de>>(text: &str) -> Result<Page<T>, WireError> {
    #[derive(Deserialize)]
    struct Raw<'a> {
        #[serde(borrow, alias = "events")]
        markets: Vec<&'a RawValue>,
        #[serde(default)]
        next_cursor: Option<String>,
    }
    let raw: Raw<'_> = super::read(text)?;
    Ok(Page::of(&raw.markets, raw.next_cursor))
}

/// A market.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Market {
    /// Gamma's id.
    #[serde(with = "field::a_text")]
    pub id: String,
    /// `v1` or `v2`; see [`Market::generation`].
    #[serde(default)]
    pub version: Option<String>,
    /// The market's condition; nothing for one that is too young.
    #[serde(default, with = "field::maybe_condition")]
    pub condition_id: Option<Bytes32>,
    /// The oracle's question.
    #[serde(default, rename = "questionID", with = "field::text")]
    pub question_id: String,
    /// Its name in addresses.
    #[serde(default, with = "field::text")]
    pub slug: String,
    /// What is asked.
    #[serde(default, with = "field::text")]
    pub question: String,
    /// Its outcome in a group of markets.
    #[serde(default, with = "field::text")]
    pub group_item_title: String,
    /// Its rules.
    #[serde(default, with = "field::text")]
    pub description: String,
    /// Its category, which only old markets have; see [`Market::topic`].
    #[serde(default, with = "field::text")]
    pub category: String,
    /// Its tags, if they were asked for.
    #[serde(default, with = "field::list")]
    pub tags: Vec<Tag>,
    /// When it should end.
    #[serde(default, with = "date")]
    pub end_date: Option<UtcNanos>,
    /// When it began.
    #[serde(default, with = "date")]
    pub start_date: Option<UtcNanos>,
    /// When it was closed.
    #[serde(default, with = "date")]
    pub closed_time: Option<UtcNanos>,
    /// Whether it is open.
    #[serde(default, with = "field::flag")]
    pub active: bool,
    /// Whether it is over.
    #[serde(default, with = "field::flag")]
    pub closed: bool,
    /// Whether it is put away.
    #[serde(default, with = "field::flag")]
    pub archived: bool,
    /// Whether it takes orders.
    #[serde(default, with = "field::flag")]
    pub accepting_orders: bool,
    /// Whether it has a book.
    #[serde(default, with = "field::flag")]
    pub enable_order_book: bool,
    /// Whether it is a neg-risk market.
    #[serde(default, with = "field::flag")]
    pub neg_risk: bool,
    /// What it has in common with the other neg-risk markets of its event.
    #[serde(default, rename = "negRiskMarketID", with = "field::text")]
    pub neg_risk_market_id: String,
    /// The names of its outcomes; the first is Yes.
    #[serde(default, with = "nested")]
    pub outcomes: Vec<String>,
    /// Their prices, as they stand; exactly 1 and 0 once it is resolved.
    #[serde(default, with = "nested")]
    pub outcome_prices: Vec<String>,
    /// Tokens of a `v1` market.
    #[serde(default, with = "ids")]
    pub clob_token_ids: Vec<Bytes32>,
    /// Tokens of a `v2` market.
    #[serde(default, with = "ids")]
    pub position_ids: Vec<Bytes32>,
    /// Dollars traded.
    #[serde(default)]
    pub volume_num: Statistic,
    /// Dollars traded in a day.
    #[serde(default, rename = "volume24hr")]
    pub volume_24h: Statistic,
    /// Dollars traded in a week.
    #[serde(default, rename = "volume1wk")]
    pub volume_1w: Statistic,
    /// Dollars in the book.
    #[serde(default)]
    pub liquidity_num: Statistic,
    /// The best bid of the first outcome.
    #[serde(default)]
    pub best_bid: Option<Statistic>,
    /// The best ask of the first outcome.
    #[serde(default)]
    pub best_ask: Option<Statistic>,
    /// The last trade of the first outcome.
    #[serde(default)]
    pub last_trade_price: Option<Statistic>,
    /// The smallest order.
    #[serde(default, with = "field::maybe_size")]
    pub order_min_size: Option<Size>,
    /// The tick size.
    #[serde(default, with = "field::maybe_price")]
    pub order_price_min_tick_size: Option<Price>,
    /// Seconds that orders wait.
    #[serde(default, with = "field::maybe_count")]
    pub seconds_delay: Option<u64>,
    /// Whether takers pay fees.
    #[serde(default)]
    pub fees_enabled: Option<bool>,
    /// The fees.
    #[serde(default)]
    pub fee_schedule: Option<Fees>,
    /// Where the oracle stands: proposed, disputed, requested, resolved, settled.
    #[serde(default, with = "field::text")]
    pub uma_resolution_status: String,
    /// The same, of newer markets.
    #[serde(default, with = "field::text")]
    pub resolution_status: String,
    /// What resolves it.
    #[serde(default, with = "field::text")]
    pub resolution_source: String,
    /// Its events.
    #[serde(default, with = "field::list")]
    pub events: Vec<EventName>,
}

/// A fee schedule as Gamma writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fees {
    #[serde(with = "field::a_size")]
    rate: Size,
    #[serde(with = "field::a_size")]
    exponent: Size,
    #[serde(default, with = "field::flag")]
    taker_only: bool,
}

/// A market cannot be traded, by what Gamma says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MarketError {
    /// Another generation than those this build knows.
    #[error(transparent)]
    Generation(#[from] GenerationError),
    /// Its tokens and outcomes are not two each: too young, or not binary.
    #[error(
        "{tokens} tokens and {outcomes} outcomes; a market of two of each is expected (a new one gets them within minutes)"
    )]
    NotBinary {
        /// How many tokens.
        tokens: usize,
        /// How many outcomes.
        outcomes: usize,
    },
    /// Takers pay, but how much is not said in a way this build knows.
    #[error("its fees are on, but their schedule is not known here")]
    Fees,
}

impl Market {
    /// Which exchange its orders are for. An unknown version is refused.
    pub fn generation(&self) -> Result<Generation, GenerationError> {
        Generation::from_gamma(self.version.as_deref())
    }

    /// Its two tokens, the first outcome's first.
    pub fn tokens(&self) -> Result<[Bytes32; 2], MarketError> {
        let tokens = match self.generation()? {
            Generation::V2 => &self.clob_token_ids,
            Generation::V3 => &self.position_ids,
        };
        match tokens.as_slice() {
            [first, second] if self.outcomes.len() == 2 && first != second => Ok([*first, *second]),
            _ => Err(MarketError::NotBinary { tokens: tokens.len(), outcomes: self.outcomes.len() }),
        }
    }

    /// Its fees. Free if they are off; with neither switch nor schedule, as in objects of before 2026, free too.
    pub fn fees(&self) -> Result<FeeSchedule, MarketError> {
        match (self.fees_enabled, &self.fee_schedule) {
            (Some(false), _) | (None, None) => Ok(FeeSchedule::FREE),
            (_, Some(fees)) => rest::schedule(fees.rate, fees.exponent, fees.taker_only).ok_or(MarketError::Fees),
            (Some(true), None) => Err(MarketError::Fees),
        }
    }

    /// The markets that it is not independent of, by name: its event, else the neg-risk market that it is an outcome of, else
    /// itself alone.
    pub fn group(&self) -> &str {
        let event = self.events.first().map_or("", |e| &e.slug);
        [event, &self.neg_risk_market_id].into_iter().find(|name| !name.is_empty()).unwrap_or(&self.slug)
    }

    /// Everything it can be called by when it is about categories: the old field, then its tags by label and by slug.
    pub fn topics(&self) -> impl Iterator<Item = &str> {
        let tags = self.tags.iter().flat_map(|tag| [tag.label.as_str(), tag.slug.as_str()]);
        std::iter::once(self.category.as_str()).chain(tags).filter(|name| !name.is_empty())
    }

    /// The one category it is in: the old field if it has one, else its most general tag. That is the one with the lowest
    /// number: the venue's first tags were its sections (politics is 2, crypto 21), and the order in which it lists a market's
    /// tags means nothing ("Up or Down" may come before "Crypto").
    pub fn topic(&self) -> &str {
        let number = |tag: &&Tag| tag.id.parse().unwrap_or(u64::MAX);
        let general = self.tags.iter().filter(|tag| !tag.name().is_empty()).min_by_key(number);
        if self.category.is_empty() { general.map_or("", Tag::name) } else { &self.category }
    }

    /// How it ended: closed, and prices of exactly 1 and 0, or of one half each if the oracle is said to be done. A price
    /// of one half alone proves nothing: it may be the last trade's. The CLOB's `winner` confirms the others.
    pub fn resolution(&self) -> Option<Resolution> {
        let exact = |text: &String| crate::number::micro(text).ok();
        let prices: Vec<i64> = self.outcome_prices.iter().map(exact).collect::<Option<_>>()?;
        let word = |text: &String| matches!(text.to_ascii_lowercase().as_str(), "resolved" | "settled");
        let is_done = word(&self.uma_resolution_status) || word(&self.resolution_status);
        match prices.as_slice() {
            _ if !self.closed => None,
            [1_000_000, 0] => Some(Resolution::Yes),
            [0, 1_000_000] => Some(Resolution::No),
            [500_000, 500_000] if is_done => Some(Resolution::Split),
            _ => None,
        }
    }
}

/// The event a market belongs to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct EventName {
    /// Gamma's id.
    #[serde(with = "field::a_text")]
    pub id: String,
    /// Its name in addresses.
    #[serde(default, with = "field::text")]
    pub slug: String,
    /// For people.
    #[serde(default, with = "field::text")]
    pub title: String,
}

/// An event: markets that belong together.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Gamma's id.
    #[serde(with = "field::a_text")]
    pub id: String,
    /// Its name in addresses.
    #[serde(default, with = "field::text")]
    pub slug: String,
    /// For people.
    #[serde(default, with = "field::text")]
    pub title: String,
    /// Its category.
    #[serde(default, with = "field::text")]
    pub category: String,
    /// When it should end.
    #[serde(default, with = "date")]
    pub end_date: Option<UtcNanos>,
    /// Whether it is open.
    #[serde(default, with = "field::flag")]
    pub active: bool,
    /// Whether it is over.
    #[serde(default, with = "field::flag")]
    pub closed: bool,
    /// Whether exactly one of its markets resolves to Yes.
    #[serde(default, with = "field::flag")]
    pub neg_risk: bool,
    /// Its markets.
    #[serde(default, with = "field::list")]
    pub markets: Vec<Market>,
    /// Its tags.
    #[serde(default, with = "field::list")]
    pub tags: Vec<Tag>,
}

impl Event {
    /// Its markets, with what only the event says of them.
    pub fn into_markets(self) -> Vec<Market> {
        let name = EventName { id: self.id, slug: self.slug, title: self.title };
        let complete = |mut market: Market| {
            if market.events.is_empty() {
                market.events.push(name.clone());
            }
            if market.tags.is_empty() {
                market.tags.clone_from(&self.tags);
            }
            market
        };
        self.markets.into_iter().map(complete).collect()
    }
}

/// A tag. One that is no tag hides its market: it might be one that is not wanted.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Tag {
    /// Gamma's id.
    #[serde(with = "field::a_text")]
    pub id: String,
    /// For people.
    #[serde(default, with = "field::text")]
    pub label: String,
    /// Its name in addresses.
    #[serde(default, with = "field::text")]
    pub slug: String,
}

impl Tag {
    /// Its label, else its slug.
    pub fn name(&self) -> &str {
        if self.label.is_empty() { &self.slug } else { &self.label }
    }
}

/// `GET /public-search`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Search {
    /// What was found.
    #[serde(default, with = "field::list")]
    pub events: Vec<Event>,
}

/// Texts as JSON inside a string, or as a list.
mod nested {
    use super::*;

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<String>, D::Error> {
        let raw = <&RawValue>::deserialize(d)?.get();
        let inner: Cow<'_, str> = match raw.as_bytes().first() {
            Some(b'"') => Cow::Owned(serde_json::from_str(raw).map_err(D::Error::custom)?),
            _ => Cow::Borrowed(raw),
        };
        if matches!(inner.trim(), "" | "null") {
            return Ok(Vec::new());
        }
        let values: Vec<&RawValue> = serde_json::from_str(&inner).map_err(D::Error::custom)?;
        let text = |value: &&RawValue| match value.get().as_bytes().first() {
            Some(b'"') => serde_json::from_str(value.get()).map_err(D::Error::custom),
            Some(b'-' | b'0'..=b'9') => Ok(value.get().to_owned()),
            _ => Err(D::Error::custom("expected texts")),
        };
        values.iter().map(text).collect()
    }
}

/// Token ids, like [`nested`]. Empty texts, which a market that is too young has, are left out.
mod ids {
    use super::*;

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<Bytes32>, D::Error> {
        let texts = nested::deserialize(d)?;
        let id = |text: &String| field::token_id(text).ok_or_else(|| D::Error::custom("expected token ids"));
        texts.iter().filter(|text| !text.is_empty()).map(id).collect()
    }
}

/// A moment as RFC 3339, with a space and an offset of hours, or a day alone; nothing for null and empty text.
mod date {
    use super::*;

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<UtcNanos>, D::Error> {
        let text = field::text::deserialize(d)?;
        if text.is_empty() {
            return Ok(None);
        }
        read(&text).map(Some).ok_or_else(|| D::Error::custom("expected a date"))
    }

    fn read(text: &str) -> Option<UtcNanos> {
        if let Ok(time) = text.parse() {
            return Some(time);
        }
        if text.len() == 10 {
            return format!("{text}T00:00:00Z").parse().ok();
        }
        // `2024-03-01 18:34:24.832+00`
        let (rest, zone) = text.split_at_checked(text.len().checked_sub(3)?)?;
        if !zone.starts_with(['+', '-']) {
            return None;
        }
        format!("{}{zone}:00", rest.replacen(' ', "T", 1)).parse().ok()
    }
}
