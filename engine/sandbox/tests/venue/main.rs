//! The venue as its clients see it: stories without sockets.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod accounts;
mod bot;
mod faults;
mod lists;
mod orders;
mod refusals;
mod simulation;
mod sockets;
mod trades;
mod wallet;
