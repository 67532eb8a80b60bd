//! A venue that loses answers and fails to settle trades: no order is doubled, no fill is lost, the books balance.

use crate::command::{arena, fixture, replay};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const CONFIG: &str = "
[agents]
loop_interval_seconds = 5
forecast_weight = 1
[data]
indicator_bar_seconds = 15
[risk]
min_edge_threshold = 0.006
min_confidence = 0.4
[paper]
lose_every_nth_answer = 3
fail_every_nth_trade = 4
";

/// Millionths of a decimal text.
fn micro(value: &Value) -> i64 {
    let text = value.as_str().unwrap();
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{part:0<6}").parse().unwrap()
}

#[test]
fn unknown_orders_are_resolved_and_voided_fills_undone() {
    let dir = tempfile::tempdir().unwrap();
    let (config, log) = (dir.path().join("faults.toml"), dir.path().join("log"));
    std::fs::write(&config, CONFIG).unwrap();
    let summary = arena(&format!(
        "run --json -c {} --format polymarket-l2 --recording {} --log {}",
        config.display(),
        fixture("polymarket-l2-nhl/ticks.csv.zst"),
        log.display()
    ));
    let summary = summary.expect_code(0).json();
    assert_eq!((&summary["imbalance_micro"], &summary["anomalies"]), (&0.into(), &0.into()));
    let check = replay(&format!("check --json {}", log.display())).expect_code(0).json();
    assert_eq!(check["divergences"], 0);

    let events =
        |kind: &str| replay(&format!("show --json --kind {kind} {}", log.display())).expect_code(0).json_lines();
    let order = |e: &Value| e["data"]["order"].as_u64().unwrap();
    let unknown = events("order_unknown");
    assert!(unknown.len() >= 5, "the faults did not happen: {}", unknown.len());
    assert!(!events("fill_voided").is_empty());

    // Every order of unknown fate was heard of again: accepted, refused or filled.
    let mut heard: BTreeSet<u64> = BTreeSet::new();
    for kind in ["order_accepted", "order_rejected", "fill_booked", "order_cancelled", "order_expired"] {
        heard.extend(events(kind).iter().map(order));
    }
    for e in &unknown {
        assert!(heard.contains(&order(e)), "order {} was never resolved", order(e));
    }

    // However often it was sent, an order fills at most its size, and its bytes never changed.
    let sizes: BTreeMap<u64, i64> =
        events("order_intended").iter().map(|e| (order(e), micro(&e["data"]["plan"]["size"]))).collect();
    let mut filled: BTreeMap<u64, i64> = BTreeMap::new();
    for e in events("fill_booked") {
        *filled.entry(order(&e)).or_default() += micro(&e["data"]["size"]);
    }
    for (order, filled) in filled {
        assert!(filled <= sizes[&order], "order {order} filled {filled} of {}", sizes[&order]);
    }
}
