//! Where it is measured, how long, and the logs that several subjects read.

use super::Sink;
use super::events::Records;
use super::ours::{Ours, Setup};
use super::sqlite::{Durability, SqliteRows};
use crate::error::MeasureError;
use crate::generator::Dice;
use std::path::{Path, PathBuf};

/// Events of a batch where nothing else is said.
pub const BATCH: usize = 1_024;

/// The work folder and the settings of a run.
pub struct Workshop {
    /// On the disk that is measured. Emptied by whoever made it.
    pub dir: PathBuf,
    /// Rounds of each measurement.
    pub rounds: usize,
    /// Events in the logs that are read.
    pub events: u64,
    /// For the order within a round.
    pub dice: Dice,
}

impl Workshop {
    /// A path in the work folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// `items` in the order of this round.
    pub fn in_turn<T: Copy>(&mut self, items: &[T]) -> Vec<T> {
        let mut order = items.to_vec();
        self.dice.shuffle(&mut order);
        order
    }

    /// A closed log with all events, made when it is first asked for.
    pub fn log(&self, name: &str, setup: Setup) -> Result<PathBuf, MeasureError> {
        let dir = self.path(name);
        if !dir.exists() {
            eprintln!("preparing {name}: {} events", self.events);
            let (log, _) = Ours::open(&dir, setup)?;
            fill(Box::new(log), self.events)?;
        }
        Ok(dir)
    }

    /// An SQLite database with all events, indexed by time, made when it is first asked for.
    pub fn sqlite(&self) -> Result<PathBuf, MeasureError> {
        let path = self.path("events.sqlite");
        if !path.exists() {
            eprintln!("preparing an SQLite database: {} events", self.events);
            let rows = SqliteRows::create(&path, Durability::Off)?;
            rows.index_times()?;
            fill(Box::new(rows), self.events)?;
        }
        Ok(path)
    }
}

fn fill(mut sink: Box<dyn Sink>, events: u64) -> Result<(), MeasureError> {
    for batch in Records::default().batches(events, BATCH) {
        sink.commit(&batch)?;
    }
    sink.close()
}

/// Deletes a folder that a measurement is done with.
pub fn remove_dir(dir: &Path) -> Result<(), MeasureError> {
    std::fs::remove_dir_all(dir).map_err(MeasureError::io("remove", dir))
}

/// Creates a folder for one measurement, empty.
pub fn fresh_dir(dir: &Path) -> Result<(), MeasureError> {
    if dir.exists() {
        remove_dir(dir)?;
    }
    std::fs::create_dir_all(dir).map_err(MeasureError::io("create", dir))
}

/// Reads all files of a folder once, so that they are in the page cache.
pub fn warm(path: &Path) -> Result<(), MeasureError> {
    let mut nothing = std::io::sink();
    for file in files_below(path)? {
        let mut source = std::fs::File::open(&file).map_err(MeasureError::io("open", &file))?;
        std::io::copy(&mut source, &mut nothing).map_err(MeasureError::io("read", &file))?;
    }
    Ok(())
}

/// All files in a folder and in what is in it; a file is its own.
pub fn files_below(path: &Path) -> Result<Vec<PathBuf>, MeasureError> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    let entries = std::fs::read_dir(path).map_err(MeasureError::io("list", path))?;
    for entry in entries {
        let entry = entry.map_err(MeasureError::io("list", path))?;
        files.extend(files_below(&entry.path())?);
    }
    files.sort();
    Ok(files)
}
