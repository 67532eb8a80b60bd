//! The market feed: which markets are followed, and what their books are, as a machine without sockets.
//!
//! It is told what the network heard and the time, and answers with requests ([`Feed::asks`]) and market events
//! ([`Feed::next_said`]).
//!
//! # Rules for a right book
//!
//! - After a (re)connect nothing is believed before the token's whole book has come; what changes before is told behind it.
//! - A book whose hash is wrong is not used. A frame that cannot be read makes the books doubtful that it may have been about.
//! - A new price grid makes both books of a market doubtful.
//! - A book that is in doubt for more than a second, or differs from the venue's own best prices for so long, is asked for
//!   anew, at growing distance if that does not help. Behind ten seconds of doubt its market is told to be stale.
//! - Every book is compared with the venue's every two minutes, and every 15 s if its socket says nothing. A socket that says
//!   nothing while the venue's books move on is closed and opened again: it can be silent and still answer `PING`.
//! - While a socket is closed, its books are not asked for: what could not be kept right is not told.
//!
//! What becomes of markets is asked for as well; see the rules in `life.rs`.

mod books;
mod discovery;
mod life;
mod sockets;
mod track;

pub use discovery::Wanted;

use super::desk::Said;
use super::faults::Faults;
use crate::wire::{Answer, Ask, Call, CallId, Host, Method, Socket, Tell};
use life::{Followed, Life};
use projections::State;
use schemas::event::{FeedScope, MarketEvent, MarketStatus, SystemEvent, Venue};
use schemas::time::NANOS_PER_SEC;
use schemas::{Bytes32, Event, MarketId, TokenId, UtcNanos};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Names of requests are this and above: the desk's are below.
const FIRST_CALL: u64 = 1 << 63;
const TIMEOUT_MS: u64 = 15_000;
/// An answer that has not come after so long will not come, s: the limits and the network give up sooner.
const ANSWER_S: i64 = 60;

/// How the feed is kept.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Which markets.
    pub wanted: Wanted,
    /// Keep every frame of the market sockets as it came, beside what it was read as.
    pub record_raw: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Purpose {
    Catalogue { walk: u64 },
    Info { condition: Bytes32 },
    Books { tokens: Vec<TokenId> },
    Life { market: MarketId },
    Ended { market: MarketId },
}

/// What is followed, and how.
pub struct Feed {
    settings: Settings,
    /// Every market of the log, by the venue's names and by ours.
    tokens: BTreeMap<Bytes32, TokenId>,
    markets: BTreeMap<Bytes32, MarketId>,
    listed: BTreeMap<MarketId, [Bytes32; 2]>,
    /// Those whose books are kept.
    followed: BTreeMap<MarketId, Followed>,
    /// Those that are not resolved.
    lives: BTreeMap<MarketId, Life>,
    walk: discovery::Walk,
    candidates: BTreeMap<Bytes32, discovery::Candidate>,
    /// Markets that this build does not trade.
    refused: BTreeSet<Bytes32>,
    sockets: Vec<sockets::MarketSocket>,
    /// Requests under way, and since when.
    calls: BTreeMap<CallId, (Purpose, UtcNanos)>,
    last_call: u64,
    asks: VecDeque<Ask>,
    said: VecDeque<Said>,
    faults: Faults,
    next_books: UtcNanos,
    next_lives: UtcNanos,
    now: UtcNanos,
}

impl Feed {
    /// Follows nothing yet.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            tokens: BTreeMap::new(),
            markets: BTreeMap::new(),
            listed: BTreeMap::new(),
            followed: BTreeMap::new(),
            lives: BTreeMap::new(),
            walk: discovery::Walk::default(),
            candidates: BTreeMap::new(),
            refused: BTreeSet::new(),
            sockets: Vec::new(),
            calls: BTreeMap::new(),
            last_call: FIRST_CALL,
            asks: VecDeque::new(),
            said: VecDeque::new(),
            faults: Faults::of("feed"),
            next_books: UtcNanos::ZERO,
            next_lives: UtcNanos::ZERO,
            now: UtcNanos::ZERO,
        }
    }

    /// Goes on with the markets of a log. What was known of their books may be wrong by now.
    pub fn start(&mut self, now: UtcNanos, state: &State) {
        self.now = self.now.max(now);
        for market in state.markets.iter().filter(|m| m.listed.venue == Venue::Polymarket) {
            self.know(&market.listed);
            if market.resolved.is_some() {
                continue;
            }
            let id = market.listed.market;
            self.watch(id);
            if market.status == MarketStatus::Open {
                self.follow(id, market.tick);
                self.say(MarketEvent::FeedGap { scope: FeedScope::Market(id), lost: 0 });
            }
        }
    }

    /// Whether a request is this one's.
    pub fn owns(id: CallId) -> bool {
        id.0 >= FIRST_CALL
    }

    /// What is now to be asked of the network, in order.
    pub fn asks(&mut self) -> impl Iterator<Item = Ask> + '_ {
        self.asks.drain(..)
    }

    /// The next event to be appended. Append it before taking the next.
    pub fn next_said(&mut self) -> Option<Said> {
        self.said.pop_front()
    }

    /// Takes what the network heard.
    pub fn hear(&mut self, tell: Tell, now: UtcNanos, state: &State) {
        self.now = self.now.max(now);
        match tell {
            Tell::Answer(id, result) => {
                let Some((purpose, _)) = self.calls.remove(&id) else { return };
                let answer = match result {
                    Ok(answer) if answer.status == 200 => Ok(answer),
                    Ok(answer) => Err(format!("HTTP status {}", answer.status)),
                    Err(e) => Err(e.to_string()),
                };
                self.answered(purpose, answer, state);
            }
            Tell::Opened(Socket::Market(n)) => self.socket_opened(n),
            Tell::Closed(Socket::Market(n), why) => self.socket_closed(n, &why),
            Tell::Text(Socket::Market(n), text) => self.socket_text(n, &text, state),
            // Not this feed's.
            Tell::Opened(_) | Tell::Closed(..) | Tell::Text(..) => {}
        }
    }

    /// Lets time pass.
    pub fn look(&mut self, now: UtcNanos, state: &State) {
        self.now = self.now.max(now);
        while let Some(call) = self.calls.first_entry().filter(|c| now.since(c.get().1) >= ANSWER_S * NANOS_PER_SEC) {
            let (purpose, _) = call.remove();
            self.answered(purpose, Err(format!("no answer in {ANSWER_S} s")), state);
        }
        self.look_for_markets();
        self.look_after_sockets();
        self.look_after_books(state);
        self.look_after_lives(state);
        let left_out = self.faults.left_out(now);
        left_out.into_iter().for_each(|event| self.note(event));
    }

    /// What has no answer is asked for again in its own time.
    fn answered(&mut self, purpose: Purpose, answer: Result<Answer, String>, state: &State) {
        match purpose {
            Purpose::Catalogue { walk } => self.catalogue_answered(walk, answer),
            Purpose::Info { condition } => self.info_answered(&condition, answer.ok(), state),
            Purpose::Books { tokens } => self.books_answered(&tokens, answer.ok(), state),
            Purpose::Life { market } => self.life_answered(market, answer.ok(), state),
            Purpose::Ended { market } => self.ended_answered(market, answer.ok(), state),
        }
    }

    fn ask(&mut self, purpose: Purpose, host: Host, target: String) {
        self.ask_with(purpose, host, target, Vec::new());
    }

    /// Asks with a body.
    fn ask_with(&mut self, purpose: Purpose, host: Host, target: String, body: Vec<u8>) {
        self.last_call += 1;
        let id = CallId(self.last_call);
        self.calls.insert(id, (purpose, self.now));
        let method = if body.is_empty() { Method::Get } else { Method::Post };
        let call = Call { id, host, method, target, headers: None, body, timeout_ms: TIMEOUT_MS };
        self.asks.push_back(Ask::Call(call));
    }

    fn say(&mut self, event: MarketEvent) {
        self.said.push_back(Said { cycle: None, event: Event::Market(event) });
    }

    /// Something came that cannot be used: it is kept, and said.
    fn undecoded(&mut self, channel: &str, why: &str, raw: &str) {
        let said = self.faults.unread(channel, why, raw, self.now);
        said.into_iter().for_each(|event| self.note(event));
    }

    /// An event of a type that this build does not know came.
    fn unknown(&mut self, event_type: &str, raw: &str) {
        // With every frame kept, it is in there.
        let keep = !self.settings.record_raw;
        let said = self.faults.unknown("market", event_type, raw, keep, self.now);
        said.into_iter().for_each(|event| self.note(event));
    }

    /// Says that something is wrong; the feed goes on without it.
    fn fault(&mut self, text: String) {
        let fault = self.faults.fault(text);
        self.note(fault);
    }

    fn note(&mut self, event: SystemEvent) {
        self.said.push_back(Said { cycle: None, event: Event::System(event) });
    }
}
