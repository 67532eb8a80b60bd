//! The log behind a run: what the engine's own driver does, frame by frame.

use crate::error::MeasureError;
use eventlog::{LogWriter, WriterOptions};
use schemas::{Envelope, Record};
use std::path::Path;

/// Events of one frame at most; a frame with an intent is committed at once.
pub const FRAME_MAX: usize = 1_024;

/// Where the events of a log are put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Copies {
    /// Into the journal alone.
    Journal,
    /// Into the journal, and into the second copy that can repair it: the default of a log.
    JournalAndHot,
}

/// A log being written: events are staged, and durable at every full frame and at every intent.
pub struct Tape {
    log: LogWriter,
    staged: Vec<Record>,
}

impl Tape {
    /// A new log in an empty directory.
    pub fn create(dir: &Path, copies: Copies) -> Result<Self, MeasureError> {
        let options = WriterOptions { hot: copies == Copies::JournalAndHot, ..WriterOptions::default() };
        let (log, _) = LogWriter::open(dir, &options)?;
        Ok(Self { log, staged: Vec::with_capacity(FRAME_MAX) })
    }

    /// Takes an event that may wait for its frame to fill.
    #[inline]
    pub fn push(&mut self, envelope: Envelope) -> Result<(), MeasureError> {
        self.staged.push(Record::from(envelope));
        if self.staged.len() >= FRAME_MAX { self.commit() } else { Ok(()) }
    }

    /// Takes events that include an intent: they are durable when this returns.
    pub fn push_durably(&mut self, step: &[Envelope]) -> Result<(), MeasureError> {
        self.staged.extend(step.iter().cloned().map(Record::from));
        self.commit()
    }

    /// Makes everything durable.
    pub fn commit(&mut self) -> Result<(), MeasureError> {
        self.log.commit(&self.staged)?;
        self.staged.clear();
        Ok(())
    }

    /// Makes everything durable and closes the log.
    pub fn close(mut self) -> Result<(), MeasureError> {
        self.commit()?;
        Ok(self.log.close()?)
    }
}
