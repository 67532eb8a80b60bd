//! The core as a story: an event goes in, and what must follow is held against what follows.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod chain;
mod elsewhere;
mod entries;
mod exits;
mod floor;
mod gate;
mod kill;
mod market;
mod properties;
mod restarts;
mod settings;
mod unknown;
