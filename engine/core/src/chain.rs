//! Decisions that are owed: drafts that follow from events already in the log and are not in it yet.
//!
//! The engine appends what this says until nothing is owed; then the next input may come. A replay walks the same chain
//! and holds each recorded decision against the one that is owed. After a crash in between, what is owed is simply
//! appended.

use crate::order;
use crate::step::Draft;
use schemas::event::{OrderEvent, SystemEvent};
use schemas::{Envelope, Event};

/// Where a recorded event came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// From outside: the venue, a model, a timer, a person.
    Input,
    /// From the core, which makes the same decision again.
    Decided,
}

/// The log and the core disagree.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at sequence {seq} the log has {found}, the core decides {expected}")]
pub struct Mismatch {
    /// Where.
    pub seq: u64,
    /// What the log has.
    pub found: String,
    /// What the core decides.
    pub expected: String,
}

/// The drafts that are owed, next one last.
#[derive(Clone, Debug, Default)]
pub struct Chain {
    owed: Vec<Draft>,
}

impl Chain {
    /// Adds the drafts of an event, in order, before everything owed so far (depth first).
    pub fn owe(&mut self, drafts: &mut Vec<Draft>) {
        self.owed.extend(drafts.drain(..).rev());
    }

    /// The next draft to append.
    pub fn next_owed(&mut self) -> Option<Draft> {
        self.owed.pop()
    }

    /// Whether nothing is owed.
    pub fn is_empty(&self) -> bool {
        self.owed.is_empty()
    }

    /// Holds a recorded event against what is owed.
    pub fn check(&mut self, envelope: &Envelope) -> Result<Origin, Mismatch> {
        let mismatch = |expected: String| Mismatch {
            seq: envelope.seq.get(),
            found: describe(&envelope.event, envelope.cause.map(schemas::Seq::get)),
            expected,
        };
        match self.owed.last() {
            Some(draft) => {
                let same = is_owed(&draft.event, &envelope.event)
                    && Some(draft.cause) == envelope.cause
                    && draft.cycle == envelope.cycle;
                if !same {
                    return Err(mismatch(describe(&draft.event, Some(draft.cause.get()))));
                }
                self.owed.pop();
                Ok(Origin::Decided)
            }
            None if is_decision(envelope) => Err(mismatch("nothing here".to_owned())),
            None => Ok(Origin::Input),
        }
    }
}

/// The same event; an order may have been signed since.
fn is_owed(owed: &Event, found: &Event) -> bool {
    match (owed, found) {
        (Event::Order(OrderEvent::Intended(owed)), Event::Order(OrderEvent::Intended(found))) => {
            order::is_owed(owed, found)
        }
        _ => owed == found,
    }
}

fn describe(event: &Event, cause: Option<u64>) -> String {
    match cause {
        Some(cause) => format!("{event:?} (because of {cause})"),
        None => format!("{event:?}"),
    }
}

/// Events that only the core makes.
fn is_decision(envelope: &Envelope) -> bool {
    envelope.event.is_intent()
        || matches!(envelope.event, Event::Agent(_) | Event::System(SystemEvent::KillSwitch { .. }))
}
