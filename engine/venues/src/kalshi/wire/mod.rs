//! What Kalshi sends, read into types: answers to requests ([`rest`]) and messages of the websocket ([`stream`]).
//!
//! Pure: text in, values or a typed error out. Fields that are not known are ignored, words that are not known are refused
//! where they matter. Source: docs.kalshi.com (REST reference and asyncapi.yaml), recorded answers.

mod book;
pub mod rest;
pub mod stream;

pub use book::{Sides, WireLevel};

use schemas::Outcome;

/// Which side of a market a word names.
fn outcome(word: &str) -> Option<Outcome> {
    match word {
        "yes" => Some(Outcome::Yes),
        "no" => Some(Outcome::No),
        _ => None,
    }
}
