//! A venue whose answers are set by hand, for the desk.

use crate::desk::World;
use crate::venue::at;
use schemas::event::{FeeSchedule, MarketEvent, MarketListed, Venue};
use schemas::{Bytes32, Event, MarketId, Price, Size, UtcNanos};
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use venues::polymarket::limits::Limits;
use venues::wire::{Answer, Ask, NoAnswer, Socket, Tell};

/// The market that orders of tests are in.
pub const MARKET: MarketId = MarketId(0);

/// What the venue says.
pub struct Hand {
    /// Cash, micro-dollars, and shares of whatever token, micro-shares.
    pub cash: i64,
    pub shares: i64,
    /// The lists of open orders and of trades.
    pub open: Vec<Value>,
    pub trades: Vec<Value>,
    /// Answers to orders, one for each.
    pub posts: VecDeque<Value>,
    /// Pages of the list of the wallet's positions that are still to come; none is an empty list.
    pub wallet_pages: Vec<Vec<Value>>,
    /// The venue's clock less ours, s.
    pub ahead_s: i64,
    /// Statuses that requests of a path get instead of an answer; 0: none at all.
    pub broken: BTreeMap<&'static str, u16>,
    /// Whether the user channel stays open, is refused, or closes at once.
    pub user: User,
    /// Every request: when, and for what.
    pub asked: Vec<(i64, String)>,
    /// Openings of the user channel.
    pub opened: Vec<i64>,
    /// Answers to requests of this path are kept back, the first of them here.
    pub held: Option<&'static str>,
    pub late: Option<Tell>,
    /// The limits that requests pass on their way, if they do.
    pub limits: Option<Limits>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum User {
    Open,
    Refused,
    ClosedAtOnce,
    /// It is open and answers nothing.
    Dead,
}

impl Hand {
    pub fn new(cash: i64) -> Self {
        Self {
            cash,
            shares: 0,
            open: Vec::new(),
            trades: Vec::new(),
            posts: VecDeque::new(),
            wallet_pages: Vec::new(),
            ahead_s: 0,
            broken: BTreeMap::new(),
            user: User::Open,
            asked: Vec::new(),
            opened: Vec::new(),
            held: None,
            late: None,
            limits: None,
        }
    }

    fn body(&mut self, target: &str, now_ms: i64) -> Value {
        let list = |data: &[Value]| json!({ "limit": 100, "count": data.len(), "next_cursor": "LTE=", "data": data });
        match target.split('?').next().unwrap() {
            "/time" => json!(at(now_ms).0 / 1_000_000_000 + self.ahead_s),
            "/v1/heartbeats" => json!({ "heartbeat_id": "beat" }),
            "/balance-allowance" if target.contains("COLLATERAL") => {
                json!({ "balance": self.cash.to_string(), "allowances": {} })
            }
            "/balance-allowance/update" => json!(""),
            "/balance-allowance" => json!({ "balance": self.shares.to_string(), "allowances": {} }),
            "/v2/positions" => {
                let more = self.wallet_pages.len() > 1;
                let rows = if self.wallet_pages.is_empty() { Vec::new() } else { self.wallet_pages.remove(0) };
                json!({ "data": rows, "pagination": { "has_more": more, "next_cursor": more.then_some("on&on") } })
            }
            "/data/orders" => list(&self.open),
            "/data/trades" => list(&self.trades),
            "/order" => self.posts.pop_front().unwrap(),
            path => {
                let id = path.strip_prefix("/data/order/").unwrap();
                self.open.iter().find(|o| o["id"] == id).cloned().unwrap_or(Value::Null)
            }
        }
    }

    pub fn asks_of(&self, path: &str) -> usize {
        self.asked.iter().filter(|(_, target)| target.starts_with(path)).count()
    }

    /// Takes what is asked, through the limits if there are any.
    fn take(&mut self, world: &mut World, ask: Ask) {
        let now = at(world.now_ms);
        match &mut self.limits {
            None => self.hear(world, ask),
            Some(limits) => {
                limits.ask(ask, now);
                self.let_through(world);
            }
        }
    }

    /// What may go by now is answered; what waited too long is told to have stayed here.
    fn let_through(&mut self, world: &mut World) {
        let now = at(world.now_ms);
        let Some(limits) = &mut self.limits else { return };
        let ready = limits.ready(now);
        let refused: Vec<Tell> = std::iter::from_fn(|| limits.next_refused()).collect();
        refused.into_iter().for_each(|tell| world.hear(tell));
        for ask in ready {
            let id = if let Ask::Call(call) = &ask { Some(call.id) } else { None };
            self.hear(world, ask);
            if let (Some(id), Some(limits)) = (id, &mut self.limits) {
                let answer = Answer { status: 200, headers: Vec::new(), body: String::new() };
                limits.heed(&Tell::Answer(id, Ok(answer)), now);
            }
        }
    }

    fn hear(&mut self, world: &mut World, ask: Ask) {
        match ask {
            Ask::Call(call) => {
                self.asked.push((world.now_ms, call.target.clone()));
                let broken = self.broken.iter().find(|(path, _)| call.target.starts_with(**path)).map(|(_, s)| *s);
                let result = match broken {
                    Some(0) => Err(NoAnswer::Lost("timed out".to_owned())),
                    Some(status) => Ok(Answer { status, headers: Vec::new(), body: "{}".to_owned() }),
                    None => {
                        let body = self.body(&call.target, world.now_ms).to_string();
                        Ok(Answer { status: 200, headers: Vec::new(), body })
                    }
                };
                let tell = Tell::Answer(call.id, result);
                if self.held.is_some_and(|path| call.target.starts_with(path)) {
                    self.late.get_or_insert(tell);
                } else {
                    world.hear(tell);
                }
            }
            Ask::Open(Socket::User) => {
                self.opened.push(world.now_ms);
                if self.user != User::Refused {
                    world.hear(Tell::Opened(Socket::User));
                }
                if matches!(self.user, User::Refused | User::ClosedAtOnce) {
                    world.hear(Tell::Closed(Socket::User, "the venue hung up".to_owned()));
                }
            }
            Ask::Say(Socket::User, text) if text.expose() == "PING" && self.user == User::Open => {
                world.hear(Tell::Text(Socket::User, "PONG".to_owned()));
            }
            _ => {}
        }
    }
}

impl World {
    /// On a log that knows the market, and has started.
    pub fn started(hand: &mut Hand) -> Self {
        let mut world = Self::new();
        world.list();
        world.begin();
        world.pass(hand, 3_000);
        world
    }

    /// The log hears of the market.
    pub fn list(&mut self) {
        self.list_as(MARKET, [Bytes32([2; 32]), Bytes32([3; 32])]);
    }

    /// The log hears of a market with these tokens.
    pub fn list_as(&mut self, market: MarketId, tokens: [Bytes32; 2]) {
        let listed = MarketListed {
            market,
            venue: Venue::Polymarket,
            condition: Bytes32([1; 32]),
            tokens,
            slug: "rain".to_owned(),
            question: "Will it rain?".to_owned(),
            group: "weather".to_owned(),
            category: "weather".to_owned(),
            tick: Price(10_000),
            min_size: Size(5_000_000),
            fee: FeeSchedule::default(),
            ends: UtcNanos::ZERO,
            neg_risk: false,
            protocol: 2,
        };
        self.append(None, Event::Market(MarketEvent::Listed(Box::new(listed))));
    }

    pub fn begin(&mut self) {
        self.desk.start(at(self.now_ms), &self.state);
        self.fold();
    }

    /// Lets time pass, in steps of 100 ms.
    pub fn pass(&mut self, hand: &mut Hand, ms: i64) {
        for _ in 0..ms / 100 {
            self.now_ms += 100;
            self.desk.look(at(self.now_ms), &self.state);
            self.fold();
            hand.let_through(self);
            loop {
                let asks: Vec<Ask> = self.desk.asks().collect();
                if asks.is_empty() {
                    break;
                }
                asks.into_iter().for_each(|ask| hand.take(self, ask));
            }
        }
    }
}
