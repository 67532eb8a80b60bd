//! Rows that make no sense: left out, told with their line, and followed by a gap.

use super::reading::{MARKETS, QUOTES, TICKS, TOKENS, assert_bad, read, stream, text, ticks};
use schemas::event::{FeedScope, MarketEvent};
use schemas::{MarketId, Price};
use venues::recording::{Format, Input};

const GOOD: &str = "0,1000,0,price_change,BUY,0.31,198,0.31,0.39\n";

fn gaps(read: &super::reading::Read) -> Vec<(FeedScope, u32)> {
    read.only(|e| if let MarketEvent::FeedGap { scope, lost } = e { Some((*scope, *lost)) } else { None })
}

#[test]
fn ticks_are_checked_field_by_field() {
    let rows = [
        ("1,1000,0,price_change,BUY,-0.31,198,0.31,0.39", "negative"),
        ("1,1000,0,price_change,BUY,1.01,198,0.31,0.39", "above 1"),
        ("1,1000,0,price_change,BUY,0,198,0.31,0.39", "price is 0"),
        ("1,1000,0,price_change,BUY,0.31,-1,0.31,0.39", "negative"),
        ("1,1000,0,price_change,BUY,0.31,1.2345678,0.31,0.39", "6 decimals"),
        ("1,1000,0,price_change,BUY,abc,198,0.31,0.39", "not a decimal number"),
        ("1,1000,0,price_change,BUY,0.31,198,0.31,1.39", "above 1"),
        ("1,1000,0,price_change,BUY,0.31,198,0.31", "9 fields, found 8"),
        ("1,1000,0,price_change,BUY,0.31,198,0.31,0.39,", "9 fields, found 10"),
        ("1,1000,9,price_change,BUY,0.31,198,0.31,0.39", "token 9"),
        ("1,1000,-1,price_change,BUY,0.31,198,0.31,0.39", "token"),
        ("1,soon,0,price_change,BUY,0.31,198,0.31,0.39", "recv_ts_ms"),
        ("1,99999999999999999,0,price_change,BUY,0.31,198,0.31,0.39", "recv_ts_ms"),
        ("x,1000,0,price_change,BUY,0.31,198,0.31,0.39", "seq"),
        ("1,1000,0,book,BUY,0.31,198,0.31,0.39", "event"),
        ("1,1000,0,price_change,buy,0.31,198,0.31,0.39", "side"),
        ("1,1000,0,last_trade_price,BUY,0.31,0,,", "size of a trade is 0"),
        ("1,1000,0,price_change,BUY,0.312345,198,0.31,0.39", "price grid"),
    ];
    for (row, word) in rows {
        let read = ticks(&format!("{GOOD}{row}\n{GOOD}"));
        assert_bad(&read, &[("ticks.csv", 3, word)]);
        assert_eq!((read.report.rows, read.report.deltas), (3, 2), "{row}");
        assert_eq!(gaps(&read).len(), 1, "{row}");
        assert!(matches!(read.events[2].event, MarketEvent::FeedGap { lost: 1, .. }), "{row}");
    }
}

#[test]
fn a_gap_is_as_wide_as_the_row_leaves_open() {
    let market = FeedScope::Market(MarketId(0));
    assert_eq!(gaps(&ticks(&format!("{GOOD}1,1000,1,price_change,BUY,2,1,,\n"))), [(market, 1)]);
    assert_eq!(gaps(&ticks(&format!("{GOOD}1,1000,7,price_change,BUY,2,1,,\n"))), [(FeedScope::All, 1)]);
    assert_eq!(gaps(&stream("5,7,D,B,42,150\n6,7,D,B,0,1\n")), [(market, 1)]);
}

#[test]
fn gaps_before_the_first_good_row_are_told_behind_the_listing() {
    let read = ticks(&format!("x\ny\n{GOOD}"));
    assert_bad(&read, &[("ticks.csv", 2, "fields"), ("ticks.csv", 3, "fields")]);
    let events = read.said();
    assert!(matches!(events[0], MarketEvent::Listed(_)));
    assert_eq!(events[1], &MarketEvent::FeedGap { scope: FeedScope::All, lost: 2 });
    assert!(matches!(events[2], MarketEvent::BookDelta(_)));
}

#[test]
fn text_that_is_no_text_is_a_bad_row() {
    let mut bytes = format!("{TICKS}{GOOD}").into_bytes();
    bytes.extend(b"1,1000,0,price_change,B\xffY,0.31,198,0.31,0.39\n");
    bytes.extend(GOOD.as_bytes());
    let inputs = vec![Input::bytes("ticks.csv", bytes), text("tokens.json", TOKENS)];
    let read = read(Format::PolymarketL2, inputs).unwrap();
    assert_bad(&read, &[("ticks.csv", 3, "not UTF-8")]);
    assert_eq!(read.report.deltas, 2);
}

#[test]
fn an_endless_line_is_passed_over() {
    let long = "9".repeat(5 << 20);
    let read = ticks(&format!("{GOOD}{long}\n{GOOD}"));
    assert_bad(&read, &[("ticks.csv", 3, "longer")]);
    assert_eq!((read.report.deltas, read.report.rows), (2, 3));
}

#[test]
fn an_open_quote_does_not_swallow_the_rows_behind_it() {
    let read = ticks(&format!("1,1000,0,\"price_change,BUY,0.3,1,,\n{GOOD}{GOOD}"));
    assert_eq!((read.report.deltas, read.report.bad_rows), (2, 1));
}

#[test]
fn streams_are_checked_field_by_field() {
    let rows = [
        ("0,7,D,B,42,1", "ts_ns"),
        ("5,7,X,B,42,1", "kind"),
        ("5,7,D,C,42,1", "side"),
        ("5,7,D,B,0,1", "1 to 99"),
        ("5,7,D,B,100,1", "1 to 99"),
        ("5,7,D,B,4.2,1", "whole number"),
        ("5,7,D,B,42,-1", "whole number"),
        ("5,7,D,B,42,9223372036854775807", "too large"),
        ("5,7,T,B,42,0", "trade"),
        ("5,4294967296,D,B,42,1", "too large"),
        ("5,7,D,B,42", "6 fields, found 5"),
    ];
    for (row, word) in rows {
        let read = stream(&format!("5,7,D,B,42,150\n{row}\n6,7,D,A,43,1\n"));
        assert_bad(&read, &[("stream.csv", 3, word)]);
        assert_eq!((read.report.deltas, read.report.gaps), (2, 1), "{row}");
    }
}

#[test]
fn quotes_are_checked_field_by_field() {
    let markets = format!("{MARKETS}4,s-4,e,q,sports,9,,\n");
    for (row, word) in [
        ("1,1000,4,-0.1,0.2", "negative"),
        ("1,1000,4,0.1,1.2", "above 1"),
        ("1,1000,5,0.1,0.2", "market 5"),
        ("1,1000,4,0.1", "5 fields, found 4"),
        ("1,x,4,0.1,0.2", "ts_ms"),
        ("1,1000,4,0.1,0,2", "5 fields, found 6"),
        ("1,1000,4,0.10001,0.2", "price grid"),
    ] {
        let quotes = format!("{QUOTES}0,1000,4,0.1,0.2\n{row}\n2,1000,4,,0.2\n");
        let read = read(Format::PolymarketTob, vec![text("q", &quotes), text("m", &markets)]).unwrap();
        assert_bad(&read, &[("q", 3, word)]);
        assert_eq!((read.report.quotes, read.report.gaps), (2, 1), "{row}");
    }
}

#[test]
fn what_a_venue_does_not_state_is_not_made_up() {
    let rows = "0,1000,0,price_change,BUY,0.31,198,,\n1,1000,0,price_change,BUY,0.3,1,0.31,\n\
                2,1000,0,price_change,BUY,0.2,1,0.31,1\n";
    let stated = ticks(rows).only(|e| if let MarketEvent::BookDelta(d) = e { Some(d.stated) } else { None });
    assert_eq!(stated[0], None);
    for top in [stated[1].unwrap(), stated[2].unwrap()] {
        assert_eq!((top.bid, top.ask), (Price(310_000), Price::ZERO));
    }
    assert_eq!(ticks(rows).report.book_agreement.unwrap().checked, 2);
}
