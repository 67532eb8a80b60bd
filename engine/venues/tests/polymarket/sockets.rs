//! Sockets that close, fall silent, or speak out of turn.

use crate::harness::{World, faults_said};
use crate::venue::cents;
use schemas::Event;
use schemas::event::{FeedScope, MarketEvent, SystemEvent};

fn gaps(world: &World) -> usize {
    world.count(|e| matches!(e, Event::Market(MarketEvent::FeedGap { .. })))
}

#[test]
fn after_a_reconnect_nothing_is_believed_before_the_whole_book() {
    let mut world = World::settled(2);
    world.cut(0);
    world.run(40);
    let id = world.id(0);
    assert_eq!(gaps(&world), 2, "one a market");
    assert!(!world.is_sure(id.yes()) && !world.is_sure(id.no()));
    // The book moves while nobody listens.
    world.change(0, true, cents(40), 70);
    world.run(2_000);
    world.is_right(0);
    world.is_right(1);
    assert_eq!(world.asked("/books"), 0, "the socket brought them");
    // A change on a new socket whose books were lost is kept back until a whole book is there.
    world.cut(0);
    world.faults.frame_lost = 100;
    world.run(2_200);
    world.faults.frame_lost = 0;
    world.broken.insert("/books", 0);
    world.change(0, true, cents(49), 10);
    world.run(1_000);
    assert!(!world.is_sure(id.yes()), "the best prices alone do not make a book");
    world.broken.clear();
    world.run(40_000);
    world.is_right(0);
}

#[test]
fn reconnects_come_at_growing_distance() {
    let mut world = World::settled(1);
    world.opened.clear();
    world.faults.open_refused = 100;
    world.cut(0);
    let began = world.now_ms;
    world.run(200_000);
    let seconds: Vec<i64> = world.opened.iter().map(|(ms, _)| (ms - began) / 1_000).collect();
    assert_eq!(seconds, [1, 3, 7, 15, 31, 61, 91, 121, 151, 181]);
    let stale = world.count(|e| matches!(e, Event::Market(MarketEvent::FeedStale { .. })));
    assert_eq!(stale, 1, "said once");
    assert!(!world.state.quotes.is_live(world.id(0)));
    assert_eq!(world.asked("/books"), 0, "what could not be kept right is not asked for");
    let said = faults_said(&world);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("refused") && said[0].contains("venue.socket_url"), "{said:?}");
    world.faults.open_refused = 0;
    world.run(40_000);
    world.is_right(0);
}

#[test]
fn a_socket_that_is_closed_at_once_again_and_again_is_not_hammered() {
    let mut world = World::settled(1);
    world.opened.clear();
    for _ in 0..6_000 {
        world.run(100);
        if world.sessions.contains_key(&0) {
            world.cut(0);
        }
    }
    assert!(world.opened.len() < 30, "{} openings in ten minutes", world.opened.len());
}

#[test]
fn a_dead_socket_is_opened_anew() {
    let mut world = World::settled(1);
    world.opened.clear();
    world.sessions.get_mut(&0).unwrap().dead = true;
    world.run(45_000);
    assert_eq!(world.opened.len(), 1, "thirty seconds without a PONG");
    world.is_right(0);
}

#[test]
fn a_silent_socket_that_still_answers_pings_is_found_out() {
    let mut world = World::settled(2);
    world.opened.clear();
    world.sessions.get_mut(&0).unwrap().silent = true;
    world.run(3_000);
    world.change(1, true, cents(49), 10);
    world.run(30_000);
    assert_eq!(world.opened.len(), 1, "the venue's book moved on and the socket did not say so");
    let said =
        world.count(|e| matches!(e, Event::System(SystemEvent::Fault { text, .. }) if text.contains("said nothing")));
    assert_eq!(said, 1);
    world.is_right(1);
    world.is_right(0);
    world.change(1, true, cents(50), 10);
    world.run(100);
    world.is_right(1);
}

#[test]
fn a_quiet_market_is_no_silent_socket() {
    let mut world = World::settled(2);
    world.opened.clear();
    world.run(600_000);
    assert_eq!(world.opened.len(), 0);
    let told = world.count(|e| matches!(e, Event::Market(MarketEvent::FeedRestored { .. })));
    assert!((70..=85).contains(&told), "that nothing changed is news, told every 15 s of each market: {told}");
    assert_eq!(world.said.len(), told, "and nothing else is");
    assert!(world.asked("/books") <= 50, "{}", world.asked("/books"));
    assert_eq!(gaps(&world), 0);
}

#[test]
fn last_words_of_a_closed_socket_are_not_the_next_ones() {
    let mut world = World::settled(1);
    let frame = world.venue.markets[0].change_frame(&[(true, cents(30), 999)]).to_string();
    world.cut(0);
    world.run(40);
    world.said.clear();
    world.ghost(0, frame);
    world.run(100);
    assert_eq!(world.count(|e| matches!(e, Event::Market(_))), 0);
    world.run(2_000);
    world.is_right(0);
}

#[test]
fn a_frame_that_cannot_be_read_is_kept_and_makes_the_books_doubtful() {
    let mut world = World::settled(3);
    world.frame(0, "[{\"event_type\":\"price_change\",".to_owned());
    world.run(40);
    assert_eq!(world.count(|e| matches!(e, Event::System(SystemEvent::RawKept { .. }))), 1);
    assert_eq!(world.count(|e| matches!(e, Event::System(SystemEvent::Fault { .. }))), 1);
    assert_eq!(gaps(&world), 3, "it may have been about any of them");
    assert!(!world.is_sure(world.id(2).yes()));
    world.run(3_000);
    (0..3).for_each(|n| world.is_right(n));
    // A message that names its market makes only that one doubtful.
    world.said.clear();
    let mut frame = world.venue.markets[1].change_frame(&[(true, cents(30), 5)]);
    frame["price_changes"][0]["price"] = serde_json::json!("1.5");
    world.frame(0, frame.to_string());
    world.run(40);
    let only = world.id(1);
    let about: Vec<_> = world.market_events().into_iter().cloned().collect();
    assert_eq!(about, [MarketEvent::FeedGap { scope: FeedScope::Market(only), lost: 0 }]);
    world.run(3_000);
    (0..3).for_each(|n| world.is_right(n));
}

#[test]
fn a_flood_of_frames_that_cannot_be_read_does_not_fill_the_log() {
    let mut world = World::settled(1);
    for _ in 0..3_000 {
        world.frame(0, "{".to_owned());
        world.run(40);
    }
    let kept = world.count(|e| matches!(e, Event::System(SystemEvent::RawKept { .. })));
    assert!(kept <= 60, "{kept} kept in two minutes");
    assert!(world.asked("/books") < 120, "{} requests in two minutes", world.asked("/books"));
    world.run(70_000);
    let cut =
        world.count(|e| matches!(e, Event::System(SystemEvent::Fault { text, .. }) if text.contains("were not kept")));
    assert!(cut >= 2, "what was left out is counted");
    world.is_right(0);
}

#[test]
fn a_market_nobody_follows_is_no_trouble() {
    let mut world = World::settled(1);
    let other = crate::venue::Market::new(77);
    world.frame(0, other.book_json(0).to_string());
    world.frame(0, other.change_frame(&[(true, cents(3), 1)]).to_string());
    world.run(1_000);
    assert_eq!(world.said.len(), 0, "{:?}", world.said);
}
