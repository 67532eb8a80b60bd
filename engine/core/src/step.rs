//! One event being decided on: the state it met, and the drafts it leads to. The stages of the core are methods on this,
//! each in the file of its subject.

use crate::config::Config;
use projections::State;
use schemas::{CycleId, Envelope, Event, Seq, UtcNanos};

/// An event that must be appended next. Sequence and time are given when it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The event that led to it.
    pub cause: Seq,
    /// The decision cycle it belongs to.
    pub cycle: Option<CycleId>,
    /// What happens.
    pub event: Event,
}

/// One event being decided on: what every stage of the core has at hand.
pub(crate) struct Step<'a> {
    pub state: &'a State,
    pub config: &'a Config,
    pub envelope: &'a Envelope,
    pub out: &'a mut Vec<Draft>,
    cycles: u32,
}

impl<'a> Step<'a> {
    pub fn new(state: &'a State, config: &'a Config, envelope: &'a Envelope, out: &'a mut Vec<Draft>) -> Self {
        Self { state, config, envelope, out, cycles: 0 }
    }

    pub fn now(&self) -> UtcNanos {
        self.envelope.time
    }

    /// Drafts an event outside a cycle.
    pub fn emit(&mut self, event: Event) {
        self.emit_in(None, event);
    }

    /// Drafts an event of a cycle.
    pub fn emit_in(&mut self, cycle: Option<CycleId>, event: Event) {
        self.out.push(Draft { cause: self.envelope.seq, cycle, event });
    }

    /// The number of a cycle that starts now.
    pub fn new_cycle(&mut self) -> CycleId {
        let id = CycleId(self.state.decisions.next_id().0.saturating_add(self.cycles));
        self.cycles += 1;
        id
    }
}
