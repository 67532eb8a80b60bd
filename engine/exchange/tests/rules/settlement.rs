//! At resolution all that is pending is confirmed, resting orders are cancelled, and each share pays.

use super::desk::{Desk, M, NO, PROMPT, YES, buy, dollars, fak, order, shares};
use schemas::event::{OrderEvent, Resolution};
use schemas::{Cash, Event, Price, Side};

fn held_both() -> Desk {
    let mut d = Desk::open(PROMPT);
    d.ask(40, 10);
    d.bid(38, 10);
    d.send(fak(buy(40, 10)));
    d.send(fak(order(NO, Side::Buy, 62, 4)));
    d.until(5_000);
    d
}

#[test]
fn winners_pay_a_dollar_losers_nothing_and_a_split_half() {
    // 4.00 and 2.48 were paid.
    for (resolution, cash) in
        [(Resolution::Yes, 1_003_520_000), (Resolution::No, 997_520_000), (Resolution::Split, 1_000_520_000)]
    {
        let mut d = held_both();
        d.resolve(resolution);
        assert_eq!(d.cash(0), Cash(cash), "{resolution:?}");
        let p = &d.state.positions;
        assert_eq!(
            (p.cash, p.held(YES), p.held(NO), p.imbalance(), p.settled),
            (Cash(cash), shares(0), shares(0), 0, 2)
        );
        assert_eq!(p.settled_worthless, u64::from(resolution != Resolution::Split));
    }
}

#[test]
fn what_is_pending_is_confirmed_before_it_pays() {
    let mut d = Desk::open(PROMPT);
    d.ask(40, 10);
    let o = d.send(fak(buy(40, 10)));
    d.resolve(Resolution::Yes);
    assert_eq!(d.story(o), ["accepted", "taker 10 at 0.4", "confirmed"]);
    let last = &d.said.last().unwrap().2;
    assert!(
        matches!(last, Event::Order(OrderEvent::PositionSettled(s)) if s.size == shares(10) && s.payout == Price::ONE)
    );
    assert_eq!((d.state.positions.cash, d.state.health.anomalies), (dollars(1_006), 0));
    d.until(60_000);
    assert_eq!(d.story(o).len(), 3, "nothing is confirmed twice");
}

#[test]
fn what_fails_pending_is_voided_before_it_pays() {
    let mut d = Desk::open(&format!(r#"{PROMPT},"fail_every_nth_trade":2"#));
    d.ask(40, 10);
    d.send(fak(buy(40, 4)));
    let failed = d.send(fak(buy(40, 6)));
    d.resolve(Resolution::Yes);
    assert_eq!(d.story(failed)[2..], ["voided"]);
    assert_eq!((d.state.positions.cash, d.cash(0)), (Cash(1_002_400_000), Cash(1_002_400_000)));
}

#[test]
fn reports_that_were_under_way_are_heard_before_the_payout() {
    let mut d = Desk::open(r#""submit_latency_ms":10,"report_latency_ms":500"#);
    d.until(1_000);
    d.ask(40, 10);
    let o = d.send(fak(buy(40, 10)));
    d.until(1_100);
    assert_eq!(d.story(o), [""; 0], "matched, but not heard of");
    d.resolve(Resolution::Yes);
    d.until(10_000);
    assert_eq!(d.story(o), ["accepted", "taker 10 at 0.4", "confirmed"]);
    assert_eq!((d.state.positions.held(YES), d.state.positions.cash), (shares(0), dollars(1_006)));
    assert_eq!(d.state.health.anomalies, 0);
}

#[test]
fn resting_orders_are_cancelled_and_free_their_cash() {
    let mut d = Desk::open(PROMPT);
    let a = d.send(buy(40, 2_000));
    let b = d.send(order(NO, Side::Buy, 10, 10));
    d.resolve(Resolution::No);
    assert_eq!((d.story(a), d.story(b)), {
        let ended = vec!["accepted".to_owned(), "cancelled: MarketResolved".to_owned()];
        (ended.clone(), ended)
    });
    assert!(d.exchange.resting(M).is_empty() && d.state.orders.none_open());
    assert_eq!(d.cash(0), dollars(1_000));
}

#[test]
fn a_second_resolution_pays_nothing() {
    let mut d = held_both();
    d.resolve(Resolution::Yes);
    let cash = d.cash(0);
    d.resolve(Resolution::No);
    d.resolve(Resolution::Yes);
    assert_eq!((d.cash(0), d.state.positions.cash), (cash, cash));
}

#[test]
fn every_client_is_paid() {
    let mut d = Desk::open(PROMPT);
    d.fund(1, dollars(10));
    d.fund(2, dollars(10));
    d.client(1, buy(40, 10));
    d.client(2, order(NO, Side::Buy, 60, 10));
    d.resolve(Resolution::No);
    assert_eq!((d.cash(1), d.cash(2)), (dollars(6), dollars(14)));
}
