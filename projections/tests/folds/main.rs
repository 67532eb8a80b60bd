//! The folds against naive twins, on random streams of events that shrink to the few that matter.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod activity;
mod book;
mod costs;
mod dice;
mod equity;
mod garbage;
mod indicators;
mod memory;
mod moves;
mod orders;
mod positions;
mod scores;
mod snapshots;
mod stream;
