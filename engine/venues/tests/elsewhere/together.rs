//! Several feeds and one log: numbers are given out once, also over restarts, and each feed keeps to its own markets.

use super::kalshi::{self, Kalshi, wanted};
use super::manifold;
use super::samples::manifold_market;
use super::stage::Stage;
use schemas::event::{FeeSchedule, MarketEvent, MarketListed, Venue};
use schemas::{Bytes32, Event, MarketId, Price, Size, UtcNanos};
use serde_json::Value;
use venues::feeds::ReadOnlyFeed;
use venues::polymarket::feed::{Feed, Settings, Wanted};
use venues::wire::{Ask, Call, Host, Socket, Tell};

fn both() -> Vec<Box<dyn ReadOnlyFeed>> {
    let mut feeds = kalshi::feed(wanted(), 10);
    feeds.extend(manifold::feed());
    feeds
}

fn reply(venue: &Kalshi, rain: &Value, target: &str) -> super::stage::Reply {
    let manifold = ["/slug/", "/search-markets", "/market/"].iter().any(|path| target.starts_with(path));
    if manifold { manifold::reply(rain, target) } else { venue.reply(target) }
}

/// A market of the venue that is traded on.
fn own(number: u32) -> Event {
    Event::Market(MarketEvent::Listed(Box::new(MarketListed {
        market: MarketId(number),
        venue: Venue::Polymarket,
        condition: Bytes32([7; 32]),
        tokens: [Bytes32([8; 32]), Bytes32([9; 32])],
        slug: "own".to_owned(),
        question: String::new(),
        group: String::new(),
        category: String::new(),
        tick: Price(10_000),
        min_size: Size(5_000_000),
        fee: FeeSchedule::default(),
        ends: UtcNanos::ZERO,
        neg_risk: false,
        protocol: 2,
    })))
}

/// Number and place agree, and nothing is there twice.
fn check(stage: &Stage, expected: usize) {
    assert_eq!(stage.state.markets.len(), expected);
    let mut slugs: Vec<&str> = Vec::new();
    for (at, market) in stage.state.markets.iter().enumerate() {
        assert_eq!(market.listed.market.index(), at);
        slugs.push(&market.listed.slug);
    }
    slugs.sort_unstable();
    slugs.dedup();
    assert_eq!(slugs.len(), expected);
}

#[test]
fn numbers_are_given_out_once() {
    let (venue, rain) = (Kalshi::default(), manifold_market());
    let mut stage = Stage::new(both());
    stage.append(own(0));
    // The feeds' answers come in any order between each other.
    let mut held = Vec::new();
    stage.run(500, |target| {
        held.push(target.to_owned());
        None
    });
    stage.run(4_000, |target| reply(&venue, &rain, target));
    check(&stage, 5);
    let before = stage.state.markets.clone();
    let mut stage = stage.restart(both());
    stage.run(4_000, |target| reply(&venue, &rain, target));
    check(&stage, 5);
    assert!(stage.state.markets.iter().zip(before.iter()).all(|(now, then)| now.listed == then.listed));
    // Room for one more at Kalshi, after the restart.
    let mut more = wanted();
    more.max_markets = 3;
    let mut stage = stage.restart(kalshi::feed(more, 10));
    stage.run(4_000, |target| venue.reply(target));
    check(&stage, 6);
    assert_eq!(stage.state.markets.get(MarketId(5)).unwrap().listed.slug, "KXELONMARS-99");
}

#[test]
fn the_feed_of_the_venue_that_is_traded_on_leaves_other_markets_alone() {
    let (venue, rain) = (Kalshi::default(), manifold_market());
    let mut stage = Stage::new(both());
    stage.run(4_000, |target| reply(&venue, &rain, target));
    stage.append(own(4));
    check(&stage, 5);
    let mut feed = Feed::new(Settings { wanted: Wanted { max_markets: 2, ..Wanted::default() }, record_raw: false });
    feed.start(stage.now, &stage.state);
    for second in 1..12 {
        feed.look(stage.now.plus_secs(second), &stage.state);
    }
    // One of its two places is taken: it goes on looking, and opens a socket for its own market.
    let asks: Vec<Ask> = feed.asks().collect();
    let calls: Vec<&Call> =
        asks.iter().filter_map(|a| if let Ask::Call(call) = a { Some(call) } else { None }).collect();
    assert!(calls.iter().any(|call| call.target.starts_with("/markets/keyset")), "{calls:?}");
    assert!(asks.iter().any(|ask| matches!(ask, Ask::Open(Socket::Market(0)))), "{asks:?}");
    feed.hear(Tell::Opened(Socket::Market(0)), stage.now.plus_secs(12), &stage.state);
    let said: Vec<String> = feed
        .asks()
        .filter_map(|a| if let Ask::Say(_, text) = a { Some(text.expose().to_owned()) } else { None })
        .collect();
    let named = |bytes: &Bytes32| {
        let names = [bytes.to_string(), polymarket::token::to_decimal(bytes)];
        let asked = calls.iter().any(|c| names.iter().any(|n| c.target.contains(n)));
        asked || said.iter().any(|text| names.iter().any(|n| text.contains(n)))
    };
    for market in stage.state.markets.iter() {
        let own = market.listed.venue == Venue::Polymarket;
        assert_eq!(named(&market.listed.tokens[0]), own, "{}", market.listed.slug);
        assert!(own || !named(&market.listed.condition), "{}", market.listed.slug);
    }
    assert!(calls.iter().all(|call| call.host != Host::Kalshi && call.host != Host::Manifold));
}
