//! Durable appends, one commit after another.

use super::Sink;
use super::events::Records;
use super::figure::{Bound, Figure, Section, median, quantile, ratios, short};
use super::ours::{Ours, Setup};
use super::raw::RawFile;
use super::settle::settle;
use super::sqlite::{Durability, SqliteRows};
use super::workshop::{Workshop, fresh_dir, remove_dir};
use crate::error::MeasureError;
use crate::process::{Clock, cpu_nanos};
use schemas::Record;
use schemas::frame::{Head, encode};
use std::path::Path;

/// Events of a commit.
const BATCHES: [usize; 4] = [16, 64, 256, 1_024];
/// Commits of a run: enough for a p99, no more events than this.
const COMMITS_MAX: usize = 4_000;
const EVENTS_MAX: usize = 1_000_000;
/// A round goes from writer to writer so often: a disk that is busy for some seconds is busy for all of them.
const TURNS: usize = 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Writer {
    Growing,
    Preallocated,
    Sqlite,
    Ours(Setup),
}

const WRITERS: [(Writer, &str); 6] = [
    (Writer::Growing, "raw file, growing"),
    (Writer::Preallocated, "raw file, preallocated"),
    (Writer::Sqlite, "SQLite rows, WAL, FULL"),
    (Writer::Ours(Setup::Standard), "ours"),
    (Writer::Ours(Setup::JournalOnly), "ours, no second copy"),
    (Writer::Ours(Setup::NoJournal), "ours, journal = off"),
];

impl Writer {
    fn open(self, dir: &Path, bytes: u64) -> Result<Box<dyn Sink>, MeasureError> {
        let file = dir.join("file");
        Ok(match self {
            Self::Growing => Box::new(RawFile::growing(&file)?),
            Self::Preallocated => Box::new(RawFile::preallocated(&file, bytes)?),
            Self::Sqlite => Box::new(SqliteRows::create(&file, Durability::Full)?),
            Self::Ours(setup) => Box::new(Ours::open(&dir.join("log"), setup)?.0),
        })
    }
}

/// One run, times in microseconds.
#[derive(Clone, Copy, Debug, Default)]
struct Sample {
    p50: f64,
    p99: f64,
    max: f64,
    events_per_second: f64,
    /// Until everything that was put off is done too.
    events_per_second_settled: f64,
    cpu_nanos_per_event: f64,
}

/// Measures every writer with every batch.
pub fn measure(workshop: &mut Workshop) -> Result<Section, MeasureError> {
    let mut section = Section {
        title: "Durable append".to_owned(),
        how: "One commit after another; a commit is durable before the next begins. The writers take turns within a \
              round. Throughput is events over the time of all commits; 'settled' adds the time until nothing that \
              was put off is left. Encoding is part of a commit everywhere. Ratios above 1: ours is faster."
            .to_owned(),
        columns: ["events a commit", "writer", "p50 us", "p99 us", "max us", "events/s", "settled", "CPU ns/event"]
            .map(str::to_owned)
            .to_vec(),
        ..Section::default()
    };
    for n in BATCHES {
        let commits = COMMITS_MAX.min(EVENTS_MAX / n);
        let batches: Vec<Vec<Record>> = Records::default().batches((commits * n) as u64, n).collect();
        let bytes = frames_len(&batches)?;
        let mut samples: Vec<Vec<Sample>> = vec![Vec::new(); WRITERS.len()];
        for round in 1..=workshop.rounds {
            eprintln!("append, {n} events a commit, round {round} of {}", workshop.rounds);
            for (run, of_writer) in run_round(workshop, &batches, bytes)?.into_iter().zip(&mut samples) {
                of_writer.push(run.sample());
            }
        }
        for ((_, name), of_writer) in WRITERS.iter().zip(&samples) {
            section.rows.push(row(n, name, of_writer));
        }
        figures(n, &samples, &mut section.figures);
    }
    Ok(section)
}

/// What the frames of all batches take.
fn frames_len(batches: &[Vec<Record>]) -> Result<u64, MeasureError> {
    let (mut head, mut len) = (Head::genesis(&[0; 16]), 0);
    for batch in batches {
        let (frame, next) = encode(&head, batch)?;
        len += frame.len() as u64;
        head = next;
    }
    Ok(len)
}

/// What one writer did in one round.
#[derive(Default)]
struct Run {
    /// Of each commit.
    nanos: Vec<u64>,
    events: u64,
    /// From the end of a turn until nothing was left to do.
    settling: u64,
    cpu: u64,
}

/// Every writer begins anew, and all of them take turns until all batches are written.
fn run_round(workshop: &mut Workshop, batches: &[Vec<Record>], bytes: u64) -> Result<Vec<Run>, MeasureError> {
    let dir = workshop.path("append");
    fresh_dir(&dir)?;
    let mut writers = Vec::with_capacity(WRITERS.len());
    for (n, (writer, _)) in WRITERS.iter().enumerate() {
        let own = dir.join(n.to_string());
        fresh_dir(&own)?;
        writers.push((writer.open(&own, bytes)?, Run::default()));
    }
    settle();
    let order: Vec<usize> = (0..writers.len()).collect();
    for turn in batches.chunks(batches.len().div_ceil(TURNS).max(1)) {
        for which in workshop.in_turn(&order) {
            let (sink, run) = &mut writers[which];
            run.take_turn(sink.as_mut(), turn)?;
        }
    }
    let mut runs = Vec::with_capacity(writers.len());
    for (sink, mut run) in writers {
        let clock = Clock::start();
        sink.close()?;
        run.settling += clock.nanos();
        runs.push(run);
    }
    remove_dir(&dir)?;
    Ok(runs)
}

impl Run {
    fn take_turn(&mut self, sink: &mut dyn Sink, turn: &[Vec<Record>]) -> Result<(), MeasureError> {
        let (clock, cpu) = (Clock::start(), cpu_nanos());
        let mut last = 0;
        for batch in turn {
            sink.commit(batch)?;
            let now = clock.nanos();
            self.nanos.push(now - last);
            last = now;
            self.events += batch.len() as u64;
        }
        self.settling += settle();
        self.cpu += cpu_nanos().saturating_sub(cpu);
        Ok(())
    }

    fn sample(mut self) -> Sample {
        self.nanos.sort_unstable();
        let micros = |q: f64| quantile(&self.nanos, q) as f64 / 1e3;
        let committing: u64 = self.nanos.iter().sum();
        let rate = |nanos: u64| self.events as f64 * 1e9 / nanos.max(1) as f64;
        Sample {
            p50: micros(0.5),
            p99: micros(0.99),
            max: micros(1.0),
            events_per_second: rate(committing),
            events_per_second_settled: rate(committing + self.settling),
            cpu_nanos_per_event: self.cpu as f64 / self.events.max(1) as f64,
        }
    }
}

fn each(samples: &[Sample], of: fn(&Sample) -> f64) -> Vec<f64> {
    samples.iter().map(of).collect()
}

fn row(n: usize, name: &str, samples: &[Sample]) -> Vec<String> {
    let middle = |of: fn(&Sample) -> f64| median(&each(samples, of));
    vec![
        n.to_string(),
        name.to_owned(),
        short(middle(|s| s.p50)),
        short(middle(|s| s.p99)),
        short(middle(|s| s.max)),
        format!("{:.0} k", middle(|s| s.events_per_second) / 1e3),
        format!("{:.0} k", middle(|s| s.events_per_second_settled) / 1e3),
        short(middle(|s| s.cpu_nanos_per_event)),
    ]
}

fn figures(n: usize, samples: &[Vec<Sample>], out: &mut Vec<Figure>) {
    let of = |writer: Writer| {
        let at = WRITERS.iter().position(|(w, _)| *w == writer);
        at.and_then(|i| samples.get(i)).map_or(&[][..], Vec::as_slice)
    };
    let standard = Writer::Ours(Setup::Standard);
    let faster = |w, than| ratios(&each(of(than), |s| s.p50), &each(of(w), |s| s.p50));
    let more = |w, than| {
        let rate = |w| each(of(w), |s: &Sample| s.events_per_second);
        ratios(&rate(w), &rate(than))
    };
    // The goals are for frames of 64 and 256 events, and for SQLite up to 1024; the rest is for information.
    let counted = |bound| if n == 64 || n == 256 { bound } else { Bound::None };
    let mut say =
        |what: &str, rounds, bound| out.push(Figure::new(format!("{n} a commit: {what}"), rounds, "x", bound));
    say("p50 vs growing raw file", faster(standard, Writer::Growing), counted(Bound::AtLeast(1.2)));
    say("throughput vs growing raw file", more(standard, Writer::Growing), counted(Bound::AtLeast(1.0)));
    say("p50 vs preallocated raw file", faster(standard, Writer::Preallocated), counted(Bound::AtLeast(0.8)));
    say("throughput vs preallocated raw file", more(standard, Writer::Preallocated), Bound::None);
    let sqlite = match n {
        64 => Bound::AtLeast(1.0),
        256 => Bound::AtLeast(1.5),
        1_024 => Bound::AtLeast(2.0),
        _ => Bound::None,
    };
    say("p50 vs SQLite rows", faster(standard, Writer::Sqlite), Bound::None);
    say("throughput vs SQLite rows", more(standard, Writer::Sqlite), sqlite);
    let without = faster(Writer::Ours(Setup::NoJournal), Writer::Growing);
    say("p50 with journal = off vs growing raw file", without, counted(Bound::AtLeast(0.7)));
}
