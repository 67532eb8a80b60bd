//! What leaves the desk, and what comes back of it: orders and cancels, alone or several in one request.
//!
//! # Rules
//!
//! - Cancels go first: they give up risk. While one waits, no order goes.
//! - What waits at the same time goes together: up to 15 orders in one request, and as many cancels as the venue's bucket
//!   has room for. Cancels name their orders; "cancel all" is not used, because it would take orders that are not this log's.
//! - Every part of a request is settled for itself, by the same rules as if it had been alone. An answer that is lost or
//!   cannot be read leaves all of them unknown.
//! - Only orders that were never sent go together. One that is sent again goes alone: its answer is then about it.
//! - An order that was not sent within ten seconds, was cancelled before, or would be refused because the venue is closed,
//!   is not sent at all: its price is of another time. That is a refusal as definite as the venue's.

use super::holds::Closed;
use super::orders::{ABANDON_S, Order, with_headers};
use super::{Desk, Purpose};
use crate::wire::{Answer, Method, NoAnswer};
use polymarket::wire::rest::{self, Attempt, CancelAnswer, Outcome, PostStatus, RateLimit};
use polymarket::{BATCH_MAX, CANCEL_MAX};
use projections::State;
use schemas::event::{CancelReason, OrderEvent, OrderIntended};
use schemas::time::NANOS_PER_SEC;
use schemas::{Bytes32, OrderId, Side, Size, UtcNanos};
use std::collections::{BTreeSet, VecDeque};

/// An order that waits longer is not sent, s.
const WAITING_S: i64 = 10;
/// Cancels that were refused or lost are asked for again after a second, then at double distance up to this, s.
const CANCEL_AGAIN_LAST_S: u64 = 5;
/// The venue may say so much at most, s.
const RETRY_AFTER_MAX_S: u64 = 600;

/// What waits for a token of a bucket, in order.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    cancels: VecDeque<OrderId>,
    posts: VecDeque<(OrderId, Attempt, UtcNanos)>,
    /// Orders that are not sent, and why.
    withheld: Vec<(OrderId, &'static str)>,
    /// Requests to cancel in a row that had no usable answer.
    cancels_failed: u32,
}

impl Desk {
    /// Sends an order whose intent is durable, together with others of the same step.
    pub fn place(&mut self, intent: &OrderIntended, now: UtcNanos) {
        self.now = self.now.max(now);
        self.remember(intent);
        if let Some(order) = self.orders.get_mut(&intent.order) {
            order.sent = 0;
        }
        self.waiting.posts.push_back((intent.order, Attempt::First, self.now));
    }

    /// Sends the same bytes again.
    pub fn resend(&mut self, order: OrderId, now: UtcNanos) {
        self.now = self.now.max(now);
        if self.orders.contains_key(&order) && self.waiting.posts.iter().all(|(id, ..)| *id != order) {
            self.waiting.posts.push_back((order, Attempt::Repeated, self.now));
        }
    }

    /// Asks the venue to cancel.
    pub fn cancel(&mut self, order: OrderId, reason: CancelReason, now: UtcNanos) {
        self.now = self.now.max(now);
        let Some(held) = self.orders.get_mut(&order) else { return };
        held.cancel = Some(reason);
        self.cancel_soon(order);
    }

    /// Cancels that are in the log and may not have left: the process ended, or none ran.
    pub(super) fn cancel_what_was_to_be(&mut self, state: &State) {
        for order in state.orders.open().filter(|o| o.cancelling) {
            self.cancel(order.id, CancelReason::Operator, self.now);
        }
    }

    pub(super) fn cancel_soon(&mut self, order: OrderId) {
        self.waiting.cancels.push_back(order);
    }

    /// Sends what waits, as far as the buckets have tokens.
    pub(super) fn send_waiting(&mut self) {
        self.send_cancels();
        if self.waiting.cancels.is_empty() {
            self.send_posts();
        }
    }

    fn send_cancels(&mut self) {
        let mut seen = BTreeSet::new();
        let (orders, withheld) = (&self.orders, &mut self.waiting.withheld);
        self.waiting.cancels.retain(|id| {
            let Some(order) = orders.get(id) else { return false };
            let never_sent = order.sent == 0;
            if never_sent && seen.insert(*id) {
                withheld.push((*id, "it was cancelled before it was sent"));
            }
            !never_sent && !order.cancel_asked && seen.insert(*id)
        });
        let withheld: BTreeSet<OrderId> = self.waiting.withheld.iter().map(|(id, _)| *id).collect();
        self.waiting.posts.retain(|(id, ..)| !withheld.contains(id));
        let many = self.waiting.cancels.len().min(CANCEL_MAX);
        let granted = self.cancel_bucket.take_some(1, i64::try_from(many).unwrap_or(0), self.now);
        let granted = usize::try_from(granted).unwrap_or(0).min(self.waiting.cancels.len());
        let ids: Vec<OrderId> = self.waiting.cancels.drain(..granted).collect();
        let mut orders = Vec::with_capacity(ids.len());
        for id in ids {
            if let Some(order) = self.orders.get_mut(&id) {
                order.cancel_asked = true;
                orders.push((id, order.hash));
            }
        }
        let hashes: Vec<Bytes32> = orders.iter().map(|(_, hash)| *hash).collect();
        let (target, body) = match hashes.as_slice() {
            [] => return,
            [hash] => ("/order", rest::cancel_body(hash)),
            many => ("/orders", rest::cancel_many_body(many)),
        };
        self.ask(Purpose::Cancel { orders }, Method::Delete, target.to_owned(), body);
    }

    fn send_posts(&mut self) {
        let mut posts = std::mem::take(&mut self.waiting.posts);
        posts.retain(|(id, attempt, since)| {
            let Some(order) = self.orders.get(id) else { return false };
            let is_new = *attempt == Attempt::First && order.sent == 0;
            let late = self.now.since(*since) >= WAITING_S * NANOS_PER_SEC;
            let why = match (is_new, late) {
                (false, _) => None,
                (true, true) => Some("it waited too long for the venue's rate limit"),
                (true, false) => self.held_back(*id),
            };
            self.waiting.withheld.extend(why.map(|why| (*id, why)));
            why.is_none()
        });
        while let Some((id, attempt, _)) = posts.front().copied() {
            let together = match attempt {
                Attempt::First => posts.iter().take(BATCH_MAX).take_while(|(_, a, _)| *a == Attempt::First).count(),
                Attempt::Repeated => 1,
            };
            let granted = self.order_bucket.take_some(1, i64::try_from(together).unwrap_or(1), self.now);
            let granted = usize::try_from(granted).unwrap_or(0).min(posts.len());
            if granted == 0 {
                break;
            }
            let ids: Vec<OrderId> = posts.drain(..granted).map(|(id, ..)| id).collect();
            self.post(&ids, if self.orders.get(&id).is_some_and(|o| o.sent > 0) { Attempt::Repeated } else { attempt });
        }
        self.waiting.posts = posts;
    }

    fn post(&mut self, ids: &[OrderId], attempt: Attempt) {
        let (mut orders, mut bodies) = (Vec::with_capacity(ids.len()), Vec::with_capacity(ids.len()));
        let mut alone = true;
        for id in ids {
            if let Some(order) = self.orders.get_mut(id) {
                alone &= order.sent_at.plus_secs(ABANDON_S) <= self.now;
                (order.sent, order.sent_at, order.refused) = (order.sent.saturating_add(1), self.now, None);
                orders.push((*id, order.hash));
                bodies.push(order.body.clone());
            }
        }
        let (target, body) = match bodies.as_slice() {
            [] => return,
            [alone] => ("/order", alone.clone()),
            many => ("/orders", [&b"["[..], &many.join(&b","[..]), &b"]"[..]].concat()),
        };
        self.ask(Purpose::Post { orders, attempt, alone }, Method::Post, target.to_owned(), body);
    }

    /// What was not sent is over.
    pub(super) fn end_withheld(&mut self, state: &State) {
        for (id, why) in std::mem::take(&mut self.waiting.withheld) {
            if self.orders.contains_key(&id) {
                self.refused(id, format!("not sent: {why}"), state);
            }
        }
    }

    /// The answer to posted orders.
    pub(super) fn post_answered(
        &mut self,
        orders: &[(OrderId, Bytes32)],
        (attempt, alone): (Attempt, bool),
        result: Result<Answer, NoAnswer>,
        state: &State,
    ) {
        let answer = match result {
            Ok(answer) => answer,
            Err(e) => {
                // What never left this machine is at the first attempt as definite as a refusal.
                let is_definite = matches!(e, NoAnswer::NotSent(_)) && attempt == Attempt::First;
                for id in self.still_held(orders) {
                    match is_definite {
                        true => self.refused(id, e.to_string(), state),
                        false => self.in_doubt(id, e.to_string(), state),
                    }
                }
                return;
            }
        };
        heed(&mut self.order_bucket, &rate_of(&answer), self.now);
        let outcomes = with_headers(&answer, |a| match orders {
            [(_, hash)] => vec![rest::classify_post(a, attempt, hash)],
            many => rest::classify_batch(a, attempt, &many.iter().map(|(_, hash)| *hash).collect::<Vec<_>>()),
        });
        for ((id, _), outcome) in orders.iter().zip(outcomes) {
            if self.orders.contains_key(id) {
                self.post_settled(*id, (attempt, alone), outcome, state);
            }
        }
    }

    fn post_settled(
        &mut self,
        id: OrderId,
        (attempt, alone): (Attempt, bool),
        outcome: Outcome<rest::OrderAnswer>,
        state: &State,
    ) {
        match outcome {
            Outcome::Done(answer) => {
                self.venue_open();
                self.matched_at_once(id, &answer, state);
                self.taken(id, state);
                self.poll_trades_soon();
            }
            Outcome::Duplicate => {
                self.taken(id, state);
                // It may be filled or gone by now.
                self.look_for(id, 0);
                self.poll_trades_soon();
            }
            Outcome::Rejected(why) => {
                if let Some(closed) = Closed::of_refusal(why.reason) {
                    self.venue_closed(closed, None);
                }
                self.refused(id, why.text, state);
            }
            Outcome::RefusedAgain(why) => {
                if let Some(order) = self.orders.get_mut(&id).filter(|_| alone && why.speaks_of_order()) {
                    order.refused = Some((self.now, why.text.clone()));
                }
                self.in_doubt(id, why.text, state);
                self.look_for(id, 0);
            }
            Outcome::Limited(_) => match attempt {
                Attempt::First => self.refused(id, "the venue's rate limit is reached".to_owned(), state),
                Attempt::Repeated => self.in_doubt(id, "rate limited".to_owned(), state),
            },
            Outcome::Unknown(why) => {
                match why.mode {
                    Some(mode) => self.venue_closed(Closed::of_mode(mode), why.retry_after_s),
                    None => heed_wait(&mut self.order_bucket, why.retry_after_s, self.now),
                }
                self.in_doubt(id, format!("status {}: {}", why.status, why.text), state);
            }
        }
    }

    /// What the answer to an order says of its match.
    fn matched_at_once(&mut self, id: OrderId, answer: &rest::OrderAnswer, state: &State) {
        let (Some(order), Some(known)) = (self.orders.get_mut(&id), state.orders.get(id)) else { return };
        let shares = if known.plan.action.side == Side::Buy { answer.taking } else { answer.making };
        order.matched = order.matched.max(shares.unwrap_or_default().min(known.plan.size));
        if answer.status == PostStatus::Delayed {
            order.delayed_at = Some(self.now);
        }
    }

    /// The answer to cancels.
    pub(super) fn cancel_answered(
        &mut self,
        orders: &[(OrderId, Bytes32)],
        result: Result<Answer, NoAnswer>,
        state: &State,
    ) {
        let read = match result {
            Ok(answer) => {
                heed(&mut self.cancel_bucket, &rate_of(&answer), self.now);
                if let Outcome::Unknown(why) = with_headers(&answer, |a| rest::classify(a, Attempt::Repeated))
                    && let Some(mode) = why.mode
                {
                    self.venue_closed(Closed::of_mode(mode), why.retry_after_s);
                }
                CancelAnswer::read(&answer.body).ok().filter(|_| answer.status == 200)
            }
            Err(_) => None,
        };
        for (id, hash) in orders {
            let Some(order) = self.orders.get_mut(id) else { continue };
            let reason = order.cancel.unwrap_or(CancelReason::Operator);
            order.cancel_asked = false;
            match &read {
                Some(done) if done.canceled.contains(hash) => {
                    self.over(*id, OrderEvent::Cancelled { order: *id, reason }, state);
                }
                // Filled, over or not there: the look tells.
                Some(_) => {
                    order.cancel_refused_at = Some(self.now);
                    self.look_for(*id, 0);
                    self.poll_trades_soon();
                }
                // Cancels were refused or lost: ask again, and again.
                None => self.cancel_soon(*id),
            }
        }
        if read.is_some() {
            self.waiting.cancels_failed = 0;
        } else {
            let pause = (1u64 << self.waiting.cancels_failed.min(8)).min(CANCEL_AGAIN_LAST_S);
            self.waiting.cancels_failed = self.waiting.cancels_failed.saturating_add(1);
            self.cancel_bucket.close_until(self.now.plus_secs(pause));
        }
    }

    fn still_held(&self, orders: &[(OrderId, Bytes32)]) -> Vec<OrderId> {
        orders.iter().map(|(id, _)| *id).filter(|id| self.orders.contains_key(id)).collect()
    }
}

impl Order {
    /// As it is known from its intent.
    pub(super) fn of(intent: &OrderIntended) -> Self {
        Self {
            hash: intent.hash,
            body: intent.signed.clone(),
            is_entry: intent.plan.purpose == schemas::event::Purpose::Entry,
            post_only: intent.plan.post_only,
            sent: 1,
            sent_at: UtcNanos::ZERO,
            refused: None,
            cancel: None,
            cancel_asked: false,
            cancel_refused_at: None,
            taken: false,
            there_at: None,
            look_at: None,
            looks: 0,
            looking: false,
            matched: Size::ZERO,
            gone_at: None,
            delayed_at: None,
            end: None,
        }
    }
}

fn rate_of(answer: &Answer) -> RateLimit {
    with_headers(answer, |a| rest::rate_limit(a.headers))
}

/// What the venue counts of a signer tightens that signer's bucket.
fn heed(bucket: &mut crate::polymarket::bucket::Bucket, limit: &RateLimit, now: UtcNanos) {
    if !limit.is_counted() {
        return;
    }
    if let Some(remaining) = limit.remaining {
        bucket.tighten(remaining);
    }
    heed_wait(bucket, limit.retry_after_s, now);
}

fn heed_wait(bucket: &mut crate::polymarket::bucket::Bucket, seconds: Option<u64>, now: UtcNanos) {
    if let Some(seconds) = seconds {
        bucket.close_until(now.plus_secs(seconds.min(RETRY_AFTER_MAX_S)));
    }
}
