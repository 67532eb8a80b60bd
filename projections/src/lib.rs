//! What the log adds up to.
//!
//! Every module is a fold: it starts empty, [`Projection::apply`] takes it past one event, and nothing else changes it.
//! Live trading, backtests, `replay` and the tests run these same folds, so they all see the same books, positions and
//! limits. [`State`] holds them together in the order in which they read each other.
//!
//! The crate is pure: no I/O, clock, randomness, threads, floats or hash order. Folds are total: an event that makes no
//! sense is counted in [`health`], never a panic.

pub mod activity;
pub mod book;
pub mod books;
pub mod costs;
pub mod decisions;
pub mod equity;
pub mod health;
pub mod indicators;
pub mod kill;
pub mod markets;
pub mod memory;
pub mod orders;
pub mod positions;
pub mod quotes;
pub mod scores;
pub mod settings;
mod state;

pub use state::{SnapshotError, State};

use schemas::{Bytes32, Envelope};
use serde::Serialize;
use std::io::BufWriter;

/// A fold over events.
pub trait Projection: Serialize {
    /// The name under which checkpoints and reports carry its hash.
    const NAME: &'static str;

    /// The projections it reads; they have taken the same event already.
    type Reads<'a>;

    /// Takes the state past one event. Total: never fails, never panics.
    fn apply(&mut self, envelope: &Envelope, reads: Self::Reads<'_>);

    /// One value for the whole state: BLAKE3 over exactly what a snapshot of it would hold.
    fn state_hash(&self) -> Bytes32 {
        hash_of(self)
    }
}

/// BLAKE3 over the canonical bytes of a value: bincode, fixed-width little-endian integers.
pub fn hash_of<T: Serialize + ?Sized>(value: &T) -> Bytes32 {
    // BLAKE3 is fast on long inputs only; field by field it takes four times as long.
    let mut out = BufWriter::with_capacity(HASHED_AT_ONCE, blake3::Hasher::new());
    let written = bincode::serde::encode_into_std_write(value, &mut out, canonical());
    match (written, out.into_inner()) {
        (Ok(_), Ok(hasher)) => Bytes32(*hasher.finalize().as_bytes()),
        // Hashing writes to memory and the states are plain data: no input can make this fail.
        _ => Bytes32::ZERO,
    }
}

/// Bytes gathered before they are hashed.
const HASHED_AT_ONCE: usize = 64 << 10;

pub(crate) fn canonical() -> impl bincode::config::Config {
    bincode::config::standard().with_fixed_int_encoding()
}
