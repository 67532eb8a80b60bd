//! What is sealed reads like what is not, and is the same log.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod sample;

use eventlog::{
    LogError, LogReader, LogWriter, RepairNote, Selection, Signer, VerifyOptions, WriterOptions, assemble, export_tail,
    maintain, read_checkpoints, segment, verify, verify_with,
};
use proptest::prelude::*;
use sample::*;
use schemas::frame::Check;
use schemas::{Bytes32, CycleId, EventKind, MarketId, Seq, UtcNanos};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Small files, so that a log of a few thousand events has many.
fn small() -> WriterOptions {
    WriterOptions { roll_len: 20_000, keep_journal: 1, plain_segments: 2, ..options() }
}

const FRAMES: [u64; 14] = [1, 2, 3, 250, 700, 1, 1, 90, 90, 90, 2000, 5, 600, 17];
const LAST: u64 = 3850;

fn sealed_log(dir: &Path, options: &WriterOptions) -> u64 {
    let (mut writer, _) = LogWriter::open(dir, options).unwrap();
    append(&mut writer, &FRAMES);
    writer.seal_all().unwrap();
    append(&mut writer, &[3]);
    writer.close().unwrap();
    LAST + 3
}

fn segment_files(dir: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(dir.join("segments")).unwrap().map(|e| e.unwrap().path()).collect();
    files.retain(|p| segment::range_of(p).is_some());
    files.sort();
    files
}

fn seq(n: u64) -> Seq {
    Seq::new(n).unwrap()
}

#[test]
fn a_sealed_log_reads_back_and_verifies_to_the_same_chain() {
    let home = fast_home();
    let (plain, sealed) = (home.path().join("plain"), home.path().join("sealed"));
    let (mut writer, _) = LogWriter::open(&plain, &options()).unwrap();
    append(&mut writer, &FRAMES);
    append(&mut writer, &[3]);
    let head = writer.head();
    writer.close().unwrap();
    let last = sealed_log(&sealed, &small());
    assert!(segment_files(&sealed).len() >= 3);
    assert!(fs::read_dir(sealed.join("journal")).unwrap().count() <= 3);
    assert_eq!(read_all(&sealed), expected(last));
    let report = verify_with(&sealed, &VerifyOptions { deep: true, public_key: None }, &mut |_| ()).unwrap();
    assert!(report.is_clean(), "{:?}", report.findings);
    assert_eq!((report.head, report.events, report.frames), (head, last, FRAMES.len() as u64 + 1));
    assert_eq!(notes(&repaired(&sealed, &small(), last)), "");
}

#[test]
fn views_selections_ranges_and_points_agree_with_plain_reading() {
    let home = fast_home();
    let dir = home.path().join("log");
    let last = sealed_log(&dir, &small());
    let reader = LogReader::open(&dir).unwrap();
    let all = expected(last);
    for check in [Check::Crc, Check::Full] {
        for (from, until) in [(1, last), (700, 701), (255, 2000), (last, last)] {
            let wanted = Selection { from: seq(from), until: Some(seq(until)), check, ..Selection::default() };
            let (mut stream, mut seen) = (reader.select(&wanted).unwrap(), Vec::new());
            while let Some(view) = stream.next_view().unwrap() {
                seen.extend(view.iter().map(|r| r.to_envelope().unwrap()));
            }
            assert_eq!(seen, all[from as usize - 1..until as usize], "{from} to {until}");
        }
    }
    let selections = [
        Selection { kinds: vec![EventKind::Halted], ..Selection::default() },
        Selection { market: Some(MarketId(7)), ..Selection::default() },
        Selection { cycle: Some(CycleId(33)), from: seq(300), ..Selection::default() },
        Selection { market: Some(MarketId(7)), kinds: vec![EventKind::BookDelta], ..Selection::default() },
        Selection { market: Some(MarketId(4_000)), ..Selection::default() },
    ];
    for s in selections {
        let (mut stream, mut seen, mut frame) = (reader.select(&s).unwrap(), Vec::new(), Vec::new());
        while stream.next_frame(&mut frame).unwrap() {
            seen.append(&mut frame);
        }
        let mut wanted = all.clone();
        wanted.retain(|e| {
            e.seq >= s.from
                && (s.kinds.is_empty() || s.kinds.contains(&e.event.kind()))
                && s.market.is_none_or(|m| e.event.market() == Some(m))
                && s.cycle.is_none_or(|c| e.cycle == Some(c))
        });
        assert_eq!(seen, wanted, "{s:?}");
    }
    for parts in [1, 2, 7, 10_000] {
        let ranges = reader.ranges(parts).unwrap();
        assert_eq!(ranges.len() as u64, (parts as u64).min(last));
        assert_eq!((ranges[0].0.get(), ranges[ranges.len() - 1].1.get()), (1, last));
        assert!(ranges.windows(2).all(|w| w[0].1.next() == w[1].0));
    }
    let mut points = reader.points().unwrap();
    for n in (1..=last).step_by(7).chain([1, 2, last - 1, last, 64, 65, 128]) {
        let there = Some(all[n as usize - 1].clone());
        assert_eq!(points.at(seq(n)).unwrap(), there);
        assert_eq!(points.at_or_after(UtcNanos(n as i64 * 1_000)).unwrap(), there, "{n}");
        assert_eq!(points.at_or_after(UtcNanos(n as i64 * 1_000 - 999)).unwrap(), there, "{n}");
        assert_eq!(reader.seek_time(UtcNanos(n as i64 * 1_000 - 1)).unwrap(), Some(seq(n)));
        assert_eq!(reader.read(seq(n)).unwrap(), there);
    }
    assert_eq!(points.at(seq(last + 1)).unwrap(), None);
    assert_eq!(points.at_or_after(UtcNanos(last as i64 * 1_000 + 1)).unwrap(), None);
    assert_eq!(points.at_or_after(UtcNanos(i64::MIN)).unwrap(), Some(all[0].clone()));
}

#[test]
fn a_log_without_a_journal_keeps_everything_too() {
    let home = fast_home();
    let dir = home.path().join("log");
    let alone = WriterOptions { journal: false, ..small() };
    let (mut writer, _) = LogWriter::open(&dir, &alone).unwrap();
    append(&mut writer, &FRAMES[..8]);
    let so_far = writer.head().seq;
    drop(writer);
    assert!(!dir.join("journal").exists());
    let (mut writer, report) = LogWriter::open(&dir, &alone).unwrap();
    assert_eq!(report.head.seq, so_far);
    assert_eq!(read_all(&dir), expected(so_far));
    append(&mut writer, &FRAMES[8..]);
    writer.close().unwrap();
    assert_eq!(read_all(&dir), expected(LAST));
    assert!(verify(&dir).unwrap().is_clean());
    // With a journal from now on, and without one again.
    assert_eq!(notes(&repaired(&dir, &small(), LAST)), "");
    assert!(dir.join("journal").exists());
    let (mut writer, _) = LogWriter::open(&dir, &alone).unwrap();
    append(&mut writer, &[9]);
    drop(writer);
    // A crash, and then with a journal: what only the hot copy has comes into it.
    let (writer, report) = LogWriter::open(&dir, &small()).unwrap();
    assert_eq!(report.head.seq, LAST + 10);
    writer.close().unwrap();
    assert_eq!(read_all(&dir), expected(LAST + 10));
    assert!(verify(&dir).unwrap().is_clean());
}

#[test]
fn a_damaged_segment_is_made_again_from_the_journal_or_refused_by_name() {
    let home = fast_home();
    let dir = home.path().join("log");
    let keep_all = WriterOptions { keep_journal: 99, ..small() };
    let last = sealed_log(&dir, &keep_all);
    let content = files(&dir);
    let segments = segment_files(&dir);
    let newest = segments.len() - 1;
    for at in [3, 60, 200, 1000] {
        restore(&dir, &content);
        unlock(&segments[newest]);
        flip(&segments[newest], at);
        let report = verify(&dir).unwrap();
        assert!(report.findings.iter().all(|f| f.severity == eventlog::Severity::Repairable) && !report.is_clean());
        let report = repaired(&dir, &keep_all, last);
        assert!(matches!(report.notes[..], [RepairNote::SegmentRestored { .. }]), "{:?}", report.notes);
    }
    for segment in [&segments[0], &segments[newest]] {
        restore(&dir, &content);
        fs::remove_file(segment).unwrap();
        // The newest one's events are simply unsealed again: the journal has them.
        assert_eq!(verify(&dir).unwrap().is_clean(), segment == &segments[newest]);
        repaired(&dir, &keep_all, last);
    }
    // Without journal files, the file and the first event that is lost are named, and nothing changes.
    restore(&dir, &content);
    for entry in fs::read_dir(dir.join("journal")).unwrap() {
        let path = entry.unwrap().path();
        if !path.ends_with(format!("j-{:016x}.aaj", LAST + 1)) {
            fs::remove_file(path).unwrap();
        }
    }
    fs::remove_file(&segments[1]).unwrap();
    let (first, _) = segment::range_of(&segments[1]).unwrap();
    let before = files(&dir);
    let error = LogWriter::open(&dir, &keep_all).err().unwrap();
    assert!(matches!(&error, LogError::Damaged { seq, .. } if *seq == first), "{error}");
    let error = LogReader::open(&dir).unwrap().read(seq(first)).unwrap_err();
    assert!(matches!(&error, LogError::Damaged { seq, .. } if *seq == first), "{error}");
    assert_eq!(files(&dir), before);
    assert!(!verify(&dir).unwrap().is_clean());
}

fn unlock(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
}

#[test]
fn a_log_goes_elsewhere_and_comes_back() {
    let home = fast_home();
    let (dir, out, new) = (home.path().join("log"), home.path().join("out"), home.path().join("new"));
    // Nothing is compressed under the reader's eyes.
    let plain = WriterOptions { plain_segments: 16, ..small() };
    let (mut writer, _) = LogWriter::open(&dir, &plain).unwrap();
    append(&mut writer, &FRAMES[..5]);
    writer.seal_all().unwrap();
    append(&mut writer, &FRAMES[5..11]);
    writer.seal_all().unwrap();
    append(&mut writer, &FRAMES[11..]);
    let snapshot = writer.write_snapshot(&[("n".to_owned(), vec![1, 2, 3])]).unwrap();
    // While the writer lives: compressed copies of the segments, and the rest.
    let reader = LogReader::open(&dir).unwrap();
    let mut parts = Vec::new();
    let mut from = schemas::frame::Head::genesis(&reader.log_id());
    for info in reader.segments().unwrap() {
        let packed = segment::recompress(&info.path, &out).unwrap();
        assert_eq!((packed.before, packed.head, packed.frames), (info.before, info.head, info.frames));
        assert!(packed.compressed);
        assert_eq!(segment::verify(&packed.path, true, &mut |_| ()).unwrap(), packed);
        from = packed.head;
        parts.push(packed.path);
    }
    let tail = export_tail(&dir, from, &out).unwrap().unwrap();
    assert_eq!(tail.head, writer.head());
    assert!(export_tail(&dir, tail.head, &out).unwrap().is_none());
    parts.push(tail.path);
    assert_eq!(assemble(&new, &parts, &[snapshot]).unwrap(), writer.head());
    assert!(assemble(&new, &parts, &[]).is_err());
    assert_eq!(read_all(&new), expected(LAST));
    let found = LogReader::open(&new).unwrap().latest_snapshot(None).unwrap();
    assert_eq!((found.newest.unwrap().head.seq, found.skipped.len()), (LAST, 0));
    assert_eq!(notes(&repaired(&new, &small(), LAST)), "");
    let lost =
        assemble(&home.path().join("gap"), &[parts[0].clone(), parts[parts.len() - 1].clone()], &[]).unwrap_err();
    assert!(matches!(lost, LogError::ForeignCopy { .. }), "{lost}");
}

#[test]
fn archived_segments_can_be_deleted_and_the_chain_goes_on() {
    let home = fast_home();
    let dir = home.path().join("log");
    let last = sealed_log(&dir, &small());
    let segments = segment_files(&dir);
    let (_, upto) = segment::range_of(&segments[1]).unwrap();
    let refused = maintain::prune(&dir, upto).unwrap_err();
    assert!(matches!(refused, LogError::MustKeep { .. }), "{refused}");
    let (mut writer, _) = LogWriter::open(&dir, &small()).unwrap();
    writer.write_snapshot(&[("n".to_owned(), vec![1])]).unwrap();
    let gone = maintain::prune(&dir, upto).unwrap();
    assert_eq!((gone.len(), gone[1].head.seq), (2, upto));
    append(&mut writer, &[4]);
    writer.close().unwrap();
    let reader = LogReader::open(&dir).unwrap();
    assert_eq!(reader.first_seq().unwrap(), upto + 1);
    let error = reader.read(seq(upto)).unwrap_err();
    assert!(matches!(error, LogError::Pruned { first_seq, .. } if first_seq == upto + 1), "{error}");
    let (mut stream, mut all, mut frame) = (reader.events(seq(upto + 1), Check::Full).unwrap(), Vec::new(), Vec::new());
    while stream.next_frame(&mut frame).unwrap() {
        all.append(&mut frame);
    }
    assert_eq!(all, expected(last + 4)[upto as usize..]);
    let (writer, report) = LogWriter::open(&dir, &small()).unwrap();
    assert_eq!((notes(&report), report.head.seq), (String::new(), last + 4));
    writer.close().unwrap();
    let report = verify(&dir).unwrap();
    assert!(report.is_clean() && report.pruned_events == upto, "{report:?}");
}

#[test]
fn checkpoints_are_signed_and_hold() {
    let home = fast_home();
    let (dir, keys) = (home.path().join("log"), home.path().join("keys/log.key"));
    let signer = Arc::new(Signer::load_or_create(&keys).unwrap());
    assert_eq!(Signer::load(&keys).unwrap().public_key(), signer.public_key());
    let signed = WriterOptions { signer: Some(Arc::clone(&signer)), ..small() };
    let (mut writer, _) = LogWriter::open(&dir, &signed).unwrap();
    append(&mut writer, &FRAMES);
    writer.sign_checkpoint(Bytes32([7; 32])).unwrap();
    let head = writer.head();
    writer.seal_all().unwrap();
    writer.close().unwrap();
    let all = read_checkpoints(&dir).unwrap();
    let key = signer.public_key();
    assert!(all.iter().all(|c| c.verify(Some(&key)).is_ok()));
    assert!(all.iter().any(|c| c.head == head && c.hash == Bytes32([7; 32])));
    assert_eq!(all.len(), segment_files(&dir).len() + 1);
    let pinned = VerifyOptions { deep: true, public_key: Some(key) };
    let report = verify_with(&dir, &pinned, &mut |_| ()).unwrap();
    assert!(report.is_clean() && report.checkpoints == all.len() as u64, "{report:?}");
    assert_eq!(report.signed_by, [key]);
    let other = Arc::new(Signer::create(&home.path().join("other.key")).unwrap());
    let report = verify_with(&dir, &VerifyOptions { public_key: Some(other.public_key()), deep: false }, &mut |_| ());
    assert!(report.unwrap().findings.iter().all(|f| f.text.contains("expected was")));
    let (writer, report) = LogWriter::open(&dir, &WriterOptions { signer: Some(other), ..small() }).unwrap();
    assert!(matches!(report.notes[..], [RepairNote::KeyChanged { .. }]), "{}", notes(&report));
    writer.close().unwrap();
    let path = dir.join("checkpoints");
    let intact = fs::read(&path).unwrap();
    for at in (0..intact.len()).step_by(11) {
        flip(&path, at);
        assert!(!verify(&dir).unwrap().is_clean(), "byte {at}");
        fs::write(&path, &intact).unwrap();
    }
}

#[test]
fn keys_that_cannot_be_used_are_refused() {
    let home = fast_home();
    let path = home.path().join("log.key");
    let refused = |text: &str, mode: u32| {
        use std::os::unix::fs::PermissionsExt;
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let error = Signer::load(&path).unwrap_err();
        assert!(matches!(error, LogError::BadKey { .. }), "{error}");
    };
    refused(&"11".repeat(32), 0o644);
    refused("not hex", 0o600);
    refused(&"00".repeat(32), 0o600);
    refused(&"ff".repeat(32), 0o600);
    refused("", 0o600);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn any_frames_survive_sealing_and_compression(
        frames in prop::collection::vec(1u64..900, 1..20),
        roll in 2_000u64..90_000,
        plain in 0usize..3,
        journal in any::<bool>(),
    ) {
        let home = fast_home();
        let dir = home.path().join("log");
        let options = WriterOptions { roll_len: roll, plain_segments: plain, keep_journal: 0, journal, ..options() };
        let (mut writer, _) = LogWriter::open(&dir, &options).unwrap();
        append(&mut writer, &frames);
        writer.seal_all().unwrap();
        let last = writer.head().seq;
        writer.close().unwrap();
        prop_assert_eq!(read_all(&dir), expected(last));
        let report = verify_with(&dir, &VerifyOptions { deep: true, public_key: None }, &mut |_| ()).unwrap();
        prop_assert!(report.is_clean(), "{:?}", report.findings);
        prop_assert_eq!(report.frames, frames.len() as u64);
    }
}

#[test]
fn many_that_make_the_key_at_once_get_the_same() {
    let home = fast_home();
    let path = home.path().join("keys/log.key");
    let made = |_| {
        let path = path.clone();
        std::thread::spawn(move || Signer::load_or_create(&path).unwrap().public_key())
    };
    let threads: Vec<_> = (0..16).map(made).collect();
    let keys: Vec<_> = threads.into_iter().map(|t| t.join().unwrap()).collect();
    assert!(keys.windows(2).all(|w| w[0] == w[1]));
    assert_eq!(Signer::load(&path).unwrap().public_key(), keys[0]);
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
}
