//! The core with the simulated exchange and without a log: one input, and everything that follows from it.

use crate::error::MeasureError;
use crate::trader::run_started;
use engine_core::{Chain, Config, Core, Draft};
use exchange::Exchange;
use projections::State;
use schemas::event::{MarketEvent, Mode, SystemEvent, TimerKind};
use schemas::{CycleId, Envelope, Event, Seq, UtcNanos};

/// Core and exchange.
#[derive(Clone)]
pub struct Desk {
    core: Core,
    exchange: Exchange,
    chain: Chain,
    drafts: Vec<Draft>,
    next: Seq,
}

impl Desk {
    /// A run that has just begun.
    pub fn begin(config: &Config, time: UtcNanos) -> Result<Self, MeasureError> {
        let (core, exchange, chain) = (Core::new(), Exchange::new(), Chain::default());
        let mut desk = Self { core, exchange, chain, drafts: Vec::new(), next: Seq::FIRST };
        desk.input(time, None, None, run_started(config, Mode::Backtest)?)?;
        desk.hear(time)?;
        Ok(desk)
    }

    /// Goes on from where something else has come.
    pub fn going_on(state: State, exchange: Exchange) -> Self {
        let next = Seq::new(state.seq.saturating_add(1)).unwrap_or(Seq::FIRST);
        Self { core: Core::from_state(state), exchange, chain: Chain::default(), drafts: Vec::new(), next }
    }

    /// The state.
    pub fn state(&self) -> &State {
        self.core.state()
    }

    /// How many events there were.
    pub fn events(&self) -> u64 {
        self.next.get() - 1
    }

    /// Takes a market event, every decision that follows from it, and what the exchange says at once.
    #[inline]
    pub fn feed(&mut self, time: UtcNanos, event: MarketEvent) -> Result<(), MeasureError> {
        self.input(time, None, None, Event::Market(event))?;
        self.hear(time)
    }

    /// Lets the exchange do what falls due up to `until`.
    pub fn run_timers(&mut self, until: UtcNanos) -> Result<(), MeasureError> {
        while let Some(due) = self.exchange.next_due().filter(|due| *due <= until) {
            let timer = SystemEvent::TimerFired { timer: TimerKind::Exchange, due };
            self.input(due, None, None, Event::System(timer))?;
            self.hear(due)?;
        }
        Ok(())
    }

    fn hear(&mut self, now: UtcNanos) -> Result<(), MeasureError> {
        while let Some(report) = self.exchange.report_due(now).cloned() {
            self.input(now, report.cause, report.cycle, report.event)?;
        }
        Ok(())
    }

    #[inline]
    fn input(
        &mut self,
        time: UtcNanos,
        cause: Option<Seq>,
        cycle: Option<CycleId>,
        event: Event,
    ) -> Result<(), MeasureError> {
        self.take(Envelope { seq: self.next, time, cause, cycle, event })?;
        while let Some(Draft { cause, cycle, event }) = self.chain.next_owed() {
            self.take(Envelope { seq: self.next, time, cause: Some(cause), cycle, event })?;
        }
        Ok(())
    }

    #[inline]
    fn take(&mut self, envelope: Envelope) -> Result<(), MeasureError> {
        self.core.apply(&envelope);
        self.core.decide(&envelope, &mut self.drafts);
        self.chain.owe(&mut self.drafts);
        self.next = self.next.next();
        Ok(self.exchange.apply(&envelope, self.core.state().into())?)
    }
}
