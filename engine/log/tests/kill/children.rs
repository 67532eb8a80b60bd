//! What the children do until they are killed. Each line they say is one write to a pipe, so it is there in whole or
//! not at all: "ack N" is said after the commit has returned, "do X" before something begins, "did X" behind it.

use crate::sample::{record, records};
use crate::spec::Spec;
use crate::victim::{DIR, SPEC, STEPS};
use eventlog::{
    AppendOptions, Appender, LogError, LogReader, LogWriter, WriterOptions, assemble, export_tail, maintain, segment,
};
use schemas::Bytes32;
use schemas::frame::Head;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Between two commits, so that a child writes as much as its parent can check.
const PACE: Duration = Duration::from_micros(200);

fn say(what: impl std::fmt::Display) {
    println!("{what}");
}

/// The child's directory and options; `None` when the test was not started as a child.
fn orders() -> Option<(PathBuf, WriterOptions, Vec<String>)> {
    let dir = PathBuf::from(std::env::var_os(DIR)?);
    let spec: Spec = std::env::var(SPEC).unwrap().parse().unwrap();
    let steps = std::env::var(STEPS).unwrap().split(',').filter(|s| !s.is_empty()).map(str::to_owned).collect();
    // The runner has begun a line with the test's name.
    say("");
    say("start");
    Some((dir.clone(), spec.options(&dir), steps))
}

/// Opens, or says who is in the way and ends.
fn open(dir: &Path, options: &WriterOptions) -> LogWriter {
    match LogWriter::open(dir, options) {
        Ok((writer, report)) => {
            report.notes.iter().for_each(|note| say(format!("note {note}")));
            say(format!("open {}", report.head.seq));
            writer
        }
        Err(e) => {
            say(format!("refused {e}"));
            std::process::exit(if matches!(e, LogError::Locked { .. }) { 0 } else { 9 });
        }
    }
}

/// Appends for ever, with other steps now and then.
#[test]
#[ignore = "started by the other tests"]
fn write() {
    let Some((dir, options, steps)) = orders() else { return };
    let mut writer = open(&dir, &options);
    let most = if steps.iter().any(|s| s == "big") { 3000 } else { 40 };
    let steps: Vec<&str> = steps.iter().map(String::as_str).filter(|s| *s != "big").collect();
    for n in 0usize.. {
        let first = writer.next_seq().get();
        // Lengths that do not repeat where a former child has stopped.
        let head = writer.commit(&records(first, 1 + (first * 7 + n as u64) % most)).unwrap();
        say(format!("ack {}", head.seq));
        if n % 5 == 4 && !steps.is_empty() {
            writer = step(steps[n / 5 % steps.len()], writer, &dir, &options);
        }
        std::thread::sleep(PACE);
    }
}

fn step(step: &str, mut writer: LogWriter, dir: &Path, options: &WriterOptions) -> LogWriter {
    say(format!("do {step}"));
    match step {
        "seal" => writer.seal_all().unwrap(),
        "checkpoint" => writer.checkpoint().unwrap(),
        "sign" => writer.sign_checkpoint(Bytes32([7; 32])).unwrap(),
        "snapshot" => {
            let body = vec![(writer.head().seq % 251) as u8; 100_000];
            drop(writer.write_snapshot(&[("state".to_owned(), body)]).unwrap());
        }
        "close" => {
            writer.close().unwrap();
            writer = open(dir, options);
        }
        "lose the hot copy" => {
            writer.close().unwrap();
            fs::remove_dir_all(dir.join("hot")).unwrap();
            writer = open(dir, options);
        }
        other => panic!("no step {other}"),
    }
    say(format!("did {step}"));
    writer
}

/// Writes a little, closes, and then does what a person or a timer does to a closed log.
#[test]
#[ignore = "started by the other tests"]
fn tend() {
    let Some((dir, options, steps)) = orders() else { return };
    for n in 0usize.. {
        let mut writer = open(&dir, &options);
        for _ in 0..6 {
            let head = writer.commit(&records(writer.next_seq().get(), 20)).unwrap();
            say(format!("ack {}", head.seq));
        }
        writer.write_snapshot(&[("state".to_owned(), vec![5; 1000])]).unwrap();
        let head = writer.head().seq;
        writer.close().unwrap();
        let step = steps[n % steps.len()].as_str();
        say(format!("do {step}"));
        match step {
            "rebuild the hot copy" => drop(maintain::rebuild_hot(&dir, &options).unwrap()),
            "seal" => drop(maintain::seal(&dir, &options).unwrap()),
            "compress" => maintain::compress(&dir, 0).unwrap(),
            "prune" => drop(maintain::prune(&dir, head.saturating_sub(20)).unwrap()),
            other => panic!("no step {other}"),
        }
        say(format!("did {step}"));
    }
}

/// Compresses the segments of a log that another process writes.
#[test]
#[ignore = "started by the other tests"]
fn compress() {
    let Some((dir, _, _)) = orders() else { return };
    loop {
        say("do compress");
        match maintain::compress(&dir, 0) {
            Ok(()) => say("did compress"),
            Err(e) => say(format!("could not: {e}")),
        }
        std::thread::sleep(PACE);
    }
}

/// Exports the log's tail and makes new logs of the files, for ever, beside the log.
#[test]
#[ignore = "started by the other tests"]
fn back_up() {
    let Some((dir, _, _)) = orders() else { return };
    let home = dir.parent().unwrap();
    let reader = LogReader::open(&dir).unwrap();
    let sealed: Vec<PathBuf> = reader.segments().unwrap().into_iter().map(|info| info.path).collect();
    let from = sealed.last().map_or(Head::genesis(&reader.log_id()), |path| segment::inspect(path).unwrap().head);
    let snapshot = fs::read_dir(dir.join("snapshots")).unwrap().next().unwrap().unwrap().path();
    let start = fs::read_dir(home).unwrap().count();
    for n in start.. {
        let tail_dir = home.join(format!("tail-{n}"));
        say(format!("do export {n}"));
        let tail = export_tail(&dir, from, &tail_dir).unwrap();
        say(format!("did export {n}"));
        let files: Vec<PathBuf> = sealed.iter().cloned().chain(tail.map(|info| info.path)).collect();
        say(format!("do assemble {n}"));
        assemble(&home.join(format!("made-{n}")), &files, std::slice::from_ref(&snapshot)).unwrap();
        say(format!("did assemble {n}"));
    }
}

/// Four producers and one log thread. Says "ack FIRST COUNT N": the events from FIRST on are the records from N on.
#[test]
#[ignore = "started by the other tests"]
fn produce() {
    let Some((dir, options, steps)) = orders() else { return };
    let writer = open(&dir, &options);
    let found = writer.head().seq;
    let group = !steps.iter().any(|s| s == "one by one");
    let gathering =
        AppendOptions { queue_len: 8, linger: Duration::from_micros(300), group, ..AppendOptions::default() };
    let appender = Appender::start(writer, gathering).unwrap();
    std::thread::scope(|scope| {
        for producer in 1..=4u64 {
            let handle = appender.handle();
            scope.spawn(move || {
                let mut next = producer * 1_000_000_000 + found * 1_000;
                let mut tickets = Vec::new();
                for n in 0u64.. {
                    let count = 1 + (producer + n) % 9;
                    let batch = (next..next + count).map(record).collect();
                    tickets.push((handle.submit(batch, n % 4 == 0).unwrap(), count, next));
                    next += count;
                    if n % 3 == producer % 3 {
                        for (ticket, count, from) in tickets.drain(..) {
                            let first = ticket.wait().unwrap().first_seq;
                            say(format!("ack {first} {count} {from}"));
                        }
                        std::thread::sleep(PACE);
                    }
                }
            });
        }
    });
}
