//! The head anchor: where the log ends, kept outside the copies that it vouches for. A copy that lost its end, or
//! became empty, cannot know it; the anchor does.
//!
//! `LOG/head` holds two slots, written in turn after each commit's sync. The writes are not synced themselves (except
//! at checkpoints), so after a power cut the anchor may be behind the journal, never ahead.
//!
//! | offset | bytes | field of a slot |
//! |---|---|---|
//! | 0 | 4 | magic `AAhd` |
//! | 4 | 2 | format |
//! | 6 | 2 | flags: 1 = closed cleanly, 2 = kept without a journal |
//! | 8 | 8 | generation |
//! | 16 | 16 | log id |
//! | 32 | 8 | sequence |
//! | 40 | 32 | chain value there |
//! | 72 | 8 | bytes of the hot copy's files when closed |
//! | 80 | 32 | BLAKE3 of the hot copy's files when closed |
//! | 124 | 4 | CRC-32C of the slot before this field |

use crate::LogId;
use crate::disk::{read_if_there, take, write_whole};
use crate::error::{LogError, io_error};
use schemas::Bytes32;
use schemas::frame::{FrameError, Head};
use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

const SLOT_LEN: usize = 128;
const MAGIC: [u8; 4] = *b"AAhd";
const FORMAT: u16 = 1;
const CLOSED: u16 = 1;
const HOT_ONLY: u16 = 2;
/// No writer gets as far as this; a generation above leaves too few to come.
const GENERATION_MAX: u64 = u64::MAX / 2;

/// What the hot copy's files were when the log was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HotSeal {
    /// Their bytes.
    pub len: u64,
    /// BLAKE3 over their names, lengths and contents.
    pub hash: Bytes32,
}

/// What the log has acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeadAnchor {
    /// Which log.
    pub log_id: LogId,
    /// The last acknowledged event and the chain value there.
    pub head: Head,
    /// Counts the writes of the anchor.
    pub generation: u64,
    /// Present while the log is closed cleanly with a complete hot copy.
    pub closed: Option<HotSeal>,
    /// The log is kept without a journal: what is not sealed is in the hot copy alone.
    pub hot_only: bool,
}

impl HeadAnchor {
    fn to_slot(self) -> [u8; SLOT_LEN] {
        let mut b = [0u8; SLOT_LEN];
        b[0..4].copy_from_slice(&MAGIC);
        b[4..6].copy_from_slice(&FORMAT.to_le_bytes());
        let flag = |on: bool, flag: u16| if on { flag } else { 0 };
        let flags = flag(self.closed.is_some(), CLOSED) | flag(self.hot_only, HOT_ONLY);
        b[6..8].copy_from_slice(&flags.to_le_bytes());
        b[8..16].copy_from_slice(&self.generation.to_le_bytes());
        b[16..32].copy_from_slice(&self.log_id);
        b[32..40].copy_from_slice(&self.head.seq.to_le_bytes());
        b[40..72].copy_from_slice(&self.head.chain.0);
        if let Some(seal) = self.closed {
            b[72..80].copy_from_slice(&seal.len.to_le_bytes());
            b[80..112].copy_from_slice(&seal.hash.0);
        }
        let crc = crc32c::crc32c(&b[..124]);
        b[124..].copy_from_slice(&crc.to_le_bytes());
        b
    }
}

enum Slot {
    Empty,
    Damaged,
    Newer(u16),
    Valid(HeadAnchor),
}

fn read_slot(bytes: &[u8]) -> Slot {
    if bytes.len() != SLOT_LEN {
        return Slot::Damaged;
    }
    if bytes.iter().all(|b| *b == 0) {
        return Slot::Empty;
    }
    if bytes[0..4] != MAGIC || crc32c::crc32c(&bytes[..124]) != u32::from_le_bytes(take(bytes, 124)) {
        return Slot::Damaged;
    }
    let format = u16::from_le_bytes(take(bytes, 4));
    if format > FORMAT {
        return Slot::Newer(format);
    }
    let generation = u64::from_le_bytes(take(bytes, 8));
    if generation > GENERATION_MAX {
        return Slot::Damaged;
    }
    let flags = u16::from_le_bytes(take(bytes, 6));
    let seal = HotSeal { len: u64::from_le_bytes(take(bytes, 72)), hash: Bytes32(take(bytes, 80)) };
    Slot::Valid(HeadAnchor {
        log_id: take(bytes, 16),
        head: Head { seq: u64::from_le_bytes(take(bytes, 32)), chain: Bytes32(take(bytes, 40)) },
        generation,
        closed: (flags & CLOSED != 0).then_some(seal),
        hot_only: flags & HOT_ONLY != 0,
    })
}

/// What `LOG/head` says.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct AnchorState {
    /// The newest readable slot.
    pub(crate) newest: Option<HeadAnchor>,
    /// A slot, perhaps a newer one, is damaged.
    pub(crate) doubtful: bool,
}

impl AnchorState {
    /// A clean close is the last thing that is written. With events behind it, this anchor is one from before: what it
    /// says of the hot copy and of the end is no longer so.
    pub(crate) fn doubt_if_older_than(&mut self, head: Head) {
        self.doubtful |= self.newest.is_some_and(|n| n.closed.is_some() && n.head.seq < head.seq);
    }
}

/// Where the anchor is kept.
pub(crate) fn anchor_path(dir: &Path) -> PathBuf {
    dir.join("head")
}

/// Reads the anchor. Absence and damage are answers, not errors.
pub(crate) fn read_anchor(dir: &Path) -> Result<AnchorState, LogError> {
    let path = anchor_path(dir);
    let Some(bytes) = read_if_there(&path)? else { return Ok(AnchorState::default()) };
    let mut state = AnchorState { newest: None, doubtful: bytes.len() != 2 * SLOT_LEN };
    for slot in bytes.chunks(SLOT_LEN).take(2) {
        match read_slot(slot) {
            Slot::Empty => {}
            Slot::Damaged => state.doubtful = true,
            Slot::Newer(found) => {
                let source = FrameError::NewerFormat { found, newest: FORMAT };
                return Err(LogError::Newer { file: path, source });
            }
            Slot::Valid(anchor) => {
                if state.newest.is_none_or(|n| anchor.generation > n.generation) {
                    state.newest = Some(anchor);
                }
            }
        }
    }
    Ok(state)
}

/// The anchor as its writer holds it.
pub(crate) struct AnchorFile {
    file: File,
    path: PathBuf,
    log_id: LogId,
    generation: u64,
    hot_only: bool,
}

impl AnchorFile {
    /// Opens the anchor of a log, or replaces it if it is missing or damaged.
    pub(crate) fn open(
        dir: &Path,
        log_id: LogId,
        state: &AnchorState,
        head: Head,
        hot_only: bool,
    ) -> Result<Self, LogError> {
        let path = anchor_path(dir);
        let usable = state.newest.filter(|n| !state.doubtful && n.log_id == log_id);
        let generation = state.newest.map_or(0, |n| n.generation);
        let generation = if usable.is_some() {
            generation
        } else {
            let first = HeadAnchor { log_id, head, generation: generation + 1, closed: None, hot_only };
            let (slot, empty) = (first.to_slot(), [0u8; SLOT_LEN]);
            let slots = if first.generation.is_multiple_of(2) { [&slot[..], &empty] } else { [&empty[..], &slot] };
            write_whole(&path, &slots)?;
            first.generation
        };
        let file = OpenOptions::new().write(true).open(&path).map_err(io_error("open", &path))?;
        Ok(Self { file, path, log_id, generation, hot_only })
    }

    /// Writes the other slot. Not synced: see the module's comment.
    pub(crate) fn write(&mut self, head: Head, closed: Option<HotSeal>) -> Result<(), LogError> {
        let (log_id, hot_only) = (self.log_id, self.hot_only);
        let anchor = HeadAnchor { log_id, head, generation: self.generation + 1, closed, hot_only };
        let at = (anchor.generation % 2) * SLOT_LEN as u64;
        self.file.write_all_at(&anchor.to_slot(), at).map_err(io_error("write", &self.path))?;
        self.generation = anchor.generation;
        Ok(())
    }

    /// Makes what was written durable.
    pub(crate) fn sync(&self) -> Result<(), LogError> {
        self.file.sync_data().map_err(io_error("sync", &self.path))
    }
}
