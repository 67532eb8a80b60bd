//! The live engine at a venue where everything goes wrong, killed again and again: three real processes (engine, signer,
//! venue), real sockets, SIGKILL. In the end log and venue say the same, and no secret is anywhere.

use super::command::{arena, command, replay};
use super::local_venue::{Client, Kept, Sandbox, recording};
use super::purse::{self, Purse, files, owner};
use super::secrets::{assert_clean, assert_process_clean, forms, secrets};
use super::signer_process::{Process, keystore, words};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::process::Stdio;
use std::time::Duration;

/// Every fault, each far more often than in life.
fn storm() -> Value {
    json!({
        "lost_answer": 100_000, "lost_request": 60_000, "late_request": 60_000, "slow_answer": 60_000,
        "error_after": 30_000, "error_before": 30_000, "too_many": 20_000, "delayed": 60_000, "retrying": 100_000,
        "failed": 100_000, "late_hash": 300_000, "duplicate_event": 100_000, "late_event": 100_000, "lost_event": 60_000,
        "lost_change": 1_000, "silent_socket": 100, "restart_every_s": 20, "restart_for_s": 3, "post_only_for_s": 3,
    })
}

/// How long the engine lives each time until it is killed, ms. It takes some seconds until it knows the account.
const LIVES: [u64; 5] = [9_000, 14_300, 11_700, 13_100, 16_900];
/// How long the last one trades in calm weather at least, s: requests that were late arrive, and trades settle. And at
/// most, until the fate of every order is known: one that never arrived is given up after two minutes.
const CALM_S: u64 = 30;
const PATIENCE_S: u64 = 240;

/// An engine that trades, and writes what it says into files of the purse.
fn engine(purse: &Purse, life: usize) -> Kept {
    let said = |name: &str| File::create(purse.path(&format!("{name}-{life}"))).unwrap();
    let mut command = command("arena");
    command.args(["-c", purse.path("arena.toml").to_str().unwrap(), "--data-dir"]).arg(purse.path("data"));
    command.args(["run", "--live", "-vv", "--confirm", &owner().to_string()]);
    Kept(command.stdout(said("stdout")).stderr(said("stderr")).stdin(Stdio::null()).spawn().unwrap())
}

/// Every event of these kinds.
fn events(log: &str, kinds: &[&str]) -> Vec<Value> {
    replay(&format!("show --json --kind {} {log}", kinds.join(" --kind "))).expect_code(0).json_lines()
}

fn of<'a>(events: &'a [Value], kind: &'a str) -> impl Iterator<Item = &'a Value> {
    events.iter().filter(move |e| e["kind"] == kind)
}

fn order(event: &Value) -> u64 {
    event["data"]["order"].as_u64().unwrap()
}

/// Millionths of a decimal text.
fn micro(value: &Value) -> i64 {
    let text = value.as_str().unwrap();
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{part:0<6}").parse().unwrap()
}

/// What a log tells: the hash of each order with its size, and what of it was filled and not voided. The venue numbers
/// every attempt that it refuses by itself.
fn filled(log: &str) -> BTreeMap<String, (i64, i64)> {
    let (mut orders, mut by_hash) = (BTreeMap::new(), BTreeMap::<String, (i64, i64)>::new());
    let events = events(log, &["order_intended", "fill_booked", "fill_voided"]);
    for e in of(&events, "order_intended") {
        let hash = e["data"]["hash"].as_str().unwrap().to_owned();
        by_hash.insert(hash.clone(), (micro(&e["data"]["plan"]["size"]), 0));
        assert!(orders.insert(order(e), hash).is_none(), "{log}: order {} was made twice", order(e));
    }
    let trade = |e: &Value| (order(e), e["data"]["trade"].to_string());
    let voided: BTreeSet<_> = of(&events, "fill_voided").map(trade).collect();
    for e in of(&events, "fill_booked").filter(|e| !voided.contains(&trade(e))) {
        by_hash.get_mut(&orders[&order(e)]).unwrap().1 += micro(&e["data"]["size"]);
    }
    by_hash
}

#[test]
fn killed_in_a_storm_nothing_is_doubled_lost_or_told() {
    let (dir, recording) = recording();
    let theirs = dir.path().join("venue").display().to_string();
    let sandbox =
        Sandbox::start(&recording, &["--welcome", "10000", "--seed", "7", "--speed", "8", "--record", &theirs]);
    let mut purse =
        sandbox.trader_with(purse::KEY, |purse| format!("signer = \"{}\"", purse.path("run/signer.sock").display()));
    // With STORM_KEEP set its log stays, to be asked what happened.
    purse.dir.disable_cleanup(std::env::var_os("STORM_KEEP").is_some());
    eprintln!("engine: {}", purse.dir.path().display());
    let signer = Process::start(&purse, &words(&keystore(&purse)));
    let client = Client::of(&sandbox, purse::KEY);
    let mut secrets = secrets();
    let log = purse.path("data/live").display().to_string();

    for (life, ms) in LIVES.into_iter().enumerate() {
        // The first one logs in and makes its books in calm weather.
        if life > 0 {
            sandbox.faults(&storm());
        }
        let mut running = engine(&purse, life);
        std::thread::sleep(Duration::from_millis(ms));
        let said = || fs::read_to_string(purse.path(&format!("stderr-{life}"))).unwrap();
        assert_eq!(running.0.try_wait().unwrap(), None, "life {life} ended by itself: {}", said());
        if life == 1 {
            assert_process_clean(running.0.id(), &secrets);
        }
        running.0.kill().unwrap();
        running.0.wait().unwrap();
        if life == 2 {
            // A switch thrown while nobody trades is only written down: nothing that follows from it reaches anybody.
            let fills = events(&log, &["fill_booked"]).len();
            purse.arena(&["kill", "on", "--level", "flatten"], "").expect_code(0);
            purse.arena(&["kill", "off"], "").expect_code(0);
            assert_eq!(events(&log, &["fill_booked"]).len(), fills);
        }
    }
    sandbox.faults(&json!({}));
    let mut last = engine(&purse, LIVES.len());
    for second in 0..PATIENCE_S {
        std::thread::sleep(Duration::from_secs(1));
        // It is halted while anything is not settled, and says so with its exit code.
        let status = arena(&format!("status --log {log} --json")).json();
        if second >= CALM_S && status["unknown_orders"] == 0 && status["halted"].is_null() {
            break;
        }
    }
    let ended = std::process::Command::new("kill").args(["-INT", &last.0.id().to_string()]).status().unwrap();
    assert!(ended.success());
    let code = last.0.wait().unwrap().code();
    assert_eq!(code, Some(0), "{}", fs::read_to_string(purse.path(&format!("stderr-{}", LIVES.len()))).unwrap());
    let (_, said) = signer.end("-TERM");

    // The log is whole, and every decision follows from what came in.
    replay(&format!("check {log}")).expect_code(0);
    replay(&format!("verify {log} --deep")).expect_code(0);
    // Every order of unknown fate was heard of again, and none is open.
    let mut heard: BTreeMap<u64, u64> = BTreeMap::new();
    for e in events(&log, &["order_accepted", "order_rejected", "fill_booked", "order_cancelled", "order_expired"]) {
        let seq = heard.entry(order(&e)).or_default();
        *seq = (*seq).max(e["seq"].as_u64().unwrap());
    }
    let unknown = events(&log, &["order_unknown"]);
    for e in &unknown {
        let after = heard.get(&order(e)).is_some_and(|seq| *seq > e["seq"].as_u64().unwrap());
        assert!(after, "order {} was never resolved", order(e));
    }
    assert_eq!(client.open(), 0);

    // What is held, and the cash, are what the venue says.
    let state = sandbox.state();
    let account = state["accounts"].as_array().unwrap().iter().find(|a| a["wallet"] == owner().to_string()).unwrap();
    let there: BTreeMap<String, i64> = account["shares"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(token, size)| (token.clone(), micro(size)))
        .filter(|(_, size)| *size > 0)
        .collect();
    let held = arena(&format!("positions --log {log} --json")).expect_code(0).json();
    let here: Vec<i64> = held.as_array().unwrap().iter().map(|p| micro(&p["size"])).filter(|s| *s > 0).collect();
    let sorted = |mut sizes: Vec<i64>| {
        sizes.sort_unstable();
        sizes
    };
    assert_eq!(sorted(here), sorted(there.into_values().collect()));
    let status = arena(&format!("status --log {log} --json")).expect_code(0).json();
    assert_eq!(micro(&status["cash"]), micro(&account["cash"]), "{status}");

    // Order by order, from the venue's own log: it has none that ours has not, and filled each exactly as ours says.
    let api = client.credentials.clone();
    drop(sandbox);
    let (ours, theirs) = (filled(&log), filled(&theirs));
    assert_eq!(ours.len(), events(&log, &["order_intended"]).len(), "two orders of one hash");
    for (hash, (_, size)) in &theirs {
        let (planned, here) = ours.get(hash).unwrap_or_else(|| panic!("the venue has {hash}, the log has not"));
        assert_eq!(here, size, "{hash}");
        assert!(size <= planned, "{hash} was filled twice");
    }
    for (hash, (_, here)) in &ours {
        assert_eq!(*here, theirs.get(hash).map_or(0, |(_, size)| *size), "{hash}");
    }
    eprintln!("{} orders, {} of unknown fate for a while", ours.len(), unknown.len());
    assert!(ours.len() >= 2 && ours.values().any(|(_, filled)| *filled > 0), "it must trade");
    assert!(!unknown.is_empty(), "the storm must be felt");

    // No secret is in any file or in what was said; those of the API are not outside of their own file either.
    secrets.extend([&api.secret, &api.passphrase].iter().flat_map(|text| forms(text.expose().as_bytes())));
    assert_clean("what the signer said", said.as_bytes(), &secrets);
    for path in files(purse.dir.path()).iter().filter(|p| !p.ends_with("password")) {
        assert_clean(&path.display().to_string(), &fs::read(path).unwrap(), &secrets);
    }
}
