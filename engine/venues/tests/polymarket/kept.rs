//! What is kept as the venue said it: frames of the market sockets if they are asked for, what nobody understands, and
//! everything about our own orders.

use crate::desk;
use crate::harness::{World, faults_said, wanted};
use crate::venue::{Venue, cents};
use schemas::event::{CancelReason, Purpose, SystemEvent};
use schemas::{Event, OrderId};
use serde_json::json;
use venues::wire::{Answer, Call, Method, Socket, Tell};

fn kept<'a>(said: impl Iterator<Item = &'a Event>) -> Vec<(String, String)> {
    let raw = |event: &Event| match event {
        Event::System(SystemEvent::RawKept { channel, text }) => Some((channel.clone(), text.clone())),
        _ => None,
    };
    said.filter_map(raw).collect()
}

fn of_feed(world: &World) -> Vec<String> {
    let all = kept(world.said.iter().map(|(_, event)| event));
    assert!(all.iter().all(|(channel, _)| channel == "market"), "{all:?}");
    all.into_iter().map(|(_, text)| text).collect()
}

#[test]
fn every_frame_of_the_market_sockets_is_kept_before_what_it_was_read_as() {
    let mut world = World::recording(Venue::with(2), wanted(2));
    world.run(5_000);
    let books: Vec<_> = (0..2).flat_map(|m| [0, 1].map(|o| world.venue.markets[m].book_json(o))).collect();
    let opening: serde_json::Value = serde_json::from_str(&of_feed(&world)[0]).unwrap();
    assert!(opening.as_array().unwrap().iter().all(|book| books.contains(book)), "{opening}");
    world.said.clear();
    let frame = world.venue.markets[1].set(true, cents(49), 10, world.now_ms);
    world.publish(1, &frame);
    world.run(40);
    assert_eq!(of_feed(&world), [frame.to_string()], "as it came, to the byte");
    let kinds: Vec<bool> =
        world.said.iter().map(|(_, e)| matches!(e, Event::System(SystemEvent::RawKept { .. }))).collect();
    assert!(kinds.len() > 1 && kinds[0] && !kinds[1..].contains(&true), "{:?}", world.said);
    // A PONG says nothing about a market.
    world.said.clear();
    world.run(11_000);
    assert_eq!(of_feed(&world), Vec::<String>::new());
    // What nobody knows is not kept twice.
    world.frame(0, "{\"event_type\":\"party\"}".to_owned());
    world.run(40);
    assert_eq!(of_feed(&world), ["{\"event_type\":\"party\"}"]);
}

#[test]
fn frames_that_were_understood_are_not_kept_unasked() {
    let mut world = World::settled(1);
    world.change(0, true, cents(49), 10);
    world.run(1_000);
    assert!(!world.said.is_empty());
    assert_eq!(of_feed(&world), Vec::<String>::new());
}

#[test]
fn events_of_an_unknown_type_are_kept_and_said_once_of_each_type() {
    let mut world = World::settled(2);
    let party = |n: u32| format!("{{\"event_type\":\"party\",\"market\":\"x\",\"n\":{n}}}");
    world.frame(0, party(1));
    world.frame(0, format!("[{},{{\"event_type\":\"wake\"}}]", party(2)));
    world.run(1_000);
    assert_eq!(of_feed(&world), [party(1), party(2), "{\"event_type\":\"wake\"}".to_owned()], "each for itself");
    let said = faults_said(&world);
    assert!(said.len() == 2 && said[0].contains("\"party\"") && said[1].contains("\"wake\""), "{said:?}");
    (0..2).for_each(|n| world.is_right(n));
    assert_eq!(world.market_events().len(), 0, "no book is in doubt for it");
}

#[test]
fn a_flood_of_unknown_events_is_cut_and_hides_no_fault() {
    let mut world = World::settled(1);
    for n in 0..3_000u32 {
        // Types that never end.
        world.frame(0, format!("{{\"event_type\":\"party {n} {}\"}}", "x".repeat(500)));
        world.run(40);
    }
    assert!(of_feed(&world).len() <= 60, "{} kept in two minutes", of_feed(&world).len());
    let said = faults_said(&world);
    assert!(said.len() == 32 && said.iter().all(|text| text.len() < 250), "{} types were said", said.len());
    world.said.clear();
    world.frame(0, "{".to_owned());
    world.run(40);
    assert_eq!((of_feed(&world), faults_said(&world).len()), (vec!["{".to_owned()], 1));
}

fn answer(world: &mut desk::World, call: &Call, status: u16, body: &str) {
    world.said.clear();
    world.hear(Tell::Answer(call.id, Ok(Answer { status, headers: Vec::new(), body: body.to_owned() })));
}

/// The one request that leaves within a second.
fn request(world: &mut desk::World, method: Method, path: &str) -> Call {
    let is_it = |call: &Call| call.method == method && call.target.starts_with(path);
    let found = (0..50).find_map(|_| world.calls(20).into_iter().find(is_it));
    found.unwrap_or_else(|| panic!("no {method:?} {path}"))
}

#[test]
fn what_the_venue_says_about_our_orders_is_always_kept() {
    let mut world = desk::World::new();
    let intent = desk::intent(1, Purpose::Entry, false);
    world.place(&intent);
    let call = request(&mut world, Method::Post, "/order");
    // Spaces and fields that nobody knows too.
    let body = format!("{{ \"success\":true,\"orderID\":\"0x{}\",\"status\":\"live\",\"new\":[1] }}", intent.hash);
    answer(&mut world, &call, 200, &body);
    assert_eq!(kept(world.said.iter()), [("order".to_owned(), body)]);
    // The user channel: our frames as they came, and no PONG.
    world.said.clear();
    world.hear(Tell::Opened(Socket::User));
    let frame = json!([{
        "event_type": "order", "type": "PLACEMENT", "id": format!("0x{}", intent.hash), "owner": "key",
        "market": format!("0x{}", "bd".repeat(32)), "asset_id": "7", "side": "BUY", "original_size": "10", "size_matched": "0",
        "price": "0.5", "outcome": "Yes", "timestamp": "1795305600", "status": "LIVE",
    }, { "event_type": "party" }]);
    world.hear(Tell::Text(Socket::User, frame.to_string()));
    world.hear(Tell::Text(Socket::User, "PONG".to_owned()));
    assert_eq!(kept(world.said.iter()), [("user".to_owned(), frame.to_string())]);
    world.desk.cancel(OrderId(1), CancelReason::Kill, crate::venue::at(world.now_ms));
    let call = request(&mut world, Method::Delete, "/order");
    let body = format!("{{\"canceled\":[\"0x{}\"],\"not_canceled\":{{}}}}", intent.hash);
    answer(&mut world, &call, 200, &body);
    assert_eq!(kept(world.said.iter()), [("cancel".to_owned(), body)]);
    // An error is an answer as well.
    world.place(&desk::intent(2, Purpose::Entry, false));
    let call = request(&mut world, Method::Post, "/order");
    answer(&mut world, &call, 400, "{\"error\":\"not enough balance / allowance\"}");
    let refused = "{\"error\":\"not enough balance / allowance\"}".to_owned();
    assert_eq!(kept(world.said.iter()), [("order".to_owned(), refused)]);
}
