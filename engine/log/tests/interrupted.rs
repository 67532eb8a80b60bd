//! States that a kill can leave between two steps, made by hand: what the kill tests meet once in a thousand rounds.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod sample;

use eventlog::{
    LogError, LogReader, LogWriter, SegmentInfo, Signer, WriterOptions, assemble, maintain, read_pruned, verify,
};
use sample::*;
use schemas::frame::Check;
use schemas::{Bytes32, Seq};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A log of twelve segments and a snapshot at its end.
fn sealed(dir: &Path) -> (LogWriter, Vec<SegmentInfo>) {
    let options = WriterOptions { roll_len: 3_000, ..options() };
    let (mut writer, _) = LogWriter::open(dir, &options).unwrap();
    for _ in 0..12 {
        append(&mut writer, &[50]);
        writer.seal_all().unwrap();
    }
    writer.write_snapshot(&[("state".to_owned(), vec![1])]).unwrap();
    (writer, LogReader::open(dir).unwrap().segments().unwrap())
}

/// A running engine does not open its log again, so nobody else would finish it.
#[test]
fn a_prune_that_was_cut_short_is_finished_by_the_next_one() {
    let home = fast_home();
    let (writer, segments) = sealed(home.path());
    let kept = fs::read(&segments[1].path).unwrap();
    assert_eq!(maintain::prune(home.path(), segments[1].last_seq).unwrap().len(), 2);
    // The record was written, the second file was not deleted yet.
    fs::write(&segments[1].path, kept).unwrap();
    let gone = maintain::prune(home.path(), segments[3].last_seq).unwrap();
    assert_eq!(gone.iter().map(|p| p.head.seq).collect::<Vec<_>>(), [segments[2].last_seq, segments[3].last_seq]);
    assert!(segments[..4].iter().all(|s| !s.path.exists()) && segments[4].path.exists());
    assert_eq!(read_pruned(home.path()).unwrap().len(), 4);
    writer.close().unwrap();
    assert!(verify(home.path()).unwrap().is_clean());
}

/// Neither read nor written as if nothing were missing.
fn refused(dir: &Path) {
    let reader = LogReader::open(dir).unwrap();
    let mut stream = reader.events(Seq::FIRST, Check::Crc).unwrap();
    assert!(stream.next_frame(&mut Vec::new()).is_err());
    let opened = LogWriter::open(dir, &options());
    assert!(matches!(opened, Err(LogError::LostSuffix { .. } | LogError::Damaged { .. })));
}

#[test]
fn half_a_restore_is_no_log() {
    let home = fast_home();
    let (writer, segments) = sealed(&home.path().join("log"));
    writer.close().unwrap();
    let bad = home.path().join(segments[7].path.file_name().unwrap());
    fs::copy(&segments[7].path, &bad).unwrap();
    flip(&bad, 200);
    let files: Vec<PathBuf> = segments.iter().map(|s| s.path.clone()).collect();
    let with_bad: Vec<PathBuf> =
        files.iter().map(|p| if *p == segments[7].path { bad.clone() } else { p.clone() }).collect();
    let made = home.path().join("made");
    assert!(matches!(assemble(&made, &with_bad, &[]), Err(LogError::Damaged { .. })));
    assert!(matches!(LogReader::open(&made), Err(LogError::NotALog { .. })));
    assert!(matches!(LogWriter::open(&made, &options()), Err(LogError::NotALog { .. })));
    assert!(matches!(assemble(&made, &files, &[]), Err(LogError::NotALog { .. })));
    fs::remove_dir_all(&made).unwrap();
    assert_eq!(assemble(&made, &files, &[]).unwrap().seq, 600);
    // All but the last step, which gives the segments their place.
    fs::rename(made.join("segments"), made.join("segments.tmp")).unwrap();
    refused(&made);
    let journal = journal_file(&made, 601);
    let file = fs::read(&journal).unwrap();
    fs::remove_file(&journal).unwrap();
    refused(&made);
    fs::write(&journal, file).unwrap();
    fs::rename(made.join("segments.tmp"), made.join("segments")).unwrap();
    repaired(&made, &options(), 600);
}

#[test]
fn a_creation_that_was_cut_short_is_begun_anew() {
    for journal in [true, false] {
        let home = fast_home();
        let dir = home.path().join("log");
        fs::create_dir_all(&dir).unwrap();
        fs::write(dir.join("lock"), "pid 1, the test\n").unwrap();
        fs::write(dir.join("head.tmp"), [0; 100]).unwrap();
        let (mut writer, report) = LogWriter::open(&dir, &WriterOptions { journal, ..options() }).unwrap();
        assert_eq!((report.head.seq, report.notes.len()), (0, 0));
        append(&mut writer, &[3]);
        writer.close().unwrap();
        assert_eq!(read_all(&dir), expected(3));
    }
}

#[test]
fn what_a_checkpoint_or_a_snapshot_is_about_may_have_been_archived_and_deleted() {
    let home = fast_home();
    let dir = home.path().join("log");
    let signer = Some(Arc::new(Signer::create(&home.path().join("key")).unwrap()));
    let signed = WriterOptions { signer, ..options() };
    let (mut writer, _) = LogWriter::open(&dir, &signed).unwrap();
    append(&mut writer, &[30]);
    writer.sign_checkpoint(Bytes32([1; 32])).unwrap();
    writer.close().unwrap();
    let (mut writer, _) = LogWriter::open(&dir, &options()).unwrap();
    writer.write_snapshot(&[("state".to_owned(), vec![2])]).unwrap();
    writer.close().unwrap();
    // Signing was switched off for a while.
    let (writer, segments) = sealed(&dir);
    writer.close().unwrap();
    maintain::prune(&dir, segments[2].last_seq).unwrap();
    let (writer, report) = LogWriter::open(&dir, &signed).unwrap();
    assert_eq!((report.head.seq, report.notes.len()), (630, 0));
    writer.close().unwrap();
    assert!(verify(&dir).unwrap().is_clean());
}

#[test]
fn half_a_key_is_no_key_and_a_whole_one_is_never_replaced() {
    let home = fast_home();
    let path = home.path().join("key");
    // What a killed process left is no key, and in nobody's way.
    fs::write(home.path().join("key.77-0.tmp"), "0123").unwrap();
    let made = Signer::load_or_create(&path).unwrap().public_key();
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 2);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(matches!(Signer::create(&path), Err(LogError::Io { .. })));
    assert_eq!(Signer::load_or_create(&path).unwrap().public_key(), made);
}

/// What `rebuild_hot` does to a log without a journal, cut short between its two steps.
#[test]
fn an_empty_journal_is_no_copy_of_what_a_log_without_one_commits() {
    let home = fast_home();
    let without = WriterOptions { journal: false, ..options() };
    closed_log(home.path(), &without, &[10]);
    closed_log(home.path(), &options(), &[]);
    assert!(journal_file(home.path(), 11).exists());
    closed_log(home.path(), &without, &[5]);
    let found = verify(home.path()).unwrap();
    assert!(found.is_clean(), "{:?}", found.findings);
    assert_eq!(notes(&repaired(home.path(), &without, 15)), "");
}
