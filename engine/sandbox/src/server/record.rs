//! The sandbox's own log: the market data as they were fed, and what clients did.

use super::Options;
use crate::venue::Recorded;
use eventlog::{LogError, LogWriter, WriterOptions};
use schemas::event::{Mode, RunStarted, RunStopped, SystemEvent};
use schemas::{Bytes32, CycleId, Event, Record, UtcNanos};

/// Records of one frame.
const FRAME: usize = 1_024;

/// A log, or none.
pub(super) struct Journal {
    log: Option<LogWriter>,
    batch: Vec<Record>,
    started: Option<Event>,
    last: UtcNanos,
}

impl Journal {
    pub fn open(options: &Options) -> Result<Self, LogError> {
        let writer = WriterOptions { owner: "arena sandbox".to_owned(), ..WriterOptions::default() };
        let log = options.record.as_ref().map(|dir| LogWriter::open(dir, &writer).map(|(log, _)| log)).transpose()?;
        let started = RunStarted {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            mode: Mode::Import,
            config: "{}".to_owned(),
            config_hash: Bytes32::ZERO,
            seed: options.settings.seed,
            wallet: String::new(),
            feed: format!("sandbox over {}", options.feed_name),
        };
        let started = Some(Event::System(SystemEvent::RunStarted(Box::new(started))));
        Ok(Self { log, batch: Vec::new(), started, last: UtcNanos::ZERO })
    }

    /// Takes events up; full frames are written.
    pub fn take(&mut self, events: Vec<Recorded>) -> Result<(), LogError> {
        if self.log.is_none() {
            return Ok(());
        }
        for Recorded { time, event } in events {
            if let Some(started) = self.started.take() {
                self.push(time, started);
            }
            self.push(time, event);
        }
        if self.batch.len() >= FRAME { self.flush() } else { Ok(()) }
    }

    fn push(&mut self, time: UtcNanos, event: Event) {
        self.last = self.last.max(time);
        self.batch.push(Record { time: self.last, cause: 0, cycle: CycleId(0), event });
    }

    /// Writes what is there.
    pub fn flush(&mut self) -> Result<(), LogError> {
        if let Some(log) = self.log.as_mut().filter(|_| !self.batch.is_empty()) {
            log.commit(&self.batch)?;
            self.batch.clear();
        }
        Ok(())
    }

    pub fn close(mut self, complete: bool) -> Result<(), LogError> {
        if self.log.is_some() {
            let stopped = RunStopped { reason: "sandbox stopped".to_owned(), complete };
            self.push(self.last, Event::System(SystemEvent::RunStopped(Box::new(stopped))));
            self.flush()?;
        }
        self.log.map_or(Ok(()), LogWriter::close)
    }
}
