//! Opening a log for writing: verify, repair, or refuse.
//!
//! Sealed segments come first (`segments`); the journal is walked from where they end.
//!
//! The journal comes first. If it is whole and reaches the head anchor, it is the truth and the hot copy follows it.
//! If not, a *copy* of the hot copy is asked for the missing frames, because sled changes a damaged directory by merely
//! opening it, and a refusal must leave everything as it was. Two of the three (journal, hot copy, anchor) decide.

mod checkpoints;
mod directory;
mod hot;
mod hot_only;
mod segments;
mod source;

use directory::{make_durable, may_hold_a_log, remove_leftovers};
use source::HOT_COPY;

pub(crate) use directory::find_log_id;
pub(crate) use source::{HotSource, trusted_seal};

use crate::LogId;
use crate::anchor::{AnchorFile, AnchorState, anchor_path, read_anchor};
use crate::disk::{self, ScratchDir};
use crate::error::{LogError, io_error};
use crate::journal::{FILE_HEADER_LEN, JournalWriter, Layout, journal_dir, list_files};
use crate::keeper::{Keeper, Work};
use crate::lock::{A_MOMENT, WriterLock};
use crate::notes::{OpenReport, RepairNote};
use crate::sign::CheckpointFile;
use crate::walk::{Change, FrameSource, NoSource, Walk, WalkOptions, apply, discard, walk};
use crate::writer::{LogWriter, Store, WriterOptions};
use schemas::frame::Head;
use std::path::Path;
use std::sync::{Arc, Mutex};

pub(crate) fn open(dir: &Path, options: &WriterOptions) -> Result<(LogWriter, OpenReport), LogError> {
    may_hold_a_log(dir)?;
    disk::create_dir(dir)?;
    let lock = WriterLock::take(dir, &options.owner, A_MOMENT)?;
    let journal = journal_dir(dir);
    remove_leftovers(dir, &journal)?;
    make_durable(dir, &journal)?;
    let is_new = !crate::exists(dir);
    if is_new && options.journal {
        disk::create_dir(&journal)?;
        JournalWriter::create_file(&journal, options.new_log_id(), &Head::genesis(&options.new_log_id()))?;
    }
    let anchor = read_anchor(dir)?;
    let log_id = if is_new { options.new_log_id() } else { find_log_id(dir, &anchor)? };
    let mut opening = Opening {
        dir,
        options,
        journal: &journal,
        log_id,
        anchor,
        sealed: Head::genesis(&log_id),
        signed: None,
        changes: segments::Changes::default(),
        notes: Vec::new(),
    };
    let opened = opening.open(lock);
    if opened.is_err() {
        opening.changes.undo();
    }
    opened
}

struct Opening<'a> {
    dir: &'a Path,
    options: &'a WriterOptions,
    journal: &'a Path,
    log_id: LogId,
    anchor: AnchorState,
    /// Where the sealed part ends.
    sealed: Head,
    /// The newest signed checkpoint, if it is about an event behind that.
    signed: Option<Head>,
    changes: segments::Changes,
    notes: Vec<RepairNote>,
}

impl Opening<'_> {
    fn open(&mut self, lock: WriterLock) -> Result<(LogWriter, OpenReport), LogError> {
        self.sealed = segments::settle(self.dir, self.log_id, &self.anchor, &mut self.changes)?;
        self.changes.find_damaged_copies(self.dir, self.log_id, self.sealed)?;
        self.notes.append(&mut self.changes.notes);
        self.anchor.doubt_if_older_than(self.sealed);
        let signer = self.options.signer.clone();
        let checkpoints = checkpoints::settle(self.dir, self.log_id, signer, &mut self.notes)?;
        checkpoints.hold(self.dir, self.log_id, self.sealed)?;
        self.signed = checkpoints.behind(self.sealed);
        if self.options.journal || self.has_unsealed_journal()? {
            self.journaled(lock, checkpoints)
        } else {
            self.hot_only(lock, checkpoints)
        }
    }

    /// Whether the journal has events that no segment has.
    fn has_unsealed_journal(&self) -> Result<bool, LogError> {
        let files = list_files(self.journal)?;
        let Some((first, path)) = files.last() else { return Ok(false) };
        // What is closed behind the sealed end, or has any byte behind its header.
        let len = std::fs::metadata(path).map_err(io_error("inspect", path))?.len();
        Ok(*first > self.sealed.seq + 1 || (*first == self.sealed.seq + 1 && len > FILE_HEADER_LEN as u64))
    }

    fn journaled(
        &mut self,
        lock: WriterLock,
        checkpoints: checkpoints::Found,
    ) -> Result<(LogWriter, OpenReport), LogError> {
        let mut walked = self.settle_journal()?;
        self.changes.keep()?;
        self.anchor.doubt_if_older_than(walked.head);
        let mut anchor_file = self.settle_anchor(walked.head, false)?;
        let hot = if self.options.hot { Some(self.settle_hot(&mut walked)?) } else { None };
        let head = walked.head;
        checkpoints.drop_unreadable(self.dir)?;
        anchor_file.write(head, None)?;
        disk::create_dir(self.journal)?;
        let (path, len) = match walked.last.clone() {
            Some(last) => last,
            None => (JournalWriter::create_file(self.journal, self.log_id, &head)?, FILE_HEADER_LEN as u64),
        };
        let (roll_len, preallocate) = (self.options.roll_len, self.options.preallocate && self.options.journal);
        let journal = JournalWriter::open(path, len, Layout { log_id: self.log_id, roll_len, preallocate })?;
        let work = Work {
            dir: self.dir.to_owned(),
            log_id: self.log_id,
            hot,
            sealed: self.sealed,
            tailed: head,
            checkpoint_len: self.options.checkpoint_len,
            keep_journal: self.options.keep_journal,
            plain_segments: self.options.plain_segments,
            checkpoints: checkpoints.file.clone(),
        };
        let store = Store::Journal { journal: Box::new(journal), keeper: Keeper::start(work, head)? };
        let (mut writer, report) = self.writer(store, anchor_file, head, checkpoints.file, lock);
        if self.options.journal {
            return Ok((writer, report));
        }
        // The log was kept with a journal until now. What that holds is sealed, and then it goes.
        writer.seal_all()?;
        let notes = report.notes;
        writer.close()?;
        disk::remove_files(self.journal, |n| n.ends_with(".aaj"))?;
        disk::sync_dir(self.journal)?;
        let (writer, mut report) = open(self.dir, self.options)?;
        report.notes.splice(0..0, notes);
        Ok((writer, report))
    }

    fn writer(
        &mut self,
        store: Store,
        anchor: AnchorFile,
        head: Head,
        checkpoints: Option<Arc<Mutex<CheckpointFile>>>,
        lock: WriterLock,
    ) -> (LogWriter, OpenReport) {
        let writer = LogWriter {
            store,
            anchor,
            dir: self.dir.to_owned(),
            log_id: self.log_id,
            head,
            frame: Vec::new(),
            checkpoint_len: self.options.checkpoint_len,
            since_checkpoint: 0,
            checkpoints,
            broken: None,
            _lock: lock,
        };
        (writer, OpenReport { head, notes: std::mem::take(&mut self.notes) })
    }

    fn walk(&self, write: bool, source: &mut dyn FrameSource) -> Result<Walk, LogError> {
        let options = WalkOptions {
            journal: self.journal,
            log_id: self.log_id,
            start: self.sealed,
            anchor: &self.anchor,
            signed: self.signed,
            trust_end: self.options.trust_journal_end,
            roll_len: self.options.roll_len,
            write,
            decode: false,
        };
        walk(&options, source)
    }

    fn settle_journal(&mut self) -> Result<Walk, LogError> {
        match self.walk(false, &mut NoSource("the hot copy was not asked".to_owned())) {
            Ok(walk) if walk.repairs.is_empty() && self.anchor.newest.is_some() => return Ok(walk),
            Err(e) if !e.is_damage() => return Err(e),
            _ => {}
        }
        let scratch = ScratchDir(self.dir.join(HOT_COPY));
        let (walked, hot) = match HotSource::copy(self.dir, &self.anchor, &scratch.0)? {
            Ok(mut source) => (
                self.walk(true, &mut source)?,
                Some(source.store.blocks().scan(self.sealed).map_err(|e| e.to_string())),
            ),
            Err(excuse) => (self.walk(true, &mut NoSource(excuse))?, None),
        };
        if self.anchor.newest.is_none()
            && let Err(e) = self.agree(&walked, hot)
        {
            discard(&walked);
            return Err(e);
        }
        disk::create_dir(self.journal)?;
        self.apply(&walked)?;
        Ok(walked)
    }

    /// Without an anchor, journal and hot copy must end at the same event, each by its own word. A log that has neither
    /// events nor a hot copy was never finished being made.
    fn agree(&self, walked: &Walk, hot: Option<Result<Head, String>>) -> Result<(), LogError> {
        let journal = walked.head;
        let hot = match hot {
            Some(Ok(hot)) if hot == journal && walked.ends_itself => return Ok(()),
            None if journal.seq == 0 && walked.ends_itself => return Ok(()),
            _ if self.options.trust_journal_end => return Ok(()),
            Some(Ok(hot)) if hot == journal => "alone says so".to_owned(),
            Some(Ok(hot)) if hot.seq == journal.seq => "ends there with another chain value".to_owned(),
            Some(Ok(hot)) => format!("at event {}", hot.seq),
            Some(Err(e)) => format!("is damaged ({e})"),
            None => "cannot be read".to_owned(),
        };
        Err(LogError::NoAnchor { file: anchor_path(self.dir), journal_seq: journal.seq, hot })
    }

    fn apply(&mut self, walked: &Walk) -> Result<(), LogError> {
        apply(self.journal, &walked.repairs)?;
        for repair in &walked.repairs {
            let (file, seq, reason) = (repair.file.clone(), repair.seq, repair.reason.clone());
            self.notes.push(match repair.change {
                Change::Replace { .. } => RepairNote::JournalRestored { file, seq, reason },
                Change::Cut { dropped, .. } => RepairNote::TornTail { file, seq, dropped },
                Change::Aside => RepairNote::FileSetAside { file, reason },
            });
        }
        Ok(())
    }

    /// Opens the anchor and takes back its "closed cleanly" before sled touches its files.
    fn settle_anchor(&mut self, head: Head, hot_only: bool) -> Result<AnchorFile, LogError> {
        let created = self.anchor.newest.is_none() && head.seq == 0 && !anchor_path(self.dir).exists();
        if !created && (self.anchor.newest.is_none() || self.anchor.doubtful) {
            self.notes.push(RepairNote::HeadRewritten { seq: head.seq });
        }
        let mut file = AnchorFile::open(self.dir, self.log_id, &self.anchor, head, hot_only)?;
        if !(created && hot_only) {
            file.write(head, None)?;
            file.sync()?;
        }
        Ok(file)
    }
}
