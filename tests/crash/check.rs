//! What must be true of a log after whatever happened to its disk.

use super::sample::{append, expected, record};
use super::trace::Trace;
use super::workload::{options, snapshot};
use eventlog::{LogError, LogReader, LogWriter, OpenReport, WriterOptions, verify};
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
        }
    }
}

/// Opens the log as its next writer would, and requires all that is promised.
pub fn check_log(dir: &Path, seed: u64, facts: Facts) -> Result<OpenReport, String> {
    let options = options(seed);
    read_before_repair(dir, facts)?;
    let (mut writer, report) = LogWriter::open(dir, &options).map_err(|e| format!("refused: {e}"))?;
    let head = report.head.seq;
    if head < facts.acknowledged {
        return Err(format!("{} events were acknowledged, {head} are left: {:?}", facts.acknowledged, report.notes));
    }
    if head > facts.tried {
        return Err(format!("{head} events are there, {} were ever written", facts.tried));
    }
    same_events(dir, head)?;
    check_snapshot(dir, facts)?;
    append(&mut writer, &[1, 40, 3]);
    writer.close().map_err(|e| format!("does not close: {e}"))?;
    let verified = verify(dir).map_err(|e| format!("cannot be verified: {e}"))?;
    if !verified.is_clean() {
        return Err(format!("not clean after a close: {:?}", verified.findings));
    }
    reopen_clean(dir, &options, head + 44)?;
    Ok(report)
}

/// A reader may come before the next writer has repaired anything: it shows what was written or names what is wrong.
fn read_before_repair(dir: &Path, facts: Facts) -> Result<(), String> {
    if !eventlog::exists(dir) {
        return Ok(());
    }
    let mut seen = 0;
    let mut read = || -> Result<(), LogError> {
        let mut stream = LogReader::open(dir)?.events(Seq::FIRST, Check::Full)?;
        let mut frame = Vec::new();
        while stream.next_frame(&mut frame)? {
            for event in &frame {
                seen += 1;
                assert_eq!(Some(event), Seq::new(seen).map(|seq| record(seen).at(seq)).as_ref(), "as read by a reader");
            }
        }
        Ok(())
    };
    let outcome = read();
    if outcome.is_ok() && seen < facts.acknowledged {
        // Only a writer can tell from the second copy that more belongs here; the anchor may be behind.
        return reader_must_know(dir, seen);
    }
    Ok(())
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

fn same_events(dir: &Path, last: u64) -> Result<(), String> {
    let found = super::sample::read_all(dir);
    if found.len() as u64 != last {
        return Err(format!("{} events are read, the log ends at {last}", found.len()));
    }
    let expected = expected(last);
    match (0..expected.len()).find(|n| expected[*n] != found[*n]) {
        Some(n) => Err(format!("event {} is not what was written: {:?}", n + 1, found[n])),
        None => Ok(()),
    }
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

fn reopen_clean(dir: &Path, options: &WriterOptions, last: u64) -> Result<(), String> {
    let (writer, report) = LogWriter::open(dir, options).map_err(|e| format!("refused after a clean close: {e}"))?;
    drop(writer);
    if report.head.seq != last || !report.notes.is_empty() {
        return Err(format!("after a clean close at {last}: {report:?}"));
    }
    same_events(dir, last)
}
