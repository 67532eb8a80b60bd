//! The market sockets: opened, subscribed, listened to, and closed when they fall silent.

use super::Feed;
use crate::polymarket::wire::{Ask, Socket};
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
const REOPEN_LAST_S: u64 = 30;

/// One of the sockets, with the tokens it carries.
#[derive(Debug, Default)]
pub(super) struct MarketSocket {
    tokens: Vec<Bytes32>,
    open: bool,
    opening: bool,
    tries: u32,
    open_at: UtcNanos,
    next_ping: UtcNanos,
    pub heard_at: UtcNanos,
    pub data_at: UtcNanos,
}

impl Feed {
    /// Puts a market's tokens on a socket that has room.
    pub(super) fn follow(&mut self, tokens: [Bytes32; 2]) {
        let room = |s: &MarketSocket| s.tokens.len() + 2 <= subscribe::ASSETS_MAX;
        let at = match self.sockets.iter().position(room) {
            Some(at) => at,
            None => {
                self.sockets.push(MarketSocket::default());
                self.sockets.len() - 1
            }
        };
        let Some(socket) = self.sockets.get_mut(at) else { return };
        socket.tokens.extend(tokens);
        if let (true, Ok(n)) = (socket.open, u16::try_from(at)) {
            let text = Secret::new(subscribe::market_add(&tokens));
            self.asks.push_back(Ask::Say(Socket::Market(n), text));
        }
    }

    pub(super) fn socket_opened(&mut self, n: u16) {
        let now = self.now;
        let Some(socket) = self.sockets.get_mut(usize::from(n)) else { return };
        (socket.open, socket.opening, socket.tries) = (true, false, 0);
        (socket.heard_at, socket.data_at, socket.next_ping) = (now, now, now.plus_secs(PING_S));
        let text = Secret::new(subscribe::market(&socket.tokens));
        self.asks.push_back(Ask::Say(Socket::Market(n), text));
    }

    /// What comes next on these tokens may be missing something.
    pub(super) fn socket_closed(&mut self, n: u16) {
        let now = self.now;
        let Some(socket) = self.sockets.get_mut(usize::from(n)) else { return };
        let was_open = socket.open;
        let pause = (1u64 << socket.tries.min(5)).min(REOPEN_LAST_S);
        (socket.open, socket.opening) = (false, false);
        socket.tries += 1;
        socket.open_at = now.plus_secs(pause);
        if was_open {
            let mut markets: Vec<MarketId> =
                socket.tokens.iter().filter_map(|t| self.tokens.get(t)).map(|t| t.market()).collect();
            markets.dedup();
            for market in markets {
                self.say(MarketEvent::FeedGap { scope: FeedScope::Market(market), lost: 0 });
            }
        }
    }

    pub(super) fn look_after_sockets(&mut self) {
        for at in 0..self.sockets.len() {
            let Ok(n) = u16::try_from(at) else { return };
            let (now, Some(socket)) = (self.now, self.sockets.get_mut(at)) else { return };
            if socket.open && now.since(socket.heard_at) >= DEAD_S * NANOS_PER_SEC {
                self.asks.push_back(Ask::Close(Socket::Market(n)));
                self.socket_closed(n);
            } else if socket.open && now >= socket.next_ping {
                socket.next_ping = now.plus_secs(PING_S);
                self.asks.push_back(Ask::Say(Socket::Market(n), Secret::new(subscribe::PING.to_owned())));
            } else if !socket.open && !socket.opening && !socket.tokens.is_empty() && now >= socket.open_at {
                socket.opening = true;
                self.asks.push_back(Ask::Open(Socket::Market(n)));
            }
        }
    }

    /// The venue's own book moved on while this socket said nothing of it.
    pub(super) fn reopen_silent(&mut self, token: &Bytes32, newest: UtcNanos) {
        let found = self.sockets.iter().position(|s| s.open && s.tokens.contains(token));
        let Some((at, Ok(n))) = found.map(|at| (at, u16::try_from(at))) else { return };
        let silent = self.sockets.get(at).is_some_and(|s| newest.since(s.data_at) > 5 * NANOS_PER_SEC);
        if silent {
            self.asks.push_back(Ask::Close(Socket::Market(n)));
            self.socket_closed(n);
        }
    }

    pub(super) fn socket_text(&mut self, n: u16, text: &str, state: &State) {
        let now = self.now;
        let frame = market::decode(text);
        if let Some(socket) = self.sockets.get_mut(usize::from(n)) {
            socket.heard_at = now;
            if matches!(frame, Ok(Frame::Messages(_))) {
                socket.data_at = now;
            }
        }
        let events = match frame {
            Ok(Frame::Pong) => return,
            Ok(Frame::Messages(events)) => events,
            Err(e) => return self.undecoded("market", &e.to_string(), text),
        };
        if self.settings.record_raw {
            self.note(SystemEvent::RawKept { channel: "market".to_owned(), text: text.to_owned() });
        }
        for event in events {
            match event {
                Ok(Event::Book(book)) => self.book_said(&book, state),
                Ok(Event::PriceChange(changes)) => self.changes_said(&changes),
                Ok(Event::LastTrade(trade)) => self.trade_said(&trade),
                Ok(Event::TickSize(change)) => self.tick_said(&change.market, change.new),
                Ok(Event::Resolved(resolved)) => {
                    self.resolved_said(&resolved.market, resolved.winning_asset_id, state);
                }
                // A new market may be one that is wanted.
                Ok(Event::NewMarket(_)) => self.next_discovery = self.next_discovery.min(now.plus_secs(30)),
                Ok(_) => {}
                Err(bad) => self.undecoded("market", &bad.error.to_string(), bad.raw),
            }
        }
    }
}
