//! Our log, behind what is measured here. Nothing else in [`log`](super) knows `eventlog`.

use super::Sink;
use super::events::Sum;
use super::pipeline::Pipeline;
use super::size::file_len;
use super::workshop::{files_below, fresh_dir};
use crate::error::MeasureError;
use eventlog::{AppendOptions, Appender, LogReader, LogWriter, PointReader, Selection, Ticket, WriterOptions, segment};
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
    /// Without the journal: every commit goes into the second copy alone, and is durable there.
    NoJournal,
    /// Journal and second copy, nothing sealed, in one file however long it gets.
    Unsealed,
    /// Everything sealed at the end, nothing compressed.
    Sealed,
}

impl Setup {
    fn options(self) -> WriterOptions {
        let mut options = WriterOptions { owner: "log-report".to_owned(), ..WriterOptions::default() };
        match self {
            Self::Standard => {}
            Self::JournalOnly => options.hot = false,
            Self::NoJournal => options.journal = false,
            Self::Unsealed => (options.roll_len, options.preallocate) = (u64::MAX, false),
            Self::Sealed => options.plain_segments = usize::MAX,
        }
        options
    }
}

/// A log open for writing.
pub struct Ours {
    log: LogWriter,
    setup: Setup,
}

/// What an open found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// The last event.
    pub seq: u64,
    /// What it had to mend, an unfinished last write included.
    pub notes: usize,
}

impl Ours {
    /// Opens a log, or creates it.
    pub fn open(dir: &Path, setup: Setup) -> Result<(Self, Opened), MeasureError> {
        let (log, report) = LogWriter::open(dir, &setup.options())?;
        let opened = Opened { seq: report.head.seq, notes: report.notes.len() };
        Ok((Self { log, setup }, opened))
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

    fn close(mut self: Box<Self>) -> Result<(), MeasureError> {
        if self.setup == Setup::Sealed {
            self.log.seal_all()?;
        }
        Ok(self.log.close()?)
    }
}

/// Where a log ends; 0 if there is none.
pub fn last_seq(dir: &Path) -> Result<u64, MeasureError> {
    if eventlog::exists(dir) { Ok(LogReader::open(dir)?.last()?.seq) } else { Ok(0) }
}

/// How events are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reading {
    /// Where they lie.
    Views,
    /// As owned events.
    Owned,
    /// Where they lie, by so many threads side by side.
    Threads(usize),
}

/// Reads every event of a log, in order, and checks it.
pub fn scan(dir: &Path, check: Check, reading: Reading) -> Result<Sum, MeasureError> {
    let reader = LogReader::open(dir)?;
    match reading {
        Reading::Views => views(&reader, &Selection { check, ..Selection::default() }),
        Reading::Owned => {
            let mut stream = reader.events(Seq::FIRST, check)?;
            let (mut frame, mut sum) = (Vec::new(), Sum::default());
            while stream.next_frame(&mut frame)? {
                for e in &frame {
                    sum.take_in(e.time.0, e.cause.map_or(0, Seq::get), e.cycle.unwrap_or_default().0);
                }
            }
            Ok(sum)
        }
        Reading::Threads(n) => {
            let ranges = reader.ranges(n)?;
            let part = |(from, until): (Seq, Seq)| {
                views(&reader, &Selection { from, until: Some(until), check, ..Selection::default() })
            };
            let parts = std::thread::scope(|scope| {
                let threads: Vec<_> = ranges.into_iter().map(|range| scope.spawn(move || part(range))).collect();
                threads.into_iter().map(std::thread::ScopedJoinHandle::join).collect::<Vec<_>>()
            });
            let gone = |_| MeasureError::Pipeline("a thread that reads has panicked".to_owned());
            parts.into_iter().try_fold(Sum::default(), |sum, part| Ok(sum + part.map_err(gone)??))
        }
    }
}

fn views(reader: &LogReader, selection: &Selection) -> Result<Sum, MeasureError> {
    let (mut stream, mut sum) = (reader.select(selection)?, Sum::default());
    while let Some(view) = stream.next_view()? {
        for e in view.iter() {
            sum.take_in(e.time().0, e.record.cause.to_native(), e.record.cycle.0.to_native());
        }
    }
    Ok(sum)
}

/// A log to find single events in.
pub struct OurPoints {
    points: PointReader,
}

impl OurPoints {
    /// Opens it.
    pub fn open(dir: &Path) -> Result<Self, MeasureError> {
        Ok(Self { points: LogReader::open(dir)?.points()? })
    }

    /// The event at a sequence.
    pub fn at(&mut self, seq: u64) -> Result<Option<Envelope>, MeasureError> {
        Ok(self.points.at(Seq::new(seq).unwrap_or(Seq::FIRST))?)
    }

    /// The first event at or after a time.
    pub fn at_or_after(&mut self, time: UtcNanos) -> Result<Option<Envelope>, MeasureError> {
        Ok(self.points.at_or_after(time)?)
    }
}

/// Our log behind its queue.
pub struct OurPipeline(Appender);

impl OurPipeline {
    /// Starts it on an open log.
    pub fn start(log: Ours) -> Result<Self, MeasureError> {
        Ok(Self(Appender::start(log.log, AppendOptions::default())?))
    }
}

impl Pipeline for OurPipeline {
    type Ticket = Ticket;

    fn submit(&mut self, records: Vec<Record>) -> Result<Ticket, MeasureError> {
        Ok(self.0.submit(records, true)?)
    }

    fn wait(ticket: Ticket) -> Result<(), MeasureError> {
        ticket.wait()?;
        Ok(())
    }

    fn stop(self) -> Result<(), MeasureError> {
        Ok(self.0.stop()?.close()?)
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

/// Bytes of a closed log in each form, from one that was written with nothing sealed. It is sealed on the way.
pub fn forms(dir: &Path) -> Result<Vec<(Form, u64)>, MeasureError> {
    let mut journal = 0;
    for file in files_below(&dir.join("journal"))? {
        // A file allocated ahead ends in zeros, which no frame does.
        let bytes = std::fs::read(&file).map_err(MeasureError::io("read", &file))?;
        journal += bytes.iter().rposition(|b| *b != 0).map_or(0, |at| at as u64 + 1);
    }
    let hot = files_below(&dir.join("hot"))?.iter().map(|p| file_len(p)).sum::<Result<u64, _>>()?;
    Box::new(Ours::open(dir, Setup::Sealed)?.0).close()?;
    let packed = dir.join("packed");
    fresh_dir(&packed)?;
    let (mut plain, mut zstd) = (0, 0);
    for sealed in LogReader::open(dir)?.segments()? {
        plain += sealed.file_len;
        zstd += segment::recompress(&sealed.path, &packed)?.file_len;
    }
    Ok(vec![(Form::Journal, journal), (Form::Hot, hot), (Form::SealedPlain, plain), (Form::SealedZstd, zstd)])
}
