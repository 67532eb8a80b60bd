//! `arena cancel-all`: with an engine, without one, and on paper.

use super::command::{arena, command, fixture, replay};
use super::local_venue::{ADDRESS, Client, KEY, Kept, Sandbox, arena_as, recording};
use serde_json::json;
use std::process::Stdio;
use std::time::Duration;

#[test]
fn without_an_engine_the_venue_is_asked_until_nothing_is_open() {
    let (_dir, recording) = recording();
    let sandbox = Sandbox::start(&recording, &["--welcome", "100"]);
    let purse = sandbox.purse("");
    let mut client = Client::new(&sandbox);
    let orders = [client.rest(), client.rest()];
    let kept = arena_as(&purse, "cancel-all", "n").expect_code(2);
    assert!(kept.stderr.contains("nothing was cancelled"), "{}", kept.stderr);
    assert_eq!(client.open(), 2);
    // Another market's orders are left alone.
    let other = format!("0x{}", "5a".repeat(32));
    arena_as(&purse, &format!("cancel-all --yes --market {other}"), "").expect_code(0);
    let unknown = arena_as(&purse, "cancel-all --yes --market no-such-market", "").expect_code(2);
    assert!(unknown.stderr.contains("no market 'no-such-market'"), "{}", unknown.stderr);
    assert_eq!(client.open(), 2);
    // A venue that answers nothing the first time.
    sandbox.faults(&json!({ "lost_answer": { "every": 1 } }));
    let done = arena_as(&purse, "cancel-all --json", "y").expect_code(0).json();
    sandbox.faults(&json!({}));
    let mut cancelled: Vec<_> = done["cancelled"].as_array().unwrap().iter().map(|o| o.as_str().unwrap()).collect();
    cancelled.sort_unstable();
    let mut expected = orders.clone();
    expected.sort_unstable();
    assert_eq!(cancelled, expected);
    assert_eq!(client.open(), 0);
    // By a market's slug; and when there is nothing, it says so.
    let slug = sandbox.get("/gamma-api/markets/keyset?closed=false&limit=1")["markets"][0]["slug"].clone();
    client.rest();
    let said = arena_as(&purse, &format!("cancel-all --yes --market {}", slug.as_str().unwrap()), "").expect_code(0);
    assert!(said.stdout.starts_with("cancelled 0x"), "{}", said.stdout);
    let said = arena_as(&purse, "cancel-all --yes", "").expect_code(0);
    assert!(said.stdout.contains("no order was open"), "{}", said.stdout);
    // From a blocked place, and without a policy of what may be signed: it is for emergencies.
    sandbox.change(&json!({ "geoblocked": true }));
    let config = std::fs::read_to_string(purse.path("arena.toml")).unwrap();
    let without: String = config.lines().filter(|l| !l.starts_with("policy")).fold(String::new(), |t, l| t + l + "\n");
    purse.private("arena.toml", &without);
    arena_as(&purse, "cancel-all --yes", "").expect_code(0);
}

#[test]
fn a_running_engine_is_asked_and_what_it_does_not_know_goes_too() {
    let (_dir, recording) = recording();
    let sandbox = Sandbox::start(&recording, &["--welcome", "100"]);
    let purse = sandbox.purse("");
    let mut engine = command("arena");
    engine.args(["-c", purse.path("arena.toml").to_str().unwrap(), "--data-dir"]).arg(purse.path("data"));
    engine.args(["run", "--live", "--confirm", ADDRESS]).env("ARENA_WALLET_PRIVATE_KEY", KEY);
    let engine = Kept(engine.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    let log = purse.path("data/live");
    for _ in 0..200 {
        if log.join("control.sock").exists() {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let mut client = Client::new(&sandbox);
    let stranger = client.rest();
    let done = arena_as(&purse, "cancel-all --yes --json", "").expect_code(0);
    assert_eq!(done.json()["engine"], true);
    assert!(done.json()["cancelled"].as_array().unwrap().contains(&json!(stranger)), "{}", done.stdout);
    assert!(done.stderr.contains("arena kill on"), "{}", done.stderr);
    let open = client.ask("GET", "/data/orders", "").1;
    assert!(open["data"].as_array().unwrap().iter().all(|o| o["id"] != json!(stranger)));
    drop(engine);
    let said = replay(&format!("show {} --kind operator_command", log.display())).expect_code(0);
    assert!(said.stdout.contains("cancel every order"), "{}", said.stdout);
}

#[test]
fn on_paper_it_goes_through_the_log() {
    let dir = tempfile::tempdir().unwrap();
    let (log, config) = (dir.path().join("paper"), dir.path().join("arena.toml"));
    let recording = fixture("polymarket-us-tob/compact/quotes.csv.zst");
    let run = format!("run --format polymarket-tob --recording {recording} --log {}", log.display());
    std::fs::write(&config, "").unwrap();
    arena(&run).expect_code(0);
    let cancel = |more: &str| arena(&format!("cancel-all --json --log {} {more}", log.display()));
    cancel("").expect_code(2);
    assert_eq!(cancel("--yes").expect_code(0).json()["cancelling"], 0);
    let unknown = cancel("--yes --market nothing-like-it").expect_code(2);
    assert!(unknown.stderr.contains("arena markets list --log"), "{}", unknown.stderr);
    let said = replay(&format!("show {} --kind operator_command", log.display())).expect_code(0);
    assert_eq!(said.stdout.lines().filter(|l| l.contains("cancel every order")).count(), 1, "{}", said.stdout);
    replay(&format!("check {}", log.display())).expect_code(0);
}
