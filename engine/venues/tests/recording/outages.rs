//! Polymarket US recordings made by hand: outages, ends, crossed quotes, short tables.

use super::reading::{MARKETS, QUOTES, Read, assert_bad, read, text};
use schemas::event::{FeedScope, MarketEvent, Resolution};
use schemas::{MarketId, Price, UtcNanos};
use venues::recording::Format;

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
/// 2026-01-01T00:00:00Z in milliseconds.
const START: i64 = 1_767_225_600_000;

/// Three markets, last seen at minutes 2, 28 and 200; the recorder is down from minute 30 to minute 100.
fn recording(quotes: &[(i64, u32, &str, &str)]) -> Read {
    let mut rows = QUOTES.to_owned();
    for (seq, (at, market, bid, ask)) in quotes.iter().enumerate() {
        rows += &format!("{seq},{},{market},{bid},{ask}\n", START + at);
    }
    let mut markets = MARKETS.to_owned();
    for (market, last) in [(10, "00:02:00"), (11, "00:28:00"), (12, "03:20:00")] {
        markets += &format!("{market},s-{market},e,\"Who, and \"\"why\"\"?\",sports,9,2026-01-01T00:00:00Z,");
        markets += &format!("2026-01-01T{last}Z\n");
    }
    let ends = "market,slug,resolved_yes\n12,s-12,0\n11,s-11,1\n10,s-10,1\n";
    let inputs = vec![text("quotes", &rows), text("markets", &markets), text("resolutions", ends)];
    read(Format::PolymarketTob, inputs).unwrap()
}

fn ms(at: i64) -> UtcNanos {
    UtcNanos::from_millis(START + at).unwrap()
}

#[test]
fn an_outage_and_the_ends_around_it() {
    let read = recording(&[
        (0, 10, "0.5", "0.52"),
        (30 * MINUTE, 11, "0.4", ""),
        (100 * MINUTE, 12, "0.3", "0.2"),
        (199 * MINUTE, 12, "", ""),
    ]);
    let mut told = read.events.iter().skip_while(|t| matches!(t.event, MarketEvent::Listed(_)));
    let scope = FeedScope::All;
    let end = |m, resolution| MarketEvent::Resolved { market: MarketId(m), resolution };
    let mut expect = |at: i64, event: Option<MarketEvent>| {
        let t = told.next().unwrap();
        assert_eq!(t.time, ms(at), "{t:?}");
        match event {
            Some(event) => assert_eq!(t.event, event),
            None => assert!(matches!(t.event, MarketEvent::Quote(_)), "{t:?}"),
        }
    };
    expect(0, None);
    for (silence, row) in [(15 * MINUTE, 30 * MINUTE), (45 * MINUTE, 100 * MINUTE)] {
        expect(silence, Some(MarketEvent::FeedGap { scope, lost: 0 }));
        expect(silence, Some(MarketEvent::FeedStale { scope }));
        expect(row, Some(MarketEvent::FeedRestored { scope }));
        // The first was last seen two minutes into a silence of thirty, the second two minutes before one of seventy.
        let market = u32::from(row > 30 * MINUTE);
        expect(row, Some(end(market, Resolution::Yes)));
        expect(row, None);
    }
    expect(115 * MINUTE, Some(MarketEvent::FeedGap { scope, lost: 0 }));
    expect(115 * MINUTE, Some(MarketEvent::FeedStale { scope }));
    expect(199 * MINUTE, Some(MarketEvent::FeedRestored { scope }));
    expect(199 * MINUTE, None);
    expect(199 * MINUTE + 122 * SECOND, Some(end(2, Resolution::No)));
    assert!(told.next().is_none());
    assert_eq!((read.report.crossed, read.report.quotes), (1, 4));
}

#[test]
fn without_an_outage_an_end_is_one_poll_after_the_last_sighting() {
    let every_minute: Vec<_> = (0..40).map(|m| (m * MINUTE, 12, "0.5", "0.51")).collect();
    let read = recording(&every_minute);
    let ends: Vec<_> = read.events.iter().filter(|t| matches!(t.event, MarketEvent::Resolved { .. })).collect();
    let times: Vec<_> = ends.iter().map(|t| t.time).collect();
    // The second was last seen eleven minutes before the end: it ends with the recording.
    let end = ms(39 * MINUTE + 122 * SECOND);
    assert_eq!(times, [ms(2 * MINUTE + 122 * SECOND), end, end]);
}

#[test]
fn a_quote_after_the_end_is_a_bad_row() {
    let every_minute: Vec<_> = (0..40).map(|m| (m * MINUTE, if m == 20 { 10 } else { 12 }, "0.5", "0.51")).collect();
    let read = recording(&every_minute);
    assert_bad(&read, &[("quotes", 22, "ended")]);
    assert_eq!((read.report.rows, read.report.quotes), (40, 39));
}

#[test]
fn a_row_at_exactly_a_quarter_of_an_hour_is_no_outage() {
    let read = recording(&[(0, 12, "0.5", "0.6"), (15 * MINUTE, 12, "0.5", "0.61")]);
    assert_eq!(read.report.gaps, 0);
}

#[test]
fn the_short_table_is_enough() {
    let quotes = format!("{QUOTES}0,{START},1,0.5,0.501\n");
    let inputs = vec![text("m", "market,slug\n0,x-race-a\n1,x-race-b\n"), text("q", &quotes)];
    let read = read(Format::PolymarketTob, inputs).unwrap();
    let markets = read.only(|e| if let MarketEvent::Listed(l) = e { Some((**l).clone()) } else { None });
    assert!(markets.iter().all(|m| m.group == "x-race" && m.category == "other" && m.fee.rate_ppm == 50_000));
    assert_eq!((markets[1].question.as_str(), markets[1].tick), ("x-race-b", Price(10_000)));
    assert_eq!(read.report.tick_changes, 1);
}

#[test]
fn a_header_without_rows_says_nothing() {
    let read = recording(&[]);
    assert!(read.events.is_empty() && read.problems.is_empty());
}
