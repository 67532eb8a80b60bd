//! Bytes an event of a real recording takes, in every form it is stored in.

use super::Sink;
use super::figure::{Bound, Figure, Section, short};
use super::ours::{self, Form, Ours, Setup};
use super::sqlite::{Durability, SqliteRows};
use super::workshop::{Workshop, files_below, fresh_dir};
use crate::error::MeasureError;
use schemas::{CycleId, Event, Record};
use std::path::{Path, PathBuf};
use venues::recording::{Format, Input, Recording};

/// Events of a frame, as the import writes them.
const FRAME: usize = 1_024;

/// The recordings of the fixtures.
const RECORDINGS: [(&str, Format, &str); 2] = [
    ("NHL game, full books", Format::PolymarketL2, "polymarket-l2-nhl/ticks.csv.zst"),
    ("resolved markets, quotes", Format::PolymarketTob, "polymarket-us-tob/compact/quotes.csv.zst"),
];

/// Imports both recordings and looks at the files.
pub fn measure(workshop: &mut Workshop) -> Result<Section, MeasureError> {
    let mut section = Section {
        title: "Bytes an event".to_owned(),
        how:
            "The recordings under `tests/fixtures`, imported in frames of 1,024 events. Journal: up to the end of its \
              last frame. Hot copy: what its files take with everything in it; it forgets what is sealed."
                .to_owned(),
        columns: ["recording", "events", "form", "bytes", "bytes an event"].map(str::to_owned).to_vec(),
        ..Section::default()
    };
    for (name, format, file) in RECORDINGS {
        eprintln!("size: {name}");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures").join(file);
        let dir = workshop.path("size");
        fresh_dir(&dir)?;
        let database = dir.join("rows.sqlite");
        let (log, _) = Ours::open(&dir.join("log"), Setup::Unsealed)?;
        let rows = SqliteRows::create(&database, Durability::Off)?;
        let events = import(format, &path, vec![Box::new(log), Box::new(rows)])?;
        let mut forms = ours::forms(&dir.join("log"))?;
        forms.push((Form::Sqlite, files_below(&database)?.iter().map(|p| file_len(p)).sum::<Result<u64, _>>()?));
        for (form, bytes) in forms {
            let each = bytes as f64 / events.max(1) as f64;
            let goal = if form == Form::SealedZstd { Bound::AtMost(28.0) } else { Bound::None };
            let row = [name, &events.to_string(), form.name(), &bytes.to_string(), &short(each)];
            section.rows.push(row.map(str::to_owned).to_vec());
            section.figures.push(Figure::new(format!("{name}: {}", form.name()), vec![each], " B", goal));
        }
    }
    Ok(section)
}

/// Bytes of a file.
pub fn file_len(path: &Path) -> Result<u64, MeasureError> {
    path.metadata().map(|m| m.len()).map_err(MeasureError::io("look at", path))
}

/// Reads a recording into sinks, and says how many events it has.
fn import(format: Format, path: &PathBuf, mut sinks: Vec<Box<dyn Sink>>) -> Result<u64, MeasureError> {
    let broken = |reason: String| MeasureError::Recording { path: path.clone(), reason };
    let recording = Recording::open(format, vec![Input::path(path)]).map_err(|e| broken(e.to_string()))?;
    let mut batch: Vec<Record> = Vec::with_capacity(FRAME);
    let mut events = 0;
    for item in recording {
        let timed = item.map_err(|problem| broken(problem.to_string()))?;
        batch.push(Record { time: timed.time, cause: 0, cycle: CycleId(0), event: Event::Market(timed.event) });
        events += 1;
        if batch.len() >= FRAME {
            sinks.iter_mut().try_for_each(|s| s.commit(&batch))?;
            batch.clear();
        }
    }
    if !batch.is_empty() {
        sinks.iter_mut().try_for_each(|s| s.commit(&batch))?;
    }
    for sink in sinks {
        sink.close()?;
    }
    Ok(events)
}
