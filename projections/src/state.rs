//! All projections together, in the order in which they read each other.

use crate::activity::Activity;
use crate::books::Books;
use crate::costs::Costs;
use crate::decisions::Decisions;
use crate::equity::Equity;
use crate::health::Health;
use crate::indicators::Indicators;
use crate::kill::Kill;
use crate::markets::Markets;
use crate::memory::Memory;
use crate::orders::Orders;
use crate::positions::Positions;
use crate::quotes::Quotes;
use crate::scores::Scores;
use crate::settings::FoldSettings;
use crate::{Projection, canonical, hash_of};
use schemas::event::{FaultPolicy, Mode, OrderEvent, RunStarted, StateHash, SystemEvent};
use schemas::{Bytes32, Envelope, Event, Seq, UtcNanos};
use serde::{Deserialize, Serialize};

/// What the process that writes the log said about itself. Not part of the state hash: who folds, and how often it was
/// restarted, does not change what the log adds up to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The last start.
    pub started: Option<Box<RunStarted>>,
    /// The configuration in force, as canonical JSON.
    pub config: String,
    /// How often a process started.
    pub starts: u64,
    /// The last stop, and whether the feed was complete; `None` while running or after a crash.
    pub stopped: Option<(String, bool)>,
    /// Market events so far: how far the feed was read.
    pub feed_events: u64,
    /// How often something was said to be wrong with what surrounds the log: disk, clock, feed, venue.
    pub faults: u64,
    /// The last of these.
    pub last_fault: Option<Fault>,
}

/// Something that went wrong, and what was done about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// When.
    pub time: UtcNanos,
    /// With what.
    pub component: String,
    /// What, and what next.
    pub text: String,
    /// How the process went on.
    pub policy: FaultPolicy,
}

impl Run {
    fn apply(&mut self, envelope: &Envelope) {
        match &envelope.event {
            Event::System(SystemEvent::RunStarted(run)) => {
                self.config.clone_from(&run.config);
                self.started = Some(run.clone());
                self.starts += 1;
                self.stopped = None;
            }
            Event::System(SystemEvent::RunStopped(stop)) => {
                self.stopped = Some((stop.reason.clone(), stop.complete));
            }
            Event::System(SystemEvent::ConfigChanged { config, .. }) => self.config.clone_from(config),
            Event::System(SystemEvent::Fault { component, text, policy }) => {
                self.faults += 1;
                let (component, text) = (component.clone(), text.clone());
                self.last_fault = Some(Fault { time: envelope.time, component, text, policy: *policy });
            }
            Event::Market(_) => self.feed_events += 1,
            _ => {}
        }
    }

    /// What is at stake, if a process ever said.
    pub fn mode(&self) -> Option<Mode> {
        self.started.as_ref().map(|r| r.mode)
    }
}

/// Everything the log adds up to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The last event taken, 0 before the first.
    pub seq: u64,
    /// Its time.
    pub time: UtcNanos,
    /// Who writes the log.
    pub run: Run,
    /// Settings of the folds.
    pub settings: FoldSettings,
    /// Events that made no sense.
    pub health: Health,
    /// Markets.
    pub markets: Markets,
    /// Order books.
    pub books: Books,
    /// Best prices.
    pub quotes: Quotes,
    /// Our orders.
    pub orders: Orders,
    /// Cash and positions.
    pub positions: Positions,
    /// Worth and falls.
    pub equity: Equity,
    /// Recent activity.
    pub activity: Activity,
    /// What models cost.
    pub costs: Costs,
    /// Decision cycles.
    pub decisions: Decisions,
    /// Forecast records.
    pub scores: Scores,
    /// Short-term memory.
    pub memory: Memory,
    /// Indicators.
    pub indicators: Indicators,
    /// Kill switch and halts.
    pub kill: Kill,
}

/// A snapshot cannot be used. It is only a cache: fold from the start instead.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The bytes are not a state of this version.
    #[error("the snapshot cannot be decoded ({0}); fold from the start instead")]
    Undecodable(String),
    /// The bytes are not what their hash says.
    #[error("the snapshot does not match its hash; fold from the start instead")]
    WrongHash,
}

impl State {
    /// Before the first event.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes every projection past one event.
    #[inline]
    pub fn apply(&mut self, envelope: &Envelope) {
        self.seq = envelope.seq.get();
        self.time = envelope.time;
        self.run.apply(envelope);
        self.settings.apply(envelope);
        self.markets.apply(envelope, ());
        self.books.apply(envelope, ());
        self.quotes.apply(envelope, (&self.books, &self.markets));
        if let Event::Order(OrderEvent::FillBooked(fill)) = &envelope.event
            && self.orders.knows_fill(fill)
        {
            return; // Only its first report counts, for every fold.
        }
        self.orders.apply(envelope, &mut self.health);
        self.positions.apply(envelope, &mut self.health);
        self.kill.apply(envelope, ());
        self.equity.apply(envelope, (&self.positions, &self.quotes));
        self.activity.apply(envelope, ());
        self.costs.apply(envelope, ());
        self.decisions.apply(envelope, &self.quotes);
        self.scores.apply(envelope, &self.markets);
        self.memory.apply(envelope, &self.settings);
        self.indicators.apply(envelope, (&self.quotes, &self.settings));
    }

    /// The last event taken.
    pub fn last_seq(&self) -> Option<Seq> {
        Seq::new(self.seq)
    }

    /// The hash of each projection, by name.
    pub fn parts(&self) -> Vec<StateHash> {
        fn part<P: Projection>(p: &P) -> StateHash {
            StateHash { name: P::NAME.to_owned(), hash: p.state_hash() }
        }
        vec![
            part(&self.markets),
            part(&self.books),
            part(&self.quotes),
            part(&self.orders),
            part(&self.positions),
            part(&self.equity),
            part(&self.activity),
            part(&self.costs),
            part(&self.decisions),
            part(&self.scores),
            part(&self.memory),
            part(&self.indicators),
            part(&self.kill),
            StateHash { name: "health".to_owned(), hash: hash_of(&self.health) },
        ]
    }

    /// One value for everything that the log's events add up to. The same events give the same value on every machine,
    /// however often the process that wrote them was restarted.
    pub fn state_hash(&self) -> Bytes32 {
        Self::hash_of_parts(&self.parts())
    }

    /// The value over parts that are known already.
    pub fn hash_of_parts(parts: &[StateHash]) -> Bytes32 {
        hash_of(parts)
    }

    /// The state as snapshot bytes: BLAKE3 of the rest, then bincode. The state hash would not do: it leaves out who
    /// writes the log and how far its feed was read, and a start from a snapshot needs those too.
    pub fn to_snapshot(&self) -> Result<Vec<u8>, SnapshotError> {
        let mut bytes = vec![0; 32];
        bincode::serde::encode_into_std_write(self, &mut bytes, canonical())
            .map_err(|e| SnapshotError::Undecodable(e.to_string()))?;
        let hash = blake3::hash(&bytes[32..]);
        bytes[..32].copy_from_slice(hash.as_bytes());
        Ok(bytes)
    }

    /// A state from snapshot bytes; their hash is recomputed and compared.
    pub fn from_snapshot(bytes: &[u8]) -> Result<Self, SnapshotError> {
        let (hash, body) = bytes.split_at_checked(32).ok_or(SnapshotError::WrongHash)?;
        if blake3::hash(body).as_bytes() != hash {
            return Err(SnapshotError::WrongHash);
        }
        let (state, used): (Self, usize) = bincode::serde::decode_from_slice(body, canonical())
            .map_err(|e| SnapshotError::Undecodable(e.to_string()))?;
        if used == body.len() { Ok(state) } else { Err(SnapshotError::WrongHash) }
    }
}
