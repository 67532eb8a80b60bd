//! What must be true of a log after whatever happened to its disk.

use super::sample::{append, record};
use super::trace::Trace;
use super::workload::{options, snapshot, state_hash};
use eventlog::{LogError, LogReader, LogWriter, OpenReport, Reason, WriterOptions, read_checkpoints, verify};
use schemas::Seq;
use schemas::frame::Check;
use std::path::Path;

/// What a trace says up to some point.
#[derive(Clone, Copy, Debug, Default)]
pub struct Facts {
    /// The last event that was acknowledged: everything up to here must be there.
    pub acknowledged: u64,
    /// The last event that was ever handed to the log: nothing behind it can be there.
    pub tried: u64,
    /// The newest snapshot that was reported as stored.
    pub snapshot: u64,
    /// The newest checkpoint that was reported as signed.
    pub signed: u64,
    /// Events up to here may have been deleted on request.
    pub deleted: u64,
}

impl Facts {
    /// From the first `until` effects of a trace; `before` is what held already.
    pub fn of(trace: &Trace, until: usize, before: Self) -> Self {
        let number = |word, or: u64| trace.last_number(word, until).unwrap_or(0).max(or);
        let acknowledged = number("ack ", before.acknowledged);
        Self {
            // An open that found more has taken it over: it is acknowledged from then on.
            acknowledged: number("open ", acknowledged),
            tried: number("try ", before.tried),
            snapshot: number("snapshot ", before.snapshot),
            signed: number("signed ", before.signed),
            deleted: number("delete ", before.deleted),
        }
    }
}

/// Opens the log as its next writer would, and requires all that is promised.
pub fn check_log(dir: &Path, seed: u64, facts: Facts) -> Result<OpenReport, String> {
    let options = options(seed);
    read_before_repair(dir, &options, facts)?;
    let (mut writer, report) = LogWriter::open(dir, &options).map_err(|e| format!("refused: {e}"))?;
    let head = report.head.seq;
    if head < facts.acknowledged {
        return Err(format!("{} events were acknowledged, {head} are left: {:?}", facts.acknowledged, report.notes));
    }
    if head > facts.tried {
        return Err(format!("{head} events are there, {} were ever written", facts.tried));
    }
    same_events(dir, head, facts)?;
    check_snapshot(dir, facts)?;
    check_signed(dir, &options, facts)?;
    append(&mut writer, &[1, 40, 3]);
    writer.close().map_err(|e| format!("does not close: {e}"))?;
    let verified = verify(dir).map_err(|e| format!("cannot be verified: {e}"))?;
    if !verified.is_clean() {
        return Err(format!("not clean after a close: {:?}", verified.findings));
    }
    reopen_clean(dir, &options, head + 44, facts)?;
    Ok(report)
}

/// Reads everything that is there, and checks each event as it comes. Returns the first and the last.
fn read(dir: &Path, seen: &mut (u64, u64)) -> Result<(), LogError> {
    let reader = LogReader::open(dir)?;
    let first = match reader.events(Seq::FIRST, Check::Full) {
        Err(LogError::Pruned { first_seq, .. }) => first_seq,
        Err(e) => return Err(e),
        Ok(_) => 1,
    };
    *seen = (first, first - 1);
    let mut stream = reader.events(Seq::new(first).unwrap(), Check::Full)?;
    let mut frame = Vec::new();
    while stream.next_frame(&mut frame)? {
        for event in &frame {
            seen.1 += 1;
            let written = record(seen.1).at(Seq::new(seen.1).unwrap());
            assert!(*event == written, "event {} is read as {event:?}, written was {written:?}", seen.1);
        }
    }
    Ok(())
}

/// A reader may come before the next writer has repaired anything: it shows what was written or names what is wrong.
fn read_before_repair(dir: &Path, options: &WriterOptions, facts: Facts) -> Result<(), String> {
    if !eventlog::exists(dir) {
        return Ok(());
    }
    let mut seen = (1, 0);
    match read(dir, &mut seen) {
        // What the anchor does not know yet, a reader cannot miss.
        Ok(()) if options.journal && seen.1 < facts.acknowledged => reader_must_know(dir, seen.1),
        _ => Ok(()),
    }
}

/// A reader that ended early without an error must not have gone past the anchor's word.
fn reader_must_know(dir: &Path, seen: u64) -> Result<(), String> {
    let anchor = LogReader::open(dir).and_then(|r| r.head_anchor()).map_err(|e| e.to_string())?;
    match anchor {
        Some(anchor) if anchor.head.seq > seen => {
            Err(format!("a reader stops at event {seen} without an error; the anchor says {}", anchor.head.seq))
        }
        _ => Ok(()),
    }
}

fn same_events(dir: &Path, last: u64, facts: Facts) -> Result<(), String> {
    let mut seen = (1, 0);
    read(dir, &mut seen).map_err(|e| format!("cannot be read: {e}"))?;
    if seen.1 != last || seen.0 > facts.deleted + 1 {
        return Err(format!("events {} to {} are read, the log ends at {last}", seen.0, seen.1));
    }
    Ok(())
}

fn check_snapshot(dir: &Path, facts: Facts) -> Result<(), String> {
    let reader = LogReader::open(dir).map_err(|e| e.to_string())?;
    let found = reader.latest_snapshot(None).map_err(|e| format!("snapshots cannot be read: {e}"))?;
    let newest = found.newest.as_ref().map_or(0, |s| s.head.seq);
    if newest < facts.snapshot {
        return Err(format!("the snapshot at event {} is lost, {newest} is the newest: {found:?}", facts.snapshot));
    }
    match &found.newest {
        Some(s) if s.sections != snapshot(s.head.seq) => Err(format!("snapshot {newest} has other content")),
        _ => Ok(()),
    }
}

fn check_signed(dir: &Path, options: &WriterOptions, facts: Facts) -> Result<(), String> {
    let Some(signer) = &options.signer else { return Ok(()) };
    let all = read_checkpoints(dir).map_err(|e| e.to_string())?;
    let states = all.iter().filter(|c| c.reason == Reason::State);
    let newest = states.clone().next_back().map_or(0, |c| c.head.seq);
    if newest < facts.signed {
        return Err(format!("the checkpoint signed at event {} is lost, {newest} is the newest", facts.signed));
    }
    if let Some(wrong) = states.into_iter().find(|c| c.hash != state_hash(c.head.seq)) {
        return Err(format!("the checkpoint at event {} has another state hash", wrong.head.seq));
    }
    all.iter().try_for_each(|c| c.verify(Some(&signer.public_key())))
}

fn reopen_clean(dir: &Path, options: &WriterOptions, last: u64, facts: Facts) -> Result<(), String> {
    let (writer, report) = LogWriter::open(dir, options).map_err(|e| format!("refused after a clean close: {e}"))?;
    drop(writer);
    if report.head.seq != last || !report.notes.is_empty() {
        return Err(format!("after a clean close at {last}: {report:?}"));
    }
    same_events(dir, last, facts)
}
