//! Venues that are read and never traded: what they send, the feeds on scripted networks, and the real network at a peer on
//! loopback.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod broken;
mod kalshi;
mod key;
mod manifold;
mod peer;
mod samples;
mod stage;
mod stream;
mod together;
