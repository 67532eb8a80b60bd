//! The 128 bytes in front of every payload. Little-endian throughout.
//!
//! | offset | bytes | field |
//! |---|---|---|
//! | 0 | 4 | magic `AAfr` |
//! | 4 | 2 | container format |
//! | 6 | 2 | schema version |
//! | 8 | 1 | codec |
//! | 9 | 1 | compression |
//! | 10 | 2 | reserved, zero |
//! | 12 | 4 | number of records |
//! | 16 | 4 | payload length, uncompressed |
//! | 20 | 4 | payload length, stored |
//! | 24 | 8 | first sequence |
//! | 32 | 8 | earliest time, ns |
//! | 40 | 8 | latest time, ns |
//! | 48 | 8 | bitmap of event kinds |
//! | 56 | 4 | CRC-32C of the stored payload |
//! | 60 | 4 | CRC-32C of this header, this field zero |
//! | 64 | 32 | chain value of the frame before |
//! | 96 | 32 | BLAKE3 of the stored payload |

use super::{Check, FrameError};
use crate::SCHEMA_VERSION;
use crate::ids::Bytes32;
use crate::time::UtcNanos;

/// Length of a header in bytes.
pub const HEADER_LEN: usize = 128;
/// The container format this build writes.
pub const FORMAT_VERSION: u16 = 1;
/// No payload is longer: what a damaged length can make a reader allocate.
pub const PAYLOAD_LEN_MAX: u32 = 64 << 20;

const MAGIC: [u8; 4] = *b"AAfr";

/// How records become bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Codec {
    /// rkyv 0.8, little-endian, unaligned, 32-bit offsets; always accessed with validation.
    Rkyv = 1,
}

/// How the payload is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Compression {
    /// As it is.
    None = 0,
    /// zstd. Only in blocks of sealed segments; a journal frame is stored as it is.
    Zstd = 1,
}

/// What stands in front of a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameHeader {
    /// Version of the event schema.
    pub schema: u16,
    /// How records became bytes.
    pub codec: Codec,
    /// How the payload is stored.
    pub compression: Compression,
    /// Number of records, at least 1.
    pub count: u32,
    /// Payload length before compression, bytes.
    pub raw_len: u32,
    /// Payload length as stored, bytes.
    pub stored_len: u32,
    /// Sequence of the first record.
    pub first_seq: u64,
    /// Earliest time of a record.
    pub first_time: UtcNanos,
    /// Latest time of a record.
    pub last_time: UtcNanos,
    /// Which kinds of events occur: see `EventKind::bit`.
    pub kinds: u64,
    /// CRC-32C of the stored payload.
    pub payload_crc: u32,
    /// Chain value of the frame before.
    pub prev_chain: Bytes32,
    /// BLAKE3 of the stored payload.
    pub payload_hash: Bytes32,
}

fn take<const N: usize>(bytes: &[u8; HEADER_LEN], at: usize) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(&bytes[at..at + N]);
    out
}

impl FrameHeader {
    /// The header's bytes, checksum included.
    pub fn to_bytes(&self) -> [u8; HEADER_LEN] {
        let mut b = [0u8; HEADER_LEN];
        b[0..4].copy_from_slice(&MAGIC);
        b[4..6].copy_from_slice(&FORMAT_VERSION.to_le_bytes());
        b[6..8].copy_from_slice(&self.schema.to_le_bytes());
        b[8] = self.codec as u8;
        b[9] = self.compression as u8;
        b[12..16].copy_from_slice(&self.count.to_le_bytes());
        b[16..20].copy_from_slice(&self.raw_len.to_le_bytes());
        b[20..24].copy_from_slice(&self.stored_len.to_le_bytes());
        b[24..32].copy_from_slice(&self.first_seq.to_le_bytes());
        b[32..40].copy_from_slice(&self.first_time.0.to_le_bytes());
        b[40..48].copy_from_slice(&self.last_time.0.to_le_bytes());
        b[48..56].copy_from_slice(&self.kinds.to_le_bytes());
        b[56..60].copy_from_slice(&self.payload_crc.to_le_bytes());
        b[64..96].copy_from_slice(&self.prev_chain.0);
        b[96..128].copy_from_slice(&self.payload_hash.0);
        let crc = crc32c::crc32c(&b);
        b[60..64].copy_from_slice(&crc.to_le_bytes());
        b
    }

    /// Reads a header. Damage, and anything a later release wrote, is refused.
    pub fn parse(bytes: &[u8; HEADER_LEN]) -> Result<Self, FrameError> {
        Self::parse_upto(bytes, SCHEMA_VERSION)
    }

    /// The same for a reader whose newest schema version is `newest`.
    pub fn parse_upto(bytes: &[u8; HEADER_LEN], newest: u16) -> Result<Self, FrameError> {
        if bytes[0..4] != MAGIC {
            return Err(FrameError::NotAFrame);
        }
        let mut unsigned = *bytes;
        unsigned[60..64].fill(0);
        if crc32c::crc32c(&unsigned) != u32::from_le_bytes(take(bytes, 60)) {
            return Err(FrameError::HeaderDamaged);
        }
        let format = u16::from_le_bytes(take(bytes, 4));
        if format > FORMAT_VERSION {
            return Err(FrameError::NewerFormat { found: format, newest: FORMAT_VERSION });
        }
        // What `to_bytes` does not write again would not be part of the chain value: two headers, one chain.
        if format == 0 || bytes[10..12] != [0, 0] {
            return Err(FrameError::Impossible("format 0, or reserved bytes in use"));
        }
        let schema = u16::from_le_bytes(take(bytes, 6));
        if schema > newest {
            return Err(FrameError::NewerSchema { found: schema, newest });
        }
        let codec = match bytes[8] {
            1 => Codec::Rkyv,
            number => return Err(FrameError::UnknownCodec { what: "codec", number }),
        };
        let compression = match bytes[9] {
            0 => Compression::None,
            1 => Compression::Zstd,
            number => return Err(FrameError::UnknownCodec { what: "compression", number }),
        };
        let header = Self {
            schema,
            codec,
            compression,
            count: u32::from_le_bytes(take(bytes, 12)),
            raw_len: u32::from_le_bytes(take(bytes, 16)),
            stored_len: u32::from_le_bytes(take(bytes, 20)),
            first_seq: u64::from_le_bytes(take(bytes, 24)),
            first_time: UtcNanos(i64::from_le_bytes(take(bytes, 32))),
            last_time: UtcNanos(i64::from_le_bytes(take(bytes, 40))),
            kinds: u64::from_le_bytes(take(bytes, 48)),
            payload_crc: u32::from_le_bytes(take(bytes, 56)),
            prev_chain: Bytes32(take(bytes, 64)),
            payload_hash: Bytes32(take(bytes, 96)),
        };
        header.possible()?;
        Ok(header)
    }

    pub(super) fn possible(&self) -> Result<(), FrameError> {
        if self.schema == 0 {
            return Err(FrameError::Impossible("schema version 0"));
        }
        if self.count == 0 || self.first_seq == 0 {
            return Err(FrameError::Impossible("no records, or sequence 0"));
        }
        if self.stored_len == 0 || self.stored_len > PAYLOAD_LEN_MAX || self.raw_len > PAYLOAD_LEN_MAX {
            return Err(FrameError::Impossible("payload length"));
        }
        if self.compression == Compression::None && self.raw_len != self.stored_len {
            return Err(FrameError::Impossible("an uncompressed payload with two lengths"));
        }
        if self.first_seq.checked_add(u64::from(self.count)).is_none() {
            return Err(FrameError::Impossible("sequence overflow"));
        }
        Ok(())
    }

    /// Sequence of the last record.
    pub fn last_seq(&self) -> u64 {
        self.first_seq.saturating_add(u64::from(self.count)).saturating_sub(1)
    }

    /// Length of header and payload together, bytes.
    pub fn frame_len(&self) -> usize {
        HEADER_LEN + self.stored_len as usize
    }

    /// The chain value behind this frame.
    pub fn chain(&self) -> Bytes32 {
        Bytes32(*blake3::hash(&self.to_bytes()).as_bytes())
    }

    /// Checks a payload against this header.
    pub fn check_payload(&self, payload: &[u8], check: Check) -> Result<(), FrameError> {
        if payload.len() != self.stored_len as usize {
            return Err(FrameError::CutShort { first_seq: self.first_seq });
        }
        let intact = crc32c::crc32c(payload) == self.payload_crc
            && (check == Check::Crc || *blake3::hash(payload).as_bytes() == self.payload_hash.0);
        if intact { Ok(()) } else { Err(FrameError::PayloadDamaged { first_seq: self.first_seq }) }
    }
}
