//! What a traced process does to a log: everything a writer can do, in an order drawn from a seed, with limits so small
//! that a short run rolls, checkpoints and closes many times.

use super::dice::Dice;
use super::sample::records;
use super::stage::{Marks, orders};
use eventlog::{LogError, LogWriter, OpenReport, Policy, WriterOptions};
use std::path::Path;

/// The name of [`write_a_log`] for the test runner.
pub const WRITE_A_LOG: &str = "workload::write_a_log";
/// A child that stopped on an error of the log.
pub const STOPPED: i32 = 7;
/// Seeds from here on draw a short run: what fault tests repeat once for every call.
pub const SHORT: u64 = 1 << 32;

/// How logs of this seed are written: the lower half decides, so that several runs may share a log.
pub fn options(seed: u64) -> WriterOptions {
    let seed = seed & (SHORT - 1);
    let mut dice = Dice::new(seed ^ 0x0b5e);
    WriterOptions {
        roll_len: 4_000 + dice.below(60_000),
        checkpoint_len: 8_000 + dice.below(90_000),
        hot: !seed.is_multiple_of(4),
        owner: "the crash test".to_owned(),
        ..WriterOptions::default()
    }
}

/// The content of the snapshot at `seq`.
pub fn snapshot(seq: u64) -> Vec<(String, Vec<u8>)> {
    vec![("books".to_owned(), seq.to_le_bytes().repeat(1 + (seq % 700) as usize)), ("empty".to_owned(), Vec::new())]
}

/// Not a test of its own: what the children do.
#[test]
#[ignore = "started by the other tests"]
fn write_a_log() {
    let Some(mut marks) = Marks::of_child() else { return };
    let (dir, seed) = orders();
    match run(&dir, seed, &mut marks) {
        Ok(()) => marks.say("done"),
        Err(e) => {
            println!("stopped: {e}");
            // sled is left alone: what it does at its end on a broken disk is not the subject here.
            std::process::exit(STOPPED);
        }
    }
}

fn run(dir: &Path, seed: u64, marks: &mut Marks) -> Result<(), LogError> {
    let options = options(seed);
    let mut dice = Dice::new(seed);
    let mut writer = open(dir, &options, marks)?;
    let frames = if seed >= SHORT { 12 } else { 70 };
    for _ in 0..frames {
        match dice.below(100) {
            0..6 => said(writer.checkpoint(), "checkpoint", marks)?,
            6..14 => take_snapshot(&mut writer, marks)?,
            14..19 => {
                said(writer.close(), "close", marks)?;
                writer = open(dir, &options, marks)?;
            }
            19..22 => {
                // As a process that ends without a word.
                drop(writer);
                writer = open(dir, &options, marks)?;
            }
            _ => {}
        }
        let most = *dice.pick(&[1, 4, 40, 300]);
        commit(&mut writer, 1 + dice.below(most), marks)?;
    }
    said(writer.close(), "close", marks)
}

fn open(dir: &Path, options: &WriterOptions, marks: &mut Marks) -> Result<LogWriter, LogError> {
    let (writer, report): (LogWriter, OpenReport) = said(LogWriter::open(dir, options), "open", marks)?;
    marks.say(&format!("open {}", report.head.seq));
    Ok(writer)
}

fn commit(writer: &mut LogWriter, count: u64, marks: &mut Marks) -> Result<(), LogError> {
    let first = writer.next_seq().get();
    marks.say(&format!("try {}", first + count - 1));
    let batch = records(first, count);
    match said(writer.commit(&batch), "commit", marks) {
        Ok(head) => {
            assert_eq!(head.seq, first + count - 1);
            marks.say(&format!("ack {}", head.seq));
            Ok(())
        }
        Err(e) => {
            // Nothing may be acknowledged behind an error, not even once the disk is well again.
            for _ in 0..3 {
                match writer.commit(&batch) {
                    Ok(head) => marks.say(&format!("wrong {} acknowledged behind an error", head.seq)),
                    Err(again) if again.policy() == Policy::Halt => {}
                    Err(again) => marks.say(&format!("wrong policy behind an error: {again:?}")),
                }
            }
            Err(e)
        }
    }
}

/// A snapshot is a cache: an error costs the snapshot and nothing else.
fn take_snapshot(writer: &mut LogWriter, marks: &mut Marks) -> Result<(), LogError> {
    let seq = writer.head().seq;
    match writer.write_snapshot(&snapshot(seq)) {
        Ok(_) => marks.say(&format!("snapshot {seq}")),
        Err(e) if matches!(e, LogError::Poisoned { .. }) => return Err(e),
        Err(e) => marks.say(&format!("lost snapshot {seq}: {e}")),
    }
    Ok(())
}

/// Marks an error with what was done, its policy and its kind.
fn said<T>(result: Result<T, LogError>, what: &str, marks: &mut Marks) -> Result<T, LogError> {
    result.inspect_err(|e| {
        let kind = format!("{e:?}");
        let kind = kind.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        marks.say(&format!("error {what} {:?} {kind} {e}", e.policy()));
    })
}
