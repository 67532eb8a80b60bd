//! Books: whole, changed, doubted, compared, asked for.

use crate::harness::World;
use crate::venue::{START_MS, cents};
use schemas::event::{FeedScope, MarketChange, MarketEvent, SystemEvent};
use schemas::{Event, Price};
use serde_json::json;

fn faults(world: &World) -> usize {
    world.count(|e| matches!(e, Event::System(SystemEvent::Fault { .. })))
}

#[test]
fn changes_of_both_outcomes_are_told_with_the_best_prices_behind_them() {
    let mut world = World::settled(1);
    world.change(0, true, cents(49), 10);
    world.change(0, false, cents(52), 0);
    world.run(100);
    world.is_right(0);
    let deltas: Vec<_> = world.market_events().into_iter().collect();
    assert_eq!(deltas.len(), 4);
    // A message with several levels of one token states the prices behind the last of them.
    world.said.clear();
    let now_ms = world.now_ms;
    let market = &mut world.venue.markets[0];
    market.set(true, cents(49), 0, now_ms);
    market.set(true, cents(48), 0, now_ms);
    let frame = market.change_frame(&[(true, cents(49), 0), (true, cents(48), 0)]);
    world.publish(0, &frame);
    world.run(100);
    let stated: Vec<bool> = world
        .market_events()
        .into_iter()
        .map(|e| if let MarketEvent::BookDelta(d) = e { d.stated.is_some() } else { panic!("{e:?}") })
        .collect();
    assert_eq!(stated, [false, true, false, true]);
    world.is_right(0);
    assert_eq!(world.asked("/books"), 0);
}

#[test]
fn an_empty_side_is_no_difference() {
    let mut world = World::settled(1);
    for price in [52, 53] {
        world.change(0, false, cents(price), 0);
    }
    world.run(3_000);
    world.is_right(0);
    assert_eq!(world.asked("/books"), 0, "no offers are stated as an offer at a dollar");
}

#[test]
fn a_lost_change_that_shows_in_the_best_prices_is_asked_for() {
    let mut world = World::settled(1);
    world.venue.markets[0].put(true, cents(50), 40);
    world.run(20);
    // The next message states a best bid that is not held.
    world.change(0, false, cents(60), 5);
    world.run(100);
    let id = world.id(0);
    assert!(!world.is_sure(id.yes()) && world.state.quotes.get(id.yes()).valid == world.is_sure(id.yes()));
    world.run(600);
    assert_eq!(world.asked("/books"), 0, "it may come by itself");
    world.run(1_000);
    assert_eq!(world.asked("/books"), 1, "both outcomes in one question");
    world.is_right(0);
}

#[test]
fn a_deletion_that_was_lost_is_healed_and_the_whole_book_asked_for() {
    let mut world = World::settled(1);
    world.venue.markets[0].put(true, cents(48), 0);
    world.venue.markets[0].put(true, cents(30), 7);
    world.run(20);
    world.change(0, false, cents(60), 5);
    world.run(1_000);
    assert_eq!(world.asked("/books"), 1, "where one message was lost, more may have been");
    world.is_right(0);
}

#[test]
fn best_prices_that_stay_different_make_a_book_doubtful() {
    let mut world = World::settled(1);
    let now_ms = world.now_ms;
    world.venue.markets[0].put(true, cents(50), 40);
    world.venue.markets[0].changed_ms = now_ms;
    for (outcome, bid, ask) in [(0, 50, 52), (1, 48, 50)] {
        let best = world.venue.markets[0].best_frame(outcome, cents(bid), cents(ask), now_ms);
        world.publish(0, &best);
    }
    world.run(800);
    assert!(world.is_sure(world.id(0).yes()), "for less than a second it may be on its way");
    world.run(300);
    assert!(world.count(|e| matches!(e, Event::Market(MarketEvent::FeedGap { .. }))) == 1);
    world.run(1_000);
    world.is_right(0);
    // One that is older than the book says nothing.
    world.said.clear();
    let old = world.venue.markets[0].best_frame(0, cents(1), cents(99), now_ms - 5_000);
    world.publish(0, &old);
    world.run(3_000);
    assert_eq!(world.said.len(), 0);
}

#[test]
fn a_change_that_was_lost_in_the_depth_is_found_by_the_regular_comparison() {
    let mut world = World::settled(1);
    world.venue.markets[0].put(true, cents(20), 500);
    // The socket goes on about something else.
    for i in 0..130 {
        world.run(1_000);
        world.change(0, false, cents(70), 1 + i % 7);
    }
    world.run(1_000);
    world.is_right(0);
    assert!(world.asked("/books") <= 3, "{}", world.asked("/books"));
    assert_eq!(world.opened.len(), 1, "that is no reason to open it anew");
}

#[test]
fn late_and_repeated_messages_change_nothing() {
    let mut world = World::settled(1);
    let market = &mut world.venue.markets[0];
    let old_book = market.book_json(0).to_string();
    market.changed_ms = -1_000;
    let old_change = market.change_frame(&[(true, cents(48), 1)]).to_string();
    let now_ms = world.now_ms;
    let first = world.venue.markets[0].set(true, cents(49), 10, now_ms).to_string();
    world.run(20);
    let now_ms = world.now_ms;
    let second = world.venue.markets[0].set(true, cents(49), 25, now_ms).to_string();
    // The second comes first, then the first, then both again, then what is long past.
    for frame in [&second, &first, &second, &first, &second] {
        world.frame(0, frame.clone());
    }
    world.run(100);
    world.is_right(0);
    let book = world.venue.markets[0].book_json(0).to_string();
    world.frame(0, book);
    world.frame(0, old_book);
    world.frame(0, old_change);
    world.run(100);
    world.is_right(0);
    assert_eq!(world.asked("/books"), 0);
}

#[test]
fn an_answer_that_is_older_than_the_socket_is_completed_by_it() {
    let mut world = World::settled(1);
    // Something was lost; the answer takes its time, and the socket tells of changes meanwhile.
    world.venue.markets[0].put(true, cents(50), 40);
    world.run(20);
    world.change(0, false, cents(60), 5);
    world.faults.answer_late = 100;
    world.run(1_300);
    assert_eq!(world.asked("/books"), 1);
    for size in 1..20 {
        world.run(100);
        world.change(0, false, cents(61), size);
    }
    world.run(10_000);
    world.is_right(0);
}

#[test]
fn a_new_grid_is_told_once_and_both_books_come_anew() {
    let mut world = World::settled(1);
    world.run(1_000);
    let now_ms = world.now_ms;
    let market = &mut world.venue.markets[0];
    (market.tick, market.changed_ms) = (Price(1_000), now_ms);
    market.put(true, Price(485_000), 9);
    let frames = [0, 1].map(|outcome| market.tick_frame(outcome, cents(1)));
    let book = market.book_json(0);
    for frame in [&frames[0], &book, &frames[1]] {
        world.publish(0, frame);
    }
    world.run(20);
    let ticks = |world: &World| {
        world.count(|e| matches!(e, Event::Market(MarketEvent::Changed { change: MarketChange::Tick(_), .. })))
    };
    let id = world.id(0);
    assert_eq!((ticks(&world), world.state.markets.get(id).unwrap().tick), (1, Price(1_000)));
    assert!(!world.is_sure(id.no()), "its whole book has not come");
    world.run(2_000);
    world.is_right(0);
    assert_eq!(ticks(&world), 1);
    // The message of the epoch before comes late.
    let mut old = world.venue.markets[0].tick_frame(0, cents(1));
    old["new_tick_size"] = json!("0.01");
    old["timestamp"] = json!((START_MS + 10).to_string());
    world.publish(0, &old);
    world.run(100);
    assert_eq!((ticks(&world), world.state.markets.get(id).unwrap().tick), (1, Price(1_000)));
}

#[test]
fn a_grid_that_no_message_told_is_seen_in_the_next_whole_book() {
    let mut world = World::settled(1);
    let now_ms = world.now_ms;
    (world.venue.markets[0].tick, world.venue.markets[0].changed_ms) = (Price(1_000), now_ms);
    world.run(20_000);
    assert_eq!(world.state.markets.get(world.id(0)).unwrap().tick, Price(1_000));
    world.is_right(0);
}

#[test]
fn a_book_with_a_wrong_hash_is_not_used_and_that_is_said_once() {
    let mut world = World::settled(1);
    let id = world.id(0);
    let mut book = world.venue.markets[0].book_json(0);
    book["bids"][0]["size"] = json!("4711");
    world.publish(0, &book);
    world.faults.book_hash_wrong = 100;
    world.run(40);
    assert_eq!(faults(&world), 1);
    assert!(!world.is_sure(id.yes()));
    world.run(120_000);
    assert!(!world.is_sure(id.yes()));
    assert!(faults(&world) <= 2, "once for each token, not at every look: {}", faults(&world));
    assert!(world.asked("/books") < 15, "{} requests in two minutes", world.asked("/books"));
    assert!(!world.state.quotes.is_live(id), "stale is said");
    world.faults.book_hash_wrong = 0;
    world.run(61_000);
    world.is_right(0);
    let restored = MarketEvent::FeedRestored { scope: FeedScope::Market(id) };
    assert!(world.market_events().contains(&&restored));
    // Without all the fields that are hashed there is nothing to compare.
    let mut book = world.venue.markets[0].book_json(0);
    book.as_object_mut().unwrap().remove("tick_size");
    book["hash"] = json!("anything");
    world.said.clear();
    world.publish(0, &book);
    world.run(40);
    assert_eq!((faults(&world), world.said.len()), (0, 1));
}

#[test]
fn the_smallest_order_is_kept_up_to_date() {
    let mut world = World::settled(1);
    let mut book = world.venue.markets[0].book_json(0);
    book["min_order_size"] = json!("15");
    book["hash"] = json!(polymarket::book_hash(&book.to_string()).unwrap());
    world.publish(0, &book);
    world.run(100);
    assert_eq!(world.state.markets.get(world.id(0)).unwrap().min_size.0, 15_000_000);
}
