//! The most memory a process ever holds that reads a log, or goes on writing one.

use super::child::{Done, Task};
use super::figure::{Bound, Figure, Section, median, short};
use super::ours::{Reading, Setup};
use super::workshop::Workshop;
use crate::error::MeasureError;

/// Events that the writer appends.
const APPENDED: u64 = 1_000_000;

/// Measures a scan with each check, and a writer.
pub fn measure(workshop: &mut Workshop) -> Result<Section, MeasureError> {
    let dir = workshop.log("standard", Setup::Standard)?;
    let tasks = [
        ("scan, CRC", Task::Scan { dir: dir.clone(), full: false, reading: Reading::Views }, 32.0),
        ("scan, BLAKE3", Task::Scan { dir: dir.clone(), full: true, reading: Reading::Views }, 32.0),
        ("writer: open, append 1 M events, close", Task::Write { dir, events: APPENDED }, 250.0),
    ];
    let mut section = Section {
        title: "Memory".to_owned(),
        how: format!("Peak resident memory of a fresh process; {} events in the log before.", workshop.events),
        columns: ["work", "peak MiB", "seconds"].map(str::to_owned).to_vec(),
        ..Section::default()
    };
    for (what, task, goal) in tasks {
        let (mut peaks, mut seconds) = (Vec::new(), Vec::new());
        for round in 1..=workshop.rounds {
            eprintln!("memory, round {round} of {}: {what}", workshop.rounds);
            let done: Done = task.run()?;
            peaks.push(done.peak_kib as f64 / 1024.0);
            seconds.push(done.cost.wall_nanos as f64 / 1e9);
        }
        section.rows.push(vec![what.to_owned(), short(median(&peaks)), short(median(&seconds))]);
        section.figures.push(Figure::new(format!("peak memory, {what}"), peaks, " MiB", Bound::AtMost(goal)));
    }
    Ok(section)
}
