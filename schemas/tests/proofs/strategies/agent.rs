//! What the agents decide.

use super::super::variants::*;
use super::values::*;
use super::{each, nest, unnest};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use schemas::event::*;
use schemas::{CycleId, Event};

fn say(event: impl Strategy<Value = AgentEvent> + 'static) -> BoxedStrategy<Event> {
    event.prop_map(Event::Agent).boxed()
}

fn action() -> impl Strategy<Value = Action> {
    each!(Action { token: token(), side: side() })
}

fn purpose() -> impl Strategy<Value = Purpose> {
    prop_oneof![Just(Purpose::Entry), select(EXITS).prop_map(Purpose::Exit)]
}

fn source() -> impl Strategy<Value = EstimateSource> {
    prop_oneof![
        text().prop_map(EstimateSource::Offline),
        each!(EstimateSource::Model { model: text(), call: number() }),
        Just(EstimateSource::Blend),
    ]
}

fn evidence() -> impl Strategy<Value = Evidence> {
    each!(Evidence { source: text(), claim: text(), direction: select(DIRECTIONS), strength: select(STRENGTHS) })
}

/// An exact order, for agents and for order intents.
pub fn plan() -> impl Strategy<Value = OrderPlan> {
    each!(OrderPlan {
        action: action(),
        purpose: purpose(),
        style: select(STYLES),
        price: price(),
        size: size(),
        tif: select(TIMES_IN_FORCE),
        post_only: any::<bool>(),
        expires: time(),
        stop: price(),
        target: price(),
    })
}

pub fn cycle_started() -> BoxedStrategy<Event> {
    let trigger = prop_oneof![
        Just(CycleTrigger::Interval),
        Just(CycleTrigger::PriceMove),
        select(EXITS).prop_map(CycleTrigger::Exit),
    ];
    say(each!(AgentEvent::CycleStarted { market: market(), trigger: trigger }))
}

pub fn research_estimate() -> BoxedStrategy<Event> {
    let estimate = each!(ResearchEstimate {
        market: market(),
        source: source(),
        base_rate: prob(),
        probability: prob(),
        low: prob(),
        high: prob(),
        confidence: select(CONFIDENCES),
        resolution_risk: select(CONFIDENCES),
        evidence: vec(evidence(), 0..4),
        rationale: text(),
        abstain: any::<bool>(),
        injection_suspected: any::<bool>(),
        market_price: prob(),
    });
    say(estimate.prop_map(|e| AgentEvent::ResearchEstimate(Box::new(e))))
}

pub fn proposal_made() -> BoxedStrategy<Event> {
    let proposal = each!(Proposal {
        market: market(),
        action: action(),
        purpose: purpose(),
        style: select(STYLES),
        estimate: prob(),
        market_price: prob(),
        blended: prob(),
        price: price(),
        cost: price(),
        edge: price(),
        size: size(),
        kelly_ppm: number(),
        confidence: select(CONFIDENCES),
    });
    say(proposal.prop_map(|e| AgentEvent::ProposalMade(Box::new(e))))
}

pub fn risk_verdict() -> BoxedStrategy<Event> {
    let check = each!(LimitCheck { limit: select(LIMITS), observed: micro(), allowed: micro(), pass: any::<bool>() });
    let verdict = each!(RiskVerdict {
        market: market(),
        verdict: select(VERDICTS),
        size: size(),
        worst_case_loss: cash(),
        checks: vec(check, 0..LIMITS.len()),
    });
    say(verdict.prop_map(|e| AgentEvent::RiskVerdict(Box::new(e))))
}

pub fn order_planned() -> BoxedStrategy<Event> {
    say(plan().prop_map(|e| AgentEvent::OrderPlanned(Box::new(e))))
}

pub fn reflection() -> BoxedStrategy<Event> {
    let reflection = each!(Reflection {
        market: market(),
        cycle: number().prop_map(CycleId),
        order: order(),
        outcome: any::<bool>(),
        brier_ppm: number(),
        market_brier_ppm: number(),
        pnl: cash(),
        error_type: select(ERROR_TYPES),
    });
    say(reflection.prop_map(|e| AgentEvent::Reflection(Box::new(e))))
}

pub fn lesson_learned() -> BoxedStrategy<Event> {
    let lesson = each!(Lesson {
        text: text(),
        tags: vec(text(), 0..4),
        applies_to: text(),
        importance_ppm: number(),
        keep_until: time(),
    });
    say(lesson.prop_map(|e| AgentEvent::LessonLearned(Box::new(e))))
}

pub fn no_decision() -> BoxedStrategy<Event> {
    say(each!(AgentEvent::NoDecision { market: market(), reason: select(NO_DECISIONS) }))
}
