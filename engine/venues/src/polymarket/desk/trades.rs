//! Trades: asked for in pages, heard on the user channel, and made into fills of our orders.

use super::{Desk, Purpose};
use crate::wire::{Answer, Method, NoAnswer};
use polymarket::wire::rest;
use polymarket::wire::user::{MakerOrder, Trade, TradeStatus};
use projections::State;
use projections::orders::Order as Known;
use schemas::event::{FillBooked, Liquidity, OrderEvent, TradeKey};
use schemas::time::NANOS_PER_SEC;
use schemas::{Bytes32, Cash, Event, Outcome, Price, Side, Size, UtcNanos};

/// Distance of two polls while something is under way, s, and while nothing is.
const POLL_BUSY_S: u64 = 10;
const POLL_IDLE_S: u64 = 60;
/// How far before the oldest thing of interest trades are asked for, s.
const MARGIN_S: i64 = 600;
/// The first time: so far before the end of the log, which is when a process last listened, s.
const FIRST_S: i64 = 86_400;
/// Pages of a poll: a list without an end is none.
const PAGES_MAX: u32 = 1_000;

/// One poll.
#[derive(Clone, Copy, Debug)]
struct Round {
    number: u64,
    began: UtcNanos,
    /// The moment from which on trades are asked for.
    after: UtcNanos,
    pages: u32,
    /// Every entry could be read.
    whole: bool,
}

/// Asking for our trades, page by page.
#[derive(Debug, Default)]
pub(super) struct Polling {
    /// The poll under way.
    round: Option<Round>,
    rounds: u64,
    /// Another one is wanted as soon as this is done.
    again: bool,
    /// When the last complete poll began.
    done: Option<UtcNanos>,
    /// Until when somebody listened, before the first poll.
    listened_until: UtcNanos,
    next_at: UtcNanos,
}

impl Polling {
    pub(super) fn is_done(&self) -> bool {
        self.done.is_some()
    }

    /// A whole list is wanted again, of what came since a moment at which somebody listened.
    pub(super) fn listen_again(&mut self, since: UtcNanos) {
        // One that is under way asked for less.
        (self.round, self.done, self.listened_until) = (None, None, since);
    }
}

/// What tells one fill from another: the trade, and which of our orders in it.
pub(super) fn key(trade: &str, order: &Bytes32) -> TradeKey {
    let mut hasher = blake3::Hasher::new();
    hasher.update(trade.as_bytes()).update(&[0]).update(&order.0);
    let mut first = [0; 16];
    first.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    TradeKey(u128::from_be_bytes(first))
}

/// Our part of a trade.
struct Part {
    price: Price,
    size: Size,
    liquidity: Liquidity,
    token: Bytes32,
}

impl Desk {
    /// Asks for trades as soon as no other poll is under way.
    pub(super) fn poll_trades_soon(&mut self) {
        match self.standing.trades.round {
            Some(_) => self.standing.trades.again = true,
            None => self.begin_poll(),
        }
    }

    pub(super) fn look_after_trades(&mut self) {
        if self.standing.trades.round.is_none() && self.now >= self.standing.trades.next_at && self.standing.started {
            self.begin_poll();
        }
    }

    /// Whether a poll was begun within the last seconds and is complete.
    pub(super) fn trades_are_fresh(&self) -> bool {
        self.standing.trades.done.is_some_and(|began| self.now.since(began) < POLL_BUSY_S as i64 * NANOS_PER_SEC)
    }

    /// Whether the last complete poll was begun after this moment.
    pub(super) fn trades_began_after(&self, at: UtcNanos) -> bool {
        self.standing.trades.done.is_some_and(|began| began > at)
    }

    /// Whether it was begun at this moment or after it.
    pub(super) fn trades_began_since(&self, at: UtcNanos) -> bool {
        self.standing.trades.done.is_some_and(|began| began >= at)
    }

    fn begin_poll(&mut self) {
        self.standing.trades.rounds += 1;
        let awaited = self.standing.unconfirmed.values().min().copied().unwrap_or(self.now);
        // What came while polls failed is asked for when one succeeds.
        let (listened, margin_s) = match self.standing.trades.done {
            Some(began) => (began, MARGIN_S),
            None => (self.standing.trades.listened_until, FIRST_S),
        };
        let oldest = awaited.0.saturating_sub(MARGIN_S * NANOS_PER_SEC);
        let oldest = oldest.min(listened.0.saturating_sub(margin_s * NANOS_PER_SEC)).min(self.now.0);
        let (number, began, after) = (self.standing.trades.rounds, self.now, UtcNanos(oldest.max(0)));
        self.standing.trades.again = false;
        self.ask_trades(Round { number, began, after, pages: 0, whole: true }, rest::CURSOR_START);
    }

    fn ask_trades(&mut self, mut round: Round, cursor: &str) {
        round.pages += 1;
        self.standing.trades.round = Some(round);
        let (maker, after) = (self.account.maker, round.after.0 / NANOS_PER_SEC);
        let target = format!("/data/trades?maker_address={maker}&after={after}&next_cursor={cursor}");
        self.ask(Purpose::Trades { round: round.number }, Method::Get, target, Vec::new());
    }

    /// The poll was of no use: again after the usual pause.
    fn poll_failed(&mut self) {
        self.standing.trades.round = None;
        self.standing.trades.next_at = self.now.plus_secs(POLL_BUSY_S);
    }

    pub(super) fn trades_answered(&mut self, round: u64, result: Result<Answer, NoAnswer>, state: &State) {
        let Some(mut round) = self.standing.trades.round.filter(|current| current.number == round) else { return };
        let page = match result {
            Ok(answer) if answer.status == 200 => rest::page::<Trade>(&answer.body).ok(),
            _ => None,
        };
        let Some(page) = page else { return self.poll_failed() };
        for entry in page.entries {
            match entry {
                Ok(trade) => self.trade_seen(&trade, state),
                Err(bad) => {
                    round.whole = false;
                    self.undecoded("trades", &bad.error.to_string(), &bad.raw);
                }
            }
        }
        if let Some(cursor) = page.next {
            // A list that does not end is not a list.
            return if round.pages < PAGES_MAX { self.ask_trades(round, &cursor) } else { self.poll_failed() };
        }
        if !round.whole && !self.standing.trades.is_done() {
            // What cannot be read may be a fill: nothing is risked before the list could be read whole once.
            return self.poll_failed();
        }
        self.standing.trades.round = None;
        self.standing.trades.done = Some(round.began);
        let pause =
            if self.orders.is_empty() && self.standing.unconfirmed.is_empty() { POLL_IDLE_S } else { POLL_BUSY_S };
        self.standing.trades.next_at = self.now.plus_secs(pause);
        if self.standing.trades.again {
            self.begin_poll();
        }
    }

    /// A trade, whoever told of it.
    pub(super) fn trade_seen(&mut self, trade: &Trade, state: &State) {
        let taker = Part { price: trade.price, size: trade.size, liquidity: Liquidity::Taker, token: trade.token };
        let mut ours = false;
        if self.by_hash.contains_key(&trade.taker_order_id) {
            ours = true;
            self.part_seen(trade, trade.taker_order_id, &taker, state);
        }
        for (i, maker) in trade.maker_orders.iter().enumerate() {
            let of_same = |m: &&MakerOrder| m.order_id == maker.order_id;
            if self.by_hash.contains_key(&maker.order_id) {
                ours = true;
                // An order that is named several times is one part of the trade: the parts have no names of their own.
                if trade.maker_orders.iter().take(i).any(|m| m.order_id == maker.order_id) {
                    continue;
                }
                let all = trade.maker_orders.iter().filter(of_same).map(|m| m.matched_amount);
                let Ok(size) = all.into_iter().try_fold(Size::ZERO, Size::plus) else { continue };
                let part = Part { price: maker.price, size, liquidity: Liquidity::Maker, token: maker.token };
                self.part_seen(trade, maker.order_id, &part, state);
            } else if maker.maker_address == Some(self.account.maker) {
                self.stranger_trade(maker.order_id, trade);
            }
        }
        if !ours && trade.maker_address == Some(self.account.maker) && trade.maker_orders.is_empty() {
            self.stranger_trade(trade.taker_order_id, trade);
        }
    }

    fn part_seen(&mut self, trade: &Trade, hash: Bytes32, part: &Part, state: &State) {
        let Some(order) = self.by_hash.get(&hash).copied() else { return };
        let Some(known) = state.orders.get(order) else { return };
        let (cycle, key) = (Some(known.cycle), key(&trade.id, &hash));
        let fill = self.fill(known, key, part, state);
        let is_new = !state.orders.knows_fill(&fill) && !self.standing.unconfirmed.contains_key(&key);
        if self.ended_fills.contains(&key) {
            return;
        }
        if is_new && trade.status != TradeStatus::Failed {
            self.standing.unconfirmed.insert(key, self.now);
            self.standing.money.fills_changed(self.now);
            self.say(cycle, Event::Order(OrderEvent::FillBooked(Box::new(fill))));
        }
        // One that was never booked needs no voiding, and what the log has ended is listed again after a restart.
        let awaited = self.standing.unconfirmed.contains_key(&key);
        if trade.status == TradeStatus::Failed {
            self.end_fill(key);
            if awaited {
                let reason = "the trade failed on chain".to_owned();
                self.say(cycle, Event::Order(OrderEvent::FillVoided { order, trade: key, reason }));
            }
        } else if trade.status == TradeStatus::Confirmed {
            self.end_fill(key);
            if awaited {
                self.say(cycle, Event::Order(OrderEvent::FillConfirmed { order, trade: key }));
            }
        }
    }

    fn end_fill(&mut self, key: TradeKey) {
        if self.standing.unconfirmed.remove(&key).is_some() {
            self.standing.money.fills_changed(self.now);
        }
        self.ended_fills.insert(key);
        // Only what may still be repeated is of interest.
        while self.ended_fills.len() > 100_000 {
            self.ended_fills.pop_first();
        }
    }

    fn fill(&self, known: &Known, trade: TradeKey, part: &Part, state: &State) -> FillBooked {
        let token = known.plan.action.token;
        let market = state.markets.get(known.market);
        let own = market.map(|m| m.listed.tokens[usize::from(token.outcome() == Outcome::No)]);
        // A trade that mints or merges a pair may be told in the other outcome's price.
        let price = if own.is_none_or(|own| own == part.token) { part.price } else { part.price.complement() };
        let fee = match part.liquidity {
            Liquidity::Maker => Cash::ZERO,
            Liquidity::Taker => market.and_then(|m| m.fee.taker_fee(price, part.size).ok()).unwrap_or(Cash::ZERO),
        };
        let side: Side = known.plan.action.side;
        FillBooked { order: known.id, trade, token, side, price, size: part.size, fee, liquidity: part.liquidity }
    }
}
