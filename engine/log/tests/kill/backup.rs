//! Kills during exports and restores: what is half written is never taken for whole, and the log itself is untouched.

use crate::aftermath::{is_clean, is_sample, read};
use crate::ledger::{Dice, Ledger, rounds};
use crate::sample::{append, fast_home, files};
use crate::spec::{SEALING, Spec};
use crate::victim::{Moment, start};
use eventlog::{LogReader, LogWriter, segment};
use schemas::frame::Head;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A log with sealed segments, a tail in the journal and a snapshot, closed. Returns where it ends.
fn source(dir: &Path, spec: &Spec) -> Head {
    let (mut writer, _) = LogWriter::open(dir, &spec.options(dir)).unwrap();
    append(&mut writer, &[60; 6]);
    writer.seal_all().unwrap();
    writer.write_snapshot(&[("state".to_owned(), vec![3; 5_000])]).unwrap();
    append(&mut writer, &[400, 3, 1]);
    let head = writer.head();
    writer.close().unwrap();
    head
}

/// Whatever stands in the folder of an export is the whole tail or is refused. Returns whether it is whole.
fn export_is_whole_or_nothing(folder: &Path, head: Head) -> bool {
    let mut whole = false;
    for name in fs::read_dir(folder).into_iter().flatten().map(|e| e.unwrap().path()) {
        match segment::range_of(&name) {
            Some(_) => {
                let info = segment::verify(&name, true, &mut |_| ()).unwrap();
                assert_eq!(info.head, head);
                whole = true;
            }
            // The moment between the last byte and the name.
            None => {
                let whole = segment::verify(&name, true, &mut |_| ()).is_ok_and(|info| info.head == head);
                assert!(whole || segment::inspect(&name).is_err(), "half an export looks whole");
            }
        }
    }
    whole
}

/// A restored log is whole, or nobody can read it to an early end or write behind one.
fn restore_is_whole_or_nothing(dir: &Path, spec: &Spec, head: Head) -> bool {
    if let Ok(reader) = LogReader::open(dir) {
        let mut stream = reader.events(schemas::Seq::FIRST, schemas::frame::Check::Full);
        let (mut last, mut frame) = (0, Vec::new());
        let ended = loop {
            match stream.as_mut().map(|s| s.next_frame(&mut frame)) {
                Ok(Ok(true)) => last = frame.last().map_or(last, |e| e.seq.get()),
                Ok(Ok(false)) => break true,
                _ => break false,
            }
        };
        assert!(!ended || last == head.seq, "half a restore reads as a log that ends at event {last}");
    }
    // A directory in which nothing stands yet is where a new log may begin.
    if fs::read_dir(dir).into_iter().flatten().all(|e| e.unwrap().file_name() == "lock") {
        return false;
    }
    match LogWriter::open(dir, &spec.options(dir)) {
        Ok((writer, report)) => {
            assert_eq!(report.head, head, "half a restore was opened for writing");
            writer.close().unwrap();
            is_sample(&read(dir));
            is_clean(dir);
            true
        }
        Err(_) => false,
    }
}

fn numbered(said: &[String], words: &str) -> Vec<u64> {
    said.iter().filter_map(|l| l.strip_prefix(words)?.parse().ok()).collect()
}

#[test]
fn a_killed_backup_leaves_nothing_that_looks_whole_and_is_not() {
    let (home, mut dice, mut ledger) = (fast_home(), Dice::new("backup"), Ledger::new("exports and restores"));
    let dir = home.path().join("log");
    let spec = Spec { plain_segments: 1, ..SEALING };
    let head = source(&dir, &spec);
    let before = files(&dir);
    let all = rounds(48);
    for round in 0..all {
        let child = start("children::back_up", &dir, &spec, &[]);
        let words = if round % 3 == 0 { "do export" } else { "do assemble" };
        let said = child.kill(Moment::Behind(words, 1 + dice.below(2), Duration::from_micros(dice.below(4_000))));
        let at = |words: &str, kind: &str| -> Vec<(u64, PathBuf)> {
            numbered(&said, words).into_iter().map(|n| (n, home.path().join(format!("{kind}-{n}")))).collect()
        };
        let (exported, restored) = (numbered(&said, "did export "), numbered(&said, "did assemble "));
        let interrupted = if numbered(&said, "do assemble ").len() > restored.len() { "restores" } else { "exports" };
        ledger.kill(&format!("during {interrupted}"));
        for (n, folder) in at("do export ", "tail") {
            let whole = export_is_whole_or_nothing(&folder, head);
            assert!(whole || !exported.contains(&n), "export {n} was done and is not whole");
        }
        for (n, made) in at("do assemble ", "made") {
            let whole = restore_is_whole_or_nothing(&made, &spec, head);
            assert!(whole || !restored.contains(&n), "restore {n} was done and is not whole");
            ledger.saw(if whole { "restores whole" } else { "half restores refused" });
        }
        for (_, path) in at("do export ", "tail").into_iter().chain(at("do assemble ", "made")) {
            let _ = fs::remove_dir_all(path);
        }
    }
    assert!(files(&dir) == before, "a backup changed the log it is of");
    ledger.close(all);
}
