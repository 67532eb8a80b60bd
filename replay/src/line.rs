//! One event as one line: of text for people, of JSON for programs.

use crate::describe;
use crate::index::Index;
use schemas::{CycleId, Envelope, Event, EventKind, MarketId, Seq, UtcNanos};
use serde::Serialize;
use serde_json::Value;

/// An event as programs read it.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// Its place.
    pub seq: Seq,
    /// Its time.
    pub time: UtcNanos,
    /// Its kind.
    pub kind: &'static str,
    /// Who says it.
    pub speaker: &'static str,
    /// The event that led to it.
    pub cause: Option<Seq>,
    /// The decision cycle it belongs to.
    pub cycle: Option<CycleId>,
    /// The market it is about.
    pub market: Option<MarketId>,
    /// Its own fields.
    pub data: Value,
}

impl Line {
    /// Of an event.
    pub fn of(envelope: &Envelope, index: &Index) -> Self {
        let kind = envelope.event.kind();
        Self {
            seq: envelope.seq,
            time: envelope.time,
            kind: kind.name(),
            speaker: kind.speaker(),
            cause: envelope.cause,
            cycle: envelope.cycle,
            market: index.market_of(&envelope.event),
            data: data(&envelope.event),
        }
    }
}

/// The fields of an event, without the names of speaker and kind around them.
pub fn data(event: &Event) -> Value {
    // Events are plain data: turning them into a JSON value fails for none of them.
    let mut value = serde_json::to_value(event).unwrap_or(Value::Null);
    for _ in 0..2 {
        value = match value {
            Value::Object(map) if map.len() == 1 => map.into_iter().next().map_or(Value::Null, |(_, inner)| inner),
            other => other,
        };
    }
    value
}

/// The columns that a person reads, the description last.
pub struct Columns {
    /// Its place.
    pub seq: String,
    /// Its time.
    pub time: String,
    /// Its kind.
    pub kind: EventKind,
    /// The market it is about.
    pub market: String,
    /// The decision cycle it belongs to.
    pub cycle: String,
    /// The event that led to it.
    pub cause: String,
    /// What happened.
    pub text: String,
}

impl Columns {
    /// Names of the columns.
    pub const NAMES: [&'static str; 7] = ["seq", "time", "kind", "market", "cycle", "cause", "text"];

    /// Of an event.
    pub fn of(envelope: &Envelope, index: &Index) -> Self {
        let shown = |n: Option<String>| n.unwrap_or_default();
        Self {
            seq: envelope.seq.to_string(),
            time: envelope.time.to_string(),
            kind: envelope.event.kind(),
            market: shown(index.market_of(&envelope.event).map(|m| m.to_string())),
            cycle: shown(envelope.cycle.map(|c| c.to_string())),
            cause: shown(envelope.cause.map(|c| c.to_string())),
            text: describe::event(&envelope.event, index),
        }
    }

    /// As one aligned line.
    pub fn aligned(&self) -> String {
        let or_dash = |s: &str, mark: &str| if s.is_empty() { "-".to_owned() } else { format!("{mark}{s}") };
        format!(
            "{:>9}  {:<27} {:<17} {:>6} {:>6} {:>10}  {}",
            self.seq,
            self.time,
            self.kind,
            or_dash(&self.market, "m"),
            or_dash(&self.cycle, "c"),
            or_dash(&self.cause, "<-"),
            self.text
        )
    }

    /// As cells of a table.
    pub fn cells(self) -> Vec<String> {
        vec![self.seq, self.time, self.kind.name().to_owned(), self.market, self.cycle, self.cause, self.text]
    }
}
