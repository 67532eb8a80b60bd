//! Files that somebody made, with checksums that fit. Whatever is in them, reading gives events or an error: no panic,
//! no event that was not written, no allocation beyond what the file could hold, and a refusal that changes nothing.
//!
//! The same entry points are run by the property tests (`decoders.rs`) and by the fuzzers (`fuzz/`): each takes a string
//! of bytes, reads it as a list of changes to a sound file, makes the checksums fit again, and then does to the file
//! what the log does.
#![allow(dead_code, reason = "each program uses some of it")]

pub mod base;
pub mod changes;
pub mod repair;
pub mod small;
pub mod whole;
