//! Records to payload bytes and back.

use super::header::{Codec, Compression, FrameHeader, HEADER_LEN, PAYLOAD_LEN_MAX};
use super::{FrameError, Head};
use crate::SCHEMA_VERSION;
use crate::event::{ArchivedRecord, Envelope, Record};
use crate::ids::{Bytes32, Seq};
use crate::time::UtcNanos;
use rkyv::rancor::{Error as RkyvError, Failure};
use rkyv::vec::ArchivedVec;

/// Encodes `records` as the frame that follows `head`. Returns its bytes and the head behind it.
pub fn encode(head: &Head, records: &Vec<Record>) -> Result<(Vec<u8>, Head), FrameError> {
    let payload = rkyv::to_bytes::<RkyvError>(records).map_err(|_| FrameError::TooLarge(records.len()))?;
    let stored_len = u32::try_from(payload.len())
        .ok()
        .filter(|l| *l <= PAYLOAD_LEN_MAX)
        .ok_or(FrameError::TooLarge(payload.len()))?;
    let count = u32::try_from(records.len()).map_err(|_| FrameError::TooLarge(payload.len()))?;
    if count == 0 {
        return Err(FrameError::Impossible("no records, or sequence 0"));
    }
    let (mut first_time, mut last_time, mut kinds) = (UtcNanos(i64::MAX), UtcNanos(i64::MIN), 0);
    for r in records {
        first_time = first_time.min(r.time);
        last_time = last_time.max(r.time);
        kinds |= r.event.kind().bit();
    }
    let header = FrameHeader {
        schema: SCHEMA_VERSION,
        codec: Codec::Rkyv,
        compression: Compression::None,
        count,
        raw_len: stored_len,
        stored_len,
        first_seq: head.next_seq().get(),
        first_time,
        last_time,
        kinds,
        payload_crc: crc32c::crc32c(&payload),
        prev_chain: head.chain,
        payload_hash: Bytes32(*blake3::hash(&payload).as_bytes()),
    };
    header.possible()?;
    let mut bytes = Vec::with_capacity(HEADER_LEN + payload.len());
    bytes.extend_from_slice(&header.to_bytes());
    bytes.extend_from_slice(&payload);
    Ok((bytes, Head { seq: header.last_seq(), chain: header.chain() }))
}

/// The records of a payload, where they lie, after validating all of them.
#[inline]
pub(super) fn archived<'a>(
    header: &FrameHeader,
    payload: &'a [u8],
) -> Result<&'a ArchivedVec<ArchivedRecord>, FrameError> {
    let undecodable = |reason: String| FrameError::Undecodable { first_seq: header.first_seq, reason };
    // The error without a text is what makes validation fast; a payload that fails is read again for its reason.
    let Ok(archived) = rkyv::access::<ArchivedVec<ArchivedRecord>, Failure>(payload) else {
        let reason = match rkyv::access::<ArchivedVec<ArchivedRecord>, RkyvError>(payload) {
            Err(e) => e.to_string(),
            Ok(_) => "it is no run of records".to_owned(),
        };
        return Err(undecodable(reason));
    };
    if archived.len() != header.count as usize {
        return Err(undecodable(format!("{} records, the header says {}", archived.len(), header.count)));
    }
    Ok(archived)
}

/// Decodes a payload that [`FrameHeader::check_payload`] has accepted, appending its events to `out`.
///
/// The bytes are validated in full before anything is read from them: a forged payload with a matching checksum gives
/// an error, never undefined behaviour.
pub fn decode_into(header: &FrameHeader, payload: &[u8], out: &mut Vec<Envelope>) -> Result<(), FrameError> {
    let undecodable = |reason: String| FrameError::Undecodable { first_seq: header.first_seq, reason };
    let archived = archived(header, payload)?;
    out.reserve(archived.len());
    let (mut first_time, mut last_time, mut kinds) = (UtcNanos(i64::MAX), UtcNanos(i64::MIN), 0);
    for (seq, record) in (header.first_seq..).zip(archived.iter()) {
        let record: Record = rkyv::deserialize::<Record, RkyvError>(record).map_err(|e| undecodable(e.to_string()))?;
        let place = Seq::new(seq).ok_or_else(|| undecodable("sequence 0".to_owned()))?;
        first_time = first_time.min(record.time);
        last_time = last_time.max(record.time);
        kinds |= record.event.kind().bit();
        out.push(record.at(place));
    }
    // Readers skip frames by these; a header that lies about them would hide events.
    if (first_time, last_time, kinds) != (header.first_time, header.last_time, header.kinds) {
        return Err(undecodable("its times or kinds are not those that the header says".to_owned()));
    }
    Ok(())
}

/// A digest of this version's golden bytes' shape: two builds that disagree on the layout disagree here. Kept in file
/// headers so that a log of a fork with other events is refused by name.
pub fn schema_fingerprint() -> u64 {
    let mut h = blake3::Hasher::new();
    h.update(b"alpha-arena schema");
    h.update(&SCHEMA_VERSION.to_le_bytes());
    for kind in crate::EventKind::ALL {
        h.update(&[*kind as u8]);
        h.update(kind.name().as_bytes());
    }
    let mut first = [0u8; 8];
    first.copy_from_slice(&h.finalize().as_bytes()[..8]);
    u64::from_le_bytes(first)
}
