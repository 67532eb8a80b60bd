//! Checking segments and signed checkpoints.

use super::{Severity, VerifyOptions, VerifyReport, agrees};
use crate::LogId;
use crate::cursor::{FrameCursor, Step};
use crate::error::LogError;
use crate::journal::{journal_dir, list_files};
use crate::kept;
use crate::pruned::{pruned_path, read_pruned};
use crate::segment::{self, segment_dir};
use crate::sign::{Reason, checkpoint_path, read_file};
use crate::source::foreign;
use schemas::frame::{Check, Head};
use std::path::Path;

/// Without `deep`, this many of the newest state checkpoints are held against the log.
const NEWEST: usize = 16;

/// Checks every segment and how they follow each other. Returns where the sealed part ends.
pub(super) fn check(
    report: &mut VerifyReport,
    dir: &Path,
    log_id: LogId,
    deep: bool,
    progress: &mut dyn FnMut(u64),
) -> Result<Head, LogError> {
    let pruned = read_pruned(dir)?;
    if let Some(other) = pruned.iter().find(|p| p.log_id != log_id) {
        return Err(foreign(&pruned_path(dir), other.first_seq));
    }
    let mut head = pruned.last().map_or_else(|| Head::genesis(&log_id), |p| p.head);
    report.pruned_events = head.seq;
    report.head = head;
    for (first, last, path) in segment::list(&segment_dir(dir))? {
        if last <= head.seq && head.seq == report.pruned_events {
            continue;
        }
        if first > head.seq + 1 {
            let file = segment_dir(dir).join(segment::file_name(head.seq + 1, first - 1));
            let lost = LogError::Damaged { file, seq: head.seq + 1, reason: "the segment is missing".to_owned() };
            head = repairable(report, dir, log_id, head, first - 1, lost)?;
        }
        let info = match segment::verify(&path, deep, progress) {
            Ok(info) => info,
            Err(e) if e.is_damage() => {
                head = repairable(report, dir, log_id, head, last, e)?;
                continue;
            }
            Err(e) => return Err(e),
        };
        if info.log_id != log_id {
            return Err(foreign(&path, first));
        }
        if info.before != head {
            let reason = "its chain does not continue what is before it".to_owned();
            return Err(LogError::ForeignCopy { file: path, seq: first, reason });
        }
        head = info.head;
        report.head = head;
        report.events += info.events;
        report.frames += info.frames;
        report.segments += 1;
        report.segment_bytes += info.file_len;
    }
    for bad in kept::damaged(dir, log_id, head)? {
        let (file, seq, reason) = (bad.file.display(), bad.seq, bad.reason);
        let text =
            format!("{file}: a kept copy of sealed events is damaged at event {seq}: {reason}; the segment has them");
        report.add(Severity::Repairable, text);
    }
    Ok(head)
}

/// A damaged segment can be made again if the journal still has all of it.
fn repairable(
    report: &mut VerifyReport,
    dir: &Path,
    log_id: LogId,
    before: Head,
    last: u64,
    error: LogError,
) -> Result<Head, LogError> {
    let journal = journal_dir(dir);
    if !list_files(&journal)?.iter().any(|(first, _)| *first == before.seq + 1) {
        return Err(error);
    }
    let mut cursor = FrameCursor::near(&journal, log_id, before.seq + 1, before)?;
    while cursor.head().seq < last {
        let Step::Frame(header) = cursor.step(|_| Some(Check::Full))? else { return Err(error) };
        report.events += u64::from(header.count);
        report.frames += 1;
    }
    report.head = cursor.head();
    report.add(Severity::Repairable, format!("{error}; the journal it was made from is still here"));
    Ok(cursor.head())
}

/// Checks what was signed: by whom, and that the log still is what it was.
pub(super) fn check_checkpoints(
    report: &mut VerifyReport,
    dir: &Path,
    log_id: LogId,
    options: &VerifyOptions,
    running: bool,
) -> Result<(), LogError> {
    let file = checkpoint_path(dir);
    let (all, bad) = match read_file(dir) {
        Ok(read) => read,
        Err(e @ LogError::Newer { .. }) => {
            report.add(Severity::Fatal, e.to_string());
            return Ok(());
        }
        Err(e) => return Err(e),
    };
    if bad > 0 {
        let text = format!("{}: {bad} records are incomplete or damaged, {} are readable", file.display(), all.len());
        report.add(Severity::Repairable, text);
    }
    let whole = report.findings.iter().all(|f| f.severity == Severity::Repairable);
    for (at, checkpoint) in all.iter().enumerate() {
        let (seq, newest) = (checkpoint.head.seq, at + NEWEST >= all.len());
        let bad = |reason: String| LogError::BadSignature { file: file.clone(), seq, reason }.to_string();
        if checkpoint.log_id != log_id {
            report.add(Severity::Fatal, bad("it is about another log".to_owned()));
            continue;
        }
        if let Err(reason) = checkpoint.verify(options.public_key.as_ref()) {
            report.add(Severity::Fatal, bad(reason));
            continue;
        }
        let compare = whole && seq > report.pruned_events && seq <= report.head.seq;
        if compare
            && (options.deep || newest || checkpoint.reason == Reason::Sealed)
            && !agrees(dir, log_id, checkpoint.head)?
        {
            report.add(Severity::Fatal, bad("the log has another chain value there".to_owned()));
            continue;
        }
        // It is signed behind the sync of what it is about. A running engine may have signed since the journal was read.
        if whole && !running && seq > report.head.seq {
            report.add(Severity::Fatal, bad(format!("the log ends at event {}", report.head.seq)));
            continue;
        }
        if !report.signed_by.contains(&checkpoint.public_key) {
            report.signed_by.push(checkpoint.public_key);
        }
        report.checkpoints += 1;
    }
    Ok(())
}
