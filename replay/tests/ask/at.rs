//! `replay at`.

use crate::mini::{self, log, nth, scripted, time};
use crate::{ask, ask_json, word};
use console::exit::Code;
use schemas::EventKind;

#[test]
fn a_snapshot_changes_nothing_but_the_time() {
    let (_, records) = scripted();
    let held = nth(&records, EventKind::FillBooked, 1) as usize;
    let dir = log(&records, &[held - 20, held + 10]);
    for seq in [held - 20, held - 5, held, held + 10, held + 30, records.len()] {
        let (point, path) = (seq.to_string(), word(dir.path()));
        let (code, quick) = ask_json(&["at", &point, path]);
        assert_eq!((code, &quick["seq"]), (Code::Ok, &seq.into()));
        assert!(quick["snapshot"].as_u64().is_some_and(|s| s <= seq as u64), "{}", quick["snapshot"]);
        let (_, mut slow) = ask_json(&["at", path, &point, "--from-genesis"]);
        assert!(slow["snapshot"].is_null());
        slow["snapshot"] = quick["snapshot"].clone();
        assert_eq!(quick, slow, "at {seq}");
    }
    let (_, early) = ask_json(&["at", "5", word(dir.path())]);
    assert!(early["snapshot"].is_null());
}

#[test]
fn a_time_is_the_state_behind_its_last_event() {
    let (dir, records) = scripted();
    let path = word(dir.path());
    let at = |point: &str| ask_json(&["at", point, path]).1["seq"].as_u64().unwrap();
    let behind = |t| records.iter().filter(|r| r.time <= t).count() as u64;
    for secs in [0, 15, 41, 127, 3_600] {
        assert_eq!(at(&time(secs).to_string()), behind(time(secs)), "{secs}");
    }
    assert_eq!(at("end"), records.len() as u64);
    assert_eq!(ask(&["at", "2020-01-01T00:00:00Z", path]).0, Code::Usage);
}

#[test]
fn positions_orders_limits_and_prices_are_there() {
    let (dir, records) = scripted();
    let path = word(dir.path());
    let held = nth(&records, EventKind::FillConfirmed, 1).to_string();
    let (_, json) = ask_json(&["at", &held, path]);
    let positions = json["positions"].as_array().unwrap();
    assert_eq!(positions.len(), 2, "{json}");
    assert_eq!((&positions[0]["market"], &positions[0]["outcome"]), (&0.into(), &"yes".into()));
    assert_eq!(json["quotes"].as_array().unwrap().len(), 2);
    let limits = json["limits"].as_array().unwrap();
    let open = limits.iter().find(|l| l["limit"] == "open_positions").unwrap();
    assert_eq!((&open["used"], &open["allowed"]), (&2.into(), &5.into()));
    assert_eq!(json["kill"]["level"], "off");
    assert_eq!(json["state_hash"].as_str().unwrap().len(), 64);
    let sent = nth(&records, EventKind::OrderIntended, 0).to_string();
    let (_, json) = ask_json(&["at", &sent, path]);
    assert_eq!((&json["orders"][0]["id"], &json["orders"][0]["status"]), (&1.into(), &"intended".into()));
    let (code, page, _) = ask(&["at", "end", path]);
    assert_eq!(code, Code::Ok);
    for word in ["[BACKTEST]", "folded from", "the first event", "portfolio_exposure", "state hash", "indicators"] {
        assert!(page.contains(word), "{word}: {page}");
    }
}

#[test]
fn the_whole_book_of_one_market() {
    use schemas::event::{BookSnapshot, Level, MarketEvent};
    use schemas::{MarketId, Price, Size, UtcNanos};
    let mut mini = mini::Mini::start(&mini::config());
    mini.feed(0, mini::listed(0, "river-freezes", "Will the river freeze?"));
    mini.feed(0, mini::listed(1, "river-thaws", mini::RUDE));
    let level = |p: i64, s: i64| Level { price: Price(p * 1_000), size: Size(s * 1_000_000) };
    let book = BookSnapshot {
        token: MarketId(0).yes(),
        bids: vec![level(400, 5), level(410, 7)],
        asks: vec![level(430, 3)],
        source_time: UtcNanos::ZERO,
    };
    mini.feed(1, MarketEvent::BookSnapshot(Box::new(book)));
    let dir = log(&mini.records, &[]);
    let path = word(dir.path());
    for wanted in ["0", "freezes", "RIVER freeze"] {
        let (code, json) = ask_json(&["at", "end", path, "--book", wanted]);
        let tokens = &json["book"]["tokens"];
        assert_eq!((code, tokens[0]["bids"][0]["price"].as_str()), (Code::Ok, Some("0.41")), "{json}");
        assert_eq!(tokens[0]["asks"].as_array().unwrap().len(), 1);
    }
    let (code, page, _) = ask(&["at", "end", path, "--book", "0", "-o", "csv"]);
    assert!(code == Code::Ok && page.contains("bid_size,bid,ask,ask_size\n7,0.41,0.43,3\n5,0.4,,\n"), "{page}");
    let (code, _, failure) = ask(&["at", "end", path, "--book", "river"]);
    assert!(code == Code::Usage && failure.contains("several markets") && !failure.contains('\u{1b}'), "{failure}");
    assert_eq!(ask(&["at", "end", path, "--book", "7"]).0, Code::Usage);
}

#[test]
fn points_that_are_not_there() {
    let (dir, records) = scripted();
    let path = word(dir.path());
    for point in ["0", "soon", &(records.len() + 1).to_string()] {
        let (code, data, failure) = ask(&["at", point, path]);
        assert!(code == Code::Usage && data.is_empty() && !failure.is_empty(), "{point}: {data}");
    }
    assert_eq!(ask(&["at", path]).0, Code::Usage);
    assert_eq!(ask(&["at", "end", "/no/such/log"]).0, Code::Usage);
    assert_eq!(ask(&["at"]).0, Code::Usage);
    let empty = tempfile::tempdir().unwrap();
    assert_eq!(ask(&["at", "end", word(empty.path())]).0, Code::Usage);
}
