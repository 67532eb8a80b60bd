//! The short form of the fuzzers (`fuzz/`): the same entry points over thousands of random inputs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod forge;
mod sample;

use forge::base::{Place, base};
use forge::repair::{self, Segment};
use forge::{small, whole};
use proptest::collection::vec;
use proptest::prelude::*;
use std::cell::Cell;
use std::path::Path;
use std::process::Command;

type Subject = fn(&Place, &[u8]) -> bool;

/// Runs a subject over `cases` random inputs; some must be accepted and some refused, or nothing is proven.
fn forge(subject: Subject, cases: u32) {
    let place = Place::default();
    let (accepted, refused) = (Cell::new(0), Cell::new(0));
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(cases));
    let inputs = vec(any::<u8>(), 0..60);
    let done = runner.run(&inputs, |input| {
        let count = if subject(&place, &input) { &accepted } else { &refused };
        count.set(count.get() + 1);
        Ok(())
    });
    done.unwrap();
    let (accepted, refused) = (accepted.get(), refused.get());
    assert!(accepted > cases / 200 && refused > cases / 200, "{accepted} accepted, {refused} refused");
}

#[test]
fn a_forged_journal_is_read_as_it_is_or_refused_unchanged() {
    forge(whole::journal, 900);
}

#[test]
fn a_forged_segment_is_read_as_it_is_or_refused_unchanged() {
    forge(whole::segment, 600);
}

#[test]
fn a_forged_snapshot_is_used_or_skipped() {
    forge(small::snapshot, 900);
}

#[test]
fn a_forged_anchor_changes_no_event() {
    forge(small::anchor, 500);
}

#[test]
fn forged_checkpoints_change_no_event() {
    forge(small::checkpoints, 500);
}

#[test]
fn a_forged_record_of_deletions_changes_no_event() {
    forge(small::pruned, 500);
}

/// Inputs that once failed.
#[test]
fn what_was_found_stays_found() {
    let place = Place::default();
    let found: [(Subject, &[u8]); 8] = [
        // Frames without an event, and a footer that counts more frames than there are.
        (whole::segment, &[122, 56]),
        (whole::segment, &[0x30, 1, 0, 0, 0, 0, 0, 1, 1]),
        // Checkpoints that were refused when the anchor was written already.
        (small::checkpoints, &[17, 118, 0, 5, 0, 0, 107, 0, 0, 0, 0, 0, 0, 0, 0, 5, 193, 0, 0, 0, 25, 0, 0, 1, 72]),
        (small::checkpoints, &[17, 42, 0, 2]),
        // A record of deletions that would have deleted what it is not about.
        (small::pruned, &[48, 54, 32, 0, 0, 0, 31, 0, 0, 0, 0, 0, 0, 0, 1, 36, 40, 0, 0, 0, 0, 0, 0, 0, 0, 27]),
        // One that leaves no number for another event.
        (small::pruned, &[99, 7, 163, 82, 47, 101, 105, 248, 92, 173, 154, 156, 144, 21, 99, 111, 234]),
        // And one that set the journal aside before the log was refused.
        (small::pruned, &[3, 41, 160, 7, 163, 7, 41, 3, 63, 3, 112, 112, 110, 0]),
        // An anchor of the last generation there can be.
        (
            small::anchor,
            &[128, 182, 72, 0, 0, 0, 0, 0, 22, 8, 0, 0, 0, 20, 58, 14, 72, 0, 0, 0, 151, 0, 0, 0, 0, 0, 0, 0, 0, 43],
        ),
    ];
    for (subject, input) in found {
        subject(&place, input);
    }
}

/// What the process has had at most, KiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|l| l.strip_prefix("VmPeak:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Not a test of its own: memory can only be watched in a process that does nothing else.
#[test]
#[ignore = "started by the next test"]
fn read_forged_lengths() {
    let place = Place::default();
    let (log, before) = (&base().sealed, peak());
    let (name, sound) = log.iter().find(|(n, _)| n.starts_with("snapshots")).unwrap();
    // A body that would be a gigabyte, and one that says it holds a text of a gigabyte.
    for (raw_len, body) in [(1u64 << 30, vec![1, 252, 255, 255, 255, 63]), (6, vec![1, 252, 255, 255, 255, 63])] {
        let packed = lz4_flex::block::compress(&body);
        let mut bytes = [&sound[..128], &packed].concat();
        bytes[72..80].copy_from_slice(&raw_len.to_le_bytes());
        repair::snapshot(&mut bytes);
        place.put(log, name.to_str().unwrap(), &bytes);
        whole::look(&place.dir);
    }
    // A footer with more blocks than there are bytes in the world, and one of a block that is not there.
    let mut forged = Segment::parse(&base().segments[0]);
    let segment = log.keys().find(|n| n.starts_with("segments")).unwrap().to_str().unwrap();
    place.put(log, segment, &forged.with_footer(&[0, 1, 1, 253, 255, 255, 255, 255, 255, 255, 255, 0]));
    whole::look(&place.dir);
    forged.footer.blocks[0].len = u32::MAX;
    place.put(log, segment, &forged.bytes());
    whole::look(&place.dir);
    // A frame as long as frames may be, whose payload is not there.
    let journal = Path::new("journal/j-0000000000000001.aaj");
    let mut bytes = base().journal[journal].clone();
    bytes.truncate(300);
    bytes[128 + 16..128 + 24].copy_from_slice(&[0, 0, 0, 4, 0, 0, 0, 4]);
    let header = bytes[128..256].first_chunk_mut::<128>().unwrap();
    header[60..64].fill(0);
    let sum = crc32c::crc32c(header);
    header[60..64].copy_from_slice(&sum.to_le_bytes());
    place.put(&base().journal, journal.to_str().unwrap(), &bytes);
    whole::look(&place.dir);
    println!("\ngrown {}", peak() - before);
}

#[test]
fn a_forged_length_allocates_no_more_than_a_frame_may_have() {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "read_forged_lengths", "--ignored", "--nocapture"]);
    // Every thread would reserve 64 MiB for itself.
    let output = child.env("MALLOC_ARENA_MAX", "1").output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let grown = said.lines().find_map(|l| l.strip_prefix("grown ")).unwrap_or_else(|| panic!("{said}"));
    let kib: u64 = grown.parse().unwrap();
    assert!(kib < 64 << 10, "{kib} KiB for files of a few");
}
