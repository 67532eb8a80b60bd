//! What the pure crates have in reach, at any depth: nothing that waits, listens, writes files, reads a clock or draws.

use super::workspace::{PURE, cargo, members};
use std::collections::BTreeSet;

/// Crates that would break a law, and the law.
const FORBIDDEN: [(&[&str], &str); 5] = [
    (
        &[
            "tokio",
            "async-std",
            "smol",
            "mio",
            "polling",
            "socket2",
            "hyper",
            "reqwest",
            "ureq",
            "tungstenite",
            "rustls",
        ],
        "the core does no I/O",
    ),
    (&["sled", "rusqlite", "redb", "fs2", "memmap2", "tempfile"], "only the log keeps things"),
    (
        // Not rand_core: it is traits alone, and k256 names them; whoever draws through them is in this list.
        &["rand", "rand_chacha", "rand_pcg", "fastrand", "oorandom", "getrandom", "uuid", "ulid"],
        "randomness comes in through events",
    ),
    (
        &["chrono", "time", "quanta", "coarsetime", "instant", "web-time", "tzdb", "iana-time-zone"],
        "time comes in through events",
    ),
    (&["rayon", "rayon-core", "crossbeam", "crossbeam-channel", "threadpool", "ahash"], "no threads, no hash order"),
];

/// The forbidden crates among the lines of `cargo tree --prefix none`, each with its law.
fn found(tree: &str) -> BTreeSet<String> {
    let names: BTreeSet<&str> = tree.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let mut found = BTreeSet::new();
    for (crates, law) in FORBIDDEN {
        found.extend(crates.iter().filter(|c| names.contains(*c)).map(|c| format!("{c} ({law})")));
    }
    found
}

#[test]
fn pure_crates_reach_nothing_impure() {
    let members = members();
    for name in PURE.iter().filter(|name| members.contains_key(**name)) {
        // Its own features, not those that other crates of the workspace switch on; this machine's target.
        let tree = cargo(&["tree", "--package", name, "--edges", "normal", "--prefix", "none"]);
        assert!(tree.starts_with(name), "unexpected: {tree}");
        let found = found(&tree);
        assert!(found.is_empty(), "{name} has in reach: {found:?}; `cargo tree -p {name} -e normal -i CRATE` says why");
    }
}

#[test]
fn impure_crates_are_found() {
    let tree = "arena-core v0.1.0 (/w/engine/core)\narena-schemas v0.1.0 (/w/schemas)\ntokio-util v0.7.1\n\
        getrandom v0.4.3 (*)\nserde v1.0.229\ntokio v1.54.1\n";
    let expected = ["getrandom (randomness comes in through events)", "tokio (the core does no I/O)"];
    assert_eq!(found(tree).iter().map(String::as_str).collect::<Vec<_>>(), expected);
    assert!(found("arena-schemas v0.1.0\nserde v1.0.229\n").is_empty());
}
