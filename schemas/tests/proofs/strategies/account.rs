//! What the venue says about our account.

use super::values::*;
use super::{each, nest, unnest};
use proptest::prelude::*;
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
