//! What must hold when a process was killed.

use crate::ledger::Ledger;
use crate::sample::record;
use crate::spec::Spec;
use eventlog::{LogReader, LogWriter, VerifyOptions, verify_with};
use schemas::frame::Check;
use schemas::{Envelope, Seq};
use std::fs;
use std::path::Path;

/// Every event that is still here, from the first on.
pub fn read(dir: &Path) -> Vec<Envelope> {
    let reader = LogReader::open(dir).unwrap();
    let first = Seq::new(reader.first_seq().unwrap()).unwrap();
    let mut stream = reader.events(first, Check::Full).unwrap_or_else(|e| panic!("{e}"));
    let (mut all, mut frame) = (Vec::new(), Vec::new());
    while stream.next_frame(&mut frame).unwrap_or_else(|e| panic!("{e}")) {
        all.append(&mut frame);
    }
    all
}

/// The events are those that every writing child writes, without a gap.
pub fn is_sample(events: &[Envelope]) {
    let first = events.first().map_or(1, |e| e.seq.get());
    for (n, event) in (first..).zip(events) {
        assert_eq!(*event, record(n).at(Seq::new(n).unwrap()), "event {n}");
    }
}

/// Checks the log in `dir` after a kill: a reader finds everything acknowledged; opening a copy of it finds the same and
/// closes to a log that is clean to the last hash. The log itself stays as the kill left it.
pub fn recovers(dir: &Path, spec: &Spec, acknowledged: u64, content: &dyn Fn(&[Envelope]), ledger: &mut Ledger) {
    if !eventlog::exists(dir) {
        assert_eq!(acknowledged, 0);
        return;
    }
    let seen = read(dir);
    let anchor = LogReader::open(dir).unwrap().head_anchor().unwrap();
    // A log without a journal shows its newest events when they are sealed.
    let shows_all = !anchor.is_some_and(|a| a.hot_only);
    assert!(!shows_all || end(&seen, dir) >= acknowledged, "a reader ends at {}, not {acknowledged}", end(&seen, dir));
    let copy = dir.with_extension("copy");
    copy_tree(dir, &copy);
    let (writer, report) = LogWriter::open(&copy, &spec.options(dir)).unwrap_or_else(|e| panic!("refused: {e}"));
    assert!(report.head.seq >= acknowledged, "acknowledged {acknowledged}, found {}", report.head.seq);
    ledger.opened(&report);
    writer.close().unwrap();
    let events = read(&copy);
    assert_eq!(end(&events, &copy), report.head.seq);
    assert!(seen.is_empty() || events.starts_with(&seen), "a reader saw other events before the log was opened");
    content(&events);
    if !spec.hot && copy.join("hot").exists() {
        // It is of the time when there was one, and may know an event that was never acknowledged.
        fs::remove_dir_all(copy.join("hot")).unwrap();
    }
    is_clean(&copy);
    fs::remove_dir_all(&copy).unwrap();
}

/// Everything in a closed log fits, down to the frames that its segments were made of.
pub fn is_clean(dir: &Path) {
    let verified = verify_with(dir, &VerifyOptions { deep: true, public_key: None }, &mut |_| ()).unwrap();
    assert!(verified.is_clean(), "{:?}", verified.findings);
}

fn end(events: &[Envelope], dir: &Path) -> u64 {
    events.last().map_or_else(|| LogReader::open(dir).unwrap().first_seq().unwrap() - 1, |e| e.seq.get())
}

fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy_tree(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}
