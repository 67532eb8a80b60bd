//! The simulated exchange, rule by rule: every paragraph of the crate's documentation has its stories here.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod clients;
mod conservation;
mod desk;
mod failures;
mod kinds;
mod latency;
mod money;
mod pairs;
mod queue;
mod replays;
mod settlement;
mod taking;
