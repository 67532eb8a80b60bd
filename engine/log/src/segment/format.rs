//! The bytes of a segment file around its blocks.
//!
//! ```text
//! header 128 | block | block | ... | footer (bincode) | trailer 64
//! ```
//!
//! | offset | bytes | field of the header |
//! |---|---|---|
//! | 0 | 4 | magic `AAsg` |
//! | 4 | 2 | format |
//! | 6 | 2 | newest schema version of a block |
//! | 8 | 16 | log id |
//! | 24 | 8 | sequence of the first event |
//! | 32 | 8 | sequence of the last event |
//! | 40 | 32 | chain value before the first event |
//! | 72 | 32 | chain value behind the last event |
//! | 104 | 8 | time of the first event, ns |
//! | 112 | 8 | time of the last event, ns |
//! | 120 | 1 | compression of the blocks |
//! | 124 | 4 | CRC-32C of the header before this field |
//!
//! | offset | bytes | field of the trailer |
//! |---|---|---|
//! | 0 | 4 | magic `AAst` |
//! | 4 | 2 | format |
//! | 8 | 8 | length of the footer |
//! | 16 | 32 | BLAKE3 of header and footer |
//! | 60 | 4 | CRC-32C of the trailer before this field |

use crate::LogId;
use crate::disk::take;
use crate::error::LogError;
use schemas::frame::{Compression, FrameError, FrameHeader, Head};
use schemas::{Bytes32, SCHEMA_VERSION, UtcNanos};
use serde::{Deserialize, Serialize};
use std::path::Path;

pub(crate) const HEADER_LEN: usize = 128;
pub(crate) const TRAILER_LEN: usize = 64;
const MAGIC: [u8; 4] = *b"AAsg";
const TRAILER_MAGIC: [u8; 4] = *b"AAst";
pub(crate) const FORMAT: u16 = 1;
/// Records between two entries of a block's time index: what a read by time has to look through.
pub(crate) const TIMES_EVERY: usize = 32;

/// What stands at the start of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SegmentHeader {
    pub(crate) schema: u16,
    pub(crate) log_id: LogId,
    pub(crate) before: Head,
    pub(crate) head: Head,
    pub(crate) first_time: UtcNanos,
    pub(crate) last_time: UtcNanos,
    pub(crate) compression: Compression,
}

impl SegmentHeader {
    pub(crate) fn to_bytes(self) -> [u8; HEADER_LEN] {
        let mut b = [0u8; HEADER_LEN];
        b[0..4].copy_from_slice(&MAGIC);
        b[4..6].copy_from_slice(&FORMAT.to_le_bytes());
        b[6..8].copy_from_slice(&self.schema.to_le_bytes());
        b[8..24].copy_from_slice(&self.log_id);
        b[24..32].copy_from_slice(&self.before.next_seq().get().to_le_bytes());
        b[32..40].copy_from_slice(&self.head.seq.to_le_bytes());
        b[40..72].copy_from_slice(&self.before.chain.0);
        b[72..104].copy_from_slice(&self.head.chain.0);
        b[104..112].copy_from_slice(&self.first_time.0.to_le_bytes());
        b[112..120].copy_from_slice(&self.last_time.0.to_le_bytes());
        b[120] = self.compression as u8;
        let crc = crc32c::crc32c(&b[..124]);
        b[124..].copy_from_slice(&crc.to_le_bytes());
        b
    }

    /// Reads a header: an error with words if it is damaged, a [`LogError`] if a later release wrote it.
    pub(crate) fn parse(b: &[u8; HEADER_LEN], file: &Path) -> Result<Result<Self, &'static str>, LogError> {
        if b[0..4] != MAGIC {
            return Ok(Err("it is no segment"));
        }
        if crc32c::crc32c(&b[..124]) != u32::from_le_bytes(take(b, 124)) {
            return Ok(Err("its header is damaged"));
        }
        let newer = |source| LogError::Newer { file: file.to_owned(), source };
        let format = u16::from_le_bytes(take(b, 4));
        if format > FORMAT {
            return Err(newer(FrameError::NewerFormat { found: format, newest: FORMAT }));
        }
        let schema = u16::from_le_bytes(take(b, 6));
        if schema > SCHEMA_VERSION {
            return Err(newer(FrameError::NewerSchema { found: schema, newest: SCHEMA_VERSION }));
        }
        let compression = match b[120] {
            0 => Compression::None,
            1 => Compression::Zstd,
            number => return Err(newer(FrameError::UnknownCodec { what: "compression", number })),
        };
        let (first, last) = (u64::from_le_bytes(take(b, 24)), u64::from_le_bytes(take(b, 32)));
        if first == 0 || last < first || format == 0 || schema == 0 {
            return Ok(Err("its header is impossible"));
        }
        Ok(Ok(Self {
            schema,
            log_id: take(b, 8),
            before: Head { seq: first - 1, chain: Bytes32(take(b, 40)) },
            head: Head { seq: last, chain: Bytes32(take(b, 72)) },
            first_time: UtcNanos(i64::from_le_bytes(take(b, 104))),
            last_time: UtcNanos(i64::from_le_bytes(take(b, 112))),
            compression,
        }))
    }
}

/// What stands at the end of a segment.
pub(crate) struct Trailer {
    pub(crate) footer_len: u64,
    pub(crate) hash: Bytes32,
}

impl Trailer {
    pub(crate) fn to_bytes(&self) -> [u8; TRAILER_LEN] {
        let mut b = [0u8; TRAILER_LEN];
        b[0..4].copy_from_slice(&TRAILER_MAGIC);
        b[4..6].copy_from_slice(&FORMAT.to_le_bytes());
        b[8..16].copy_from_slice(&self.footer_len.to_le_bytes());
        b[16..48].copy_from_slice(&self.hash.0);
        let crc = crc32c::crc32c(&b[..60]);
        b[60..].copy_from_slice(&crc.to_le_bytes());
        b
    }

    pub(crate) fn parse(b: &[u8; TRAILER_LEN]) -> Option<Self> {
        let intact = b[0..4] == TRAILER_MAGIC && crc32c::crc32c(&b[..60]) == u32::from_le_bytes(take(b, 60));
        intact.then(|| Self { footer_len: u64::from_le_bytes(take(b, 8)), hash: Bytes32(take(b, 16)) })
    }
}

/// The hash that vouches for header and footer, and through the footer for every block.
pub(crate) fn footer_hash(header: &[u8; HEADER_LEN], footer: &[u8]) -> Bytes32 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(footer).update(header);
    Bytes32(*hasher.finalize().as_bytes())
}

/// One block, as the footer knows it: enough to skip it, and to hold it against.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BlockEntry {
    /// Where its header begins in the file.
    pub(crate) at: u64,
    /// Header and stored payload, bytes.
    pub(crate) len: u32,
    pub(crate) first_seq: u64,
    pub(crate) count: u32,
    pub(crate) first_time: UtcNanos,
    pub(crate) last_time: UtcNanos,
    /// Bitmap of event kinds.
    pub(crate) kinds: u64,
    pub(crate) bloom: [u64; 8],
    /// BLAKE3 of the block's header, which holds the hash of its payload.
    pub(crate) hash: Bytes32,
    /// The log's chain value behind the block's last event.
    pub(crate) end: Bytes32,
    /// How many events each of its frames had: what makes the log's own frames again.
    pub(crate) frames: Vec<u32>,
    /// Where the row of records begins in the plain payload; 0 if it is not to be read record by record.
    pub(crate) row_at: u32,
    /// Time of every 64th record, counted from `first_time`; empty if times step back inside the block.
    pub(crate) times: Vec<u64>,
}

impl BlockEntry {
    pub(crate) fn last_seq(&self) -> u64 {
        self.first_seq.saturating_add(u64::from(self.count)).saturating_sub(1)
    }

    /// Whether the block's own header is the one that was sealed.
    pub(crate) fn vouches_for(&self, header: &FrameHeader) -> bool {
        header.chain() == self.hash && header.first_seq == self.first_seq && header.count == self.count
    }
}

/// What the footer holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Footer {
    /// Fingerprint of the schema version in the header, so that a fork's segment is refused by name.
    pub(crate) fingerprint: u64,
    /// Bytes of all plain payloads and headers.
    pub(crate) raw_len: u64,
    /// How many of the log's frames.
    pub(crate) frames: u64,
    pub(crate) blocks: Vec<BlockEntry>,
}

impl Footer {
    /// Whether the blocks follow each other and fill the file and the range of events, and each is possible.
    pub(crate) fn adds_up(&self, header: &SegmentHeader, footer_at: u64) -> bool {
        let (mut at, mut next) = (HEADER_LEN as u64, header.before.seq.wrapping_add(1));
        let frames: u64 = self.blocks.iter().map(|b| b.frames.len() as u64).sum();
        if frames != self.frames {
            return false;
        }
        for b in &self.blocks {
            let frames: u64 = b.frames.iter().map(|n| u64::from(*n)).sum();
            let possible = b.at == at && b.first_seq == next && b.count > 0 && u64::from(b.count) == frames;
            let times = b.times.is_empty() || b.times.len() == (b.count as usize).div_ceil(TIMES_EVERY);
            if !possible || !times || b.frames.contains(&0) || (b.len as usize) < schemas::frame::HEADER_LEN {
                return false;
            }
            let Some(behind) = next.checked_add(u64::from(b.count)) else { return false };
            (at, next) = (at + u64::from(b.len), behind);
        }
        let end = self.blocks.last().map_or(header.before.chain, |b| b.end);
        at == footer_at && next == header.head.seq.wrapping_add(1) && end == header.head.chain
    }
}
