//! Backups while another thread appends, seals and compresses as fast as it can.

use crate::world::{World, append, expected, files, options};
use backup::Choice;
use eventlog::{LogReader, LogWriter};
use schemas::Seq;
use schemas::frame::Check;
use std::fs;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Ends the writer even when the test fails; a scope waits for its threads.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

#[test]
fn a_backup_of_a_running_log_is_a_true_prefix_of_it() {
    let mut world = World::empty();
    let (mut writer, _) = LogWriter::open(&world.log, &options(Some(world.signer()))).unwrap();
    append(&mut writer, 20, 16);
    let (stop, acknowledged) = (AtomicBool::new(false), AtomicU64::new(0));
    let mut heads = Vec::new();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut n = 0u64;
            while !stop.load(Ordering::Acquire) {
                n += 1;
                append(&mut writer, 1, 1 + n % 40);
                acknowledged.store(writer.head().seq, Ordering::Release);
            }
            writer.close().unwrap();
        });
        let stopped = Stop(&stop);
        for _ in 0..8 {
            let before = acknowledged.load(Ordering::Acquire);
            world.now = world.now.plus(1_000_000_000);
            let report = world.backup().unwrap();
            let head = report.manifest.head;
            assert!(head.seq >= before, "everything acknowledged before the backup is in it");
            heads.push(report.manifest.id);
            let _ = fs::remove_dir_all(world.restored());
            world.restore(Choice::Newest).unwrap();
            let reader = LogReader::open(&world.restored()).unwrap();
            assert_eq!(reader.last().unwrap(), head);
        }
        drop(stopped);
    });
    // Each of them, once more, now that the log has grown on.
    for id in heads {
        let _ = fs::remove_dir_all(world.restored());
        let last = world.restore(Choice::Id(id)).unwrap().head;
        let mut stream = LogReader::open(&world.restored()).unwrap().events(Seq::FIRST, Check::Full).unwrap();
        let (mut all, mut frame) = (Vec::new(), Vec::new());
        while stream.next_frame(&mut frame).unwrap() {
            all.append(&mut frame);
        }
        assert!(all == expected(last.seq));
        assert_eq!(LogReader::open(&world.log).unwrap().chain_at(last.seq).unwrap(), Some(last), "a true prefix");
    }
}

#[test]
fn a_backup_writes_nothing_into_the_log() {
    let world = World::new();
    let before = files(&world.log);
    world.backup().unwrap();
    world.backup().unwrap();
    assert!(before == files(&world.log));
    let (writer, _) = LogWriter::open(&world.log, &options(None)).unwrap();
    let before = files(&world.log);
    world.backup().unwrap();
    assert!(before == files(&world.log), "nor while it is open for writing");
    writer.close().unwrap();
}
