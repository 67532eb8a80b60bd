//! The live engine at the sandbox's venue in one process, without sockets and in simulated time: the engine with its log, its
//! port, desk, feed and signer as they run live; only the wires between the two and the clock are this test's own.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod books;
mod equal;
mod faults;
mod game;
mod link;
mod market;
mod play;
