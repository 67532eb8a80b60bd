//! Does the log add up? Everything is folded from the first event; every recorded decision, every report of the simulated
//! exchange and every state hash is held against what this build makes of the same inputs.

use console::exit::Failure;
use engine_core::{Chain, Core, Origin};
use eventlog::LogReader;
use exchange::Exchange;
use projections::State;
use schemas::event::{AccountEvent, Checkpoint, Mode, StateHash, SystemEvent};
use schemas::frame::{Check, Head};
use schemas::{Bytes32, Envelope, Event, Seq};
use serde::Serialize;

/// What kind of thing differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A decision of the core.
    Decision,
    /// A report of the simulated exchange.
    ExchangeReport,
    /// The state hashes of a checkpoint.
    Checkpoint,
    /// The time of an event that must have the time of what led to it, or that steps back.
    Time,
}

/// The log has something else than this build makes of the same events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Divergence {
    /// Where.
    pub seq: u64,
    /// What kind of thing.
    pub what: What,
    /// What the log has.
    pub found: String,
    /// What this build makes of it.
    pub expected: String,
}

/// What a check found.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Events held against.
    pub events: u64,
    /// Decisions that are equal.
    pub decisions: u64,
    /// Reports of the simulated exchange that are equal.
    pub exchange_reports: u64,
    /// Checkpoints whose hashes are equal.
    pub checkpoints: u64,
    /// 0, or 1: behind the first one nothing can be expected to agree.
    pub divergences: u64,
    /// The first one.
    pub first: Option<Divergence>,
    /// Decisions that a log which did not stop cleanly still owes; the next start appends them.
    pub owed: u64,
    /// The hash of the state behind the last event that agrees.
    pub state_hash: Bytes32,
    /// The last event read.
    pub head_seq: u64,
    /// The chain value there.
    pub head_hash: Bytes32,
}

/// Checks a whole log. Damage is an error, a divergence is in the report.
pub fn check(reader: &LogReader) -> Result<Report, Failure> {
    let mut audit = Audit::default();
    let mut events = Vec::new();
    let mut stream = reader.events(Seq::FIRST, Check::Full)?;
    while stream.next_frame(&mut events)? {
        for envelope in &events {
            if let Err(divergence) = audit.take(envelope) {
                return Ok(audit.report(stream.head(), Some(divergence)));
            }
        }
    }
    let missing = audit.missing();
    Ok(audit.report(stream.head(), missing))
}

/// A fold that doubts every event.
#[derive(Default)]
struct Audit {
    core: Core,
    chain: Chain,
    exchange: Exchange,
    drafts: Vec<engine_core::Draft>,
    decisions: u64,
    exchange_reports: u64,
    checkpoints: u64,
    stopped: bool,
}

impl Audit {
    fn take(&mut self, envelope: &Envelope) -> Result<(), Divergence> {
        let origin = self.chain.check(envelope).map_err(|m| Divergence {
            seq: m.seq,
            what: What::Decision,
            found: m.found,
            expected: m.expected,
        })?;
        let said = origin == Origin::Input && self.is_simulated() && is_report(&envelope.event);
        self.hold_time(envelope, said || origin == Origin::Decided)?;
        if origin == Origin::Input && self.is_simulated() {
            self.hold_report(envelope, said)?;
        }
        if let Event::System(SystemEvent::Checkpoint(checkpoint)) = &envelope.event {
            hold_hashes(envelope.seq.get(), checkpoint, self.core.state())?;
        }
        self.core.apply(envelope);
        self.core.decide(envelope, &mut self.drafts);
        self.chain.owe(&mut self.drafts);
        if self.core.state().run.mode() != Some(Mode::Live) {
            self.exchange.apply(envelope, self.core.state().into()).map_err(|d| Divergence {
                seq: d.seq,
                what: What::ExchangeReport,
                found: d.found,
                expected: d.expected,
            })?;
        }
        self.decisions += u64::from(origin == Origin::Decided);
        self.exchange_reports += u64::from(said);
        self.checkpoints += u64::from(matches!(&envelope.event, Event::System(SystemEvent::Checkpoint(_))));
        self.stopped = matches!(&envelope.event, Event::System(SystemEvent::RunStopped(_)));
        Ok(())
    }

    /// Whether the simulated exchange speaks in this log.
    fn is_simulated(&self) -> bool {
        matches!(self.core.state().run.mode(), Some(Mode::Paper | Mode::Backtest))
    }

    /// Time never steps back, and what follows from an input has the input's time.
    fn hold_time(&self, envelope: &Envelope, follows: bool) -> Result<(), Divergence> {
        let (now, time) = (self.core.state().time, envelope.time);
        if self.core.state().seq == 0 || time == now || (time > now && !follows) {
            return Ok(());
        }
        let expected = if follows { now.to_string() } else { format!("{now} or later") };
        Err(Divergence { seq: envelope.seq.get(), what: What::Time, found: time.to_string(), expected })
    }

    /// What the exchange says next is what it has to say by now, and nothing else comes in before that.
    fn hold_report(&self, envelope: &Envelope, said: bool) -> Result<(), Divergence> {
        let due = self.exchange.report_due(self.core.state().time);
        let equal = match due {
            Some(r) => said && (&r.event, r.cause, r.cycle) == (&envelope.event, envelope.cause, envelope.cycle),
            None => !said,
        };
        if equal {
            return Ok(());
        }
        let shown = |event: &Event, cause: Option<Seq>| match cause {
            Some(cause) => format!("{event:?} (because of {cause})"),
            None => format!("{event:?}"),
        };
        Err(Divergence {
            seq: envelope.seq.get(),
            what: What::ExchangeReport,
            found: shown(&envelope.event, envelope.cause),
            expected: due.map_or_else(|| "nothing here".to_owned(), |r| shown(&r.event, r.cause)),
        })
    }

    /// What a log that stopped cleanly should have at its end and does not.
    fn missing(&mut self) -> Option<Divergence> {
        if !self.stopped {
            return None;
        }
        let seq = self.core.state().seq + 1;
        let missing = |what, expected| Divergence { seq, what, found: "the end of the log".to_owned(), expected };
        if let Some(draft) = self.chain.next_owed() {
            return Some(missing(What::Decision, format!("{:?} (because of {})", draft.event, draft.cause)));
        }
        let due = self.exchange.report_due(self.core.state().time).filter(|_| self.is_simulated());
        due.map(|report| missing(What::ExchangeReport, format!("{:?}", report.event)))
    }

    fn report(mut self, head: Head, first: Option<Divergence>) -> Report {
        let mut owed = 0;
        while first.is_none() && self.chain.next_owed().is_some() {
            owed += 1;
        }
        Report {
            events: self.core.state().seq,
            decisions: self.decisions,
            exchange_reports: self.exchange_reports,
            checkpoints: self.checkpoints,
            divergences: u64::from(first.is_some()),
            first,
            owed,
            state_hash: self.core.state().state_hash(),
            head_seq: head.seq,
            head_hash: head.chain,
        }
    }
}

/// What the simulated exchange says; everything else about orders is a decision of ours, and that cash moved a person says.
fn is_report(event: &Event) -> bool {
    let said = !matches!(event, Event::Account(AccountEvent::CashMoved { .. })) && !event.is_intent();
    said && matches!(event, Event::Order(_) | Event::Account(_))
}

/// A checkpoint's hashes are those of the state before it.
fn hold_hashes(seq: u64, checkpoint: &Checkpoint, state: &State) -> Result<(), Divergence> {
    let diverged = |found, expected| Err(Divergence { seq, what: What::Checkpoint, found, expected });
    if checkpoint.upto != state.seq {
        return diverged(format!("hashes up to {}", checkpoint.upto), format!("hashes up to {}", state.seq));
    }
    let ours = state.parts();
    let shown = |part: Option<&StateHash>| part.map_or("nothing".to_owned(), |p| format!("{} {}", p.name, p.hash));
    for i in 0..ours.len().max(checkpoint.parts.len()) {
        if ours.get(i) != checkpoint.parts.get(i) {
            return diverged(shown(checkpoint.parts.get(i)), shown(ours.get(i)));
        }
    }
    let whole = State::hash_of_parts(&ours);
    if whole != checkpoint.state_hash {
        return diverged(format!("state {}", checkpoint.state_hash), format!("state {whole}"));
    }
    Ok(())
}
