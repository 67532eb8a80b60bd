//! Binance streams: the shipped head, and small files by hand.

use super::reading::{assert_bad, binance, fixture, read};
use schemas::event::{FeedScope, MarketEvent, Venue};
use schemas::{MarketId, Price, Side, Size, UtcNanos};
use venues::recording::{Format, Input};

fn depth(time: u64, symbol: &str, first: u64, last: u64, previous: u64) -> String {
    format!(
        "{time} {{\"stream\":\"x\",\"data\":{{\"e\":\"depthUpdate\",\"E\":9,\"T\":8,\"s\":\"{symbol}\",\"U\":{first},\
         \"u\":{last},\"pu\":{previous},\"b\":[[\"100.10\",\"1.5\"]],\"a\":[[\"100.20\",\"0.000\"]]}}}}\n"
    )
}

const SPOT_QUOTE: &str = "20 {\"stream\":\"x\",\"data\":{\"u\":7,\"s\":\"BTCUSDT\",\"b\":\"1.5\",\"B\":\"2\",\"a\":\"1.6\",\"A\":\"3.000001\"}}\n";

#[test]
fn the_shipped_head_reads_whole() {
    let file = Input::path(fixture("binance-hftbacktest/usdm_btcusdt_head.gz"));
    let read = read(Format::BinanceFutures, vec![file]).unwrap();
    let r = &read.report;
    assert_eq!((r.rows, r.deltas, r.trades, r.quotes, r.snapshots), (3_000, 13_673, 469, 2_296, 1));
    assert_eq!((r.markets, r.bad_rows, r.ignored_rows, r.gaps), (1, 0, 0, 0));
    assert_eq!(r.last_time, Some(UtcNanos(1_723_161_267_233_787_859)));
    let book = read.only(|e| if let MarketEvent::BookSnapshot(b) = e { Some((**b).clone()) } else { None }).remove(0);
    assert_eq!((book.bids.len(), book.asks.len(), book.token), (1_000, 1_000, MarketId(0).yes()));
    assert_eq!((book.bids[0].price, book.bids[0].size), (Price(61_800_200_000), Size(2_909_000)));
    let trade = read.only(|e| if let MarketEvent::Trade(t) = e { Some(*t) } else { None }).remove(0);
    assert_eq!((trade.aggressor, trade.size), (Side::Buy, Size(6_000)));
    assert_eq!(trade.source_time, UtcNanos::from_millis(1_723_161_256_322).unwrap());
    let MarketEvent::Listed(listed) = read.said()[0] else { panic!("{:?}", read.said()[0]) };
    assert_eq!((listed.venue, listed.slug.as_str()), (Venue::Binance, "binance-usdm-btcusdt"));
}

#[test]
fn files_are_merged_by_local_time() {
    let a = depth(10, "AAA", 1, 2, 0) + &depth(30, "AAA", 3, 4, 2);
    let b = depth(20, "BBB", 1, 2, 0) + &depth(40, "BBB", 3, 4, 2);
    let read = binance(&[&b, &a]);
    let times: Vec<_> = read.events.iter().map(|t| t.time.0).collect();
    assert_eq!(times, [10, 10, 10, 20, 20, 20, 30, 30, 40, 40]);
    let listed = read.only(|e| if let MarketEvent::Listed(l) = e { Some(l.group.clone()) } else { None });
    assert_eq!(listed, ["AAA", "BBB"]);
}

#[test]
fn spot_and_futures_of_one_symbol_are_two_markets() {
    let read = binance(&[&(depth(10, "BTCUSDT", 1, 2, 0) + SPOT_QUOTE)]);
    let slugs = read.only(|e| if let MarketEvent::Listed(l) = e { Some(l.slug.clone()) } else { None });
    assert_eq!(slugs, ["binance-usdm-btcusdt", "binance-spot-btcusdt"]);
    let quote = read.only(|e| if let MarketEvent::Quote(q) = e { Some(*q) } else { None }).remove(0);
    assert_eq!((quote.bid_size, quote.ask_size, quote.source_time), (Size(2_000_000), Size(3_000_001), UtcNanos::ZERO));
    assert_eq!((quote.top.bid, quote.top.ask), (Price(1_500_000), Price(1_600_000)));
}

#[test]
fn an_update_that_does_not_join_on_is_a_gap_and_an_old_one_is_ignored() {
    let snapshot = "25 {\"lastUpdateId\":50,\"bids\":[[\"1\",\"1\"]],\"asks\":[]}\n";
    let lines = depth(10, "A", 1, 2, 0)
        + &depth(20, "A", 5, 6, 4)
        + snapshot
        + &depth(30, "A", 40, 49, 6)
        + &depth(40, "A", 49, 55, 6);
    let read = binance(&[&lines]);
    let gap = MarketEvent::FeedGap { scope: FeedScope::Market(MarketId(0)), lost: 0 };
    assert_eq!(read.said().into_iter().filter(|e| **e == gap).count(), 1);
    assert_eq!(read.said()[3], &gap);
    assert_eq!((read.report.ignored_rows, read.report.snapshots, read.report.deltas), (1, 1, 6));
}

#[test]
fn one_bad_level_makes_the_whole_message_bad() {
    let fine = depth(10, "A", 1, 2, 0);
    let too_fine = depth(20, "A", 3, 4, 2).replace("0.000\"", "0.0000001\"");
    let negative = depth(30, "A", 5, 6, 4).replace("\"1.5\"", "\"-1.5\"");
    let free = depth(40, "A", 7, 8, 6).replace("\"100.10\"", "\"0.00\"");
    let read = binance(&[&(fine + &too_fine + &negative + &free + &depth(50, "A", 9, 10, 8))]);
    assert_bad(&read, &[("a", 2, "6 decimals"), ("a", 3, "negative"), ("a", 4, "price is 0")]);
    assert_eq!((read.report.deltas, read.report.gaps, read.report.rows), (4, 3, 5));
}

#[test]
fn nonsense_is_told_by_line_and_other_kinds_are_ignored() {
    let lines = depth(10, "A", 1, 2, 0)
        + "x {}\n"
        + "20 {\"stream\":\n"
        + "21 {\"data\":{\"e\":\"trade\",\"s\":\"A\",\"T\":1}}\n"
        + "22 {\"other\":1}\n"
        + "23 {\"data\":{\"e\":\"trade\"}}\n"
        + "24 {\"data\":{\"e\":\"markPriceUpdate\",\"s\":\"A\",\"T\":1,\"p\":1}}\n"
        + "25 {\"data\":{\"e\":\"trade\",\"s\":\"A\",\"T\":1,\"p\":\"0\",\"q\":\"0\",\"X\":\"NA\",\"m\":true}}\n"
        + "26 {\"data\":{\"e\":\"trade\",\"s\":\"A\\u001b\",\"T\":1}}\n"
        + "27 {\"data\":{\"e\":\"depthUpdate\",\"s\":\"a b\",\"T\":1}}\n";
    let read = binance(&[&lines]);
    let expected = [
        ("a", 2, "local time"),
        ("a", 3, "not stream JSON"),
        ("a", 4, "missing field"),
        ("a", 5, "neither"),
        ("a", 6, "symbol"),
        ("a", 9, "string"),
        ("a", 10, "symbol"),
    ];
    assert_bad(&read, &expected);
    assert_eq!((read.report.ignored_rows, read.report.rows), (2, 10));
}

#[test]
fn a_snapshot_needs_a_symbol_before_it() {
    let read = binance(&["5 {\"lastUpdateId\":50,\"bids\":[],\"asks\":[]}\n"]);
    assert_bad(&read, &[("a", 1, "snapshot before")]);
    assert!(read.events.is_empty());
}
