//! Everything that can happen to the files of a log.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod sample;

use eventlog::{LogError, LogReader, LogWriter, Policy, RepairNote, Severity, WriterOptions, verify};
use sample::*;
use schemas::frame::{FrameHeader, HEADER_LEN, Head, encode};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const FRAMES: [u64; 3] = [2, 1, 3];
const LAST: u64 = 6;

struct Closed {
    _home: tempfile::TempDir,
    dir: PathBuf,
    content: BTreeMap<PathBuf, Vec<u8>>,
}

impl Closed {
    fn new(options: &WriterOptions, frames: &[u64]) -> Self {
        let home = fast_home();
        let dir = home.path().join("log");
        closed_log(&dir, options, frames);
        let content = files(&dir);
        Self { _home: home, dir, content }
    }

    fn restore(&self) {
        restore(&self.dir, &self.content);
    }

    fn journal(&self) -> PathBuf {
        journal_file(&self.dir, 1)
    }

    /// The log must be refused, saying so in verify too, and nothing may change.
    fn refused(&self) -> LogError {
        let before = files(&self.dir);
        let report = verify(&self.dir).unwrap();
        assert!(report.findings.iter().any(|f| f.severity == Severity::Fatal), "{report:?}");
        let error = LogWriter::open(&self.dir, &options()).err().expect("must be refused");
        assert_eq!(error.policy(), Policy::Refuse, "{error}");
        assert_eq!(files(&self.dir), before, "a refusal changed files");
        error
    }
}

fn repairable(dir: &Path) {
    let report = verify(dir).unwrap();
    assert!(!report.is_clean());
    assert!(report.findings.iter().all(|f| f.severity == Severity::Repairable), "{:?}", report.findings);
}

/// Where the frames of a journal file begin, and its end.
fn borders(bytes: &[u8]) -> Vec<usize> {
    let (mut at, mut found) = (128, vec![128]);
    while at < bytes.len() {
        let header = FrameHeader::parse(bytes[at..at + HEADER_LEN].try_into().unwrap()).unwrap();
        at += header.frame_len();
        found.push(at);
    }
    found
}

#[test]
fn every_byte_of_the_journal_is_guarded_and_repaired() {
    let log = Closed::new(&options(), &FRAMES);
    let len = fs::metadata(log.journal()).unwrap().len() as usize;
    for at in 0..len {
        log.restore();
        flip(&log.journal(), at);
        repairable(&log.dir);
        let (writer, report) = LogWriter::open(&log.dir, &options()).unwrap_or_else(|e| panic!("byte {at}: {e}"));
        assert!(matches!(&report.notes[..], [RepairNote::JournalRestored { .. }]), "byte {at}: {:?}", report.notes);
        assert_eq!(read_all(&log.dir), expected(LAST), "byte {at}");
        drop(writer);
        assert_eq!(fs::read(log.journal()).unwrap(), log.content[Path::new("journal/j-0000000000000001.aaj")]);
        assert!(log.dir.join("journal/j-0000000000000001.aaj.damaged-1").exists());
    }
    log.restore();
    flip(&log.journal(), 200);
    repaired(&log.dir, &options(), LAST);
}

#[test]
fn a_reader_reports_damage_with_file_and_sequence() {
    let log = Closed::new(&options(), &FRAMES);
    let starts = borders(&fs::read(log.journal()).unwrap());
    for (frame, first_seq) in [(0, 1), (1, 3), (2, 4)] {
        for at in [starts[frame] + 40, starts[frame] + HEADER_LEN + 9] {
            log.restore();
            flip(&log.journal(), at);
            let mut stream =
                LogReader::open(&log.dir).unwrap().events(schemas::Seq::FIRST, schemas::frame::Check::Crc).unwrap();
            let mut events = Vec::new();
            for _ in 0..frame {
                assert!(stream.next_frame(&mut events).unwrap());
            }
            let error = stream.next_frame(&mut events).unwrap_err();
            let LogError::Damaged { file, seq, .. } = &error else { panic!("{error}") };
            assert_eq!((file, *seq, events.len()), (&log.journal(), first_seq, 0));
        }
    }
    log.restore();
    fs::OpenOptions::new().write(true).open(log.journal()).unwrap().set_len(starts[2] as u64).unwrap();
    let error = LogReader::open(&log.dir).unwrap().last().unwrap_err();
    assert!(matches!(error, LogError::LostSuffix { head_seq: 6, found_seq: 3, .. }), "{error}");
}

#[test]
fn a_journal_cut_at_any_length_comes_back() {
    let log = Closed::new(&options(), &FRAMES);
    let len = fs::metadata(log.journal()).unwrap().len();
    for cut in 0..len {
        log.restore();
        fs::OpenOptions::new().write(true).open(log.journal()).unwrap().set_len(cut).unwrap();
        repairable(&log.dir);
        let (writer, report) = LogWriter::open(&log.dir, &options()).unwrap_or_else(|e| panic!("cut at {cut}: {e}"));
        assert_eq!((report.head.seq, report.notes.len()), (LAST, 1));
        drop(writer);
        assert_eq!(read_all(&log.dir), expected(LAST), "cut at {cut}");
    }
}

#[test]
fn zeroed_and_shifted_regions_come_back() {
    let log = Closed::new(&options(), &[40, 40, 40, 40]);
    let intact = fs::read(log.journal()).unwrap();
    for start in (0..intact.len()).step_by(997) {
        let end = (start + 4096).min(intact.len());
        log.restore();
        let mut bytes = intact.clone();
        bytes[start..end].fill(0);
        fs::write(log.journal(), &bytes).unwrap();
        assert_eq!(repaired(&log.dir, &options(), 160).notes.len(), 1, "zeros at {start}");
        log.restore();
        let mut bytes = intact.clone();
        bytes.drain(start..end);
        fs::write(log.journal(), &bytes).unwrap();
        assert_eq!(repaired(&log.dir, &options(), 160).notes.len(), 1, "removed at {start}");
    }
}

#[test]
fn a_damaged_hot_copy_is_never_opened_but_rebuilt() {
    let log = Closed::new(&options(), &[500, 700, 3]);
    let db = log.dir.join("hot/db");
    let len = fs::metadata(&db).unwrap().len() as usize;
    for at in (0..60).map(|n| n * len / 60 + n) {
        log.restore();
        flip(&db, at);
        repairable(&log.dir);
        let report = repaired(&log.dir, &options(), 1203);
        assert!(matches!(&report.notes[..], [RepairNote::HotRebuilt { kept: Some(_), .. }]), "{:?}", report.notes);
        assert!(log.dir.join("hot.damaged-1/db").exists());
    }
}

#[test]
fn a_hot_copy_damaged_after_a_crash_is_rebuilt_too() {
    let home = fast_home();
    let dir = home.path().join("log");
    let (mut writer, _) = LogWriter::open(&dir, &options()).unwrap();
    append(&mut writer, &[500, 700, 3]);
    writer.checkpoint().unwrap();
    append(&mut writer, &[40]);
    let crashed = files(&dir);
    drop(writer);
    restore(&dir, &crashed);
    let report = repaired(&dir, &options(), 1243);
    assert!(matches!(&report.notes[..], [RepairNote::HotCaughtUp { events: 40 }]), "{:?}", report.notes);
    let len = crashed[Path::new("hot/db")].len();
    for n in 0..40 {
        restore(&dir, &crashed);
        // Behind its end the file is only reserved, so the flips go where the frames are.
        flip(&dir.join("hot/db"), n * len.min(40_000) / 40 + n);
        repaired(&dir, &options(), 1243);
    }
    restore(&dir, &crashed);
    fs::write(dir.join("hot/snap.0000000000000000.generating"), [3; 100]).unwrap();
    let report = repaired(&dir, &options(), 1243);
    assert!(matches!(&report.notes[..], [RepairNote::HotCaughtUp { .. }]), "{:?}", report.notes);
    restore(&dir, &crashed);
    fs::OpenOptions::new().write(true).open(dir.join("hot/db")).unwrap().set_len(0).unwrap();
    repaired(&dir, &options(), 1243);
}

#[test]
fn damage_in_both_copies_is_refused_with_its_place() {
    let log = Closed::new(&options(), &FRAMES);
    let starts = borders(&fs::read(log.journal()).unwrap());
    let db = log.dir.join("hot/db");
    for (start, first_seq) in [(starts[0], 1), (starts[1], 3), (starts[2], 4)] {
        log.restore();
        flip(&log.journal(), start + 140);
        flip(&db, 300);
        let error = log.refused();
        let LogError::Damaged { file, seq, .. } = &error else { panic!("{error}") };
        assert_eq!((file, *seq), (&log.journal(), first_seq));
        assert!(error.to_string().contains("the hot copy is damaged too"), "{error}");
    }
    log.restore();
    fs::remove_dir_all(log.dir.join("hot")).unwrap();
    fs::OpenOptions::new().write(true).open(log.journal()).unwrap().set_len(starts[1] as u64).unwrap();
    let error = log.refused();
    assert!(matches!(&error, LogError::LostSuffix { head_seq: 6, found_seq: 2, .. }), "{error}");
    log.restore();
    fs::remove_dir_all(log.dir.join("hot")).unwrap();
    fs::remove_file(log.journal()).unwrap();
    assert!(matches!(log.refused(), LogError::LostSuffix { head_seq: 6, found_seq: 0, .. }));
}

#[test]
fn the_journal_repairs_what_the_hot_copy_lacks_around_damage() {
    // The hot copy ends at the checkpoint; the frames behind it are only in the journal, behind the damage.
    let home = fast_home();
    let dir = home.path().join("log");
    let (mut writer, _) = LogWriter::open(&dir, &options()).unwrap();
    append(&mut writer, &[5, 5]);
    writer.checkpoint().unwrap();
    append(&mut writer, &[5, 5]);
    let crashed = files(&dir);
    drop(writer);
    let starts = borders(&crashed[Path::new("journal/j-0000000000000001.aaj")]);
    restore(&dir, &crashed);
    flip(&journal_file(&dir, 1), starts[1] + 50);
    let report = repaired(&dir, &options(), 20);
    assert!(matches!(&report.notes[0], RepairNote::JournalRestored { seq: 6, .. }), "{:?}", report.notes);
    restore(&dir, &crashed);
    flip(&journal_file(&dir, 1), starts[2] + 50);
    let error = LogWriter::open(&dir, &options()).err().unwrap();
    assert!(matches!(&error, LogError::Damaged { seq: 11, .. }), "{error}");
    assert_eq!(files(&dir).len(), crashed.len());
}

#[test]
fn deleted_parts_come_back() {
    let small = WriterOptions { roll_len: 3000, ..options() };
    let log = Closed::new(&small, &[20, 20, 20, 20]);
    let journal_files: Vec<_> = log.content.keys().filter(|p| p.starts_with("journal")).cloned().collect();
    assert!(journal_files.len() >= 3, "{journal_files:?}");
    for file in &journal_files {
        log.restore();
        fs::remove_file(log.dir.join(file)).unwrap();
        repairable(&log.dir);
        let report = repaired(&log.dir, &small, 80);
        assert!(matches!(&report.notes[..], [RepairNote::JournalRestored { .. }]), "{:?}", report.notes);
    }
    log.restore();
    fs::remove_dir_all(log.dir.join("journal")).unwrap();
    repairable(&log.dir);
    let report = repaired(&log.dir, &small, 80);
    assert!(report.notes.len() >= 2, "{:?}", report.notes);
    log.restore();
    fs::remove_dir_all(log.dir.join("hot")).unwrap();
    repairable(&log.dir);
    assert!(notes(&repaired(&log.dir, &small, 80)).contains("it was missing"));
    log.restore();
    fs::remove_file(log.dir.join("head")).unwrap();
    repairable(&log.dir);
    assert_eq!(notes(&repaired(&log.dir, &small, 80)), "head anchor rewritten at event 80");
    log.restore();
    fs::remove_dir_all(log.dir.join("journal")).unwrap();
    fs::remove_file(log.dir.join("head")).unwrap();
    assert!(matches!(log.refused(), LogError::Damaged { .. }));
}

#[test]
fn every_byte_of_the_head_anchor_is_guarded() {
    let log = Closed::new(&options(), &FRAMES);
    for at in 0..256 {
        log.restore();
        flip(&log.dir.join("head"), at);
        repairable(&log.dir);
        let report = repaired(&log.dir, &options(), LAST);
        assert_eq!(notes(&report), "head anchor rewritten at event 6", "byte {at}");
    }
}

#[test]
fn without_an_anchor_copies_of_different_length_are_refused() {
    let log = Closed::new(&options(), &FRAMES);
    let starts = borders(&fs::read(log.journal()).unwrap());
    // The hot copy still has the last frame. Whether it has the log's last one nobody knows: it may have lagged behind.
    fs::remove_file(log.dir.join("head")).unwrap();
    fs::OpenOptions::new().write(true).open(log.journal()).unwrap().set_len(starts[2] as u64).unwrap();
    let error = log.refused();
    assert!(matches!(&error, LogError::NoAnchor { journal_seq: LAST, .. }), "{error}");
    // Damage before the end is no such doubt.
    log.restore();
    fs::remove_file(log.dir.join("head")).unwrap();
    flip(&log.journal(), starts[1] + 9);
    repaired(&log.dir, &options(), LAST);
    // The hot copy is gone: nobody knows.
    log.restore();
    fs::remove_file(log.dir.join("head")).unwrap();
    fs::remove_dir_all(log.dir.join("hot")).unwrap();
    fs::OpenOptions::new().write(true).open(log.journal()).unwrap().set_len(starts[2] as u64).unwrap();
    let error = log.refused();
    assert!(matches!(&error, LogError::NoAnchor { journal_seq: 3, .. }), "{error}");
    let trusting = WriterOptions { trust_journal_end: true, ..options() };
    assert_eq!(LogWriter::open(&log.dir, &trusting).unwrap().1.head.seq, 3);
}

#[test]
fn a_torn_tail_is_dropped_with_a_note() {
    let log = Closed::new(&options(), &FRAMES);
    let intact = fs::read(log.journal()).unwrap();
    let head = LogReader::open(&log.dir).unwrap().last().unwrap();
    let (next, _) = encode(&head, &records(LAST + 1, 4)).unwrap();
    let mut late_byte = vec![0; 300];
    late_byte.push(1);
    let tails = [&b"x"[..], &[0xff; 200], &next[..1], &next[..127], &next[..128], &next[..next.len() - 1], &late_byte];
    for tail in tails {
        log.restore();
        fs::write(log.journal(), [&intact, tail].concat()).unwrap();
        assert_eq!(read_all(&log.dir), expected(LAST), "a reader stops there");
        repairable(&log.dir);
        let report = repaired(&log.dir, &options(), LAST);
        let RepairNote::TornTail { seq, dropped, .. } = &report.notes[0] else { panic!("{:?}", report.notes) };
        assert_eq!((*seq, *dropped as usize), (LAST + 1, tail.len()));
    }
    // Zeros are space that nobody used yet, and a whole frame is an event.
    log.restore();
    fs::write(log.journal(), [&intact[..], &[0; 1000]].concat()).unwrap();
    assert!(verify(&log.dir).unwrap().is_clean());
    assert_eq!(notes(&repaired(&log.dir, &options(), LAST)), "");
    log.restore();
    fs::write(log.journal(), [&intact[..], &next[..]].concat()).unwrap();
    let said = "head anchor rewritten at event 10\nhot copy was 4 events behind and caught up";
    assert_eq!(notes(&repaired(&log.dir, &options(), LAST + 4)), said);
}

#[test]
fn valid_frames_behind_a_bad_one_are_never_dropped_as_torn() {
    let log = Closed::new(&options(), &FRAMES);
    let head = LogReader::open(&log.dir).unwrap().last().unwrap();
    let (mut lost, behind) = encode(&head, &records(LAST + 1, 2)).unwrap();
    let (next, _) = encode(&behind, &records(LAST + 3, 2)).unwrap();
    lost[130] ^= 1;
    fs::write(log.journal(), [&fs::read(log.journal()).unwrap()[..], &lost, &next].concat()).unwrap();
    let error = log.refused();
    assert!(matches!(&error, LogError::Damaged { seq: 7, .. }), "{error}");
}

#[test]
fn an_older_copy_of_the_journal_is_brought_up_to_date() {
    let home = fast_home();
    let dir = home.path().join("log");
    closed_log(&dir, &options(), &[10]);
    let old = files(&dir);
    let (mut writer, _) = LogWriter::open(&dir, &options()).unwrap();
    append(&mut writer, &[10, 10]);
    writer.close().unwrap();
    let new = files(&dir);
    let mixed = |part: &str| {
        let pick = |(name, bytes): (&PathBuf, &Vec<u8>)| {
            let from = if name.starts_with(part) { old.get(name).unwrap_or(bytes) } else { bytes };
            (name.clone(), from.clone())
        };
        new.iter().map(pick).collect::<BTreeMap<_, _>>()
    };
    for part in ["journal", "hot", "head"] {
        restore(&dir, &mixed(part));
        let report = repaired(&dir, &options(), 30);
        assert!(part == "head" || report.notes.len() == 1, "{part}: {:?}", report.notes);
    }
}

#[test]
fn another_logs_files_are_refused() {
    let log = Closed::new(&options(), &FRAMES);
    let other = Closed::new(&WriterOptions { log_id: Some([7; 16]), ..options() }, &FRAMES);
    fs::copy(other.journal(), log.journal()).unwrap();
    assert!(matches!(log.refused(), LogError::ForeignCopy { .. }));
    // The same id, but another history.
    let fork = Closed::new(&options(), &[1, 5]);
    log.restore();
    fs::copy(fork.journal(), log.journal()).unwrap();
    let error = log.refused();
    assert!(matches!(&error, LogError::ForeignCopy { seq: 6, .. }), "{error}");
    // A foreign hot copy is set aside: journal and anchor agree.
    log.restore();
    fs::remove_dir_all(log.dir.join("hot")).unwrap();
    restore_dir(&other.dir.join("hot"), &log.dir.join("hot"));
    assert!(matches!(&repaired(&log.dir, &options(), LAST).notes[..], [RepairNote::HotRebuilt { .. }]));
}

#[test]
fn a_file_that_repeats_events_is_set_aside() {
    let small = WriterOptions { roll_len: 3000, ..options() };
    let log = Closed::new(&small, &[20, 20, 20, 20]);
    fs::copy(log.journal(), journal_file(&log.dir, 5)).unwrap();
    repairable(&log.dir);
    assert!(matches!(&repaired(&log.dir, &small, 80).notes[..], [RepairNote::FileSetAside { .. }]));
}

fn restore_dir(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for (name, bytes) in files(from) {
        fs::write(to.join(name), bytes).unwrap();
    }
}

#[test]
fn what_a_later_release_wrote_is_refused_by_name() {
    let log = Closed::new(&options(), &FRAMES);
    let head = LogReader::open(&log.dir).unwrap().last().unwrap();
    let (frame, _) = encode(&head, &records(7, 1)).unwrap();
    let mut header = FrameHeader::parse(frame[..HEADER_LEN].try_into().unwrap()).unwrap();
    header.schema += 1;
    let newer = [&fs::read(log.journal()).unwrap()[..], &header.to_bytes(), &frame[HEADER_LEN..]].concat();
    fs::write(log.journal(), newer).unwrap();
    let error = log.refused();
    let LogError::Newer { file, .. } = &error else { panic!("{error}") };
    assert_eq!(*file, log.journal());
    assert!(error.to_string().contains("schema version 2, this build reads up to 1"), "{error}");
    assert!(matches!(LogReader::open(&log.dir).unwrap().last(), Err(LogError::Newer { .. })));
    // The same for the header of a whole file.
    log.restore();
    let mut bytes = fs::read(log.journal()).unwrap();
    bytes[6] += 1;
    let crc = crc32c::crc32c(&bytes[..124]);
    bytes[124..128].copy_from_slice(&crc.to_le_bytes());
    fs::write(log.journal(), &bytes).unwrap();
    assert!(matches!(log.refused(), LogError::Newer { .. }));
    bytes[6] -= 1;
    bytes[8] ^= 1;
    let crc = crc32c::crc32c(&bytes[..124]);
    bytes[124..128].copy_from_slice(&crc.to_le_bytes());
    fs::write(log.journal(), &bytes).unwrap();
    assert!(matches!(log.refused(), LogError::OtherSchema { .. }));
}

#[test]
fn a_forged_frame_breaks_the_chain() {
    // Checksums and hash are right, only the history is not: an event was exchanged for another.
    let log = Closed::new(&options(), &FRAMES);
    let bytes = fs::read(log.journal()).unwrap();
    let starts = borders(&bytes);
    let first = Head::genesis(&LogReader::open(&log.dir).unwrap().log_id());
    let (forged, _) = encode(&first, &records(101, 2)).unwrap();
    fs::write(log.journal(), [&bytes[..128], &forged, &bytes[starts[1]..]].concat()).unwrap();
    let report = verify(&log.dir).unwrap();
    assert!(!report.is_clean());
    assert_eq!(LogReader::open(&log.dir).unwrap().last().unwrap_err().policy(), Policy::Refuse);
}
