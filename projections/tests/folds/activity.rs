//! Sliding windows against a list of everything.

use super::dice::Dice;
use super::stream::{Stream, envelopes};
use proptest::prelude::*;
use schemas::event::{OrderEvent, Purpose};
use schemas::time::{NANOS_PER_DAY, NANOS_PER_SEC};
use schemas::{Cash, Event, UtcNanos};

proptest! {
    #[test]
    fn windows(rolls in prop::collection::vec(any::<u64>(), 0..250), ahead in 0..100_000i64) {
        let mut s = Stream::new();
        let mut orders: Vec<i64> = Vec::new();
        let mut entries: Vec<(i64, i64)> = Vec::new();
        let mut fees: Vec<(i64, u32, u128, i64, bool)> = Vec::new();
        for envelope in envelopes(&rolls, false) {
            // Only order events matter here, and every fill is of an order that nobody remembers.
            let Event::Order(event) = &envelope.event else { continue };
            s.time = envelope.time.0;
            let known = match event {
                OrderEvent::FillBooked(f) => s.state.orders.knows_fill(f),
                _ => false,
            };
            s.tell(envelope.event.clone());
            match event {
                OrderEvent::Intended(i) => {
                    orders.push(s.time);
                    if i.plan.purpose == Purpose::Entry {
                        entries.push((s.time, i.worst_case_loss.0));
                    }
                }
                OrderEvent::FillBooked(f) if !known => fees.push((s.time, f.order.0, f.trade.0, f.fee.0, true)),
                OrderEvent::FillVoided { order, trade, .. } => {
                    for f in fees.iter_mut().filter(|f| (f.1, f.2) == (order.0, trade.0)) {
                        f.4 = false;
                    }
                }
                _ => {}
            }
            for now in [s.time, s.time + ahead * NANOS_PER_SEC] {
                let a = &s.state.activity;
                let minute = orders.iter().filter(|t| now - **t < 60 * NANOS_PER_SEC).count();
                prop_assert_eq!(a.orders_last_minute(UtcNanos(now)), minute as u32);
                let day: i64 = entries.iter().filter(|e| now - e.0 < NANOS_PER_DAY).map(|e| e.1).sum();
                prop_assert_eq!(a.turnover_last_day(UtcNanos(now)), Cash(day));
                let day: i64 = fees.iter().filter(|f| f.4 && now - f.0 < NANOS_PER_DAY).map(|f| f.3).sum();
                prop_assert_eq!(a.fees_last_day(UtcNanos(now)), Cash(day));
            }
        }
    }
}

#[test]
fn a_window_ends_exactly_when_it_is_over() {
    let mut dice = Dice::new(5, false);
    let intent = loop {
        if let OrderEvent::Intended(mut i) = dice.order_event() {
            i.plan.purpose = Purpose::Entry;
            i.worst_case_loss = Cash(7);
            break OrderEvent::Intended(i);
        }
    };
    let mut s = Stream::new();
    s.tell(Event::Order(intent));
    let a = &s.state.activity;
    let after = |nanos| UtcNanos(s.time + nanos);
    let (minute, day) = (60 * NANOS_PER_SEC, NANOS_PER_DAY);
    assert_eq!((a.orders_last_minute(after(minute - 1)), a.orders_last_minute(after(minute))), (1, 0));
    assert_eq!((a.turnover_last_day(after(day - 1)), a.turnover_last_day(after(day))), (Cash(7), Cash(0)));
}
