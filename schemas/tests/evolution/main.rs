//! Proof that the schema can change: a second version as a later release would have it, beside the first as it is. Old
//! frames are read and brought up, newer ones are refused, one chain runs through both, and the mistakes that the
//! encoding would let pass are caught.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a proof fails by panicking")]

mod forgery;
mod golden;
mod history;
mod reading;
mod refusal;
mod traps;
mod upcast;
mod v2;
mod v3;

#[path = "../proofs/forging.rs"]
mod forging;
#[path = "../proofs/frozen.rs"]
mod frozen;
#[path = "../proofs/samples/mod.rs"]
mod samples;
#[path = "../proofs/strategies/mod.rs"]
mod strategies;
#[path = "../proofs/variants.rs"]
mod variants;
