//! Orders whose fate nobody knows: they keep their reservation, block their market, and are sent again until proven.

use super::floor::{Floor, at, run_started};
use super::market::{M, YES, book, cents, listed, shares};
use super::settings::{eager, watchful};
use projections::orders::OrderStatus;
use schemas::event::{KillLevel, Limit, Mode, OrderEvent, SystemEvent, TradeKey, Verdict};
use schemas::{Cash, Event, MarketId, OrderId, Side, Size};

/// Every answer is lost: the first on the way back, the second on the way there, and so on.
fn deaf() -> engine_core::Config {
    let mut c = eager();
    c.paper.lose_every_nth_answer = 1;
    c.execution.allow_maker = false;
    c
}

#[test]
fn it_keeps_its_reservation_and_blocks_its_market() {
    let mut f = Floor::scripted(&eager());
    f.tick(1, listed(M, 0));
    let order = f.intend(YES, Side::Buy, cents(40), shares(10));
    f.lose(order);
    assert_eq!(f.state().orders.reserved(), Cash(4_000_000));
    let mark = f.mark();
    for _ in 0..3 {
        f.tick(20, book(YES, (49, 10_000), (51, 100)));
    }
    assert!(f.intents(mark).is_empty());
    f.tell(Event::Order(OrderEvent::Rejected { order, reason: "no".to_owned() }));
    assert_eq!(f.state().orders.reserved(), Cash::ZERO);
    f.tick(20, book(YES, (49, 10_000), (51, 100)));
    assert_eq!(f.intents(mark).len(), 1, "proven: the market is free again");
}

#[test]
fn the_gate_refuses_a_sale_beside_it() {
    let mut f = Floor::scripted(&watchful());
    f.tick(1, listed(M, 0));
    f.tick(0, book(YES, (49, 1_000), (51, 1_000)));
    f.hold(YES, cents(50), shares(10));
    let order = f.intend(YES, Side::Buy, cents(40), shares(10));
    f.lose(order);
    let mark = f.mark();
    f.tick(1, book(YES, (40, 1_000), (42, 1_000)));
    let v = &f.verdicts(mark)[0];
    assert_eq!(v.verdict, Verdict::Veto);
    assert!(v.checks.iter().any(|c| c.limit == Limit::UnknownOrders && !c.pass));
}

#[test]
fn the_same_bytes_go_again_at_growing_distance() {
    let mut f = Floor::scripted(&watchful());
    f.tick(1, listed(M, 0));
    let order = f.intend(YES, Side::Buy, cents(40), shares(10));
    f.lose(order);
    let start = f.now();
    f.wait(400);
    let seconds: Vec<i64> = f
        .log
        .iter()
        .filter(|e| matches!(e.event, Event::Order(OrderEvent::ResendIntended { .. })))
        .map(|e| e.time.since(start) / 1_000_000_000)
        .collect();
    assert_eq!(seconds, [5, 15, 35, 75, 155, 275, 395], "5, 10, 20, 40, 80, and then 120 seconds apart");
    assert_eq!(f.resends(0)[..3], [(order, 2), (order, 3), (order, 4)]);
    f.accept(order);
    let mark = f.mark();
    f.wait(1_000);
    assert_eq!(f.resends(mark), []);
    assert_eq!(f.core.next_timer(), None);
}

#[test]
fn a_resend_that_falls_on_another_timer_is_not_forgotten() {
    let mut c = eager();
    c.paper.lose_every_nth_answer = 2;
    c.paper.confirm_latency_ms = 5_000;
    c.execution.allow_maker = false;
    let mut f = Floor::open(&c);
    for m in 0..2 {
        f.tick(0, listed(MarketId(m), 0));
    }
    // The first order fills and is confirmed five seconds later; the second is lost at the same moment.
    for m in 0..2 {
        f.feed(at(1_000), book(MarketId(m).yes(), (49, 10_000), (51, 100)));
    }
    f.wait(0);
    assert_eq!(f.state().orders.unknown, 1);
    f.wait(60);
    assert!(f.state().orders.open().all(|o| o.status != OrderStatus::Unknown), "{:?}", f.kinds(0));
    f.assert_agrees_with_the_exchange();
}

#[test]
fn lost_answers_never_make_a_second_order() {
    let mut f = Floor::open(&deaf());
    for m in 0..4 {
        f.tick(0, listed(MarketId(m), 0));
    }
    for m in 0..4 {
        f.tick(1, book(MarketId(m).yes(), (49, 10_000), (51, 200)));
    }
    f.wait(120);
    let intents = f.intents(0);
    assert_eq!(intents.len(), 4);
    for intent in &intents {
        let held = f.state().positions.held(intent.plan.action.token);
        assert_eq!(held, intent.plan.size, "bought once");
        assert_eq!(f.order(intent.order).status, OrderStatus::Filled);
    }
    assert!(f.state().orders.unknown >= 4);
    f.assert_agrees_with_the_exchange();
}

#[test]
fn a_crash_in_between_leaves_orders_unknown_on_a_live_venue() {
    let mut f = Floor::scripted(&watchful());
    f.tell(run_started(&watchful(), Mode::Live));
    f.tick(1, listed(M, 0));
    let silent = f.intend(YES, Side::Buy, cents(40), shares(10));
    let answered = f.intend(YES, Side::Buy, cents(39), shares(10));
    f.accept(answered);
    f.tell(run_started(&watchful(), Mode::Live));
    assert_eq!(f.order(silent).status, OrderStatus::Unknown);
    assert_eq!(f.order(answered).status, OrderStatus::Live);
    f.wait(5);
    assert_eq!(f.resends(0), [(silent, 2)], "the same bytes or nothing");
}

#[test]
fn a_voided_fill_gives_back_position_limits_and_result() {
    let mut c = eager();
    c.paper.fail_every_nth_trade = 1;
    c.execution.allow_maker = false;
    let mut f = Floor::open(&c);
    f.tick(1, listed(M, 20_000));
    f.tick(1, book(YES, (49, 10_000), (51, 100)));
    f.wait(0);
    assert!(f.state().positions.held(YES).0 > 0);
    assert!(f.state().activity.fees_last_day(f.now()).0 > 0);
    f.wait(3);
    let s = f.state();
    assert_eq!(
        (s.positions.held(YES), s.positions.cash, s.equity.now),
        (Size::ZERO, Cash(1_000_000_000), Cash(1_000_000_000))
    );
    assert_eq!((s.positions.realized, s.positions.fees, s.positions.fills), (Cash::ZERO, Cash::ZERO, 0));
    assert_eq!((s.activity.fees_last_day(f.now()), s.orders.reserved()), (Cash::ZERO, Cash::ZERO));
    assert_eq!((s.equity.daily_loss(), s.kill.level), (Cash::ZERO, KillLevel::Off));
    f.assert_agrees_with_the_exchange();
    let mark = f.mark();
    f.tick(20, book(YES, (49, 10_000), (51, 200)));
    assert_eq!(f.intents(mark).len(), 1, "the view may be expressed again");
}

#[test]
fn a_void_of_an_open_order_does_not_hold_its_market_for_ever() {
    let mut f = Floor::scripted(&eager());
    f.tick(1, listed(M, 0));
    f.tick(0, book(YES, (40, 1_000), (60, 1_000)));
    let order = f.intend(YES, Side::Buy, cents(41), shares(10));
    f.accept(order);
    let trade: TradeKey = f.fill(order, shares(4));
    f.tell(Event::Order(OrderEvent::FillVoided { order, trade, reason: "failed".to_owned() }));
    f.fill(order, shares(6));
    assert_eq!(f.order(order).status, OrderStatus::Filled);
    assert!(f.state().orders.none_open());
    assert_eq!(f.state().orders.next_id(), OrderId(2));
}

#[test]
fn a_resend_that_is_overdue_is_made_up_for() {
    let mut c = watchful();
    c.execution.unknown_resend_seconds = 600;
    let mut f = Floor::scripted(&c);
    f.tick(1, listed(M, 0));
    let order = f.intend(YES, Side::Buy, cents(40), shares(10));
    f.lose(order);
    f.tick(60, book(YES, (49, 1_000), (51, 1_000)));
    // Patience is cut short while it waits: its moment has passed already.
    c.execution.unknown_resend_seconds = 5;
    let config = c.canonical().unwrap();
    let config_hash = engine_core::Config::hash(&config);
    f.tell(Event::System(SystemEvent::ConfigChanged { config, config_hash }));
    assert!(f.core.next_timer().unwrap() < f.now());
    f.wait(0);
    assert_eq!(f.resends(0), [(order, 2)]);
    assert!(f.core.next_timer().unwrap() > f.now());
}
