//! Our log, behind what is measured here. Nothing else in [`log`](super) knows `eventlog`.

use super::Sink;
use super::events::Sum;
use super::pipeline::{Batching, Pipeline, Place};
use super::size::file_len;
use super::workshop::files_below;
use crate::error::MeasureError;
use eventlog::{LogReader, LogWriter, WriterOptions};
use schemas::frame::Check;
use schemas::{Envelope, Record, Seq, UtcNanos};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// How a log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Setup {
    /// As by default.
    Standard,
    /// Without the second copy.
    JournalOnly,
    /// Without the second copy, in one journal file however long it gets.
    OneJournal,
}

impl Setup {
    fn options(self) -> WriterOptions {
        let mut options = WriterOptions { owner: "log-report".to_owned(), ..WriterOptions::default() };
        options.hot = self == Self::Standard;
        if self == Self::OneJournal {
            options.roll_len = u64::MAX;
        }
        options
    }
}

/// A log open for writing.
pub struct Ours {
    log: LogWriter,
}

/// What an open found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// The last event.
    pub seq: u64,
    /// What had to be repaired.
    pub repairs: usize,
}

impl Ours {
    /// Opens a log, or creates it.
    pub fn open(dir: &Path, setup: Setup) -> Result<(Self, Opened), MeasureError> {
        let (log, report) = LogWriter::open(dir, &setup.options())?;
        let opened = Opened { seq: report.head.seq, repairs: report.notes.len() };
        Ok((Self { log }, opened))
    }

    /// The last acknowledged event.
    pub fn seq(&self) -> u64 {
        self.log.head().seq
    }
}

impl Sink for Ours {
    fn commit(&mut self, records: &Vec<Record>) -> Result<(), MeasureError> {
        self.log.commit(records)?;
        Ok(())
    }

    fn close(self: Box<Self>) -> Result<(), MeasureError> {
        Ok(self.log.close()?)
    }
}

/// Reads every event of a log, in order, and checks it.
pub fn scan(dir: &Path, check: Check) -> Result<Sum, MeasureError> {
    let mut stream = LogReader::open(dir)?.events(Seq::FIRST, check)?;
    let (mut frame, mut sum) = (Vec::new(), Sum::default());
    while stream.next_frame(&mut frame)? {
        for e in &frame {
            sum.add(e.time.0, e.cause.map_or(0, Seq::get), e.cycle.unwrap_or_default().0);
        }
    }
    Ok(sum)
}

/// A log to find single events in.
pub struct OurPoints {
    reader: LogReader,
}

impl OurPoints {
    /// Opens it.
    pub fn open(dir: &Path) -> Result<Self, MeasureError> {
        Ok(Self { reader: LogReader::open(dir)? })
    }

    /// The event at a sequence.
    pub fn at(&mut self, seq: u64) -> Result<Option<Envelope>, MeasureError> {
        let seq = Seq::new(seq).unwrap_or(Seq::FIRST);
        Ok(self.reader.read(seq)?)
    }

    /// The first event at or after a time.
    pub fn at_or_after(&mut self, time: UtcNanos) -> Result<Option<Envelope>, MeasureError> {
        match self.reader.seek_time(time)? {
            Some(seq) => Ok(self.reader.read(seq)?),
            None => Ok(None),
        }
    }
}

/// Our log behind a queue.
pub struct OurPipeline(Batching);

impl OurPipeline {
    /// Starts it on an open log.
    pub fn start(log: Ours) -> Result<Self, MeasureError> {
        Ok(Self(Batching::start(move || Ok(Box::new(log)))))
    }
}

impl Pipeline for OurPipeline {
    type Ticket = Place;

    fn submit(&mut self, records: Vec<Record>) -> Result<Place, MeasureError> {
        self.0.submit(records)
    }

    fn wait(ticket: Place) -> Result<(), MeasureError> {
        Batching::wait(ticket)
    }

    fn stop(self) -> Result<(), MeasureError> {
        self.0.stop()
    }
}

/// A form in which events are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Frames as they were acknowledged.
    Journal,
    /// The second copy.
    Hot,
    /// Sealed, as it is.
    SealedPlain,
    /// Sealed, compressed.
    SealedZstd,
    /// Rows, for comparison.
    Sqlite,
}

impl Form {
    /// For a table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Journal => "journal",
            Self::Hot => "hot copy",
            Self::SealedPlain => "segment, plain",
            Self::SealedZstd => "segment, zstd",
            Self::Sqlite => "SQLite rows",
        }
    }
}

/// Bytes of a closed log in each form it has.
pub fn forms(dir: &Path) -> Result<Vec<(Form, u64)>, MeasureError> {
    let mut journal = 0;
    for file in files_below(&dir.join("journal"))? {
        // A file allocated ahead ends in zeros, which no frame does.
        let bytes = std::fs::read(&file).map_err(MeasureError::io("read", &file))?;
        journal += bytes.iter().rposition(|b| *b != 0).map_or(0, |at| at as u64 + 1);
    }
    let hot = files_below(&dir.join("hot"))?.iter().map(|p| file_len(p)).sum::<Result<u64, _>>()?;
    Ok(vec![(Form::Journal, journal), (Form::Hot, hot)])
}
