//! One number and one name for every kind of event. The numbers are part of the format: they index the kind bitmap of a
//! frame, so they never change and are never used twice.

use super::{AccountEvent, AgentEvent, Event, MarketEvent, ModelEvent, OrderEvent, SystemEvent};
use std::fmt;
use std::str::FromStr;

macro_rules! kinds {
    ($($name:ident = $number:literal, $text:literal;)*) => {
        /// A kind of event.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        #[allow(missing_docs, reason = "each is documented at the event it names")]
        pub enum EventKind {
            $($name = $number,)*
        }

        impl EventKind {
            /// Every kind, by number.
            pub const ALL: &'static [EventKind] = &[$(EventKind::$name,)*];

            /// The name that filters and reports use.
            pub fn name(self) -> &'static str {
                match self {
                    $(EventKind::$name => $text,)*
                }
            }
        }
    };
}

kinds! {
    MarketListed = 0, "market_listed";
    MarketChanged = 1, "market_changed";
    BookSnapshot = 2, "book_snapshot";
    BookDelta = 3, "book_delta";
    Trade = 4, "trade";
    Quote = 5, "quote";
    MarketResolved = 6, "market_resolved";
    FeedGap = 7, "feed_gap";
    FeedStale = 8, "feed_stale";
    FeedRestored = 9, "feed_restored";
    ModelRequested = 10, "model_requested";
    ModelReplied = 11, "model_replied";
    ModelFailed = 12, "model_failed";
    ModelRejected = 13, "model_rejected";
    BreakerChanged = 14, "breaker_changed";
    BudgetAlert = 15, "budget_alert";
    CycleStarted = 16, "cycle_started";
    ResearchEstimate = 17, "research_estimate";
    ProposalMade = 18, "proposal_made";
    RiskVerdict = 19, "risk_verdict";
    OrderPlanned = 20, "order_planned";
    Reflection = 21, "reflection";
    LessonLearned = 22, "lesson_learned";
    NoDecision = 23, "no_decision";
    OrderIntended = 24, "order_intended";
    OrderAccepted = 25, "order_accepted";
    OrderRejected = 26, "order_rejected";
    OrderUnknown = 27, "order_unknown";
    ResendIntended = 28, "resend_intended";
    FillBooked = 29, "fill_booked";
    FillConfirmed = 30, "fill_confirmed";
    FillVoided = 31, "fill_voided";
    CancelIntended = 32, "cancel_intended";
    OrderCancelled = 33, "order_cancelled";
    OrderExpired = 34, "order_expired";
    PositionSettled = 35, "position_settled";
    BalanceObserved = 36, "balance_observed";
    AllowanceObserved = 37, "allowance_observed";
    PositionObserved = 38, "position_observed";
    ReconcileMismatch = 39, "reconcile_mismatch";
    RunStarted = 40, "run_started";
    RunStopped = 41, "run_stopped";
    ConfigChanged = 42, "config_changed";
    OperatorCommand = 43, "operator_command";
    KillSwitch = 44, "kill_switch";
    Halted = 45, "halted";
    Resumed = 46, "resumed";
    TimerFired = 47, "timer_fired";
    AlertRaised = 48, "alert_raised";
    AlertSent = 49, "alert_sent";
    Checkpoint = 50, "checkpoint";
    BackupMade = 51, "backup_made";
    Fault = 52, "fault";
}

impl EventKind {
    /// Its bit in a frame's kind bitmap.
    pub fn bit(self) -> u64 {
        1 << (self as u8)
    }

    /// Who says it: market, model, agent, order, account or system.
    pub fn speaker(self) -> &'static str {
        match self as u8 {
            0..=9 => "market",
            10..=15 => "model",
            16..=23 => "agent",
            24..=35 => "order",
            36..=39 => "account",
            _ => "system",
        }
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A text names no kind of event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no kind of event")]
pub struct UnknownKind(pub String);

impl FromStr for EventKind {
    type Err = UnknownKind;

    /// Reads `book_delta`, `BookDelta` and `book-delta` alike.
    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        let plain = |s: &str| s.replace(['_', '-'], "").to_ascii_lowercase();
        let wanted = plain(text);
        Self::ALL.iter().copied().find(|k| plain(k.name()) == wanted).ok_or_else(|| UnknownKind(text.to_owned()))
    }
}

pub(super) fn kind_of(event: &Event) -> EventKind {
    match event {
        Event::Market(e) => match e {
            MarketEvent::Listed(_) => EventKind::MarketListed,
            MarketEvent::Changed { .. } => EventKind::MarketChanged,
            MarketEvent::BookSnapshot(_) => EventKind::BookSnapshot,
            MarketEvent::BookDelta(_) => EventKind::BookDelta,
            MarketEvent::Trade(_) => EventKind::Trade,
            MarketEvent::Quote(_) => EventKind::Quote,
            MarketEvent::Resolved { .. } => EventKind::MarketResolved,
            MarketEvent::FeedGap { .. } => EventKind::FeedGap,
            MarketEvent::FeedStale { .. } => EventKind::FeedStale,
            MarketEvent::FeedRestored { .. } => EventKind::FeedRestored,
        },
        Event::Model(e) => match e {
            ModelEvent::Requested(_) => EventKind::ModelRequested,
            ModelEvent::Replied(_) => EventKind::ModelReplied,
            ModelEvent::Failed(_) => EventKind::ModelFailed,
            ModelEvent::Rejected { .. } => EventKind::ModelRejected,
            ModelEvent::BreakerChanged { .. } => EventKind::BreakerChanged,
            ModelEvent::BudgetAlert { .. } => EventKind::BudgetAlert,
        },
        Event::Agent(e) => match e {
            AgentEvent::CycleStarted { .. } => EventKind::CycleStarted,
            AgentEvent::ResearchEstimate(_) => EventKind::ResearchEstimate,
            AgentEvent::ProposalMade(_) => EventKind::ProposalMade,
            AgentEvent::RiskVerdict(_) => EventKind::RiskVerdict,
            AgentEvent::OrderPlanned(_) => EventKind::OrderPlanned,
            AgentEvent::Reflection(_) => EventKind::Reflection,
            AgentEvent::LessonLearned(_) => EventKind::LessonLearned,
            AgentEvent::NoDecision { .. } => EventKind::NoDecision,
        },
        Event::Order(e) => match e {
            OrderEvent::Intended(_) => EventKind::OrderIntended,
            OrderEvent::Accepted { .. } => EventKind::OrderAccepted,
            OrderEvent::Rejected { .. } => EventKind::OrderRejected,
            OrderEvent::Unknown { .. } => EventKind::OrderUnknown,
            OrderEvent::ResendIntended { .. } => EventKind::ResendIntended,
            OrderEvent::FillBooked(_) => EventKind::FillBooked,
            OrderEvent::FillConfirmed { .. } => EventKind::FillConfirmed,
            OrderEvent::FillVoided { .. } => EventKind::FillVoided,
            OrderEvent::CancelIntended { .. } => EventKind::CancelIntended,
            OrderEvent::Cancelled { .. } => EventKind::OrderCancelled,
            OrderEvent::Expired { .. } => EventKind::OrderExpired,
            OrderEvent::PositionSettled(_) => EventKind::PositionSettled,
        },
        Event::Account(e) => match e {
            AccountEvent::BalanceObserved { .. } => EventKind::BalanceObserved,
            AccountEvent::AllowanceObserved { .. } => EventKind::AllowanceObserved,
            AccountEvent::PositionObserved { .. } => EventKind::PositionObserved,
            AccountEvent::ReconcileMismatch { .. } => EventKind::ReconcileMismatch,
        },
        Event::System(e) => match e {
            SystemEvent::RunStarted(_) => EventKind::RunStarted,
            SystemEvent::RunStopped(_) => EventKind::RunStopped,
            SystemEvent::ConfigChanged { .. } => EventKind::ConfigChanged,
            SystemEvent::OperatorCommand { .. } => EventKind::OperatorCommand,
            SystemEvent::KillSwitch { .. } => EventKind::KillSwitch,
            SystemEvent::Halted { .. } => EventKind::Halted,
            SystemEvent::Resumed { .. } => EventKind::Resumed,
            SystemEvent::TimerFired { .. } => EventKind::TimerFired,
            SystemEvent::AlertRaised { .. } => EventKind::AlertRaised,
            SystemEvent::AlertSent { .. } => EventKind::AlertSent,
            SystemEvent::Checkpoint(_) => EventKind::Checkpoint,
            SystemEvent::BackupMade { .. } => EventKind::BackupMade,
            SystemEvent::Fault { .. } => EventKind::Fault,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_unique_and_fit_the_bitmap() {
        let mut seen = 0u64;
        for kind in EventKind::ALL {
            assert!((*kind as u8) < 64);
            assert_eq!(seen & kind.bit(), 0, "{kind} uses a taken number");
            seen |= kind.bit();
        }
    }

    #[test]
    fn names_read_back() {
        for kind in EventKind::ALL {
            assert_eq!(kind.name().parse::<EventKind>().unwrap(), *kind);
        }
        assert_eq!("BookDelta".parse::<EventKind>().unwrap(), EventKind::BookDelta);
        assert!("tick".parse::<EventKind>().is_err());
    }
}
