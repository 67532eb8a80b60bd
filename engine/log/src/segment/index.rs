//! What a footer says of a block's events, so that readers can skip the block, or find one event in it.

use super::bloom::Bloom;
use super::format::{BlockEntry, TIMES_EVERY};
use schemas::frame::{Compression, FrameHeader, records_at};
use schemas::{Envelope, SCHEMA_VERSION};

/// Made when a block is sealed, and made again when it is verified: a wrong one would hide events.
#[derive(PartialEq, Eq)]
pub(crate) struct Index {
    pub(crate) bloom: Bloom,
    pub(crate) row_at: u32,
    pub(crate) times: Vec<u64>,
}

impl Index {
    /// The index of a block with this header, a plain payload of this length, and these events.
    pub(crate) fn of(header: &FrameHeader, plain_len: usize, events: &[Envelope]) -> Self {
        let mut bloom = Bloom::default();
        for e in events {
            bloom.add_event(e.cycle.unwrap_or_default(), &e.event);
        }
        let by_record = header.compression == Compression::None && header.schema == SCHEMA_VERSION;
        let row_at = records_at(plain_len, header.count).filter(|_| by_record).unwrap_or(0);
        Self { bloom, row_at: row_at as u32, times: times(events) }
    }

    /// Whether this is what an entry says.
    pub(crate) fn is_in(&self, entry: &BlockEntry) -> bool {
        self.bloom.0 == entry.bloom && self.row_at == entry.row_at && self.times == entry.times
    }
}

/// Times of every 32nd event, counted from the first; nothing if they step back, which the log's writer never does.
fn times(events: &[Envelope]) -> Vec<u64> {
    let first = events.first().map_or(0, |e| e.time.0);
    if !events.is_sorted_by_key(|e| e.time) {
        return Vec::new();
    }
    events.iter().step_by(TIMES_EVERY).map(|e| e.time.0.wrapping_sub(first) as u64).collect()
}
