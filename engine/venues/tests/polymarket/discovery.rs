//! Which markets are found.

use crate::harness::{World, faults_said, wanted};
use crate::venue::{Market, Venue, at};
use polymarket::wire::gamma;
use schemas::Event;
use schemas::event::{MarketEvent, MarketStatus};
use serde_json::{Value, json};
use venues::polymarket::feed::Wanted;

fn slugs(world: &World) -> Vec<String> {
    world.state.markets.iter().map(|m| m.listed.slug.clone()).collect()
}

#[test]
fn the_catalogue_is_read_page_by_page_until_there_are_enough() {
    let mut world = World::new(Venue::with(320), wanted(250));
    world.run(60_000);
    assert_eq!(world.state.markets.len(), 250);
    assert_eq!(world.asked("/markets/keyset"), 3, "{:?}", world.calls);
    assert_eq!(world.sessions.len(), 3, "five hundred tokens");
    assert_eq!(world.assets_most, 200, "at most 200 assets on a socket");
    for n in 0..250 {
        world.is_right(n);
    }
    let most = world.calls.iter().map(|(ms, _)| world.calls.iter().filter(|(t, _)| t == ms).count()).max();
    assert!(most <= Some(25), "the markets are not asked about all at once: {most:?}");
}

#[test]
fn a_catalogue_without_an_end_is_left() {
    let venue = Venue { endless: true, ..Venue::with(5) };
    let mut world = World::new(venue, wanted(100));
    world.run(250_000);
    assert_eq!(world.state.markets.len(), 5);
    assert!(world.asked("/markets/keyset") <= 2, "a cursor that leads to itself is an end");
}

#[test]
fn only_what_is_wanted_and_understood_is_listed() {
    let mut venue = Venue::with(12);
    let m = &mut venue.markets;
    m[0].version = "v9";
    m[1].version = "v2";
    m[2].neg_risk = true;
    m[3].category = "Sports";
    m[4].accepting = false;
    m[5].active = false;
    m[6].volume = 10;
    m[7].ends = Some("2026-11-22T00:10:00Z".to_owned());
    m[8].ends = Some("2027-11-22T00:00:00Z".to_owned());
    m[9].ends = Some("2026-11-30T00:00:00Z".to_owned());
    m[10].category = "crypto";
    m[11].ends = Some("2026-11-30".to_owned());
    let wanted = Wanted {
        max_markets: 100,
        categories: vec!["weather".to_owned(), "CRYPTO".to_owned()],
        exclude_categories: vec!["crypto".to_owned()],
        min_volume: schemas::Cash(1_000_000_000),
        min_seconds_to_end: 3_600,
        ..Wanted::default()
    };
    let any_end = Wanted { ..wanted.clone() };
    let soon = Wanted { max_seconds_to_end: 30 * 86_400, ..wanted };
    let mut world = World::new(venue.clone(), any_end);
    world.run(10_000);
    assert_eq!(slugs(&world), ["market-1", "market-2", "market-8", "market-9", "market-11"]);
    let of = |n: usize| &world.state.markets.iter().nth(n).unwrap().listed;
    assert_eq!((of(0).protocol, of(2).protocol), (3, 2), "its own exchange each");
    assert_eq!((of(0).neg_risk, of(1).neg_risk), (false, true));
    assert_eq!((of(0).category.as_str(), of(0).group.as_str()), ("weather", "event"), "as the settings call it");
    assert_eq!(of(0).tokens, world.venue.markets[1].tokens(), "ids in a list, and ids in a text in a text");
    assert_eq!((of(1).fee.rate_ppm, of(1).tick, of(1).min_size.0), (50_000, crate::venue::cents(1), 5_000_000));
    let mut world = World::new(venue, soon);
    world.run(10_000);
    assert_eq!(slugs(&world), ["market-9", "market-11"], "an end that is not known is not soon");
}

fn fixture(name: &str) -> Value {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/polymarket-gamma/");
    serde_json::from_str(&std::fs::read_to_string(format!("{folder}{name}")).unwrap()).unwrap()
}

/// The first market of a real event, with the event's tags, as the catalogue gives it to who asks for tags.
fn tagged(event: &Value, tags: &Value) -> gamma::Market {
    let mut market = event["markets"][0].clone();
    market["tags"] = tags.clone();
    let page = gamma::markets(&json!({ "markets": [market] }).to_string()).unwrap();
    page.entries.into_iter().next().unwrap().unwrap()
}

#[test]
fn real_markets_have_no_category_and_are_wanted_by_any_of_their_tags() {
    let event = fixture("fed-decision-june_gamma-event.json");
    let market = tagged(&event, &event["tags"]);
    assert_eq!((market.category.as_str(), market.tags.len()), ("", 7));
    let texts = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect();
    let of = |categories: &[&str], not: &[&str]| Wanted {
        categories: texts(categories),
        exclude_categories: texts(not),
        ..wanted(1)
    };
    let now = at(-180 * 86_400_000);
    assert!(of(&[], &[]).takes(&market, now));
    for name in ["Economic Policy", "ECONOMIC POLICY", "economic-policy", "Fed-Rates", "politics", "FOMC"] {
        assert!(of(&["weather", name], &[]).takes(&market, now), "wanted by '{name}'");
        assert!(!of(&[], &[name]).takes(&market, now), "excluded by '{name}'");
        assert!(!of(&["economy"], &[name]).takes(&market, now), "'{name}' excludes what another name wants");
        assert_eq!(of(&["weather", name, "economy"], &[]).category(&market), name, "as the settings call it");
    }
    for name in ["crypto", "economic", "econ", ""] {
        assert!(!of(&[name], &[]).takes(&market, now), "'{name}' is not one of its tags");
        assert!(of(&[], &[name]).takes(&market, now), "'{name}' is not one of its tags");
    }
    assert_eq!(of(&[], &[]).category(&market), "Politics", "the most general one, though it is the fifth");
    let event = &fixture("hugompt_gamma_event_crypto_updown.json")[0];
    let updown = tagged(event, &event["tags"]);
    assert_eq!(of(&[], &[]).category(&updown), "Crypto", "the first is 'Up or Down'");
    // An event that was searched for says it for its markets.
    let whole: gamma::Event = serde_json::from_str(&event.to_string()).unwrap();
    let slug = whole.slug.clone();
    let inside = whole.into_markets().remove(0);
    assert_eq!((inside.topic(), inside.group()), ("Crypto", slug.as_str()));
}

#[test]
fn a_market_without_tags_is_in_no_category_and_an_old_one_in_its_own() {
    let event = fixture("fed-decision-june_gamma-event.json");
    let crypto = Wanted { categories: vec!["CRYPTO".to_owned()], ..wanted(1) };
    let now = at(-180 * 86_400_000);
    for none in [json!(null), json!([]), json!([{ "id": 9, "label": null }])] {
        let market = tagged(&event, &none);
        assert!(wanted(1).takes(&market, now) && !crypto.takes(&market, now), "{none}");
        assert_eq!(wanted(1).category(&market), "");
    }
    let mut market = tagged(&event, &json!([{ "id": "9", "slug": "only-a-slug" }]));
    assert_eq!(wanted(1).category(&market), "only-a-slug");
    market.category = "Crypto".to_owned();
    assert!(crypto.takes(&market, now));
    assert_eq!((crypto.category(&market), wanted(1).category(&market)), ("CRYPTO", "Crypto"));
}

#[test]
fn neg_risk_markets_without_an_event_belong_together_all_the_same() {
    let mut venue = Venue::with(4);
    for market in &mut venue.markets {
        market.event = "";
    }
    (venue.markets[0].neg_risk, venue.markets[1].neg_risk) = (true, true);
    venue.markets[3].event = "an-event";
    let mut world = World::new(venue, wanted(10));
    world.run(5_000);
    let groups: Vec<&str> = world.state.markets.iter().map(|m| m.listed.group.as_str()).collect();
    assert_eq!(groups, ["0xa8a8", "0xa8a8", "market-2", "an-event"]);
    let numbers: Vec<u32> = world.state.markets.iter().map(|m| m.group).collect();
    assert_eq!(numbers, [0, 0, 1, 2], "one limit for both outcomes");
}

#[test]
fn named_markets_are_asked_for_by_name() {
    let slugs = (0..120).map(|n| format!("market-{}", n * 2)).collect();
    let mut world = World::new(Venue::with(300), Wanted { slugs, ..wanted(500) });
    world.run(30_000);
    assert_eq!(world.state.markets.len(), 120);
    assert!(
        world
            .state
            .markets
            .iter()
            .all(|m| m.listed.slug.trim_start_matches("market-").parse::<u32>().unwrap() % 2 == 0)
    );
    let longest = world.calls.iter().map(|(_, target)| target.len()).max().unwrap();
    assert!(longest < 2_000, "{longest}");
}

#[test]
fn a_market_that_is_too_young_is_taken_when_it_has_grown() {
    let mut venue = Venue::with(2);
    venue.markets[0].grown = false;
    venue.markets[1].in_clob = false;
    let mut world = World::new(venue, wanted(10));
    world.run(60_000);
    assert!(world.state.markets.is_empty());
    (world.venue.markets[0].grown, world.venue.markets[1].in_clob) = (true, true);
    world.run(310_000);
    assert_eq!(world.state.markets.len(), 2);
    world.is_right(0);
    world.is_right(1);
}

#[test]
fn the_order_book_must_confirm_the_catalogue() {
    let mut world = World::new(Venue::with(1), wanted(10));
    // The catalogue and the order book tell different things about the same market.
    world.venue.markets.push(Market { neg_risk: true, ..Market::new(0) });
    world.venue.markets.rotate_left(1);
    world.venue.markets[1].volume = 1;
    world.run(1_000);
    assert_eq!(world.state.markets.len(), 1);
    assert!(world.state.markets.iter().next().unwrap().listed.neg_risk);
    let mut world = World::new(Venue::with(1), wanted(10));
    world.broken.insert("/clob-markets/", 500);
    world.run(400_000);
    assert!(world.state.markets.is_empty(), "without its terms it is not listed");
    world.broken.clear();
    world.run(400_000);
    assert_eq!(world.state.markets.len(), 1);
}

#[test]
fn a_catalogue_that_fails_is_asked_again_at_growing_distance() {
    let mut world = World::new(Venue::with(3), wanted(10));
    world.broken.insert("/markets/keyset", 503);
    world.run(900_000);
    let asked: Vec<i64> = world.calls.iter().map(|(ms, _)| *ms / 1_000).collect();
    assert_eq!(asked, [0, 10, 30, 70, 150, 310, 610], "seconds");
    let said = faults_said(&world);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("HTTP status 503") && said[0].contains("venue.gamma_url"), "{said:?}");
    world.broken.clear();
    world.run(310_000);
    assert_eq!(world.state.markets.len(), 3);
}

#[test]
fn that_nothing_is_wanted_is_said_once() {
    let other = Wanted { categories: vec!["weather on Mars".to_owned()], ..wanted(10) };
    let mut world = World::new(Venue::with(3), other);
    world.run(900_000);
    let said = faults_said(&world);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("the catalogue has 3 open ones"), "{said:?}");
    let mut world = World::new(Venue::with(3), wanted(10));
    world.run(900_000);
    assert_eq!(faults_said(&world), Vec::<String>::new());
}

#[test]
fn a_catalogue_that_cannot_be_read_is_kept_and_said() {
    let mut world = World::new(Venue::with(3), wanted(10));
    world.broken.insert("/markets/keyset", 200);
    world.run(5_000);
    let kept = world.count(|e| matches!(e, Event::System(schemas::event::SystemEvent::RawKept { .. })));
    assert_eq!(kept, 1);
    world.broken.clear();
    world.run(20_000);
    assert_eq!(world.state.markets.len(), 3);
}

#[test]
fn what_leaves_makes_room() {
    let mut world = World::new(Venue::with(4), wanted(2));
    world.run(5_000);
    assert_eq!(slugs(&world), ["market-0", "market-1"]);
    world.venue.markets[0].closed = true;
    world.run(320_000);
    assert_eq!(slugs(&world), ["market-0", "market-1", "market-2"]);
    assert_eq!(world.state.markets.get(world.id(0)).unwrap().status, MarketStatus::Closed);
    let listed = world.count(|e| matches!(e, Event::Market(MarketEvent::Listed(_))));
    assert_eq!(listed, 3);
    world.is_right(2);
}
