//! The market feed: which markets are followed, and what their books are, as a machine without sockets.
//!
//! It is told what the network heard and the time, and answers with requests ([`Feed::asks`]) and market events
//! ([`Feed::next_said`]). Rules for a right book: after a (re)connect nothing is believed before the token's whole book has
//! come; a book that is in doubt for more than a second is asked for anew; a new price grid makes a book doubtful; a socket
//! that says nothing while the venue's own book moves on is closed and opened again; a resolution that the socket does not
//! tell is asked for.

mod books;
mod discovery;
mod sockets;

pub use discovery::Wanted;

use super::desk::Said;
use super::wire::{Ask, Call, CallId, Host, Method, NoAnswer, Socket, Tell};
use crate::polymarket::wire::Answer;
use projections::State;
use schemas::event::{FaultPolicy, MarketEvent, SystemEvent, Venue};
use schemas::{Bytes32, Event, MarketId, TokenId, UtcNanos};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Names of requests are this and above: the desk's are below.
const FIRST_CALL: u64 = 1 << 63;
const TIMEOUT_MS: u64 = 15_000;

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
    Catalogue,
    Info { condition: Bytes32 },
    Book { token: Bytes32 },
    Resolution { condition: Bytes32 },
}

/// What is followed, and how.
pub struct Feed {
    settings: Settings,
    tokens: BTreeMap<Bytes32, TokenId>,
    markets: BTreeMap<Bytes32, MarketId>,
    candidates: BTreeMap<Bytes32, discovery::Candidate>,
    refused: BTreeSet<Bytes32>,
    sockets: Vec<sockets::MarketSocket>,
    calls: BTreeMap<CallId, Purpose>,
    last_call: u64,
    asks: VecDeque<Ask>,
    said: VecDeque<Said>,
    /// Books asked for anew: when.
    asked_books: BTreeMap<Bytes32, UtcNanos>,
    doubted_since: BTreeMap<TokenId, UtcNanos>,
    next_discovery: UtcNanos,
    next_resolution: UtcNanos,
    now: UtcNanos,
}

impl Feed {
    /// Follows nothing yet.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            tokens: BTreeMap::new(),
            markets: BTreeMap::new(),
            candidates: BTreeMap::new(),
            refused: BTreeSet::new(),
            sockets: Vec::new(),
            calls: BTreeMap::new(),
            last_call: FIRST_CALL,
            asks: VecDeque::new(),
            said: VecDeque::new(),
            asked_books: BTreeMap::new(),
            doubted_since: BTreeMap::new(),
            next_discovery: UtcNanos::ZERO,
            next_resolution: UtcNanos::ZERO,
            now: UtcNanos::ZERO,
        }
    }

    /// Follows the markets of a log that is gone on with.
    pub fn start(&mut self, state: &State) {
        for market in state.markets.iter().filter(|m| m.listed.venue == Venue::Polymarket) {
            self.know(&market.listed);
            if market.resolved.is_none() {
                self.follow(market.listed.tokens);
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
                let Some(purpose) = self.calls.remove(&id) else { return };
                self.answered(purpose, result, state);
            }
            Tell::Opened(Socket::Market(n)) => self.socket_opened(n),
            Tell::Closed(Socket::Market(n), _) => self.socket_closed(n),
            Tell::Text(Socket::Market(n), text) => self.socket_text(n, &text, state),
            // Not this feed's.
            Tell::Opened(_) | Tell::Closed(..) | Tell::Text(..) => {}
        }
    }

    /// Lets time pass.
    pub fn look(&mut self, now: UtcNanos, state: &State) {
        self.now = self.now.max(now);
        self.look_for_markets();
        self.look_after_sockets();
        self.look_after_books(state);
        self.look_for_resolutions(state);
    }

    fn answered(&mut self, purpose: Purpose, result: Result<Answer, NoAnswer>, state: &State) {
        // What has no answer is asked for again in its own time.
        let answer = result.ok().filter(|a| a.status == 200);
        match purpose {
            Purpose::Catalogue => self.catalogue_answered(answer),
            Purpose::Info { condition } => self.info_answered(&condition, answer, state),
            Purpose::Book { token } => self.book_answered(&token, answer, state),
            Purpose::Resolution { condition } => self.resolution_answered(&condition, answer, state),
        }
    }

    fn ask(&mut self, purpose: Purpose, host: Host, target: String) {
        self.last_call += 1;
        let id = CallId(self.last_call);
        self.calls.insert(id, purpose);
        let (method, body) = (Method::Get, Vec::new());
        let call = Call { id, host, method, target, headers: None, body, timeout_ms: TIMEOUT_MS };
        self.asks.push_back(Ask::Call(call));
    }

    fn say(&mut self, event: MarketEvent) {
        self.said.push_back(Said { cycle: None, event: Event::Market(event) });
    }

    fn note(&mut self, event: SystemEvent) {
        self.said.push_back(Said { cycle: None, event: Event::System(event) });
    }

    fn undecoded(&mut self, channel: &str, why: &str, raw: &str) {
        self.note(SystemEvent::RawKept { channel: channel.to_owned(), text: raw.to_owned() });
        let text = format!("{channel}: {why}");
        self.note(SystemEvent::Fault { component: "feed".to_owned(), text, policy: FaultPolicy::Degraded });
    }
}
