//! The commands as a person uses them: real processes, real files, real signals.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod backup;
mod bad_input;
mod command;
mod damage;
mod demo;
mod faults;
mod import;
mod interrupted;
mod kill_switch;
