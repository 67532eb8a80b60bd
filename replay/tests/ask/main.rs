//! Questions asked of small logs that a miniature of the engine writes: the honest ones, and ones where a single record
//! was changed and everything behind it chained anew.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a wrong answer fails by panicking")]

mod at;
mod check;
mod mini;
mod show;
mod verify;
mod why;

use clap::Parser;
use console::exit::Code;
use replay::cmd::Cli;
use replay::out::Out;
use std::path::Path;

/// Asks as a person would; returns the exit code, the data, and the failure in words.
fn ask(words: &[&str]) -> (Code, String, String) {
    let mut written = Vec::new();
    let cli = Cli::try_parse_from(std::iter::once("replay").chain(words.iter().copied()).chain(["-q"])).unwrap();
    let outcome = replay::cmd::run(&cli, &mut Out::new(&mut written));
    let data = String::from_utf8(written).unwrap();
    match outcome {
        Ok(code) => (code, data, String::new()),
        Err(failure) => (failure.code, data, failure.to_string()),
    }
}

/// Asks for JSON that must be there.
fn ask_json(words: &[&str]) -> (Code, serde_json::Value) {
    let (code, data, failure) = ask(&[words, &["--json"]].concat());
    (code, serde_json::from_str(&data).unwrap_or_else(|e| panic!("{words:?}: {e}: {data} {failure}")))
}

/// A path as an argument.
fn word(dir: &Path) -> &str {
    dir.to_str().unwrap()
}
