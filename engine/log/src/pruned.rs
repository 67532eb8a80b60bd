//! What was archived elsewhere and deleted here. The chain goes on: a record says up to which event, with which chain
//! value, and the hash of the file that has them.
//!
//! `LOG/pruned` is a row of records, oldest first, each of one deleted segment:
//!
//! | offset | bytes | field |
//! |---|---|---|
//! | 0 | 4 | magic `AApr` |
//! | 4 | 2 | format |
//! | 8 | 16 | log id |
//! | 24 | 8 | first event |
//! | 32 | 8 | last event |
//! | 40 | 32 | chain value behind it |
//! | 72 | 32 | hash of the segment's header and footer |
//! | 124 | 4 | CRC-32C of the record before this field |

use crate::LogId;
use crate::disk::{read_if_there, take, write_whole};
use crate::error::LogError;
use schemas::Bytes32;
use schemas::frame::{FrameError, Head};
use std::path::{Path, PathBuf};

const RECORD_LEN: usize = 128;
const MAGIC: [u8; 4] = *b"AApr";
const FORMAT: u16 = 1;

/// A segment that was archived and deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrunedSegment {
    /// Which log.
    pub log_id: LogId,
    /// Its first event.
    pub first_seq: u64,
    /// Its last event, and the log's chain value there.
    pub head: Head,
    /// The hash of its header and footer.
    pub footer_hash: Bytes32,
}

impl PrunedSegment {
    fn to_bytes(self) -> [u8; RECORD_LEN] {
        let mut b = [0u8; RECORD_LEN];
        b[0..4].copy_from_slice(&MAGIC);
        b[4..6].copy_from_slice(&FORMAT.to_le_bytes());
        b[8..24].copy_from_slice(&self.log_id);
        b[24..32].copy_from_slice(&self.first_seq.to_le_bytes());
        b[32..40].copy_from_slice(&self.head.seq.to_le_bytes());
        b[40..72].copy_from_slice(&self.head.chain.0);
        b[72..104].copy_from_slice(&self.footer_hash.0);
        let crc = crc32c::crc32c(&b[..124]);
        b[124..].copy_from_slice(&crc.to_le_bytes());
        b
    }

    fn parse(b: &[u8], file: &Path) -> Result<Option<Self>, LogError> {
        if b.len() != RECORD_LEN || b[0..4] != MAGIC || crc32c::crc32c(&b[..124]) != u32::from_le_bytes(take(b, 124)) {
            return Ok(None);
        }
        let format = u16::from_le_bytes(take(b, 4));
        if format > FORMAT {
            let source = FrameError::NewerFormat { found: format, newest: FORMAT };
            return Err(LogError::Newer { file: file.to_owned(), source });
        }
        Ok(Some(Self {
            log_id: take(b, 8),
            first_seq: u64::from_le_bytes(take(b, 24)),
            head: Head { seq: u64::from_le_bytes(take(b, 32)), chain: Bytes32(take(b, 40)) },
            footer_hash: Bytes32(take(b, 72)),
        }))
    }
}

pub(crate) fn pruned_path(dir: &Path) -> PathBuf {
    dir.join("pruned")
}

/// Every deleted segment, oldest first.
pub fn read_pruned(dir: &Path) -> Result<Vec<PrunedSegment>, LogError> {
    let path = pruned_path(dir);
    let Some(bytes) = read_if_there(&path)? else { return Ok(Vec::new()) };
    let (mut all, mut next) = (Vec::new(), None);
    for record in bytes.chunks(RECORD_LEN) {
        let seq = next.unwrap_or(1);
        let damaged = |reason: &str| LogError::Damaged { file: path.clone(), seq, reason: reason.to_owned() };
        let found = PrunedSegment::parse(record, &path)?.ok_or_else(|| damaged("a record is damaged"))?;
        // No log gets as far as the last number.
        let possible = (found.first_seq..u64::MAX).contains(&found.head.seq);
        if next.is_some_and(|n| n != found.first_seq) || !possible {
            return Err(damaged("its records do not follow each other"));
        }
        next = Some(found.head.seq + 1);
        all.push(found);
    }
    Ok(all)
}

/// Where the part that is still here begins; `None` if nothing was deleted.
pub(crate) fn read_base(dir: &Path) -> Result<Option<Head>, LogError> {
    Ok(read_pruned(dir)?.last().map(|p| p.head))
}

/// Adds records; on the disk when this returns.
pub(crate) fn append(dir: &Path, new: &[PrunedSegment]) -> Result<(), LogError> {
    let mut all = read_pruned(dir)?;
    all.extend_from_slice(new);
    let bytes: Vec<u8> = all.iter().flat_map(|p| p.to_bytes()).collect();
    write_whole(&pruned_path(dir), &[&bytes])
}
