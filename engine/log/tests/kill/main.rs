//! Processes that die at a moment nobody chose. The children are this test program itself; what they said they had
//! acknowledged must be there afterwards, and nothing else may be different.
//!
//! `ARENA_KILL_FACTOR=10` makes every test ten times as long; `ARENA_KILL_SEED` picks other moments.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod aftermath;
mod appends;
mod backup;
mod children;
mod ledger;
mod limits;
mod owners;
mod producers;
#[path = "../sample/mod.rs"]
mod sample;
mod spec;
mod upkeep;
mod victim;
