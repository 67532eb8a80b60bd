//! What the cases found, told one by one.

use crate::sample::{append, expected, fast_home, files, flip, notes, options, read_all, repaired, restore};
use eventlog::{LogError, LogReader, LogWriter, Severity, Signer, WriterOptions, maintain, segment, verify};
use schemas::frame::Check;
use schemas::{Bytes32, Seq, UtcNanos};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn small() -> WriterOptions {
    WriterOptions { roll_len: 6_000, keep_journal: 0, plain_segments: 99, ..options() }
}

/// A log of 300 events whose first 280 are sealed in several segments.
fn sealed(dir: &Path, options: &WriterOptions) {
    let (mut writer, _) = LogWriter::open(dir, options).unwrap();
    append(&mut writer, &[40; 7]);
    writer.seal_all().unwrap();
    append(&mut writer, &[10, 10]);
    writer.close().unwrap();
}

fn segments(dir: &Path) -> Vec<PathBuf> {
    let mut all: Vec<_> = fs::read_dir(dir.join("segments")).unwrap().map(|e| e.unwrap().path()).collect();
    all.retain(|path| segment::range_of(path).is_some());
    all.sort();
    all
}

fn damage(path: &Path, at: usize) {
    let bytes = fs::read(path).unwrap();
    fs::remove_file(path).unwrap();
    fs::write(path, bytes).unwrap();
    flip(path, at);
}

#[test]
fn a_refusal_takes_back_the_segments_that_were_made_again() {
    let home = fast_home();
    let dir = home.path().join("log");
    let keep_all = WriterOptions { keep_journal: 99, hot: false, ..small() };
    sealed(&dir, &keep_all);
    let all = segments(&dir);
    damage(&all[0], 20);
    fs::remove_file(&all[1]).unwrap();
    // Repairable so far; the end of the journal is not.
    let intact = files(&dir);
    let last = dir.join(format!("journal/j-{:016x}.aaj", 281));
    fs::remove_file(&last).unwrap();
    let before = files(&dir);
    let error = LogWriter::open(&dir, &keep_all).err().unwrap();
    assert!(matches!(error, LogError::LostSuffix { head_seq: 300, found_seq: 280, .. }), "{error}");
    assert_eq!(files(&dir), before);
    restore(&dir, &intact);
    assert_eq!(repaired(&dir, &keep_all, 300).notes.len(), 2);
}

#[test]
fn a_refusal_leaves_segments_that_a_strange_record_calls_deleted() {
    let home = fast_home();
    let (ours, other) = (home.path().join("ours"), home.path().join("other"));
    for (dir, shift) in [(&ours, 0), (&other, 1_000)] {
        let (mut writer, _) = LogWriter::open(dir, &small()).unwrap();
        for n in 0..6 {
            writer.commit(&crate::sample::records(1 + n * 40 + shift, 40)).unwrap();
        }
        writer.seal_all().unwrap();
        writer.write_snapshot(&[("state".to_owned(), vec![1])]).unwrap();
        writer.close().unwrap();
    }
    maintain::prune(&other, 120).unwrap();
    fs::copy(other.join("pruned"), ours.join("pruned")).unwrap();
    let before = files(&ours);
    let error = LogWriter::open(&ours, &small()).err().unwrap();
    assert!(matches!(error, LogError::ForeignCopy { .. } | LogError::Damaged { .. }), "{error}");
    assert_eq!(files(&ours), before);
}

#[test]
fn an_older_segment_is_repaired_while_its_journal_is_there() {
    let home = fast_home();
    let dir = home.path().join("log");
    let keep_all = WriterOptions { keep_journal: 99, ..small() };
    sealed(&dir, &keep_all);
    damage(&segments(&dir)[0], 400);
    assert!(verify(&dir).unwrap().findings.iter().all(|f| f.severity == Severity::Repairable));
    assert!(notes(&repaired(&dir, &keep_all, 300)).contains("made again from the journal"));
}

#[test]
fn segments_that_vanish_are_made_again_and_so_is_what_the_hot_copy_forgot() {
    let home = fast_home();
    let dir = home.path().join("log");
    let keep_all = WriterOptions { keep_journal: 99, ..small() };
    sealed(&dir, &keep_all);
    fs::remove_dir_all(dir.join("segments")).unwrap();
    assert!(notes(&repaired(&dir, &keep_all, 300)).contains("events 1 to "), "the hot copy lacks them");
}

#[test]
fn a_missing_segment_is_an_error_for_a_read_by_time() {
    let home = fast_home();
    let dir = home.path().join("log");
    sealed(&dir, &small());
    let all = segments(&dir);
    for missing in [0, all.len() / 2, all.len() - 1] {
        let (first, last) = segment::range_of(&all[missing]).unwrap();
        let hidden = all[missing].with_extension("hidden");
        fs::rename(&all[missing], &hidden).unwrap();
        let mut points = LogReader::open(&dir).unwrap().points().unwrap();
        for n in [first, last] {
            let error = points.at_or_after(UtcNanos(n as i64 * 1_000)).unwrap_err();
            assert!(matches!(error, LogError::Damaged { .. } | LogError::LostSuffix { .. }), "{n}: {error}");
        }
        let behind = points.at_or_after(UtcNanos(300_000));
        assert!(behind.is_err() || behind.unwrap().unwrap().seq.get() == 300);
        fs::rename(&hidden, &all[missing]).unwrap();
    }
}

#[test]
fn a_reader_refuses_a_segment_of_another_log_or_history() {
    let home = fast_home();
    let (ours, other, fork) = (home.path().join("ours"), home.path().join("other"), home.path().join("fork"));
    sealed(&ours, &small());
    sealed(&other, &WriterOptions { log_id: Some([9; 16]), ..small() });
    let (mut writer, _) = LogWriter::open(&fork, &small()).unwrap();
    // The same number of events in a file, all of another history.
    let mut from = 1;
    for segment in segments(&ours) {
        let (first, last) = segment::range_of(&segment).unwrap();
        writer.commit(&crate::sample::records(7_000 + from, last + 1 - first)).unwrap();
        writer.seal_all().unwrap();
        from = last + 1;
    }
    writer.close().unwrap();
    let intact = files(&ours);
    for from in [&other, &fork] {
        for (place, strange) in segments(from).iter().enumerate().take(segments(&ours).len()) {
            restore(&ours, &intact);
            fs::copy(strange, ours.join("segments").join(strange.file_name().unwrap())).unwrap();
            let error = LogReader::open(&ours).unwrap_err();
            assert!(matches!(error, LogError::ForeignCopy { .. }), "segment {place}: {error}");
        }
    }
}

#[test]
fn a_reader_learns_at_the_anchor_that_the_last_frame_is_forged() {
    let home = fast_home();
    let dir = home.path().join("log");
    let (mut writer, _) = LogWriter::open(&dir, &options()).unwrap();
    append(&mut writer, &[5]);
    let before = writer.head();
    let journal = crate::sample::journal_file(&dir, 1);
    let len = fs::metadata(&journal).unwrap().len() as usize;
    append(&mut writer, &[3]);
    writer.close().unwrap();
    let (forged, _) = schemas::frame::encode(&before, &crate::sample::records(77, 3)).unwrap();
    let bytes = fs::read(&journal).unwrap();
    fs::write(&journal, [&bytes[..len], &forged].concat()).unwrap();
    let mut stream = LogReader::open(&dir).unwrap().events(Seq::FIRST, Check::Full).unwrap();
    let mut events = Vec::new();
    assert!(stream.next_frame(&mut events).unwrap());
    let error = stream.next_frame(&mut events).unwrap_err();
    assert!(matches!(error, LogError::ForeignCopy { seq: 8, .. }), "{error}");
    assert!(events.is_empty());
}

#[test]
fn an_old_anchor_and_an_old_journal_do_not_outvote_a_newer_hot_copy() {
    let home = fast_home();
    let dir = home.path().join("log");
    let (mut writer, _) = LogWriter::open(&dir, &options()).unwrap();
    append(&mut writer, &[10]);
    writer.close().unwrap();
    let old = files(&dir);
    let (mut writer, _) = LogWriter::open(&dir, &options()).unwrap();
    append(&mut writer, &[10, 10]);
    writer.close().unwrap();
    let mut mixed = files(&dir);
    for (name, bytes) in old.iter().filter(|(name, _)| !name.starts_with("hot")) {
        mixed.insert(name.clone(), bytes.clone());
    }
    restore(&dir, &mixed);
    assert!(!verify(&dir).unwrap().is_clean());
    let report = repaired(&dir, &options(), 30);
    assert!(notes(&report).contains("restored from event 11 on"), "{}", notes(&report));
    // The anchor alone, and the end of the journal damaged: not a torn tail.
    restore(&dir, &mixed);
    let (mut writer, _) = LogWriter::open(&dir, &options()).unwrap();
    append(&mut writer, &[10]);
    writer.close().unwrap();
    let journal = crate::sample::journal_file(&dir, 1);
    flip(&journal, fs::metadata(&journal).unwrap().len() as usize - 5);
    fs::write(dir.join("head"), &old[Path::new("head")]).unwrap();
    repaired(&dir, &options(), 40);
}

#[test]
fn a_hot_copy_that_is_not_needed_is_made_anew_in_a_log_without_a_journal() {
    let home = fast_home();
    let dir = home.path().join("log");
    let alone = WriterOptions { journal: false, ..small() };
    sealed(&dir, &alone);
    let intact = files(&dir);
    flip(&dir.join("hot/db"), 300);
    assert!(notes(&repaired(&dir, &alone, 300)).contains("built anew"));
    restore(&dir, &intact);
    fs::remove_file(dir.join("hot/db")).unwrap();
    assert!(notes(&repaired(&dir, &alone, 300)).contains("built anew"));
    restore(&dir, &intact);
    fs::remove_dir_all(dir.join("hot")).unwrap();
    assert_eq!(notes(&repaired(&dir, &alone, 300)), "hot copy built anew: it was missing");
}

#[test]
fn an_old_close_does_not_hide_what_a_log_without_a_journal_took_later() {
    let home = fast_home();
    let dir = home.path().join("log");
    let alone = WriterOptions { journal: false, ..small() };
    sealed(&dir, &alone);
    let closed = fs::read(dir.join("head")).unwrap();
    let (mut writer, _) = LogWriter::open(&dir, &alone).unwrap();
    append(&mut writer, &[10]);
    drop(writer);
    fs::write(dir.join("head"), closed).unwrap();
    repaired(&dir, &alone, 310);
}

/// A whole log from an earlier moment is a log that ended then. What was signed later, and kept elsewhere, says more.
#[test]
fn a_log_older_than_what_was_signed_is_refused() {
    for journal in [true, false] {
        let home = fast_home();
        let dir = home.path().join("log");
        let signer = Some(Arc::new(Signer::create(&home.path().join("log.key")).unwrap()));
        let signed = WriterOptions { signer, journal, ..small() };
        sealed(&dir, &signed);
        let old = files(&dir);
        let (mut writer, _) = LogWriter::open(&dir, &signed).unwrap();
        append(&mut writer, &[10]);
        writer.sign_checkpoint(Bytes32([1; 32])).unwrap();
        writer.close().unwrap();
        let kept_elsewhere = fs::read(dir.join("checkpoints")).unwrap();
        restore(&dir, &old);
        assert_eq!(read_all(&dir), expected(300));
        assert!(verify(&dir).unwrap().is_clean(), "from inside it cannot be seen");
        fs::write(dir.join("checkpoints"), kept_elsewhere).unwrap();
        let before = files(&dir);
        let report = verify(&dir).unwrap();
        let says = |text: &str| report.findings.iter().any(|f| f.severity == Severity::Fatal && f.text.contains(text));
        assert!(says("checkpoint at event 310 does not hold: the log ends at event 300"), "{:?}", report.findings);
        let error = LogWriter::open(&dir, &signed).err().unwrap();
        assert!(matches!(error, LogError::LostSuffix { head_seq: 310, found_seq: 300, .. }), "{error}");
        assert_eq!(files(&dir), before);
    }
}

/// The newest checkpoint is held against the log before anything is repaired.
#[test]
fn a_checkpoint_of_another_history_is_refused_and_nothing_changes() {
    for journal in [true, false] {
        let home = fast_home();
        let (ours, fork) = (home.path().join("ours"), home.path().join("fork"));
        let signer = Some(Arc::new(Signer::create(&home.path().join("log.key")).unwrap()));
        let signed = WriterOptions { signer, journal, roll_len: 64 << 20, ..small() };
        for (dir, shift) in [(&ours, 0), (&fork, 1_000)] {
            let (mut writer, _) = LogWriter::open(dir, &signed).unwrap();
            writer.commit(&crate::sample::records(1 + shift, 40)).unwrap();
            writer.sign_checkpoint(Bytes32([1; 32])).unwrap();
            // Without a close: in the log without a journal nothing is sealed then.
            writer.checkpoint().unwrap();
        }
        fs::copy(fork.join("checkpoints"), ours.join("checkpoints")).unwrap();
        let before = files(&ours);
        let error = LogWriter::open(&ours, &signed).err().unwrap();
        assert_eq!(error.policy(), eventlog::Policy::Refuse, "{error}");
        assert!(error.to_string().contains("event 40"), "{error}");
        assert_eq!(files(&ours), before);
    }
}

#[test]
fn a_hole_between_kept_journal_files_is_no_damage_to_their_neighbours() {
    let home = fast_home();
    let dir = home.path().join("log");
    let keep_all = WriterOptions { keep_journal: 99, ..small() };
    sealed(&dir, &keep_all);
    let (first, _) = segment::range_of(&segments(&dir)[2]).unwrap();
    let kept = crate::sample::journal_file(&dir, first);
    flip(&kept, 200);
    let said = notes(&repaired(&dir, &keep_all, 300));
    assert!(said.contains("a copy of sealed events was damaged") && said.lines().count() == 1, "{said}");
    assert!(!kept.exists());
    // Of files behind which one is missing, and of those whose segments were deleted, nothing is said.
    let (mut writer, report) = LogWriter::open(&dir, &keep_all).unwrap();
    assert_eq!(notes(&report), "");
    writer.write_snapshot(&[("state".to_owned(), vec![1])]).unwrap();
    maintain::prune(&dir, first - 1).unwrap();
    writer.close().unwrap();
    assert!(verify(&dir).unwrap().is_clean());
    let (writer, report) = LogWriter::open(&dir, &keep_all).unwrap();
    assert_eq!(notes(&report), "");
    drop(writer);
}

#[test]
fn a_damaged_checkpoint_costs_itself_and_not_the_ones_behind_it() {
    for signs in [true, false] {
        let home = fast_home();
        let dir = home.path().join("log");
        let signer = Some(Arc::new(Signer::create(&home.path().join("log.key")).unwrap()));
        sealed(&dir, &WriterOptions { signer: signer.clone(), ..small() });
        let path = dir.join("checkpoints");
        let all = eventlog::read_checkpoints(&dir).unwrap();
        let bytes = fs::read(&path).unwrap();
        flip(&path, 256 + 70);
        let reopened = WriterOptions { signer: if signs { signer.clone() } else { None }, ..small() };
        assert!(notes(&repaired(&dir, &reopened, 300)).contains(&format!("{} are left", all.len() - 1)));
        let left = eventlog::read_checkpoints(&dir).unwrap();
        assert_eq!(left[..all.len() - 1], [&all[..1], &all[2..]].concat());
        assert!(dir.join("checkpoints.damaged-1").exists());
        // One that was cut short while it was written is no damage.
        fs::remove_file(dir.join("checkpoints.damaged-1")).unwrap();
        fs::write(&path, &bytes[..bytes.len() - 9]).unwrap();
        assert!(notes(&repaired(&dir, &reopened, 301)).contains("are left"));
        assert!(!dir.join("checkpoints.damaged-1").exists());
    }
}

#[test]
fn a_read_by_time_begins_nowhere_in_a_kept_journal_file_that_is_another() {
    let home = fast_home();
    let dir = home.path().join("log");
    sealed(&dir, &WriterOptions { keep_journal: 99, ..small() });
    let first_of = |at: usize| segment::range_of(&segments(&dir)[at]).unwrap().0;
    let (one, other) = (crate::sample::journal_file(&dir, 1), crate::sample::journal_file(&dir, first_of(3)));
    fs::copy(one, other).unwrap();
    let reader = LogReader::open(&dir).unwrap();
    for n in [1, 2, first_of(3) - 1, first_of(3), 300] {
        assert_eq!(reader.seek_time(UtcNanos(n as i64 * 1_000)).unwrap().unwrap().get(), n);
    }
}
