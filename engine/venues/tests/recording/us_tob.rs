//! The shipped two weeks of Polymarket US best prices.

use super::reading::{Read, fixture, read};
use schemas::event::{MarketEvent, Resolution, Venue};
use schemas::{MarketId, Price, Size, UtcNanos};
use std::collections::BTreeMap;
use std::sync::OnceLock;
use venues::recording::{Format, Input};

fn weeks() -> &'static Read {
    static WEEKS: OnceLock<Read> = OnceLock::new();
    WEEKS.get_or_init(|| {
        read(Format::PolymarketTob, vec![Input::path(fixture("polymarket-us-tob/compact/quotes.csv.zst"))]).unwrap()
    })
}

fn at(text: &str) -> UtcNanos {
    text.parse().unwrap()
}

#[test]
fn every_row_is_a_quote_and_every_label_an_end() {
    let r = &weeks().report;
    assert_eq!((r.rows, r.quotes, r.bad_rows, r.markets), (56_332, 56_332, 0, 549));
    assert_eq!((r.resolved, r.crossed, r.gaps), (549, 7, 7));
    let yes = weeks().only(|e| match e {
        MarketEvent::Resolved { resolution: Resolution::Yes, .. } => Some(()),
        _ => None,
    });
    assert_eq!(yes.len(), 136);
    let empty_sides = weeks().only(|e| match e {
        MarketEvent::Quote(q) => Some(u32::from(q.top.bid == Price::ZERO) + u32::from(q.top.ask == Price::ZERO)),
        _ => None,
    });
    assert_eq!(empty_sides.iter().filter(|n| **n == 1).count(), 2_402);
    assert_eq!(empty_sides.iter().filter(|n| **n == 2).count(), 1_373);
}

#[test]
fn markets_come_first_with_what_was_known_then() {
    let markets = weeks().only(|e| if let MarketEvent::Listed(l) = e { Some((**l).clone()) } else { None });
    assert!(weeks().said()[..549].iter().all(|e| matches!(e, MarketEvent::Listed(_))));
    let m = &markets[0];
    assert_eq!((m.venue, m.market, m.min_size), (Venue::PolymarketUs, MarketId(0), Size(1_000_000)));
    assert_eq!(
        (m.slug.as_str(), m.group.as_str()),
        ("aec-atp-domstr-jaumun-2026-07-13", "aec-atp-domstr-jaumun-2026-07")
    );
    assert_eq!(m.question, "Dominic Stephan Stricker vs. Jaume Munar");
    assert!(markets.iter().all(|m| m.ends == UtcNanos::ZERO), "when a market ends is not known in advance");
    let rates: BTreeMap<_, _> = markets.iter().map(|m| (m.category.as_str(), m.fee.rate_ppm)).collect();
    let expected = [
        ("climate", 50_000),
        ("culture", 50_000),
        ("geopolitics", 0),
        ("macro", 50_000),
        ("politics", 40_000),
        ("sports", 30_000),
    ];
    assert_eq!(rates, BTreeMap::from(expected));
}

#[test]
fn prices_are_never_off_the_grid_known_by_then() {
    let mut ticks = BTreeMap::new();
    for event in weeks().said() {
        match event {
            MarketEvent::Listed(l) => drop(ticks.insert(l.market, l.tick)),
            MarketEvent::Changed { market, change: schemas::event::MarketChange::Tick(t) } => {
                assert!(*t < ticks[market]);
                ticks.insert(*market, *t);
            }
            MarketEvent::Quote(q) => {
                let tick = ticks[&q.token.market()].0;
                assert_eq!((q.top.bid.0 % tick, q.top.ask.0 % tick), (0, 0), "{q:?}");
            }
            _ => {}
        }
    }
    assert!(ticks.values().any(|t| *t == Price(5_000)) && ticks.values().all(|t| *t >= Price(5_000)));
}

#[test]
fn nothing_is_said_about_a_market_that_has_ended() {
    let mut ended = vec![false; 549];
    for event in weeks().said() {
        match event {
            MarketEvent::Quote(q) => assert!(!ended[q.token.market().index()], "{q:?}"),
            MarketEvent::Resolved { market, .. } => {
                assert!(!ended[market.index()]);
                ended[market.index()] = true;
            }
            _ => {}
        }
    }
    assert!(ended.iter().all(|e| *e));
}

#[test]
fn the_long_outage_is_announced_and_not_bridged() {
    let events = &weeks().events;
    let stale: Vec<_> =
        (0..events.len()).filter(|i| matches!(events[*i].event, MarketEvent::FeedStale { .. })).collect();
    assert_eq!(stale.len(), 7);
    let long = stale.into_iter().find(|i| events[*i].time == at("2026-07-17T17:41:09Z")).unwrap();
    assert!(matches!(events[long - 1].event, MarketEvent::FeedGap { lost: 0, .. }));
    assert_eq!(events[long - 1].time, events[long].time);
    assert!(matches!(events[long - 2].event, MarketEvent::Quote(_)));
    assert_eq!(events[long - 2].time, at("2026-07-17T17:26:09Z"));
    assert!(matches!(events[long + 1].event, MarketEvent::FeedRestored { .. }));
    assert_eq!(events[long + 1].time, at("2026-07-22T10:32:48Z"));
    // 76 markets were last seen in the poll before it: they end once the recorder is back, before the first quote.
    let after = &events[long + 2..];
    assert_eq!(after.iter().take_while(|t| matches!(t.event, MarketEvent::Resolved { .. })).count(), 76);
    assert!(after[..76].iter().all(|t| t.time == events[long + 1].time));
}

#[test]
fn an_end_is_told_one_poll_after_the_last_sighting_or_at_the_end() {
    let ends: BTreeMap<_, _> = weeks()
        .events
        .iter()
        .filter_map(|t| if let MarketEvent::Resolved { market, .. } = t.event { Some((market, t.time)) } else { None })
        .collect();
    assert_eq!(ends[&MarketId(0)], at("2026-07-13T13:18:30Z"));
    let last_quote = weeks().events.iter().rev().find(|t| matches!(t.event, MarketEvent::Quote(_))).unwrap().time;
    let late: Vec<_> = ends.iter().filter(|(_, t)| **t > last_quote).collect();
    assert_eq!(late.len(), 18);
    assert!(late.iter().all(|(_, t)| **t == last_quote.plus_secs(122)));
}

#[test]
fn given_in_any_order_and_without_resolutions() {
    let file = |name: &str| Input::path(fixture("polymarket-us-tob/compact").join(name));
    let inputs = vec![file("resolutions.csv"), file("markets.csv"), file("quotes.csv.zst")];
    assert_eq!(read(Format::PolymarketTob, inputs).unwrap().events, weeks().events);
    let without = read(Format::PolymarketTob, vec![file("markets.csv"), file("quotes.csv.zst")]).unwrap();
    assert_eq!((without.report.resolved, without.report.quotes), (0, 56_332));
}
