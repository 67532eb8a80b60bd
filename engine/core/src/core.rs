//! The pure function at the centre: a state, an event, and what must follow.

use crate::config::Config;
use crate::step::{Draft, Step};
use projections::State;
use schemas::event::{FaultPolicy, KillLevel, MarketEvent, Mode, SystemEvent};
use schemas::{Envelope, Event, MarketId, TokenId, UtcNanos};

/// The state of the engine and the decisions that follow from it.
///
/// The caller appends the drafts of one event in order, each followed at once by the drafts it leads to in turn (depth
/// first), so a chain of decisions is complete before the next one begins and numbers are never given out twice.
#[derive(Clone, Debug, Default)]
pub struct Core {
    state: State,
    config: Option<Config>,
}

impl Core {
    /// Before the first event.
    pub fn new() -> Self {
        Self::default()
    }

    /// Going on from a snapshot.
    pub fn from_state(state: State) -> Self {
        let config = Config::from_canonical(&state.run.config).ok();
        Self { state, config }
    }

    /// The projections.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The configuration in force, once a run has started.
    pub fn config(&self) -> Option<&Config> {
        self.config.as_ref()
    }

    /// Takes the state past one event.
    #[inline]
    pub fn apply(&mut self, envelope: &Envelope) {
        self.state.apply(envelope);
        if let Event::System(SystemEvent::RunStarted(_) | SystemEvent::ConfigChanged { .. }) = &envelope.event {
            self.config = Config::from_canonical(&self.state.run.config).ok();
        }
    }

    /// What must follow an event that [`Core::apply`] has just taken. Reads nothing but the state and the event.
    #[inline]
    pub fn decide(&self, envelope: &Envelope, out: &mut Vec<Draft>) {
        let Some(config) = &self.config else { return };
        if self.state.run.mode() == Some(Mode::Import) {
            return;
        }
        let mut step = Step::new(&self.state, config, envelope, out);
        match &envelope.event {
            Event::Market(event) => match event {
                MarketEvent::BookDelta(d) => step.on_tick(d.token),
                MarketEvent::Quote(q) => step.on_tick(q.token),
                MarketEvent::BookSnapshot(s) => step.on_tick(s.token),
                MarketEvent::FeedRestored { .. } => {
                    step.watch_limits();
                }
                _ => {}
            },
            Event::Agent(event) => step.on_agent(event),
            Event::Order(event) => step.on_order(event),
            Event::Account(event) => step.on_account(event),
            Event::System(event) => step.on_system(event),
            Event::Model(_) => {}
        }
    }

    /// The next moment at which something is due that no event may announce. May lie in the past: then it is overdue, and
    /// deciding on the timer deals with it.
    pub fn next_timer(&self) -> Option<UtcNanos> {
        let config = self.config.as_ref()?;
        if self.state.run.mode() == Some(Mode::Import) {
            return None;
        }
        let now = self.state.time;
        let holds = self.state.positions.held_all().map(|(_, p)| crate::exits::hold_ends(p, config));
        let resends = self.state.orders.open().filter_map(|o| crate::unknown::resend_at(o, &self.state, config));
        // A holding that is over may lack a price to be sold at: the next tick looks again, not a timer.
        holds.filter(|due| *due > now).chain(resends).min()
    }
}

/// The component whose halting fault means that the log's disk is nearly full.
pub const DISK: &str = "disk";

impl Step<'_> {
    #[inline]
    fn on_tick(&mut self, token: TokenId) {
        let market: MarketId = token.market();
        if self.state.positions.touches(market) {
            if self.watch_limits() {
                return;
            }
            if self.consider_exits(market) {
                return;
            }
        }
        self.consider_look(market);
    }

    fn on_system(&mut self, event: &SystemEvent) {
        match event {
            SystemEvent::RunStarted(_) => self.on_start(),
            SystemEvent::OperatorCommand { command, .. } => self.on_command(command),
            SystemEvent::Fault { component, policy: FaultPolicy::Halted, .. } if component == DISK => {
                self.on_disk_low()
            }
            SystemEvent::KillSwitch { level, .. } if *level != KillLevel::Off => self.on_kill(*level),
            // Whoever it was set for: two timers of one moment may fire as one.
            SystemEvent::TimerFired { .. } => {
                self.resend_unknown();
                self.consider_all_exits();
            }
            _ => {}
        }
    }
}
