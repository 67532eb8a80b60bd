//! The hot copy: the frames that are not sealed yet once more, in sled, indexed by sequence. What repairs a damaged
//! journal, and, in a log kept without a journal, the only place of them.
//!
//! sled 0.34.7 is trusted neither with durability nor with damaged files (the crate's root says why). So every frame in
//! it is checked like one of the journal, a checkpoint syncs sled's file itself, and a hot copy in doubt is set aside
//! and built anew from the journal.

mod blocks;

pub(crate) use blocks::HotBlocks;

use crate::anchor::HotSeal;
use crate::block::{BlockBuilder, part_key, read_key};
use crate::disk::{names, remove_files, sync_dir};
use crate::error::{LogError, io_error};
use crate::guard::guarded;
use crate::lock::wait_released;
use schemas::Bytes32;
use schemas::frame::FrameHeader;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

const CACHE_LEN: u64 = 64 << 20;

/// Where the hot copy is kept.
pub(crate) fn hot_dir(dir: &Path) -> PathBuf {
    dir.join("hot")
}

/// The file that holds sled's log.
pub(crate) fn hot_db(hot: &Path) -> PathBuf {
    hot.join("db")
}

/// sled, opened.
pub(crate) struct HotStore {
    hot: PathBuf,
    db: Option<sled::Db>,
    blocks: HotBlocks,
    sync: File,
    gathering: BlockBuilder,
}

impl HotStore {
    /// Opens or creates the hot copy.
    pub(crate) fn open(hot: &Path) -> Result<Self, HotFault> {
        // A kill during sled's snapshot leaves this file, which sled then takes for its newest snapshot for ever.
        let unfinished = |n: &str| n.starts_with("snap.") && n.ends_with(".generating");
        remove_files(hot, unfinished).map_err(HotFault::of_log)?;
        wait_released(&hot_db(hot));
        let config = sled::Config::new()
            .path(hot)
            .cache_capacity(CACHE_LEN)
            .flush_every_ms(None)
            .use_compression(false)
            .mode(sled::Mode::LowSpace);
        let open = || config.open().and_then(|db| db.open_tree("blk").map(|blk| (db, blk)));
        let db = guarded(open).map_err(HotFault::Failed)?.map_err(HotFault::of_sled)?;
        let sync = OpenOptions::new().write(true).open(hot_db(hot));
        // sled never syncs its settings, and does not open again if they are torn.
        let durable = File::open(hot.join("conf")).and_then(|f| f.sync_all());
        let durable = durable.and_then(|()| File::open(hot)?.sync_all());
        match durable.and(sync) {
            Ok(sync) => {
                let (db, blk) = db;
                let (db, blocks, gathering) = (Some(db), HotBlocks::new(blk), BlockBuilder::default());
                Ok(Self { hot: hot.to_owned(), db, blocks, sync, gathering })
            }
            Err(e) => {
                let _ = guarded(|| drop(db));
                Err(HotFault::Io(e))
            }
        }
    }

    /// What is in it, for reading: also from another thread, while this one writes.
    pub(crate) fn blocks(&mut self) -> &mut HotBlocks {
        &mut self.blocks
    }

    /// Takes a frame of the journal.
    pub(crate) fn push(&mut self, header: &FrameHeader, frame: &[u8]) -> Result<(), LogError> {
        if self.gathering.push(header.first_seq, u64::from(header.count), frame) { self.close_block() } else { Ok(()) }
    }

    /// Ends the block being gathered, so that the next frame begins one.
    pub(crate) fn close_block(&mut self) -> Result<(), LogError> {
        let Some((first_seq, parts)) = self.gathering.finish() else { return Ok(()) };
        self.blocks.forget_cached();
        for (number, part) in in_order(parts) {
            let key = part_key(first_seq, number);
            let inserted = self.blocks.with(|blk| blk.insert(key, part).map(|_| ()));
            inserted.map_err(|e| e.into_error("write", &self.hot))?;
        }
        Ok(())
    }

    /// Makes everything taken so far durable: sled's flush only starts the writing, so its file is synced as well.
    pub(crate) fn checkpoint(&mut self) -> Result<(), LogError> {
        self.close_block()?;
        // A tree's flush is its database's.
        self.blocks.with(|blk| blk.flush().map(|_| ())).map_err(|e| e.into_error("flush", &self.hot))?;
        self.sync.sync_data().map_err(io_error("sync", &hot_db(&self.hot)))
    }

    /// Checkpoints and closes; returns what the files are now. Nothing can be done with it afterwards.
    pub(crate) fn close(&mut self) -> Result<HotSeal, LogError> {
        self.checkpoint()?;
        let hot = self.hot.clone();
        self.release().map_err(|e| e.into_error("close", &hot))?;
        wait_released(&hot_db(&hot));
        sync_dir(&hot)?;
        seal(&hot)
    }

    /// Lets go of sled, which syncs its file a last time and panics if it cannot.
    fn release(&mut self) -> Result<(), HotFault> {
        let db = self.db.take();
        let Some(blk) = self.blocks.take() else {
            // Dropping it could panic again and end the process.
            std::mem::forget(db);
            return Ok(());
        };
        guarded(|| drop((blk, db))).map_err(HotFault::Failed)
    }

    /// Forgets the blocks whose events all lie at or before `upto`: they are sealed.
    pub(crate) fn trim(&mut self, upto: u64) -> Result<(), LogError> {
        self.blocks.forget_cached();
        let keep = self.blocks.block_start(upto.saturating_add(1)).map_err(|e| e.into_error("read", &self.hot))?;
        // The block that holds the next event stays; if that is not written yet, the last one does no harm.
        let Some(keep) = keep else { return Ok(()) };
        loop {
            let first = self.blocks.with(|blk| blk.first()).map_err(|e| e.into_error("read", &self.hot))?;
            let Some((key, _)) = first.filter(|(key, _)| read_key(key).is_some_and(|(seq, _)| seq < keep)) else {
                return Ok(());
            };
            self.blocks.with(|blk| blk.remove(key).map(|_| ())).map_err(|e| e.into_error("trim", &self.hot))?;
        }
    }
}

impl Drop for HotStore {
    fn drop(&mut self) {
        // What it could not write is what the next open gives it again.
        let _ = self.release();
    }
}

/// The parts of a block in the order in which they are stored: the first part last. Where it is, the others are, and are
/// of the same block, even if a crash had left some parts of another one here.
fn in_order(parts: Vec<Vec<u8>>) -> impl Iterator<Item = (u16, Vec<u8>)> {
    let count = u16::try_from(parts.len()).unwrap_or(u16::MAX);
    (0..count).zip(parts).rev()
}

/// Why the hot copy cannot be used. Not yet the log's error, because the journal can replace it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HotFault {
    /// The system refused something.
    #[error("{0}")]
    Io(io::Error),
    /// sled, or what it returned, is in disorder.
    #[error("{0}")]
    Failed(String),
}

impl HotFault {
    fn of_sled(e: sled::Error) -> Self {
        match e {
            sled::Error::Io(e) => Self::Io(e),
            e => Self::Failed(e.to_string()),
        }
    }

    fn of_log(e: LogError) -> Self {
        match e {
            LogError::Io { source, .. } => Self::Io(source),
            LogError::DiskFull { .. } => Self::Io(io::ErrorKind::StorageFull.into()),
            e => Self::Failed(e.to_string()),
        }
    }

    /// Whether a full disk or missing rights are to blame: the hot copy itself may be in order, so it is left alone.
    pub(crate) fn is_outside(&self) -> bool {
        use io::ErrorKind::{FileTooLarge, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
        let outside = [StorageFull, QuotaExceeded, FileTooLarge, PermissionDenied, ReadOnlyFilesystem];
        matches!(self, Self::Io(e) if outside.contains(&e.kind()))
    }

    /// Whether the system said so; sled's own findings are I/O errors too, but without a number.
    pub(crate) fn is_of_system(&self) -> bool {
        matches!(self, Self::Io(e) if e.raw_os_error().is_some()) || self.is_outside()
    }

    pub(crate) fn into_error(self, what: &'static str, hot: &Path) -> LogError {
        match self {
            Self::Io(e) => io_error(what, hot)(e),
            Self::Failed(reason) => LogError::Hot { path: hot.to_owned(), reason },
        }
    }
}

/// A digest of the hot copy's files, to know later whether they are still the ones that were closed.
pub(crate) fn seal(hot: &Path) -> Result<HotSeal, LogError> {
    let (mut hasher, mut len) = (blake3::Hasher::new(), 0);
    for name in names(hot)? {
        let path = hot.join(&name);
        let meta = std::fs::metadata(&path).map_err(io_error("inspect", &path))?;
        if !meta.is_file() {
            continue;
        }
        hasher.update(&(name.len() as u64).to_le_bytes()).update(name.as_bytes());
        hasher.update(&meta.len().to_le_bytes());
        let file = File::open(&path).map_err(io_error("open", &path))?;
        hasher.update_reader(file).map_err(io_error("read", &path))?;
        len += meta.len();
    }
    Ok(HotSeal { len, hash: Bytes32(*hasher.finalize().as_bytes()) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use schemas::frame::{HEADER_LEN, Head, encode};
    use schemas::{CycleId, Event, Record, UtcNanos};

    /// A frame that no compression makes small.
    fn frame(head: &Head, salt: u64, len: u64) -> Vec<u8> {
        let noise = |n: u64| blake3::hash(&(salt * 1_000_000 + n).to_le_bytes()).to_hex().to_string();
        let event = schemas::event::SystemEvent::Halted { reason: (0..len / 64).map(noise).collect() };
        encode(head, &vec![Record { time: UtcNanos(1), cause: 0, cycle: CycleId(0), event: Event::System(event) }])
            .unwrap()
            .0
    }

    fn parts(frame: &[u8]) -> Vec<(u16, Vec<u8>)> {
        let mut builder = BlockBuilder::default();
        builder.push(1, 1, frame);
        in_order(builder.finish().unwrap().1).collect()
    }

    #[test]
    fn a_block_that_two_crashes_left_half_written_is_absent() {
        let genesis = Head::genesis(&[3; 16]);
        let (long, short) = (frame(&genesis, 1, 60_000), frame(&genesis, 2, 30_000));
        let (first, second) = (parts(&long), parts(&short));
        assert!(first.len() > second.len() && second.len() > 2);
        for stored_first in 0..first.len() {
            for stored_second in 0..second.len() {
                let dir = tempfile::tempdir().unwrap();
                let mut store = HotStore::open(dir.path()).unwrap();
                for (number, part) in first[..stored_first].iter().chain(&second[..stored_second]) {
                    store.blocks.with(|blk| blk.insert(part_key(1, *number), &part[..]).map(|_| ())).unwrap();
                }
                assert_eq!(store.blocks.scan(genesis).unwrap(), genesis, "{stored_first} and {stored_second} parts");
                let header = FrameHeader::parse(short.first_chunk::<HEADER_LEN>().unwrap()).unwrap();
                store.push(&header, &short).unwrap();
                store.checkpoint().unwrap();
                assert_eq!(store.blocks.scan(genesis).unwrap().seq, 1);
                assert_eq!(store.blocks.frame_at(1).unwrap().unwrap(), short);
            }
        }
    }
}
