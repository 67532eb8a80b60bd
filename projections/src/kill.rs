//! The kill switch and other reasons not to trade. Latched: a restart finds it as it was, because it is a fold.

use crate::Projection;
use schemas::event::{AccountEvent, KillLevel, KillSource, OperatorCommand, SystemEvent};
use schemas::{Envelope, Event, UtcNanos};
use serde::{Deserialize, Serialize};

/// Where the kill switch stands, and what else stops trading.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kill {
    /// The level.
    pub level: KillLevel,
    /// Who set it, while it is not off.
    pub source: Option<KillSource>,
    /// When it was set.
    pub since: UtcNanos,
    /// Trading is halted for another reason.
    pub halted: Option<String>,
    /// The venue and the books differ, and nobody has explained it yet.
    pub mismatch: bool,
    /// The run is ending: nothing is ordered before another one starts.
    pub stopping: bool,
    /// The operator last released the switch at this moment.
    pub released_at: UtcNanos,
    /// How often it was thrown.
    pub trips: u32,
}

impl Kill {
    /// Whether new risk may be taken, as far as switches go.
    pub fn lets_enter(&self) -> bool {
        self.level == KillLevel::Off && self.halted.is_none() && !self.stopping
    }

    /// Whether orders that give up risk may be placed. At `CancelAll` nothing may rest or cross.
    pub fn lets_exit(&self) -> bool {
        self.level != KillLevel::CancelAll && !self.stopping
    }

    /// Whether no order at all may stand.
    pub fn lets_nothing_stand(&self) -> bool {
        self.level >= KillLevel::CancelAll || self.stopping
    }
}

impl Projection for Kill {
    const NAME: &'static str = "kill";
    type Reads<'a> = ();

    fn apply(&mut self, envelope: &Envelope, (): ()) {
        match &envelope.event {
            Event::System(SystemEvent::KillSwitch { level, source }) => {
                if *level == KillLevel::Off {
                    // What else stops trading is not the operator's to release.
                    (self.level, self.source, self.since) = (KillLevel::Off, None, UtcNanos::ZERO);
                    self.released_at = envelope.time;
                    self.mismatch = false;
                } else {
                    self.trips += u32::from(self.level == KillLevel::Off);
                    self.level = *level;
                    self.source = Some(*source);
                    self.since = envelope.time;
                }
            }
            Event::System(SystemEvent::Halted { reason }) => self.halted = Some(reason.clone()),
            Event::System(SystemEvent::Resumed { .. }) => self.halted = None,
            Event::System(SystemEvent::OperatorCommand { command, .. }) => match command {
                OperatorCommand::Kill(KillLevel::Off) => self.mismatch = false,
                OperatorCommand::Stop => self.stopping = true,
                _ => {}
            },
            Event::System(SystemEvent::RunStarted(_)) => self.stopping = false,
            Event::Account(AccountEvent::ReconcileMismatch { .. }) => self.mismatch = true,
            _ => {}
        }
    }
}
