//! Which markets there are: from the catalogue (Gamma), with what orders need to know from the order book (CLOB).

use super::{Feed, Purpose};
use crate::feeds::next_market;
use crate::http::encoded;
use crate::wire::{Answer, Host};
use polymarket::wire::gamma::{self, Market, MarketError};
use polymarket::wire::rest::{self, MarketInfo};
use projections::State;
use schemas::event::{FeeSchedule, MarketEvent, MarketListed, Venue, names_category};
use schemas::{Bytes32, Cash, UtcNanos};
use std::collections::VecDeque;

/// Distance of two walks through the catalogue, s.
const DISCOVER_EVERY_S: u64 = 300;
/// A walk that had no answer is tried again after, s: doubles up to the distance of two walks.
const RETRY_S: u64 = 10;
/// A market was made: the catalogue has it by now, s.
const NEW_S: u64 = 30;
/// Walks that failed one after the other before it is said: one may fail for nothing.
const FAILED_SAID: u32 = 3;
const PAGE_LEN: usize = 100;
/// Pages of a walk: a catalogue without an end is none.
const PAGES_MAX: u32 = 500;
/// Slugs in one question.
const SLUGS_LEN: usize = 50;
/// Candidates that are asked about at once.
const INFOS_MAX: usize = 20;

/// Which markets are wanted. What is not set does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// At most this many.
    pub max_markets: usize,
    /// Only these slugs; then nothing else is asked.
    pub slugs: Vec<String>,
    /// Only these categories: a market's tags by label or slug, in any case.
    pub categories: Vec<String>,
    /// Not these, whatever else it is.
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

impl Wanted {
    /// Path and query of a page of the catalogue, those with the most volume first; `cursor` is empty for the first page. Of
    /// named markets 50 go into one question, from the one at `slugs_from` on. Tags come only if they are asked for.
    pub fn target(&self, cursor: &str, slugs_from: usize) -> String {
        let mut target =
            format!("/markets/keyset?closed=false&include_tag=true&limit={PAGE_LEN}&order=volumeNum&ascending=false");
        for slug in self.slugs.iter().skip(slugs_from).take(SLUGS_LEN) {
            target.push_str("&slug=");
            target.push_str(&encoded(slug));
        }
        if self.min_liquidity.0 > 0 {
            target.push_str(&format!("&liquidity_num_min={}", self.min_liquidity.0 / 1_000_000));
        }
        if self.min_volume.0 > 0 {
            target.push_str(&format!("&volume_num_min={}", self.min_volume.0 / 1_000_000));
        }
        if !cursor.is_empty() {
            target.push_str("&after_cursor=");
            target.push_str(&encoded(cursor));
        }
        target
    }

    /// Whether a market of the catalogue is wanted at this time.
    pub fn takes(&self, market: &Market, now: UtcNanos) -> bool {
        let is = |list: &[String]| market.topics().any(|name| names_category(list, name));
        let left = market.end_date.map(|end| end.since(now) / schemas::time::NANOS_PER_SEC);
        let soon = left.is_some_and(|left| left < i64::try_from(self.min_seconds_to_end).unwrap_or(i64::MAX));
        let late = self.max_seconds_to_end > 0
            && left.is_none_or(|left| left > i64::try_from(self.max_seconds_to_end).unwrap_or(i64::MAX));
        market.active
            && !market.closed
            && market.accepting_orders
            && market.enable_order_book
            && !soon
            && !late
            && (self.slugs.is_empty() || self.slugs.contains(&market.slug))
            && (self.categories.is_empty() || is(&self.categories))
            && !is(&self.exclude_categories)
            && market.liquidity_num.0 >= self.min_liquidity.0
            && market.volume_num.0 >= self.min_volume.0
    }

    /// The category that a market is listed under: the first of [`Wanted::categories`] that it can be called by, as it is
    /// written there, so that it is looked at for what it was followed for; else its own. A market keeps what it was listed
    /// under, also when the settings change.
    pub fn category<'a>(&'a self, market: &'a Market) -> &'a str {
        let named = self.categories.iter().find(|name| market.topics().any(|topic| topic.eq_ignore_ascii_case(name)));
        named.map_or_else(|| market.topic(), String::as_str)
    }
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

/// The present walk through the catalogue.
#[derive(Debug, Default)]
pub(super) struct Walk {
    number: u64,
    /// The cursor of the page that is waited for.
    page: Option<String>,
    pages: u32,
    /// Which part of the wanted slugs it is about.
    slugs_from: usize,
    next_at: UtcNanos,
    failed: u32,
    /// Entries of the catalogue seen on this walk.
    seen: u64,
    /// That no market is wanted was said.
    none_said: bool,
    /// Candidates whose terms are not asked for yet, in the catalogue's order: those with the most volume come first, and have
    /// the first numbers.
    unasked: VecDeque<Bytes32>,
}

impl Feed {
    pub(super) fn look_for_markets(&mut self) {
        let now = self.now;
        if self.walk.page.is_none() && now >= self.walk.next_at && self.room() > 0 {
            (self.walk.pages, self.walk.slugs_from, self.walk.seen) = (0, 0, 0);
            self.walk.next_at = now.plus_secs(DISCOVER_EVERY_S);
            self.ask_catalogue("");
        }
        let asked = self.candidates.len().saturating_sub(self.walk.unasked.len());
        for _ in asked..INFOS_MAX {
            let Some(condition) = self.walk.unasked.pop_front() else { break };
            self.ask(Purpose::Info { condition }, Host::Clob, format!("/clob-markets/0x{condition}"));
        }
    }

    pub(super) fn look_for_markets_soon(&mut self) {
        self.walk.next_at = self.walk.next_at.min(self.now.plus_secs(NEW_S));
    }

    fn walk_failed(&mut self, why: &str) {
        self.walk.page = None;
        let pause = (RETRY_S << self.walk.failed.min(8)).min(DISCOVER_EVERY_S);
        self.walk.failed = self.walk.failed.saturating_add(1);
        self.walk.next_at = self.now.plus_secs(pause);
        if self.walk.failed == FAILED_SAID {
            self.fault(format!(
                "the catalogue failed {FAILED_SAID} times, so no market is found: {why}; is venue.gamma_url right? It is asked \
                 again"
            ));
        }
    }

    /// The last page is read. A catalogue in which nothing is wanted is said once: perhaps the settings are wrong.
    fn walk_ended(&mut self) {
        if self.walk.none_said || !self.followed.is_empty() || !self.candidates.is_empty() {
            return;
        }
        self.walk.none_said = true;
        let seen = self.walk.seen;
        self.fault(format!(
            "no market to trade: the catalogue has {seen} open ones with the liquidity and volume of section [venue], and none \
             of them has the wanted category, name and time to the end; it is read again every {} minutes",
            DISCOVER_EVERY_S / 60
        ));
    }

    /// How many more markets are wanted.
    fn room(&self) -> usize {
        self.settings.wanted.max_markets.saturating_sub(self.followed.len() + self.candidates.len())
    }

    fn ask_catalogue(&mut self, cursor: &str) {
        let target = self.settings.wanted.target(cursor, self.walk.slugs_from);
        self.walk.number += 1;
        self.walk.pages += 1;
        self.walk.page = Some(cursor.to_owned());
        self.ask(Purpose::Catalogue { walk: self.walk.number }, Host::Gamma, target);
    }

    pub(super) fn catalogue_answered(&mut self, number: u64, answer: Result<Answer, String>) {
        if number != self.walk.number {
            return;
        }
        let Some(cursor) = self.walk.page.take() else { return };
        let page = match answer.as_ref().map(|a| (gamma::markets(&a.body), &a.body)) {
            Ok((Ok(page), _)) => page,
            Ok((Err(e), body)) => {
                let why = e.to_string();
                self.undecoded("catalogue", &why, body);
                return self.walk_failed(&why);
            }
            Err(why) => return self.walk_failed(why),
        };
        self.walk.seen += page.entries.len() as u64;
        self.walk.failed = 0;
        for entry in page.entries {
            match entry {
                Ok(market) if self.room() > 0 => self.consider(&market),
                Ok(_) => return,
                Err(bad) => self.undecoded("catalogue", &bad.error.to_string(), &bad.raw),
            }
        }
        if self.room() == 0 || self.walk.pages >= PAGES_MAX {
            return;
        }
        // A cursor that leads to itself is an end.
        match page.next.filter(|next| *next != cursor) {
            Some(next) => self.ask_catalogue(&next),
            None if self.walk.slugs_from + SLUGS_LEN < self.settings.wanted.slugs.len() => {
                self.walk.slugs_from += SLUGS_LEN;
                self.ask_catalogue("");
            }
            None => self.walk_ended(),
        }
    }

    fn consider(&mut self, market: &Market) {
        let Some(condition) = market.condition_id else { return };
        let known = self.markets.contains_key(&condition) || self.candidates.contains_key(&condition);
        if known || self.refused.contains(&condition) || !self.settings.wanted.takes(market, self.now) {
            return;
        }
        // A version or shape that this build does not trade is left alone for good; one that has no tokens is too young.
        let (generation, tokens) = match (market.generation(), market.tokens()) {
            (Ok(generation), Ok(tokens)) => (generation, tokens),
            (Ok(_), Err(MarketError::NotBinary { tokens: 0, .. })) => return,
            _ => {
                self.refused.insert(condition);
                return;
            }
        };
        let candidate = Candidate {
            tokens,
            protocol: match generation {
                polymarket::Generation::V2 => 2,
                polymarket::Generation::V3 => 3,
            },
            neg_risk: market.neg_risk,
            slug: market.slug.clone(),
            question: market.question.clone(),
            group: market.group().to_owned(),
            category: self.settings.wanted.category(market).to_owned(),
            ends: market.end_date.unwrap_or(UtcNanos::ZERO),
            fee: market.fees().ok().and_then(|fee| fee_schedule(&fee)),
        };
        self.candidates.insert(condition, candidate);
        self.walk.unasked.push_back(condition);
    }

    pub(super) fn info_answered(&mut self, condition: &Bytes32, answer: Option<Answer>, state: &State) {
        let Some(candidate) = self.candidates.remove(condition) else { return };
        let Some(info) = answer.and_then(|a| rest::read::<MarketInfo>(&a.body).ok()) else {
            // A fresh market may be in the catalogue minutes before the book knows it.
            return self.look_for_markets_soon();
        };
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
        let (market, tick) = (listed.market, listed.tick);
        self.know(&listed);
        self.say(MarketEvent::Listed(Box::new(listed)));
        self.watch(market);
        self.follow(market, tick);
    }
}

/// The log's form of a fee schedule; `None` for an exponent that the log has no room for.
fn fee_schedule(fee: &polymarket::amounts::FeeSchedule) -> Option<FeeSchedule> {
    let exponent = u8::try_from(fee.exponent).ok()?;
    Some(FeeSchedule { rate_ppm: fee.rate_ppm, exponent, taker_only: fee.taker_only })
}
