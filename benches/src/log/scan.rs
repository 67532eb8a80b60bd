//! Reading everything, each time in a fresh process with the files in the page cache.

use super::child::{Done, Task};
use super::figure::{Bound, Figure, Section, median, ratios, short};
use super::ours::{Reading, Setup};
use super::workshop::{Workshop, warm};
use crate::error::MeasureError;
use std::path::Path;

/// Measures every reader.
pub fn measure(workshop: &mut Workshop) -> Result<Section, MeasureError> {
    let journal = workshop.log("unsealed", Setup::Unsealed)?;
    let sealed = workshop.log("sealed", Setup::Sealed)?;
    let sqlite = workshop.sqlite()?;
    let readers = [
        ("SQLite rows", Task::ScanSqlite { path: sqlite.clone() }),
        ("ours: segments, CRC", scan(&sealed, false, Reading::Views)),
        ("ours: segments, BLAKE3", scan(&sealed, true, Reading::Views)),
        ("ours: journal, CRC", scan(&journal, false, Reading::Views)),
        ("ours: journal, BLAKE3", scan(&journal, true, Reading::Views)),
        ("ours: segments, CRC, owned events", scan(&sealed, false, Reading::Owned)),
        ("ours: segments, CRC, 2 threads", scan(&sealed, false, Reading::Threads(2))),
        ("ours: segments, BLAKE3, 2 threads", scan(&sealed, true, Reading::Threads(2))),
    ];
    warm(&journal.join("journal"))?;
    warm(&sealed)?;
    warm(&sqlite)?;
    let mut samples: Vec<Vec<Done>> = vec![Vec::new(); readers.len()];
    for round in 1..=workshop.rounds {
        let order: Vec<usize> = (0..readers.len()).collect();
        for which in workshop.in_turn(&order) {
            let (name, task) = &readers[which];
            eprintln!("scan, round {round} of {}: {name}", workshop.rounds);
            let done: Done = task.run()?;
            if samples.iter().flatten().any(|other| other.sum != done.sum) {
                return Err(MeasureError::OtherState((*name).to_owned()));
            }
            samples[which].push(done);
        }
    }
    let mut section = Section {
        title: "Scan".to_owned(),
        how: format!(
            "{} events, every one read and decoded; a fresh process each time, files in the page cache. 'Per core' \
             counts processor time. All readers must add up to the same sum.",
            workshop.events
        ),
        columns: ["reader", "M events/s", "M events/s per core", "peak MiB"].map(str::to_owned).to_vec(),
        ..Section::default()
    };
    for ((name, _), of_reader) in readers.iter().zip(&samples) {
        let peak: Vec<f64> = of_reader.iter().map(|d| d.peak_kib as f64 / 1024.0).collect();
        let (wall, cpu) = (median(&rates(of_reader, wall)), median(&rates(of_reader, cpu)));
        // The processor time of threads that have ended is not known.
        let cpu = if name.ends_with("threads") { "-".to_owned() } else { short(cpu) };
        section.rows.push(vec![(*name).to_owned(), short(wall), cpu, short(median(&peak))]);
    }
    let goals = [(1, Bound::AtLeast(40.0), Bound::AtLeast(6.0)), (2, Bound::AtLeast(25.0), Bound::None)];
    let of_journal = [(3, Bound::AtLeast(40.0), Bound::AtLeast(6.0)), (4, Bound::AtLeast(25.0), Bound::None)];
    for (which, rate_goal, beside_goal) in goals.into_iter().chain(of_journal) {
        let name = readers[which].0;
        let rate = rates(&samples[which], cpu);
        let beside = ratios(&rate, &rates(&samples[0], cpu));
        section.figures.push(Figure::new(format!("{name}, per core"), rate, " M/s", rate_goal));
        section.figures.push(Figure::new(format!("{name}, per core vs SQLite rows"), beside, "x", beside_goal));
    }
    Ok(section)
}

fn scan(dir: &Path, full: bool, reading: Reading) -> Task {
    Task::Scan { dir: dir.to_owned(), full, reading }
}

fn wall(done: &Done) -> u64 {
    done.cost.wall_nanos
}

fn cpu(done: &Done) -> u64 {
    done.cost.cpu_nanos
}

/// Millions of events a second.
fn rates(samples: &[Done], nanos: fn(&Done) -> u64) -> Vec<f64> {
    samples.iter().map(|d| d.sum.events as f64 * 1e3 / nanos(d).max(1) as f64).collect()
}
