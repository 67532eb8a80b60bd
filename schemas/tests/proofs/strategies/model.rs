//! What happens between us and the models.

use super::super::variants::*;
use super::values::*;
use super::{each, nest, unnest};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use schemas::Event;
use schemas::event::*;

fn say(event: impl Strategy<Value = ModelEvent> + 'static) -> BoxedStrategy<Event> {
    event.prop_map(Event::Model).boxed()
}

pub fn requested() -> BoxedStrategy<Event> {
    let request = each!(ModelRequested {
        call: number(),
        market: market(),
        role: text(),
        model: text(),
        attempt: any::<u16>(),
        body_hash: hash(),
        body: bytes(),
        template: text(),
        schema: text(),
        reserve: cash(),
        deadline: time(),
    });
    say(request.prop_map(|e| ModelEvent::Requested(Box::new(e))))
}

pub fn replied() -> BoxedStrategy<Event> {
    let usage = each!(TokenUsage {
        input: any::<u64>(),
        cache_read: any::<u64>(),
        cache_write: any::<u64>(),
        output: any::<u64>(),
    });
    let reply = each!(ModelReplied {
        call: number(),
        status: any::<u16>(),
        body: bytes(),
        served_model: text(),
        usage: usage,
        cost_pico: any::<u64>(),
        latency_ms: number(),
    });
    say(reply.prop_map(|e| ModelEvent::Replied(Box::new(e))))
}

pub fn failed() -> BoxedStrategy<Event> {
    let failure = each!(ModelFailed { call: number(), reason: text(), maybe_billed: any::<bool>() });
    say(failure.prop_map(|e| ModelEvent::Failed(Box::new(e))))
}

pub fn rejected() -> BoxedStrategy<Event> {
    say(each!(ModelEvent::Rejected { call: number(), reasons: vec(text(), 0..4) }))
}

pub fn breaker_changed() -> BoxedStrategy<Event> {
    say(each!(ModelEvent::BreakerChanged { model: text(), state: select(BREAKERS) }))
}

pub fn budget_alert() -> BoxedStrategy<Event> {
    say(each!(ModelEvent::BudgetAlert { period: select(PERIODS), spent: cash(), budget: cash() }))
}
