//! From the moment an event was due to the moment its caller knows that it is durable, in an open loop: events come when
//! they are due, however slow the log is, so that a stall is felt by everyone behind it.

use super::events::Records;
use super::figure::{Bound, Figure, Section, median, quantile, ratios, short};
use super::ours::{OurPipeline, Ours, Setup};
use super::pipeline::{Batching, Pipeline};
use super::raw::RawFile;
use super::settle::settle;
use super::sqlite::{Durability, SqliteRows};
use super::workshop::{Workshop, fresh_dir, remove_dir};
use crate::error::MeasureError;
use crate::process::{Clock, sleep_punctually};
use crossbeam::channel::bounded;
use schemas::Record;
use std::path::Path;
use std::time::Duration;

/// What comes, and the goals for p50 and p99 against the raw file.
const LOADS: [Load; 2] = [
    Load { rate: 5_000, together: 1, seconds: 4, p50: 1.2, p99: 2.0 },
    Load { rate: 100_000, together: 10, seconds: 4, p50: 1.5, p99: 3.0 },
];
/// A round goes from writer to writer so often: a disk that is busy for some seconds is busy for all of them.
const TURNS: usize = 8;

struct Load {
    /// Events a second.
    rate: u64,
    /// Events that come at once, as in one message of a venue.
    together: usize,
    seconds: u64,
    p50: f64,
    p99: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Writer {
    Raw,
    Sqlite,
    Ours,
}

const WRITERS: [(Writer, &str); 3] =
    [(Writer::Raw, "raw file, growing"), (Writer::Sqlite, "SQLite rows, WAL, FULL"), (Writer::Ours, "ours")];

/// One run, microseconds.
#[derive(Clone, Copy, Debug, Default)]
struct Sample {
    p50: f64,
    p99: f64,
    p999: f64,
    max: f64,
}

/// Measures every writer under every load.
pub fn measure(workshop: &mut Workshop) -> Result<Section, MeasureError> {
    let mut section = Section {
        title: "Acknowledgement".to_owned(),
        how: "Open loop, everything urgent: from the moment events were due until their caller knows that they are \
              durable; due times do not wait for the log. At 5,000 events/s one comes every 200 us, at 100,000 ten \
              come every 100 us. Raw file and SQLite: one log thread, a bounded queue, what has queued is the next \
              commit. The writers take turns within a round. Ratios below 1: ours is faster."
            .to_owned(),
        columns: ["events/s", "writer", "p50 us", "p99 us", "p99.9 us", "max us"].map(str::to_owned).to_vec(),
        ..Section::default()
    };
    for load in LOADS {
        let rate = load.rate;
        let mut samples: Vec<Vec<Sample>> = vec![Vec::new(); WRITERS.len()];
        for round in 1..=workshop.rounds {
            eprintln!("latency, {rate} events/s, round {round} of {}", workshop.rounds);
            for (sample, of_writer) in run_round(workshop, &load)?.into_iter().zip(&mut samples) {
                of_writer.push(sample);
            }
        }
        for ((_, name), of_writer) in WRITERS.iter().zip(&samples) {
            let middle = |of: fn(&Sample) -> f64| short(median(&each(of_writer, of)));
            let numbers = [middle(|s| s.p50), middle(|s| s.p99), middle(|s| s.p999), middle(|s| s.max)];
            section.rows.push([rate.to_string(), (*name).to_owned()].into_iter().chain(numbers).collect());
        }
        let of = |writer: Writer, of: fn(&Sample) -> f64| {
            let at = WRITERS.iter().position(|(w, _)| *w == writer).unwrap_or(0);
            each(&samples[at], of)
        };
        let mut say = |what: &str, of_writer: fn(&Sample) -> f64, bound| {
            let slower = ratios(&of(Writer::Ours, of_writer), &of(Writer::Raw, of_writer));
            section.figures.push(Figure::new(format!("{rate} events/s: {what} vs raw file"), slower, "x", bound));
        };
        say("p50", |s| s.p50, Bound::AtMost(load.p50));
        say("p99", |s| s.p99, Bound::AtMost(load.p99));
    }
    Ok(section)
}

fn each(samples: &[Sample], of: fn(&Sample) -> f64) -> Vec<f64> {
    samples.iter().map(of).collect()
}

/// One of them, running.
enum Running {
    Plain(Batching),
    Ours(OurPipeline),
}

impl Writer {
    fn start(self, dir: &Path) -> Result<Running, MeasureError> {
        let file = dir.join("file");
        Ok(match self {
            Self::Raw => Running::Plain(Batching::start(move || Ok(Box::new(RawFile::growing(&file)?)))),
            Self::Sqlite => {
                Running::Plain(Batching::start(move || Ok(Box::new(SqliteRows::create(&file, Durability::Full)?))))
            }
            Self::Ours => Running::Ours(OurPipeline::start(Ours::open(&dir.join("log"), Setup::Standard)?.0)?),
        })
    }
}

impl Running {
    fn drive(&mut self, records: &[Record], load: &Load, nanos: &mut Vec<u64>) -> Result<(), MeasureError> {
        match self {
            Self::Plain(pipeline) => drive(pipeline, records, load, nanos),
            Self::Ours(pipeline) => drive(pipeline, records, load, nanos),
        }
    }

    fn stop(self) -> Result<(), MeasureError> {
        match self {
            Self::Plain(pipeline) => pipeline.stop(),
            Self::Ours(pipeline) => pipeline.stop(),
        }
    }
}

/// Every writer begins anew, and all of them take turns until everything is written.
fn run_round(workshop: &mut Workshop, load: &Load) -> Result<Vec<Sample>, MeasureError> {
    let dir = workshop.path("latency");
    let mut writers = Vec::with_capacity(WRITERS.len());
    for (n, (writer, _)) in WRITERS.iter().enumerate() {
        let own = dir.join(n.to_string());
        fresh_dir(&own)?;
        writers.push((writer.start(&own)?, Vec::new()));
    }
    let total = load.rate * load.seconds;
    let order: Vec<usize> = (0..writers.len()).collect();
    for turn in Records::default().batches(total, total as usize / TURNS) {
        for which in workshop.in_turn(&order) {
            settle();
            let (running, nanos) = &mut writers[which];
            running.drive(&turn, load, nanos)?;
        }
    }
    let mut samples = Vec::with_capacity(writers.len());
    for (running, mut nanos) in writers {
        running.stop()?;
        nanos.sort_unstable();
        let micros = |q: f64| quantile(&nanos, q) as f64 / 1e3;
        samples.push(Sample { p50: micros(0.5), p99: micros(0.99), p999: micros(0.999), max: micros(1.0) });
    }
    remove_dir(&dir)?;
    Ok(samples)
}

/// Before the first event is due, so that no thread is still starting.
const LEAD: u64 = 5_000_000;

fn drive<P: Pipeline>(
    pipeline: &mut P,
    records: &[Record],
    load: &Load,
    nanos: &mut Vec<u64>,
) -> Result<(), MeasureError> {
    let clock = Clock::start();
    let gap = load.together as u64 * 1_000_000_000 / load.rate;
    let due = move |i: usize| LEAD + i as u64 * gap;
    let (tickets, submitted) = bounded::<P::Ticket>(records.len());
    let collector = std::thread::spawn(move || {
        let mut nanos = Vec::with_capacity(submitted.capacity().unwrap_or(0));
        for ticket in submitted {
            P::wait(ticket)?;
            nanos.push(clock.nanos().saturating_sub(due(nanos.len())));
        }
        Ok::<_, MeasureError>(nanos)
    });
    sleep_punctually();
    for (i, message) in records.chunks(load.together).enumerate() {
        let message = message.to_vec();
        let now = clock.nanos();
        if now < due(i) {
            std::thread::sleep(Duration::from_nanos(due(i) - now));
        }
        // A collector that failed says why when it is joined.
        if tickets.send(pipeline.submit(message)?).is_err() {
            break;
        }
    }
    drop(tickets);
    let collected = collector.join();
    nanos.append(&mut collected.map_err(|_| MeasureError::Pipeline("who waits has panicked".to_owned()))??);
    Ok(())
}
