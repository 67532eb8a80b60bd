//! Orders: what became of them, and how that is found out.

use super::{Desk, Purpose};
use crate::wire::{Answer, Method, NoAnswer};
use polymarket::wire::rest;
use polymarket::wire::user::{OrderState, OrderStatus};
use projections::State;
use projections::orders::OrderStatus as Status;
use schemas::event::{CancelReason, KillLevel, OrderEvent, OrderIntended, Purpose as OrderPurpose, TimeInForce};
use schemas::time::NANOS_PER_SEC;
use schemas::{Bytes32, Event, OrderId, UtcNanos};

/// First distance between two looks for an order, s; doubles up to the last.
const LOOK_FIRST_S: u64 = 1;
const LOOK_LAST_S: u64 = 30;
/// Distance of two cancels of an order that the venue would not cancel, s.
const CANCEL_AGAIN_S: i64 = 2;
/// An order that may not be sent again is given up this long after the last moment at which it could arrive and live, s.
/// The venue's own margin at the end of an order is a minute, and answers have come 40 s late.
pub(super) const ABANDON_S: u64 = 120;
/// Looks without a find before an order is given up.
const ABANDON_LOOKS: u32 = 5;

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
    /// When it is looked for next, if its place is not known.
    pub look_at: Option<UtcNanos>,
    pub looks: u32,
    pub looking: bool,
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
        order.taken = true;
        order.look_at = None;
        let asked_lately =
            order.cancel_refused_at.is_some_and(|at| self.now.since(at) < CANCEL_AGAIN_S * NANOS_PER_SEC);
        let waits_for_cancel = order.cancel.is_some() && !order.cancel_asked && !asked_lately;
        if let Some(known) = state.orders.get(id)
            && matches!(known.status, Status::Intended | Status::Unknown)
        {
            // What takes at once leaves nothing standing; whether it was filled is asked soon.
            if matches!(known.plan.tif, TimeInForce::Fak | TimeInForce::Fok) {
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
            let Some(order) = self.orders.get_mut(&id) else { continue };
            order.looking = true;
            let target = format!("/data/order/0x{}", order.hash);
            self.ask(Purpose::Look { order: id }, Method::Get, target, Vec::new());
            self.poll_trades_soon();
        }
    }

    /// The answer to a look for one order: the venue lists open orders only.
    pub(super) fn look_answered(&mut self, id: OrderId, result: Result<Answer, NoAnswer>, state: &State) {
        let Some(order) = self.orders.get_mut(&id) else { return };
        order.looking = false;
        let pause = (LOOK_FIRST_S << order.looks.min(5)).min(LOOK_LAST_S);
        order.looks += 1;
        let (hash, taken) = (order.hash, order.taken);
        order.look_at = Some(self.now.plus_secs(pause));
        let Ok(answer) = result else { return };
        match answer.status {
            200 => match rest::read::<Option<OrderState>>(&answer.body) {
                Ok(Some(found)) if found.id == hash => self.order_seen(&found, state),
                Ok(None) => self.not_open(id, taken, state),
                _ => {}
            },
            404 => self.not_open(id, taken, state),
            _ => {}
        }
    }

    /// It is not among the open orders: filled, over, or never there. Trades have been asked for at the same time; what they
    /// do not show at the second look did not happen.
    fn not_open(&mut self, id: OrderId, taken: bool, state: &State) {
        let Some(known) = state.orders.get(id) else { return };
        let Some(order) = self.orders.get(&id) else { return };
        let (cycle, looks) = (Some(known.cycle), order.looks);
        let was_there = taken || known.filled.0 > 0;
        if was_there && looks >= 2 && self.trades_are_fresh() {
            let reason = order.cancel.unwrap_or(CancelReason::Unfilled);
            let ended = known.plan.expires.0 > 0 && self.now >= known.plan.expires;
            self.forget(id);
            let event = match ended {
                true => OrderEvent::Expired { order: id },
                false => OrderEvent::Cancelled { order: id, reason },
            };
            self.say(cycle, Event::Order(event));
            return;
        }
        if was_there || !self.trades_are_fresh() {
            return;
        }
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
        let (cycle, filled) = (Some(known.cycle), known.filled);
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
                self.forget(id);
                self.say(cycle, Event::Order(event));
            }
            Some(OrderStatus::Invalid) => {
                self.refused(id, "the venue calls it invalid".to_owned(), state);
            }
            Some(OrderStatus::Other(_)) => self.look_for(id, LOOK_FIRST_S),
            // Nothing of it stands any more; its trades say how much it was.
            Some(OrderStatus::Matched) => {
                self.taken_without_standing(id, state);
                self.not_open(id, true, state);
            }
            _ => self.taken(id, state),
        }
        // More has traded than trades were heard of.
        if seen.size_matched > filled {
            self.poll_trades_soon();
        }
    }
}

/// Hands an answer to a reader that borrows it.
pub(super) fn with_headers<T>(answer: &Answer, read: impl FnOnce(&rest::Answer<'_>) -> T) -> T {
    let headers: Vec<(&str, &str)> = answer.headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    read(&rest::Answer { status: answer.status, headers: &headers, body: &answer.body })
}
