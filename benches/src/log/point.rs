//! Reading one event, by sequence and by time, at random places.

use super::child::Task;
use super::events::Records;
use super::figure::{Bound, Figure, Section, median, quantile, ratios, short};
use super::ours::{OurPoints, Setup};
use super::sqlite::{self, SqlitePoints};
use super::workshop::{Workshop, warm};
use crate::error::MeasureError;
use crate::generator::Dice;
use crate::process::Clock;
use schemas::UtcNanos;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Events that are read, unless the time is up.
const READS: usize = 20_000;
/// Read first, not counted.
const WARM_UP: usize = 1_000;
/// No longer than this for each of the two ways to find an event, nanoseconds.
const NANOS_MAX: u64 = 3_000_000_000;

/// Single events to be read in a child.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Points {
    /// The log, or the database.
    path: PathBuf,
    ours: bool,
    seed: u64,
    /// Events there.
    events: u64,
    first_time: i64,
    last_time: i64,
}

/// Nanoseconds of single reads, and what was found at them.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Found {
    p50: u64,
    p99: u64,
    reads: u64,
    /// All sequences found, added up.
    sum: u64,
}

/// What a child says.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct PointsRead {
    by_seq: Found,
    by_time: Found,
}

impl Points {
    /// Reads them: in the child.
    pub fn read(&self) -> Result<PointsRead, MeasureError> {
        if self.ours {
            let mut points = OurPoints::open(&self.path)?;
            let by_seq = self.by_seq(|seq| Ok(points.at(seq)?.map_or(0, |e| e.seq.get())))?;
            let by_time = self.by_time(|t| Ok(points.at_or_after(UtcNanos(t))?.map_or(0, |e| e.seq.get())))?;
            return Ok(PointsRead { by_seq, by_time });
        }
        let db = sqlite::open_to_read(&self.path)?;
        let mut points = SqlitePoints::new(&db)?;
        let by_seq = self.by_seq(|seq| Ok(points.at(seq)?.map_or(0, |(seq, _)| seq)))?;
        let by_time = self.by_time(|t| Ok(points.at_or_after(t)?.map_or(0, |(seq, _)| seq)))?;
        Ok(PointsRead { by_seq, by_time })
    }

    fn by_seq(&self, mut find: impl FnMut(u64) -> Result<u64, MeasureError>) -> Result<Found, MeasureError> {
        let mut dice = Dice(self.seed);
        read(|| find(1 + dice.below(self.events)))
    }

    fn by_time(&self, mut find: impl FnMut(i64) -> Result<u64, MeasureError>) -> Result<Found, MeasureError> {
        let mut dice = Dice(self.seed);
        let span = self.last_time.abs_diff(self.first_time);
        read(|| find(self.first_time.saturating_add_unsigned(dice.below(span))))
    }
}

fn read(mut one: impl FnMut() -> Result<u64, MeasureError>) -> Result<Found, MeasureError> {
    let clock = Clock::start();
    let (mut nanos, mut sum) = (Vec::with_capacity(READS), 0u64);
    for i in 0..WARM_UP + READS {
        let before = clock.nanos();
        if before > NANOS_MAX && nanos.len() >= WARM_UP {
            break;
        }
        sum = sum.wrapping_add(one()?);
        if i >= WARM_UP || before > NANOS_MAX / 10 {
            nanos.push(clock.nanos() - before);
        }
    }
    nanos.sort_unstable();
    Ok(Found { p50: quantile(&nanos, 0.5), p99: quantile(&nanos, 0.99), reads: nanos.len() as u64, sum })
}

/// What is measured: all sealed, as a writer leaves it (its end is in the journal), and rows.
const READERS: [&str; 3] = ["ours, sealed", "ours, end in the journal", "SQLite"];

/// Measures both ways to find an event, ours beside SQLite.
pub fn measure(workshop: &mut Workshop) -> Result<Section, MeasureError> {
    let paths =
        [workshop.log("sealed", Setup::Sealed)?, workshop.log("as-it-is-left", Setup::Standard)?, workshop.sqlite()?];
    for path in &paths {
        warm(path)?;
    }
    let mut times = Records::default().map(|r| r.time.0);
    let first_time = times.next().unwrap_or(0);
    let last_time = times.nth(usize::try_from(workshop.events.saturating_sub(2)).unwrap_or(0)).unwrap_or(first_time);
    let mut samples: [Vec<PointsRead>; 3] = Default::default();
    for round in 1..=workshop.rounds {
        let seed = workshop.dice.bits();
        for which in workshop.in_turn(&[0, 1, 2]) {
            let (path, ours, events) = (paths[which].clone(), which < 2, workshop.events);
            eprintln!("point, round {round} of {}: {}", workshop.rounds, READERS[which]);
            let points = Points { path, ours, seed, events, first_time, last_time };
            samples[which].push(Task::Points(points).run()?);
        }
        let found = |which: usize| samples[which].last().copied().unwrap_or_default();
        let rows = found(2);
        for ours in [found(0), found(1)] {
            for (a, b) in [(ours.by_seq, rows.by_seq), (ours.by_time, rows.by_time)] {
                if a.reads == b.reads && a.sum != b.sum {
                    return Err(MeasureError::OtherState("point reads".to_owned()));
                }
            }
        }
    }
    Ok(section(workshop.events, &samples))
}

fn section(events: u64, samples: &[Vec<PointsRead>; 3]) -> Section {
    let mut section = Section {
        title: "Point read".to_owned(),
        how: format!(
            "Random places in {events} events, one after another in a fresh process, each event decoded to an owned \
             one. SQLite has an index on time for this. All must find the same events."
        ),
        columns: ["by", "reader", "p50 us", "p99 us", "reads a round"].map(str::to_owned).to_vec(),
        ..Section::default()
    };
    for by in ["sequence", "time"] {
        let way = |p: &PointsRead| if by == "time" { p.by_time } else { p.by_seq };
        let micros = |which: usize, of: fn(Found) -> u64| -> Vec<f64> {
            samples[which].iter().map(|p| of(way(p)) as f64 / 1e3).collect()
        };
        for (which, name) in READERS.iter().enumerate() {
            let reads = samples[which].iter().map(|p| way(p).reads).min().unwrap_or(0);
            let (p50, p99) = (median(&micros(which, |f| f.p50)), median(&micros(which, |f| f.p99)));
            section.rows.push(vec![by.to_owned(), (*name).to_owned(), short(p50), short(p99), reads.to_string()]);
        }
        for (which, name) in READERS.iter().enumerate().take(2) {
            let (ours, rows) = (micros(which, |f| f.p50), micros(2, |f| f.p50));
            let beside = ratios(&ours, &rows);
            section.figures.push(Figure::new(format!("by {by}: {name}, p50"), ours, " us", Bound::AtMost(2.0)));
            section.figures.push(Figure::new(
                format!("by {by}: {name}, p50 vs SQLite"),
                beside,
                "x",
                Bound::AtMost(0.3),
            ));
        }
    }
    section
}
