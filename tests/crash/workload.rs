//! What a traced process does to a log: everything a writer can do, in an order drawn from a seed, with limits so small
//! that a short run rolls, seals, checkpoints, compresses, deletes and closes many times.

use super::dice::Dice;
use super::sample::records;
use super::stage::{Marks, orders};
use eventlog::{AppendOptions, Appender, LogError, LogWriter, Policy, Signer, WriterOptions, maintain};
use schemas::Bytes32;
use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// The name of [`write_a_log`] for the test runner.
pub const WRITE_A_LOG: &str = "workload::write_a_log";
/// A child that stopped on an error of the log.
pub const STOPPED: i32 = 7;
/// Seeds from here on draw a short run: what fault tests repeat once for every call. The part of the seed below decides
/// how the log is written, so that several runs may share one.
pub const SHORT: u64 = 1 << 32;

/// The ways in which a log can be kept. A seed has the way of its remainder.
pub const WAYS: [&str; 8] = [
    "journal and hot copy, allocated ahead",
    "journal alone, allocated ahead",
    "journal and hot copy",
    "journal and hot copy, allocated ahead, signed",
    "journal alone, signed",
    "journal and hot copy, all segments compressed, old ones deleted",
    "hot copy alone",
    "journal and hot copy, allocated ahead, through the log thread",
];

fn way(seed: u64) -> u64 {
    (seed & (SHORT - 1)) % WAYS.len() as u64
}

/// How logs of this seed are written.
pub fn options(seed: u64) -> WriterOptions {
    let mut dice = Dice::new(seed & (SHORT - 1));
    let way = way(seed);
    WriterOptions {
        roll_len: 4_000 + dice.below(if seed >= SHORT { 12_000 } else { 60_000 }),
        checkpoint_len: 8_000 + dice.below(90_000),
        hot: !matches!(way, 1 | 4),
        journal: way != 6,
        preallocate: matches!(way, 0 | 1 | 3 | 7),
        keep_journal: dice.below(3) as usize,
        plain_segments: if way == 5 { 0 } else { 1 + dice.below(4) as usize },
        signer: matches!(way, 3 | 4).then(signer),
        owner: "the crash test".to_owned(),
        ..WriterOptions::default()
    }
}

/// One key for all logs of these tests. It lies outside of the disk that loses things.
fn signer() -> Arc<Signer> {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("crash.key");
    if !path.exists() {
        let mine = path.with_extension(std::process::id().to_string());
        let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&mine).unwrap();
        file.write_all("5a".repeat(32).as_bytes()).unwrap();
        fs::rename(mine, &path).unwrap();
    }
    Arc::new(Signer::load(&path).unwrap())
}

/// The content of the snapshot at `seq`.
pub fn snapshot(seq: u64) -> Vec<(String, Vec<u8>)> {
    vec![("books".to_owned(), seq.to_le_bytes().repeat(1 + (seq % 700) as usize)), ("empty".to_owned(), Vec::new())]
}

/// The state hash that is signed at `seq`.
pub fn state_hash(seq: u64) -> Bytes32 {
    Bytes32(std::array::from_fn(|i| seq.to_le_bytes()[i % 8] ^ i as u8))
}

/// Not a test of its own: what the children do.
#[test]
#[ignore = "started by the other tests"]
fn write_a_log() {
    let Some(marks) = Marks::of_child() else { return };
    let (dir, seed) = orders();
    let mut run = Run { dir, options: options(seed), marks, last: 0 };
    match run.all(seed) {
        Ok(()) => run.marks.say("done"),
        Err(e) => {
            println!("stopped: {e}");
            // sled is left alone: what it does at its end on a broken disk is not the subject here.
            std::process::exit(STOPPED);
        }
    }
}

struct Run {
    dir: PathBuf,
    options: WriterOptions,
    marks: Marks,
    /// The last event that was written.
    last: u64,
}

impl Run {
    fn all(&mut self, seed: u64) -> Result<(), LogError> {
        let mut dice = Dice::new(seed);
        let mut writer = self.open()?;
        let frames = if seed >= SHORT { 12 } else { 70 };
        for _ in 0..frames {
            writer = self.step(writer, way(seed), &mut dice)?;
            let most = *dice.pick(&[1, 4, 40, 300]);
            let count = 1 + dice.below(most);
            writer = if way(seed) == 7 { self.burst(writer, count)? } else { self.commit(writer, count)? };
        }
        self.said(writer.close(), "close")
    }

    /// What is done between two commits.
    fn step(&mut self, mut writer: LogWriter, way: u64, dice: &mut Dice) -> Result<LogWriter, LogError> {
        match dice.below(100) {
            0..6 => self.said(writer.checkpoint(), "checkpoint")?,
            6..14 => self.take_snapshot(&mut writer)?,
            14..19 => {
                self.said(writer.close(), "close")?;
                writer = self.open()?;
            }
            19..22 => {
                // As a process that ends without a word.
                drop(writer);
                writer = self.open()?;
            }
            22..27 => self.said(writer.seal_all(), "seal")?,
            27..33 => {
                self.said(writer.sign_checkpoint(state_hash(self.last)), "sign")?;
                if self.options.signer.is_some() {
                    self.marks.say(&format!("signed {}", self.last));
                }
            }
            // Long enough for the threads behind the writer to find something to do.
            33..40 => std::thread::sleep(Duration::from_millis(25)),
            40..46 if way == 5 => self.delete()?,
            _ => {}
        }
        Ok(writer)
    }

    fn open(&mut self) -> Result<LogWriter, LogError> {
        let opened = LogWriter::open(&self.dir, &self.options);
        let (writer, report) = self.said(opened, "open")?;
        self.last = report.head.seq;
        self.marks.say(&format!("open {}", self.last));
        Ok(writer)
    }

    fn commit(&mut self, mut writer: LogWriter, count: u64) -> Result<LogWriter, LogError> {
        let last = self.last + count;
        self.marks.say(&format!("try {last}"));
        let batch = records(self.last + 1, count);
        let committed = writer.commit(&batch);
        match self.said(committed, "commit") {
            Ok(head) => {
                assert_eq!(head.seq, last);
                self.acknowledged(last);
                Ok(writer)
            }
            Err(e) => {
                // Nothing may be acknowledged behind an error, not even once the disk is well again.
                for _ in 0..3 {
                    match writer.commit(&batch) {
                        Ok(head) => self.marks.say(&format!("wrong {} acknowledged behind an error", head.seq)),
                        Err(again) if again.policy() == Policy::Halt => {}
                        Err(again) => self.marks.say(&format!("wrong policy behind an error: {again:?}")),
                    }
                }
                Err(e)
            }
        }
    }

    fn acknowledged(&mut self, last: u64) {
        self.last = last;
        self.marks.say(&format!("ack {last}"));
    }

    /// Batches that queue at the log thread, which makes fewer frames of them.
    fn burst(&mut self, writer: LogWriter, count: u64) -> Result<LogWriter, LogError> {
        let options = AppendOptions { linger: Duration::from_micros(200), ..AppendOptions::default() };
        let appender = Appender::start(writer, options)?;
        let mut tickets = Vec::new();
        let mut next = self.last + 1;
        for part in [count.div_ceil(3), count.div_ceil(2), count] {
            self.marks.say(&format!("try {}", next + part - 1));
            // An appender that has ended says why when it is stopped.
            let Ok(ticket) = appender.submit(records(next, part), part % 2 == 0) else { break };
            tickets.push((ticket, next, part));
            next += part;
        }
        let mut broken = false;
        for (ticket, first, part) in tickets {
            match ticket.wait() {
                Ok(ack) if broken => self.marks.say(&format!("wrong {} acknowledged behind an error", ack.first_seq)),
                Ok(ack) => {
                    assert_eq!(ack.first_seq, first);
                    self.acknowledged(first + part - 1);
                }
                Err(_) => broken = true,
            }
        }
        self.said(appender.stop(), "append")
    }

    /// A snapshot is a cache: an error costs the snapshot and nothing else.
    fn take_snapshot(&mut self, writer: &mut LogWriter) -> Result<(), LogError> {
        match writer.write_snapshot(&snapshot(self.last)) {
            Ok(_) => self.marks.say(&format!("snapshot {}", self.last)),
            Err(e) if matches!(e, LogError::Poisoned { .. }) => return Err(e),
            Err(e) => self.marks.say(&format!("lost snapshot {}: {e}", self.last)),
        }
        Ok(())
    }

    /// Deletes old segments. An error leaves the log as it was, or with the deletion begun.
    fn delete(&mut self) -> Result<(), LogError> {
        let upto = self.last.saturating_sub(800);
        self.marks.say(&format!("delete {upto}"));
        match maintain::prune(&self.dir, upto) {
            Ok(_) | Err(LogError::MustKeep { .. }) => {}
            Err(e) => self.marks.say(&format!("not deleted: {e}")),
        }
        Ok(())
    }

    /// Marks an error with what was done, its policy and its kind.
    fn said<T>(&mut self, result: Result<T, LogError>, what: &str) -> Result<T, LogError> {
        result.inspect_err(|e| {
            let kind = format!("{e:?}");
            let kind = kind.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
            self.marks.say(&format!("error {what} {:?} {kind} {e}", e.policy()));
        })
    }
}
