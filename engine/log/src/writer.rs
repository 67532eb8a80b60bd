//! The one writer of a log.

use crate::LogId;
use crate::anchor::AnchorFile;
use crate::error::LogError;
use crate::hot_only::HotOnly;
use crate::journal::JournalWriter;
use crate::keeper::{Keeper, lock};
use crate::lock::WriterLock;
use crate::notes::OpenReport;
use crate::sign::{CheckpointFile, Reason, Signer};
use crate::snapshot;
use schemas::frame::{Head, encode_into};
use schemas::{Bytes32, Record, Seq};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// How a log is written. None of it changes what is read back.
#[derive(Clone, Debug)]
pub struct WriterOptions {
    /// A journal file longer than this is followed by a new one, bytes. The closed one becomes a segment.
    pub roll_len: u64,
    /// The hot copy is made durable after this many bytes of frames.
    pub checkpoint_len: u64,
    /// Who writes, in words: what a second writer is told.
    pub owner: String,
    /// The id of a log that does not exist yet; an existing one keeps its own. `None` derives it from the owner.
    pub log_id: Option<LogId>,
    /// Keep the hot copy. Without it a damaged journal cannot be repaired.
    pub hot: bool,
    /// Keep the journal. Without it every commit goes into the hot copy and is synced there: slower, one copy less, and
    /// readers see events when they are sealed.
    pub journal: bool,
    /// Fill journal files with zeros ahead of time, which makes commits faster.
    pub preallocate: bool,
    /// How many journal files are kept after they were sealed, as a second copy of their segments.
    pub keep_journal: usize,
    /// How many of the newest segments are left uncompressed, for the fastest replay.
    pub plain_segments: usize,
    /// Signs checkpoints. `None` signs none.
    pub signer: Option<Arc<Signer>>,
    /// Accept the journal's own end as the log's end when no head anchor vouches for it. A person's decision, after
    /// [`LogError::NoAnchor`]: acknowledged events at the end may be missing.
    pub trust_journal_end: bool,
}

impl Default for WriterOptions {
    fn default() -> Self {
        Self {
            roll_len: 64 << 20,
            checkpoint_len: 8 << 20,
            owner: "alpha-arena".to_owned(),
            log_id: None,
            hot: true,
            journal: true,
            preallocate: true,
            keep_journal: 2,
            plain_segments: 16,
            signer: None,
            trust_journal_end: false,
        }
    }
}

impl WriterOptions {
    /// The id a new log gets: no clock and no dice, so that the same inputs give the same bytes.
    pub(crate) fn new_log_id(&self) -> LogId {
        let derive = || {
            let hash = blake3::hash(self.owner.as_bytes());
            crate::disk::take(hash.as_bytes(), 0)
        };
        self.log_id.unwrap_or_else(derive)
    }
}

/// A buffer longer than this was for one large frame and is not kept, bytes.
const FRAME_KEPT_MAX: usize = 4 << 20;

/// Where a commit goes.
pub(crate) enum Store {
    /// Into the journal; a thread of its own does the rest.
    Journal { journal: Box<JournalWriter>, keeper: Keeper },
    /// Into the hot copy alone.
    HotOnly(Box<HotOnly>),
}

/// Appends to a log. While it lives, no other process can.
///
/// Dropping it without [`close`](Self::close) loses nothing that was acknowledged; the next open takes longer.
pub struct LogWriter {
    // In the order in which they are let go: threads and files first, the lock last.
    pub(crate) store: Store,
    pub(crate) anchor: AnchorFile,
    pub(crate) dir: PathBuf,
    pub(crate) log_id: LogId,
    pub(crate) head: Head,
    /// Room for the next frame.
    pub(crate) frame: Vec<u8>,
    pub(crate) checkpoint_len: u64,
    pub(crate) since_checkpoint: u64,
    pub(crate) checkpoints: Option<Arc<Mutex<CheckpointFile>>>,
    pub(crate) broken: Option<String>,
    pub(crate) _lock: WriterLock,
}

impl LogWriter {
    /// Opens a log for writing, or creates one in a directory that is absent or empty. Verifies what is not sealed and
    /// the newest segment, repairs what a second copy can repair, and says so in the report; refuses what nobody can
    /// repair, changing nothing.
    pub fn open(dir: &Path, options: &WriterOptions) -> Result<(Self, OpenReport), LogError> {
        crate::open::open(dir, options)
    }

    /// The last acknowledged event.
    pub fn head(&self) -> Head {
        self.head
    }

    /// The sequence the next event gets.
    pub fn next_seq(&self) -> Seq {
        self.head.next_seq()
    }

    /// Which log this is.
    pub fn log_id(&self) -> LogId {
        self.log_id
    }

    /// Where it is.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Appends `records` as one frame. `Ok` means that they are on the disk. After an error of policy `Halt` or
    /// `Rebuild` the records may or may not be there after the next open, and this writer takes nothing more. No
    /// records: no effect.
    pub fn commit(&mut self, records: &Vec<Record>) -> Result<Head, LogError> {
        self.usable()?;
        if records.is_empty() {
            return Ok(self.head);
        }
        let mut frame = std::mem::take(&mut self.frame);
        let behind = encode_into(&self.head, records, &mut frame)?;
        let written = self.write(&frame, behind);
        if frame.capacity() <= FRAME_KEPT_MAX {
            self.frame = frame;
        }
        self.poison_on_error(written)?;
        Ok(behind)
    }

    fn write(&mut self, frame: &[u8], behind: Head) -> Result<(), LogError> {
        match &mut self.store {
            Store::Journal { journal, keeper } => {
                if let Some(fault) = keeper.fault() {
                    return Err(fault);
                }
                journal.append(&self.head, frame)?;
                self.head = behind;
                self.anchor.write(behind, None)?;
                keeper.acknowledged(behind);
                self.since_checkpoint += frame.len() as u64;
                if self.since_checkpoint >= self.checkpoint_len {
                    self.anchor.sync()?;
                    self.since_checkpoint = 0;
                }
                Ok(())
            }
            Store::HotOnly(alone) => {
                alone.commit(frame)?;
                self.head = behind;
                self.anchor.write(behind, None)?;
                alone.look(behind)
            }
        }
    }

    /// Makes the hot copy and the head anchor durable too.
    pub fn checkpoint(&mut self) -> Result<(), LogError> {
        self.usable()?;
        let done = self.write_checkpoint();
        self.poison_on_error(done)
    }

    fn write_checkpoint(&mut self) -> Result<(), LogError> {
        match &mut self.store {
            Store::Journal { keeper, .. } => keeper.checkpoint()?,
            Store::HotOnly(alone) => alone.checkpoint()?,
        }
        self.anchor.write(self.head, None)?;
        self.anchor.sync()?;
        self.since_checkpoint = 0;
        Ok(())
    }

    /// Signs where the chain is, and with it the hash of what the projections are at the head. Without a signer: no
    /// effect.
    pub fn sign_checkpoint(&mut self, state_hash: Bytes32) -> Result<(), LogError> {
        self.usable()?;
        let Some(checkpoints) = &self.checkpoints else { return Ok(()) };
        let done = lock(checkpoints).append(Reason::State, self.head, state_hash);
        self.poison_on_error(done)
    }

    /// Seals everything: what was in the journal is in segments when this returns.
    pub fn seal_all(&mut self) -> Result<(), LogError> {
        self.usable()?;
        let done = match &mut self.store {
            Store::Journal { journal, keeper } => journal.roll(&self.head).and_then(|()| keeper.seal()),
            Store::HotOnly(alone) => alone.seal_all(self.head),
        };
        self.poison_on_error(done)
    }

    /// Stores what the projections are at the head, so that a start need not read everything. The newest three are
    /// kept. An error here leaves the log as it was, and usable.
    pub fn write_snapshot(&mut self, sections: &[(String, Vec<u8>)]) -> Result<PathBuf, LogError> {
        self.usable()?;
        snapshot::write(&self.dir, self.log_id, self.head, sections)
    }

    /// Checkpoints, records that the log was closed cleanly, and lets the next writer in.
    pub fn close(mut self) -> Result<(), LogError> {
        self.usable()?;
        let closed = match self.store {
            Store::Journal { journal, keeper } => {
                let closed = keeper.close()?;
                journal.close()?;
                closed
            }
            Store::HotOnly(alone) => Some(alone.close(self.head)?),
        };
        // Both slots, so that one damaged slot costs nothing.
        self.anchor.write(self.head, closed)?;
        self.anchor.write(self.head, closed)?;
        self.anchor.sync()
    }

    fn usable(&self) -> Result<(), LogError> {
        self.broken.as_ref().map_or(Ok(()), |reason| Err(LogError::Poisoned { reason: reason.clone() }))
    }

    fn poison_on_error(&mut self, result: Result<(), LogError>) -> Result<(), LogError> {
        if let Err(e) = &result {
            self.broken = Some(e.to_string());
        }
        result
    }
}
#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LogReader, Policy};
    use schemas::frame::Check;
    use schemas::{CycleId, Event, UtcNanos};

    fn note(n: i64) -> Record {
        let event = schemas::event::SystemEvent::Resumed { reason: format!("note {n}") };
        Record { time: UtcNanos(n), cause: 0, cycle: CycleId(0), event: Event::System(event) }
    }

    #[test]
    fn a_full_disk_stops_the_writer_and_loses_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let (mut writer, _) = LogWriter::open(dir.path(), &WriterOptions::default()).unwrap();
        writer.commit(&vec![note(1), note(2)]).unwrap();
        let Store::Journal { journal, .. } = &mut writer.store else { panic!("no journal") };
        journal.redirect(Path::new("/dev/full"));
        let error = writer.commit(&vec![note(3)]).unwrap_err();
        assert!(matches!(error, LogError::DiskFull { .. }), "{error}");
        assert_eq!(error.policy(), Policy::Halt);
        let refused = writer.commit(&vec![note(4)]).unwrap_err();
        assert!(matches!(refused, LogError::Poisoned { .. }), "{refused}");
        assert!(matches!(writer.checkpoint(), Err(LogError::Poisoned { .. })));
        assert!(matches!(writer.write_snapshot(&[]), Err(LogError::Poisoned { .. })));
        assert_eq!(writer.head().seq, 2);
        assert!(matches!(writer.close(), Err(LogError::Poisoned { .. })));
        let reader = LogReader::open(dir.path()).unwrap();
        let mut events = Vec::new();
        assert!(reader.events(Seq::FIRST, Check::Full).unwrap().next_frame(&mut events).unwrap());
        assert_eq!(events.len(), 2);
        let (writer, report) = LogWriter::open(dir.path(), &WriterOptions::default()).unwrap();
        assert_eq!((writer.head().seq, report.head.seq), (2, 2));
    }

    #[test]
    fn a_batch_beyond_a_frame_is_refused_and_the_writer_goes_on() {
        let dir = tempfile::tempdir().unwrap();
        let (mut writer, _) = LogWriter::open(dir.path(), &WriterOptions::default()).unwrap();
        let event = schemas::event::SystemEvent::Resumed { reason: "x".repeat(65 << 20) };
        let large = Record { time: UtcNanos(1), cause: 0, cycle: CycleId(0), event: Event::System(event) };
        let error = writer.commit(&vec![large]).unwrap_err();
        assert_eq!(error.policy(), Policy::Retry, "{error}");
        assert_eq!(writer.commit(&vec![note(1)]).unwrap().seq, 1);
        assert_eq!(writer.commit(&Vec::new()).unwrap().seq, 1);
    }
}
