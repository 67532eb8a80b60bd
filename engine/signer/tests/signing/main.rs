//! What a signer signs, what it refuses, and that it does not matter in which process it is.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod day;
mod desk;
mod logins;
mod orders;
mod properties;
mod socket;
mod transactions;
