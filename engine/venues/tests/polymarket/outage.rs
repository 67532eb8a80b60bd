//! The venue fails: whatever is broken, requests stay few, and everything is right when it is back.

use crate::harness::{World, wanted};
use crate::venue::{Venue, cents};

/// The most requests in any window of so many ms.
fn most_in(world: &World, window_ms: i64) -> usize {
    let times: Vec<i64> = world.calls.iter().map(|(ms, _)| *ms).collect();
    let from = |i: usize| times[i..].iter().take_while(|t| **t < times[i] + window_ms).count();
    (0..times.len()).map(from).max().unwrap_or(0)
}

/// Ten minutes without the venue, and what it asked meanwhile.
fn outage(status: u16) -> World {
    let mut world = World::settled(100);
    for path in ["/books", "/markets", "/clob-markets/"] {
        world.broken.insert(path, status);
    }
    world.faults.open_refused = 100;
    world.cut(0);
    for n in 0..100 {
        world.venue.markets[n].put(true, cents(49), 7);
    }
    world.run(600_000);
    world
}

#[test]
fn an_outage_makes_no_storm() {
    for status in [0, 425, 429, 500, 503] {
        let mut world = outage(status);
        assert!(world.calls.len() < 60, "status {status}: {} requests in ten minutes", world.calls.len());
        assert!(most_in(&world, 1_000) <= 12, "status {status}: {} in a second", most_in(&world, 1_000));
        assert!(world.opened.len() <= 26, "status {status}: {} openings", world.opened.len());
        // It is back.
        world.broken.clear();
        world.faults.open_refused = 0;
        world.calls.clear();
        world.run(60_000);
        (0..100).for_each(|n| world.is_right(n));
        assert!(most_in(&world, 10_000) <= 150, "no storm behind it either: {}", most_in(&world, 10_000));
    }
}

#[test]
fn books_that_are_never_answered_are_asked_for_ever_more_rarely() {
    let mut world = World::settled(100);
    world.broken.insert("/books", 500);
    for _ in 0..60 {
        // Everything is in doubt all the time.
        world.frame(0, "{".to_owned());
        world.run(5_000);
    }
    assert!(world.asked("/books") <= 20, "{} requests in five minutes", world.asked("/books"));
    world.broken.clear();
    world.run(90_000);
    (0..100).for_each(|n| world.is_right(n));
}

#[test]
fn many_markets_stay_far_below_the_published_limits() {
    let mut world = World::new(Venue::with(1_000), wanted(1_000));
    world.run(400_000);
    (0..1_000).step_by(37).for_each(|n| world.is_right(n));
    assert_eq!(world.sessions.len(), 10);
    let in_window = |path: &str| {
        let times: Vec<i64> = world.calls.iter().filter(|(_, t)| t.starts_with(path)).map(|(ms, _)| *ms).collect();
        times.iter().map(|from| times.iter().filter(|t| (*from..from + 10_000).contains(*t)).count()).max().unwrap_or(0)
    };
    assert!(in_window("/books") <= 250, "{}", in_window("/books"));
    assert!(in_window("/markets/keyset") <= 150);
    assert!(most_in(&world, 10_000) <= 4_500, "{}", most_in(&world, 10_000));
}
