//! The walls of the house, as tests: who may import whom, what the pure crates may have in reach, and what their sources
//! may say. A wall that no test holds up is a habit.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a broken wall fails by panicking")]

mod direction;
mod purity;
mod reach;
mod scanner;
mod tokens;
mod workspace;
