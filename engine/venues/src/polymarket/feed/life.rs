//! What becomes of markets: whether they take orders, and how they end. The sockets tell some of it; all of it is asked
//! for, because messages get lost, and because the date at which a market should end is often unknown or long past.
//!
//! A market that takes no orders is not followed: its tokens are taken off the socket and its prices are told to be stale.
//! It is asked about until it takes orders again or is resolved.
//!
//! # Resolutions
//!
//! One token pays if the order book calls the market closed and exactly one token the winner. Half a dollar each is
//! believed if the order book calls it closed without a winner and the catalogue has prices of exactly one half *and* says
//! that the oracle is done; a closed market whose last price happened to be one half is none.

use super::track::Track;
use super::{Feed, Purpose};
use crate::wire::{Answer, Host};
use polymarket::wire::gamma;
use polymarket::wire::rest::{self, ClobMarket};
use projections::State;
use schemas::event::{FeedScope, MarketChange, MarketEvent, MarketListed, MarketStatus, Resolution};
use schemas::time::NANOS_PER_SEC;
use schemas::{Bytes32, MarketId, Price, UtcNanos};

/// Distance of two questions about a market, s; less if it should be over, or is and waits for its resolution.
const ASK_S: u64 = 300;
const ASK_ENDED_S: u64 = 60;
/// One that should have been over for longer is asked about as seldom as the others, s.
const LONG_PAST_S: i64 = 86_400;
/// Questions at once.
const ASKED_MAX: usize = 10;

/// A market whose books are kept.
#[derive(Debug)]
pub(super) struct Followed {
    /// Which socket carries it.
    pub socket: usize,
    /// Its tokens' books, YES first.
    pub tracks: [Track; 2],
    /// The grid that was last told, and when the venue said so.
    pub tick: Price,
    pub tick_time: UtcNanos,
}

/// A market that is not resolved.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Life {
    next_at: UtcNanos,
    asked: bool,
}

impl Feed {
    /// Remembers a market.
    pub(super) fn know(&mut self, listed: &MarketListed) {
        let market = listed.market;
        self.markets.insert(listed.condition, market);
        self.tokens.insert(listed.tokens[0], market.yes());
        self.tokens.insert(listed.tokens[1], market.no());
        self.listed.insert(market, listed.tokens);
    }

    /// Keeps a market's books from now on.
    pub(super) fn follow(&mut self, market: MarketId, tick: Price) {
        if !self.followed.contains_key(&market) {
            let socket = self.carry(market);
            let followed = Followed { socket, tracks: Default::default(), tick, tick_time: UtcNanos::ZERO };
            self.followed.insert(market, followed);
        }
    }

    /// Keeps them no longer.
    fn unfollow(&mut self, market: MarketId) {
        if let Some(followed) = self.followed.remove(&market) {
            self.drop_from(followed.socket, market);
        }
    }

    /// Asks what becomes of a market, as soon as there is room and then again and again.
    pub(super) fn watch(&mut self, market: MarketId) {
        self.lives.insert(market, Life { next_at: self.now, asked: false });
    }

    pub(super) fn look_after_lives(&mut self, state: &State) {
        if self.now < self.next_lives {
            return;
        }
        self.next_lives = self.now.plus_secs(1);
        let now = self.now;
        let asked = self.lives.values().filter(|l| l.asked).count();
        let due = self.lives.iter().filter(|(_, l)| !l.asked && l.next_at <= now);
        let due: Vec<MarketId> = due.map(|(market, _)| *market).take(ASKED_MAX.saturating_sub(asked)).collect();
        for market in due {
            let Some(known) = state.markets.get(market) else { continue };
            let overdue = now.since(known.listed.ends);
            let ended = known.listed.ends > UtcNanos::ZERO && (0..LONG_PAST_S * NANOS_PER_SEC).contains(&overdue);
            let soon = ended || known.status == MarketStatus::Closed;
            let mut next_at = now.plus_secs(if soon { ASK_ENDED_S } else { ASK_S });
            if known.listed.ends > now {
                next_at = next_at.min(known.listed.ends);
            }
            self.lives.insert(market, Life { next_at, asked: true });
            let condition = known.listed.condition;
            self.ask(Purpose::Life { market }, Host::Clob, format!("/markets/0x{condition}"));
        }
    }

    /// The order book's word on a market.
    pub(super) fn life_answered(&mut self, market: MarketId, answer: Option<Answer>, state: &State) {
        let Some(life) = self.lives.get_mut(&market) else { return };
        life.asked = false;
        let Some(answer) = answer else {
            life.next_at = life.next_at.min(self.now.plus_secs(ASK_ENDED_S));
            return;
        };
        let Some(known) = state.markets.get(market).filter(|m| m.resolved.is_none()) else { return };
        let found: ClobMarket = match rest::read(&answer.body) {
            Ok(found) => found,
            Err(e) => return self.undecoded("market", &e.to_string(), &answer.body),
        };
        if found.condition_id != Some(known.listed.condition) {
            return self.undecoded("market", "it is another market's", &answer.body);
        }
        let status = match (found.closed, found.accepting_orders && found.active && found.enable_order_book) {
            (true, _) => MarketStatus::Closed,
            (false, true) => MarketStatus::Open,
            (false, false) => MarketStatus::Paused,
        };
        if status != known.status {
            self.say(MarketEvent::Changed { market, change: MarketChange::Status(status) });
        }
        if status == MarketStatus::Open {
            self.follow(market, known.tick);
        } else if self.followed.contains_key(&market) {
            self.unfollow(market);
            self.say(MarketEvent::FeedStale { scope: FeedScope::Market(market) });
        }
        let condition = known.listed.condition;
        match found.winner() {
            Some(winner) => self.resolved_said(&condition, Some(winner)),
            None if found.closed => {
                let target = format!("/markets/keyset?condition_ids=0x{condition}&closed=true&limit=1");
                self.ask(Purpose::Ended { market }, Host::Gamma, target);
            }
            None => {}
        }
    }

    /// The catalogue's word on a market that is closed without a winner.
    pub(super) fn ended_answered(&mut self, market: MarketId, answer: Option<Answer>, state: &State) {
        let Some(answer) = answer else { return };
        let page = match gamma::markets(&answer.body) {
            Ok(page) => page,
            Err(e) => return self.undecoded("catalogue", &e.to_string(), &answer.body),
        };
        let Some(known) = state.markets.get(market) else { return };
        let is_it = |m: &&gamma::Market| m.condition_id == Some(known.listed.condition);
        let found = page.entries.iter().filter_map(|e| e.as_ref().ok()).find(is_it);
        if let Some(resolution) = found.and_then(gamma::Market::resolution) {
            self.end(market, resolution);
        }
    }

    /// A market was resolved, by a socket or an answer.
    pub(super) fn resolved_said(&mut self, condition: &Bytes32, winner: Option<Bytes32>) {
        let Some(market) = self.markets.get(condition).copied() else { return };
        let Some([yes, no]) = self.listed.get(&market).copied() else { return };
        match winner {
            Some(token) if token == yes => self.end(market, Resolution::Yes),
            Some(token) if token == no => self.end(market, Resolution::No),
            // Not said, or not one of its tokens: the order book is asked.
            _ => {
                let now = self.now;
                if let Some(life) = self.lives.get_mut(&market) {
                    life.next_at = life.next_at.min(now);
                }
            }
        }
    }

    fn end(&mut self, market: MarketId, resolution: Resolution) {
        if self.lives.remove(&market).is_some() {
            self.say(MarketEvent::Resolved { market, resolution });
            self.unfollow(market);
        }
    }
}
