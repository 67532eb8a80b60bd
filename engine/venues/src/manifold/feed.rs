//! The feed of Manifold's markets, as a machine without sockets: it is told what the network heard and the time, and answers
//! with requests and market events. Markets are found by slug and by search, then asked about one after the other.

use super::wire::{self, Market, Ruling};
use crate::feeds::{ReadOnlyFeed, Voice, id_of, next_market};
use crate::http::encoded;
use crate::pace::Calls;
use crate::polymarket::desk::Said;
use crate::wire::{Answer, Ask, Host, Tell};
use projections::State;
use schemas::event::{
    FeeSchedule, FeedScope, MarketChange, MarketEvent, MarketListed, MarketStatus, Resolution, Venue,
};
use schemas::time::NANOS_PER_SEC;
use schemas::{MarketId, Price, Prob, Size, UtcNanos};
use std::collections::{BTreeMap, VecDeque};

/// Names of requests begin here: those of other feeds lie elsewhere.
const FIRST_CALL: u64 = 6 << 60;
/// The venue allows 500 a minute; this feed never needs as many.
const READS_PER_SECOND: u32 = 4;
/// Distance of two looks for markets, s.
const DISCOVER_EVERY_S: u64 = 600;
/// So many rounds without an answer make a market stale.
const STALE_ROUNDS: i64 = 4;
/// Questions are cut to so many characters.
const TEXT_LEN_MAX: usize = 500;

/// Which markets are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// At most this many.
    pub max_markets: usize,
    /// These, by the last part of their address.
    pub slugs: Vec<String>,
    /// The most liquid open markets that are found with these words.
    pub terms: Vec<String>,
}

/// How the feed is kept.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Which markets.
    pub wanted: Wanted,
    /// Each is asked about this often, s.
    pub poll_seconds: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Purpose {
    Slug,
    Search,
    Market { market: MarketId },
}

#[derive(Debug)]
struct Followed {
    id: String,
    said: Option<Prob>,
    is_asked: bool,
    asked_at: UtcNanos,
    heard_at: UtcNanos,
    stale: bool,
}

/// What is followed.
#[derive(Debug)]
pub struct Feed {
    settings: Settings,
    /// The number of every market that has one, by slug.
    known: BTreeMap<String, MarketId>,
    followed: BTreeMap<MarketId, Followed>,
    due: VecDeque<(Purpose, String)>,
    next_discovery: UtcNanos,
    calls: Calls<Purpose>,
    voice: Voice,
    now: UtcNanos,
}

impl Feed {
    /// Follows nothing yet.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            known: BTreeMap::new(),
            followed: BTreeMap::new(),
            due: VecDeque::new(),
            next_discovery: UtcNanos::ZERO,
            calls: Calls::new(Host::Manifold, FIRST_CALL, READS_PER_SECOND),
            voice: Voice::of("manifold"),
            now: UtcNanos::ZERO,
        }
    }

    fn room(&self) -> usize {
        self.settings.wanted.max_markets.saturating_sub(self.followed.len())
    }

    fn every(&self) -> i64 {
        i64::from(self.settings.poll_seconds.max(1)) * NANOS_PER_SEC
    }

    fn look_for_markets(&mut self) {
        if self.now < self.next_discovery || self.room() == 0 {
            return;
        }
        self.next_discovery = self.now.plus_secs(DISCOVER_EVERY_S);
        let wanted = &self.settings.wanted;
        for slug in wanted.slugs.iter().filter(|slug| !self.known.contains_key(*slug)) {
            self.due.push_back((Purpose::Slug, format!("/slug/{}", encoded(slug))));
        }
        for term in &wanted.terms {
            let (term, limit) = (encoded(term), wanted.max_markets.min(100));
            let target =
                format!("/search-markets?term={term}&filter=open&contractType=BINARY&sort=liquidity&limit={limit}");
            self.due.push_back((Purpose::Search, target));
        }
    }

    fn found(&mut self, answer: &Answer, purpose: &Purpose, state: &State) {
        if *purpose == Purpose::Slug {
            return match wire::market(&answer.body) {
                Ok(market) => self.consider(market, state),
                Err(e) => self.voice.undecoded("market", &e.to_string(), &answer.body, self.now),
            };
        }
        match wire::markets(&answer.body) {
            Ok(entries) => {
                for entry in entries {
                    match entry {
                        Ok(market) => self.consider(market, state),
                        Err((e, raw)) => self.voice.undecoded("market", &e.to_string(), raw, self.now),
                    }
                }
            }
            Err(e) => self.voice.undecoded("search", &e.to_string(), &answer.body, self.now),
        }
    }

    fn consider(&mut self, market: Market, state: &State) {
        let over = market.close_time.is_some_and(|time| time <= self.now);
        let fits = market.is_binary && market.ruling.is_none() && !over;
        if !fits || self.room() == 0 || self.known.contains_key(&market.slug) {
            return;
        }
        let Some(number) = next_market(state, self.voice.said()) else { return };
        self.follow(number, &market.slug, market.id.clone());
        self.voice.say(MarketEvent::Listed(Box::new(listing(number, &market))));
        self.market_said(number, &market, MarketStatus::Open);
    }

    fn follow(&mut self, number: MarketId, slug: &str, id: String) {
        self.known.insert(slug.to_owned(), number);
        let (none, heard_at) = (UtcNanos::ZERO, self.now);
        let followed = Followed { id, said: None, is_asked: false, asked_at: none, heard_at, stale: false };
        self.followed.insert(number, followed);
    }

    fn next_market(&mut self) -> Option<(Purpose, String)> {
        let (now, every) = (self.now, self.every());
        let due = self
            .followed
            .iter_mut()
            .filter(|(_, f)| !f.is_asked && (f.asked_at == UtcNanos::ZERO || now.since(f.asked_at) >= every));
        let (market, followed) = due.min_by_key(|(_, f)| f.asked_at)?;
        (followed.is_asked, followed.asked_at) = (true, now);
        // A market that comes from an older log is known by its slug alone.
        let target = match followed.id.strip_prefix('/') {
            Some(slug) => format!("/slug/{}", encoded(slug)),
            None => format!("/market/{}", encoded(&followed.id)),
        };
        Some((Purpose::Market { market: *market }, target))
    }

    fn market_answered(&mut self, number: MarketId, answer: Option<Answer>, state: &State) {
        let Some(followed) = self.followed.get_mut(&number) else { return };
        followed.is_asked = false;
        let (Some(answer), Some(known)) = (answer, state.markets.get(number)) else { return };
        match wire::market(&answer.body) {
            Ok(market) if market.slug == known.listed.slug => self.market_said(number, &market, known.status),
            // Slugs change when questions do; the id stays.
            Ok(market) if market.id == followed.id => self.market_said(number, &market, known.status),
            Ok(_) => self.voice.undecoded("market", "it is another market's", &answer.body, self.now),
            Err(e) => self.voice.undecoded("market", &e.to_string(), &answer.body, self.now),
        }
    }

    fn market_said(&mut self, number: MarketId, market: &Market, status: MarketStatus) {
        let Some(followed) = self.followed.get_mut(&number) else { return };
        (followed.id, followed.heard_at) = (market.id.clone(), self.now);
        if std::mem::take(&mut followed.stale) {
            self.voice.say(MarketEvent::FeedRestored { scope: FeedScope::Market(number) });
        }
        if let Some(probability) = market.probability.filter(|p| followed.said != Some(*p)) {
            followed.said = Some(probability);
            let source_time = market.updated;
            self.voice.say(MarketEvent::Probability { market: number, probability, source_time });
        }
        let over = market.ruling.is_some() || market.close_time.is_some_and(|time| time <= self.now);
        let now = if over { MarketStatus::Closed } else { MarketStatus::Open };
        if now != status {
            self.voice.say(MarketEvent::Changed { market: number, change: MarketChange::Status(now) });
        }
        if let Some(ruling) = &market.ruling {
            self.ended(number, ruling, &market.slug);
        }
    }

    fn ended(&mut self, number: MarketId, ruling: &Ruling, slug: &str) {
        let resolution = match ruling {
            Ruling::Yes => Some(Resolution::Yes),
            Ruling::No => Some(Resolution::No),
            // Everybody got their stake back: no side was right.
            Ruling::Cancelled | Ruling::Part(Some(Prob::HALF)) => Some(Resolution::Split),
            Ruling::Part(_) | Ruling::Other(_) => None,
        };
        match resolution {
            Some(resolution) => self.voice.say(MarketEvent::Resolved { market: number, resolution }),
            None => {
                let text = "it was paid in part; it stays closed here, unresolved";
                self.voice.complain(slug, text, self.now);
            }
        }
        self.followed.remove(&number);
    }

    fn look_for_silence(&mut self) {
        let (now, allowed) = (self.now, self.every().saturating_mul(STALE_ROUNDS));
        for (market, followed) in &mut self.followed {
            if followed.heard_at == UtcNanos::ZERO {
                followed.heard_at = now;
            } else if !followed.stale && now.since(followed.heard_at) >= allowed {
                followed.stale = true;
                self.voice.say(MarketEvent::FeedStale { scope: FeedScope::Market(*market) });
            }
        }
    }
}

impl ReadOnlyFeed for Feed {
    fn start(&mut self, state: &State) {
        for market in state.markets.iter().filter(|m| m.listed.venue == Venue::Manifold) {
            let listed = &market.listed;
            self.known.insert(listed.slug.clone(), listed.market);
            if market.resolved.is_none() {
                // Its id is not in the log: until the first answer the slug stands in for it.
                self.follow(listed.market, &listed.slug, format!("/{}", listed.slug));
                if let Some(followed) = self.followed.get_mut(&listed.market) {
                    followed.said = market.signal.map(|s| s.probability);
                }
            }
        }
    }

    fn owns(&self, tell: &Tell) -> bool {
        matches!(tell, Tell::Answer(id, _) if self.calls.owns(*id))
    }

    fn hear(&mut self, tell: Tell, now: UtcNanos, state: &State) {
        self.now = self.now.max(now);
        let Tell::Answer(id, result) = tell else { return };
        match self.calls.take(id, result, self.now) {
            Some((Purpose::Market { market }, answer)) => self.market_answered(market, answer, state),
            Some((purpose, Some(answer))) => self.found(&answer, &purpose, state),
            Some((_, None)) | None => {}
        }
    }

    fn look(&mut self, now: UtcNanos, _state: &State) {
        self.now = self.now.max(now);
        self.look_for_markets();
        self.look_for_silence();
        while self.calls.is_ready(self.now) {
            let next = self.due.pop_front().or_else(|| self.next_market());
            let Some((purpose, target)) = next else { return };
            self.calls.get(purpose, target, self.now);
        }
    }

    fn asks(&mut self) -> Vec<Ask> {
        self.calls.drain()
    }

    fn next_said(&mut self) -> Option<Said> {
        self.voice.next()
    }
}

fn listing(number: MarketId, market: &Market) -> MarketListed {
    let id = |domain| id_of(domain, &market.id);
    MarketListed {
        market: number,
        venue: Venue::Manifold,
        condition: id("manifold market"),
        tokens: [id("manifold yes"), id("manifold no")],
        slug: market.slug.clone(),
        question: market.question.chars().take(TEXT_LEN_MAX).collect(),
        group: market.slug.clone(),
        category: String::new(),
        tick: Price(1),
        min_size: Size(1_000_000),
        fee: FeeSchedule::default(),
        ends: market.close_time.unwrap_or(UtcNanos::ZERO),
        neg_risk: false,
        protocol: 0,
    }
}
