//! The main job: the demo, twice, and what `replay` says to it.

use crate::command::{arena, replay};
use serde_json::Value;
use std::sync::OnceLock;
use tempfile::TempDir;

/// One demo that several tests look at.
pub fn shared() -> &'static (TempDir, Vec<Value>) {
    static DEMO: OnceLock<(TempDir, Vec<Value>)> = OnceLock::new();
    DEMO.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        let lines = arena(&format!("demo --json --log {}", dir.path().display())).expect_code(0).json_lines();
        (dir, lines)
    })
}

#[test]
fn it_trades_both_recordings_and_says_what_came_of_it() {
    let (_, lines) = shared();
    assert_eq!(lines.len(), 2);
    for summary in lines {
        for key in [
            "events",
            "cycles",
            "orders",
            "fills",
            "equity_start",
            "equity_end",
            "realized_pnl",
            "fees",
            "max_drawdown",
            "brier",
            "brier_market",
            "resolved_markets",
            "log",
            "head_seq",
            "head_hash",
            "state_hash",
        ] {
            assert!(summary.get(key).is_some(), "{key} is missing in {summary}");
        }
        assert_eq!(summary["complete"], true);
        assert_eq!(summary["imbalance_micro"], 0, "cash, positions and results balance to the micro-dollar");
        assert_eq!(summary["anomalies"], 0);
        assert!(summary["orders"].as_u64().unwrap() > 10 && summary["fills"].as_u64().unwrap() > 10, "{summary}");
    }
    let resolved = &lines[1];
    assert_eq!(resolved["resolved_markets"], 549);
    assert_eq!(resolved["open_positions"], 0, "everything is settled when everything is resolved");
    assert!(resolved["brier"].is_string() && resolved["brier_market"].is_string());
}

#[test]
fn the_same_input_gives_the_same_log_and_state() {
    let (_, first) = shared();
    let dir = tempfile::tempdir().unwrap();
    let second = arena(&format!("demo --json --log {}", dir.path().display())).expect_code(0).json_lines();
    for (a, b) in first.iter().zip(&second) {
        assert_eq!(a["state_hash"], b["state_hash"]);
        assert_eq!(a["head_hash"], b["head_hash"], "not one byte of the log differs");
        assert_eq!(a["head_seq"], b["head_seq"]);
    }
}

#[test]
fn a_complete_demo_is_shown_again_not_traded_again() {
    let (dir, first) = shared();
    let again = arena(&format!("demo --json --log {}", dir.path().display())).expect_code(0).json_lines();
    assert_eq!(&again, first);
}

#[test]
fn replay_finds_nothing_wrong() {
    let (_, lines) = shared();
    for summary in lines {
        let log = summary["log"].as_str().unwrap();
        replay(&format!("verify {log}")).expect_code(0);
        let check = replay(&format!("check --json {log}")).expect_code(0).json();
        assert_eq!(check["divergences"], 0);
        assert_eq!(check["state_hash"], summary["state_hash"]);
        assert!(check["decisions"].as_u64().unwrap() > 1_000, "{check}");
    }
}

/// Every settled position was paid by its market's label.
#[test]
fn positions_settle_to_the_labels() {
    let (_, lines) = shared();
    let log = lines[1]["log"].as_str().unwrap();
    let labels = std::fs::read_to_string(crate::command::fixture("polymarket-us-tob/compact/resolutions.csv")).unwrap();
    let yes: std::collections::BTreeMap<u64, bool> = labels
        .lines()
        .skip(1)
        .map(|l| {
            let cells: Vec<&str> = l.split(',').collect();
            (cells[0].parse().unwrap(), *cells.last().unwrap() == "1")
        })
        .collect();
    let resolved = replay(&format!("show --json --kind market_resolved {log}")).expect_code(0).json_lines();
    assert_eq!(resolved.len(), 549);
    for event in &resolved {
        let market = event["data"]["market"].as_u64().unwrap();
        let expected = if yes[&market] { "yes" } else { "no" };
        assert_eq!(event["data"]["resolution"], expected, "{event}");
    }
    let settled = replay(&format!("show --json --kind position_settled {log}")).expect_code(0).json_lines();
    assert!(!settled.is_empty());
    for event in &settled {
        let token = event["data"]["token"].as_u64().unwrap();
        let wins = yes[&(token / 2)] == (token % 2 == 0);
        assert_eq!(event["data"]["payout"], if wins { "1" } else { "0" }, "{event}");
        let size = event["data"]["size"].as_str().unwrap();
        assert_eq!(event["data"]["cash"].as_str().unwrap(), if wins { size } else { "0" }, "{event}");
    }
}

#[test]
fn an_order_can_be_asked_why() {
    let (_, lines) = shared();
    let log = lines[0]["log"].as_str().unwrap();
    let text = replay(&format!("why order:1 {log}")).expect_code(0).stdout;
    for word in ["momentum", "blend", "proposal", "single_trade", "accepted"] {
        assert!(text.to_lowercase().contains(word), "'{word}' is missing in\n{text}");
    }
    replay(&format!("why order:99999 {log}")).expect_code(2);
}

#[test]
fn a_snapshot_changes_nothing_but_the_time() {
    let (_, lines) = shared();
    for summary in lines {
        let log = summary["log"].as_str().unwrap();
        let quick = replay(&format!("at end --json {log}")).expect_code(0).json();
        let whole = replay(&format!("at end --from-genesis --json {log}")).expect_code(0).json();
        assert_eq!(quick["state_hash"], whole["state_hash"]);
        assert_eq!(quick["state_hash"], summary["state_hash"]);
    }
}

#[test]
fn the_questions_of_arena_work_on_its_log() {
    let (_, lines) = shared();
    let log = lines[0]["log"].as_str().unwrap();
    let status = arena(&format!("status --json --log {log}")).expect_code(0).json();
    assert_eq!(status["running"], false);
    let fills = arena(&format!("trades --json --log {log}")).expect_code(0).json();
    assert_eq!(fills.as_array().unwrap().len() as u64, lines[0]["fills"].as_u64().unwrap());
    arena(&format!("positions --log {log}")).expect_code(0);
    arena(&format!("orders -o csv --log {log}")).expect_code(0);
    let pnl = arena(&format!("pnl --json --log {log}")).expect_code(0).json();
    assert_eq!(pnl["realized_pnl"], lines[0]["realized_pnl"]);
}
