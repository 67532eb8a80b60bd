//! What the venue says about our account.

use super::super::variants::MOVE_KINDS;
use super::values::*;
use super::{each, nest, unnest};
use proptest::prelude::*;
use proptest::sample::select;
use schemas::Event;
use schemas::event::*;

fn say(event: impl Strategy<Value = AccountEvent> + 'static) -> BoxedStrategy<Event> {
    event.prop_map(Event::Account).boxed()
}

pub fn balance_observed() -> BoxedStrategy<Event> {
    say(each!(AccountEvent::BalanceObserved { cash: cash() }))
}

pub fn allowance_observed() -> BoxedStrategy<Event> {
    say(each!(AccountEvent::AllowanceObserved { spender: text(), amount: cash() }))
}

pub fn position_observed() -> BoxedStrategy<Event> {
    say(each!(AccountEvent::PositionObserved { token: token(), size: size() }))
}

pub fn reconcile_mismatch() -> BoxedStrategy<Event> {
    say(each!(AccountEvent::ReconcileMismatch { what: text(), expected: micro(), observed: micro() }))
}

pub fn cash_moved() -> BoxedStrategy<Event> {
    say(each!(AccountEvent::CashMoved { amount: cash(), kind: select(MOVE_KINDS), who: text(), note: text() }))
}
