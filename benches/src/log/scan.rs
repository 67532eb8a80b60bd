//! Reading everything, each time in a fresh process with the files in the page cache.

use super::child::{Done, Task};
use super::figure::{Bound, Figure, Section, median, ratios, short};
use super::ours::Setup;
use super::workshop::{Workshop, warm};
use crate::error::MeasureError;

/// Measures every reader.
pub fn measure(workshop: &mut Workshop) -> Result<Section, MeasureError> {
    let journal = workshop.log("one-journal", Setup::OneJournal)?;
    let sqlite = workshop.sqlite()?;
    let readers = [
        ("SQLite rows", Task::ScanSqlite { path: sqlite.clone() }),
        ("ours: journal, CRC", Task::Scan { dir: journal.clone(), full: false }),
        ("ours: journal, BLAKE3", Task::Scan { dir: journal.clone(), full: true }),
    ];
    warm(&journal)?;
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
        section.rows.push(vec![(*name).to_owned(), short(wall), short(cpu), short(median(&peak))]);
    }
    for (which, (name, _)) in readers.iter().enumerate().skip(1) {
        let crc = name.ends_with("CRC");
        let rate = rates(&samples[which], cpu);
        let goal = Bound::AtLeast(if crc { 40.0 } else { 25.0 });
        let beside = ratios(&rate, &rates(&samples[0], cpu));
        section.figures.push(Figure::new(format!("{name}, per core"), rate, " M/s", goal));
        let goal = if crc { Bound::AtLeast(6.0) } else { Bound::None };
        section.figures.push(Figure::new(format!("{name}, per core vs SQLite rows"), beside, "x", goal));
    }
    Ok(section)
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
