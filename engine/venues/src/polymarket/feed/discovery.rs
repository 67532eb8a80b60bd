//! Which markets there are: from the catalogue (Gamma), with what orders need to know from the order book (CLOB).

use super::{Feed, Purpose};
use crate::feeds::next_market;
use crate::http::encoded;
use crate::polymarket::wire::{Answer, Host};
use polymarket::wire::gamma::{self, Market};
use polymarket::wire::rest::{self, MarketInfo};
use projections::State;
use schemas::event::{FeeSchedule, MarketEvent, MarketListed, Venue};
use schemas::{Bytes32, Cash, UtcNanos};

/// Distance of two walks through the catalogue, s.
const DISCOVER_EVERY_S: u64 = 300;
/// A walk that had no answer is tried again after, s.
const RETRY_S: u64 = 20;
const PAGE_LEN: usize = 100;

/// Which markets are wanted. What is not set does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// At most this many.
    pub max_markets: usize,
    /// Only these slugs; then nothing else is asked.
    pub slugs: Vec<String>,
    /// Only these categories, in any case.
    pub categories: Vec<String>,
    /// Not these.
    pub exclude_categories: Vec<String>,
    /// Smallest liquidity, dollars.
    pub min_liquidity: Cash,
    /// Smallest volume so far, dollars.
    pub min_volume: Cash,
    /// Ends no earlier than this long from now, s.
    pub min_seconds_to_end: u64,
    /// Ends no later than this long from now, s; 0 for any time.
    pub max_seconds_to_end: u64,
}

/// A market of the catalogue whose terms are being asked for.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    tokens: [Bytes32; 2],
    protocol: u8,
    neg_risk: bool,
    slug: String,
    question: String,
    group: String,
    category: String,
    ends: UtcNanos,
    fee: Option<FeeSchedule>,
}

impl Feed {
    pub(super) fn look_for_markets(&mut self) {
        if self.now >= self.next_discovery && self.room() > 0 {
            self.next_discovery = self.now.plus_secs(DISCOVER_EVERY_S);
            self.ask_catalogue("");
        }
    }

    /// How many more markets are wanted.
    fn room(&self) -> usize {
        self.settings.wanted.max_markets.saturating_sub(self.markets.len() + self.candidates.len())
    }

    fn ask_catalogue(&mut self, cursor: &str) {
        let wanted = &self.settings.wanted;
        let mut target = format!("/markets/keyset?closed=false&limit={PAGE_LEN}&order=volumeNum&ascending=false");
        for slug in &wanted.slugs {
            target.push_str("&slug=");
            target.push_str(&encoded(slug));
        }
        if wanted.min_liquidity.0 > 0 {
            target.push_str(&format!("&liquidity_num_min={}", wanted.min_liquidity.0 / 1_000_000));
        }
        if wanted.min_volume.0 > 0 {
            target.push_str(&format!("&volume_num_min={}", wanted.min_volume.0 / 1_000_000));
        }
        if !cursor.is_empty() {
            target.push_str("&after_cursor=");
            target.push_str(&encoded(cursor));
        }
        self.ask(Purpose::Catalogue, Host::Gamma, target);
    }

    pub(super) fn catalogue_answered(&mut self, answer: Option<Answer>) {
        let Some(page) = answer.and_then(|a| gamma::markets(&a.body).ok()) else {
            self.next_discovery = self.now.plus_secs(RETRY_S);
            return;
        };
        for entry in page.entries {
            match entry {
                Ok(market) if self.room() > 0 => self.consider(&market),
                Ok(_) => return,
                Err(bad) => self.undecoded("catalogue", &bad.error.to_string(), &bad.raw),
            }
        }
        if let Some(cursor) = page.next.filter(|_| self.room() > 0) {
            self.ask_catalogue(&cursor);
        }
    }

    fn consider(&mut self, market: &Market) {
        let Some(condition) = market.condition_id else { return };
        let known = self.markets.contains_key(&condition) || self.candidates.contains_key(&condition);
        if known || self.refused.contains(&condition) || !self.is_wanted(market) {
            return;
        }
        // A version or shape that this build does not trade is left alone for good.
        let (Ok(generation), Ok(tokens)) = (market.generation(), market.tokens()) else {
            self.refused.insert(condition);
            return;
        };
        let event = market.events.first();
        let candidate = Candidate {
            tokens,
            protocol: match generation {
                polymarket::Generation::V2 => 2,
                polymarket::Generation::V3 => 3,
            },
            neg_risk: market.neg_risk,
            slug: market.slug.clone(),
            question: market.question.clone(),
            group: event.map_or_else(|| market.slug.clone(), |e| e.slug.clone()),
            category: market.category.clone(),
            ends: market.end_date.unwrap_or(UtcNanos::ZERO),
            fee: market.fees().ok().and_then(|fee| fee_schedule(&fee)),
        };
        self.candidates.insert(condition, candidate);
        self.ask(Purpose::Info { condition }, Host::Clob, format!("/clob-markets/0x{condition}"));
    }

    fn is_wanted(&self, market: &Market) -> bool {
        let wanted = &self.settings.wanted;
        let is = |list: &[String], text: &str| list.iter().any(|c| c.eq_ignore_ascii_case(text));
        let left = market.end_date.map(|end| end.since(self.now) / schemas::time::NANOS_PER_SEC);
        let soon = left.is_some_and(|left| left < i64::try_from(wanted.min_seconds_to_end).unwrap_or(i64::MAX));
        let late = wanted.max_seconds_to_end > 0
            && left.is_none_or(|left| left > i64::try_from(wanted.max_seconds_to_end).unwrap_or(i64::MAX));
        market.active
            && !market.closed
            && market.accepting_orders
            && market.enable_order_book
            && !soon
            && !late
            && (wanted.slugs.is_empty() || wanted.slugs.contains(&market.slug))
            && (wanted.categories.is_empty() || is(&wanted.categories, &market.category))
            && !is(&wanted.exclude_categories, &market.category)
            && market.liquidity_num.0 >= wanted.min_liquidity.0
            && market.volume_num.0 >= wanted.min_volume.0
    }

    pub(super) fn info_answered(&mut self, condition: &Bytes32, answer: Option<Answer>, state: &State) {
        // A fresh market may be in the catalogue minutes before the book knows it: the next walk asks again.
        let Some(candidate) = self.candidates.remove(condition) else { return };
        let Some(info) = answer.and_then(|a| rest::read::<MarketInfo>(&a.body).ok()) else { return };
        let same = info.condition_id == *condition
            && info.neg_risk == candidate.neg_risk
            && info.tokens.iter().map(|t| t.token).eq(candidate.tokens);
        let fee = match info.fees {
            Some(details) => details.schedule().and_then(|fee| fee_schedule(&fee)),
            None => candidate.fee,
        };
        let Some(fee) = fee.filter(|_| same) else {
            self.refused.insert(*condition);
            return;
        };
        if !info.accepting_orders {
            return;
        }
        let Some(number) = next_market(state, &self.said) else { return };
        let listed = MarketListed {
            market: number,
            venue: Venue::Polymarket,
            condition: *condition,
            tokens: candidate.tokens,
            slug: candidate.slug,
            question: candidate.question,
            group: candidate.group,
            category: candidate.category,
            tick: info.tick_size,
            min_size: info.min_order_size,
            fee,
            ends: candidate.ends,
            neg_risk: info.neg_risk,
            protocol: candidate.protocol,
        };
        self.know(&listed);
        self.say(MarketEvent::Listed(Box::new(listed)));
        self.follow(candidate.tokens);
    }

    /// Remembers a market of the log.
    pub(super) fn know(&mut self, listed: &MarketListed) {
        let market = listed.market;
        self.markets.insert(listed.condition, market);
        self.tokens.insert(listed.tokens[0], market.yes());
        self.tokens.insert(listed.tokens[1], market.no());
    }
}

/// The log's form of a fee schedule; `None` for an exponent that the log has no room for.
fn fee_schedule(fee: &polymarket::amounts::FeeSchedule) -> Option<FeeSchedule> {
    let exponent = u8::try_from(fee.exponent).ok()?;
    Some(FeeSchedule { rate_ppm: fee.rate_ppm, exponent, taker_only: fee.taker_only })
}
