//! Recordings, read back: the shipped ones to the last number, and broken ones without a panic.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

mod bad_rows;
mod binance;
mod cut_off;
mod nhl;
mod outages;
mod reading;
mod stream;
mod us_tob;
mod wrong_inputs;
