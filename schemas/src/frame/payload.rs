//! Records to payload bytes and back, in the version that this build writes.

use super::header::FrameHeader;
use super::shape::lineage;
use super::version::{decode_with, encode_as, encode_into_as};
use super::{FrameError, Head};
use crate::event::{Envelope, Record};
use crate::versions::Current;
use std::sync::OnceLock;

/// Encodes `records` as the frame that follows `head`. Returns its bytes and the head behind it.
pub fn encode(head: &Head, records: &Vec<Record>) -> Result<(Vec<u8>, Head), FrameError> {
    encode_as::<Current>(head, records)
}

/// The same into `frame`, in place of what it holds. Whoever encodes many frames keeps the buffer: for a large frame,
/// fresh memory costs as much again as the encoding.
pub fn encode_into(head: &Head, records: &Vec<Record>, frame: &mut Vec<u8>) -> Result<Head, FrameError> {
    encode_into_as::<Current>(head, records, frame)
}

/// Decodes a payload that [`FrameHeader::check_payload`] has accepted, of this version or an older one, appending its
/// events to `out`. After an error `out` is as it was.
///
/// The bytes are validated in full before anything is read from them: a forged payload with a matching checksum gives
/// an error, never undefined behaviour.
pub fn decode_into(header: &FrameHeader, payload: &[u8], out: &mut Vec<Envelope>) -> Result<(), FrameError> {
    decode_with::<Current, _>(header, payload, out, |seq, record: Record| record.at(seq))
}

/// The fingerprint of the version that this build writes: see [`fingerprint_of`](super::fingerprint_of). Kept in file
/// headers, so that a log of a fork with other events is refused by name before any of it is decoded.
pub fn schema_fingerprint() -> u64 {
    known().first().map_or(0, |(_, fingerprint)| *fingerprint)
}

/// The fingerprint of a version that this build can read; `None` for any other. A file of an older version must carry
/// the one that this build has for it, or its types here are not those it was written with.
pub fn schema_fingerprint_of(version: u16) -> Option<u64> {
    known().iter().find(|(known, _)| *known == version).map(|(_, fingerprint)| *fingerprint)
}

/// Every version that this build can read, newest first. Described once in the life of a process.
fn known() -> &'static [(u16, u64)] {
    static KNOWN: OnceLock<Vec<(u16, u64)>> = OnceLock::new();
    KNOWN.get_or_init(lineage::<Current>)
}
