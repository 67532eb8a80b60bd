//! Sealed segments: closed stretches of the log in files that never change again. History, archive and backup are made
//! of them, and replays read them.
//!
//! A segment holds the same frames as the journal in another encoding: blocks of about 1,024 events, each made from
//! whole frames. The footer says which frames a block was made of and where the log's chain stood behind it, so the
//! frames can be made again bit for bit, and the one chain of the log runs through segments and journal alike.

pub(crate) mod bloom;
pub(crate) mod file;
pub(crate) mod format;
mod index;
pub(crate) mod write;

use crate::disk::names;
use crate::error::LogError;
use file::{BlockBuf, SegmentFile};
use index::Index;
use schemas::frame::{Check, Compression, FrameHeader, Head, decode_into};
use schemas::{Bytes32, UtcNanos};
use std::path::{Path, PathBuf};
use write::SegmentWriter;

/// What takes the log's own frames one by one: header, plain payload, and the log's head behind it.
pub(crate) type FrameSink<'a> = &'a mut dyn FnMut(&FrameHeader, &[u8], Head) -> Result<(), LogError>;

/// What a segment says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentInfo {
    /// The file.
    pub path: PathBuf,
    /// Which log it is a part of.
    pub log_id: crate::LogId,
    /// The log's head before it.
    pub before: Head,
    /// The log's head behind it.
    pub head: Head,
    /// Its first event.
    pub first_seq: u64,
    /// Its last event.
    pub last_seq: u64,
    /// Time of its first event.
    pub first_time: UtcNanos,
    /// Time of its last event.
    pub last_time: UtcNanos,
    /// How many events.
    pub events: u64,
    /// How many of the log's frames they came in.
    pub frames: u64,
    /// How many blocks they are stored in.
    pub blocks: u64,
    /// Bytes of the file.
    pub file_len: u64,
    /// Bytes of its blocks when not compressed.
    pub raw_len: u64,
    /// Whether its blocks are compressed.
    pub compressed: bool,
    /// The hash that vouches for every byte of it.
    pub footer_hash: Bytes32,
}

impl SegmentInfo {
    pub(crate) fn of(file: &SegmentFile) -> Self {
        let (before, head) = (file.header.before, file.header.head);
        Self {
            path: file.path.clone(),
            log_id: file.header.log_id,
            before,
            head,
            first_seq: before.seq + 1,
            last_seq: head.seq,
            first_time: file.header.first_time,
            last_time: file.header.last_time,
            events: head.seq - before.seq,
            frames: file.footer.frames,
            blocks: file.footer.blocks.len() as u64,
            file_len: file.file_len,
            raw_len: file.footer.raw_len,
            compressed: file.header.compression != Compression::None,
            footer_hash: file.footer_hash,
        }
    }
}

/// Where the segments are.
pub(crate) fn segment_dir(dir: &Path) -> PathBuf {
    dir.join("segments")
}

/// The name of the segment that holds these events.
pub fn file_name(first_seq: u64, last_seq: u64) -> String {
    format!("s-{first_seq:016x}-{last_seq:016x}.aas")
}

/// The first and last event that a segment's name says; `None` if it is no segment's name.
pub fn range_of(path: &Path) -> Option<(u64, u64)> {
    let digits = path.file_name()?.to_str()?.strip_prefix("s-")?.strip_suffix(".aas")?;
    let (first, last) = digits.split_once('-')?;
    let number = |d: &str| (d.len() == 16).then(|| u64::from_str_radix(d, 16).ok()).flatten();
    Some((number(first)?, number(last)?))
}

/// The segment files by their names, in order.
pub(crate) fn list(segments: &Path) -> Result<Vec<(u64, u64, PathBuf)>, LogError> {
    let mut files = Vec::new();
    for name in names(segments)? {
        let path = segments.join(&name);
        if let Some((first, last)) = range_of(&path) {
            files.push((first, last, path));
        }
    }
    files.sort();
    Ok(files)
}

/// What a segment says of itself; its header and footer are checked, its blocks are not.
pub fn inspect(path: &Path) -> Result<SegmentInfo, LogError> {
    Ok(SegmentInfo::of(&SegmentFile::open(path)?))
}

/// Checks every byte of a segment: each block with CRC, BLAKE3 and decoding. `deep` also makes the log's frames again
/// and recomputes the log's own chain through them. `progress` hears how many bytes were read.
pub fn verify(path: &Path, deep: bool, progress: &mut dyn FnMut(u64)) -> Result<SegmentInfo, LogError> {
    check(&SegmentFile::open(path)?, deep, progress)
}

/// The same for a file that does not have its name yet.
pub(crate) fn verify_as(
    path: &Path,
    range: (u64, u64),
    deep: bool,
    progress: &mut dyn FnMut(u64),
) -> Result<SegmentInfo, LogError> {
    let file = SegmentFile::open(path)?;
    let found = (file.header.before.seq + 1, file.header.head.seq);
    if found != range {
        let reason = format!("it holds events {} to {} instead of {} to {}", found.0, found.1, range.0, range.1);
        return Err(LogError::Damaged { file: path.to_owned(), seq: range.0, reason });
    }
    check(&file, deep, progress)
}

fn check(file: &SegmentFile, deep: bool, progress: &mut dyn FnMut(u64)) -> Result<SegmentInfo, LogError> {
    let (mut buf, mut events) = (BlockBuf::default(), Vec::new());
    let mut prev = file.header.before.chain;
    for index in 0..file.footer.blocks.len() {
        let header = file.block(index, Check::Full, &mut buf)?;
        let entry = &file.footer.blocks[index];
        let damaged = |reason: String| LogError::Damaged { file: file.path.clone(), seq: entry.first_seq, reason };
        if header.prev_chain != prev {
            return Err(damaged("the block does not continue the one before".to_owned()));
        }
        prev = entry.hash;
        events.clear();
        decode_into(&header, buf.payload(), &mut events).map_err(|e| damaged(e.to_string()))?;
        if (header.kinds, header.first_time, header.last_time) != (entry.kinds, entry.first_time, entry.last_time) {
            return Err(damaged("the footer says other kinds or times than the block".to_owned()));
        }
        if !Index::of(&header, buf.payload().len(), &events).is_in(entry) {
            return Err(damaged("the footer's index is not the block's".to_owned()));
        }
        if deep {
            file.frames(index, &header, buf.payload(), &mut |_, _, _| Ok(()))?;
        }
        progress(u64::from(entry.len));
    }
    Ok(SegmentInfo::of(file))
}

/// Writes a segment anew into the folder `to`, with compressed blocks. The events, their frames and the log's chain
/// are the same; the hash of the file is another.
pub fn recompress(from: &Path, to: &Path) -> Result<SegmentInfo, LogError> {
    let file = SegmentFile::open(from)?;
    let mut writer = SegmentWriter::create(to, file.header.log_id, file.header.before, Compression::Zstd)?;
    let mut buf = BlockBuf::default();
    for index in 0..file.footer.blocks.len() {
        let header = file.block(index, Check::Full, &mut buf)?;
        file.frames(index, &header, buf.payload(), &mut |frame, payload, _| writer.push(frame, payload))?;
    }
    let info = writer.finish()?;
    info.ok_or_else(|| LogError::Damaged { file: from.to_owned(), seq: 0, reason: "it holds no block".to_owned() })
}
