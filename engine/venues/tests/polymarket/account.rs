//! What holds trading back: the start, the clock, the heartbeat, the user channel, strangers.

use crate::desk::{World, halts, hash, intent, taken};
use crate::hand::{Hand, User};
use crate::venue::at;
use schemas::Event;
use schemas::event::{AccountEvent, KillLevel, Purpose, SystemEvent};
use serde_json::json;
use venues::wire::{Socket, Tell};

const DOLLARS_100: i64 = 100_000_000;

fn why(world: &World) -> String {
    world.state.kill.halted.clone().unwrap_or_default()
}

fn faults(world: &World, about: &str) -> usize {
    let is = |e: &&Event| matches!(e, Event::System(SystemEvent::Fault { text, .. }) if text.contains(about));
    world.said.iter().filter(is).count()
}

#[test]
fn trading_begins_when_the_venue_and_the_log_agree() {
    let mut hand = Hand::new(DOLLARS_100);
    let mut world = World::started(&mut hand);
    assert_eq!(halts(&world), ["reconciling with the venue", "resumed"]);
    assert_eq!(world.state.positions.cash.0, DOLLARS_100);
    // A later start at which the venue has another sum.
    world.desk = World::new().desk;
    hand.cash -= 1_000_000;
    world.begin();
    world.pass(&mut hand, 120_000);
    assert_eq!(why(&world), "reconciling with the venue");
    let differs = |e: &&Event| matches!(e, Event::Account(AccountEvent::ReconcileMismatch { .. }));
    assert_eq!(world.said.iter().filter(differs).count(), 1, "said once");
    hand.cash += 1_000_000;
    world.pass(&mut hand, 10_000);
    assert_eq!(world.state.kill.halted, None);
}

#[test]
fn nothing_begins_before_every_list_could_be_read_whole() {
    for (path, list) in [("trades", true), ("open orders", false)] {
        let mut hand = Hand::new(DOLLARS_100);
        let odd = vec![json!({ "id": 7 })];
        if list {
            hand.trades = odd
        } else {
            hand.open = odd
        }
        let mut world = World::started(&mut hand);
        world.pass(&mut hand, 300_000);
        assert_eq!(why(&world), "reconciling with the venue", "{path}");
        assert_eq!(faults(&world, path), 1, "the same entry is said once");
        (hand.trades, hand.open) = (Vec::new(), Vec::new());
        world.pass(&mut hand, 30_000);
        assert_eq!(world.state.kill.halted, None, "{path}");
    }
}

#[test]
fn a_clock_that_is_off_or_not_known_holds_everything() {
    let mut hand = Hand::new(DOLLARS_100);
    hand.broken.insert("/time", 503);
    let mut world = World::started(&mut hand);
    world.pass(&mut hand, 60_000);
    assert_eq!(why(&world), "reconciling with the venue");
    assert!((10..=16).contains(&hand.asks_of("/time")), "{}", hand.asks_of("/time"));
    hand.broken.clear();
    world.pass(&mut hand, 10_000);
    assert_eq!(world.state.kill.halted, None);
    hand.ahead_s = 9;
    world.pass(&mut hand, 70_000);
    assert!(why(&world).contains("clock is more than 5 s off"), "{}", why(&world));
    assert_eq!(faults(&world, "this machine's clock"), 1);
    hand.ahead_s = 0;
    world.pass(&mut hand, 70_000);
    assert_eq!(world.state.kill.halted, None);
}

#[test]
fn heartbeats_that_are_not_confirmed_hold_until_the_account_was_compared_again() {
    let mut hand = Hand::new(DOLLARS_100);
    let mut world = World::started(&mut hand);
    hand.broken.insert("/v1/heartbeats", 0);
    world.pass(&mut hand, 5_000);
    assert_eq!(world.state.kill.halted, None);
    world.pass(&mut hand, 10_000);
    assert!(why(&world).contains("heartbeat"), "{}", why(&world));
    // They come back, and the venue's list does not: what it cancelled meanwhile is not known.
    (hand.broken, hand.asked) = ([("/data/trades", 503)].into(), Vec::new());
    world.pass(&mut hand, 20_000);
    assert!(hand.asks_of("/data/orders") >= 1 && hand.asks_of("/data/trades") >= 1);
    assert!(why(&world).contains("heartbeat"), "{}", why(&world));
    hand.broken.clear();
    world.pass(&mut hand, 70_000);
    assert_eq!(world.state.kill.halted, None);
}

#[test]
fn an_answer_from_before_heartbeats_were_lost_ends_no_hold() {
    let mut hand = Hand::new(DOLLARS_100);
    let mut world = World::started(&mut hand);
    hand.held = Some("/balance-allowance");
    world.pass(&mut hand, 60_000);
    hand.broken.insert("/v1/heartbeats", 0);
    world.pass(&mut hand, 15_000);
    hand.broken = [("/data/trades", 503)].into();
    world.pass(&mut hand, 6_000);
    assert_eq!(why(&world), "the venue has not confirmed a heartbeat for 10 s");
    let late = hand.late.take().unwrap();
    world.hear(late);
    assert_eq!(why(&world), "the venue has not confirmed a heartbeat for 10 s");
    (hand.held, hand.broken) = (None, [].into());
    world.pass(&mut hand, 70_000);
    assert_eq!(world.state.kill.halted, None);
}

#[test]
fn an_order_of_the_wallet_that_is_not_of_the_log_throws_the_switch() {
    let mut hand = Hand::new(DOLLARS_100);
    let mut world = World::started(&mut hand);
    let order = json!({
        "event_type": "order", "type": "PLACEMENT", "id": format!("0x{}", hash(77)), "owner": "key",
        "market": format!("0x{}", "01".repeat(32)), "asset_id": "7", "side": "BUY", "original_size": "10",
        "size_matched": "0", "price": "0.5", "status": "LIVE", "order_type": "GTC",
    });
    hand.open.push(order.clone());
    assert_eq!(world.state.kill.level, KillLevel::Off);
    // Nobody told it: the list that is asked for every five minutes has it.
    world.pass(&mut hand, 310_000);
    let strange = |e: &&Event| matches!(e, Event::Account(AccountEvent::ReconcileMismatch { what, .. }) if what.contains("not of this log"));
    assert_eq!(world.said.iter().filter(strange).count(), 1);
    world.hear(Tell::Text(Socket::User, order.to_string()));
    assert_eq!(world.said.iter().filter(strange).count(), 1, "said once");
}

#[test]
fn a_user_channel_that_does_not_stay_open_is_not_hammered() {
    for user in [User::Refused, User::ClosedAtOnce] {
        let mut hand = Hand::new(DOLLARS_100);
        hand.user = user;
        let mut world = World::started(&mut hand);
        world.pass(&mut hand, 200_000);
        assert!((7..=11).contains(&hand.opened.len()), "{:?}", hand.opened);
        assert_eq!(faults(&world, "the user channel was closed 4 times"), 1);
        // Fills are asked for meanwhile.
        assert!(hand.asks_of("/data/trades") >= 4);
    }
}

#[test]
fn a_user_channel_that_answers_no_ping_is_opened_anew_and_the_lists_are_asked_for() {
    let mut hand = Hand::new(DOLLARS_100);
    let mut world = World::started(&mut hand);
    (hand.user, hand.asked) = (User::Dead, Vec::new());
    world.pass(&mut hand, 25_000);
    assert_eq!(hand.opened.len(), 1);
    world.pass(&mut hand, 10_000);
    assert_eq!(hand.opened.len(), 2);
    assert_eq!(hand.asks_of("/data/orders"), 1);
}

/// What orders the venue was sent and what it answered is kept as it was.
#[test]
fn order_traffic_is_kept_as_it_came() {
    let mut hand = Hand::new(DOLLARS_100);
    let mut world = World::started(&mut hand);
    hand.posts.push_back(taken(1));
    world.place(&intent(1, Purpose::Entry, false));
    world.pass(&mut hand, 100);
    let trade = format!("{{\"event_type\":\"weather\",\"at\":{}}}", at(world.now_ms).0);
    world.hear(Tell::Text(Socket::User, trade.clone()));
    let kept = |channel: &str, text: &str| {
        let is = |e: &&Event| matches!(e, Event::System(SystemEvent::RawKept { channel: c, text: t }) if c == channel && t == text);
        world.said.iter().filter(is).count()
    };
    assert_eq!((kept("order", &taken(1).to_string()), kept("user", &trade)), (1, 1));
}
