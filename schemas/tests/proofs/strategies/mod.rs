//! Generators for every kind of event. A new kind does not compile here until it has one.

mod account;
mod agent;
mod market;
mod model;
mod order;
mod system;
pub mod values;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::Union;
use proptest::test_runner::TestRunner;
use schemas::{CycleId, Event, EventKind, Record};

/// A strategy of nested pairs: tuples of any length.
macro_rules! nest {
    () => { proptest::strategy::Just(()) };
    ($strategy:expr $(, $rest:expr)*) => { ($strategy, nest!($($rest),*)) };
}

/// The pattern that takes nested pairs apart again.
macro_rules! unnest {
    () => { () };
    ($field:ident $(, $rest:ident)*) => { ($field, unnest!($($rest),*)) };
}

/// A strategy for a struct or a variant, one strategy a field.
macro_rules! each {
    ($($name:ident)::+ { $($field:ident: $strategy:expr),* $(,)? }) => {
        nest!($($strategy),*).prop_map(|unnest!($($field),*)| $($name)::+ { $($field),* })
    };
}
use {each, nest, unnest};

/// Events of one kind, over the whole range of every field.
pub fn event_of(kind: EventKind) -> BoxedStrategy<Event> {
    match kind {
        EventKind::MarketListed => market::listed(),
        EventKind::MarketChanged => market::changed(),
        EventKind::BookSnapshot => market::book_snapshot(),
        EventKind::BookDelta => market::book_delta(),
        EventKind::Trade => market::trade(),
        EventKind::Quote => market::quote(),
        EventKind::MarketResolved => market::resolved(),
        EventKind::FeedGap => market::feed_gap(),
        EventKind::FeedStale => market::feed_stale(),
        EventKind::FeedRestored => market::feed_restored(),
        EventKind::ModelRequested => model::requested(),
        EventKind::ModelReplied => model::replied(),
        EventKind::ModelFailed => model::failed(),
        EventKind::ModelRejected => model::rejected(),
        EventKind::BreakerChanged => model::breaker_changed(),
        EventKind::BudgetAlert => model::budget_alert(),
        EventKind::CycleStarted => agent::cycle_started(),
        EventKind::ResearchEstimate => agent::research_estimate(),
        EventKind::ProposalMade => agent::proposal_made(),
        EventKind::RiskVerdict => agent::risk_verdict(),
        EventKind::OrderPlanned => agent::order_planned(),
        EventKind::Reflection => agent::reflection(),
        EventKind::LessonLearned => agent::lesson_learned(),
        EventKind::NoDecision => agent::no_decision(),
        EventKind::OrderIntended => order::intended(),
        EventKind::OrderAccepted => order::accepted(),
        EventKind::OrderRejected => order::rejected(),
        EventKind::OrderUnknown => order::unknown(),
        EventKind::ResendIntended => order::resend_intended(),
        EventKind::FillBooked => order::fill_booked(),
        EventKind::FillConfirmed => order::fill_confirmed(),
        EventKind::FillVoided => order::fill_voided(),
        EventKind::CancelIntended => order::cancel_intended(),
        EventKind::OrderCancelled => order::cancelled(),
        EventKind::OrderExpired => order::expired(),
        EventKind::PositionSettled => order::position_settled(),
        EventKind::BalanceObserved => account::balance_observed(),
        EventKind::AllowanceObserved => account::allowance_observed(),
        EventKind::PositionObserved => account::position_observed(),
        EventKind::ReconcileMismatch => account::reconcile_mismatch(),
        EventKind::CashMoved => account::cash_moved(),
        EventKind::RunStarted => system::run_started(),
        EventKind::RunStopped => system::run_stopped(),
        EventKind::ConfigChanged => system::config_changed(),
        EventKind::OperatorCommand => system::operator_command(),
        EventKind::KillSwitch => system::kill_switch(),
        EventKind::Halted => system::halted(),
        EventKind::Resumed => system::resumed(),
        EventKind::TimerFired => system::timer_fired(),
        EventKind::AlertRaised => system::alert_raised(),
        EventKind::AlertSent => system::alert_sent(),
        EventKind::Checkpoint => system::checkpoint(),
        EventKind::BackupMade => system::backup_made(),
        EventKind::Fault => system::fault(),
        EventKind::RawKept => system::raw_kept(),
        EventKind::Probability => market::probability(),
    }
}

/// Events of any kind, each as likely as the others.
pub fn event() -> impl Strategy<Value = Event> {
    Union::new(EventKind::ALL.iter().map(|kind| event_of(*kind)))
}

/// What one place of a frame holds.
pub fn record() -> impl Strategy<Value = Record> {
    let cause = prop_oneof![Just(0), Just(1), Just(u64::MAX), any::<u64>()];
    (values::time(), cause, values::number().prop_map(CycleId), event())
        .prop_map(|(time, cause, cycle, event)| Record { time, cause, cycle, event })
}

/// What one commit writes.
pub fn batch(max: usize) -> impl Strategy<Value = Vec<Record>> {
    vec(record(), 1..=max)
}

#[test]
fn a_generator_makes_the_kind_it_is_named_for() {
    let mut runner = TestRunner::deterministic();
    for kind in EventKind::ALL {
        for _ in 0..8 {
            let event = event_of(*kind).new_tree(&mut runner).unwrap().current();
            assert_eq!(event.kind(), *kind);
        }
    }
}
