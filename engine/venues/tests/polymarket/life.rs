//! What becomes of markets while they are followed, and after a restart.

use crate::harness::{World, wanted};
use crate::venue::{Venue, cents};
use polymarket::token::to_decimal;
use schemas::event::{FeedScope, MarketChange, MarketEvent, MarketStatus, Resolution};
use schemas::{Event, MarketId};

fn statuses(world: &World) -> Vec<MarketStatus> {
    let status = |e: &MarketEvent| match e {
        MarketEvent::Changed { change: MarketChange::Status(status), .. } => Some(*status),
        _ => None,
    };
    world.market_events().into_iter().filter_map(status).collect()
}

fn resolutions(world: &World) -> Vec<(MarketId, Resolution)> {
    let resolved = |e: &MarketEvent| match e {
        MarketEvent::Resolved { market, resolution } => Some((*market, *resolution)),
        _ => None,
    };
    world.market_events().into_iter().filter_map(resolved).collect()
}

fn carries(world: &World, n: u16) -> bool {
    let token = world.venue.markets[usize::from(n)].tokens()[0];
    world.sessions.values().any(|s| s.tokens.contains(&token))
}

#[test]
fn a_market_that_takes_no_orders_is_left_and_taken_up_again() {
    let mut world = World::settled(2);
    world.venue.markets[0].accepting = false;
    world.run(310_000);
    let id = world.id(0);
    assert_eq!(statuses(&world), [MarketStatus::Paused]);
    assert!(!carries(&world, 0) && carries(&world, 1));
    assert!(!world.state.quotes.is_live(id), "its prices are old from now on");
    world.change(0, true, cents(49), 5);
    world.run(300_000);
    world.venue.markets[0].accepting = true;
    world.run(310_000);
    assert_eq!(statuses(&world), [MarketStatus::Paused, MarketStatus::Open]);
    world.is_right(0);
    world.is_right(1);
}

#[test]
fn the_last_market_of_a_socket_takes_it_along() {
    let mut world = World::settled(1);
    world.venue.markets[0].closed = true;
    world.run(310_000);
    assert_eq!(statuses(&world), [MarketStatus::Closed]);
    assert!(world.sessions.is_empty());
    world.opened.clear();
    world.run(60_000);
    assert!(world.opened.is_empty());
}

#[test]
fn a_resolution_is_told_once_however_often_it_is_heard() {
    let mut world = World::settled(2);
    let winner = to_decimal(&world.venue.markets[0].tokens()[1]);
    let frame = world.venue.markets[0].resolved_frame(&winner);
    world.publish(0, &frame);
    world.publish(0, &frame);
    (world.venue.markets[0].closed, world.venue.markets[0].winner) = (true, Some(1));
    world.run(700_000);
    assert_eq!(resolutions(&world), [(world.id(0), Resolution::No)]);
    assert!(!carries(&world, 0) && carries(&world, 1));
}

#[test]
fn a_resolution_without_a_winner_is_asked_for() {
    for winner in ["", "12345"] {
        let mut world = World::settled(1);
        (world.venue.markets[0].closed, world.venue.markets[0].winner) = (true, Some(0));
        let frame = world.venue.markets[0].resolved_frame(winner);
        world.publish(0, &frame);
        world.run(3_000);
        assert_eq!(resolutions(&world), [(world.id(0), Resolution::Yes)], "winner {winner:?}");
    }
}

#[test]
fn a_resolution_that_no_socket_told_is_found_whatever_the_end_was_said_to_be() {
    // Unknown, long past, just past, and in the future.
    let ends = [None, Some("2024-01-01T00:00:00Z"), Some("2026-11-22T00:00:10Z"), Some("2030-01-01")];
    let mut venue = Venue::with(4);
    for (market, ends) in venue.markets.iter_mut().zip(ends) {
        market.ends = ends.map(str::to_owned);
    }
    let mut world = World::new(venue, wanted(10));
    world.run(2_000);
    // One that is past already is not discovered by default; here nothing forbids it.
    assert_eq!(world.state.markets.len(), 3, "an end that is past is no market to begin with");
    let listed: Vec<u16> = (0..4).filter(|n| *n != 1).collect();
    for n in &listed {
        world.venue.markets[usize::from(*n)].closed = true;
        world.venue.markets[usize::from(*n)].winner = Some(0);
    }
    world.run(70_000);
    assert_eq!(
        resolutions(&world),
        [(world.id(2), Resolution::Yes)],
        "one that should be over is looked at each minute"
    );
    world.run(250_000);
    assert_eq!(resolutions(&world).len(), 3);
}

#[test]
fn one_half_each_is_believed_only_when_the_oracle_is_done() {
    let mut world = World::settled(1);
    world.venue.markets[0].closed = true;
    world.venue.markets[0].prices = ["0.5", "0.5"];
    world.venue.markets[0].oracle = "proposed";
    world.run(1_000_000);
    assert_eq!(resolutions(&world), [], "the last price may just be one half");
    assert_eq!(world.state.markets.get(world.id(0)).unwrap().status, MarketStatus::Closed);
    world.venue.markets[0].oracle = "resolved";
    world.run(65_000);
    assert_eq!(resolutions(&world), [(world.id(0), Resolution::Split)]);
    let asked = world.calls.len();
    world.run(600_000);
    assert_eq!(world.calls[asked..].iter().filter(|(_, t)| t.starts_with("/markets/0x")).count(), 0, "it is over");
}

#[test]
fn answers_about_other_markets_or_none_change_nothing() {
    let mut world = World::settled(1);
    world.broken.insert("/markets/0x", 200);
    world.run(700_000);
    assert_eq!(statuses(&world), [], "an empty answer does not close a market");
    world.broken.insert("/markets/0x", 404);
    world.run(700_000);
    assert_eq!(statuses(&world), []);
    world.is_right(0);
}

#[test]
fn a_restart_goes_on_with_the_log_and_believes_no_book_of_it() {
    let mut world = World::settled(4);
    world.venue.markets[1].accepting = false;
    world.venue.markets[2].closed = true;
    world.venue.markets[2].winner = Some(0);
    world.run(400_000);
    let state = world.state.clone();
    let mut venue = world.venue.clone();
    venue.markets[0].put(true, cents(45), 11);
    venue.markets[1].accepting = true;
    venue.markets.push(crate::venue::Market::new(9));
    let mut world = World::with_state(venue, wanted(5), state);
    let id = world.id(0);
    assert!(!world.is_sure(id.yes()), "what it was when the process ended is not what it is");
    let gaps: Vec<_> = world.market_events().into_iter().cloned().collect();
    let gap = |n: u16| MarketEvent::FeedGap { scope: FeedScope::Market(world.id(n)), lost: 0 };
    assert_eq!(gaps, [gap(0), gap(3)], "those that are open");
    world.run(5_000);
    for n in [0, 1, 3] {
        world.is_right(n);
    }
    world.run(310_000);
    assert_eq!(world.state.markets.len(), 5, "numbers go on");
    assert_eq!(world.id(4), MarketId(4));
    world.is_right(4);
    assert_eq!(resolutions(&world), [], "what the log knows is not told again");
    let listed = world.count(|e| matches!(e, Event::Market(MarketEvent::Listed(_))));
    assert_eq!(listed, 1);
}
