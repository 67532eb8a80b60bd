//! A log that nothing bad happens to.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod sample;

use eventlog::{LogError, LogReader, LogWriter, WriterOptions, verify};
use sample::*;
use schemas::frame::Check;
use schemas::{Seq, UtcNanos};
use std::fs;

fn seq(n: u64) -> Seq {
    Seq::new(n).unwrap()
}

#[test]
fn what_was_committed_is_read_back_across_reopens_and_files() {
    let dir = tempfile::tempdir().unwrap();
    let small = WriterOptions { roll_len: 4096, checkpoint_len: 8192, keep_journal: 100, ..options() };
    let mut last = 0;
    for frames in [&[1, 2, 30, 4][..], &[], &[100, 1, 1], &[300]] {
        let (mut writer, report) = LogWriter::open(dir.path(), &small).unwrap();
        assert_eq!((report.head.seq, notes(&report)), (last, String::new()));
        append(&mut writer, frames);
        last += frames.iter().sum::<u64>();
        assert_eq!(writer.head().seq, last);
        writer.close().unwrap();
        assert_eq!(read_all(dir.path()), expected(last));
    }
    assert!(fs::read_dir(dir.path().join("journal")).unwrap().count() > 3);
    let report = verify(dir.path()).unwrap();
    assert!(report.is_clean(), "{:?}", report.findings);
    assert_eq!((report.events, report.frames, report.head.seq), (last, 8, last));
    assert_eq!(report.hot, format!("checked up to event {last}"));
    assert_eq!(LogReader::open(dir.path()).unwrap().last().unwrap(), report.head);
}

#[test]
fn the_same_inputs_give_the_same_journal_and_head() {
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for dir in [&a, &b] {
        closed_log(dir.path(), &options(), &[3, 50, 2]);
    }
    assert_eq!(fs::read(journal_file(a.path(), 1)).unwrap(), fs::read(journal_file(b.path(), 1)).unwrap());
    let other = WriterOptions { log_id: Some([9; 16]), ..options() };
    let c = tempfile::tempdir().unwrap();
    closed_log(c.path(), &other, &[3, 50, 2]);
    assert_ne!(fs::read(journal_file(a.path(), 1)).unwrap(), fs::read(journal_file(c.path(), 1)).unwrap());
    assert_eq!(LogReader::open(c.path()).unwrap().log_id(), [9; 16]);
}

#[test]
fn a_second_reader_follows_a_running_writer_through_files() {
    let dir = tempfile::tempdir().unwrap();
    let small = WriterOptions { roll_len: 3000, ..options() };
    let (mut writer, _) = LogWriter::open(dir.path(), &small).unwrap();
    let reader = LogReader::open(dir.path()).unwrap();
    let mut stream = reader.events(seq(1), Check::Full).unwrap();
    let mut late = reader.events(seq(40), Check::Crc).unwrap();
    let (mut frame, mut seen, mut seen_late) = (Vec::new(), Vec::new(), Vec::new());
    assert!(!stream.next_frame(&mut frame).unwrap());
    for count in [1, 5, 1, 60, 2, 7, 7, 90] {
        append(&mut writer, &[count]);
        while stream.next_frame(&mut frame).unwrap() {
            seen.append(&mut frame);
        }
        while late.next_frame(&mut frame).unwrap() {
            seen_late.append(&mut frame);
        }
        assert_eq!(stream.head(), writer.head());
        assert_eq!(reader.last().unwrap(), writer.head());
        assert_eq!(reader.head_anchor().unwrap().unwrap().head, writer.head());
    }
    let all = expected(writer.head().seq);
    assert_eq!(seen, all);
    assert_eq!(seen_late, all[39..]);
    let report = verify(dir.path()).unwrap();
    assert!(report.is_clean(), "{:?}", report.findings);
    let pid = format!("not checked: the engine is running (pid {}", std::process::id());
    assert!(report.hot.starts_with(&pid), "{}", report.hot);
}

#[test]
fn a_reader_on_another_thread_sees_every_event_once() {
    let dir = tempfile::tempdir().unwrap();
    let small = WriterOptions { roll_len: 20_000, ..options() };
    let (mut writer, _) = LogWriter::open(dir.path(), &small).unwrap();
    let reader = LogReader::open(dir.path()).unwrap();
    let following = std::thread::spawn(move || {
        let mut stream = reader.events(Seq::FIRST, Check::Full).unwrap();
        let (mut all, mut frame) = (Vec::new(), Vec::new());
        while all.len() < 3000 {
            stream.next_frame(&mut frame).unwrap();
            all.append(&mut frame);
        }
        all
    });
    for n in 0..300 {
        append(&mut writer, &[1 + n % 19]);
    }
    assert_eq!(writer.head().seq, 2970);
    append(&mut writer, &[30]);
    assert_eq!(following.join().unwrap(), expected(3000));
}

#[test]
fn events_are_found_by_sequence_and_by_time() {
    let dir = tempfile::tempdir().unwrap();
    let small = WriterOptions { roll_len: 3000, ..options() };
    closed_log(dir.path(), &small, &[1, 9, 20, 1, 40, 3, 200, 5]);
    let reader = LogReader::open(dir.path()).unwrap();
    for n in [1, 2, 10, 11, 31, 32, 74, 75, 274, 279] {
        assert_eq!(reader.read(seq(n)).unwrap().unwrap(), record(n).at(seq(n)), "{n}");
        assert_eq!(reader.seek_time(UtcNanos(n as i64 * 1000)).unwrap(), Some(seq(n)));
        assert_eq!(reader.seek_time(UtcNanos(n as i64 * 1000 - 999)).unwrap(), Some(seq(n)));
    }
    assert_eq!(reader.read(seq(280)).unwrap(), None);
    assert_eq!(reader.read(seq(u64::MAX)).unwrap(), None);
    assert_eq!(reader.seek_time(UtcNanos(279_001)).unwrap(), None);
    assert_eq!(reader.seek_time(UtcNanos(i64::MIN)).unwrap(), Some(seq(1)));
}

#[test]
fn a_second_writer_is_refused_by_the_name_of_the_first() {
    let dir = tempfile::tempdir().unwrap();
    let (writer, _) = LogWriter::open(dir.path(), &options()).unwrap();
    let error = LogWriter::open(dir.path(), &options()).err().unwrap();
    let LogError::Locked { owner } = &error else { panic!("{error}") };
    assert_eq!(*owner, format!("pid {}, the test", std::process::id()));
    drop(writer);
    assert!(LogWriter::open(dir.path(), &options()).is_ok());
}

#[test]
fn other_directories_are_no_logs() {
    let dir = tempfile::tempdir().unwrap();
    assert!(!eventlog::exists(dir.path()));
    assert!(matches!(LogReader::open(dir.path()), Err(LogError::NotALog { .. })));
    assert!(matches!(verify(dir.path()), Err(LogError::NotALog { .. })));
    fs::write(dir.path().join("letter.txt"), "dear").unwrap();
    assert!(matches!(LogWriter::open(dir.path(), &options()), Err(LogError::NotALog { .. })));
    assert!(matches!(LogWriter::open(&dir.path().join("letter.txt"), &options()), Err(LogError::NotALog { .. })));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    let below = dir.path().join("a/b");
    closed_log(&below, &options(), &[1]);
    assert!(eventlog::exists(&below));
}

#[test]
fn a_creation_that_was_cut_short_is_finished() {
    let dir = tempfile::tempdir().unwrap();
    closed_log(dir.path(), &options(), &[]);
    fs::remove_dir_all(dir.path().join("hot")).unwrap();
    fs::remove_file(dir.path().join("head")).unwrap();
    repaired(dir.path(), &options(), 0);
    let empty = tempfile::tempdir().unwrap();
    fs::create_dir(empty.path().join("journal")).unwrap();
    fs::write(empty.path().join("journal/j-0000000000000001.aaj.tmp"), [1, 2]).unwrap();
    repaired(empty.path(), &options(), 0);
}

#[test]
fn snapshots_come_back_and_the_newest_three_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let (mut writer, _) = LogWriter::open(dir.path(), &options()).unwrap();
    let reader = LogReader::open(dir.path()).unwrap();
    assert_eq!(reader.latest_snapshot(None).unwrap().newest, None);
    for n in 1..=5u8 {
        append(&mut writer, &[10]);
        let sections = vec![("books".to_owned(), vec![n; 5000]), ("orders".to_owned(), Vec::new())];
        writer.write_snapshot(&sections).unwrap();
        let found = reader.latest_snapshot(None).unwrap();
        assert_eq!((found.newest.unwrap().sections, found.skipped.len()), (sections, 0));
    }
    assert_eq!(fs::read_dir(dir.path().join("snapshots")).unwrap().count(), 3);
    let at = |most| reader.latest_snapshot(most).unwrap().newest.map(|s| s.head.seq);
    assert_eq!([at(None), at(Some(49)), at(Some(30)), at(Some(29))], [Some(50), Some(40), Some(30), None]);
    assert_eq!(reader.latest_snapshot(None).unwrap().newest.unwrap().head, writer.head());
}

#[test]
fn a_damaged_or_foreign_snapshot_is_skipped_and_reported() {
    let dir = tempfile::tempdir().unwrap();
    let (mut writer, _) = LogWriter::open(dir.path(), &options()).unwrap();
    let sections = [("s".to_owned(), vec![7; 300])];
    append(&mut writer, &[10]);
    let old = writer.write_snapshot(&sections).unwrap();
    append(&mut writer, &[10]);
    let new = writer.write_snapshot(&sections).unwrap();
    writer.close().unwrap();
    let reader = LogReader::open(dir.path()).unwrap();
    let intact = fs::read(&new).unwrap();
    for at in 0..intact.len() {
        flip(&new, at);
        let found = reader.latest_snapshot(None).unwrap();
        assert_eq!((found.newest.unwrap().head.seq, found.skipped.len()), (10, 1), "byte {at}");
        fs::write(&new, &intact).unwrap();
    }
    fs::write(&new, fs::read(&old).unwrap()).unwrap();
    assert_eq!(reader.latest_snapshot(None).unwrap().skipped[0].reason, "its name and its content disagree");
    let other = tempfile::tempdir().unwrap();
    let (mut writer, _) = LogWriter::open(other.path(), &options()).unwrap();
    writer.commit(&records(500, 10)).unwrap();
    fs::copy(writer.write_snapshot(&sections).unwrap(), &old).unwrap();
    fs::remove_file(&new).unwrap();
    let found = reader.latest_snapshot(None).unwrap();
    assert_eq!(found.newest, None);
    assert!(found.skipped[0].reason.contains("another chain value at event 10"), "{:?}", found.skipped);
    let report = verify(dir.path()).unwrap();
    assert_eq!(report.findings.len(), 1, "{:?}", report.findings);
    fs::remove_dir_all(dir.path().join("snapshots")).unwrap();
    let report = repaired(dir.path(), &options(), 20);
    assert_eq!(notes(&report), "");
}

#[test]
fn a_log_without_hot_copy_gets_one_later() {
    let dir = tempfile::tempdir().unwrap();
    let lone = WriterOptions { hot: false, ..options() };
    closed_log(dir.path(), &lone, &[10, 20]);
    assert!(!dir.path().join("hot").exists());
    assert!(verify(dir.path()).unwrap().is_clean());
    assert_eq!(notes(&repaired(dir.path(), &lone, 30)), "");
    let report = repaired(dir.path(), &options(), 31);
    assert_eq!(notes(&report), "hot copy built anew: it was missing");
}
