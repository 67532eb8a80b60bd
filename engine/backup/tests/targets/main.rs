//! Backups of real logs into real targets: made, made again, damaged, cut short, restored.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod damage;
mod faulty;
mod incremental;
mod interrupted;
mod keys;
mod refusals;
mod running;
mod sealing;
#[cfg(feature = "object-store")]
mod urls;
mod world;
