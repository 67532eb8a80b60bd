//! One number and one name for every kind of event. The numbers are part of the format: they index the kind bitmap of a
//! frame, so they never change and are never used twice.

use super::account::ArchivedAccountEvent;
use super::agent::ArchivedAgentEvent;
use super::market::ArchivedMarketEvent;
use super::model::ArchivedModelEvent;
use super::order::ArchivedOrderEvent;
use super::system::ArchivedSystemEvent;
use super::{AccountEvent, AgentEvent, ArchivedEvent, Event, MarketEvent, ModelEvent, OrderEvent, SystemEvent};
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
    RawKept = 53, "raw_kept";
    Probability = 54, "probability";
    CashMoved = 55, "cash_moved";
}

impl EventKind {
    /// Its bit in a frame's kind bitmap.
    pub fn bit(self) -> u64 {
        1 << (self as u8)
    }

    /// Who says it: market, model, agent, order, account or system.
    pub fn speaker(self) -> &'static str {
        match self as u8 {
            0..=9 | 54 => "market",
            10..=15 => "model",
            16..=23 => "agent",
            24..=35 => "order",
            36..=39 | 55 => "account",
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

/// One table for events as they are and as they are stored, so that the two cannot differ.
macro_rules! kind_table {
    ($event:expr, $all:ident, $market:ident, $model:ident, $agent:ident, $order:ident, $account:ident, $system:ident) => {
        match $event {
            $all::Market(e) => match e {
                $market::Listed(_) => EventKind::MarketListed,
                $market::Changed { .. } => EventKind::MarketChanged,
                $market::BookSnapshot(_) => EventKind::BookSnapshot,
                $market::BookDelta(_) => EventKind::BookDelta,
                $market::Trade(_) => EventKind::Trade,
                $market::Quote(_) => EventKind::Quote,
                $market::Resolved { .. } => EventKind::MarketResolved,
                $market::FeedGap { .. } => EventKind::FeedGap,
                $market::FeedStale { .. } => EventKind::FeedStale,
                $market::FeedRestored { .. } => EventKind::FeedRestored,
                $market::Probability { .. } => EventKind::Probability,
            },
            $all::Model(e) => match e {
                $model::Requested(_) => EventKind::ModelRequested,
                $model::Replied(_) => EventKind::ModelReplied,
                $model::Failed(_) => EventKind::ModelFailed,
                $model::Rejected { .. } => EventKind::ModelRejected,
                $model::BreakerChanged { .. } => EventKind::BreakerChanged,
                $model::BudgetAlert { .. } => EventKind::BudgetAlert,
            },
            $all::Agent(e) => match e {
                $agent::CycleStarted { .. } => EventKind::CycleStarted,
                $agent::ResearchEstimate(_) => EventKind::ResearchEstimate,
                $agent::ProposalMade(_) => EventKind::ProposalMade,
                $agent::RiskVerdict(_) => EventKind::RiskVerdict,
                $agent::OrderPlanned(_) => EventKind::OrderPlanned,
                $agent::Reflection(_) => EventKind::Reflection,
                $agent::LessonLearned(_) => EventKind::LessonLearned,
                $agent::NoDecision { .. } => EventKind::NoDecision,
            },
            $all::Order(e) => match e {
                $order::Intended(_) => EventKind::OrderIntended,
                $order::Accepted { .. } => EventKind::OrderAccepted,
                $order::Rejected { .. } => EventKind::OrderRejected,
                $order::Unknown { .. } => EventKind::OrderUnknown,
                $order::ResendIntended { .. } => EventKind::ResendIntended,
                $order::FillBooked(_) => EventKind::FillBooked,
                $order::FillConfirmed { .. } => EventKind::FillConfirmed,
                $order::FillVoided { .. } => EventKind::FillVoided,
                $order::CancelIntended { .. } => EventKind::CancelIntended,
                $order::Cancelled { .. } => EventKind::OrderCancelled,
                $order::Expired { .. } => EventKind::OrderExpired,
                $order::PositionSettled(_) => EventKind::PositionSettled,
            },
            $all::Account(e) => match e {
                $account::BalanceObserved { .. } => EventKind::BalanceObserved,
                $account::AllowanceObserved { .. } => EventKind::AllowanceObserved,
                $account::PositionObserved { .. } => EventKind::PositionObserved,
                $account::ReconcileMismatch { .. } => EventKind::ReconcileMismatch,
                $account::CashMoved { .. } => EventKind::CashMoved,
            },
            $all::System(e) => match e {
                $system::RunStarted(_) => EventKind::RunStarted,
                $system::RunStopped(_) => EventKind::RunStopped,
                $system::ConfigChanged { .. } => EventKind::ConfigChanged,
                $system::OperatorCommand { .. } => EventKind::OperatorCommand,
                $system::KillSwitch { .. } => EventKind::KillSwitch,
                $system::Halted { .. } => EventKind::Halted,
                $system::Resumed { .. } => EventKind::Resumed,
                $system::TimerFired { .. } => EventKind::TimerFired,
                $system::AlertRaised { .. } => EventKind::AlertRaised,
                $system::AlertSent { .. } => EventKind::AlertSent,
                $system::Checkpoint(_) => EventKind::Checkpoint,
                $system::BackupMade { .. } => EventKind::BackupMade,
                $system::Fault { .. } => EventKind::Fault,
                $system::RawKept { .. } => EventKind::RawKept,
            },
        }
    };
}

pub(super) fn kind_of(event: &Event) -> EventKind {
    kind_table!(event, Event, MarketEvent, ModelEvent, AgentEvent, OrderEvent, AccountEvent, SystemEvent)
}

/// The same for an event as a payload holds it.
#[inline]
pub(super) fn kind_of_archived(event: &ArchivedEvent) -> EventKind {
    kind_table!(
        event,
        ArchivedEvent,
        ArchivedMarketEvent,
        ArchivedModelEvent,
        ArchivedAgentEvent,
        ArchivedOrderEvent,
        ArchivedAccountEvent,
        ArchivedSystemEvent
    )
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
