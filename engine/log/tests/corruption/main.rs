//! Thousands of damaged logs: each is opened with every event it ever acknowledged, or refused by name.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod children;
mod dice;
mod forge;
mod readers;
#[path = "../sample/mod.rs"]
mod sample;
mod stories;
mod table;
mod verdict;
mod worlds;
mod wounds;

use children::Told;
use table::Table;

/// How many cases; the same first ones every time.
const CASES: &str = "ARENA_CORRUPTION_CASES";
/// One case alone, by its seed.
const SEED: &str = "ARENA_CORRUPTION_SEED";
const USUAL: u64 = 2_000;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is no number")))
}

#[test]
fn a_damaged_log_is_repaired_or_refused_and_never_wrong() {
    if let Some(seed) = number(SEED) {
        let told = children::run_alone(seed);
        assert!(told.fault.is_none(), "{told:?}");
        return println!("{told:?}");
    }
    let mut table = Table::default();
    let mut faults = Vec::new();
    children::run_all(number(CASES).unwrap_or(USUAL), &mut |told: Told| {
        table.add(&told);
        if let Some(fault) = &told.fault {
            faults.push(format!("{SEED}={} {}\n    {}\n    {fault}", told.seed, told.log, told.wounds.join("\n    ")));
        }
    });
    let text = table.to_string();
    println!("{text}");
    let kept = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("corruption.txt");
    std::fs::write(kept, format!("{text}\n{}\n", faults.join("\n"))).unwrap();
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

/// Not a test of its own: what the children of the test above do.
#[test]
#[ignore = "started by the other test"]
fn some_cases() {
    children::work();
}
