//! The commands as a person uses them: real processes, real files, real signals.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod account;
mod backup;
mod bad_input;
mod cancel_all;
mod command;
mod damage;
mod demo;
mod doctor;
mod elsewhere;
mod faults;
mod import;
mod interrupted;
mod kill_switch;
mod live;
mod livetest;
mod local_venue;
mod markets;
#[path = "../../engine/venues/tests/polygon/peer.rs"]
#[allow(dead_code, reason = "a file of the chain client's own tests, which use all of it")]
mod peer;
mod purse;
#[path = "../../engine/venues/tests/polygon/rlp.rs"]
#[allow(dead_code, reason = "a file of the chain client's own tests, which use all of it")]
mod rlp;
mod secrets;
mod signer;
mod signer_process;
mod storm;
mod wallet;
#[path = "../../engine/venues/tests/polygon/world.rs"]
#[allow(dead_code, reason = "a file of the chain client's own tests, which use all of it")]
mod world;
