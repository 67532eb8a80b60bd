//! Orders: what became of them, and how that is found out.

use super::money::SHARE_TOLERANCE;
use super::{Desk, Purpose};
use crate::wire::{Answer, Method, NoAnswer};
use polymarket::wire::rest;
use polymarket::wire::user::{OrderState, OrderStatus};
use projections::State;
use projections::orders::{Order as Known, OrderStatus as Status};
use schemas::event::{CancelReason, KillLevel, OrderEvent, OrderIntended, Purpose as OrderPurpose};
use schemas::time::NANOS_PER_SEC;
use schemas::{Bytes32, Event, OrderId, Size, UtcNanos};

/// First distance between two looks for an order, s; doubles up to the last.
const LOOK_FIRST_S: u64 = 1;
const LOOK_LAST_S: u64 = 30;
/// Distance of two cancels of an order that the venue would not cancel, s.
const CANCEL_AGAIN_S: i64 = 2;
/// An order that may not be sent again is given up this long after the last moment at which it could arrive and live, s.
/// The venue's own margin at the end of an order is a minute, and answers have come 40 s late.
pub(super) const ABANDON_S: u64 = 120;
/// An order that should have ended by itself is looked for so long after, s.
const EXPIRED_LOOK_S: u64 = 10;
/// Looks without a find before an order is given up.
const ABANDON_LOOKS: u32 = 5;
/// The list of trades may be so far behind the book, s: what it shows later of an order that is gone, it shows by then.
const TRADES_LAG_S: u64 = 5;
/// An order that waits for the market's delay stands in no list, s; the venue's delays are a few seconds.
const DELAY_MAX_S: u64 = 60;
/// Shares that the venue calls traded and shows in no trade are waited for, s.
const FILLS_MISSING_S: i64 = 300;

/// An order that may still trade, or whose end is not known.
pub(super) struct Order {
    pub hash: Bytes32,
    pub body: Vec<u8>,
    /// It takes new risk.
    pub is_entry: bool,
    pub post_only: bool,
    /// How often its bytes were handed to the network, and when last.
    pub sent: u32,
    pub sent_at: UtcNanos,
    /// The venue refused it when no earlier attempt could still arrive: when, and why. Unless it is found there, it never was.
    pub refused: Option<(UtcNanos, String)>,
    /// Why it is to be cancelled, if it is.
    pub cancel: Option<CancelReason>,
    pub cancel_asked: bool,
    /// The venue could not cancel it when it was last asked.
    pub cancel_refused_at: Option<UtcNanos>,
    /// The venue answered that it has it.
    pub taken: bool,
    /// When it last said so. What was asked before and answered later may not know.
    pub there_at: Option<UtcNanos>,
    /// When it is looked for next, if its place is not known.
    pub look_at: Option<UtcNanos>,
    pub looks: u32,
    pub looking: bool,
    /// Shares that have traded by the venue's word, which may be ahead of its trades.
    pub matched: Size,
    /// Since when it is not among the open orders, though it was taken.
    pub gone_at: Option<UtcNanos>,
    /// When it was last said to wait for the market's delay.
    pub delayed_at: Option<UtcNanos>,
    /// What ended it, and when that was heard, if fills of it are still missing.
    pub end: Option<(OrderEvent, UtcNanos)>,
}

impl Desk {
    /// Knows that an order is of this log, though it is over: the venue still lists its trades.
    pub fn recognise(&mut self, intent: &OrderIntended) {
        self.by_hash.insert(intent.hash, intent.order);
    }

    /// Knows an order of this log again that is open, after a restart.
    pub fn remember(&mut self, intent: &OrderIntended) {
        self.recognise(intent);
        self.orders.insert(intent.order, Order::of(intent));
    }

    /// An order of the last run may have been sent up to the moment at which this one starts.
    pub(super) fn sent_before_now(&mut self) {
        let now = self.now;
        self.orders.values_mut().for_each(|o| o.sent_at = now);
    }

    /// The venue has it.
    pub(super) fn taken(&mut self, id: OrderId, state: &State) {
        let Some(order) = self.orders.get_mut(&id) else { return };
        (order.taken, order.there_at) = (true, Some(self.now));
        // A message that tells its end may be lost.
        let expires = state.orders.get(id).map(|known| known.plan.expires).filter(|at| at.0 > 0);
        order.look_at = expires.map(|at| at.max(self.now).plus_secs(EXPIRED_LOOK_S));
        let asked_lately =
            order.cancel_refused_at.is_some_and(|at| self.now.since(at) < CANCEL_AGAIN_S * NANOS_PER_SEC);
        let waits_for_cancel = order.cancel.is_some() && !order.cancel_asked && !asked_lately;
        if let Some(known) = state.orders.get(id)
            && matches!(known.status, Status::Intended | Status::Unknown)
        {
            // What takes at once leaves nothing standing; whether it was filled is asked soon.
            if known.plan.tif.takes_at_once() {
                self.look_for(id, LOOK_FIRST_S * 2);
            }
            self.say(Some(known.cycle), Event::Order(OrderEvent::Accepted { order: id }));
        }
        if waits_for_cancel {
            self.cancel_soon(id);
        }
    }

    fn taken_without_standing(&mut self, id: OrderId, state: &State) {
        let Some(order) = self.orders.get_mut(&id) else { return };
        let cancel = order.cancel.take();
        self.taken(id, state);
        if let Some(order) = self.orders.get_mut(&id) {
            order.cancel = cancel;
        }
        self.look_for(id, LOOK_FIRST_S);
    }

    pub(super) fn refused(&mut self, id: OrderId, reason: String, state: &State) {
        self.forget(id);
        let cycle = state.orders.get(id).map(|o| o.cycle);
        self.say(cycle, Event::Order(OrderEvent::Rejected { order: id, reason }));
    }

    pub(super) fn in_doubt(&mut self, id: OrderId, reason: String, state: &State) {
        let known = state.orders.get(id);
        if known.is_some_and(|o| o.status == Status::Intended) {
            let cycle = known.map(|o| o.cycle);
            self.say(cycle, Event::Order(OrderEvent::Unknown { order: id, reason }));
        }
        self.look_for(id, LOOK_FIRST_S);
    }

    /// Looks for an order after so many seconds.
    pub(super) fn look_for(&mut self, id: OrderId, seconds: u64) {
        let at = self.now.plus_secs(seconds);
        if let Some(order) = self.orders.get_mut(&id) {
            order.look_at = Some(order.look_at.map_or(at, |before| before.min(at)));
        }
    }

    /// An order that is over is not this desk's business any more; a late trade of it is still known by its hash.
    pub(super) fn forget(&mut self, id: OrderId) {
        self.orders.remove(&id);
    }

    pub(super) fn look_after_orders(&mut self, state: &State) {
        self.end_orders(state);
        let over: Vec<OrderId> = self
            .orders
            .keys()
            .filter(|id| state.orders.get(**id).is_none_or(|o| o.status.is_final()))
            .copied()
            .collect();
        over.into_iter().for_each(|id| self.forget(id));
        let due: Vec<OrderId> = self
            .orders
            .iter()
            .filter(|(_, o)| !o.looking && o.look_at.is_some_and(|at| at <= self.now))
            .map(|(id, _)| *id)
            .collect();
        for id in due {
            self.poll_trades_soon();
            let Some(order) = self.orders.get_mut(&id) else { continue };
            if order.end.is_some() {
                // It is over: its trades alone are looked for.
                order.look_again(self.now);
                continue;
            }
            order.looking = true;
            let target = format!("/data/order/0x{}", order.hash);
            self.ask(Purpose::Look { order: id, asked: self.now }, Method::Get, target, Vec::new());
        }
    }

    /// An order is over. That is said when every share that traded is in the log: else what is reserved for it would be free
    /// before its cost is booked.
    pub(super) fn over(&mut self, id: OrderId, event: OrderEvent, state: &State) {
        let (now, Some(known), Some(order)) = (self.now, state.orders.get(id), self.orders.get_mut(&id)) else {
            return;
        };
        if !order.misses_fills(known) {
            self.forget(id);
            return self.say(Some(known.cycle), Event::Order(event));
        }
        order.end.get_or_insert((event, now));
        order.looks = 0;
        self.look_for(id, 0);
    }

    /// Says the ends that waited for fills, and ends what is in no list any more.
    fn end_orders(&mut self, state: &State) {
        if !self.said.is_empty() {
            return; // The state does not have it yet.
        }
        let ids: Vec<OrderId> = self.orders.iter().filter(|(_, o)| o.ends()).map(|(id, _)| *id).collect();
        for id in ids {
            let (Some(order), Some(known)) = (self.orders.get(&id), state.orders.get(id)) else { continue };
            if known.status.is_final() {
                continue;
            }
            let missing = order.misses_fills(known);
            if let Some((event, since)) = order.end.clone() {
                let late = self.now.since(since) >= FILLS_MISSING_S * NANOS_PER_SEC && self.trades_are_fresh();
                if missing && late {
                    let text = format!(
                        "order 0x{}: the venue says that {} shares traded and shows trades of {}; the order is taken as over",
                        order.hash,
                        order.matched,
                        known.reported()
                    );
                    self.fault(text);
                }
                if !missing || late {
                    self.forget(id);
                    self.say(Some(known.cycle), Event::Order(event));
                }
            } else if order.gone_at.is_some_and(|at| self.trades_began_after(at.plus_secs(TRADES_LAG_S))) {
                let reason = order.cancel.unwrap_or(CancelReason::Unfilled);
                let expired = known.plan.expires.0 > 0 && self.now >= known.plan.expires;
                let event = match expired {
                    true => OrderEvent::Expired { order: id },
                    false => OrderEvent::Cancelled { order: id, reason },
                };
                self.over(id, event, state);
            }
        }
    }

    /// The answer to a look for one order: the venue lists open orders only.
    pub(super) fn look_answered(
        &mut self,
        id: OrderId,
        asked: UtcNanos,
        result: Result<Answer, NoAnswer>,
        state: &State,
    ) {
        let Some(order) = self.orders.get_mut(&id) else { return };
        order.looking = false;
        order.look_again(self.now);
        let hash = order.hash;
        let Ok(answer) = result else { return };
        match answer.status {
            200 => match rest::read::<Option<OrderState>>(&answer.body) {
                Ok(Some(found)) if found.id == hash => {
                    self.keep_raw("order state", &answer.body);
                    self.order_seen(&found, state);
                }
                Ok(None) => self.not_open(id, asked, state),
                _ => {}
            },
            404 => self.not_open(id, asked, state),
            _ => {}
        }
    }

    /// It stands no more. What trades that are asked for a little later do not show did not happen.
    fn gone(&mut self, id: OrderId) {
        let (now, Some(order)) = (self.now, self.orders.get_mut(&id)) else { return };
        let waits = order.delayed_at.is_some_and(|at| now < at.plus_secs(DELAY_MAX_S));
        if !waits && order.gone_at.is_none() {
            order.gone_at = Some(now);
            self.look_for(id, TRADES_LAG_S + 1);
        }
    }

    /// It was not among the open orders when that was asked: filled, over, never there, or there since.
    fn not_open(&mut self, id: OrderId, asked: UtcNanos, state: &State) {
        let Some(known) = state.orders.get(id) else { return };
        let Some(order) = self.orders.get(&id) else { return };
        let (cycle, looks) = (Some(known.cycle), order.looks);
        if order.there_at.is_some_and(|at| asked <= at) {
            return self.look_for(id, LOOK_FIRST_S);
        }
        if order.taken || known.status == Status::Live || known.filled.0 > 0 {
            return self.gone(id);
        }
        if !self.trades_are_fresh() {
            return;
        }
        let Some(order) = self.orders.get(&id) else { return };
        let refused = order.refused.as_ref().filter(|(at, _)| self.trades_began_after(*at)).map(|(_, why)| why.clone());
        // What is not sent again and was never seen is given up once it can no longer arrive.
        let last_moment = known.updated_at.max(known.plan.expires);
        let late = self.now >= last_moment.plus_secs(ABANDON_S) && looks >= ABANDON_LOOKS;
        let killed = state.kill.level != KillLevel::Off && known.plan.purpose == OrderPurpose::Entry;
        let given_up = (late && (known.is_stale(self.now) || killed))
            .then(|| "the venue never had it, and it is not sent again".to_owned());
        if let Some(reason) = refused.or(given_up) {
            self.forget(id);
            self.say(cycle, Event::Order(OrderEvent::Rejected { order: id, reason }));
        }
    }

    /// An order of ours as the venue sees it, from a list or the user channel.
    pub(super) fn order_seen(&mut self, seen: &OrderState, state: &State) {
        let Some(id) = self.by_hash.get(&seen.id).copied() else { return self.stranger(seen.id) };
        let Some(known) = state.orders.get(id) else { return };
        if known.status.is_final() {
            // It stands there though the log has ended it: it must not.
            if seen.status == Some(OrderStatus::Live) && !self.orders.contains_key(&id) {
                let body = rest::cancel_body(&seen.id);
                self.ask(Purpose::Cancel { orders: vec![(id, seen.id)] }, Method::Delete, "/order".to_owned(), body);
            }
            return;
        }
        let reported = known.reported();
        if let Some(order) = self.orders.get_mut(&id) {
            order.matched = order.matched.max(seen.size_matched.min(known.plan.size));
            match &seen.status {
                Some(OrderStatus::Delayed) => (order.delayed_at, order.gone_at) = (Some(self.now), None),
                Some(OrderStatus::Live | OrderStatus::Unmatched) | None => {
                    (order.delayed_at, order.gone_at) = (None, None)
                }
                Some(_) => {}
            }
        }
        match &seen.status {
            Some(OrderStatus::Canceled(why)) => {
                self.taken(id, state);
                let given = self.orders.get(&id).and_then(|o| o.cancel);
                let event = match why.as_deref() {
                    Some("EXPIRED_ORDER" | "ORDER_TIMED_OUT") => OrderEvent::Expired { order: id },
                    Some("MARKET_RESOLVED" | "MARKET_NOT_FOUND") => {
                        OrderEvent::Cancelled { order: id, reason: CancelReason::MarketResolved }
                    }
                    Some("NOT_ENOUGH_BALANCE") => OrderEvent::Cancelled { order: id, reason: CancelReason::NoBalance },
                    _ => OrderEvent::Cancelled { order: id, reason: given.unwrap_or(CancelReason::Unfilled) },
                };
                self.over(id, event, state);
            }
            Some(OrderStatus::Invalid) => {
                self.refused(id, "the venue calls it invalid".to_owned(), state);
            }
            // What takes at once does not rest when its delay is over.
            Some(OrderStatus::Unmatched) if known.plan.tif.takes_at_once() => {
                self.taken(id, state);
                self.over(id, OrderEvent::Cancelled { order: id, reason: CancelReason::Unfilled }, state);
            }
            Some(OrderStatus::Other(_)) => self.look_for(id, LOOK_FIRST_S),
            // Nothing of it stands any more; its trades say how much it was.
            Some(OrderStatus::Matched) => {
                if let Some(order) = self.orders.get_mut(&id) {
                    order.delayed_at = None;
                }
                self.taken_without_standing(id, state);
                self.gone(id);
            }
            _ => self.taken(id, state),
        }
        // More has traded than trades were heard of.
        if seen.size_matched > reported {
            self.poll_trades_soon();
        }
    }
}

impl Order {
    /// Whether it is over, or seems to be.
    fn ends(&self) -> bool {
        self.end.is_some() || self.gone_at.is_some()
    }

    /// Whether more has traded by the venue's word than fills were reported, beyond what rounding leaves.
    pub(super) fn misses_fills(&self, known: &Known) -> bool {
        self.matched.less(SHARE_TOLERANCE) > known.reported()
    }

    /// The next look comes later each time.
    fn look_again(&mut self, now: UtcNanos) {
        let pause = (LOOK_FIRST_S << self.looks.min(5)).min(LOOK_LAST_S);
        self.looks = self.looks.saturating_add(1);
        self.look_at = Some(now.plus_secs(pause));
    }
}

/// Hands an answer to a reader that borrows it.
pub(super) fn with_headers<T>(answer: &Answer, read: impl FnOnce(&rest::Answer<'_>) -> T) -> T {
    let headers: Vec<(&str, &str)> = answer.headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    read(&rest::Answer { status: answer.status, headers: &headers, body: &answer.body })
}
