//! Proofs about the format and the numbers: what is written reads back, what was damaged is refused, what was forged
//! never brings the reader down, and money agrees with an independent decimal arithmetic.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a proof fails by panicking")]

mod chain;
mod fees;
mod forgery;
mod forging;
mod frames;
mod frozen;
mod golden;
mod in_place;
mod json;
mod money;
mod reading;
mod samples;
mod strategies;
mod variants;
