//! A payload read where it lies: validated once, then nothing is copied or allocated.

use super::version::archived;
use super::{FrameError, FrameHeader};
use crate::event::{ArchivedRecord, Envelope, Record};
use crate::ids::Seq;
use crate::time::UtcNanos;
use crate::versions::Current;
use rkyv::rancor::Failure;
use rkyv::vec::ArchivedVec;
use std::ops::Range;

/// The records of one payload, validated in full and not yet copied.
#[derive(Clone, Copy)]
pub struct FrameView<'a> {
    first_seq: u64,
    records: &'a [ArchivedRecord],
}

/// One stored record in its place.
#[derive(Clone, Copy)]
pub struct RecordView<'a> {
    /// Place in the log.
    pub seq: u64,
    /// The record as it is stored.
    pub record: &'a ArchivedRecord,
}

/// Validates a payload that [`FrameHeader::check_payload`] has accepted and gives access to its records. Unlike
/// [`decode_into`](super::decode_into) it does not hold the header's times and kinds against the records, and reads
/// only the version that this build writes: an older one has to be brought up, which is a copy.
pub fn view<'a>(header: &FrameHeader, payload: &'a [u8]) -> Result<FrameView<'a>, FrameError> {
    Ok(FrameView { first_seq: header.first_seq, records: archived::<Current>(header, payload)?.as_slice() })
}

impl<'a> FrameView<'a> {
    /// The part of it from `first` to `last`, both included.
    pub fn between(self, first: u64, last: u64) -> Self {
        let len = self.records.len();
        let at = |seq: u64| usize::try_from(seq.saturating_sub(self.first_seq)).unwrap_or(len).min(len);
        let (start, end) = (at(first), at(last.saturating_add(1)));
        let records = self.records.get(start..end.max(start)).unwrap_or_default();
        Self { first_seq: self.first_seq.saturating_add(start as u64), records }
    }

    /// How many records.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there are none, as in a part of a frame.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// The records in order.
    #[inline]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = RecordView<'a>> + use<'a> {
        let first_seq = self.first_seq;
        let place = move |(n, record)| RecordView { seq: first_seq.wrapping_add(n as u64), record };
        self.records.iter().enumerate().map(place)
    }

    /// The record with this sequence.
    pub fn get(&self, seq: u64) -> Option<RecordView<'a>> {
        let at = usize::try_from(seq.checked_sub(self.first_seq)?).ok()?;
        self.records.get(at).map(|record| RecordView { seq, record })
    }
}

impl RecordView<'_> {
    /// Time stamped at append.
    #[inline]
    pub fn time(&self) -> UtcNanos {
        UtcNanos(self.record.time.0.to_native())
    }

    /// An owned copy in its place in the log.
    pub fn to_envelope(&self) -> Result<Envelope, FrameError> {
        let bad = |reason: String| FrameError::Undecodable { first_seq: self.seq, reason };
        let record = rkyv::deserialize::<Record, rkyv::rancor::Error>(self.record).map_err(|e| bad(e.to_string()))?;
        let seq = Seq::new(self.seq).ok_or_else(|| bad("sequence 0".to_owned()))?;
        Ok(record.at(seq))
    }
}

/// Bytes of one record in the row of records at the end of a payload.
pub const RECORD_LEN: usize = size_of::<ArchivedRecord>();

/// Where the row of records begins inside a payload of this schema version: it ends where the payload's last eight
/// bytes (offset and length of the row) begin. Lets a reader fetch one record without the others.
pub fn records_at(payload_len: usize, count: u32) -> Option<usize> {
    let row = (count as usize).checked_mul(RECORD_LEN)?;
    payload_len.checked_sub(size_of::<ArchivedVec<ArchivedRecord>>())?.checked_sub(row)
}

/// Reads one record from the bytes of a part of the row that begins at record `first`. `None` if the record refers to
/// bytes outside of the row (texts, lists): then the whole payload has to be read.
pub fn record_alone(row: &[u8], at: Range<usize>) -> Option<Record> {
    let bytes = row.get(at)?;
    let record = rkyv::access::<ArchivedRecord, Failure>(bytes).ok()?;
    rkyv::deserialize::<Record, Failure>(record).ok()
}

/// The time of a record of the row, read without the rest of it.
pub fn time_alone(record: &[u8]) -> Option<UtcNanos> {
    let at = std::mem::offset_of!(ArchivedRecord, time);
    let bytes = record.get(at..)?.first_chunk::<8>()?;
    Some(UtcNanos(i64::from_le_bytes(*bytes)))
}
