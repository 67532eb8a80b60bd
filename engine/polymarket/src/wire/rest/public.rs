//! Answers that need no key.

use crate::amounts::FeeSchedule;
use crate::wire::field;
use crate::wire::{Statistic, WireError};
use schemas::{Bytes32, Price, Side, Size, UtcNanos};
use serde::Deserialize;
use std::collections::BTreeMap;

/// `GET /time`: the server's Unix seconds, a plain number.
pub fn server_time(text: &str) -> Result<UtcNanos, WireError> {
    field::time(text.trim().trim_matches('"')).map_err(|problem| WireError::field("time", problem))
}

/// `GET /version`: the generation of the CLOB; 2 is what this build speaks.
pub fn server_version(text: &str) -> Result<u64, WireError> {
    #[derive(Deserialize)]
    struct Version {
        version: u64,
    }
    super::read::<Version>(text).map(|answer| answer.version)
}

/// `GET /markets-by-token/{id}`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct MarketByToken {
    /// The market's condition.
    #[serde(with = "field::a_condition")]
    pub condition_id: Bytes32,
    /// The first outcome's token.
    #[serde(with = "field::a_token")]
    pub primary_token_id: Bytes32,
    /// The second outcome's.
    #[serde(with = "field::a_token")]
    pub secondary_token_id: Bytes32,
}

/// `GET /clob-markets/{condition}`: what an order needs to know, under short names.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct MarketInfo {
    /// The market's condition.
    #[serde(rename = "c", with = "field::a_condition")]
    pub condition_id: Bytes32,
    /// Its tokens, first outcome first.
    #[serde(rename = "t", with = "field::list")]
    pub tokens: Vec<OutcomeToken>,
    /// Its tick size.
    #[serde(rename = "mts", with = "field::a_price")]
    pub tick_size: Price,
    /// Its smallest order.
    #[serde(rename = "mos", with = "field::a_size")]
    pub min_order_size: Size,
    /// Whether it is a neg-risk market.
    #[serde(rename = "nr", default, with = "field::flag")]
    pub neg_risk: bool,
    /// Whether it takes orders. Missing is no.
    #[serde(rename = "ao", default, with = "field::flag")]
    pub accepting_orders: bool,
    /// Its fees; nothing is none.
    #[serde(rename = "fd", default)]
    pub fees: Option<FeeDetails>,
    /// Seconds that orders wait.
    #[serde(rename = "sd", default, with = "field::maybe_count")]
    pub seconds_delay: Option<u64>,
    /// Whether orders that take are delayed.
    #[serde(rename = "itode", default)]
    pub taker_delay: Option<bool>,
}

/// A token and what it stands for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct OutcomeToken {
    /// Its id.
    #[serde(rename = "t", with = "field::a_token")]
    pub token: Bytes32,
    /// The outcome's name.
    #[serde(rename = "o", default, with = "field::text")]
    pub outcome: String,
}

/// A fee schedule as `clob-markets` writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct FeeDetails {
    #[serde(rename = "r", with = "field::a_size")]
    rate: Size,
    #[serde(rename = "e", with = "field::a_size")]
    exponent: Size,
    #[serde(rename = "to", default, with = "field::flag")]
    taker_only: bool,
}

impl FeeDetails {
    /// The schedule. `None` for an exponent that is not whole, whose fees are not known here.
    pub fn schedule(&self) -> Option<FeeSchedule> {
        schedule(self.rate, self.exponent, self.taker_only)
    }
}

/// A schedule from its numbers in millionths.
pub(in crate::wire) fn schedule(rate: Size, exponent: Size, taker_only: bool) -> Option<FeeSchedule> {
    let whole = exponent.0 % schemas::money::MICRO == 0;
    let exponent = u32::try_from(exponent.0 / schemas::money::MICRO).ok().filter(|_| whole)?;
    Some(FeeSchedule { rate_ppm: u32::try_from(rate.0).ok()?, exponent, taker_only })
}

/// `GET /markets/{condition}`, and an entry of the lists of markets.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ClobMarket {
    /// The market's condition; empty for a market without one. What has no such field is no market.
    #[serde(with = "field::maybe_condition")]
    pub condition_id: Option<Bytes32>,
    /// The oracle's question.
    #[serde(default, with = "field::text")]
    pub question_id: String,
    /// What is asked.
    #[serde(default, with = "field::text")]
    pub question: String,
    /// Its name in addresses.
    #[serde(default, with = "field::text")]
    pub market_slug: String,
    /// Whether it has a book.
    #[serde(default, with = "field::flag")]
    pub enable_order_book: bool,
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
    /// Its smallest order.
    #[serde(default, with = "field::maybe_size")]
    pub minimum_order_size: Option<Size>,
    /// Its tick size.
    #[serde(default, with = "field::maybe_price")]
    pub minimum_tick_size: Option<Price>,
    /// When it should end, as it stands.
    #[serde(default, with = "field::text")]
    pub end_date_iso: String,
    /// Whether it is a neg-risk market.
    #[serde(default, with = "field::flag")]
    pub neg_risk: bool,
    /// Its tokens, first outcome first.
    #[serde(default, with = "field::list")]
    pub tokens: Vec<ClobToken>,
    /// Its tags.
    #[serde(default, with = "field::list")]
    pub tags: Vec<String>,
}

/// A token of a market.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ClobToken {
    /// Its id; empty while the market is too young to have any. What has no such field is no token.
    #[serde(with = "field::maybe_token")]
    pub token_id: Option<Bytes32>,
    /// The outcome's name.
    #[serde(default, with = "field::text")]
    pub outcome: String,
    /// Its price, for people.
    #[serde(default)]
    pub price: Statistic,
    /// Whether it pays.
    #[serde(default, with = "field::flag")]
    pub winner: bool,
}

impl ClobMarket {
    /// The token that pays, once the market is closed and exactly one does.
    pub fn winner(&self) -> Option<Bytes32> {
        let mut winners = self.tokens.iter().filter(|token| token.winner);
        let first = winners.next().filter(|_| self.closed)?;
        if winners.next().is_some() { None } else { first.token_id }
    }
}

/// `GET /last-trade-price`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastTradePrice {
    /// The price.
    pub price: Price,
    /// The taker's side.
    pub side: Side,
}

/// `GET /last-trade-price`. Nothing if the token never traded: the side is then empty and the price means nothing.
pub fn last_trade_price(text: &str) -> Result<Option<LastTradePrice>, WireError> {
    #[derive(Deserialize)]
    struct Raw {
        #[serde(with = "field::maybe_price")]
        price: Option<Price>,
        #[serde(with = "field::maybe_side")]
        side: Option<Side>,
    }
    let raw: Raw = super::read(text)?;
    Ok(raw.price.zip(raw.side).map(|(price, side)| LastTradePrice { price, side }))
}

/// An answer with one price under a name.
macro_rules! one_price {
    ($($(#[$doc:meta])* $name:ident, $key:literal;)*) => {$(
        $(#[$doc])*
        pub fn $name(text: &str) -> Result<Option<Price>, WireError> {
            #[derive(Deserialize)]
            struct Raw {
                #[serde(rename = $key, with = "field::maybe_price")]
                value: Option<Price>,
            }
            super::read::<Raw>(text).map(|raw| raw.value)
        }
    )*};
}

one_price! {
    /// `GET /price`.
    price, "price";
    /// `GET /midpoint`.
    midpoint, "mid";
    /// `GET /spread`.
    spread, "spread";
    /// `GET /tick-size`.
    tick_size, "minimum_tick_size";
}

/// `GET /neg-risk`.
pub fn neg_risk(text: &str) -> Result<bool, WireError> {
    #[derive(Deserialize)]
    struct Raw {
        neg_risk: bool,
    }
    super::read::<Raw>(text).map(|raw| raw.neg_risk)
}

/// The best prices of a token, as `POST /prices` gives them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct SidePrices {
    /// Of the bids.
    #[serde(default, rename = "BUY", with = "field::maybe_price")]
    pub buy: Option<Price>,
    /// Of the asks.
    #[serde(default, rename = "SELL", with = "field::maybe_price")]
    pub sell: Option<Price>,
}

/// `POST /prices`, by token.
pub fn prices(text: &str) -> Result<BTreeMap<Bytes32, SidePrices>, WireError> {
    let raw: BTreeMap<String, SidePrices> = super::read(text)?;
    let entry = |(id, sides): (String, SidePrices)| {
        let token = field::token_id(&id).ok_or(WireError::field("token_id", crate::wire::Problem::Id))?;
        Ok((token, sides))
    };
    raw.into_iter().map(entry).collect()
}

/// A point of `GET /prices-history`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct HistoryPoint {
    /// When.
    #[serde(rename = "t", with = "field::a_time")]
    pub time: UtcNanos,
    /// The price, cut to millionths: averages have more digits.
    #[serde(rename = "p")]
    pub price: Statistic,
}

/// `GET /prices-history`, oldest first.
pub fn history(text: &str) -> Result<Vec<HistoryPoint>, WireError> {
    #[derive(Deserialize)]
    struct Raw {
        #[serde(with = "field::list")]
        history: Vec<HistoryPoint>,
    }
    super::read::<Raw>(text).map(|raw| raw.history)
}
