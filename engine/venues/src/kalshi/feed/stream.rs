//! The websocket: opened with a signature, subscribed, counted, and closed when it falls silent.

use super::Feed;
use super::books::traded;
use crate::kalshi::book::Book;
use crate::kalshi::wire::stream::{self, BOOKS, Message, TRADES};
use crate::wire::{Ask, Socket};
use polymarket::auth::Secret;
use projections::State;
use schemas::event::{FeedScope, MarketEvent};
use schemas::time::NANOS_PER_SEC;
use schemas::{MarketId, UtcNanos};
use std::collections::BTreeSet;

/// Distance of two questions whose answer shows that the other side lives, s.
const ASK_EVERY_S: u64 = 10;
/// Without a word for so long a websocket is dead, s.
const DEAD_S: i64 = 30;
/// A websocket that neither opens nor fails is given up after, s.
const OPENING_S: i64 = 60;
/// The longest pause before it is opened again, s.
const REOPEN_LAST_S: u64 = 64;
/// The pause after something that will not be better soon: a key that cannot sign, a subscription that is refused, s.
const REFUSED_S: u64 = 300;
/// Subscribing anew twice within this is more than chance: the websocket is opened again, s.
const SUBSCRIBE_AGAIN_S: i64 = 5;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Down,
    Opening,
    Open,
}

/// A subscription: asked for by a command, then known by a number.
#[derive(Debug, Default)]
struct Subscription {
    asked: Option<u64>,
    sid: Option<u64>,
}

/// The websocket.
#[derive(Debug, Default)]
pub(super) struct Stream {
    phase: Phase,
    open_at: UtcNanos,
    tries: u32,
    heard_at: UtcNanos,
    next_question: UtcNanos,
    last_command: u64,
    books: Subscription,
    trades: Subscription,
    /// The count that the next message of the books must have.
    next_seq: Option<u64>,
    carried: BTreeSet<MarketId>,
    subscribed_at: UtcNanos,
}

impl Stream {
    pub fn brings_trades(&self) -> bool {
        self.phase == Phase::Open && self.trades.sid.is_some()
    }

    pub fn heard_at(&self) -> UtcNanos {
        self.heard_at
    }

    fn command(&mut self) -> u64 {
        self.last_command += 1;
        self.last_command
    }
}

impl Feed {
    pub(super) fn look_after_stream(&mut self, state: &State) {
        let now = self.now;
        let wanted: BTreeSet<MarketId> = self.followed.keys().copied().filter(|id| Self::is_open(state, *id)).collect();
        let silent_s = now.since(self.stream.heard_at) / NANOS_PER_SEC;
        match self.stream.phase {
            Phase::Down if wanted.is_empty() || now < self.stream.open_at => {}
            Phase::Down => self.open_stream(),
            Phase::Opening if silent_s >= OPENING_S => self.close_stream(),
            Phase::Opening => {}
            Phase::Open if silent_s >= DEAD_S => self.close_stream(),
            Phase::Open => {
                if now >= self.stream.next_question {
                    self.stream.next_question = now.plus_secs(ASK_EVERY_S);
                    let id = self.stream.command();
                    self.tell_stream(stream::list_subscriptions(id));
                }
                let rested = now.since(self.stream.subscribed_at) >= SUBSCRIBE_AGAIN_S * NANOS_PER_SEC;
                if wanted != self.stream.carried && rested {
                    self.subscribe(wanted);
                }
            }
        }
    }

    fn open_stream(&mut self) {
        let Some(key) = &self.settings.key else { return };
        match key.headers(self.now) {
            Ok(headers) => {
                (self.stream.phase, self.stream.heard_at) = (Phase::Opening, self.now);
                self.calls.ask(Ask::OpenSigned(Socket::Kalshi, headers));
            }
            Err(e) => {
                self.stream.open_at = self.now.plus_secs(REFUSED_S);
                self.voice.complain("websocket", &e.to_string(), self.now);
            }
        }
    }

    fn tell_stream(&mut self, text: String) {
        self.calls.ask(Ask::Say(Socket::Kalshi, Secret::new(text)));
    }

    pub(super) fn stream_opened(&mut self) {
        let now = self.now;
        let s = &mut self.stream;
        (s.phase, s.heard_at, s.next_question) = (Phase::Open, now, now.plus_secs(ASK_EVERY_S));
        (s.books, s.trades, s.next_seq) = (Subscription::default(), Subscription::default(), None);
        s.carried = BTreeSet::new();
        // The next look subscribes.
        s.subscribed_at = UtcNanos::ZERO;
    }

    /// Begins new subscriptions and ends those that there were. Books stay as they are until new ones come.
    fn subscribe(&mut self, wanted: BTreeSet<MarketId>) {
        let old: Vec<u64> = [self.stream.books.sid, self.stream.trades.sid].into_iter().flatten().collect();
        if !old.is_empty() {
            let id = self.stream.command();
            self.tell_stream(stream::unsubscribe(id, &old));
        }
        for followed in self.followed.values_mut() {
            followed.streamed = false;
        }
        (self.stream.books, self.stream.trades) = (Subscription::default(), Subscription::default());
        (self.stream.next_seq, self.stream.subscribed_at) = (None, self.now);
        let tickers: Vec<String> =
            wanted.iter().filter_map(|id| self.followed.get(id)).map(|f| f.ticker.clone()).collect();
        let tickers: Vec<&str> = tickers.iter().map(String::as_str).collect();
        if !tickers.is_empty() {
            let (books, trades) = (self.stream.command(), self.stream.command());
            (self.stream.books.asked, self.stream.trades.asked) = (Some(books), Some(trades));
            self.tell_stream(stream::subscribe(books, BOOKS, &tickers));
            self.tell_stream(stream::subscribe(trades, TRADES, &tickers));
        }
        self.stream.carried = wanted;
    }

    fn close_stream(&mut self) {
        self.calls.ask(Ask::Close(Socket::Kalshi));
        self.stream_closed();
    }

    pub(super) fn stream_closed(&mut self) {
        if self.stream.phase == Phase::Down {
            return;
        }
        self.lose_books(0);
        let pause = (1u64 << self.stream.tries.min(6)).min(REOPEN_LAST_S);
        self.stream.tries = self.stream.tries.saturating_add(1);
        (self.stream.phase, self.stream.open_at) = (Phase::Down, self.now.plus_secs(pause));
        (self.stream.books, self.stream.trades) = (Subscription::default(), Subscription::default());
    }

    /// What the websocket kept is in doubt, and is read by requests until whole books come again.
    fn lose_books(&mut self, lost: u32) {
        for (market, followed) in self.followed.iter_mut().filter(|(_, f)| f.streamed) {
            (followed.streamed, followed.book) = (false, None);
            self.voice.say(MarketEvent::FeedGap { scope: FeedScope::Market(*market), lost });
        }
    }

    /// Messages are missing, or do not fit.
    fn gap(&mut self, lost: u32) {
        let again = self.now.since(self.stream.subscribed_at) < SUBSCRIBE_AGAIN_S * NANOS_PER_SEC;
        self.lose_books(lost);
        if again {
            self.close_stream();
        } else {
            let carried = std::mem::take(&mut self.stream.carried);
            self.subscribe(carried);
        }
    }

    pub(super) fn stream_text(&mut self, text: &str) {
        if self.stream.phase != Phase::Open {
            return;
        }
        self.stream.heard_at = self.now;
        match stream::decode(text) {
            Ok(message) => self.stream_said(message),
            // If it was counted, the next message shows that one is missing.
            Err(e) => self.voice.undecoded("websocket", &e.to_string(), text, self.now),
        }
    }

    fn stream_said(&mut self, message: Message) {
        match message {
            Message::Subscribed { id, channel, sid } => {
                let subscription = match channel.as_str() {
                    BOOKS => &mut self.stream.books,
                    TRADES => &mut self.stream.trades,
                    _ => return,
                };
                if subscription.asked == Some(id) {
                    *subscription = Subscription { asked: None, sid: Some(sid) };
                }
            }
            Message::Error { id, code, text } => self.stream_refused(id, code, &text),
            Message::Book { sid, seq, ticker, sides } => {
                if self.is_next(sid, seq) {
                    self.stream.tries = 0;
                    self.whole_book(&ticker, Book::of(&sides));
                }
            }
            Message::Delta { sid, seq, delta } => {
                if self.is_next(sid, seq) {
                    self.delta_said(&delta);
                }
            }
            Message::Trade(trade) => {
                let found = self.known.get(&trade.ticker).filter(|id| self.followed.contains_key(id));
                if let Some(market) = found.copied() {
                    self.voice.say(traded(market, trade.taker, trade.yes_price, trade.count, trade.time));
                }
            }
            Message::Other { sid: Some(sid), seq: Some(seq), .. } => {
                self.is_next(sid, seq);
            }
            Message::Ticker(_) | Message::Other { .. } => {}
        }
    }

    /// Counts a message of the books. Those of an older subscription are nobody's.
    fn is_next(&mut self, sid: u64, seq: u64) -> bool {
        if self.stream.books.sid != Some(sid) {
            return false;
        }
        let expected = self.stream.next_seq.unwrap_or(seq);
        if seq != expected {
            self.gap(u32::try_from(seq.saturating_sub(expected)).unwrap_or(u32::MAX));
            return false;
        }
        self.stream.next_seq = Some(seq.saturating_add(1));
        true
    }

    fn whole_book(&mut self, ticker: &str, book: Book) {
        let Some(market) = self.known.get(ticker).copied() else { return };
        if let Some(followed) = self.followed.get_mut(&market) {
            followed.streamed = true;
            self.book_said(market, book);
        }
    }

    fn delta_said(&mut self, delta: &stream::Delta) {
        let Some(market) = self.known.get(&delta.ticker).copied() else { return };
        let Some(followed) = self.followed.get_mut(&market) else { return };
        followed.heard_at = self.now;
        let book = followed.book.as_mut().filter(|_| followed.streamed);
        match book.map(|book| book.change(market, delta)) {
            Some(Ok(changes)) => {
                changes.into_iter().for_each(|change| self.voice.say(MarketEvent::BookDelta(change)));
            }
            // A change of a book that never came, or of more than was there.
            Some(Err(_)) | None => self.gap(0),
        }
    }

    /// Only a refused subscription matters: whatever comes back to the other commands shows that the websocket lives.
    fn stream_refused(&mut self, id: Option<u64>, code: i64, text: &str) {
        let asked = [self.stream.books.asked, self.stream.trades.asked];
        if id.is_some() && asked.contains(&id) {
            self.voice.complain("subscription", &format!("refused, code {code}: {text}"), self.now);
            self.close_stream();
            self.stream.open_at = self.now.plus_secs(REFUSED_S);
        }
    }
}
