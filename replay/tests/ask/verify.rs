//! `replay verify`, damage, and the binary itself.

use crate::mini::{scripted, unsealed};
use crate::{ask, ask_json, word};
use console::exit::Code;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Flips one bit in the middle of the journal file.
fn flip(log: &Path) -> PathBuf {
    let mut files: Vec<_> = std::fs::read_dir(log.join("journal")).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    let mut bytes = std::fs::read(&files[0]).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&files[0], bytes).unwrap();
    files[0].clone()
}

#[test]
fn an_intact_log_is_clean() {
    let (dir, records) = scripted();
    let (code, json) = ask_json(&["verify", word(dir.path())]);
    assert_eq!((code, &json["clean"], &json["events"]), (Code::Ok, &true.into(), &records.len().into()), "{json}");
    assert_eq!((&json["head_seq"], json["findings"].as_array().unwrap().len()), (&records.len().into(), 0));
    let (_, page, _) = ask(&["verify", word(dir.path())]);
    assert!(page.contains("intact"), "{page}");
}

#[test]
fn damage_is_found_and_nothing_is_changed() {
    let (dir, records) = unsealed();
    let file = flip(dir.path());
    let before = std::fs::read(&file).unwrap();
    let (code, json) = ask_json(&["verify", word(dir.path())]);
    assert_eq!((code, &json["clean"]), (Code::Integrity, &false.into()), "{json}");
    let finding = &json["findings"][0];
    assert_eq!(finding["severity"], "repairable");
    for question in [&["check"][..], &["stats"], &["show"], &["at", "end"], &["why", "seq:5"]] {
        let (code, _, failure) = ask(&[question, &[word(dir.path())]].concat());
        assert_eq!(code, Code::Integrity, "{question:?}: {failure}");
        assert!(failure.contains("event ") && failure.contains("replay verify"), "{failure}");
    }
    assert_eq!(std::fs::read(&file).unwrap(), before);
    // A writer repairs it from the other copy, and then all is well.
    crate::mini::write(dir.path(), &[], &[]);
    let (code, json) = ask_json(&["check", word(dir.path())]);
    assert_eq!((code, &json["events"]), (Code::Ok, &records.len().into()));
}

#[test]
fn without_the_other_copy_it_is_fatal() {
    let (dir, _) = unsealed();
    flip(dir.path());
    std::fs::remove_dir_all(dir.path().join("hot")).unwrap();
    let (code, json) = ask_json(&["verify", word(dir.path())]);
    assert_eq!((code, &json["findings"][0]["severity"]), (Code::Integrity, &"fatal".into()), "{json}");
}

#[test]
fn the_binary_ends_with_these_codes() {
    let (dir, _) = unsealed();
    let run = |words: &[&str]| Command::new(env!("CARGO_BIN_EXE_replay")).args(words).output().unwrap();
    let path = word(dir.path());
    let done = run(&["check", path, "--json"]);
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
    assert!(done.stderr.is_empty());
    assert!(serde_json::from_slice::<serde_json::Value>(&done.stdout).is_ok());
    let version = run(&["--version"]);
    assert!(String::from_utf8_lossy(&version.stdout).starts_with("replay 0."));
    for wrong in [&["check"][..], &["check", "/no/such/log"], &["frobnicate"], &["why", "order:99", path]] {
        let failed = run(wrong);
        assert_eq!(failed.status.code(), Some(2), "{wrong:?}");
        assert!(failed.stdout.is_empty() && !failed.stderr.is_empty(), "{wrong:?}");
    }
    flip(dir.path());
    let damaged = run(&["check", path]);
    assert_eq!(damaged.status.code(), Some(7));
    assert!(String::from_utf8_lossy(&damaged.stderr).starts_with("replay: "));
}
