//! The feed, its limits, a network that misbehaves as told, and the state that is folded from what the feed says.

use crate::venue::{Venue, at, folded};
use polymarket::wire::subscribe::{self, Request};
use projections::State;
use schemas::event::{MarketEvent, SystemEvent};
use schemas::{Bytes32, Envelope, Event, MarketId, Seq, TokenId};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use venues::polymarket::feed::{Feed, Settings, Wanted};
use venues::polymarket::limits::Limits;
use venues::wire::{Answer, Ask, Call, CallId, NoAnswer, Socket, Tell};

/// A generator of chances.
pub struct Dice(pub u64);

impl Dice {
    /// Below `n`.
    pub fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n.max(1)
    }

    pub fn hits(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// How the network misbehaves: chances in hundredths.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    pub frame_lost: u64,
    pub frame_twice: u64,
    pub frame_late: u64,
    pub frame_garbled: u64,
    pub book_hash_wrong: u64,
    pub answer_error: u64,
    pub answer_lost: u64,
    pub answer_late: u64,
    pub open_refused: u64,
}

/// A websocket as the venue has it.
#[derive(Default)]
pub struct Session {
    pub tokens: BTreeSet<Bytes32>,
    /// It answers `PING` and says nothing else.
    pub silent: bool,
    /// It says nothing at all.
    pub dead: bool,
}

pub struct World {
    pub venue: Venue,
    pub feed: Feed,
    pub limits: Limits,
    pub state: State,
    pub faults: Faults,
    pub dice: Dice,
    pub now_ms: i64,
    pub sessions: BTreeMap<u16, Session>,
    /// Every request that left: when, and for what.
    pub calls: Vec<(i64, String)>,
    /// Every opening of a socket: when, and which.
    pub opened: Vec<(i64, u16)>,
    /// What the feed said, with the time.
    pub said: Vec<(i64, Event)>,
    /// Statuses that requests of a path get instead of an answer.
    pub broken: BTreeMap<&'static str, u16>,
    pub assets_most: usize,
    coming: BTreeMap<(i64, u64), Tell>,
    seq: Seq,
    count: u64,
}

/// What the feed said was wrong.
pub fn faults_said(world: &World) -> Vec<String> {
    let text = |e: &Event| match e {
        Event::System(SystemEvent::Fault { text, .. }) => Some(text.clone()),
        _ => None,
    };
    world.said.iter().filter_map(|(_, e)| text(e)).collect()
}

pub fn wanted(max_markets: usize) -> Wanted {
    Wanted { max_markets, ..Wanted::default() }
}

impl World {
    pub fn new(venue: Venue, wanted: Wanted) -> Self {
        Self::with_state(venue, wanted, State::new())
    }

    /// Every frame is kept as it came.
    pub fn recording(venue: Venue, wanted: Wanted) -> Self {
        Self::with_settings(venue, Settings { wanted, record_raw: true }, State::new())
    }

    /// On a log that is there already.
    pub fn with_state(venue: Venue, wanted: Wanted, state: State) -> Self {
        Self::with_settings(venue, Settings { wanted, record_raw: false }, state)
    }

    fn with_settings(venue: Venue, settings: Settings, state: State) -> Self {
        let seq = state.last_seq().map_or(Seq::FIRST, Seq::next);
        let mut world = Self {
            venue,
            feed: Feed::new(settings),
            limits: Limits::default(),
            state,
            faults: Faults::default(),
            dice: Dice(0x9e37_79b9_7f4a_7c15),
            now_ms: 0,
            sessions: BTreeMap::new(),
            calls: Vec::new(),
            opened: Vec::new(),
            said: Vec::new(),
            broken: BTreeMap::new(),
            assets_most: 0,
            coming: BTreeMap::new(),
            seq,
            count: 0,
        };
        world.feed.start(at(0), &world.state);
        world.fold();
        world
    }

    /// With so many markets, all followed and their books known.
    pub fn settled(markets: u16) -> Self {
        let mut world = Self::new(Venue::with(markets), wanted(usize::from(markets)));
        world.run(5_000);
        for n in 0..markets {
            world.is_right(n);
        }
        world.said.clear();
        world.calls.clear();
        world
    }

    /// Lets time pass, in steps of 20 ms.
    pub fn run(&mut self, ms: i64) {
        let until = self.now_ms + ms;
        while self.now_ms < until {
            self.now_ms += 20;
            while let Some(entry) = self.coming.first_entry().filter(|e| e.key().0 <= self.now_ms) {
                let tell = entry.remove();
                self.hear(tell);
            }
            self.look();
        }
    }

    fn hear(&mut self, tell: Tell) {
        self.limits.heed(&tell, at(self.now_ms));
        self.feed.hear(tell, at(self.now_ms), &self.state);
        self.fold();
    }

    fn look(&mut self) {
        while let Some(refused) = self.limits.next_refused() {
            self.feed.hear(refused, at(self.now_ms), &self.state);
            self.fold();
        }
        self.feed.look(at(self.now_ms), &self.state);
        self.fold();
        let asks: Vec<Ask> = self.feed.asks().collect();
        asks.into_iter().for_each(|ask| self.limits.ask(ask, at(self.now_ms)));
        for ask in self.limits.ready(at(self.now_ms)) {
            self.take(ask);
        }
    }

    fn fold(&mut self) {
        while let Some(said) = self.feed.next_said() {
            let envelope =
                Envelope { seq: self.seq, time: at(self.now_ms), cause: None, cycle: None, event: said.event };
            self.seq = self.seq.next();
            self.state.apply(&envelope);
            self.said.push((self.now_ms, envelope.event));
        }
    }

    fn later(&mut self, ms: i64, tell: Tell) {
        self.count += 1;
        self.coming.insert((self.now_ms + ms, self.count), tell);
    }

    fn take(&mut self, ask: Ask) {
        match ask {
            Ask::Call(call) => self.call(&call),
            Ask::Open(Socket::Market(n)) => {
                self.opened.push((self.now_ms, n));
                let refused = self.dice.hits(self.faults.open_refused);
                let tell = match refused {
                    true => Tell::Closed(Socket::Market(n), "refused".to_owned()),
                    false => Tell::Opened(Socket::Market(n)),
                };
                self.sessions.remove(&n);
                if !refused {
                    self.sessions.insert(n, Session::default());
                }
                self.later(10, tell);
            }
            Ask::Say(Socket::Market(n), text) => self.heard_by_venue(n, text.expose()),
            Ask::Close(Socket::Market(n)) => drop(self.sessions.remove(&n)),
            other => panic!("the feed has no business with {other:?}"),
        }
    }

    fn heard_by_venue(&mut self, n: u16, text: &str) {
        let Some(session) = self.sessions.get_mut(&n) else { return };
        match subscribe::request(text).unwrap() {
            Request::Ping if !session.dead => self.later(10, Tell::Text(Socket::Market(n), "PONG".to_owned())),
            Request::Ping => {}
            Request::Market { tokens, .. } => {
                session.tokens.extend(&tokens);
                self.assets_most = self.assets_most.max(session.tokens.len());
                let known = tokens.iter().filter_map(|t| self.venue.token(t));
                let books = known.map(|(m, o)| self.venue.markets[m].book_json(o)).collect();
                self.frame(n, Value::Array(books).to_string());
            }
            Request::Unsubscribe(tokens) => session.tokens.retain(|t| !tokens.contains(t)),
            Request::User { .. } => panic!("the feed has no user channel"),
        }
    }

    fn call(&mut self, call: &Call) {
        self.calls.push((self.now_ms, call.target.clone()));
        let path = call.target.split('?').next().unwrap();
        let broken = self.broken.iter().find(|(prefix, _)| path.starts_with(**prefix)).map(|(_, status)| *status);
        if broken == Some(0) || self.dice.hits(self.faults.answer_lost) {
            return self.later(15_000, Tell::Answer(call.id, Err(NoAnswer::Lost("timed out".to_owned()))));
        }
        if let Some(status) = broken {
            return self.answer(call.id, 50, status, "{}".to_owned());
        }
        if self.dice.hits(self.faults.answer_error) {
            return self.answer(call.id, 50, 500, "{}".to_owned());
        }
        let (status, mut body) = self.venue.answer(&call.target, &call.body);
        if path == "/books" && self.dice.hits(self.faults.book_hash_wrong) {
            body = body.replacen("\"hash\":\"", "\"hash\":\"0", 1);
        }
        let ms = if self.dice.hits(self.faults.answer_late) { 50 + self.dice.below(8_000) as i64 } else { 50 };
        self.answer(call.id, ms, status, body);
    }

    fn answer(&mut self, id: CallId, ms: i64, status: u16, body: String) {
        self.later(ms, Tell::Answer(id, Ok(Answer { status, headers: Vec::new(), body })));
    }

    /// A frame to one socket, as far as the faults let it.
    pub fn frame(&mut self, n: u16, text: String) {
        if self.sessions.get(&n).is_none_or(|s| s.silent || s.dead) || self.dice.hits(self.faults.frame_lost) {
            return;
        }
        let tell = |text: &str| Tell::Text(Socket::Market(n), text.to_owned());
        if self.dice.hits(self.faults.frame_garbled) {
            return self.later(10, tell(text.get(..text.len() / 2).unwrap()));
        }
        let late = if self.dice.hits(self.faults.frame_late) { self.dice.below(4_000) as i64 } else { 0 };
        self.later(10 + late, tell(&text));
        if self.dice.hits(self.faults.frame_twice) {
            let again = self.dice.below(4_000) as i64;
            self.later(10 + again, tell(&text));
        }
    }

    /// A frame to everybody who listens to a market.
    pub fn publish(&mut self, n: u16, frame: &Value) {
        let token = self.venue.markets[usize::from(n)].tokens()[0];
        let listeners = self.sessions.iter().filter(|(_, s)| s.tokens.contains(&token));
        let listeners: Vec<u16> = listeners.map(|(n, _)| *n).collect();
        listeners.into_iter().for_each(|socket| self.frame(socket, frame.to_string()));
    }

    /// A level changes, and is told.
    pub fn change(&mut self, n: u16, is_bid: bool, price: schemas::Price, size: i64) {
        let now_ms = self.now_ms;
        let frame = self.venue.markets[usize::from(n)].set(is_bid, price, size, now_ms);
        self.publish(n, &frame);
    }

    /// The venue closes a socket.
    pub fn cut(&mut self, n: u16) {
        self.sessions.remove(&n);
        self.later(0, Tell::Closed(Socket::Market(n), "the venue closed it".to_owned()));
    }

    /// Words of a socket that is not there any more.
    pub fn ghost(&mut self, n: u16, text: String) {
        self.later(0, Tell::Text(Socket::Market(n), text));
    }

    pub fn id(&self, n: u16) -> MarketId {
        let condition = self.venue.markets[usize::from(n)].condition();
        self.state.markets.iter().find(|m| m.listed.condition == condition).expect("listed").listed.market
    }

    pub fn is_sure(&self, token: TokenId) -> bool {
        self.state.books.get(token).is_some_and(|b| b.agrees && !b.is_crossed())
    }

    /// Whether both books of a market are what the venue truly has, and trusted.
    pub fn agrees(&self, n: u16) -> Result<(), String> {
        let (market, id) = (&self.venue.markets[usize::from(n)], self.id(n));
        for (outcome, token) in [id.yes(), id.no()].into_iter().enumerate() {
            let book = self.state.books.get(token).ok_or("no book")?;
            let (held, real) = (folded(book), market.book(outcome));
            if held != real || !self.is_sure(token) || !self.state.quotes.is_live(id) {
                let trusted = (self.is_sure(token), self.state.quotes.is_live(id));
                return Err(format!("market {n}, outcome {outcome}, trusted {trusted:?}:\n{held:?}\n{real:?}"));
            }
        }
        Ok(())
    }

    pub fn is_right(&self, n: u16) {
        self.agrees(n).unwrap_or_else(|e| panic!("at {} ms: {e}", self.now_ms));
    }

    /// Market events that were said, in order.
    pub fn market_events(&self) -> Vec<&MarketEvent> {
        self.said.iter().filter_map(|(_, e)| if let Event::Market(m) = e { Some(m) } else { None }).collect()
    }

    pub fn count(&self, is: impl Fn(&Event) -> bool) -> usize {
        self.said.iter().filter(|(_, e)| is(e)).count()
    }

    /// Requests of a path since the last clearing.
    pub fn asked(&self, path: &str) -> usize {
        self.calls.iter().filter(|(_, target)| target.starts_with(path)).count()
    }
}
