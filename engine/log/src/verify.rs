//! Checking a log without changing it.

mod sealed;

use crate::anchor::{AnchorState, anchor_path, read_anchor};
use crate::disk::{ScratchDir, dir_len};
use crate::error::{LogError, io_error};
use crate::hot::{hot_db, hot_dir};
use crate::journal::journal_dir;
use crate::lock::current_owner;
use crate::open::{HotSource, find_log_id, trusted_seal};
use crate::sign::PublicKey;
use crate::source::chain_at;
use crate::walk::{Change, NoSource, Walk, WalkOptions, walk};
use crate::{LogId, snapshot};
use schemas::frame::Head;
use std::path::Path;

/// Whether a finding stops the log from being opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The next open for writing repairs it; nothing acknowledged is lost.
    Repairable,
    /// Opening for writing is refused, or will be once that part is read.
    Fatal,
}

/// Something that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad.
    pub severity: Severity,
    /// What, with file and sequence.
    pub text: String,
}

/// What a full check of a log found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyReport {
    /// Events that are there and in order.
    pub events: u64,
    /// Frames that hold them.
    pub frames: u64,
    /// Sealed segments.
    pub segments: u64,
    /// Bytes of the segment files.
    pub segment_bytes: u64,
    /// Events in segments that were archived and deleted here.
    pub pruned_events: u64,
    /// Bytes of the journal's frames behind the sealed part.
    pub journal_bytes: u64,
    /// Bytes of the hot copy's files.
    pub hot_bytes: u64,
    /// Signed checkpoints that hold.
    pub checkpoints: u64,
    /// Who signed them.
    pub signed_by: Vec<PublicKey>,
    /// Where the log ends.
    pub head: Head,
    /// How far the hot copy was compared, in words.
    pub hot: String,
    /// Everything that is wrong; empty if nothing is.
    pub findings: Vec<Finding>,
}

impl VerifyReport {
    /// Whether nothing is wrong.
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }

    fn add(&mut self, severity: Severity, text: String) {
        self.findings.push(Finding { severity, text });
    }
}

/// How much is checked.
#[derive(Clone, Debug, Default)]
pub struct VerifyOptions {
    /// Also make the log's own frames again from every segment and recompute the one chain of the whole log, and hold
    /// every signed checkpoint against it.
    pub deep: bool,
    /// Only this key may have signed checkpoints.
    pub public_key: Option<PublicKey>,
}

/// Checks everything: each block of each segment and each frame of the journal with BLAKE3, chain and decoding, the head
/// anchor, signed checkpoints, the hot copy (only while nobody writes, and on a copy of its directory, because opening it
/// changes it) and the snapshots. Errors are for what could not be checked; what is wrong with the log is in the report.
pub fn verify(dir: &Path) -> Result<VerifyReport, LogError> {
    verify_with(dir, &VerifyOptions::default(), &mut |_| ())
}

/// The same with options. `progress` hears how many bytes of segments were read.
pub fn verify_with(
    dir: &Path,
    options: &VerifyOptions,
    progress: &mut dyn FnMut(u64),
) -> Result<VerifyReport, LogError> {
    let generation = || read_anchor(dir).map(|a| a.newest.map(|n| n.generation));
    let (owner, before) = (current_owner(dir)?, generation().ok());
    let report = check(dir, owner.clone(), options, progress)?;
    // A writer that came meanwhile changed files under our eyes: what was found may not be so.
    match current_owner(dir)? {
        Some(new_owner) if owner.is_none() => check(dir, Some(new_owner), options, progress),
        None if generation().ok() != before => check(dir, None, options, progress),
        _ => Ok(report),
    }
}

fn check(
    dir: &Path,
    owner: Option<String>,
    options: &VerifyOptions,
    progress: &mut dyn FnMut(u64),
) -> Result<VerifyReport, LogError> {
    if !crate::exists(dir) {
        let reason = "no head, journal, segment or hot copy is there";
        return Err(LogError::NotALog { path: dir.to_owned(), reason });
    }
    let mut report = VerifyReport {
        events: 0,
        frames: 0,
        segments: 0,
        segment_bytes: 0,
        pruned_events: 0,
        journal_bytes: 0,
        hot_bytes: dir_len(&hot_dir(dir)).unwrap_or(0),
        checkpoints: 0,
        signed_by: Vec::new(),
        head: Head::genesis(&[0; 16]),
        hot: String::new(),
        findings: Vec::new(),
    };
    let Some(mut anchor) = fatal(read_anchor(dir), &mut report)? else { return Ok(report) };
    let Some(log_id) = fatal(find_log_id(dir, &anchor), &mut report)? else { return Ok(report) };
    let sealed = sealed::check(&mut report, dir, log_id, options.deep, progress);
    let Some(sealed) = fatal(sealed, &mut report)? else { return Ok(report) };
    if owner.is_none() {
        anchor.doubt_if_older_than(sealed);
    }
    let scratch = scratch_dir()?;
    let mut hot = match &owner {
        None => HotSource::copy(dir, &anchor, &scratch.0).unwrap_or_else(|e| Err(e.to_string())),
        Some(owner) => Err(format!("not checked: the engine is running ({owner})")),
    };
    // A log without a journal has its newest events in the hot copy, where no frame needs a repair.
    let mut ends_itself = false;
    if anchor.newest.is_some_and(|a| a.hot_only) {
        report.head = sealed;
    } else {
        let walked = check_journal(dir, log_id, sealed, &anchor, &mut hot);
        let Some(walked) = fatal(walked, &mut report)? else {
            report.hot = "not checked: the journal is damaged".to_owned();
            return Ok(report);
        };
        report_walk(&mut report, &walked, owner.is_some());
        if owner.is_none() {
            anchor.doubt_if_older_than(walked.head);
        }
        ends_itself = walked.ends_itself;
    }
    let hot_head = check_hot(&mut report, dir, (log_id, sealed), &anchor, hot)?;
    if owner.is_none() {
        let confirmed = ends_itself && hot_head == Some(report.head);
        check_anchor(&mut report, dir, (log_id, sealed), &anchor, confirmed)?;
    }
    sealed::check_checkpoints(&mut report, dir, log_id, options, owner.is_some())?;
    for skipped in snapshot::unusable(dir, log_id)? {
        report.add(Severity::Repairable, format!("snapshot {}: {}", skipped.file.display(), skipped.reason));
    }
    Ok(report)
}

/// Turns an error about the log into a finding; one about reading it stays an error.
fn fatal<T>(result: Result<T, LogError>, report: &mut VerifyReport) -> Result<Option<T>, LogError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(e) if matches!(e, LogError::Io { .. } | LogError::DiskFull { .. }) => Err(e),
        Err(e) => {
            report.add(Severity::Fatal, e.to_string());
            Ok(None)
        }
    }
}

/// A new directory of this process alone; the hot copy is copied there.
fn scratch_dir() -> Result<ScratchDir, LogError> {
    let base = std::env::temp_dir();
    let mut number = 0u32;
    loop {
        let path = base.join(format!("arena-log-verify-{}-{number}", std::process::id()));
        match std::fs::create_dir(&path) {
            Ok(()) => return Ok(ScratchDir(path)),
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => number += 1,
            Err(e) => return Err(io_error("create", &path)(e)),
        }
    }
}

fn check_journal(
    dir: &Path,
    log_id: LogId,
    start: Head,
    anchor: &AnchorState,
    hot: &mut Result<HotSource, String>,
) -> Result<Walk, LogError> {
    let options = WalkOptions {
        journal: &journal_dir(dir),
        log_id,
        start,
        anchor,
        // Checkpoints are held against the log one by one.
        signed: None,
        trust_end: false,
        roll_len: u64::MAX,
        write: false,
        decode: true,
    };
    match hot {
        Ok(source) => walk(&options, source),
        Err(excuse) => walk(&options, &mut NoSource(excuse.clone())),
    }
}

fn report_walk(report: &mut VerifyReport, walked: &Walk, running: bool) {
    report.events += walked.events;
    report.frames += walked.frames;
    report.journal_bytes = walked.bytes;
    report.head = walked.head;
    for repair in &walked.repairs {
        let (file, seq, reason) = (repair.file.display(), repair.seq, &repair.reason);
        let text = match repair.change {
            // The frame that the engine is writing just now.
            Change::Cut { .. } if running => continue,
            Change::Cut { dropped, .. } => {
                format!("{file}: torn tail of {dropped} bytes at event {seq}, never acknowledged")
            }
            Change::Replace { .. } => {
                format!("{file}: damaged at event {seq}: {reason}; the hot copy has what is missing")
            }
            Change::Aside => format!("{file}: {reason}"),
        };
        report.add(Severity::Repairable, text);
    }
}

fn check_hot(
    report: &mut VerifyReport,
    dir: &Path,
    (log_id, sealed): (LogId, Head),
    anchor: &AnchorState,
    hot: Result<HotSource, String>,
) -> Result<Option<Head>, LogError> {
    let mut source = match hot {
        Ok(source) => source,
        Err(reason) => {
            let absent = !hot_db(&hot_dir(dir)).exists();
            let running = reason.starts_with("not checked");
            if !running && (!absent || trusted_seal(anchor).is_some()) {
                report.add(Severity::Repairable, format!("{}: {reason}", hot_dir(dir).display()));
            }
            report.hot = reason;
            return Ok(None);
        }
    };
    let alone = anchor.newest.is_some_and(|a| a.hot_only);
    let vouched = anchor.newest.map(|a| a.head).filter(|_| alone);
    let fault = match source.follow(sealed, vouched.as_slice()) {
        Err(fault) => fault.to_string(),
        Ok((_, Some(place))) => format!("the head anchor has another chain value at event {}", place.seq),
        Ok((head, None)) if alone => {
            report.events += head.seq.saturating_sub(sealed.seq);
            report.head = head;
            report.hot = format!("checked up to event {}", head.seq);
            return Ok(Some(head));
        }
        Ok((head, None)) if report.findings.is_empty() && !agrees(dir, log_id, head)? => {
            format!("it disagrees with the journal at or before event {}", head.seq)
        }
        Ok((head, None)) if trusted_seal(anchor).is_some() && head.seq != report.head.seq => {
            format!("it ends at event {} though the log was closed", head.seq)
        }
        Ok((head, None)) => {
            report.hot = format!("checked up to event {}", head.seq);
            return Ok(Some(head));
        }
    };
    let severity = if alone { Severity::Fatal } else { Severity::Repairable };
    report.add(severity, format!("{}: {fault}", hot_dir(dir).display()));
    report.hot = "damaged".to_owned();
    Ok(None)
}

/// Whether the log goes through `head`. What cannot be read there is another check's to report.
fn agrees(dir: &Path, log_id: LogId, head: Head) -> Result<bool, LogError> {
    match chain_at(dir, log_id, head.seq) {
        Ok(found) => Ok(found == Some(head)),
        Err(e @ (LogError::Io { .. } | LogError::DiskFull { .. })) => Err(e),
        Err(_) => Ok(true),
    }
}

/// `confirmed`: journal and hot copy end at the same event, each by its own word.
fn check_anchor(
    report: &mut VerifyReport,
    dir: &Path,
    (log_id, sealed): (LogId, Head),
    anchor: &AnchorState,
    confirmed: bool,
) -> Result<(), LogError> {
    let path = anchor_path(dir);
    let file = path.display();
    let Some(head) = anchor.newest.map(|a| a.head) else {
        let severity = if confirmed { Severity::Repairable } else { Severity::Fatal };
        report.add(severity, format!("{file}: the head anchor is missing or damaged"));
        return Ok(());
    };
    let is_sealed = head.seq <= sealed.seq && head.seq >= report.pruned_events;
    if head.seq > report.head.seq {
        let (from, to) = (report.head.seq + 1, head.seq);
        let text = format!("events {from} to {to} are missing, {file} says that they were acknowledged");
        report.add(Severity::Fatal, text);
    } else if is_sealed && !agrees(dir, log_id, head)? {
        let text = format!("{file}: the head anchor has another chain value than the log at event {}", head.seq);
        report.add(Severity::Fatal, text);
    } else if anchor.doubtful {
        report.add(Severity::Repairable, format!("{file}: the head anchor is damaged in part, or older than the log"));
    }
    Ok(())
}
