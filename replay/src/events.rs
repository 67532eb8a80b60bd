//! Walking over a log.

use console::exit::{Code, Failure};
use eventlog::LogReader;
use schemas::frame::{Check, Head};
use schemas::{Envelope, Seq, UtcNanos};
use std::ops::ControlFlow;
use std::path::Path;

/// Opens a log that must be there.
pub fn open(dir: &Path) -> Result<LogReader, Failure> {
    if dir.is_dir() && eventlog::exists(dir) {
        return Ok(LogReader::open(dir)?);
    }
    let what = match dir.try_exists() {
        Ok(true) => format!("{} holds no log", dir.display()),
        Ok(false) => format!("{} does not exist", dir.display()),
        Err(e) => format!("{} cannot be read: {e}", dir.display()),
    };
    Err(Failure::new(Code::Usage, what).next("name the directory of a log; `arena demo` makes one"))
}

/// Hands every event from `from` on to `f`, until it breaks or the log ends. Returns the head behind what was read.
pub fn each(
    reader: &LogReader,
    from: Seq,
    mut f: impl FnMut(&Envelope) -> Result<ControlFlow<()>, Failure>,
) -> Result<Head, Failure> {
    let mut stream = reader.events(from, Check::Crc)?;
    let mut events = Vec::new();
    while stream.next_frame(&mut events)? {
        for envelope in &events {
            if f(envelope)?.is_break() {
                return Ok(stream.head());
            }
        }
    }
    Ok(stream.head())
}

/// The same for what neither fails nor stops early.
pub fn all(reader: &LogReader, from: Seq, mut f: impl FnMut(&Envelope)) -> Result<Head, Failure> {
    each(reader, from, |envelope| {
        f(envelope);
        Ok(ControlFlow::Continue(()))
    })
}

/// One event that the log must have.
pub fn one(reader: &LogReader, seq: u64) -> Result<Envelope, Failure> {
    let found = match Seq::new(seq) {
        Some(seq) => reader.read(seq)?,
        None => None,
    };
    match found {
        Some(envelope) => Ok(envelope),
        None => Err(beyond(reader, seq)?),
    }
}

/// The time of the last event.
pub fn last_time(reader: &LogReader) -> Result<UtcNanos, Failure> {
    let last = reader.last()?;
    Ok(one(reader, last.seq)?.time)
}

/// The log has no such sequence.
pub fn beyond(reader: &LogReader, seq: u64) -> Result<Failure, Failure> {
    let last = reader.last()?.seq;
    let what = match last {
        0 => "the log is empty".to_owned(),
        _ => format!("there is no event {seq}: the log has 1 to {last}"),
    };
    Ok(Failure::new(Code::Usage, what))
}

/// That something is there which can be checked, intact or not.
pub fn open_or_broken(dir: &Path) -> Result<(), Failure> {
    if eventlog::exists(dir) { Ok(()) } else { open(dir).map(|_| ()) }
}
