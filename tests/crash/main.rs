//! The log under power cuts and failing disks.
//!
//! A child process writes a log while a shim between it and the C library records every effect on its files, in order,
//! together with what the log acknowledged (`shim.c`, `stage.rs`, `trace.rs`). A model of a disk with a volatile cache
//! replays the record up to any point and says what could be left (`disk.rs`, `names.rs`, `pages.rs`). The log must then
//! open with everything that was acknowledged (`check.rs`). `controls.rs` shows that the model takes what it may take:
//! writers that sync properly lose nothing on it, writers that do not lose their data. The same shim makes calls fail.
//!
//! Sizes: `ARENA_CRASH_TRACES` and `ARENA_CRASH_CUTS` (cuts a trace) make the run long. A failing case is kept in the
//! target directory, and its message says how to run it alone.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod check;
mod controls;
mod cuts;
mod dice;
mod disk;
mod faults;
mod names;
mod pages;
mod read_only;
mod stage;
mod trace;
mod workers;
mod workload;

#[path = "../../engine/log/tests/sample/mod.rs"]
mod sample;
