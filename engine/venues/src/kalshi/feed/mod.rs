//! The feed of Kalshi's markets, as a machine without sockets.
//!
//! It is told what the network heard and the time, and answers with requests and market events. Without a key, books are
//! read one after the other, as fast as the rate that is set allows; a book that is as it was is no event. With a key, a
//! websocket brings them, and what it does not bring yet, or any more, is read as before. The rules for a right book:
//!
//! - A subscription begins with whole books and counts its messages. One that is missing, or a change that does not fit,
//!   puts all its books in doubt (`FeedGap`), and everything is subscribed to anew.
//! - A websocket that says nothing, not even to a question, is closed and opened again after a growing pause.
//! - A market of which nothing is heard for long is declared stale (`FeedStale`) until something is.
//! - Whether a market trades, and how it ended, is asked for every minute. A result counts once it is paid out: before, it
//!   can be disputed.

mod books;
mod discovery;
mod states;
mod stream;

pub use discovery::Wanted;

use super::book::Book;
use super::key::SignsHandshake;
use crate::feeds::{ReadOnlyFeed, Voice};
use crate::pace::Calls;
use crate::polymarket::desk::Said;
use crate::wire::{Ask, Host, Socket, Tell};
use projections::State;
use schemas::event::Venue;
use schemas::{MarketId, UtcNanos};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;

/// Names of requests begin here: those of other feeds, and of questions before the engine, lie elsewhere.
const FIRST_CALL: u64 = 5 << 60;

/// How the feed is kept.
pub struct Settings {
    /// Which markets.
    pub wanted: Wanted,
    /// Most requests in a second.
    pub reads_per_second: u32,
    /// A book is not read again sooner, ms.
    pub book_every_ms: u64,
    /// Opens the websocket; without one everything is read by requests.
    pub key: Option<Box<dyn SignsHandshake>>,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { wanted, reads_per_second, book_every_ms, key } = self;
        let mut shown = f.debug_struct("Settings");
        shown.field("wanted", wanted).field("reads_per_second", reads_per_second);
        shown.field("book_every_ms", book_every_ms).field("key", &key.is_some()).finish()
    }
}

/// What a request is for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Purpose {
    /// A page of a walk through the markets.
    Page { target: String, pages_left: u32 },
    /// A series' fee and category.
    Series { ticker: String },
    /// How markets stand.
    States,
    /// Whether the exchange works.
    Exchange,
    /// A book.
    Book { market: MarketId },
    /// The latest trades.
    Trades { market: MarketId },
}

/// A market that is followed.
#[derive(Debug, Default)]
struct Followed {
    ticker: String,
    series: String,
    /// The book that was said last; none while none is believed.
    book: Option<Book>,
    /// The websocket keeps its book.
    streamed: bool,
    /// Its book is being asked for.
    is_asked: bool,
    asked_at: UtcNanos,
    heard_at: UtcNanos,
    stale: bool,
    trades: books::SeenTrades,
}

/// What is followed, and how.
#[derive(Debug)]
pub struct Feed {
    settings: Settings,
    /// Every ticker that ever had a number.
    known: BTreeMap<String, MarketId>,
    /// Series whose markets are never listed, because nobody knows what they cost.
    refused: BTreeSet<String>,
    followed: BTreeMap<MarketId, Followed>,
    series: BTreeMap<String, discovery::Terms>,
    walk: discovery::Walk,
    due: VecDeque<(Purpose, String)>,
    stream: stream::Stream,
    trading_active: bool,
    next_discovery: UtcNanos,
    next_states: UtcNanos,
    next_terms: UtcNanos,
    calls: Calls<Purpose>,
    voice: Voice,
    now: UtcNanos,
}

impl Feed {
    /// Follows nothing yet.
    pub fn new(settings: Settings) -> Self {
        Self {
            known: BTreeMap::new(),
            refused: BTreeSet::new(),
            followed: BTreeMap::new(),
            series: BTreeMap::new(),
            walk: discovery::Walk::default(),
            due: VecDeque::new(),
            stream: stream::Stream::default(),
            trading_active: true,
            next_discovery: UtcNanos::ZERO,
            next_states: UtcNanos::ZERO,
            next_terms: UtcNanos::ZERO,
            calls: Calls::new(Host::Kalshi, FIRST_CALL, settings.reads_per_second),
            voice: Voice::of("kalshi"),
            now: UtcNanos::ZERO,
            settings,
        }
    }

    fn ask_for_what_is_due(&mut self, state: &State) {
        while self.calls.is_ready(self.now) {
            let next = self.due.pop_front().or_else(|| self.next_book(state)).or_else(|| self.next_trades(state));
            let Some((purpose, target)) = next else { return };
            self.calls.get(purpose, target, self.now);
        }
    }

    fn is_open(state: &State, market: MarketId) -> bool {
        state.markets.get(market).is_some_and(projections::markets::Market::is_open)
    }
}

impl ReadOnlyFeed for Feed {
    fn start(&mut self, state: &State) {
        for market in state.markets.iter().filter(|m| m.listed.venue == Venue::Kalshi) {
            let listed = &market.listed;
            self.known.insert(listed.slug.clone(), listed.market);
            if market.resolved.is_none() {
                self.follow(listed.market, listed.slug.clone(), discovery::series_of(&listed.group));
            }
        }
    }

    fn owns(&self, tell: &Tell) -> bool {
        match tell {
            Tell::Answer(id, _) => self.calls.owns(*id),
            Tell::Opened(socket) | Tell::Text(socket, _) | Tell::Closed(socket, _) => *socket == Socket::Kalshi,
        }
    }

    fn hear(&mut self, tell: Tell, now: UtcNanos, state: &State) {
        self.now = self.now.max(now);
        match tell {
            Tell::Answer(id, result) => {
                let Some((purpose, answer)) = self.calls.take(id, result, self.now) else { return };
                match purpose {
                    Purpose::Page { target, pages_left } => self.page_answered(&target, pages_left, answer, state),
                    Purpose::Series { ticker } => self.series_answered(&ticker, answer, state),
                    Purpose::States => self.states_answered(answer, state),
                    Purpose::Exchange => self.exchange_answered(answer),
                    Purpose::Book { market } => self.book_answered(market, answer),
                    Purpose::Trades { market } => self.trades_answered(market, answer),
                }
            }
            Tell::Opened(_) => self.stream_opened(),
            Tell::Closed(..) => self.stream_closed(),
            Tell::Text(_, text) => self.stream_text(&text),
        }
    }

    fn look(&mut self, now: UtcNanos, state: &State) {
        self.now = self.now.max(now);
        self.look_for_markets();
        self.look_at_states();
        self.look_for_silence(state);
        self.look_after_stream(state);
        self.ask_for_what_is_due(state);
    }

    fn asks(&mut self) -> Vec<Ask> {
        self.calls.drain()
    }

    fn next_said(&mut self) -> Option<Said> {
        self.voice.next()
    }
}
