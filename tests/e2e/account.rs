//! `arena account`: cash that moved without a trade, at rest, with an engine, and with `arena wallet withdraw`.

use super::command::{Done, arena, command, fixture, replay};
use super::live::count;
use super::local_venue::{ADDRESS, KEY, Kept, Sandbox, arena_as, recording};
use super::purse::{FRIEND, Purse};
use serde_json::{Value, json};
use std::process::Stdio;
use std::time::Duration;

/// Waits until something is so, at most for this long.
fn wait_until(what: &str, seconds: u64, mut so: impl FnMut() -> bool) {
    for _ in 0..seconds * 5 {
        if so() {
            return;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    panic!("{seconds} s passed, and not: {what}");
}

/// A paper run over a recording, to its end.
fn paper() -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().unwrap();
    let (log, recording) = (dir.path().join("paper"), fixture("polymarket-us-tob/compact/quotes.csv.zst"));
    arena(&format!("run --format polymarket-tob --recording {recording} --log {}", log.display())).expect_code(0);
    let log = log.display().to_string();
    (dir, log)
}

fn micro(value: &Value) -> i64 {
    let text = value.as_str().unwrap();
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    sign * format!("{whole}{part:0<6}").parse::<i64>().unwrap()
}

#[test]
fn at_rest_the_books_take_what_moved_and_results_stay_what_they_were() {
    let (_dir, log) = paper();
    let pnl = || arena(&format!("pnl --json --log {log}")).expect_code(0).json();
    let before = pnl();
    let done = arena(&format!("account move --amount +250.5 --kind deposit --note rent --json --log {log}"));
    let done = done.expect_code(0).json();
    assert_eq!((&done["amount"], &done["kind"], &done["note"]), (&"250.5".into(), &"deposit".into(), &"rent".into()));
    let out = arena(&format!("account move --amount -50.5 --kind withdrawal --log {log}")).expect_code(0);
    assert!(out.stdout.starts_with("[PAPER] -50.5 (withdrawal) is in the books: "), "{}", out.stdout);
    let after = pnl();
    for key in ["today", "realized_pnl", "unrealized_pnl", "fees", "days", "markets"] {
        assert_eq!(after[key], before[key], "{key}");
    }
    for key in ["equity", "equity_start", "moved"] {
        assert_eq!(micro(&after[key]) - micro(&before[key]), 200_000_000, "{key}");
    }
    let shown = arena(&format!("status --color always --log {log}")).stdout;
    assert!(shown.starts_with("\u{1b}[36m[PAPER]\u{1b}[0m"), "{shown:?}");
    assert!(shown.contains("of this +200.00 since the start"), "{shown}");
    assert_eq!(replay(&format!("at end {log} --json")).expect_code(0).json()["pnl"]["moved"], "200");
    let events = replay(&format!("show {log} --kind cash_moved")).expect_code(0).stdout;
    assert!(events.contains("$250.5 came in without a trade (deposit)") && events.contains(": rent"), "{events}");
    assert!(events.contains("$50.5 went out without a trade (withdrawal)"), "{events}");
    assert_eq!(replay(&format!("check {log} --json")).expect_code(0).json()["divergences"], 0);
    replay(&format!("verify {log}")).expect_code(0);
}

#[test]
fn what_cannot_have_moved_is_refused_and_leaves_nothing() {
    let (dir, log) = paper();
    let seq = || arena(&format!("status --json --log {log}")).json()["seq"].clone();
    let before = seq();
    let cases = [
        ("move --amount 100 --kind deposit", "write +100 if it came in"),
        ("move --amount +0 --kind other", "moves nothing"),
        ("move --amount +0.0000001 --kind deposit", "more than 6 decimals"),
        ("move --amount +1,5 --kind deposit", "not a decimal number"),
        ("move --amount -5 --kind deposit", "-5 is no deposit"),
        ("move --amount -5 --kind reward", "-5 is no reward"),
        ("move --amount +5 --kind withdrawal", "+5 is no withdrawal"),
        ("move --amount -99999999 --kind withdrawal", "less than 99999999; nothing was recorded"),
        ("move --amount +9223372036854 --kind other", "does not fit the books"),
        ("accept --yes", "no cash of the venue's ever differed"),
    ];
    for (words, expected) in cases {
        let refused = arena(&format!("account {words} --log {log}")).expect_code(2);
        assert!(refused.stderr.contains(expected), "{words}: {}", refused.stderr);
    }
    let nowhere = dir.path().join("nowhere").display().to_string();
    let unknown = arena(&format!("account move --amount +5 --kind deposit --log {nowhere}")).expect_code(2);
    assert!(unknown.stderr.contains("does not exist"), "{}", unknown.stderr);
    let recorded = dir.path().join("recorded").display().to_string();
    let input = fixture("bench-stream/stream_head.csv.gz");
    arena(&format!("import --format l2-csv --input {input} --log {recorded}")).expect_code(0);
    let refused = arena(&format!("account move --amount +5 --kind deposit --log {recorded}")).expect_code(2);
    assert!(refused.stderr.contains("is a recording"), "{}", refused.stderr);
    assert_eq!(seq(), before);
}

#[test]
fn a_running_paper_engine_is_told() {
    let (dir, recording) = recording();
    let log = dir.path().join("paper").display().to_string();
    let mut run = command("arena");
    run.args(["run", "--recording", &recording, "--speed", "10", "--log", &log]);
    let mut run = Kept(run.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    let record =
        |amount: &str, kind: &str| arena(&format!("account move --amount {amount} --kind {kind} --json --log {log}"));
    wait_until("the engine listens", 20, || dir.path().join("paper/control.sock").exists());
    let cash = micro(&record("+100", "deposit").expect_code(0).json()["cash"]);
    let refused = record("-99999999", "withdrawal").expect_code(2);
    assert!(refused.stderr.contains("nothing was recorded"), "{}", refused.stderr);
    assert!(cash > 100_000_000);
    let _ = std::process::Command::new("kill").args(["-INT", &run.0.id().to_string()]).status();
    assert_eq!(run.0.wait().unwrap().code(), Some(0));
    assert_eq!(count(&log, "cash_moved"), 1);
    assert_eq!(replay(&format!("check {log} --json")).expect_code(0).json()["divergences"], 0);
}

/// An engine that trades at the sandbox.
fn engine(purse: &Purse) -> Kept {
    let mut command = command("arena");
    command.args(["-c", purse.path("arena.toml").to_str().unwrap(), "--data-dir"]).arg(purse.path("data"));
    command.args(["run", "--live", "--confirm", ADDRESS]).env("ARENA_WALLET_PRIVATE_KEY", KEY).stdin(Stdio::null());
    Kept(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
}

fn end(mut engine: Kept) {
    let _ = std::process::Command::new("kill").args(["-INT", &engine.0.id().to_string()]).status();
    assert_eq!(engine.0.wait().unwrap().code(), Some(0));
}

#[test]
fn a_deposit_halts_trading_until_it_is_accepted_and_then_the_same_run_trades_on() {
    let (_dir, recording) = recording();
    let sandbox = Sandbox::start(&recording, &["--welcome", "1000", "--speed", "10"]);
    let purse = sandbox.trader();
    let log = purse.path("data/live").display().to_string();
    let say = |words: &str, typed: &str| -> Done { purse.arena(&words.split(' ').collect::<Vec<_>>(), typed) };
    let status = || say("status --json", "").json();
    let opens = |seconds: u64| {
        wait_until("the venue and the log agree", seconds, || {
            purse.path("data/live/control.sock").exists() && status()["halted"].is_null() && status()["mode"] == "live"
        });
    };

    let first = engine(&purse);
    opens(30);
    end(first);
    sandbox.change(&json!({ "fund": { ADDRESS: "500" } }));
    let second = engine(&purse);
    wait_until("the difference is said", 30, || status()["kill_source"] == "reconcile");
    assert!(!status()["halted"].is_null());
    let orders = count(&log, "order_intended");

    let kept = say("account accept", "+499").expect_code(2);
    assert!(kept.stderr.contains("nothing was recorded") && kept.stderr.contains("type  +500"), "{}", kept.stderr);
    let taken = say("account accept --json --note bank", "+500").expect_code(0);
    assert_eq!((&taken.json()["amount"], &taken.json()["kind"]), (&"500".into(), &"deposit".into()));
    assert!(taken.stderr.contains("`arena kill off` releases it"), "{}", taken.stderr);
    let again = say("account accept --yes", "").expect_code(2);
    assert!(again.stderr.contains("recorded already"), "{}", again.stderr);
    opens(15);
    say("kill off", "").expect_code(0);
    assert_eq!((&status()["moved"], &status()["kill"]), (&"500".into(), &"off".into()));
    wait_until("it trades on", 60, || count(&log, "order_intended") > orders);
    end(second);

    // What is taken out by hand is told to the books at once, and the next start finds nothing to say.
    let words = format!("withdraw --to {FRIEND} --amount 120 --json");
    let done = purse.wallet(&words, "120 79C8").expect_code(0);
    assert!(done.stderr.contains("recorded in ") && done.stderr.contains(": -120, "), "{}", done.stderr);
    assert_eq!(status()["moved"], "380");
    let third = engine(&purse);
    opens(30);
    let warned = purse.wallet(&format!("withdraw --to {FRIEND} --amount 1 --json"), "1 79C8").expect_code(0);
    assert!(warned.stderr.contains("WARNING: an engine trades with this wallet"), "{}", warned.stderr);
    end(third);
    assert_eq!((status()["moved"].clone(), count(&log, "reconcile_mismatch")), ("379".into(), 1));
    assert_eq!(replay(&format!("check {log} --json")).expect_code(0).json()["divergences"], 0);
}

#[test]
fn a_withdrawal_that_the_books_cannot_take_says_how_to_record_it() {
    let (_dir, recording) = recording();
    let sandbox = Sandbox::start(&recording, &["--welcome", "100"]);
    let purse = sandbox.purse("");
    let first = engine(&purse);
    let status = || purse.arena(&["status", "--json"], "").json();
    wait_until("the account is open", 30, || {
        purse.path("data/live/control.sock").exists() && status()["cash"] == "100"
    });
    end(first);
    // More than the books know of.
    sandbox.change(&json!({ "fund": { ADDRESS: "50" } }));
    let words = format!("wallet withdraw --to {FRIEND} --amount 130 --json");
    let done = arena_as(&purse, &words, "130 79C8").expect_code(0);
    let log = purse.path("data/live");
    let command = format!("arena account move --amount -130 --kind withdrawal --note 'to {FRIEND} by 0x");
    assert!(done.stderr.contains("less than 130; nothing was recorded"), "{}", done.stderr);
    assert!(
        done.stderr.contains(&command) && done.stderr.contains(&format!("--log '{}'", log.display())),
        "{}",
        done.stderr
    );
    assert_eq!(status()["moved"], "0");
}
