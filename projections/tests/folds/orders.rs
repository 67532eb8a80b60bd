//! Orders against a twin that keeps every report and reads the whole list again after each event.

use super::dice::Dice;
use super::stream::Stream;
use projections::orders::OrderStatus;
use proptest::prelude::*;
use schemas::event::{CancelReason, FillBooked, OrderEvent, TradeKey};
use schemas::{Cash, Event, OrderId, Side, Size, TokenId};
use std::collections::BTreeMap;

/// What became of one order, from its reports alone.
#[derive(Default)]
struct Fate {
    status: Option<OrderStatus>,
    standing: BTreeMap<u128, i64>,
    voided: BTreeMap<u128, i64>,
    attempts: u16,
    cancelling: bool,
    was_unknown: bool,
    side: Option<Side>,
    token: TokenId,
    size: i64,
    worst: i64,
}

impl Fate {
    fn of(reports: &[OrderEvent]) -> Self {
        let mut f = Self::default();
        for r in reports {
            f.take(r);
        }
        f
    }

    fn open(&self) -> bool {
        self.status.is_some_and(|s| !s.is_final())
    }

    fn end(&mut self, status: OrderStatus) {
        if self.open() {
            (self.status, self.cancelling) = (Some(status), false);
        }
    }

    fn take(&mut self, report: &OrderEvent) {
        use OrderStatus::{Cancelled, Expired, Filled, Intended, Live, Rejected, Unknown};
        match report {
            OrderEvent::Intended(i) => {
                (self.status, self.attempts) = (Some(Intended), 1);
                (self.side, self.token) = (Some(i.plan.action.side), i.plan.action.token);
                (self.size, self.worst) = (i.plan.size.0, i.worst_case_loss.0);
            }
            OrderEvent::Accepted { .. } if matches!(self.status, Some(Intended | Unknown)) => self.status = Some(Live),
            OrderEvent::Unknown { .. } if self.status == Some(Intended) => {
                (self.status, self.was_unknown) = (Some(Unknown), true);
            }
            OrderEvent::Rejected { .. } => self.end(Rejected),
            OrderEvent::Cancelled { .. } => self.end(Cancelled),
            OrderEvent::Expired { .. } => self.end(Expired),
            OrderEvent::ResendIntended { attempt, .. } => self.attempts = *attempt,
            OrderEvent::CancelIntended { .. } => self.cancelling = true,
            OrderEvent::FillBooked(f) => {
                let known = self.standing.contains_key(&f.trade.0) || self.voided.contains_key(&f.trade.0);
                if known {
                    return;
                }
                self.standing.insert(f.trade.0, f.size.0);
                if matches!(self.status, Some(Intended | Unknown)) {
                    self.status = Some(Live);
                }
                if self.remaining() == 0 {
                    self.end(Filled);
                }
            }
            OrderEvent::FillVoided { trade, .. } => {
                if let Some(size) = self.standing.remove(&trade.0) {
                    self.voided.insert(trade.0, size);
                }
            }
            _ => {}
        }
    }

    fn remaining(&self) -> i64 {
        (self.size - self.standing.values().sum::<i64>() - self.voided.values().sum::<i64>()).max(0)
    }

    fn reserved(&self) -> i64 {
        if !self.open() || self.side == Some(Side::Sell) || self.size == 0 {
            return 0;
        }
        let exact = i128::from(self.worst) * i128::from(self.remaining());
        i64::try_from((exact + i128::from(self.size) - 1) / i128::from(self.size)).unwrap()
    }
}

/// A report about one of the orders so far, or a new intent.
fn report(dice: &mut Dice, count: u32) -> OrderEvent {
    let mut event = dice.order_event();
    let mine = OrderId(1 + dice.below(u64::from(count.max(1))) as u32);
    match &mut event {
        OrderEvent::Intended(i) => {
            i.order = OrderId(count + 1);
            i.plan.size = Size(i.plan.size.0.max(1_000_000));
        }
        OrderEvent::FillBooked(f) => f.order = mine,
        OrderEvent::Accepted { order }
        | OrderEvent::Rejected { order, .. }
        | OrderEvent::Unknown { order, .. }
        | OrderEvent::ResendIntended { order, .. }
        | OrderEvent::FillConfirmed { order, .. }
        | OrderEvent::FillVoided { order, .. }
        | OrderEvent::CancelIntended { order, .. }
        | OrderEvent::Cancelled { order, .. }
        | OrderEvent::Expired { order } => *order = mine,
        OrderEvent::PositionSettled(_) => {}
    }
    event
}

proptest! {
    #[test]
    fn every_order_of_reports(rolls in prop::collection::vec(any::<u64>(), 0..120)) {
        let mut s = Stream::new();
        let mut reports: BTreeMap<OrderId, Vec<OrderEvent>> = BTreeMap::new();
        for roll in rolls {
            let mut dice = Dice::new(roll, false);
            let event = report(&mut dice, reports.len() as u32);
            let order = Event::Order(event.clone()).order();
            s.tell(Event::Order(event.clone()));
            if let Some(order) = order
                && (reports.contains_key(&order) || matches!(event, OrderEvent::Intended(_)))
            {
                reports.entry(order).or_default().push(event);
            }
            let o = &s.state.orders;
            let fates: Vec<(OrderId, Fate)> = reports.iter().map(|(id, r)| (*id, Fate::of(r))).collect();
            for (id, fate) in &fates {
                let order = o.get(*id).unwrap();
                prop_assert_eq!(Some(order.status), fate.status);
                prop_assert_eq!(order.filled.0, fate.standing.values().sum::<i64>());
                prop_assert_eq!((order.remaining().0, order.reserved().0), (fate.remaining(), fate.reserved()));
                prop_assert_eq!((order.attempts, order.cancelling), (fate.attempts, fate.cancelling));
            }
            let count = |f: fn(&Fate) -> bool| fates.iter().filter(|(_, fate)| f(fate)).count();
            prop_assert_eq!(o.open().count(), count(Fate::open));
            prop_assert_eq!(o.reserved(), Cash(fates.iter().map(|(_, f)| f.reserved()).sum()));
            for token in (0..8).map(TokenId) {
                let sales = fates.iter().filter(|(_, f)| f.open() && f.side == Some(Side::Sell) && f.token == token);
                prop_assert_eq!(o.selling(token), Size(sales.map(|(_, f)| f.remaining()).sum()));
            }
            prop_assert_eq!(o.intended, fates.len() as u64);
            prop_assert_eq!(o.next_id(), OrderId(fates.len() as u32 + 1));
            let ended = [o.rejected, o.cancelled, o.expired, o.filled, o.unknown, o.voided, o.fills];
            let is = |status| fates.iter().filter(|(_, f)| f.status == Some(status)).count() as u64;
            let voided: usize = fates.iter().map(|(_, f)| f.voided.len()).sum();
            let standing: usize = fates.iter().map(|(_, f)| f.standing.len()).sum();
            prop_assert_eq!(ended, [
                is(OrderStatus::Rejected),
                is(OrderStatus::Cancelled),
                is(OrderStatus::Expired),
                is(OrderStatus::Filled),
                count(|f| f.was_unknown) as u64,
                voided as u64,
                (voided + standing) as u64,
            ]);
        }
    }
}

/// An order of ten shares at 40 cents, and a fill of some of them.
fn story() -> (Stream, OrderEvent, impl Fn(u128, i64) -> Event) {
    let mut dice = Dice::new(3, false);
    let intent = loop {
        if let OrderEvent::Intended(mut i) = dice.order_event() {
            i.order = OrderId(1);
            i.plan.size = Size(10_000_000);
            i.plan.action = schemas::event::Action { token: TokenId(0), side: Side::Buy };
            i.worst_case_loss = Cash(4_000_000);
            break OrderEvent::Intended(i);
        }
    };
    let blank = dice.fill();
    let fill = move |trade: u128, shares: i64| {
        let (order, trade, size) = (OrderId(1), TradeKey(trade), Size(shares * 1_000_000));
        Event::Order(OrderEvent::FillBooked(Box::new(FillBooked {
            order,
            trade,
            size,
            token: TokenId(0),
            side: Side::Buy,
            fee: Cash(100),
            ..blank
        })))
    };
    (Stream::new(), intent, fill)
}

fn void(trade: u128) -> Event {
    Event::Order(OrderEvent::FillVoided { order: OrderId(1), trade: TradeKey(trade), reason: String::new() })
}

#[test]
fn a_fill_reported_twice_counts_once_in_every_fold() {
    let (mut s, intent, fill) = story();
    s.tell(Event::Order(intent));
    s.tell(fill(1, 4));
    s.tell(Event::Order(OrderEvent::FillConfirmed { order: OrderId(1), trade: TradeKey(1) }));
    let parts = s.state.parts();
    s.tell(fill(1, 4));
    assert_eq!(s.state.parts(), parts, "a report of a confirmed fill is not a second fill");
    s.tell(fill(2, 6));
    let parts = s.state.parts();
    s.tell(fill(2, 6));
    assert_eq!(s.state.parts(), parts, "nor is one of a filled order");
    s.tell(void(2));
    let parts = s.state.parts();
    s.tell(fill(2, 6));
    assert_eq!(s.state.parts(), parts, "nor is one of a voided fill");
    assert_eq!(s.state.positions.held(TokenId(0)), Size(4_000_000));
}

#[test]
fn an_order_with_a_voided_fill_ends_when_the_rest_is_filled() {
    let (mut s, intent, fill) = story();
    s.tell(Event::Order(intent));
    s.tell(fill(1, 4));
    s.tell(void(1));
    assert_eq!(s.state.orders.reserved(), Cash(2_400_000), "what was matched and voided rests no more");
    s.tell(fill(2, 6));
    assert!(s.state.orders.none_open(), "nothing of it rests at the venue");
    assert_eq!(s.state.orders.get(OrderId(1)).unwrap().status, OrderStatus::Filled);
    assert_eq!(s.state.orders.reserved(), Cash::ZERO);
}

#[test]
fn a_fill_after_the_cancel_still_counts() {
    let (mut s, intent, fill) = story();
    s.tell(Event::Order(intent));
    s.tell(Event::Order(OrderEvent::Cancelled { order: OrderId(1), reason: CancelReason::Operator }));
    s.tell(fill(1, 4));
    let order = s.state.orders.get(OrderId(1)).unwrap();
    assert_eq!((order.status, order.filled), (OrderStatus::Cancelled, Size(4_000_000)));
    assert_eq!(s.state.positions.held(TokenId(0)), Size(4_000_000));
    assert_eq!(s.state.health.anomalies, 0);
}

#[test]
fn unknown_keeps_its_reservation_until_it_is_proven() {
    let (mut s, intent, fill) = story();
    s.tell(Event::Order(intent));
    s.tell(Event::Order(OrderEvent::Unknown { order: OrderId(1), reason: String::new() }));
    assert_eq!(s.state.orders.reserved(), Cash(4_000_000));
    s.tell(fill(1, 4));
    assert_eq!(
        s.state.orders.get(OrderId(1)).unwrap().status,
        OrderStatus::Live,
        "a fill proves that the venue has it"
    );
    assert_eq!(s.state.orders.reserved(), Cash(2_400_000));
    s.tell(Event::Order(OrderEvent::Unknown { order: OrderId(1), reason: String::new() }));
    assert_eq!(s.state.orders.get(OrderId(1)).unwrap().status, OrderStatus::Live);
}

#[test]
fn reports_about_nobodys_order_are_counted_and_ignored() {
    let mut s = Stream::new();
    for order in [OrderId(7), OrderId(u32::MAX)] {
        s.tell(Event::Order(OrderEvent::Accepted { order }));
        s.tell(Event::Order(OrderEvent::Expired { order }));
    }
    assert_eq!(s.state.health.anomalies, 4);
    assert!(s.state.orders.none_open());
}
