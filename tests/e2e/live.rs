//! `arena run --live` against `arena sandbox`, both real processes over loopback, on a recorded game.

use super::command::{Done, arena, command, replay};
use super::local_venue::{ADDRESS, Client, KEY, Sandbox, recording};
use super::purse::Purse;
use serde_json::Value;
use std::process::Stdio;
use std::time::Duration;

/// So long after the last heartbeat the venue has cancelled everything: it waits for ten seconds.
const HEARTBEAT_LAPSES: Duration = Duration::from_secs(12);

/// Trades for some seconds and stops by SIGINT.
pub fn trade(purse: &Purse, seconds: u64, more: &[&str]) -> Done {
    let mut command = command("arena");
    command.args(["-c", purse.path("arena.toml").to_str().unwrap(), "--data-dir"]).arg(purse.path("data"));
    command.args(["run", "--live", "--json"]).args(more).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    for _ in 0..seconds * 20 {
        if child.try_wait().unwrap().is_some() {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    if child.try_wait().unwrap().is_none() {
        let _ = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    }
    let output = child.wait_with_output().unwrap();
    Done {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

pub fn count(log: &str, kind: &str) -> usize {
    replay(&format!("show {log} --kind {kind}")).expect_code(0).stdout.lines().count()
}

#[test]
fn live_mode_trades_at_the_sandbox_and_its_log_says_what_the_venue_says() {
    let (_dir, recording) = recording();
    let sandbox = Sandbox::start(&recording, &["--welcome", "10000"]);
    let purse = sandbox.trader();
    // What sounds like paper is not traded for real.
    for paper in [&["--recording", "x"][..], &["--speed", "5"], &["--format", "polymarket-l2"]] {
        let refused = trade(&purse, 5, &[paper, &["--confirm", ADDRESS]].concat()).expect_code(2);
        assert!(refused.stderr.contains("not a recording"), "{}", refused.stderr);
    }
    // Without the word of a person nothing is sent.
    let refused = trade(&purse, 5, &["--confirm", "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"]).expect_code(2);
    assert!(refused.stderr.contains("does not name the wallet"), "{}", refused.stderr);
    trade(&purse, 40, &["--confirm", ADDRESS]).expect_code(0);
    let log = purse.path("data/live").display().to_string();
    // Commands are about the log of the configured mode, and say what a switch does not do while nobody acts on it.
    let status = purse.arena(&["status", "--json"], "").expect_code(0).json();
    assert_eq!(status["log"], log.as_str());
    // What is at stake is said in red.
    let shown = purse.arena(&["--color", "always", "status"], "").expect_code(0).stdout;
    assert!(shown.starts_with("\u{1b}[1m\u{1b}[31m[LIVE]\u{1b}[0m"), "{shown:?}");
    let held = status["positions"].as_u64().unwrap();
    let thrown = purse.arena(&["kill", "on", "--level", "flatten"], "").expect_code(0).stderr;
    assert_eq!(thrown.contains("nothing is cancelled or sold before the next run"), held > 0, "{thrown}");
    purse.arena(&["kill", "off"], "").expect_code(0);
    assert!(count(&log, "order_intended") > 0 && count(&log, "fill_booked") > 0);
    assert_eq!(count(&log, "fault"), 0, "{}", replay(&format!("show {log} --kind fault")).stdout);
    // Paper does not go on where real money was traded, and leaves no word there.
    let events = || arena(&format!("status --log {log} --json")).json()["seq"].clone();
    let before = events();
    let recorded = super::command::fixture("polymarket-l2-nhl/ticks.csv.zst");
    let paper = arena(&format!("run --format polymarket-l2 --recording {recorded} --log {log}")).expect_code(2);
    assert!(paper.stderr.contains("is the log of a live run, and this is a paper one"), "{}", paper.stderr);
    assert_eq!(events(), before);
    // Every decision follows from what came in, also here; and the log is whole.
    replay(&format!("check {log}")).expect_code(0);
    replay(&format!("verify {log} --deep")).expect_code(0);
    // What it believes to hold is what the venue says it holds.
    let held = arena(&format!("positions --log {log} --json")).expect_code(0).json();
    let there = sandbox.get(&format!("/data-api/v2/positions?user={ADDRESS}"));
    let sizes = |list: &Value, key: &str| {
        let number = |v: &Value| (v.as_str().map_or_else(|| v.as_f64().unwrap(), |t| t.parse().unwrap()) * 1e6).round();
        let mut all: Vec<i64> = list.as_array().unwrap().iter().map(|p| number(&p[key]) as i64).collect();
        all.retain(|size| *size > 0);
        all.sort_unstable();
        all
    };
    assert_eq!(sizes(&held, "size"), sizes(&there["data"], "current_size"));
    // No byte of the key or the password is in the log.
    for (name, secret) in [("key", &KEY[2..]), ("password", super::purse::PASSWORD)] {
        let found = std::process::Command::new("grep").args(["-rqa", secret, &log]).status().unwrap();
        assert_eq!(found.code(), Some(1), "the {name} is in the log");
    }
}

#[test]
fn shares_that_the_log_did_not_buy_hold_new_risk_back_and_no_dry_run() {
    let (_dir, recording) = recording();
    let sandbox = Sandbox::start(&recording, &["--welcome", "10000"]);
    let purse = sandbox.trader();
    Client::new(&sandbox).take();
    trade(&purse, 15, &["--dry-run"]).expect_code(0);
    let dry = purse.path("data/dry-run").display().to_string();
    assert!(count(&dry, "reconcile_mismatch") == 0 && count(&dry, "order_intended") > 0);
    trade(&purse, 15, &["--confirm", ADDRESS]).expect_code(0);
    let log = purse.path("data/live").display().to_string();
    let found = replay(&format!("show {log} --kind reconcile_mismatch")).expect_code(0).stdout;
    assert_eq!(found.lines().count(), 1, "{found}");
    assert!(found.contains("shares of token") && found.contains("5000000"), "{found}");
    assert_eq!(count(&log, "order_intended"), 0, "nothing new is risked");
    let status = purse.arena(&["status"], "");
    assert!(status.code == 6 && status.stdout.contains("reconcile"), "{}", status.stdout);
    replay(&format!("check {log}")).expect_code(0);
}

#[test]
fn a_dry_run_signs_and_posts_nothing() {
    let (dir, recording) = recording();
    let theirs = dir.path().join("venue").display().to_string();
    let sandbox = Sandbox::start(&recording, &["--welcome", "10000", "--record", &theirs]);
    let purse = sandbox.trader();
    let said = trade(&purse, 25, &["--dry-run"]).expect_code(0).stderr;
    assert!(said.contains("[LIVE] DRY RUN"), "{said}");
    assert!(!purse.path("data/live").exists(), "it has a log of its own");
    let log = purse.path("data/dry-run").display().to_string();
    let intended = count(&log, "order_intended");
    assert!(intended > 0);
    assert_eq!(count(&log, "order_rejected"), intended);
    assert_eq!(count(&log, "order_accepted"), 0);
    replay(&format!("check {log}")).expect_code(0);
    // Nor did the venue hear of an order, or of a heartbeat: with the end of those it would cancel what the account has open.
    let mut client = Client::new(&sandbox);
    assert_eq!(client.open(), 0);
    client.rest();
    std::thread::sleep(HEARTBEAT_LAPSES);
    assert_eq!(client.open(), 1);
    drop(sandbox);
    assert_eq!(count(&theirs, "order_intended"), 1, "only the other client's");
}
