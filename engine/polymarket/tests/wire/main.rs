//! The wire types against samples of every kind, real objects, and everything that can be wrong with them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod answers;
mod broken;
mod frames;
mod outcomes;
mod readers;
mod real;
mod samples;

use std::path::PathBuf;

/// The text of a fixture.
fn fixture(name: &str) -> String {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures"));
    std::fs::read_to_string(folder.join(name)).unwrap()
}
