//! Where market events come from: a log made by `arena import`, or recorded files.

use eventlog::{EventStream, LogError, LogReader};
use schemas::event::MarketEvent;
use schemas::frame::Check;
use schemas::{Envelope, Event, Seq, UtcNanos};
use std::path::Path;
use venues::recording::{Problem, Recording};

/// A market event and when it was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timed {
    /// When.
    pub time: UtcNanos,
    /// What.
    pub event: MarketEvent,
}

/// A feed broke.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// The recorded log cannot be read.
    #[error("the recording cannot be read: {0}")]
    Log(#[from] LogError),
    /// The recorded file cannot be read.
    #[error("the recording cannot be read: {0}")]
    File(String),
    /// The log was begun with another recording.
    #[error(
        "this log was begun with another recording: its market event {number} is not the recording's; name the same recording, or a new log with --log"
    )]
    OtherRecording {
        /// The first event that differs, counted from 1.
        number: u64,
    },
}

/// A source of market events in time order.
pub trait Feed: Send {
    /// The next event; `None` at the end.
    fn next_event(&mut self) -> Result<Option<Timed>, FeedError>;
}

/// Market events of a log.
pub struct LogFeed {
    stream: EventStream,
    events: std::vec::IntoIter<Envelope>,
}

impl LogFeed {
    /// From the first event on.
    pub fn open(dir: &Path) -> Result<Self, FeedError> {
        let stream = LogReader::open(dir)?.events(Seq::FIRST, Check::Crc)?;
        Ok(Self { stream, events: Vec::new().into_iter() })
    }
}

impl Feed for LogFeed {
    fn next_event(&mut self) -> Result<Option<Timed>, FeedError> {
        loop {
            for envelope in self.events.by_ref() {
                if let Event::Market(event) = envelope.event {
                    return Ok(Some(Timed { time: envelope.time, event }));
                }
            }
            let mut frame = Vec::new();
            if !self.stream.next_frame(&mut frame)? {
                return Ok(None);
            }
            self.events = frame.into_iter();
        }
    }
}

/// Market events straight from recorded files.
pub struct RecordingFeed {
    recording: Recording,
}

impl RecordingFeed {
    /// From an opened recording.
    pub fn new(recording: Recording) -> Self {
        Self { recording }
    }
}

impl Feed for RecordingFeed {
    fn next_event(&mut self) -> Result<Option<Timed>, FeedError> {
        loop {
            match self.recording.next() {
                None => return Ok(None),
                Some(Ok(timed)) => return Ok(Some(Timed { time: timed.time, event: timed.event })),
                // The decoder delivers a feed gap for it; the numbers are in its report.
                Some(Err(Problem::BadRow { .. })) => {}
                Some(Err(broken)) => return Err(FeedError::File(broken.to_string())),
            }
        }
    }
}
