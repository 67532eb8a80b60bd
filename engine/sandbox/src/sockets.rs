//! Websocket sessions: who is connected, what for, and what is to be sent when.

use crate::faults::Fault;
use crate::frames;
use crate::venue::Venue;
use schemas::{MarketId, Price, Size, TokenId, UtcNanos};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SessionId(pub u64);

/// Which of the two sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// `/ws/market`: books and trades of everybody.
    Market,
    /// `/ws/user`: one API key's orders and trades.
    User,
}

#[derive(Clone, Debug)]
struct Session {
    channel: Channel,
    tokens: BTreeSet<TokenId>,
    /// Whether the newer event types are wanted.
    custom: bool,
    /// The API key, once it has proven that it knows it.
    key: Option<String>,
    /// Markets it wants to hear of; all if empty.
    markets: BTreeSet<MarketId>,
    /// A fault: it hears nothing more.
    silent: bool,
}

/// A book as it was last published, YES prices.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shown {
    pub bids: BTreeMap<Price, Size>,
    pub asks: BTreeMap<Price, Size>,
}

/// Everybody who is connected.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sockets {
    sessions: BTreeMap<SessionId, Session>,
    opened: u64,
    out: BTreeMap<(UtcNanos, u64), (SessionId, String)>,
    sent: u64,
    /// Sessions that the venue has ended, until their host hears of it.
    ended: Vec<SessionId>,
    pub shown: BTreeMap<MarketId, Shown>,
}

impl Sockets {
    pub fn next_due(&self) -> Option<UtcNanos> {
        self.out.first_key_value().map(|(k, _)| k.0)
    }

    /// Puts a text in line.
    pub fn send(&mut self, to: SessionId, at: UtcNanos, text: String) {
        if self.sessions.contains_key(&to) {
            self.sent += 1;
            self.out.insert((at, self.sent), (to, text));
        }
    }

    /// Market sessions that hear of a market; with `custom`, those that want the newer event types.
    pub fn listeners(&self, market: MarketId, custom: bool) -> Vec<SessionId> {
        let wants = |s: &Session| s.tokens.contains(&market.yes()) || s.tokens.contains(&market.no());
        let hears = |s: &Session| s.channel == Channel::Market && !s.silent && wants(s) && (s.custom || !custom);
        self.sessions.iter().filter(|(_, s)| hears(s)).map(|(id, _)| *id).collect()
    }

    /// Market sessions that want the newer event types, whatever they listen to.
    pub fn custom(&self) -> Vec<SessionId> {
        let hears = |s: &Session| s.channel == Channel::Market && s.custom && !s.silent;
        self.sessions.iter().filter(|(_, s)| hears(s)).map(|(id, _)| *id).collect()
    }

    /// Sessions of a key that hear of a market.
    pub fn owners(&self, key: &str, market: MarketId) -> Vec<SessionId> {
        let wants = |s: &Session| s.markets.is_empty() || s.markets.contains(&market);
        let hears = |s: &Session| s.key.as_deref() == Some(key) && !s.silent && wants(s);
        self.sessions.iter().filter(|(_, s)| hears(s)).map(|(id, _)| *id).collect()
    }

    /// Whether a session listens to a token itself.
    pub fn wants(&self, session: SessionId, token: TokenId) -> bool {
        self.sessions.get(&session).is_some_and(|s| s.tokens.contains(&token))
    }

    pub fn silence(&mut self, session: SessionId) {
        if let Some(s) = self.sessions.get_mut(&session) {
            s.silent = true;
        }
    }

    /// Whether anyone listens to a market at all.
    pub fn is_watched(&self, market: MarketId) -> bool {
        self.shown.contains_key(&market)
    }

    /// Forgets books that nobody listens to any more.
    fn forget(&mut self) {
        let watched: BTreeSet<MarketId> =
            self.sessions.values().flat_map(|s| s.tokens.iter().map(|t| t.market())).collect();
        self.shown.retain(|market, _| watched.contains(market));
    }
}

impl Venue {
    /// Somebody connects.
    pub fn open(&mut self, channel: Channel) -> SessionId {
        self.sockets.opened += 1;
        let id = SessionId(self.sockets.opened);
        let session = Session {
            channel,
            tokens: BTreeSet::new(),
            custom: false,
            key: None,
            markets: BTreeSet::new(),
            silent: false,
        };
        self.sockets.sessions.insert(id, session);
        id
    }

    /// Somebody is gone, with all that was to be sent to them.
    pub fn close(&mut self, session: SessionId) {
        self.sockets.sessions.remove(&session);
        self.sockets.out.retain(|_, (to, _)| *to != session);
        self.sockets.forget();
    }

    /// Sessions that the venue has closed by itself since this was last asked. What was to be sent to them is lost.
    pub fn take_closed(&mut self) -> Vec<SessionId> {
        std::mem::take(&mut self.sockets.ended)
    }

    /// The venue closes a socket.
    fn hang_up(&mut self, session: SessionId) {
        self.close(session);
        self.sockets.ended.push(session);
    }

    /// Whether a session is still there to hear something: the venue may close it, or it falls silent.
    pub(crate) fn reaches(&mut self, session: SessionId, closed: Fault, silent: Fault) -> bool {
        if self.dice.hits(closed, &self.faults) {
            self.hang_up(session);
            return false;
        }
        if self.dice.hits(silent, &self.faults) {
            self.sockets.silence(session);
            return false;
        }
        true
    }

    /// A text came on a session.
    pub fn text(&mut self, session: SessionId, text: &str, now: UtcNanos) {
        self.pass(now);
        let Some(channel) = self.sockets.sessions.get(&session).map(|s| s.channel) else { return };
        if text.trim() == "PING" {
            let now = self.now;
            return self.sockets.send(session, now, "PONG".to_owned());
        }
        let Ok(frame) = serde_json::from_str::<Value>(text) else {
            let now = self.now;
            return self.sockets.send(session, now, "INVALID OPERATION".to_owned());
        };
        let closed = match channel {
            Channel::Market => Fault::socket_closed,
            Channel::User => Fault::user_socket_closed,
        };
        if self.dice.hits(closed, &self.faults) {
            return self.hang_up(session);
        }
        match channel {
            Channel::Market => self.market_frame(session, &frame),
            Channel::User => self.user_frame(session, &frame),
        }
    }

    /// Texts that are now to be sent, in order.
    pub fn due(&mut self, now: UtcNanos) -> Vec<(SessionId, String)> {
        self.pass(now);
        let mut out = Vec::new();
        while let Some(entry) = self.sockets.out.first_entry()
            && entry.key().0 <= now
        {
            out.push(entry.remove());
        }
        out
    }

    fn market_frame(&mut self, session: SessionId, frame: &Value) {
        let ids = texts(frame, "assets_ids").into_iter().chain(texts(frame, "asset_ids"));
        let tokens: Vec<TokenId> = ids.filter_map(|id| self.catalogue.token(&id)).collect();
        let removes = frame.get("operation").and_then(Value::as_str) == Some("unsubscribe");
        let custom = frame.get("custom_feature_enabled").and_then(Value::as_bool);
        let dump = frame.get("initial_dump").and_then(Value::as_bool).unwrap_or(true);
        let Some(s) = self.sockets.sessions.get_mut(&session) else { return };
        s.custom = custom.unwrap_or(s.custom);
        if removes {
            s.tokens.retain(|t| !tokens.contains(t));
            return self.sockets.forget();
        }
        s.tokens.extend(&tokens);
        for token in &tokens {
            self.watch(token.market());
        }
        if dump && !tokens.is_empty() {
            let books: Vec<frames::Book> = tokens.iter().filter_map(|t| self.book_event(*t)).collect();
            let now = self.now;
            self.sockets.send(session, now, frames::text(&books));
        }
    }

    fn user_frame(&mut self, session: SessionId, frame: &Value) {
        let markets: Vec<MarketId> =
            texts(frame, "markets").iter().filter_map(|c| self.catalogue.condition(c).map(|l| l.market)).collect();
        if let Some(auth) = frame.get("auth") {
            let part = |name| auth.get(name).and_then(Value::as_str).unwrap_or_default();
            let id = part("apiKey");
            let knows = self
                .clients
                .key(id)
                .is_some_and(|k| k.secret.expose() == part("secret") && k.passphrase.expose() == part("passphrase"));
            if let Some(s) = self.sockets.sessions.get_mut(&session) {
                s.key = knows.then(|| id.to_owned());
            }
        }
        let removes = frame.get("operation").and_then(Value::as_str) == Some("unsubscribe");
        if let Some(s) = self.sockets.sessions.get_mut(&session) {
            if removes {
                s.markets.retain(|m| !markets.contains(m));
            } else {
                s.markets.extend(markets);
            }
        }
    }
}

fn texts(frame: &Value, name: &str) -> Vec<String> {
    let list = frame.get(name).and_then(Value::as_array);
    list.map(|l| l.iter().filter_map(|v| v.as_str().map(str::to_owned)).collect()).unwrap_or_default()
}
