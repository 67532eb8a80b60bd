//! `replay show` and `replay stats`.

use crate::mini::{log, nth, scripted, time};
use crate::{ask, ask_json, word};
use console::exit::Code;
use schemas::{Event, EventKind, Record};
use serde_json::Value;

fn lines(words: &[&str]) -> Vec<Value> {
    let (code, data, failure) = ask(&[words, &["--json"]].concat());
    assert_eq!(code, Code::Ok, "{words:?}: {failure}");
    data.lines().map(|l| serde_json::from_str(l).unwrap()).collect()
}

fn seqs(lines: &[Value]) -> Vec<u64> {
    lines.iter().map(|l| l["seq"].as_u64().unwrap()).collect()
}

/// The sequences of the records that are wanted.
fn expected(records: &[Record], wanted: impl Fn(&Record) -> bool) -> Vec<u64> {
    (1..).zip(records).filter(|(_, r)| wanted(r)).map(|(seq, _)| seq).collect()
}

#[test]
fn every_event_is_a_line_with_its_own_fields() {
    let (dir, records) = scripted();
    let all = lines(&["show", word(dir.path())]);
    assert_eq!(seqs(&all), expected(&records, |_| true));
    for (line, record) in all.iter().zip(&records) {
        let kind = record.event.kind();
        assert_eq!((line["kind"].as_str(), line["speaker"].as_str()), (Some(kind.name()), Some(kind.speaker())));
        assert!(line["data"].is_object(), "{line}");
        // The two levels of enums are gone: wrapped again, the data are the event.
        let event: Value = serde_json::to_value(&record.event).unwrap();
        let inner = event.as_object().unwrap().values().next().unwrap().as_object().unwrap().values().next().unwrap();
        assert_eq!(inner, &line["data"]);
    }
    let fill = &all[nth(&records, EventKind::FillBooked, 0) as usize - 1];
    assert_eq!((&fill["data"]["order"], &fill["market"], &fill["cycle"]), (&1.into(), &0.into(), &1.into()), "{fill}");
}

#[test]
fn filters_narrow() {
    let (dir, records) = scripted();
    let show = |words: &[&str]| seqs(&lines(&[&["show", word(dir.path())], words].concat()));
    let kinds = show(&["--kind", "fill_booked", "--kind", "OrderIntended"]);
    let wanted = [EventKind::FillBooked, EventKind::OrderIntended];
    assert_eq!(kinds, expected(&records, |r| wanted.contains(&r.event.kind())));
    assert_eq!(show(&["--from", "10", "--to", "20"]), (10..=20).collect::<Vec<_>>());
    assert_eq!(show(&["--limit", "3"]), [1, 2, 3]);
    let (since, until) = (time(20).to_string(), time(41).to_string());
    let span = show(&["--since", &since, "--until", &until]);
    assert_eq!(span, expected(&records, |r| r.time >= time(20) && r.time <= time(41)));
    let end = records.last().unwrap().time;
    assert_eq!(show(&["--since", "-30s"]), expected(&records, |r| r.time >= end.plus(-30_000_000_000)));
    assert_eq!(show(&["--cycle", "1"])[0], nth(&records, EventKind::CycleStarted, 0));
}

#[test]
fn a_market_by_number_or_by_name_with_its_orders() {
    let (dir, records) = scripted();
    let show = |market: &str| seqs(&lines(&["show", word(dir.path()), "--market", market]));
    let by_number = show("0");
    assert_eq!(by_number, show("RIVER"));
    assert_eq!(by_number, show("river-freezes"));
    // Order 1 is of market 0; its acceptance names only the order.
    assert!(by_number.contains(&nth(&records, EventKind::OrderAccepted, 0)), "{by_number:?}");
    let (code, _, failure) = ask(&["show", word(dir.path()), "--market", "moon"]);
    assert!(code == Code::Usage && failure.contains("moon"), "{failure}");
}

#[test]
fn an_order_with_the_cycle_that_decided_it() {
    let (dir, records) = scripted();
    let order = lines(&["show", word(dir.path()), "--order", "1"]);
    let kinds: Vec<&str> = order.iter().map(|l| l["kind"].as_str().unwrap()).collect();
    for kind in
        ["cycle_started", "research_estimate", "risk_verdict", "order_intended", "fill_booked", "fill_confirmed"]
    {
        assert!(kinds.contains(&kind), "{kinds:?}");
    }
    let of_order = |r: &Record| r.cycle.0 == 1 || r.event.order().is_some_and(|o| o.0 == 1);
    assert_eq!(seqs(&order), expected(&records, of_order));
    assert_eq!(ask(&["show", word(dir.path()), "--order", "99"]).0, Code::Usage);
}

#[test]
fn beginning_late_still_knows_names_and_orders() {
    let (_, records) = scripted();
    let late = nth(&records, EventKind::OrderAccepted, 0) as usize;
    let dir = log(&records, &[late - 3]);
    let from = late.to_string();
    let found = lines(&["show", word(dir.path()), "--from", &from, "--market", "river", "--kind", "order_accepted"]);
    assert_eq!(found[0]["seq"], late);
    assert_eq!(found[0]["market"], 0);
}

#[test]
fn following_ends_at_the_limit() {
    let (_, records) = scripted();
    let (first, rest) = records.split_at(30);
    let dir = log(first, &[]);
    let (path, rest) = (dir.path().to_owned(), rest.to_vec());
    let writer = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(300));
        crate::mini::write(&path, &rest, &[]);
    });
    let shown = lines(&["show", word(dir.path()), "--follow", "--from", "25", "--limit", "20"]);
    writer.join().unwrap();
    assert_eq!(seqs(&shown), (25..45).collect::<Vec<_>>());
}

#[test]
fn people_read_one_line_each_and_nothing_reaches_their_terminal() {
    let (dir, records) = scripted();
    let path = word(dir.path());
    let (_, page, _) = ask(&["show", path]);
    assert_eq!(page.lines().count(), records.len());
    assert!(!page.contains('\u{1b}') && !page.contains('\u{202e}'));
    assert!(page.contains("red"));
    let (_, csv, _) = ask(&["show", path, "-o", "csv", "--kind", "order_intended"]);
    let intents =
        records.iter().filter(|r| matches!(&r.event, Event::Order(_)) && r.event.kind() == EventKind::OrderIntended);
    assert_eq!(csv.lines().count(), 1 + intents.count());
    assert!(csv.starts_with("seq,time,kind,market,cycle,cause,text\n"), "{csv}");
}

#[test]
fn an_unknown_kind_names_the_kinds() {
    let (dir, _) = scripted();
    let (code, _, failure) = ask(&["show", word(dir.path()), "--kind", "tick"]);
    assert!(code == Code::Usage && failure.contains("book_delta") && failure.contains("fault"), "{failure}");
}

#[test]
fn stats_count_everything() {
    let (dir, records) = scripted();
    let (code, json) = ask_json(&["stats", word(dir.path())]);
    assert_eq!((code, &json["events"]), (Code::Ok, &records.len().into()));
    let quotes = records.iter().filter(|r| r.event.kind() == EventKind::Quote).count();
    assert_eq!((&json["kinds"]["quote"], &json["markets"], &json["resolved"]), (&quotes.into(), &3.into(), &1.into()));
    assert_eq!(json["first_time"], time(0).to_string());
    let run = &json["runs"][0];
    assert_eq!((&run["mode"], &run["stopped"]["reason"]), (&"backtest".into(), &"the script ended".into()));
    assert!(json["journal_bytes"].as_u64().unwrap() > 1_000);
    let (_, page, _) = ask(&["stats", word(dir.path())]);
    assert!(page.contains("research_estimate") && page.contains("the script ended"), "{page}");
}

#[test]
fn stats_tell_how_each_run_ended() {
    let (_, records) = scripted();
    let mut twice = records[..40].to_vec();
    twice.push(Record { time: twice[39].time, ..records[0].clone() });
    let dir = log(&twice, &[]);
    let (_, json) = ask_json(&["stats", word(dir.path())]);
    assert_eq!(json["runs"].as_array().unwrap().len(), 2);
    assert!(json["runs"][0]["stopped"].is_null());
    let (_, page, _) = ask(&["stats", word(dir.path())]);
    assert!(page.contains("without a stop"), "{page}");
}
