//! Manifold's feed: a probability is said when it changed, and never as a price.

use super::samples::manifold_market;
use super::stage::{Reply, Stage, ok, status};
use schemas::event::{FeedScope, MarketEvent, MarketStatus, Resolution, Venue};
use schemas::time::NANOS_PER_SEC;
use schemas::{MarketId, Prob};
use serde_json::{Value, json};
use venues::feeds::ReadOnlyFeed;
use venues::manifold::{Feed, Settings, Wanted};

pub fn feed() -> Vec<Box<dyn ReadOnlyFeed>> {
    let wanted =
        Wanted { max_markets: 2, slugs: vec!["will-it-rain".to_owned()], terms: vec!["snow & ice".to_owned()] };
    vec![Box::new(Feed::new(Settings { wanted, poll_seconds: 30 }))]
}

pub fn reply(rain: &Value, target: &str) -> Reply {
    let mut snow = manifold_market();
    (snow["id"], snow["slug"], snow["probability"]) = (json!("snow"), json!("will-it-snow"), json!(0.25));
    let mut third = snow.clone();
    (third["id"], third["slug"]) = (json!("third"), json!("third"));
    match target.split('?').next().unwrap() {
        "/slug/will-it-rain" | "/market/5pcLg2QtSA" => ok(rain),
        "/slug/will-it-snow" | "/market/snow" => ok(&snow),
        "/market/third" => ok(&third),
        "/search-markets" => {
            assert!(target.contains("term=snow%20%26%20ice") && target.contains("contractType=BINARY"), "{target}");
            ok(&json!([{"broken": true}, rain, snow, third]))
        }
        other => panic!("nobody may ask for {other}"),
    }
}

fn prob(market: u32, ppm: u32, stage: &Stage) -> bool {
    stage.state.markets.get(MarketId(market)).unwrap().signal.map(|s| s.probability) == Some(Prob(ppm))
}

#[test]
fn markets_are_found_and_what_changes_is_said() {
    let mut rain = manifold_market();
    let mut stage = Stage::new(feed());
    stage.run(3_000, |target| reply(&rain, target));
    let listed: Vec<_> = stage.state.markets.iter().map(|m| (m.listed.venue, m.listed.slug.clone())).collect();
    let named = |slug: &str| (Venue::Manifold, slug.to_owned());
    assert_eq!(listed, [named("will-it-rain"), named("will-it-snow")], "room for two");
    assert!(prob(0, 990_000, &stage) && prob(1, 250_000, &stage));
    let quote = stage.state.quotes.get(MarketId(0).yes());
    assert!(!quote.is_two_sided() && quote.probability().is_none() && quote.last_trade.0 == 0, "no price");
    stage.heard();
    stage.run(35_000, |target| reply(&rain, target));
    assert_eq!(stage.heard(), []);
    // Further than the sixth decimal nobody sees a difference.
    rain["probability"] = json!(0.9900000001);
    stage.run(35_000, |target| reply(&rain, target));
    assert_eq!(stage.heard(), []);
    rain["probability"] = json!(0.5);
    stage.run(35_000, |target| reply(&rain, target));
    let [MarketEvent::Probability { market, probability, source_time }] = stage.heard()[..] else { panic!() };
    assert_eq!((market, probability, source_time.as_millis()), (MarketId(0), Prob::HALF, 1_788_000_000_123));
    let per_market = stage.asked.iter().filter(|(_, t)| t == "/market/snow").count();
    assert!((3..=5).contains(&per_market), "{per_market}");
}

#[test]
fn ends_are_said_and_a_restart_knows_its_markets() {
    let mut rain = manifold_market();
    let mut stage = Stage::new(feed());
    stage.run(3_000, |target| reply(&rain, target));
    let mut stage = stage.restart(feed());
    stage.run(3_000, |target| reply(&rain, target));
    assert_eq!(stage.state.markets.len(), 2);
    assert_eq!(stage.heard(), [], "nothing is new");
    (rain["isResolved"], rain["resolution"]) = (json!(true), json!("NO"));
    stage.run(35_000, |target| reply(&rain, target));
    let market = stage.state.markets.get(MarketId(0)).unwrap();
    assert_eq!((market.resolved, market.status), (Some(Resolution::No), MarketStatus::Closed));
    let asked = stage.asked.iter().filter(|(_, t)| t.contains("5pcLg2QtSA")).count();
    stage.run(120_000, |target| reply(&rain, target));
    assert_eq!(stage.asked.iter().filter(|(_, t)| t.contains("5pcLg2QtSA")).count(), asked, "it is over");
}

#[test]
fn paid_in_part_and_cancelled() {
    for (word, p, expected) in [
        ("CANCEL", Value::Null, Some(Resolution::Split)),
        ("MKT", json!(0.5), Some(Resolution::Split)),
        ("MKT", json!(0.3), None),
    ] {
        let mut rain = manifold_market();
        let mut stage = Stage::new(feed());
        stage.run(3_000, |target| reply(&rain, target));
        (rain["isResolved"], rain["resolution"], rain["resolutionProbability"]) = (json!(true), json!(word), p);
        stage.run(35_000, |target| reply(&rain, target));
        let market = stage.state.markets.get(MarketId(0)).unwrap();
        assert_eq!((market.resolved, market.status), (expected, MarketStatus::Closed), "{word}");
    }
}

#[test]
fn silence_is_said() {
    let rain = manifold_market();
    let mut stage = Stage::new(feed());
    stage.run(3_000, |target| reply(&rain, target));
    stage.heard();
    let mut refused = 0;
    stage.run(200_000, |_| {
        refused += 1;
        status(500)
    });
    assert!(refused < 10, "with growing pauses: {refused}");
    let stale = |m| MarketEvent::FeedStale { scope: FeedScope::Market(MarketId(m)) };
    assert_eq!(stage.heard(), [stale(0), stale(1)]);
    stage.run(130_000, |target| reply(&rain, target));
    assert!(stage.state.quotes.is_live(MarketId(0)) && stage.state.quotes.is_live(MarketId(1)));
    assert!(stage.now.0 / NANOS_PER_SEC > super::stage::START_S);
}
