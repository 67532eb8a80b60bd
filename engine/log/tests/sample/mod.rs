//! Small logs for the tests, and what their files are.
#![allow(dead_code, reason = "each test program uses some of it")]

use eventlog::{LogReader, LogWriter, OpenReport, WriterOptions};
use schemas::event::{BookDelta, MarketEvent, SystemEvent};
use schemas::frame::Check;
use schemas::{CycleId, Envelope, Event, MarketId, Price, Record, Seq, Side, Size, UtcNanos};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The `n`-th record of every test log: a tick, or now and then a longer text.
pub fn record(n: u64) -> Record {
    let event = if n % 7 == 3 {
        Event::System(SystemEvent::Halted { reason: format!("reason {n} {}", "because ".repeat((n % 40) as usize)) })
    } else {
        Event::Market(MarketEvent::BookDelta(BookDelta {
            token: MarketId(n as u32 % 50).yes(),
            side: if n.is_multiple_of(2) { Side::Buy } else { Side::Sell },
            price: Price(10_000 * (n as i64 % 99)),
            size: Size(1_000_000 * n as i64),
            stated: None,
            source_time: UtcNanos(n as i64 * 1_000 - 5),
        }))
    };
    Record { time: UtcNanos(n as i64 * 1_000), cause: n / 2, cycle: CycleId((n / 10) as u32), event }
}

/// The records from `first` on.
pub fn records(first: u64, count: u64) -> Vec<Record> {
    (first..first + count).map(record).collect()
}

/// The events 1 to `last`, as they must be read back.
pub fn expected(last: u64) -> Vec<Envelope> {
    (1..=last).map(|n| record(n).at(Seq::new(n).unwrap())).collect()
}

pub fn options() -> WriterOptions {
    // Zeroing files ahead would be most of the time that thousands of small logs take.
    WriterOptions { owner: "the test".to_owned(), preallocate: false, ..WriterOptions::default() }
}

/// A directory whose syncs cost nothing, where the system has one: these tests damage files, they cut no power.
pub fn fast_home() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}

/// Writes a log with a frame of each length, and closes it.
pub fn closed_log(dir: &Path, options: &WriterOptions, frames: &[u64]) {
    let (mut writer, _) = LogWriter::open(dir, options).unwrap();
    append(&mut writer, frames);
    writer.close().unwrap();
}

pub fn append(writer: &mut LogWriter, frames: &[u64]) {
    for count in frames {
        let first = writer.next_seq().get();
        assert_eq!(writer.commit(&records(first, *count)).unwrap().seq, first + count - 1);
    }
}

/// Every event that a reader finds.
pub fn read_all(dir: &Path) -> Vec<Envelope> {
    read_from(dir, 1)
}

/// Every event from `first` on that a reader finds.
pub fn read_from(dir: &Path, first: u64) -> Vec<Envelope> {
    let reader = LogReader::open(dir).unwrap();
    let mut stream = reader.events(Seq::new(first).unwrap(), Check::Full).unwrap();
    let (mut all, mut frame) = (Vec::new(), Vec::new());
    while stream.next_frame(&mut frame).unwrap() {
        all.append(&mut frame);
    }
    all
}

/// Opens for writing, closes, and says what was repaired. Checks that the events are 1 to `last`, that the log is then
/// clean, and that it takes another event.
pub fn repaired(dir: &Path, options: &WriterOptions, last: u64) -> OpenReport {
    let (mut writer, report) = LogWriter::open(dir, options).unwrap_or_else(|e| panic!("refused: {e}"));
    assert_eq!(report.head.seq, last, "{:?}", report.notes);
    assert_eq!(read_all(dir), expected(last));
    append(&mut writer, &[1]);
    writer.close().unwrap();
    assert_eq!(read_all(dir), expected(last + 1));
    let verified = eventlog::verify(dir).unwrap();
    assert!(verified.is_clean(), "{:?}", verified.findings);
    report
}

pub fn notes(report: &OpenReport) -> String {
    report.notes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// The content of every file below `dir`, except the lock's text.
pub fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    let mut todo = vec![dir.to_owned()];
    while let Some(next) = todo.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                todo.push(path);
            } else if path.file_name().unwrap() != "lock" {
                all.insert(path.strip_prefix(dir).unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    all
}

/// Replaces everything below `dir` by `content`.
pub fn restore(dir: &Path, content: &BTreeMap<PathBuf, Vec<u8>>) {
    let _ = fs::remove_dir_all(dir);
    fs::create_dir_all(dir.join("journal")).unwrap();
    for (name, bytes) in content {
        let path = dir.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

pub fn journal_file(dir: &Path, first_seq: u64) -> PathBuf {
    dir.join(format!("journal/j-{first_seq:016x}.aaj"))
}

/// Changes one byte of a file.
pub fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 0x40;
    fs::write(path, bytes).unwrap();
}
