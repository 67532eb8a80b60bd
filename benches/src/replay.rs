//! A log read back.

use crate::error::MeasureError;
use eventlog::LogReader;
use projections::State;
use schemas::frame::Check;
use schemas::{Envelope, Seq};
use std::path::Path;

/// What is done with the events that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fold {
    /// Nothing: reading, checking and decoding alone.
    Nothing,
    /// All projections take them.
    All,
}

/// Reads a whole log, in memory that does not grow with it. Returns the state and how many events there were.
pub fn replay(dir: &Path, check: Check, fold: Fold) -> Result<(State, u64), MeasureError> {
    let mut state = State::new();
    let (mut frame, mut events) = (Vec::new(), 0);
    let mut stream = LogReader::open(dir)?.events(Seq::FIRST, check)?;
    while stream.next_frame(&mut frame)? {
        events += frame.len() as u64;
        if fold == Fold::All {
            for envelope in &frame {
                state.apply(envelope);
            }
        }
    }
    Ok((state, events))
}

/// All events of a log, in memory.
pub fn load(dir: &Path) -> Result<Vec<Envelope>, MeasureError> {
    let (mut frame, mut all) = (Vec::new(), Vec::new());
    let mut stream = LogReader::open(dir)?.events(Seq::FIRST, Check::Crc)?;
    while stream.next_frame(&mut frame)? {
        all.append(&mut frame);
    }
    Ok(all)
}

/// Folds events that are in memory.
pub fn fold(events: &[Envelope]) -> State {
    let mut state = State::new();
    for envelope in events {
        state.apply(envelope);
    }
    state
}
