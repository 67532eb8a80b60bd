//! Reading a frame the way a log does: header, then payload against it, then records.

use schemas::Envelope;
use schemas::frame::{Check, FrameError, FrameHeader, HEADER_LEN, decode_into};

/// Header and events of a frame, or the first reason to refuse it. A piece shorter than a header is refused as cut.
pub fn read(bytes: &[u8], check: Check) -> Result<(FrameHeader, Vec<Envelope>), FrameError> {
    let (head, payload) = bytes.split_first_chunk::<HEADER_LEN>().ok_or(FrameError::CutShort { first_seq: 0 })?;
    let header = FrameHeader::parse(head)?;
    header.check_payload(payload, check)?;
    let mut events = Vec::new();
    decode_into(&header, payload, &mut events)?;
    Ok((header, events))
}

/// Puts a fitting checksum into header bytes, as a forger would.
pub fn resign(head: &mut [u8; HEADER_LEN]) {
    head[60..64].fill(0);
    let crc = crc32c::crc32c(head);
    head[60..64].copy_from_slice(&crc.to_le_bytes());
}

/// Makes header and checksums of `frame` fit whatever its payload now is, as a forger would.
pub fn reseal(frame: &mut [u8]) {
    let (head, payload) = frame.split_first_chunk_mut::<HEADER_LEN>().unwrap();
    let len = u32::try_from(payload.len()).unwrap().to_le_bytes();
    head[16..20].copy_from_slice(&len);
    head[20..24].copy_from_slice(&len);
    head[56..60].copy_from_slice(&crc32c::crc32c(payload).to_le_bytes());
    head[96..128].copy_from_slice(blake3::hash(payload).as_bytes());
    resign(head);
}
