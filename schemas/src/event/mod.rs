//! Everything that can be in the log: a closed enum of closed enums, one per speaker.
//!
//! Adding a kind or a field is a new schema version (see `schemas/golden/README.md`). Large variants are boxed, so that
//! the market ticks, which are nearly everything, stay small.

mod account;
mod agent;
mod kind;
mod market;
mod model;
mod order;
mod system;

pub use account::{AccountEvent, CASH_COMPARED, MoveKind};
pub use agent::{
    Action, AgentEvent, Confidence, CycleTrigger, Direction, ErrorType, EstimateSource, Evidence, ExitReason, Lesson,
    Limit, LimitCheck, NoDecisionReason, OrderPlan, Proposal, Purpose, Reflection, ResearchEstimate, RiskVerdict,
    Strength, Style, TimeInForce, Verdict,
};
pub use kind::EventKind;
pub use market::{
    BookDelta, BookSnapshot, FeeSchedule, FeedScope, Level, MarketChange, MarketEvent, MarketListed, MarketStatus,
    Quote, Resolution, Top, Trade, Venue, names_category,
};
pub use model::{BreakerState, BudgetPeriod, ModelEvent, ModelFailed, ModelReplied, ModelRequested, TokenUsage};
pub use order::{CancelReason, FillBooked, Liquidity, OrderEvent, OrderIntended, PositionSettled, TradeKey};
pub use system::{
    Checkpoint, FaultPolicy, KillLevel, KillSource, Mode, OperatorCommand, RunStarted, RunStopped, Severity, StateHash,
    SystemEvent, TimerKind,
};

use crate::ids::{CycleId, MarketId, OrderId, Seq};
use crate::time::UtcNanos;

/// Anything that happened, by who said it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub enum Event {
    /// A venue, about a market.
    Market(MarketEvent),
    /// A language model, or the client that talks to it.
    Model(ModelEvent),
    /// One of the agents, deciding.
    Agent(AgentEvent),
    /// The life of an order, ours and the venue's side of it.
    Order(OrderEvent),
    /// The account at the venue.
    Account(AccountEvent),
    /// The engine and its operators.
    System(SystemEvent),
}

/// An event in its place: what the log keeps and every fold reads.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Envelope {
    /// Place in the log. The only order there is.
    pub seq: Seq,
    /// Stamped once, when appended; never earlier than the event before.
    pub time: UtcNanos,
    /// The event that led to this one. `None` for what came from outside.
    pub cause: Option<Seq>,
    /// The decision cycle it belongs to.
    pub cycle: Option<CycleId>,
    /// What happened.
    pub event: Event,
}

/// An envelope as a frame stores it. The sequence is implied by the place in the frame; zero stands for "none".
#[derive(Clone, Debug, PartialEq, Eq)]
#[derive(serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub struct Record {
    /// Time stamped at append.
    pub time: UtcNanos,
    /// Sequence of the cause, 0 for none.
    pub cause: u64,
    /// Decision cycle, 0 for none.
    pub cycle: CycleId,
    /// What happened.
    pub event: Event,
}

impl Record {
    /// In its place in the log.
    #[inline]
    pub fn at(self, seq: Seq) -> Envelope {
        Envelope {
            seq,
            time: self.time,
            cause: Seq::new(self.cause),
            cycle: (self.cycle.0 != 0).then_some(self.cycle),
            event: self.event,
        }
    }
}

impl From<Envelope> for Record {
    #[inline]
    fn from(e: Envelope) -> Self {
        Self { time: e.time, cause: e.cause.map_or(0, Seq::get), cycle: e.cycle.unwrap_or_default(), event: e.event }
    }
}

impl ArchivedEvent {
    /// Which kind it is, read where it is stored.
    #[inline]
    pub fn kind(&self) -> EventKind {
        kind::kind_of_archived(self)
    }
}

impl Event {
    /// Which kind it is: what filters, indexes and statistics go by.
    #[inline]
    pub fn kind(&self) -> EventKind {
        kind::kind_of(self)
    }

    /// Whether it is one of the intents that a port carries out: what must be durable before any socket sees it.
    #[inline]
    pub fn is_intent(&self) -> bool {
        matches!(
            self,
            Event::Order(
                OrderEvent::Intended(_) | OrderEvent::CancelIntended { .. } | OrderEvent::ResendIntended { .. }
            ) | Event::Model(ModelEvent::Requested(_))
        )
    }

    /// The order it is about, if it is about one.
    pub fn order(&self) -> Option<OrderId> {
        let Event::Order(event) = self else { return None };
        match event {
            OrderEvent::Intended(e) => Some(e.order),
            OrderEvent::FillBooked(e) => Some(e.order),
            OrderEvent::Accepted { order }
            | OrderEvent::Rejected { order, .. }
            | OrderEvent::Unknown { order, .. }
            | OrderEvent::ResendIntended { order, .. }
            | OrderEvent::FillConfirmed { order, .. }
            | OrderEvent::FillVoided { order, .. }
            | OrderEvent::CancelIntended { order, .. }
            | OrderEvent::Cancelled { order, .. }
            | OrderEvent::Expired { order } => Some(*order),
            OrderEvent::PositionSettled(_) => None,
        }
    }

    /// The market it is about, if it says so itself. Most order events only name their order.
    pub fn market(&self) -> Option<MarketId> {
        match self {
            Event::Market(event) => event.market(),
            Event::Model(ModelEvent::Requested(e)) => Some(e.market),
            Event::Agent(event) => event.market(),
            Event::Order(OrderEvent::Intended(e)) => Some(e.market),
            Event::Order(OrderEvent::FillBooked(e)) => Some(e.token.market()),
            Event::Order(OrderEvent::PositionSettled(e)) => Some(e.token.market()),
            Event::Account(AccountEvent::PositionObserved { token, .. }) => Some(token.market()),
            Event::Model(_) | Event::Order(_) | Event::Account(_) | Event::System(_) => None,
        }
    }
}

impl MarketEvent {
    /// The market it is about; `None` for feed events that reach all.
    pub fn market(&self) -> Option<MarketId> {
        match self {
            Self::Listed(e) => Some(e.market),
            Self::BookSnapshot(e) => Some(e.token.market()),
            Self::BookDelta(e) => Some(e.token.market()),
            Self::Trade(e) => Some(e.token.market()),
            Self::Quote(e) => Some(e.token.market()),
            Self::Changed { market, .. } | Self::Resolved { market, .. } | Self::Probability { market, .. } => {
                Some(*market)
            }
            Self::FeedGap { scope, .. } | Self::FeedStale { scope } | Self::FeedRestored { scope } => match scope {
                FeedScope::All => None,
                FeedScope::Market(market) => Some(*market),
            },
        }
    }
}

impl AgentEvent {
    /// The market it is about; `None` for lessons.
    pub fn market(&self) -> Option<MarketId> {
        match self {
            Self::CycleStarted { market, .. } | Self::NoDecision { market, .. } => Some(*market),
            Self::ResearchEstimate(e) => Some(e.market),
            Self::ProposalMade(e) => Some(e.market),
            Self::RiskVerdict(e) => Some(e.market),
            Self::OrderPlanned(e) => Some(e.action.token.market()),
            Self::Reflection(e) => Some(e.market),
            Self::LessonLearned(_) => None,
        }
    }
}
