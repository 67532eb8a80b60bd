//! `arena markets`, at a venue and of a log.

use super::command::{arena, run};
use super::local_venue::{Sandbox, recording};
use super::purse::Purse;
use super::world::World;

#[test]
fn the_same_market_at_the_venue_and_in_the_log() {
    let (_dir, recording) = recording();
    let sandbox = Sandbox::start(&recording, &["--speed", "hand"]);
    let purse = Purse::of("eoa", World::polygon());
    purse.private("arena.toml", &sandbox.config("", ""));
    let markets = |words: &str| {
        let mut args = vec!["markets", "--json"];
        args.extend(words.split_whitespace());
        purse.arena(&args, "").expect_code(0).json()
    };
    let listed = markets("list");
    let first = &listed[0];
    assert_eq!(first["state"], "open");
    let slug = first["slug"].as_str().unwrap();
    let there = markets(&format!("show {slug}"));
    for name in [there["condition"].as_str().unwrap(), there["number"].as_str().unwrap()] {
        assert_eq!(markets(&format!("show {name}")), there);
    }
    let outcomes = there["outcomes"].as_array().unwrap();
    assert!(
        outcomes.len() == 2 && outcomes.iter().all(|o| o["bid"].is_string() && o["token"].is_string()),
        "{there:#}"
    );
    let in_log = arena(&format!("markets show {slug} --json --log {recording}")).expect_code(0).json();
    // A recording of prices knows no contracts.
    for term in ["slug", "question", "category", "tick", "min_size", "fee_rate", "neg_risk"] {
        assert_eq!(there[term], in_log[term], "{term}");
    }
    // By words, in any case, in both.
    let word = slug.split('-').next().unwrap().to_uppercase();
    assert!(markets(&format!("search {word}")).as_array().unwrap().iter().any(|m| m["slug"] == slug));
    let found = run("arena", &["markets", "search", &word, "--json", "--log", &recording]).expect_code(0).json();
    assert!(found.as_array().unwrap().iter().any(|m| m["slug"] == slug));
    assert_eq!(markets("search nothing-is-called-this"), serde_json::json!([]));
    assert_eq!(markets("list --all --limit 1").as_array().unwrap().len(), 1);
    let table = purse.arena(&["markets", "list"], "").expect_code(0);
    assert!(table.stdout.contains(slug), "{}", table.stdout);
    let unknown = purse.arena(&["markets", "show", "no-such-market"], "").expect_code(2);
    assert!(unknown.stderr.contains("arena markets search"), "{}", unknown.stderr);
    // What the configuration does not follow is not listed, and found all the same.
    let config = std::fs::read_to_string(purse.path("arena.toml")).unwrap();
    purse.private("arena.toml", &config.replace("min_liquidity_usdc = \"0\"", "min_liquidity_usdc = \"900000000\""));
    assert_eq!(markets("list"), serde_json::json!([]));
    assert_eq!(markets(&format!("show {slug}"))["slug"], slug);
}
