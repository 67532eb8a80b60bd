//! The thread behind the writer. It reads the journal as any reader does, up to what is acknowledged, and
//!
//! * gives the hot copy every frame, and makes it durable now and then,
//! * seals every closed journal file as a segment, signs where the chain then was, and only after that forgets what the
//!   segment holds: in the hot copy, and, beyond a few kept as a second copy, the journal files,
//! * compresses segments that are no longer new.
//!
//! A commit never waits for it, and nothing it does is needed for an acknowledgement. If it fails, the writer's next
//! commit says so.

use crate::LogId;
use crate::anchor::HotSeal;
use crate::cursor::{FrameCursor, Step};
use crate::disk;
use crate::error::{LogError, io_error};
use crate::hot::HotStore;
use crate::journal::{journal_dir, list_files};
use crate::maintain::SegmentLock;
use crate::segment::write::SegmentWriter;
use crate::segment::{self, SegmentInfo, segment_dir};
use crate::sign::{CheckpointFile, Reason};
use crossbeam::channel::{Receiver, RecvTimeoutError, Sender, bounded};
use schemas::frame::{Check, Compression, Head};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::Duration;

/// How often it looks, ms. Between two looks the hot copy lags behind the journal, which costs nothing but the time an
/// open after a crash takes to give it the rest.
const LOOK_EVERY_MS: u64 = 20;
/// After this many looks without a checkpoint, frames in the hot copy are made durable: about a second.
const LOOKS_PER_CHECKPOINT: u32 = 50;

/// What the keeper works on.
pub(crate) struct Work {
    pub(crate) dir: PathBuf,
    pub(crate) log_id: LogId,
    pub(crate) hot: Option<HotStore>,
    /// Where the sealed part ends.
    pub(crate) sealed: Head,
    /// Where the hot copy ends.
    pub(crate) tailed: Head,
    pub(crate) checkpoint_len: u64,
    pub(crate) keep_journal: usize,
    pub(crate) plain_segments: usize,
    pub(crate) checkpoints: Option<Arc<Mutex<CheckpointFile>>>,
}

/// What both threads see.
#[derive(Default)]
struct Shared {
    acknowledged: AtomicU64,
    faulted: AtomicBool,
    /// Nobody obeys any more.
    ended: AtomicBool,
    fault: Mutex<Option<LogError>>,
}

enum Ask {
    /// Take in everything acknowledged and make the hot copy durable.
    Checkpoint(Sender<()>),
    /// Seal every closed journal file.
    Seal(Sender<()>),
    /// Checkpoint, and close the hot copy.
    Close(Sender<Option<HotSeal>>),
}

/// The keeper as the writer holds it. Dropping it stops the thread at its next look, without a last checkpoint.
pub(crate) struct Keeper {
    shared: Arc<Shared>,
    ask: Option<Sender<Ask>>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    /// Starts the thread.
    pub(crate) fn start(work: Work, acknowledged: Head) -> Result<Self, LogError> {
        let shared = Arc::new(Shared { acknowledged: AtomicU64::new(acknowledged.seq), ..Shared::default() });
        // The writer asks for one thing at a time and waits for it.
        let (ask, asked) = bounded(1);
        let dir = work.dir.clone();
        let theirs = Arc::clone(&shared);
        let asked = Asked { asks: asked, shared: Arc::clone(&shared) };
        let cursor = FrameCursor::near(&journal_dir(&dir), work.log_id, work.tailed.seq + 1, work.sealed)?;
        let thread = std::thread::Builder::new()
            .name("log-keeper".to_owned())
            .spawn(move || Thread { work, cursor, shared: theirs, since_checkpoint: 0, idle_looks: 0 }.run(&asked))
            .map_err(io_error("start a thread for", &dir))?;
        Ok(Self { shared, ask: Some(ask), thread: Some(thread) })
    }

    /// Everything up to `head` may be taken in.
    pub(crate) fn acknowledged(&self, head: Head) {
        self.shared.acknowledged.store(head.seq, Ordering::Release);
    }

    /// What went wrong, once.
    pub(crate) fn fault(&self) -> Option<LogError> {
        if !self.shared.faulted.load(Ordering::Acquire) {
            return None;
        }
        lock(&self.shared.fault).take()
    }

    fn ask<T>(&self, ask: impl FnOnce(Sender<T>) -> Ask) -> Result<T, LogError> {
        let (reply, answer) = bounded(1);
        let sent = self.ask.as_ref().is_some_and(|sender| sender.send(ask(reply)).is_ok());
        // Sent before the thread let go of the rest, it is answered or dropped; behind that only an answer that is there
        // already counts.
        let ended = self.shared.ended.load(Ordering::SeqCst);
        let answered = match sent {
            true if ended => answer.try_recv().ok(),
            true => answer.recv().ok(),
            false => None,
        };
        match self.fault() {
            Some(fault) => Err(fault),
            None => answered.ok_or_else(|| LogError::Ended { reason: "its keeper is gone".to_owned() }),
        }
    }

    pub(crate) fn checkpoint(&self) -> Result<(), LogError> {
        self.ask(Ask::Checkpoint)
    }

    pub(crate) fn seal(&self) -> Result<(), LogError> {
        self.ask(Ask::Seal)
    }

    pub(crate) fn close(mut self) -> Result<Option<HotSeal>, LogError> {
        let seal = self.ask(Ask::Close);
        self.end();
        seal
    }

    fn end(&mut self) {
        self.ask = None;
        if let Some(thread) = self.thread.take() {
            // What a panic left undone is what the next open does.
            let _ = thread.join();
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.end();
    }
}

/// A lock whose holder panicked protects an error text or a file offset, both still true.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// What the thread is asked. A channel keeps what was sent to it for as long as anybody can send, so nothing must be
/// left in it: whoever asked would wait for ever.
struct Asked {
    asks: Receiver<Ask>,
    shared: Arc<Shared>,
}

impl Drop for Asked {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        while self.asks.try_recv().is_ok() {}
    }
}

struct Thread {
    work: Work,
    cursor: FrameCursor,
    shared: Arc<Shared>,
    since_checkpoint: u64,
    idle_looks: u32,
}

impl Thread {
    fn run(mut self, asked: &Asked) {
        loop {
            let ask = match asked.asks.recv_timeout(Duration::from_millis(LOOK_EVERY_MS)) {
                Ok(ask) => Some(ask),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let last = matches!(ask, Some(Ask::Close(_)));
            // Whoever asked hears nothing before the fault is there to be found.
            if let Err(fault) = self.obey(ask.as_ref()) {
                *lock(&self.shared.fault) = Some(fault);
                self.shared.faulted.store(true, Ordering::Release);
                return;
            }
            if last {
                return;
            }
        }
    }

    fn obey(&mut self, ask: Option<&Ask>) -> Result<(), LogError> {
        self.tail()?;
        // A reply that nobody waits for any more is no fault.
        match ask {
            None => self.look(),
            Some(Ask::Checkpoint(reply)) => {
                self.checkpoint()?;
                let _ = reply.send(());
                Ok(())
            }
            Some(Ask::Seal(reply)) => {
                self.checkpoint()?;
                self.seal_closed()?;
                let _ = reply.send(());
                Ok(())
            }
            Some(Ask::Close(reply)) => {
                let seal = self.work.hot.take().map(|mut hot| hot.close()).transpose()?;
                let _ = reply.send(seal);
                Ok(())
            }
        }
    }

    fn look(&mut self) -> Result<(), LogError> {
        self.idle_looks += 1;
        let long_ago = self.idle_looks >= LOOKS_PER_CHECKPOINT && self.since_checkpoint > 0;
        if long_ago || self.since_checkpoint >= self.work.checkpoint_len {
            self.checkpoint()?;
        }
        self.seal_closed()
    }

    fn checkpoint(&mut self) -> Result<(), LogError> {
        if let Some(hot) = &mut self.work.hot {
            hot.checkpoint()?;
        }
        (self.since_checkpoint, self.idle_looks) = (0, 0);
        Ok(())
    }

    /// Takes in what is acknowledged and not yet taken.
    fn tail(&mut self) -> Result<(), LogError> {
        let mut looked_again = false;
        loop {
            let acknowledged = self.shared.acknowledged.load(Ordering::Acquire);
            if self.cursor.head().seq >= acknowledged {
                return Ok(());
            }
            let file = self.cursor.path();
            // What was read ahead may hold the header of a frame whose payload was not written yet: it must be checked.
            match self.cursor.step(|_| Some(Check::Crc))? {
                Step::Frame(header) => {
                    looked_again = false;
                    let (moved, fresh) = (file != self.cursor.path(), header.first_seq > self.work.tailed.seq);
                    if let Some(hot) = &mut self.work.hot
                        && fresh
                    {
                        if moved {
                            // So that what is sealed together is forgotten together.
                            hot.close_block()?;
                        }
                        hot.push(&header, self.cursor.frame_bytes())?;
                        self.since_checkpoint += header.frame_len() as u64;
                    }
                    if fresh {
                        self.work.tailed = self.cursor.head();
                    }
                    if self.since_checkpoint >= self.work.checkpoint_len {
                        self.checkpoint()?;
                    }
                }
                // What was read ahead was older than the frame that has been acknowledged since.
                Step::End | Step::Bad(_) if !looked_again => {
                    looked_again = true;
                    self.cursor.refresh()?;
                }
                Step::End => return Err(self.unreadable("it ends early".to_owned())),
                Step::Bad(reason) => return Err(self.unreadable(reason)),
            }
        }
    }

    fn unreadable(&self, reason: String) -> LogError {
        let reason = format!("an acknowledged event cannot be read back: {reason}");
        LogError::Damaged { file: self.cursor.path(), seq: self.cursor.head().seq + 1, reason }
    }

    /// Seals every closed journal file that is taken in.
    fn seal_closed(&mut self) -> Result<(), LogError> {
        loop {
            let files = list_files(&journal_dir(&self.work.dir))?;
            let next = self.work.sealed.seq + 1;
            let Some(at) = files.iter().position(|(first, _)| *first == next) else { return Ok(()) };
            // The last file is the one being written.
            let Some((behind, _)) = files.get(at + 1) else { return Ok(()) };
            if self.work.tailed.seq + 1 < *behind {
                return Ok(());
            }
            let info = seal_file(&self.work.dir, self.work.log_id, self.work.sealed, behind - 1)?;
            self.sealed(&info)?;
        }
    }

    fn sealed(&mut self, info: &SegmentInfo) -> Result<(), LogError> {
        self.work.sealed = info.head;
        if let Some(checkpoints) = &self.work.checkpoints {
            lock(checkpoints).append(Reason::Sealed, info.head, info.footer_hash)?;
        }
        if let Some(hot) = &mut self.work.hot {
            hot.trim(info.head.seq)?;
            self.since_checkpoint += 1;
        }
        forget_journal(&self.work.dir, info.head.seq, self.work.keep_journal)?;
        // Whoever deletes segments just now must not find them made anew; this can wait for the next one.
        match SegmentLock::try_take(&self.work.dir)? {
            Some(_alone) => compress_old(&self.work.dir, self.work.plain_segments),
            None => Ok(()),
        }
    }
}

/// Makes a segment of the journal's events behind `sealed` up to `last_seq`.
pub(crate) fn seal_file(dir: &Path, log_id: LogId, sealed: Head, last_seq: u64) -> Result<SegmentInfo, LogError> {
    let mut cursor = FrameCursor::near(&journal_dir(dir), log_id, sealed.seq + 1, sealed)?;
    let mut writer = SegmentWriter::create(&segment_dir(dir), log_id, sealed, Compression::None)?;
    let damaged = |cursor: &FrameCursor, reason: String| LogError::Damaged {
        file: cursor.path(),
        seq: cursor.head().seq + 1,
        reason,
    };
    while cursor.head().seq < last_seq {
        // The writer of the segment decodes every frame, and reads back what it wrote.
        match cursor.step(|_| Some(Check::Full))? {
            Step::Frame(header) => writer.push(&header, cursor.payload())?,
            Step::End => return Err(damaged(&cursor, "the file ends early".to_owned())),
            Step::Bad(reason) => return Err(damaged(&cursor, reason)),
        }
    }
    if cursor.head().seq != last_seq {
        return Err(damaged(&cursor, format!("event {last_seq} is not the last of a frame")));
    }
    let none = || damaged(&cursor, "there is nothing to seal".to_owned());
    writer.finish()?.ok_or_else(none)
}

/// Deletes journal files whose events are all sealed, but for the newest `keep` of them: while they are there, a damaged
/// segment can be made again.
pub(crate) fn forget_journal(dir: &Path, sealed_seq: u64, keep: usize) -> Result<(), LogError> {
    let journal = journal_dir(dir);
    let files = list_files(&journal)?;
    // A file is done with where the next one begins.
    let ends = files.iter().skip(1).map(|(first, _)| first - 1);
    let done: Vec<_> = files.iter().zip(ends).filter(|(_, end)| *end <= sealed_seq).map(|(file, _)| file).collect();
    for (_, path) in done.iter().rev().skip(keep) {
        std::fs::remove_file(path).map_err(io_error("remove", path))?;
    }
    if done.len() > keep { disk::sync_dir(&journal) } else { Ok(()) }
}

/// Compresses segments but for the newest `plain`.
pub(crate) fn compress_old(dir: &Path, plain: usize) -> Result<(), LogError> {
    let segments = segment_dir(dir);
    for (_, _, path) in segment::list(&segments)?.iter().rev().skip(plain) {
        match compress_one(path, &segments) {
            // A person has deleted it meanwhile, because an archive has it.
            Err(_) if !path.exists() => {}
            done => done?,
        }
    }
    Ok(())
}

fn compress_one(path: &Path, segments: &Path) -> Result<(), LogError> {
    if segment::file::read_header(path)?.is_ok_and(|h| h.compression == Compression::None) {
        segment::recompress(path, segments)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hot::hot_dir;
    use crate::journal::JournalWriter;
    use schemas::frame::{HEADER_LEN, encode};
    use schemas::{CycleId, Event, Record, UtcNanos};
    use std::fs::OpenOptions;
    use std::os::unix::fs::FileExt;

    fn frame(before: &Head, text: &str) -> (Vec<u8>, Head) {
        let event = schemas::event::SystemEvent::Halted { reason: text.repeat(500) };
        encode(before, &vec![Record { time: UtcNanos(1), cause: 0, cycle: CycleId(0), event: Event::System(event) }])
            .unwrap()
    }

    /// The keeper reads ahead while the writer is in the middle of a frame: the header is there, the payload is not.
    #[test]
    fn a_frame_that_was_read_half_written_is_read_again_when_it_is_acknowledged() {
        let home = tempfile::tempdir().unwrap();
        let (dir, log_id) = (home.path(), [5; 16]);
        let genesis = Head::genesis(&log_id);
        disk::create_dir(&journal_dir(dir)).unwrap();
        let path = JournalWriter::create_file(&journal_dir(dir), log_id, &genesis).unwrap();
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        file.set_len(1 << 20).unwrap();
        let (first, behind_first) = frame(&genesis, "one");
        let (second, behind_second) = frame(&behind_first, "two");
        file.write_all_at(&first, 128).unwrap();
        let at = 128 + first.len() as u64;
        file.write_all_at(&second[..HEADER_LEN + 100], at).unwrap();
        disk::create_dir(&hot_dir(dir)).unwrap();
        let work = Work {
            dir: dir.to_owned(),
            log_id,
            hot: Some(HotStore::open(&hot_dir(dir)).unwrap()),
            sealed: genesis,
            tailed: genesis,
            checkpoint_len: 1 << 20,
            keep_journal: 1,
            plain_segments: 1,
            checkpoints: None,
        };
        let keeper = Keeper::start(work, behind_first).unwrap();
        keeper.checkpoint().unwrap();
        file.write_all_at(&second, at).unwrap();
        keeper.acknowledged(behind_second);
        keeper.close().unwrap();
        let mut hot = HotStore::open(&hot_dir(dir)).unwrap();
        assert_eq!(hot.blocks().scan(genesis).unwrap(), behind_second);
        assert_eq!(hot.blocks().frame_at(2).unwrap().unwrap(), second);
    }
}
