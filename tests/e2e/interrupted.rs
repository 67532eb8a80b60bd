//! Killed, stopped, run twice: nothing is lost and nothing is done twice.

use crate::command::{arena, command, replay, with_hangup};
use crate::demo::shared;
use serde_json::Value;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

fn start(dir: &Path) -> Child {
    let mut demo = with_hangup("arena", "default");
    demo.args(["demo", "--json", "--log"]).arg(dir).stdout(Stdio::null()).stderr(Stdio::null());
    demo.spawn().expect("it starts")
}

/// How far a run has come: the last event that its log has acknowledged.
fn written(log: &Path) -> u64 {
    let anchor = eventlog::LogReader::open(log).and_then(|reader| reader.head_anchor());
    anchor.ok().flatten().map_or(0, |anchor| anchor.head.seq)
}

/// Waits until a log has this many events. Returns whether it got there before the process ended.
fn wait_for(child: &mut Child, log: &Path, events: u64) -> bool {
    while written(log) < events {
        if child.try_wait().expect("status").is_some() {
            return false;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    true
}

fn signal(child: &Child, name: &str) {
    let sent = std::process::Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status();
    assert!(sent.expect("kill").success());
}

fn same_as_uninterrupted(lines: &[Value]) {
    let (_, whole) = shared();
    for (a, b) in whole.iter().zip(lines) {
        for key in ["state_hash", "orders", "fills", "cycles", "equity_end", "fees", "kill"] {
            assert_eq!(a[key], b[key], "{key} of {}", a["name"]);
        }
        let log = b["log"].as_str().unwrap();
        replay(&format!("verify {log}")).expect_code(0);
        let check = replay(&format!("check --json {log}")).expect_code(0).json();
        assert_eq!(check["divergences"], 0);
    }
}

#[test]
fn killed_at_many_moments_it_ends_as_if_never_interrupted() {
    let dir = tempfile::tempdir().unwrap();
    let (nhl, resolved) = (dir.path().join("nhl"), dir.path().join("resolved"));
    let mut kills = 0;
    for events in [1_400, 28_500, 100_000, 185_700, 271_400] {
        let mut child = start(dir.path());
        if wait_for(&mut child, &nhl, events) {
            kills += 1;
            child.kill().expect("SIGKILL");
        }
        child.wait().expect("ended");
    }
    for events in [7_100, 57_100] {
        let mut child = start(dir.path());
        if wait_for(&mut child, &resolved, events) {
            kills += 1;
            child.kill().expect("SIGKILL");
        }
        child.wait().expect("ended");
    }
    assert!(kills >= 4, "too fast to be killed: {kills} kills");
    let lines = arena(&format!("demo --json --log {}", dir.path().display())).expect_code(0).json_lines();
    same_as_uninterrupted(&lines);
}

#[test]
fn a_signal_stops_it_cleanly_and_the_next_run_goes_on() {
    for name in ["TERM", "INT", "HUP"] {
        let dir = tempfile::tempdir().unwrap();
        let nhl = dir.path().join("nhl");
        let mut child = start(dir.path());
        assert!(wait_for(&mut child, &nhl, 40_000));
        signal(&child, name);
        if name == "HUP" {
            // A terminal that closes says so more than once.
            signal(&child, name);
        }
        assert_eq!(child.wait().expect("ended").code(), Some(0), "SIG{name}");
        replay(&format!("verify {}", nhl.display())).expect_code(0);
        let status = arena(&format!("status --json --log {}", nhl.display())).expect_code(0).json();
        assert_eq!(status["stopped"], format!("SIG{name}"));
        let lines = arena(&format!("demo --json --log {}", dir.path().display())).expect_code(0).json_lines();
        same_as_uninterrupted(&lines);
    }
}

#[test]
fn what_was_started_to_outlive_its_terminal_does() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("slow");
    let recording = crate::command::fixture("polymarket-l2-nhl/ticks.csv.zst");
    let args = format!("run --speed 5 --format polymarket-l2 --recording {recording} --log {}", log.display());
    let mut arena = with_hangup("arena", "ignore");
    let mut child = arena.args(args.split_whitespace()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while !log.join("control.sock").exists() {
        assert!(child.try_wait().unwrap().is_none(), "it ended early");
        std::thread::sleep(Duration::from_millis(5));
    }
    // The signals are looked after once the socket is there.
    std::thread::sleep(Duration::from_millis(500));
    signal(&child, "HUP");
    std::thread::sleep(Duration::from_millis(500));
    signal(&child, "TERM");
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let status = crate::command::arena(&format!("status --json --log {}", log.display())).expect_code(0).json();
    assert_eq!(status["stopped"], "SIGTERM");
}

#[test]
fn a_second_process_on_the_same_log_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("slow");
    let recording = crate::command::fixture("polymarket-l2-nhl/ticks.csv.zst");
    let args = format!("run --speed 5 --format polymarket-l2 --recording {recording} --log {}", log.display());
    let mut first = command("arena");
    let mut first = first.args(args.split_whitespace()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while !log.join("control.sock").exists() {
        assert!(first.try_wait().unwrap().is_none(), "it ended early");
        std::thread::sleep(Duration::from_millis(5));
    }
    let second = arena(&args).expect_code(1);
    assert!(second.stderr.contains(&first.id().to_string()), "the owner is named: {}", second.stderr);
    let status = arena(&format!("status --json --log {}", log.display())).expect_code(0).json();
    assert_eq!(status["running"], true);

    // Commands reach the running engine, and readers see what it wrote.
    let kill = arena(&format!("kill on --json --log {}", log.display())).expect_code(0).json();
    assert_eq!(kill["kill"], "cancel_all");
    arena(&format!("kill status --log {}", log.display())).expect_code(6);
    signal(&first, "TERM");
    assert_eq!(first.wait().unwrap().code(), Some(0));
    replay(&format!("check {}", log.display())).expect_code(0);
    assert!(!log.join("control.sock").exists(), "the socket is gone with the engine");
}
