//! The simulated exchange, rule by rule: every paragraph of the crate's documentation has its stories here.

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
