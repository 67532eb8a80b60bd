//! The schema versions that this build knows. `golden/README.md` says how the next one is made.

use crate::event::{EventKind, Record};
use crate::frame::{Schema, Stored};
use crate::time::UtcNanos;

/// The version that this build writes.
pub type Current = V1;

/// Version 1: the types in [`crate::event`].
#[derive(Clone, Copy, Debug)]
pub enum V1 {}

impl Schema for V1 {
    const VERSION: u16 = 1;
    type Previous = Self;
    type Record = Record;

    fn kinds() -> Vec<(u8, &'static str)> {
        EventKind::ALL.iter().map(|kind| (*kind as u8, kind.name())).collect()
    }
}

impl Stored for Record {
    #[inline]
    fn time(&self) -> UtcNanos {
        self.time
    }

    #[inline]
    fn kind_bit(&self) -> u64 {
        self.event.kind().bit()
    }
}
