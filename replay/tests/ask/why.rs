//! `replay why`.

use crate::mini::{self, log, nth, scripted};
use crate::{ask, ask_json, word};
use console::exit::Code;
use schemas::{EventKind, Record};
use serde_json::Value;

/// Every node of a story, at any depth.
fn nodes(value: &Value, out: &mut Vec<Value>) {
    match value {
        Value::Object(map) => {
            if map.contains_key("what") && map.contains_key("text") {
                out.push(value.clone());
            }
            map.values().for_each(|v| nodes(v, out));
        }
        Value::Array(list) => list.iter().for_each(|v| nodes(v, out)),
        _ => {}
    }
}

fn kinds(value: &Value) -> Vec<String> {
    let mut all = Vec::new();
    nodes(value, &mut all);
    all.iter().map(|n| n["what"].as_str().unwrap().to_owned()).collect()
}

fn why(records: &[Record], what: &str) -> Value {
    let dir = log(records, &[]);
    let (code, json) = ask_json(&["why", what, word(dir.path())]);
    assert_eq!(code, Code::Ok);
    json
}

#[test]
fn an_order_from_tick_to_loss() {
    let (_, records) = scripted();
    let json = why(&records, "order:1");
    assert_eq!((&json["subject"], &json["mode"]), (&"order:1".into(), &"backtest".into()));
    let stages = kinds(&json);
    for stage in [
        "market_listed",
        "quote",
        "quote_yes",
        "indicators",
        "cycle_started",
        "research_estimate",
        "evidence",
        "proposal_made",
        "risk_verdict",
        "check",
        "order_planned",
        "order_intended",
        "order_accepted",
        "fill_booked",
        "fill_confirmed",
        "ending",
        "holding",
    ] {
        assert!(stages.iter().any(|s| s == stage), "{stage} is missing in {stages:?}");
    }
    // Its position was stopped out by another order, and that is where the loss was made.
    let later = kinds(&json["later"]);
    assert!(later.contains(&"order_intended".to_owned()) && later.contains(&"fill_booked".to_owned()), "{later:?}");
    let holding = &json["result"][0];
    assert!(holding["data"]["realized"].as_str().unwrap().starts_with('-'), "{holding}");
    assert_eq!(json["result"][1]["data"]["realized"], holding["data"]["realized"]);
    let text = json["led_to_it"].to_string();
    assert!(text.contains("started the cycle"), "{text}");
}

#[test]
fn a_settled_position_shows_its_end() {
    let (_, records) = scripted();
    let json = why(&records, "order:2");
    let later = kinds(&json["later"]);
    assert_eq!(later, ["market_resolved", "position_settled", "reflection"], "{json}");
    let settled = nth(&records, EventKind::PositionSettled, 0);
    assert_eq!(json["result"][0]["data"]["closed_by"], settled);
    assert!(!json["result"][0]["data"]["realized"].as_str().unwrap().starts_with('-'));
}

#[test]
fn a_number_is_an_order_first_and_an_event_otherwise() {
    let (_, records) = scripted();
    assert_eq!(why(&records, "1")["subject"], "order:1");
    let seq = nth(&records, EventKind::OperatorCommand, 0);
    assert_eq!(why(&records, &seq.to_string())["subject"], format!("seq:{seq}"));
    assert_eq!(why(&records, "seq:1")["subject"], "seq:1");
}

#[test]
fn an_event_of_an_order_is_marked_in_its_story() {
    let (_, records) = scripted();
    for kind in [EventKind::FillConfirmed, EventKind::RiskVerdict, EventKind::OrderAccepted] {
        let seq = nth(&records, kind, 0);
        let json = why(&records, &format!("seq:{seq}"));
        let mut all = Vec::new();
        nodes(&json, &mut all);
        let marked: Vec<_> = all.iter().filter(|n| n["marked"] == true).map(|n| n["seq"].clone()).collect();
        assert_eq!(marked, [seq], "{kind}");
    }
    let dir = log(&records, &[]);
    let seq = nth(&records, EventKind::RiskVerdict, 0).to_string();
    let (_, page, _) = ask(&["why", word(dir.path()), &format!("seq:{seq}")]);
    let marked: Vec<_> = page.lines().filter(|l| l.contains("<== this")).collect();
    assert!(marked.len() == 1 && marked[0].contains(&format!("{seq} ")), "{marked:?}");
}

#[test]
fn a_cycle_without_an_order_says_why_not() {
    let (_, records) = scripted();
    let seq = nth(&records, EventKind::NoDecision, 0);
    let cycle = records[seq as usize - 1].cycle;
    let json = why(&records, &format!("cycle:{cycle}"));
    assert!(kinds(&json["decision"]).contains(&"no_decision".to_owned()), "{json}");
    assert!(json["order"].is_null());
    assert!(json["result"].to_string().contains("no order was placed"), "{json}");
}

#[test]
fn other_events_have_causes_and_effects() {
    let (_, records) = scripted();
    let settled = nth(&records, EventKind::PositionSettled, 0);
    let json = why(&records, &format!("seq:{settled}"));
    assert_eq!(kinds(&json["led_to"]), ["reflection"], "{json}");
    let reflection = nth(&records, EventKind::Reflection, 0);
    let json = why(&records, &format!("seq:{reflection}"));
    assert_eq!(json["led_to_it"][0]["seq"], settled);
    // A tick that started a cycle leads to everything up to the order and its fills.
    let started = nth(&records, EventKind::CycleStarted, 0);
    let tick = records[started as usize - 1].cause;
    let effects = kinds(&why(&records, &format!("seq:{tick}"))["led_to"]);
    for kind in ["cycle_started", "order_intended", "fill_booked"] {
        assert!(effects.iter().any(|k| k == kind), "{kind}: {effects:?}");
    }
}

#[test]
fn doubts_resends_and_failed_trades_are_told() {
    let mut config = mini::config();
    config.paper.lose_every_nth_answer = 1;
    config.paper.fail_every_nth_trade = 1;
    let records = mini::script(&config).records;
    // Answers are lost in turn on their way back (nothing is sent twice then) and on the order's way there.
    for (order, told) in
        [("order:1", ["order_unknown", "fill_voided"]), ("order:2", ["order_unknown", "resend_intended"])]
    {
        let json = why(&records, order);
        let life = kinds(&json["order"]);
        for kind in told {
            assert!(life.iter().any(|k| k == kind), "{order} {kind}: {life:?}");
        }
        assert!(json["order"].to_string().contains("in the end"), "{json}");
    }
}

#[test]
fn a_refused_proposal_marks_the_limit() {
    let mut config = mini::config();
    config.risk.max_price = schemas::Price(100_000);
    let records = mini::script(&config).records;
    let dir = log(&records, &[]);
    let (code, page, _) = ask(&["why", "cycle:1", word(dir.path())]);
    assert_eq!(code, Code::Ok);
    let failed: Vec<_> = page.lines().filter(|l| l.contains("NOT ")).collect();
    assert!(failed.len() == 1 && failed[0].contains("price_band"), "{page}");
    assert!(page.contains("refused: price_band"), "{page}");
}

#[test]
fn titles_are_harmless_and_mistakes_are_told() {
    let (dir, _) = scripted();
    let path = word(dir.path());
    let (_, page, _) = ask(&["why", "order:2", path]);
    assert!(page.contains("red") && !page.contains('\u{1b}') && !page.contains('\u{202e}'), "{page}");
    for what in ["order:99", "cycle:999", "seq:99999", "99999", "trade:1", "0"] {
        let (code, data, failure) = ask(&["why", what, path]);
        assert!(code == Code::Usage && data.is_empty() && !failure.is_empty(), "{what}: {data}");
    }
    assert_eq!(ask(&["why", "1", path, "-o", "csv"]).0, Code::Usage);
}
