//! The state at a point of a log.

use crate::events;
use console::exit::Failure;
use eventlog::LogReader;
use projections::State;
use schemas::Seq;
use std::ops::ControlFlow;

/// A state, and where the fold began.
#[derive(Clone, Debug)]
pub struct Folded {
    /// The state.
    pub state: State,
    /// The snapshot the fold went on from; `None` if it began at the first event.
    pub snapshot: Option<u64>,
    /// Snapshots that could not be used, and why.
    pub skipped: Vec<String>,
}

impl Folded {
    /// Where the fold began, in words.
    pub fn origin(&self) -> String {
        match self.snapshot {
            Some(seq) => format!("the snapshot at {seq}"),
            None => "the first event".to_owned(),
        }
    }
}

/// The newest usable state that includes nothing behind `at_most`; an empty one if there is none.
pub fn newest(reader: &LogReader, at_most: u64) -> Result<Folded, Failure> {
    let search = reader.latest_snapshot(Some(at_most))?;
    let mut skipped: Vec<String> =
        search.skipped.iter().map(|s| format!("{}: {}", s.file.display(), s.reason)).collect();
    let mut state = None;
    if let Some(snapshot) = &search.newest {
        let seq = snapshot.head.seq;
        match snapshot.section("state").map(State::from_snapshot) {
            Some(Ok(found)) if found.seq == seq => state = Some(found),
            Some(Ok(found)) => skipped.push(format!("the snapshot at {seq} holds the state at {}", found.seq)),
            Some(Err(e)) => skipped.push(format!("the snapshot at {seq}: {e}")),
            None => skipped.push(format!("the snapshot at {seq} holds no state")),
        }
    }
    let snapshot = state.as_ref().map(|s| s.seq);
    Ok(Folded { state: state.unwrap_or_default(), snapshot, skipped })
}

/// The state behind event `upto`, from the newest usable snapshot on, or from the first event.
pub fn to(reader: &LogReader, upto: u64, from_genesis: bool) -> Result<Folded, Failure> {
    let mut folded = match from_genesis {
        true => Folded { state: State::new(), snapshot: None, skipped: Vec::new() },
        false => newest(reader, upto)?,
    };
    if folded.state.seq >= upto {
        return Ok(folded);
    }
    let from = folded.state.last_seq().map_or(Seq::FIRST, Seq::next);
    events::each(reader, from, |envelope| {
        folded.state.apply(envelope);
        Ok(if envelope.seq.get() >= upto { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    Ok(folded)
}
