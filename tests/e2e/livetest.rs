//! `arena livetest`: an order far from the market, seen and taken back.

use super::command::command;
use super::command::replay;
use super::local_venue::{ADDRESS, Client, KEY, Kept, Sandbox, arena_as, recording};
use serde_json::json;
use std::fs;
use std::process::Stdio;
use std::time::Duration;

#[test]
fn an_order_goes_the_whole_way_and_leaves_nothing() {
    let (_dir, recording) = recording();
    let sandbox = Sandbox::start(&recording, &["--welcome", "100"]);
    let purse = sandbox.purse("");
    // Without a person's word nothing is placed.
    for typed in ["", "yes", "2267"] {
        let refused = arena_as(&purse, "livetest", typed).expect_code(2);
        assert!(refused.stderr.contains("REAL MONEY") && refused.stderr.contains("post-only"), "{}", refused.stderr);
    }
    let done = arena_as(&purse, "livetest --json", "2266").expect_code(0);
    let report = done.json();
    let names: Vec<_> = report["steps"].as_array().unwrap().iter().map(|s| s["step"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        [
            "logged in",
            "venue and log agree",
            "signed, and durable in the log",
            "taken by the venue",
            "seen on the user channel",
            "seen among the open orders",
            "cancelled",
            "gone from the open orders",
        ]
    );
    assert!(report["steps"].as_array().unwrap().iter().all(|s| s["ms"].is_i64()));
    assert!(report["order"].as_str().unwrap().starts_with("0x"));
    let client = Client::new(&sandbox);
    assert_eq!(client.open(), 0);
    let log = report["log"].as_str().unwrap();
    // Every decision of it follows from what came in.
    replay(&format!("check {log}")).expect_code(0);
    let kinds = |kind: &str| replay(&format!("show {log} --kind {kind}")).expect_code(0).stdout.lines().count();
    assert_eq!(["order_intended", "order_accepted", "cancel_intended", "order_cancelled"].map(kinds), [1; 4]);
    assert_eq!(["fill_booked", "cycle_started"].map(kinds), [0; 2], "nothing else was decided");
    // The next one has a log of its own.
    arena_as(&purse, &format!("livetest --json --confirm {ADDRESS}"), "").expect_code(0);
    assert_eq!(fs::read_dir(purse.path("data/livetest")).unwrap().count(), 2);
}

#[test]
fn what_is_refused_before_anything_is_placed() {
    let (_dir, recording) = recording();
    let sandbox = Sandbox::start(&recording, &[]);
    let purse = sandbox.purse("");
    let test = |code: i32, words: &[&str]| {
        let done = arena_as(&purse, &format!("livetest --confirm {ADDRESS}"), "").expect_code(code);
        for word in words {
            assert!(done.stderr.contains(word), "'{word}' is not in\n{}", done.stderr);
        }
    };
    test(2, &["the account has 0 pUSD", "deposit first"]);
    sandbox.change(&json!({ "fund": { ADDRESS: "100" }, "geoblocked": true }));
    test(1, &["takes no orders from here"]);
    sandbox.change(&json!({ "geoblocked": false, "closed_only": true }));
    test(2, &["may only close positions"]);
    sandbox.change(&json!({ "closed_only": false }));
    let mut client = Client::new(&sandbox);
    client.rest();
    test(2, &["1 orders of the account are open", "arena cancel-all"]);
    client.ask("DELETE", "/cancel-all", "");
    let unknown = arena_as(&purse, "livetest --market no-such-market", "").expect_code(2);
    assert!(unknown.stderr.contains("no market 'no-such-market'"), "{}", unknown.stderr);
    let config = fs::read_to_string(purse.path("arena.toml")).unwrap();
    purse.private("arena.toml", &config.replace("mode = \"live\"", "mode = \"paper\""));
    test(2, &["mode = \"paper\""]);
    purse.private("arena.toml", &config);
    assert!(!purse.path("data/livetest").exists(), "no log was begun");

    // Next to an engine that trades with the account.
    let mut engine = command("arena");
    engine.args(["-c", purse.path("arena.toml").to_str().unwrap(), "--data-dir"]).arg(purse.path("data"));
    engine.args(["run", "--live", "--confirm", ADDRESS]).env("ARENA_WALLET_PRIVATE_KEY", KEY);
    let _engine = Kept(engine.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    for _ in 0..200 {
        if purse.path("data/live/control.sock").exists() {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    test(2, &["an engine trades on", "stop it first"]);
}
