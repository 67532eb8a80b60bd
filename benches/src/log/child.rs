//! Work that is measured in a process of its own: started with the task as JSON, it prints what it measured as JSON.

use super::Sink;
use super::events::{Records, Sum};
use super::ours::{self, Opened, Ours, Reading, Setup};
use super::workshop::BATCH;
use super::{point, sqlite};
use crate::error::MeasureError;
use crate::process::{Cost, peak_memory_kib, timed};
use schemas::frame::Check;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// The argument in front of a task.
pub const TASK: &str = "--task";

/// What a child process does.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Task {
    /// Reads everything in our log; with BLAKE3 or without.
    Scan {
        /// The log.
        dir: PathBuf,
        /// BLAKE3 too.
        full: bool,
        /// How events are read.
        reading: Reading,
    },
    /// Reads every row.
    ScanSqlite {
        /// The database.
        path: PathBuf,
    },
    /// Reads single events.
    Points(point::Points),
    /// Opens a log, appends to it and closes it.
    Write {
        /// The log.
        dir: PathBuf,
        /// How many events.
        events: u64,
    },
    /// Opens a log, and leaves it as it is.
    Open {
        /// The log.
        dir: PathBuf,
    },
    /// Appends to a log, says each sequence that is acknowledged, and goes on until it is killed.
    WriteUntilKilled {
        /// The log.
        dir: PathBuf,
    },
}

/// What a child measured.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Done {
    /// What it cost.
    pub cost: Cost,
    /// The most memory the process ever held.
    pub peak_kib: u64,
    /// What it read.
    pub sum: Sum,
    /// What it opened.
    pub opened: Opened,
}

impl Task {
    /// Does it in a child, and returns what that printed.
    pub fn run<T: DeserializeOwned>(&self) -> Result<T, MeasureError> {
        let output = self.command()?.output().map_err(|e| self.failed(e))?;
        if !output.status.success() {
            return Err(self.failed(String::from_utf8_lossy(&output.stderr).trim()));
        }
        serde_json::from_slice(&output.stdout).map_err(|e| self.failed(e))
    }

    /// Starts it, waits until it has acknowledged `least` and `longer` has passed, kills it (SIGKILL), and returns the
    /// last sequence that it acknowledged.
    pub fn run_and_kill(&self, least: u64, longer: Duration) -> Result<u64, MeasureError> {
        let mut child = self.command()?.stdout(Stdio::piped()).spawn().map_err(|e| self.failed(e))?;
        let output = child.stdout.take().ok_or_else(|| self.failed("it has no output"))?;
        let mut lines = BufReader::new(output).lines();
        let mut acknowledged = 0;
        while acknowledged < least {
            match lines.next() {
                Some(Ok(line)) => acknowledged = line.parse().unwrap_or(acknowledged),
                _ => break,
            }
        }
        // Whoever reads the pipe lets the child go on.
        let rest = std::thread::spawn(move || lines.map_while(Result::ok).filter_map(|l| l.parse().ok()).last());
        std::thread::sleep(longer);
        child.kill().map_err(|e| self.failed(e))?;
        child.wait().map_err(|e| self.failed(e))?;
        let last: Option<u64> = rest.join().map_err(|_| self.failed("its output could not be read"))?;
        let acknowledged = last.unwrap_or(acknowledged);
        if acknowledged < least { Err(self.failed("it ended before it was killed")) } else { Ok(acknowledged) }
    }

    fn command(&self) -> Result<Command, MeasureError> {
        let program = std::env::current_exe().map_err(|e| self.failed(e))?;
        let mut command = Command::new(program);
        command.arg(TASK).arg(serde_json::to_string(self).map_err(|e| self.failed(e))?);
        Ok(command)
    }

    fn failed(&self, reason: impl ToString) -> MeasureError {
        MeasureError::Child { engine: format!("{self:?}"), reason: reason.to_string() }
    }

    /// Does it here: in the child.
    pub fn work(&self) -> Result<(), MeasureError> {
        let mut done = Done::default();
        match self {
            Self::Scan { dir, full, reading } => {
                let check = if *full { Check::Full } else { Check::Crc };
                let (sum, cost) = timed(|| ours::scan(dir, check, *reading));
                (done.sum, done.cost) = (sum?, cost);
            }
            Self::ScanSqlite { path } => {
                let (sum, cost) = timed(|| sqlite::scan(path));
                (done.sum, done.cost) = (sum?, cost);
            }
            Self::Points(points) => return self.print(&points.read()?),
            Self::Write { dir, events } => {
                // Whoever goes on with a log makes the next events first, untimed.
                let mut records = Records::behind(ours::last_seq(dir)?);
                let (opened, cost) = timed(|| append(dir, *events, &mut records));
                (done.opened, done.cost) = (opened?, cost);
            }
            Self::Open { dir } => {
                let (opened, cost) = timed(|| Ours::open(dir, Setup::Standard));
                let (_log, opened) = opened?;
                (done.opened, done.cost) = (opened, cost);
                done.peak_kib = peak_memory_kib();
                // Not closed: the next kill finds it as this one did.
                return self.print(&done);
            }
            Self::WriteUntilKilled { dir } => return write_on(dir),
        }
        done.peak_kib = peak_memory_kib();
        self.print(&done)
    }

    fn print<T: Serialize>(&self, done: &T) -> Result<(), MeasureError> {
        println!("{}", serde_json::to_string(done).map_err(|e| self.failed(e))?);
        Ok(())
    }
}

fn append(dir: &Path, events: u64, records: &mut Records) -> Result<Opened, MeasureError> {
    let (mut log, opened) = Ours::open(dir, Setup::Standard)?;
    for batch in records.batches(events, BATCH) {
        log.commit(&batch)?;
    }
    Box::new(log).close()?;
    Ok(opened)
}

fn write_on(dir: &Path) -> Result<(), MeasureError> {
    let (mut log, _) = Ours::open(dir, Setup::Standard)?;
    let mut records = Records::behind(log.seq());
    let mut out = std::io::stdout().lock();
    loop {
        log.commit(&records.batch(BATCH))?;
        writeln!(out, "{}", log.seq()).map_err(MeasureError::io("write", Path::new("stdout")))?;
    }
}
