//! How orders end: nothing is over before every share that traded is in the log, and no end is missed for ever.

use crate::desk::{World, hash, intent, taken};
use crate::hand::Hand;
use crate::venue::at;
use projections::orders::OrderStatus;
use schemas::event::{OrderEvent, Purpose, SystemEvent, TimeInForce};
use schemas::{Event, OrderId, Size, UtcNanos};
use serde_json::{Value, json};
use venues::wire::{Socket, Tell};

const DOLLARS_100: i64 = 100_000_000;

/// An order as the venue tells it, with so many shares traded.
fn order(n: u32, status: &str, matched: &str) -> Value {
    json!({
        "event_type": "order", "type": "UPDATE", "id": format!("0x{}", hash(n)), "owner": "key",
        "market": format!("0x{}", "01".repeat(32)), "asset_id": token(), "side": "BUY", "original_size": "10",
        "size_matched": matched, "price": "0.5", "status": status, "order_type": "GTC",
    })
}

fn token() -> String {
    polymarket::token::to_decimal(&schemas::Bytes32([2; 32]))
}

/// A trade in which an order took shares.
fn trade(n: u32, id: &str, size: &str) -> Value {
    json!({
        "event_type": "trade", "id": id, "taker_order_id": format!("0x{}", hash(n)),
        "market": format!("0x{}", "01".repeat(32)), "asset_id": token(), "side": "BUY", "size": size, "price": "0.5",
        "status": "CONFIRMED", "owner": "key", "maker_orders": [],
    })
}

fn matched(n: u32, shares: &str) -> Value {
    let mut answer = taken(n);
    (answer["status"], answer["takingAmount"], answer["makingAmount"]) = (json!("matched"), json!(shares), json!("5"));
    answer
}

fn filled(world: &World, n: u32) -> Size {
    world.state.orders.get(OrderId(n)).unwrap().filled
}

fn faults(world: &World) -> Vec<String> {
    let text = |e: &Event| match e {
        Event::System(SystemEvent::Fault { text, .. }) => Some(text.clone()),
        _ => None,
    };
    world.said.iter().filter_map(text).collect()
}

/// An order that takes at once, of which the venue says in its answer that it did.
fn fak_at(hand: &mut Hand, answer: Value) -> World {
    let mut world = World::started(hand);
    let mut intent = intent(1, Purpose::Entry, false);
    intent.plan.tif = TimeInForce::Fak;
    hand.posts.push_back(answer);
    world.place(&intent);
    world.pass(hand, 100);
    world
}

/// An order that rests at the venue.
fn resting(hand: &mut Hand) -> World {
    let mut world = World::started(hand);
    hand.posts.push_back(taken(1));
    hand.open.push(order(1, "LIVE", "0"));
    world.entry(1);
    world.pass(hand, 1_000);
    world
}

/// The moment from which on the last request asked for trades.
fn trades_after(hand: &Hand) -> UtcNanos {
    let last = hand.asked.iter().rev().find(|(_, target)| target.starts_with("/data/trades")).unwrap();
    let after = last.1.split("after=").nth(1).and_then(|rest| rest.split('&').next()).unwrap();
    UtcNanos(after.parse::<i64>().unwrap() * 1_000_000_000)
}

#[test]
fn an_order_that_took_is_not_over_while_the_list_of_trades_is_behind() {
    let mut hand = Hand::new(DOLLARS_100);
    let mut world = fak_at(&mut hand, matched(1, "10"));
    world.pass(&mut hand, 60_000);
    assert_eq!(world.status(1), OrderStatus::Live, "its money stays reserved");
    hand.trades.push(trade(1, "t1", "10"));
    world.pass(&mut hand, 31_000);
    assert_eq!((world.status(1), filled(&world, 1)), (OrderStatus::Filled, Size(10_000_000)));
    assert_eq!(faults(&world), Vec::<String>::new());
}

#[test]
fn the_rest_of_an_order_ends_behind_its_fills_whoever_tells_first() {
    let mut hand = Hand::new(DOLLARS_100);
    let mut world = fak_at(&mut hand, taken(1));
    world.hear(Tell::Text(Socket::User, order(1, "CANCELED", "4").to_string()));
    world.pass(&mut hand, 20_000);
    assert_eq!(world.status(1), OrderStatus::Live);
    world.hear(Tell::Text(Socket::User, trade(1, "t1", "4").to_string()));
    world.pass(&mut hand, 200);
    assert_eq!((world.status(1), filled(&world, 1)), (OrderStatus::Cancelled, Size(4_000_000)));
    let ends = world.said.iter().filter(|e| matches!(e, Event::Order(OrderEvent::Cancelled { .. }))).count();
    assert_eq!(ends, 1);
}

#[test]
fn fills_that_never_come_are_said_and_the_order_ends() {
    let mut hand = Hand::new(DOLLARS_100);
    let mut world = fak_at(&mut hand, matched(1, "10"));
    world.pass(&mut hand, 400_000);
    assert_eq!(world.status(1), OrderStatus::Cancelled);
    let said = faults(&world);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("10 shares traded and shows trades of 0;"), "{said:?}");
    // And if they come after all, they are booked.
    hand.trades.push(trade(1, "t1", "10"));
    world.pass(&mut hand, 61_000);
    assert_eq!(filled(&world, 1), Size(10_000_000));
}

#[test]
fn an_order_that_waits_for_the_markets_delay_is_in_no_list_and_not_over() {
    let mut hand = Hand::new(DOLLARS_100);
    let mut answer = taken(1);
    answer["status"] = json!("delayed");
    let mut world = fak_at(&mut hand, answer);
    world.pass(&mut hand, 30_000);
    assert_eq!(world.status(1), OrderStatus::Live);
    // It took nothing and is gone.
    world.pass(&mut hand, 90_000);
    assert_eq!(world.status(1), OrderStatus::Cancelled);
}

#[test]
fn without_any_match_the_list_of_trades_gets_some_seconds() {
    let mut hand = Hand::new(DOLLARS_100);
    let mut world = fak_at(&mut hand, taken(1));
    world.pass(&mut hand, 6_000);
    assert_eq!(world.status(1), OrderStatus::Live);
    hand.trades.push(trade(1, "t1", "10"));
    world.pass(&mut hand, 10_000);
    assert_eq!(world.status(1), OrderStatus::Filled, "it was behind by six seconds, and the answer did not say");
}

#[test]
fn an_order_whose_end_nobody_told_is_missed_at_the_next_list() {
    let mut hand = Hand::new(DOLLARS_100);
    let mut world = resting(&mut hand);
    world.pass(&mut hand, 400_000);
    assert_eq!(world.status(1), OrderStatus::Live);
    hand.open.clear();
    world.pass(&mut hand, 330_000);
    assert_eq!(world.status(1), OrderStatus::Cancelled);
}

#[test]
fn an_order_that_should_have_expired_is_looked_for() {
    let mut hand = Hand::new(DOLLARS_100);
    let mut world = World::started(&mut hand);
    let mut intent = intent(1, Purpose::Entry, false);
    intent.plan.expires = at(world.now_ms).plus_secs(60);
    hand.posts.push_back(taken(1));
    world.place(&intent);
    world.pass(&mut hand, 60_000);
    assert_eq!((world.status(1), hand.asks_of("/data/order/")), (OrderStatus::Live, 0));
    world.pass(&mut hand, 30_000);
    assert_eq!(world.status(1), OrderStatus::Expired);
}

/// The process was away for three days, and the order filled an hour after it ended.
#[test]
fn trades_are_asked_for_from_when_the_log_last_listened() {
    let mut hand = Hand::new(DOLLARS_100);
    let mut world = resting(&mut hand);
    let ended = at(world.now_ms);
    world.desk = World::new().desk;
    world.desk.remember(&intent(1, Purpose::Entry, false));
    world.now_ms += 3 * 86_400_000;
    hand.asked.clear();
    hand.open.clear();
    hand.trades.push(trade(1, "t1", "10"));
    hand.cash = DOLLARS_100 - 5_000_000;
    hand.shares = 10_000_000;
    world.begin();
    world.pass(&mut hand, 5_000);
    hand.asked.truncate(hand.asked.iter().position(|(_, target)| target.starts_with("/data/trades")).unwrap() + 1);
    assert!(trades_after(&hand) < ended, "the first request");
    assert_eq!((world.status(1), filled(&world, 1)), (OrderStatus::Filled, Size(10_000_000)));
    assert_eq!(world.state.kill.halted, None, "the venue and the log agree");
}

/// The list of trades failed for an hour, and the user channel told nothing; or heartbeats failed too.
#[test]
fn trades_of_an_outage_are_asked_for_when_it_is_over() {
    for heartbeats_too in [false, true] {
        let mut hand = Hand::new(DOLLARS_100);
        let mut world = resting(&mut hand);
        let began = at(world.now_ms);
        hand.broken.insert("/data/trades", 503);
        if heartbeats_too {
            hand.broken.insert("/v1/heartbeats", 0);
        }
        world.pass(&mut hand, 3_600_000);
        hand.broken.clear();
        world.pass(&mut hand, 5_000);
        while hand.asked.iter().rev().take(50).all(|(_, target)| !target.starts_with("/data/trades")) {
            world.pass(&mut hand, 1_000);
        }
        let after = trades_after(&hand);
        assert!(after < began, "{after} {began}");
        // Back to the usual, a little later.
        world.pass(&mut hand, 60_000);
        assert!(trades_after(&hand) > began);
    }
}

/// A look is answered late: it was asked before the order came, and tells of that moment.
#[test]
fn an_answer_from_before_the_order_was_taken_does_not_end_it() {
    let mut hand = Hand::new(DOLLARS_100);
    let mut world = World::started(&mut hand);
    hand.broken.insert("/order", 0);
    world.entry(1);
    world.pass(&mut hand, 100);
    assert_eq!(world.status(1), OrderStatus::Unknown);
    hand.held = Some("/data/order/");
    world.pass(&mut hand, 3_000);
    assert!(hand.late.is_some(), "it was looked for");
    hand.broken.clear();
    hand.posts.push_back(taken(1));
    hand.open.push(order(1, "LIVE", "0"));
    world.desk.resend(OrderId(1), at(world.now_ms));
    world.pass(&mut hand, 100);
    assert_eq!(world.status(1), OrderStatus::Live);
    hand.held = None;
    world.hear(hand.late.take().unwrap());
    world.pass(&mut hand, 60_000);
    assert_eq!(world.status(1), OrderStatus::Live);
}

/// It rested when the process ended, and was cancelled by the venue meanwhile.
#[test]
fn an_order_that_ended_while_nobody_ran_is_over_after_the_start() {
    let mut hand = Hand::new(DOLLARS_100);
    let mut world = resting(&mut hand);
    world.desk = World::new().desk;
    world.desk.remember(&intent(1, Purpose::Entry, false));
    world.now_ms += 60_000;
    hand.open.clear();
    world.begin();
    world.pass(&mut hand, 30_000);
    assert_eq!(world.status(1), OrderStatus::Cancelled);
    assert_eq!(world.state.kill.halted, None);
}
