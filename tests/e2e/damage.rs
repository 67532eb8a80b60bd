//! One damaged byte: found, and repaired or refused by name; never silently wrong.

use crate::command::{arena, fixture, replay};
use std::path::{Path, PathBuf};

fn import(dir: &Path) -> PathBuf {
    let log = dir.join("log");
    let input = fixture("bench-stream/stream_head.csv.gz");
    arena(&format!("import --format l2-csv --input {input} --log {}", log.display())).expect_code(0);
    log
}

fn flip(file: &Path, at: usize) {
    let mut bytes = std::fs::read(file).unwrap();
    let at = at.min(bytes.len() - 1);
    bytes[at] ^= 0x10;
    std::fs::write(file, bytes).unwrap();
}

fn journals(log: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(log.join("journal")).unwrap().flatten().map(|f| f.path()).collect();
    files.sort();
    files
}

fn journal(log: &Path) -> PathBuf {
    journals(log).remove(0)
}

/// A run on the log makes it whole again, and every event is as it was.
fn is_repaired(log: &Path, before: &serde_json::Value) {
    let trade = log.with_file_name("trade");
    arena(&format!("run --recording {} --log {} -q", log.display(), trade.display()));
    let after = replay(&format!("verify --json {}", log.display()));
    assert_eq!(after.json()["head"], before["head"]);
}

#[test]
fn a_byte_of_the_journal_is_found_and_named() {
    let dir = tempfile::tempdir().unwrap();
    let log = import(dir.path());
    replay(&format!("verify {}", log.display())).expect_code(0);
    flip(&journal(&log), 400_000);
    let found = replay(&format!("verify {}", log.display())).expect_code(7);
    let said = format!("{}{}", found.stdout, found.stderr);
    assert!(said.contains("journal") && said.chars().any(|c| c.is_ascii_digit()), "{said}");
    // Readers refuse to go past it rather than stop short in silence.
    let check = replay(&format!("check {}", log.display())).expect_code(7);
    assert!(!check.stderr.is_empty() || !check.stdout.is_empty());
}

#[test]
fn a_byte_of_sled_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let log = import(dir.path());
    let before = replay(&format!("verify --json {}", log.display())).expect_code(0).json();
    flip(&log.join("hot").join("db"), 100_000);
    replay(&format!("verify {}", log.display())).expect_code(7);
    // The journal alone is still the whole log.
    is_repaired(&log, &before);
    replay(&format!("check {}", log.display())).expect_code(0);
}

#[test]
fn a_trading_log_repairs_itself_at_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("paper");
    let recording = fixture("polymarket-us-tob/compact/quotes.csv.zst");
    let line = format!("run --json --format polymarket-tob --recording {recording} --log {}", log.display());
    let first = arena(&line).expect_code(0).json();
    for file in [journal(&log), log.join("hot").join("db")] {
        flip(&file, 200_000);
        replay(&format!("verify {}", log.display())).expect_code(7);
        let again = arena(&line).expect_code(0);
        assert!(again.stderr.contains("repaired"), "{}", again.stderr);
        assert_eq!(again.json()["state_hash"], first["state_hash"]);
        replay(&format!("verify {}", log.display())).expect_code(0);
        replay(&format!("check {}", log.display())).expect_code(0);
    }
    let faults = replay(&format!("show --json --kind fault {}", log.display())).expect_code(0);
    assert!(faults.json_lines().len() >= 2, "a repair is an event: {}", faults.stdout);
}

#[test]
fn both_copies_damaged_is_refused_with_the_sequence() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("paper");
    let recording = fixture("polymarket-us-tob/compact/quotes.csv.zst");
    let line = format!("run --json --format polymarket-tob --recording {recording} --log {}", log.display());
    arena(&line).expect_code(0);
    // The newest file: what the others hold is sealed as well.
    let newest = journals(&log).pop().unwrap();
    flip(&newest, std::fs::metadata(&newest).unwrap().len() as usize / 2);
    std::fs::remove_dir_all(log.join("hot")).unwrap();
    let refused = arena(&line).expect_code(7);
    assert!(refused.stderr.contains("damaged") && refused.stderr.contains("journal"), "{}", refused.stderr);
    let named: Vec<&str> = refused.stderr.split(|c: char| !c.is_ascii_digit()).filter(|w| !w.is_empty()).collect();
    assert!(!named.is_empty(), "no sequence is named: {}", refused.stderr);
}
