//! What is done to a log now and then, by a person or a timer.

use crate::disk::{self, set_aside, sync_dir};
use crate::error::{LogError, io_error};
use crate::hot::{hot_db, hot_dir};
use crate::journal::journal_dir;
use crate::keeper::compress_old;
use crate::lock::{A_MOMENT, WriterLock, current_owner};
use crate::notes::OpenReport;
use crate::pruned::{PrunedSegment, append, read_pruned};
use crate::segment::{self, segment_dir};
use crate::snapshot;
use crate::writer::{LogWriter, WriterOptions};
use schemas::frame::Head;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Seals everything and closes the log. Needs the log for itself: a running engine seals what it writes.
pub fn seal(dir: &Path, options: &WriterOptions) -> Result<OpenReport, LogError> {
    alone(dir, "seal the log")?;
    let (mut writer, report) = LogWriter::open(dir, options)?;
    writer.seal_all()?;
    writer.close()?;
    Ok(report)
}

/// Builds the hot copy anew from the journal. The old one is set aside, not deleted. Needs the log for itself, and
/// refuses a log that has events in the hot copy alone.
pub fn rebuild_hot(dir: &Path, options: &WriterOptions) -> Result<OpenReport, LogError> {
    alone(dir, "rebuild the hot copy")?;
    let hot = hot_dir(dir);
    // Whatever only the hot copy has goes into a journal first.
    let (mut writer, mut report) = LogWriter::open(dir, &WriterOptions { journal: true, ..options.clone() })?;
    writer.checkpoint()?;
    writer.close()?;
    if hot_db(&hot).exists() {
        set_aside(&hot)?;
    }
    let (writer, second) = LogWriter::open(dir, options)?;
    writer.close()?;
    report.notes.extend(second.notes);
    Ok(report)
}

/// Compresses all segments but the newest `plain`. Safe while the log is written: a segment is replaced as a whole, and
/// only by itself in another encoding. Two processes that do this at once do it one after the other.
pub fn compress(dir: &Path, plain: usize) -> Result<(), LogError> {
    let _one_at_a_time = SegmentLock::take(dir, "compress segments")?;
    compress_old(dir, plain)
}

/// Deletes the segments whose events all lie at or before `upto`, and records what they were. The caller has made sure
/// that an archive holds them. Safe while the log is written. Refuses to delete what the newest snapshot, and so the
/// next start, still needs.
pub fn prune(dir: &Path, upto: u64) -> Result<Vec<PrunedSegment>, LogError> {
    let _one_at_a_time = SegmentLock::take(dir, "delete segments")?;
    let refuse = |reason: String| LogError::MustKeep { upto, reason };
    let mut files = segment::list(&segment_dir(dir))?;
    let pruned = read_pruned(dir)?.last().map(|p| p.head);
    // What an earlier call had recorded, and was stopped before it deleted.
    for (_, _, path) in files.extract_if(.., |(_, last, _)| pruned.is_some_and(|base| *last <= base.seq)) {
        std::fs::remove_file(&path).map_err(io_error("remove", &path))?;
    }
    let doomed: Vec<_> = files.iter().take_while(|(_, last, _)| *last <= upto).collect();
    let Some((_, last, _)) = doomed.last() else { return Ok(Vec::new()) };
    let log_id = segment::inspect(&doomed[0].2)?.log_id;
    let snapshot = snapshot::search(dir, log_id, None)?.newest.map(|s| s.head.seq);
    if snapshot.is_none_or(|seq| seq < *last) {
        let newest = snapshot.map_or("there is none".to_owned(), |seq| format!("the newest is at event {seq}"));
        return Err(refuse(format!(
            "a start would need them, because no snapshot lies at or behind event {last}: {newest}"
        )));
    }
    let mut head = pruned.unwrap_or_else(|| Head::genesis(&log_id));
    let mut gone = Vec::new();
    for (first_seq, _, path) in &doomed {
        let info = segment::verify(path, false, &mut |_| ())?;
        if info.before != head {
            return Err(refuse(format!("{} does not continue what was deleted before", path.display())));
        }
        head = info.head;
        gone.push(PrunedSegment { log_id, first_seq: *first_seq, head, footer_hash: info.footer_hash });
    }
    append(dir, &gone)?;
    for (_, _, path) in &doomed {
        std::fs::remove_file(path).map_err(io_error("remove", path))?;
    }
    sync_dir(&segment_dir(dir))?;
    Ok(gone)
}

/// Removes what repairs left behind: damaged files that were set aside. Returns which. Needs the log for itself.
pub fn remove_set_aside(dir: &Path) -> Result<Vec<PathBuf>, LogError> {
    alone(dir, "remove damaged files")?;
    let mut gone = Vec::new();
    for folder in [dir.to_owned(), journal_dir(dir), segment_dir(dir)] {
        for name in disk::names(&folder)?.into_iter().filter(|n| n.contains(".damaged-")) {
            let path = folder.join(name);
            let removed = if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
            removed.map_err(io_error("remove", &path))?;
            gone.push(path);
        }
    }
    Ok(gone)
}

fn alone(dir: &Path, what: &'static str) -> Result<(), LogError> {
    match current_owner(dir)? {
        Some(owner) => Err(LogError::Busy { what, owner }),
        None => Ok(()),
    }
}

/// Who writes the log now, if anybody.
pub fn owner(dir: &Path) -> Result<Option<String>, LogError> {
    current_owner(dir)
}

/// How long maintenance waits for other maintenance.
const PATIENCE: Duration = Duration::from_secs(60);

/// Held by whoever replaces or deletes sealed segments.
pub(crate) struct SegmentLock {
    _lock: WriterLock,
}

impl SegmentLock {
    /// For a person or a timer: waits while an engine compresses what it has just sealed.
    fn take(dir: &Path, what: &'static str) -> Result<Self, LogError> {
        Self::within(dir, PATIENCE).map_err(|e| match e {
            LogError::Locked { owner } => LogError::Busy { what, owner },
            e => e,
        })
    }

    /// For an engine, which has other things to do: `None` while another process holds it.
    pub(crate) fn try_take(dir: &Path) -> Result<Option<Self>, LogError> {
        match Self::within(dir, A_MOMENT) {
            Ok(lock) => Ok(Some(lock)),
            Err(LogError::Locked { .. }) => Ok(None),
            Err(e) => Err(e),
        }
    }

    fn within(dir: &Path, patience: Duration) -> Result<Self, LogError> {
        let segments = segment_dir(dir);
        disk::create_dir(&segments)?;
        Ok(Self { _lock: WriterLock::take(&segments, "changing its segments", patience)? })
    }
}
