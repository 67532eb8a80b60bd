//! Snapshots: what the projections were at some event, so that a start need not read everything before it.
//!
//! A snapshot is a cache. A damaged one, or one of another history, is skipped and reported; deleting them all changes
//! nothing but the time a start takes.
//!
//! | offset | bytes | field |
//! |---|---|---|
//! | 0 | 4 | magic `AAsn` |
//! | 4 | 2 | format |
//! | 6 | 2 | schema version |
//! | 8 | 8 | schema fingerprint |
//! | 16 | 16 | log id |
//! | 32 | 8 | sequence of the last event it includes |
//! | 40 | 32 | chain value there |
//! | 72 | 8 | body length before compression |
//! | 80 | 8 | body length as stored |
//! | 88 | 32 | BLAKE3 of the stored body |
//! | 124 | 4 | CRC-32C of the header before this field |

use crate::LogId;
use crate::codec;
use crate::disk::{create_dir, names, read_if_there, remove_files, sync_dir, take, write_whole};
use crate::error::{LogError, io_error};
use crate::pruned::read_base;
use crate::source::chain_at;
use schemas::frame::{Head, schema_fingerprint};
use schemas::{Bytes32, SCHEMA_VERSION};
use std::path::{Path, PathBuf};

const HEADER_LEN: usize = 128;
const MAGIC: [u8; 4] = *b"AAsn";
const FORMAT: u16 = 1;
/// How many are kept.
const KEEP: usize = 3;
/// Below what the compressor takes in one piece.
const BODY_LEN_MAX: usize = 1 << 30;

/// What the projections were at one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The last event it includes, and the chain value there.
    pub head: Head,
    /// Named parts, as they were given.
    pub sections: Vec<(String, Vec<u8>)>,
}

impl Snapshot {
    /// A part by its name.
    pub fn section(&self, name: &str) -> Option<&[u8]> {
        self.sections.iter().find(|(n, _)| n == name).map(|(_, bytes)| bytes.as_slice())
    }
}

/// A snapshot that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedSnapshot {
    /// Which file.
    pub file: PathBuf,
    /// Why.
    pub reason: String,
}

/// The newest usable snapshot, and the newer ones that are not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SnapshotSearch {
    /// The newest that belongs to this log and is undamaged.
    pub newest: Option<Snapshot>,
    /// What had to be skipped on the way to it.
    pub skipped: Vec<SkippedSnapshot>,
}

fn snapshot_dir(dir: &Path) -> PathBuf {
    dir.join("snapshots")
}

fn sequence_of(name: &str) -> Option<u64> {
    let digits = name.strip_prefix("p-")?.strip_suffix(".aap")?;
    (digits.len() == 16).then(|| u64::from_str_radix(digits, 16).ok()).flatten()
}

/// The snapshot files, newest first.
fn list(dir: &Path) -> Result<Vec<(u64, PathBuf)>, LogError> {
    let snapshots = snapshot_dir(dir);
    let known = names(&snapshots)?.into_iter().filter_map(|n| sequence_of(&n).map(|seq| (seq, snapshots.join(n))));
    let mut files: Vec<_> = known.collect();
    files.sort_by(|a, b| b.cmp(a));
    Ok(files)
}

/// Writes a snapshot at `head` and drops the oldest ones.
pub(crate) fn write(
    dir: &Path,
    log_id: LogId,
    head: Head,
    sections: &[(String, Vec<u8>)],
) -> Result<PathBuf, LogError> {
    let snapshots = snapshot_dir(dir);
    let path = snapshots.join(format!("p-{:016x}.aap", head.seq));
    // Encoding into memory fails for no input of this type; were it to, no snapshot is written.
    let body = codec::encode(&sections).unwrap_or_default();
    if body.is_empty() || body.len() > BODY_LEN_MAX {
        return Err(LogError::SnapshotTooLarge { len: body.len(), max: BODY_LEN_MAX });
    }
    let stored = lz4_flex::block::compress(&body);
    let mut header = [0u8; HEADER_LEN];
    header[0..4].copy_from_slice(&MAGIC);
    header[4..6].copy_from_slice(&FORMAT.to_le_bytes());
    header[6..8].copy_from_slice(&SCHEMA_VERSION.to_le_bytes());
    header[8..16].copy_from_slice(&schema_fingerprint().to_le_bytes());
    header[16..32].copy_from_slice(&log_id);
    header[32..40].copy_from_slice(&head.seq.to_le_bytes());
    header[40..72].copy_from_slice(&head.chain.0);
    header[72..80].copy_from_slice(&(body.len() as u64).to_le_bytes());
    header[80..88].copy_from_slice(&(stored.len() as u64).to_le_bytes());
    header[88..120].copy_from_slice(blake3::hash(&stored).as_bytes());
    let crc = crc32c::crc32c(&header[..124]);
    header[124..].copy_from_slice(&crc.to_le_bytes());
    create_dir(&snapshots)?;
    remove_files(&snapshots, |n| n.ends_with(".tmp"))?;
    write_whole(&path, &[&header, &stored])?;
    for (_, old) in list(dir)?.into_iter().skip(KEEP) {
        std::fs::remove_file(&old).map_err(io_error("remove", &old))?;
    }
    sync_dir(&snapshots)?;
    Ok(path)
}

/// Finds the newest usable snapshot that includes nothing behind `at_most`.
pub(crate) fn search(dir: &Path, log_id: LogId, at_most: Option<u64>) -> Result<SnapshotSearch, LogError> {
    let mut search = SnapshotSearch::default();
    for (seq, file) in list(dir)? {
        if at_most.is_some_and(|most| seq > most) {
            continue;
        }
        match read(dir, &file, seq, log_id)? {
            Ok(snapshot) => {
                search.newest = Some(snapshot);
                break;
            }
            Err(reason) => search.skipped.push(SkippedSnapshot { file, reason }),
        }
    }
    Ok(search)
}

/// Every snapshot that is damaged or does not belong here.
pub(crate) fn unusable(dir: &Path, log_id: LogId) -> Result<Vec<SkippedSnapshot>, LogError> {
    let mut found = Vec::new();
    let base = read_base(dir)?.map_or(0, |base| base.seq);
    // What lies in the deleted part cannot be compared with anything any more, and is not needed.
    for (seq, file) in list(dir)?.into_iter().filter(|(seq, _)| *seq >= base) {
        if let Err(reason) = read(dir, &file, seq, log_id)? {
            found.push(SkippedSnapshot { file, reason });
        }
    }
    Ok(found)
}

fn read(dir: &Path, file: &Path, seq: u64, log_id: LogId) -> Result<Result<Snapshot, String>, LogError> {
    let Some(bytes) = read_if_there(file)? else { return Ok(Err("it was removed meanwhile".to_owned())) };
    let snapshot = match parse(&bytes, log_id) {
        Ok(snapshot) => snapshot,
        Err(reason) => return Ok(Err(reason.to_owned())),
    };
    if snapshot.head.seq != seq {
        return Ok(Err("its name and its content disagree".to_owned()));
    }
    match chain_at(dir, log_id, seq) {
        Ok(Some(head)) if head == snapshot.head => Ok(Ok(snapshot)),
        Ok(_) => Ok(Err(format!("the log has another chain value at event {seq}, or does not reach it"))),
        Err(e) if e.is_damage() => Ok(Err(format!("the log cannot vouch for it: {e}"))),
        Err(e) => Err(e),
    }
}

fn parse(bytes: &[u8], log_id: LogId) -> Result<Snapshot, &'static str> {
    let (header, body) = bytes.split_at_checked(HEADER_LEN).ok_or("it is cut short")?;
    if header[0..4] != MAGIC || crc32c::crc32c(&header[..124]) != u32::from_le_bytes(take(header, 124)) {
        return Err("its header is damaged");
    }
    if u16::from_le_bytes(take(header, 4)) != FORMAT
        || u16::from_le_bytes(take(header, 6)) != SCHEMA_VERSION
        || u64::from_le_bytes(take(header, 8)) != schema_fingerprint()
    {
        return Err("another release wrote it");
    }
    if take::<16>(header, 16) != log_id {
        return Err("it belongs to another log");
    }
    let (raw_len, stored_len) = (u64::from_le_bytes(take(header, 72)), u64::from_le_bytes(take(header, 80)));
    // lz4 makes nothing more than 255 times smaller.
    if body.len() as u64 != stored_len || raw_len > BODY_LEN_MAX as u64 || raw_len / 256 > stored_len {
        return Err("its body has another length than its header says");
    }
    if *blake3::hash(body).as_bytes() != take::<32>(header, 88) {
        return Err("its body is damaged");
    }
    let raw = lz4_flex::block::decompress(body, raw_len as usize).map_err(|_| "its body cannot be unpacked")?;
    let sections: Vec<(&str, &[u8])> = codec::decode(&raw).ok_or("its body cannot be decoded")?;
    let sections = sections.into_iter().map(|(name, bytes)| (name.to_owned(), bytes.to_vec())).collect();
    let head = Head { seq: u64::from_le_bytes(take(header, 32)), chain: Bytes32(take(header, 40)) };
    Ok(Snapshot { head, sections })
}
