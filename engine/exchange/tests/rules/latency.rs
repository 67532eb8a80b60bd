//! An order arrives, is answered, and is confirmed when the configured times have passed, and matches the book as it is
//! then.

use super::desk::{Desk, M, buy, fak, shares};
use exchange::AccountId;
use schemas::event::{OrderEvent, OrderPlan, Resolution, TimeInForce};
use schemas::{Event, OrderId};

const SLOW: &str = r#""submit_latency_ms":50,"report_latency_ms":30,"confirm_latency_ms":2000"#;

fn times(d: &Desk, order: OrderId) -> Vec<i64> {
    d.said.iter().filter(|(_, _, e)| e.order() == Some(order)).map(|(_, ms, _)| *ms).collect()
}

#[test]
fn each_step_takes_its_time() {
    let mut d = Desk::open(SLOW);
    d.ask(40, 10);
    d.until(1_000);
    let o = d.send(fak(buy(40, 20)));
    d.until(10_000);
    assert_eq!(d.story(o), ["accepted", "taker 10 at 0.4", "cancelled: Unfilled", "confirmed"]);
    assert_eq!(times(&d, o), [1_080, 1_080, 1_080, 3_080]);
}

#[test]
fn it_meets_the_book_of_its_arrival() {
    let mut d = Desk::open(SLOW);
    d.ask(40, 10);
    d.until(1_000);
    let o = d.send(fak(buy(40, 10)));
    d.until(1_049);
    d.ask(40, 0);
    d.until(2_000);
    let story = d.story(o);
    assert!(matches!(&story[..], [only] if only.starts_with("rejected: no orders found to match")), "{story:?}");
}

#[test]
fn a_cancel_takes_its_time_too_and_may_come_too_late() {
    let mut d = Desk::open(SLOW);
    let o = d.send(buy(40, 10));
    d.until(1_000);
    d.cancel(o);
    d.until(1_040);
    d.ask(40, 6);
    d.until(2_000);
    assert_eq!(d.story(o), ["accepted", "maker 6 at 0.4", "cancelled: Operator"]);
    assert_eq!(times(&d, o), [80, 1_070, 1_080]);
    d.cancel(o);
    d.until(3_000);
    assert_eq!(d.story(o).len(), 3, "a second cancel finds nothing and says nothing");
}

#[test]
fn a_cancel_right_behind_its_order_finds_it() {
    let mut d = Desk::open(SLOW);
    let o = d.send(buy(40, 10));
    d.cancel(o);
    d.until(1_000);
    assert_eq!(d.story(o), ["accepted", "cancelled: Operator"]);
}

#[test]
fn an_order_that_arrives_after_the_end_is_refused() {
    let mut d = Desk::open(SLOW);
    let o = d.send(buy(40, 10));
    d.resolve(Resolution::Yes);
    d.until(1_000);
    assert_eq!(d.story(o), ["rejected: the market is not yet ready to process new orders"]);
}

#[test]
fn an_order_that_expires_on_its_way_is_refused() {
    let mut d = Desk::open(SLOW);
    d.until(1_000);
    let o = d.send(OrderPlan { tif: TimeInForce::Gtd, expires: d.time(1_040), ..buy(40, 10) });
    d.until(2_000);
    assert_eq!(d.story(o), ["rejected: invalid expiration"]);
}

#[test]
fn it_wakes_exactly_when_something_is_due() {
    let mut d = Desk::open(SLOW);
    d.until(1_000);
    assert_eq!(d.exchange.next_due(), None);
    d.send(buy(40, 10));
    assert_eq!(d.exchange.next_due(), Some(d.time(1_050)));
    d.until(1_050);
    assert_eq!(d.exchange.next_due(), Some(d.time(1_080)));
    assert_eq!(d.exchange.report_due(d.time(1_079)), None);
    let report = d.exchange.report_due(d.time(1_080)).unwrap();
    assert_eq!(
        (report.account, &report.event),
        (AccountId::ENGINE, &Event::Order(OrderEvent::Accepted { order: OrderId(1) }))
    );
    d.until(1_080);
    assert_eq!((d.exchange.next_due(), d.exchange.resting(M)[0].remaining), (None, shares(10)));
}
