//! Opening a log whose writer was killed.

use super::child::{Done, Task};
use super::figure::{Bound, Figure, Section, median, short};
use super::ours::Setup;
use super::workshop::Workshop;
use crate::error::MeasureError;
use std::time::Duration;

/// Events that a writer appends before it may be killed.
const APPENDED: u64 = 200_000;
/// It is killed at some moment within so many milliseconds after that.
const KILL_WITHIN: u64 = 400;

/// Kills a writer and opens what it left, in every round.
pub fn measure(workshop: &mut Workshop) -> Result<Section, MeasureError> {
    let dir = workshop.log("standard", Setup::Standard)?;
    let (mut seconds, mut cpu, mut peaks, mut notes) = (Vec::new(), Vec::new(), Vec::new(), 0);
    let mut end = workshop.events;
    for round in 1..=workshop.rounds {
        eprintln!("open, round {round} of {}", workshop.rounds);
        let longer = Duration::from_millis(workshop.dice.below(KILL_WITHIN));
        let acknowledged = Task::WriteUntilKilled { dir: dir.clone() }.run_and_kill(end + APPENDED, longer)?;
        let done: Done = Task::Open { dir: dir.clone() }.run()?;
        if done.opened.seq < acknowledged {
            let reason = format!("{acknowledged} events were acknowledged, {} are there", done.opened.seq);
            return Err(MeasureError::Child { engine: "open after a kill".to_owned(), reason });
        }
        end = done.opened.seq;
        seconds.push(done.cost.wall_nanos as f64 / 1e9);
        cpu.push(done.cost.cpu_nanos as f64 / 1e9);
        peaks.push(done.peak_kib as f64 / 1024.0);
        notes += done.opened.notes;
    }
    Ok(Section {
        title: "Open after a kill".to_owned(),
        how: format!(
            "A writer with {} events behind it is killed (SIGKILL) while it appends; a fresh process opens the log and \
             verifies it. Files in the page cache. Every acknowledged event must be there.",
            workshop.events
        ),
        columns: ["kills", "events at the last", "open, s", "CPU, s", "peak MiB", "notes on repairs"].map(str::to_owned).to_vec(),
        rows: vec![vec![
            workshop.rounds.to_string(),
            end.to_string(),
            short(median(&seconds)),
            short(median(&cpu)),
            short(median(&peaks)),
            notes.to_string(),
        ]],
        figures: vec![Figure::new("open after kill -9", seconds, " s", Bound::AtMost(2.0))],
    })
}
