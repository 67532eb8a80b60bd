//! The engine itself, and the people who run it.

use crate::ids::{Bytes32, MarketId, Seq, TokenId};
use crate::money::{Price, Size};
use crate::time::UtcNanos;

/// What is at stake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Market data only; nothing is traded.
    Import,
    /// Simulated money against a recording, as fast as it goes.
    Backtest,
    /// Simulated money.
    Paper,
    /// Real money.
    Live,
}

/// A process began to write this log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub struct RunStarted {
    /// The engine's version.
    pub version: String,
    /// What is at stake.
    pub mode: Mode,
    /// The whole configuration that decisions depend on, as canonical JSON. No secrets.
    pub config: String,
    /// BLAKE3 of it.
    pub config_hash: Bytes32,
    /// Seed of whatever is drawn at random.
    pub seed: u64,
    /// The wallet that trades; empty when none does.
    pub wallet: String,
    /// Where the market data comes from.
    pub feed: String,
}

/// A process stopped writing this log, cleanly.
#[derive(Clone, Debug, PartialEq, Eq)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub struct RunStopped {
    /// Why.
    pub reason: String,
    /// The feed was read to its end: this log is complete.
    pub complete: bool,
}

/// How far the kill switch goes. Each level includes the ones before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KillLevel {
    /// Trading as usual.
    #[default]
    Off,
    /// No new risk; exits go on.
    NoNewRisk,
    /// And every open order is cancelled.
    CancelAll,
    /// And every position is closed.
    Flatten,
}

/// Who threw the switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KillSource {
    /// A person. Only a person releases it.
    Operator,
    /// The daily loss limit.
    DailyLoss,
    /// The drawdown limit.
    Drawdown,
    /// The venue and the books differ.
    Reconcile,
    /// The log, the disk or the process.
    Fault,
}

/// What a person asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperatorCommand {
    /// Set the kill switch; `Off` releases it.
    Kill(KillLevel),
    /// Cancel every open order.
    CancelAll,
    /// Free text for the record.
    Note(String),
    /// Cancel every open order of a market.
    CancelMarket(MarketId),
    /// Buy, with one order that may only rest: to see that orders reach the venue, and not to trade.
    TestOrder {
        /// What.
        token: TokenId,
        /// At which price.
        price: Price,
        /// How much.
        size: Size,
        /// When the venue ends it by itself.
        expires: UtcNanos,
    },
    /// End the run: cancel every open order, and order nothing more until another run starts.
    Stop,
}

/// What a timer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimerKind {
    /// The core asked to be woken.
    Core,
    /// The simulated exchange has something due.
    Exchange,
}

/// How loud an alert is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Look soon.
    Warning,
    /// Look now.
    Critical,
}

/// What a fault made the engine do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultPolicy {
    /// Went on; nothing was lost.
    Repaired,
    /// Went on without the part.
    Degraded,
    /// Stopped trading.
    Halted,
}

/// The hash of one projection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub struct StateHash {
    /// The projection.
    pub name: String,
    /// Its hash.
    pub hash: Bytes32,
}

/// What the state was here: a replay must arrive at the same.
#[derive(Clone, Debug, PartialEq, Eq)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub struct Checkpoint {
    /// The last event the hashes include.
    pub upto: u64,
    /// Over all projections.
    pub state_hash: Bytes32,
    /// Of each.
    pub parts: Vec<StateHash>,
}

impl Checkpoint {
    /// The last event the hashes include.
    pub fn upto(&self) -> Option<Seq> {
        Seq::new(self.upto)
    }
}

/// The engine and its operators.
#[derive(Clone, Debug, PartialEq, Eq)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub enum SystemEvent {
    /// A process began to write.
    RunStarted(Box<RunStarted>),
    /// It stopped, cleanly.
    RunStopped(Box<RunStopped>),
    /// The configuration changed while running.
    ConfigChanged {
        /// The new one, as canonical JSON. No secrets.
        config: String,
        /// BLAKE3 of it.
        config_hash: Bytes32,
    },
    /// A person asked for something.
    OperatorCommand {
        /// Who.
        who: String,
        /// What.
        command: OperatorCommand,
    },
    /// The kill switch moved. Latched: it outlives restarts.
    KillSwitch {
        /// To where.
        level: KillLevel,
        /// By whom.
        source: KillSource,
    },
    /// Trading stopped for a reason outside the kill switch.
    Halted {
        /// Which.
        reason: String,
    },
    /// Trading goes on.
    Resumed {
        /// Why.
        reason: String,
    },
    /// A moment that something waited for has come.
    TimerFired {
        /// What waited.
        timer: TimerKind,
        /// The moment it waited for.
        due: UtcNanos,
    },
    /// Somebody should know.
    AlertRaised {
        /// How loud.
        severity: Severity,
        /// What, in words.
        text: String,
    },
    /// Somebody was told.
    AlertSent {
        /// By which channel.
        channel: String,
        /// The alert.
        alert: u64,
    },
    /// State hashes.
    Checkpoint(Box<Checkpoint>),
    /// A backup was finished.
    BackupMade {
        /// Where it went, without secrets.
        target: String,
        /// The last event it holds.
        upto: u64,
    },
    /// Something broke.
    Fault {
        /// Which part.
        component: String,
        /// What, in words.
        text: String,
        /// What the engine did about it.
        policy: FaultPolicy,
    },
    /// What a venue sent, as it came: where money is involved, or where it was not understood. Untrusted text.
    RawKept {
        /// Which of its channels.
        channel: String,
        /// Its text.
        text: String,
    },
}
