//! Who may import whom. Every crate is in the table; a crate that is not has not been thought about.
//!
//! Only normal and build dependencies count: the tests of a crate may use what they like.

use super::workspace::{self, Member};
use std::collections::{BTreeMap, BTreeSet};

/// Each crate with the crates it may import. A line names only crates of lines above it.
const ALLOWED: [(&str, &[&str]); 15] = [
    ("arena-schemas", &[]),
    ("arena-log", &["arena-schemas"]),
    ("arena-backup", &["arena-schemas", "arena-log"]),
    ("arena-projections", &["arena-schemas"]),
    ("arena-core", &["arena-schemas", "arena-projections"]),
    ("arena-exchange", &["arena-schemas", "arena-projections"]),
    // A protocol without its sockets.
    ("arena-polymarket", &["arena-schemas"]),
    ("arena-venues", &["arena-schemas", "arena-polymarket"]),
    // The simulated exchange behind the protocol, with its sockets.
    ("arena-sandbox", &["arena-schemas", "arena-log", "arena-projections", "arena-exchange", "arena-polymarket"]),
    ("arena-models", &["arena-schemas"]),
    // What both commands show, and how they end.
    ("arena-console", &["arena-schemas", "arena-log", "arena-projections"]),
    // The two that wire: the process, and the questions asked of its log.
    (
        "arena-replay",
        &[
            "arena-schemas",
            "arena-log",
            "arena-projections",
            "arena-core",
            "arena-exchange",
            "arena-polymarket",
            "arena-venues",
            "arena-console",
        ],
    ),
    (
        "arena-live",
        &[
            "arena-schemas",
            "arena-log",
            "arena-backup",
            "arena-projections",
            "arena-core",
            "arena-exchange",
            "arena-polymarket",
            "arena-venues",
            "arena-sandbox",
            "arena-models",
            "arena-console",
        ],
    ),
    // Nothing imports these two.
    ("arena-tests", EVERYTHING),
    ("arena-benches", EVERYTHING),
];

const EVERYTHING: &[&str] = &[
    "arena-schemas",
    "arena-log",
    "arena-backup",
    "arena-projections",
    "arena-core",
    "arena-exchange",
    "arena-polymarket",
    "arena-venues",
    "arena-sandbox",
    "arena-models",
    "arena-console",
    "arena-replay",
    "arena-live",
];

/// Everything that is wrong with these imports, in words.
fn broken(imports: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, imports) in imports {
        let Some((_, allowed)) = ALLOWED.iter().find(|(n, _)| n == name) else {
            wrong.push(format!("{name} is not in the table of tests/structure/direction.rs: say what it may import"));
            continue;
        };
        for import in imports.iter().filter(|i| !allowed.contains(&i.as_str())) {
            wrong.push(format!("{name} imports {import}, which it may not: see ARCHITECTURE.md"));
        }
    }
    wrong
}

#[test]
fn imports_go_one_way() {
    let imports: BTreeMap<_, _> =
        workspace::members().into_iter().map(|(name, Member { imports, .. })| (name, imports)).collect();
    let wrong = broken(&imports);
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_table_itself_goes_one_way() {
    let mut above = BTreeSet::new();
    for (name, allowed) in ALLOWED {
        for import in allowed {
            assert!(above.contains(import), "{name} is above {import} in the table");
        }
        above.insert(name);
    }
}

/// A made-up workspace.
fn made_up(crates: &[(&str, &[&str])]) -> BTreeMap<String, BTreeSet<String>> {
    let set = |imports: &[&str]| imports.iter().map(|i| (*i).to_owned()).collect();
    crates.iter().map(|(name, imports)| ((*name).to_owned(), set(imports))).collect()
}

#[test]
fn a_good_workspace_passes() {
    let good = made_up(&[
        ("arena-schemas", &[]),
        ("arena-log", &["arena-schemas"]),
        ("arena-core", &["arena-schemas", "arena-projections"]),
        ("arena-live", &["arena-log", "arena-venues", "arena-core"]),
    ]);
    assert_eq!(broken(&good), Vec::<String>::new());
}

#[test]
fn imports_against_the_direction_are_found() {
    let bad = made_up(&[
        ("arena-schemas", &["arena-log"]),
        ("arena-log", &["arena-schemas", "arena-projections"]),
        ("arena-core", &["arena-log"]),
        ("arena-venues", &["arena-core", "arena-schemas"]),
        ("arena-live", &["arena-replay"]),
        ("arena-gossip", &[]),
    ]);
    let wrong = broken(&bad);
    let expected = [
        "arena-core imports arena-log",
        "arena-gossip is not in the table",
        "arena-live imports arena-replay",
        "arena-log imports arena-projections",
        "arena-schemas imports arena-log",
        "arena-venues imports arena-core",
    ];
    assert_eq!(wrong.len(), expected.len(), "{wrong:?}");
    assert!(wrong.iter().zip(expected).all(|(w, e)| w.starts_with(e)), "{wrong:?}");
}
