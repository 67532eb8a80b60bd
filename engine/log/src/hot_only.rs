//! Writing a log that is kept in the hot copy alone. A commit goes into sled and is synced there. When enough has
//! gathered, a thread makes a segment of it while commits go on, and a commit after that forgets what is sealed.

use crate::LogId;
use crate::anchor::HotSeal;
use crate::error::{LogError, io_error};
use crate::hot::{HotBlocks, HotStore, hot_dir};
use crate::keeper::lock;
use crate::segment::write::SegmentWriter;
use crate::segment::{SegmentInfo, segment_dir};
use crate::sign::{CheckpointFile, Reason};
use schemas::frame::{Compression, FrameError, FrameHeader, HEADER_LEN, Head};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// With this many segments' worth of frames waiting behind the one being made, a commit waits for it.
const WAITING_MAX: u64 = 3;

type Sealing = JoinHandle<Result<Option<SegmentInfo>, LogError>>;

/// The hot copy as the only store.
pub(crate) struct HotOnly {
    dir: PathBuf,
    log_id: LogId,
    hot: HotStore,
    /// Where the sealed part ends.
    sealed: Head,
    /// Bytes of frames behind what is sealed or being sealed.
    unsealed_len: u64,
    roll_len: u64,
    sealing: Option<Sealing>,
    checkpoints: Option<Arc<Mutex<CheckpointFile>>>,
}

impl HotOnly {
    /// With everything in `hot` sealed up to `sealed`.
    pub(crate) fn new(
        dir: &Path,
        log_id: LogId,
        hot: HotStore,
        sealed: Head,
        roll_len: u64,
        checkpoints: Option<Arc<Mutex<CheckpointFile>>>,
    ) -> Self {
        Self { dir: dir.to_owned(), log_id, hot, sealed, unsealed_len: 0, roll_len, sealing: None, checkpoints }
    }

    /// Makes a frame durable.
    pub(crate) fn commit(&mut self, frame: &[u8]) -> Result<(), LogError> {
        let header = frame.first_chunk::<HEADER_LEN>().ok_or(FrameError::NotAFrame).and_then(FrameHeader::parse)?;
        let done = self.hot.push(&header, frame).and_then(|()| self.hot.checkpoint());
        done.map_err(|e| self.alone(e))?;
        self.unsealed_len += frame.len() as u64;
        Ok(())
    }

    /// Begins to seal up to `head` if enough has gathered, and takes in what was sealed meanwhile.
    pub(crate) fn look(&mut self, head: Head) -> Result<(), LogError> {
        let full = self.unsealed_len >= self.roll_len.saturating_mul(WAITING_MAX);
        if full || self.sealing.as_ref().is_some_and(JoinHandle::is_finished) {
            self.wait()?;
        }
        if self.sealing.is_some() || self.unsealed_len < self.roll_len {
            return Ok(());
        }
        let (dir, log_id, sealed, mut blocks) = (self.dir.clone(), self.log_id, self.sealed, self.hot.blocks().clone());
        let thread = std::thread::Builder::new()
            .name("log-sealer".to_owned())
            .spawn(move || seal(&dir, log_id, sealed, head.seq, &mut blocks))
            .map_err(io_error("start a thread for", &self.dir))?;
        self.sealing = Some(thread);
        self.unsealed_len = 0;
        Ok(())
    }

    /// Seals everything up to `head`, which is all there is.
    pub(crate) fn seal_all(&mut self, head: Head) -> Result<(), LogError> {
        self.wait()?;
        let info = seal(&self.dir, self.log_id, self.sealed, head.seq, self.hot.blocks());
        self.unsealed_len = 0;
        let info = info.map_err(|e| self.alone(e))?;
        self.take_in(info)
    }

    /// Waits for the segment being made, if one is.
    fn wait(&mut self) -> Result<(), LogError> {
        let Some(sealing) = self.sealing.take() else { return Ok(()) };
        let ended = |_| Err(LogError::Ended { reason: "the thread that seals has panicked".to_owned() });
        let info = sealing.join().unwrap_or_else(ended).map_err(|e| self.alone(e))?;
        self.take_in(info)
    }

    fn take_in(&mut self, info: Option<SegmentInfo>) -> Result<(), LogError> {
        let Some(info) = info else { return Ok(()) };
        self.sealed = info.head;
        if let Some(checkpoints) = &self.checkpoints {
            lock(checkpoints).append(Reason::Sealed, info.head, info.footer_hash)?;
        }
        self.hot.trim(info.head.seq).map_err(|e| self.alone(e))
    }

    pub(crate) fn checkpoint(&mut self) -> Result<(), LogError> {
        self.hot.checkpoint().map_err(|e| self.alone(e))
    }

    /// Seals everything and closes; returns what the files are now.
    pub(crate) fn close(mut self, head: Head) -> Result<HotSeal, LogError> {
        self.seal_all(head)?;
        self.hot.close()
    }

    /// What is not sealed is nowhere else: nothing can make it anew.
    fn alone(&self, e: LogError) -> LogError {
        match e {
            LogError::Hot { path, reason } => LogError::HotAlone { path, sealed_seq: self.sealed.seq, reason },
            e => e,
        }
    }
}

impl Drop for HotOnly {
    fn drop(&mut self) {
        // The next writer must not meet a segment that appears late. What it says is found again by the next open.
        if let Some(sealing) = self.sealing.take() {
            let _ = sealing.join();
        }
    }
}

/// Makes a segment of what follows `sealed`, up to the frame that ends with event `last_seq`; `None` if there is nothing.
pub(crate) fn seal(
    dir: &Path,
    log_id: LogId,
    sealed: Head,
    last_seq: u64,
    blocks: &mut HotBlocks,
) -> Result<Option<SegmentInfo>, LogError> {
    if last_seq <= sealed.seq {
        return Ok(None);
    }
    let mut writer = SegmentWriter::create(&segment_dir(dir), log_id, sealed, Compression::None)?;
    let mut failed = None;
    let read = blocks.each_frame(sealed, &mut |header, frame| {
        failed = writer.push(header, frame.get(HEADER_LEN..).unwrap_or_default()).err();
        failed.is_none() && header.last_seq() < last_seq
    });
    if let Some(e) = failed {
        return Err(e);
    }
    read.map_err(|e| e.into_error("read", &hot_dir(dir)))?;
    writer.finish()
}
