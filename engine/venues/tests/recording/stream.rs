//! The measuring stream.

use super::reading::{fixture, read, stream};
use schemas::event::{MarketEvent, Venue};
use schemas::{MarketId, Price, Side, Size, UtcNanos};
use venues::recording::{Format, Input};

#[test]
fn the_shipped_head_reads_whole() {
    let read = read(Format::L2Csv, vec![Input::path(fixture("bench-stream/stream_head.csv.gz"))]).unwrap();
    let r = &read.report;
    assert_eq!((r.rows, r.deltas, r.trades, r.markets), (20_000, 18_558, 1_442, 20));
    assert_eq!((r.bad_rows, r.gaps, r.book_agreement), (0, 0, None));
}

#[test]
fn rows_become_events_and_markets_are_listed_when_they_first_appear() {
    let read = stream("5,7,D,B,42,150\n6,3,T,A,42,50\n7,7,D,A,99,0\n");
    let events = read.said();
    assert_eq!(events.len(), 5);
    let MarketEvent::Listed(first) = events[0] else { panic!("{:?}", events[0]) };
    assert_eq!((first.market, first.venue, first.slug.as_str()), (MarketId(0), Venue::Synthetic, "l2-csv-7"));
    assert_eq!((first.tick, first.min_size, first.fee.rate_ppm), (Price(10_000), Size(1_000_000), 0));
    let MarketEvent::BookDelta(d) = events[1] else { panic!("{:?}", events[1]) };
    assert_eq!((d.token, d.side, d.price, d.size), (MarketId(0).yes(), Side::Buy, Price(420_000), Size(1_500_000)));
    assert_eq!((d.stated, d.source_time), (None, UtcNanos(5)));
    assert!(matches!(events[2], MarketEvent::Listed(l) if l.market == MarketId(1) && l.slug == "l2-csv-3"));
    let MarketEvent::Trade(t) = events[3] else { panic!("{:?}", events[3]) };
    assert_eq!((t.token, t.aggressor, t.size), (MarketId(1).yes(), Side::Sell, Size(500_000)));
    assert!(matches!(events[4], MarketEvent::BookDelta(d) if d.size == Size::ZERO && d.side == Side::Sell));
}

#[test]
fn line_ends_byte_order_marks_quotes_and_blank_lines_do_not_matter() {
    let plain = "ts_ns,market,kind,side,price,size\n5,7,D,B,42,150\n6,7,T,A,42,50\n";
    let odd = "\u{feff}\"ts_ns\",market,kind,side,price,size\r\n\r\n5,7,D,B, 42,\"150\"\r\n\n6,7,T,A,42,50";
    let read = |text: &str| read(Format::L2Csv, vec![super::reading::text("s", text)]).unwrap();
    let (a, b) = (read(plain), read(odd));
    assert_eq!(a.events, b.events);
    assert_eq!((b.problems.len(), b.report.rows), (0, 2));
}
