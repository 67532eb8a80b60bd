//! Which markets there are: a walk through the series and tickers that are wanted, and what their series say of fees.

use super::{Feed, Followed, Purpose};
use crate::feeds::{id_of, next_market};
use crate::http::encoded;
use crate::kalshi::fees;
use crate::kalshi::wire::rest::{self, Market, Phase};
use crate::wire::Answer;
use projections::State;
use schemas::event::{FeeSchedule, MarketChange, MarketEvent, MarketListed, Venue};
use schemas::{MarketId, Size, UtcNanos};

/// Distance of two walks, s.
const DISCOVER_EVERY_S: u64 = 300;
/// A walk that had no answer is tried again after, s.
const RETRY_S: u64 = 30;
/// Markets on a page. Small, so that reading one takes little of anybody's time.
const PAGE_LEN: u32 = 200;
/// Pages of one series at most.
const PAGES_MAX: u32 = 10;
/// Tickers named in one request.
pub(super) const TICKERS_MAX: usize = 40;
/// Texts of people, in characters.
const TEXT_LEN_MAX: usize = 500;

/// Which markets are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// At most this many, those with the largest volume of the last day first.
    pub max_markets: usize,
    /// The open markets of these series.
    pub series: Vec<String>,
    /// These markets.
    pub tickers: Vec<String>,
    /// Of the series, only markets whose question has one of these words in it, in any case; empty for any.
    pub words: Vec<String>,
}

/// What a series says that its markets do not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Terms {
    pub category: String,
    pub fee: FeeSchedule,
}

/// A walk under way.
#[derive(Debug, Default)]
pub(super) struct Walk {
    /// Pages that have no answer yet.
    open: usize,
    found: Vec<Market>,
    /// Chosen, and waiting for what their series says.
    chosen: Vec<Market>,
}

/// The series of an event. Tickers are built that way: series, a dash, the event.
pub(super) fn series_of(event_ticker: &str) -> String {
    event_ticker.split('-').next().unwrap_or_default().to_owned()
}

impl Feed {
    pub(super) fn look_for_markets(&mut self) {
        if self.now < self.next_discovery || self.walk.open > 0 || self.room() == 0 {
            return;
        }
        self.next_discovery = self.now.plus_secs(DISCOVER_EVERY_S);
        self.walk = Walk::default();
        let missing: Vec<String> =
            self.settings.wanted.tickers.iter().filter(|t| !self.known.contains_key(*t)).map(|t| encoded(t)).collect();
        let mut targets: Vec<(String, u32)> =
            missing.chunks(TICKERS_MAX).map(|some| (format!("/markets?tickers={}", some.join(",")), 1)).collect();
        for series in &self.settings.wanted.series {
            let target = format!("/markets?status=open&limit={PAGE_LEN}&series_ticker={}", encoded(series));
            targets.push((target, PAGES_MAX));
        }
        for (target, pages_left) in targets {
            self.walk.open += 1;
            self.due.push_back((Purpose::Page { target: target.clone(), pages_left }, target));
        }
    }

    fn room(&self) -> usize {
        self.settings.wanted.max_markets.saturating_sub(self.followed.len() + self.walk.chosen.len())
    }

    pub(super) fn page_answered(&mut self, target: &str, pages_left: u32, answer: Option<Answer>, state: &State) {
        self.walk.open = self.walk.open.saturating_sub(1);
        match &answer {
            None => self.next_discovery = self.next_discovery.min(self.now.plus_secs(RETRY_S)),
            Some(answer) => match rest::markets(&answer.body) {
                Err(e) => self.voice.undecoded("markets", &e.to_string(), &answer.body, self.now),
                Ok(page) => {
                    for entry in page.entries {
                        match entry {
                            Ok(market) => self.consider(market),
                            Err((e, raw)) => self.voice.undecoded("market", &e.to_string(), raw, self.now),
                        }
                    }
                    if let Some(cursor) = page.next.filter(|_| pages_left > 1) {
                        self.walk.open += 1;
                        let purpose = Purpose::Page { target: target.to_owned(), pages_left: pages_left - 1 };
                        self.due.push_back((purpose, format!("{target}&cursor={}", encoded(&cursor))));
                    }
                }
            },
        }
        if self.walk.open == 0 {
            self.choose(state);
        }
    }

    fn consider(&mut self, market: Market) {
        let wanted = &self.settings.wanted;
        let title = market.title.to_lowercase();
        let named = wanted.tickers.contains(&market.ticker);
        let spoken_of = || wanted.words.is_empty() || wanted.words.iter().any(|w| title.contains(&w.to_lowercase()));
        let fits = market.is_binary && !market.is_combination && market.phase == Phase::Open && (named || spoken_of());
        let refused = self.refused.contains(&series_of(&market.event_ticker));
        if fits && !refused && !self.known.contains_key(&market.ticker) {
            self.walk.found.push(market);
        }
    }

    /// The walk is over: the most traded are followed, once their series have said what they cost.
    fn choose(&mut self, state: &State) {
        let mut found = std::mem::take(&mut self.walk.found);
        let named = |m: &Market| self.settings.wanted.tickers.contains(&m.ticker);
        found.sort_by(|a, b| {
            let rank = |m: &Market| (!named(m), std::cmp::Reverse(m.volume_24h));
            rank(a).cmp(&rank(b)).then_with(|| a.ticker.cmp(&b.ticker))
        });
        found.dedup_by(|a, b| a.ticker == b.ticker);
        found.truncate(self.room());
        let mut unknown: Vec<String> = found.iter().map(|m| series_of(&m.event_ticker)).collect();
        unknown.sort();
        unknown.dedup();
        unknown.retain(|series| !self.series.contains_key(series));
        unknown.into_iter().for_each(|series| self.ask_series(series));
        self.walk.chosen = found;
        self.list_chosen(state);
    }

    pub(super) fn ask_series(&mut self, ticker: String) {
        let target = format!("/series/{}", encoded(&ticker));
        self.due.push_back((Purpose::Series { ticker }, target));
    }

    pub(super) fn series_answered(&mut self, ticker: &str, answer: Option<Answer>, state: &State) {
        match answer.map(|a| (rest::series(&a.body), a.body)) {
            Some((Ok(series), body)) => match fees::schedule(&series.fee_type, &series.fee_multiplier) {
                Ok(fee) => {
                    self.tell_fee(ticker, fee, state);
                    self.series.insert(ticker.to_owned(), Terms { category: cut(&series.category), fee });
                }
                // A cost that is not understood makes every comparison with such a market wrong.
                Err(e) => {
                    self.voice.undecoded(&format!("series {ticker}"), &e.to_string(), &body, self.now);
                    self.refused.insert(ticker.to_owned());
                    self.drop_chosen(ticker);
                }
            },
            Some((Err(e), body)) => {
                self.voice.undecoded("series", &e.to_string(), &body, self.now);
                self.drop_chosen(ticker);
            }
            // The next walk finds its markets again.
            None => self.drop_chosen(ticker),
        }
        self.list_chosen(state);
    }

    fn drop_chosen(&mut self, series: &str) {
        self.walk.chosen.retain(|m| series_of(&m.event_ticker) != series);
    }

    /// A series changed what its markets cost.
    fn tell_fee(&mut self, series: &str, fee: FeeSchedule, state: &State) {
        for (market, followed) in &self.followed {
            let known = state.markets.get(*market).filter(|m| followed.series == series && m.fee != fee);
            if known.is_some() {
                self.voice.say(MarketEvent::Changed { market: *market, change: MarketChange::Fee(fee) });
            }
        }
    }

    fn list_chosen(&mut self, state: &State) {
        for market in std::mem::take(&mut self.walk.chosen) {
            let series = series_of(&market.event_ticker);
            let Some(terms) = self.series.get(&series).cloned() else {
                self.walk.chosen.push(market);
                continue;
            };
            let Some(number) = next_market(state, self.voice.said()) else { return };
            self.known.insert(market.ticker.clone(), number);
            self.follow(number, market.ticker.clone(), series);
            self.voice.say(MarketEvent::Listed(Box::new(listing(number, market, terms))));
        }
    }

    pub(super) fn follow(&mut self, market: MarketId, ticker: String, series: String) {
        self.followed.insert(market, Followed { ticker, series, ..Followed::default() });
    }
}

fn cut(text: &str) -> String {
    text.chars().take(TEXT_LEN_MAX).collect()
}

fn listing(number: MarketId, market: Market, terms: Terms) -> MarketListed {
    let id = |domain| id_of(domain, &market.ticker);
    let sub = &market.yes_sub_title;
    let question = if sub.is_empty() || market.title.contains(sub.as_str()) {
        cut(&market.title)
    } else {
        cut(&format!("{} ({sub})", market.title))
    };
    MarketListed {
        market: number,
        venue: Venue::Kalshi,
        condition: id("kalshi market"),
        tokens: [id("kalshi yes"), id("kalshi no")],
        question,
        group: market.event_ticker,
        category: terms.category,
        tick: market.tick,
        min_size: if market.is_fractional { Size(10_000) } else { Size(1_000_000) },
        fee: terms.fee,
        ends: market.close_time.unwrap_or(UtcNanos::ZERO),
        neg_risk: false,
        protocol: 0,
        slug: market.ticker,
    }
}
