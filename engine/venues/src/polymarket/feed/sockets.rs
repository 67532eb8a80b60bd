//! The market sockets: opened, subscribed, listened to, and closed when they fall silent.

use super::Feed;
use super::books::QUIET_S;
use crate::wire::{Ask, Socket};
use polymarket::auth::Secret;
use polymarket::wire::market::{self, Event, Frame};
use polymarket::wire::subscribe;
use projections::State;
use schemas::event::{FeedScope, MarketEvent, SystemEvent};
use schemas::time::NANOS_PER_SEC;
use schemas::{Bytes32, MarketId, UtcNanos};

const PING_S: u64 = 10;
/// Without an answer to a `PING` for so long a socket is dead, s.
const DEAD_S: i64 = 30;
/// One that is not open after so long will not open, s.
const OPENING_S: i64 = 30;
/// Pause before opening again, s: doubles up to the last, and begins anew once a socket has stayed open for a minute.
const REOPEN_LAST_S: u64 = 30;
const STEADY_S: i64 = 60;
/// Books of a socket come with its opening; they are not in doubt for so long, s.
const DUMP_S: u64 = 2;
/// If a book has moved on while its socket was silent, the socket has so long to say so, s.
const EXPLAIN_S: i64 = 3;
/// Closings one after the other before it is said.
const TRIES_SAID: u32 = 4;
/// Sockets do not open all at once, ms.
const STAGGER_MS: u64 = 100;

/// One of the sockets, with the markets it carries.
#[derive(Debug, Default)]
pub(super) struct MarketSocket {
    markets: Vec<MarketId>,
    open: bool,
    opening: bool,
    tries: u32,
    open_at: UtcNanos,
    opened_at: UtcNanos,
    next_ping: UtcNanos,
    heard_at: UtcNanos,
    data_at: UtcNanos,
    /// Since when it owes an explanation: the venue's own book has moved on.
    suspect_since: Option<UtcNanos>,
}

impl MarketSocket {
    pub(super) fn is_open(&self) -> bool {
        self.open
    }

    /// Whether it is open and has said nothing about any book for a while. A quiet market, or a silent socket.
    pub(super) fn is_quiet(&self, now: UtcNanos) -> bool {
        self.open && now.since(self.data_at) >= QUIET_S * NANOS_PER_SEC
    }

    pub(super) fn suspect(&mut self, now: UtcNanos) {
        self.suspect_since.get_or_insert(now);
    }

    fn is_dead(&self, now: UtcNanos) -> bool {
        let late = |since: UtcNanos, limit_s: i64| now.since(since) >= limit_s * NANOS_PER_SEC;
        let silent = self.suspect_since.is_some_and(|since| self.data_at <= since && late(since, EXPLAIN_S));
        (self.open && (late(self.heard_at, DEAD_S) || silent)) || (self.opening && late(self.open_at, OPENING_S))
    }
}

impl Feed {
    /// Puts a market on a socket that has room. Returns which.
    pub(super) fn carry(&mut self, market: MarketId) -> usize {
        let room = |s: &MarketSocket| (s.markets.len() + 1) * 2 <= subscribe::ASSETS_MAX;
        let at = match self.sockets.iter().position(room) {
            Some(at) => at,
            None => {
                self.sockets.push(MarketSocket::default());
                self.sockets.len() - 1
            }
        };
        let tokens = self.tokens_of(&[market]);
        if let Some(socket) = self.sockets.get_mut(at) {
            socket.markets.push(market);
            if let (true, Ok(n)) = (socket.open, u16::try_from(at)) {
                self.asks.push_back(Ask::Say(Socket::Market(n), Secret::new(subscribe::market_add(&tokens))));
            }
        }
        at
    }

    /// Takes a market off its socket; a socket without markets is closed.
    pub(super) fn drop_from(&mut self, at: usize, market: MarketId) {
        let tokens = self.tokens_of(&[market]);
        let (Some(socket), Ok(n)) = (self.sockets.get_mut(at), u16::try_from(at)) else { return };
        socket.markets.retain(|m| *m != market);
        if socket.markets.is_empty() {
            if socket.open || socket.opening {
                self.asks.push_back(Ask::Close(Socket::Market(n)));
            }
            (socket.open, socket.opening) = (false, false);
        } else if socket.open {
            self.asks.push_back(Ask::Say(Socket::Market(n), Secret::new(subscribe::market_remove(&tokens))));
        }
    }

    fn tokens_of(&self, markets: &[MarketId]) -> Vec<Bytes32> {
        markets.iter().filter_map(|m| self.listed.get(m)).flatten().copied().collect()
    }

    pub(super) fn socket_opened(&mut self, n: u16) {
        let now = self.now;
        let Some(socket) = self.sockets.get_mut(usize::from(n)).filter(|s| s.opening) else { return };
        (socket.open, socket.opening, socket.opened_at, socket.suspect_since) = (true, false, now, None);
        (socket.heard_at, socket.data_at, socket.next_ping) = (now, now, now.plus_secs(PING_S));
        let markets = socket.markets.clone();
        let text = Secret::new(subscribe::market(&self.tokens_of(&markets)));
        self.asks.push_back(Ask::Say(Socket::Market(n), text));
        for track in markets.iter().flat_map(|m| [m.yes(), m.no()]) {
            if let Some(track) = self.track(track) {
                track.doubted_since = Some(now.plus_secs(DUMP_S));
            }
        }
    }

    /// What comes next on its tokens may be missing something.
    pub(super) fn socket_closed(&mut self, n: u16, why: &str) {
        let now = self.now;
        let Some(socket) = self.sockets.get_mut(usize::from(n)).filter(|s| s.open || s.opening) else { return };
        let was_open = socket.open;
        if was_open && now.since(socket.opened_at) >= STEADY_S * NANOS_PER_SEC {
            socket.tries = 0;
        }
        let pause = (1u64 << socket.tries.min(5)).min(REOPEN_LAST_S);
        (socket.open, socket.opening, socket.tries) = (false, false, socket.tries.saturating_add(1));
        socket.open_at = now.plus_secs(pause).plus_millis(u64::from(n) * STAGGER_MS);
        let tries = socket.tries;
        if was_open {
            let markets = socket.markets.clone();
            self.lose(&markets);
        }
        if tries == TRIES_SAID {
            self.fault(format!(
                "market socket {n} was closed {TRIES_SAID} times without staying open, so no prices come: {why}; is \
                 venue.socket_url right? It is tried again"
            ));
        }
    }

    /// Something of these markets may be lost: nothing is told of them before their whole books have come.
    pub(super) fn lose(&mut self, markets: &[MarketId]) {
        for market in markets {
            if let Some(followed) = self.followed.get_mut(market) {
                followed.tracks.iter_mut().for_each(super::track::Track::lose);
                self.say(MarketEvent::FeedGap { scope: FeedScope::Market(*market), lost: 0 });
            }
        }
    }

    pub(super) fn look_after_sockets(&mut self) {
        for at in 0..self.sockets.len() {
            let Ok(n) = u16::try_from(at) else { return };
            let (now, Some(socket)) = (self.now, self.sockets.get_mut(at)) else { return };
            if socket.suspect_since.is_some_and(|since| socket.data_at > since) {
                socket.suspect_since = None;
            }
            if socket.is_dead(now) {
                let silent = socket.suspect_since.take().is_some();
                self.asks.push_back(Ask::Close(Socket::Market(n)));
                self.socket_closed(n, "it said nothing");
                if silent {
                    self.fault(format!("market socket {n} said nothing while the venue's books moved on: opened anew"));
                }
            } else if socket.open && now >= socket.next_ping {
                socket.next_ping = now.plus_secs(PING_S);
                self.asks.push_back(Ask::Say(Socket::Market(n), Secret::new(subscribe::PING.to_owned())));
            } else if !socket.open && !socket.opening && !socket.markets.is_empty() && now >= socket.open_at {
                (socket.opening, socket.open_at) = (true, now);
                self.asks.push_back(Ask::Open(Socket::Market(n)));
            }
        }
    }

    pub(super) fn socket_text(&mut self, n: u16, text: &str, state: &State) {
        let now = self.now;
        // The last words of one that was closed are not this one's.
        let Some(socket) = self.sockets.get_mut(usize::from(n)).filter(|s| s.open) else { return };
        socket.heard_at = now;
        let events = match market::decode(text) {
            Ok(Frame::Pong) => return,
            Ok(Frame::Messages(events)) => events,
            Err(e) => {
                let markets = socket.markets.clone();
                self.undecoded("market", &e.to_string(), text);
                return self.lose(&markets);
            }
        };
        socket.data_at = now;
        if self.settings.record_raw {
            self.note(SystemEvent::RawKept { channel: "market".to_owned(), text: text.to_owned() });
        }
        for event in events {
            match event {
                Ok(Event::Book(book)) => self.book_said(&book, state),
                Ok(Event::PriceChange(changes)) => self.changes_said(&changes),
                Ok(Event::LastTrade(trade)) => self.trade_said(&trade),
                Ok(Event::TickSize(change)) => self.tick_said(&change.market, change.new, change.time),
                Ok(Event::BestBidAsk(best)) => self.best_said(&best),
                Ok(Event::Resolved(resolved)) => self.resolved_said(&resolved.market, resolved.winning_asset_id),
                // A new market may be one that is wanted.
                Ok(Event::NewMarket(_)) => self.look_for_markets_soon(),
                Ok(Event::Unknown { event_type, raw }) => self.unknown(&event_type, raw),
                Err(bad) => {
                    self.undecoded("market", &bad.error.to_string(), bad.raw);
                    let markets = self.meant_by(n, bad.raw);
                    self.lose(&markets);
                }
            }
        }
    }

    /// Which markets a message is about that cannot be used: the one it names, or all of its socket.
    fn meant_by(&self, n: u16, raw: &str) -> Vec<MarketId> {
        #[derive(serde::Deserialize)]
        struct Named {
            market: String,
        }
        let named = serde_json::from_str::<Named>(raw).ok().and_then(|n| Bytes32::from_hex(&n.market));
        match named {
            // A market that is not followed has no book to lose.
            Some(condition) => self.markets.get(&condition).copied().into_iter().collect(),
            None => self.sockets.get(usize::from(n)).map(|s| s.markets.clone()).unwrap_or_default(),
        }
    }
}
