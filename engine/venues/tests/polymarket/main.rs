//! The market feed and the limits against a made-up venue, without sockets and in made-up time.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod account;
mod books;
mod cash;
mod desk;
mod discovery;
mod ends;
mod hand;
mod harness;
mod kept;
mod life;
mod outage;
mod random;
mod settlement;
mod sockets;
mod venue;
mod wallet;
