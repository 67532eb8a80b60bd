//! What the agents decide.

use super::super::variants::{ERROR_TYPES, EXITS, NO_DECISIONS, STRENGTHS, VERDICTS};
use super::{at, checks};
use schemas::event::*;
use schemas::{Cash, CycleId, Event, MarketId, OrderId, Price, Prob, Side, Size, TokenId, UtcNanos};

fn evidence() -> Vec<Evidence> {
    let pieces = [("doc:17", "a front arrives at noon"), ("indicator:ema_1h", "rising"), ("doc:18", "")];
    let directions = [Direction::For, Direction::Against, Direction::Neutral];
    pieces
        .iter()
        .zip(directions.into_iter().zip(STRENGTHS))
        .map(|((source, claim), (direction, strength))| Evidence {
            source: (*source).to_owned(),
            claim: (*claim).to_owned(),
            direction,
            strength: *strength,
        })
        .collect()
}

fn by_model() -> ResearchEstimate {
    ResearchEstimate {
        market: MarketId(2),
        source: EstimateSource::Model { model: "vendor/model-a".to_owned(), call: 7 },
        base_rate: Prob(310_000),
        probability: Prob(420_000),
        low: Prob(350_000),
        high: Prob(500_000),
        confidence: Confidence::High,
        resolution_risk: Confidence::Low,
        evidence: evidence(),
        rationale: "The forecast is wetter than the season.".to_owned(),
        abstain: false,
        injection_suspected: true,
        market_price: Prob(395_000),
    }
}

fn offline() -> ResearchEstimate {
    ResearchEstimate {
        market: MarketId(3),
        source: EstimateSource::Offline("base_rate/2".to_owned()),
        base_rate: Prob(0),
        probability: Prob::ONE,
        low: Prob(1),
        high: Prob(999_999),
        confidence: Confidence::Medium,
        resolution_risk: Confidence::Medium,
        evidence: vec![],
        rationale: String::new(),
        abstain: true,
        injection_suspected: false,
        market_price: Prob::HALF,
    }
}

fn blend() -> ResearchEstimate {
    ResearchEstimate { market: MarketId(4), source: EstimateSource::Blend, ..offline() }
}

fn proposal() -> Proposal {
    Proposal {
        market: MarketId(2),
        action: Action { token: TokenId(4), side: Side::Buy },
        purpose: Purpose::Entry,
        style: Style::Maker,
        estimate: Prob(440_000),
        market_price: Prob(395_000),
        blended: Prob(430_000),
        price: Price(390_000),
        cost: Price(397_137),
        edge: Price(-32_863),
        size: Size(25_000_000),
        kelly_ppm: 54_500,
        confidence: Confidence::Low,
    }
}

/// The order that the agents plan and that `samples/order.rs` intends.
pub fn plan() -> OrderPlan {
    OrderPlan {
        action: Action { token: TokenId(4), side: Side::Buy },
        purpose: Purpose::Entry,
        style: Style::Maker,
        price: Price(390_000),
        size: Size(20_000_000),
        tif: TimeInForce::Gtd,
        post_only: true,
        expires: at(3_600_000),
        stop: Price(290_000),
        target: Price(560_000),
    }
}

fn exit(reason: ExitReason, tif: TimeInForce) -> OrderPlan {
    OrderPlan {
        action: Action { token: TokenId(5), side: Side::Sell },
        purpose: Purpose::Exit(reason),
        style: Style::Taker,
        tif,
        post_only: false,
        expires: UtcNanos::ZERO,
        stop: Price::ZERO,
        target: Price::ZERO,
        ..plan()
    }
}

fn reflections() -> impl Iterator<Item = AgentEvent> {
    (1..).zip(ERROR_TYPES).map(|(number, error_type)| {
        AgentEvent::Reflection(Box::new(Reflection {
            market: MarketId(number),
            cycle: CycleId(number + 20),
            order: OrderId(number + 40),
            outcome: number % 2 == 0,
            brier_ppm: 336_400 + number,
            market_brier_ppm: 366_025 + number,
            pnl: Cash(-1_234_567 - i64::from(number)),
            error_type: *error_type,
        }))
    })
}

/// Eight kinds.
pub fn samples() -> Vec<Event> {
    let mut events = vec![
        AgentEvent::CycleStarted { market: MarketId(2), trigger: CycleTrigger::Interval },
        AgentEvent::CycleStarted { market: MarketId(3), trigger: CycleTrigger::PriceMove },
    ];
    for (number, reason) in (4..).zip(EXITS) {
        events.push(AgentEvent::CycleStarted { market: MarketId(number), trigger: CycleTrigger::Exit(*reason) });
    }
    events.push(AgentEvent::ResearchEstimate(Box::new(by_model())));
    events.push(AgentEvent::ResearchEstimate(Box::new(offline())));
    events.push(AgentEvent::ResearchEstimate(Box::new(blend())));
    events.push(AgentEvent::ProposalMade(Box::new(proposal())));
    for (number, verdict) in (2..).zip(VERDICTS) {
        events.push(AgentEvent::RiskVerdict(Box::new(RiskVerdict {
            market: MarketId(number),
            verdict: *verdict,
            size: Size(20_000_000),
            worst_case_loss: Cash(7_942_740),
            checks: if *verdict == Verdict::Veto { checks() } else { vec![] },
        })));
    }
    events.push(AgentEvent::OrderPlanned(Box::new(plan())));
    for (reason, tif) in [(ExitReason::Stop, TimeInForce::Fak), (ExitReason::Target, TimeInForce::Gtc)] {
        events.push(AgentEvent::OrderPlanned(Box::new(exit(reason, tif))));
    }
    events.push(AgentEvent::OrderPlanned(Box::new(exit(ExitReason::Flatten, TimeInForce::Fok))));
    events.extend(reflections());
    events.push(AgentEvent::LessonLearned(Box::new(Lesson {
        text: "Rain forecasts two days ahead deserve more weight.".to_owned(),
        tags: vec!["weather".to_owned(), "timing".to_owned()],
        applies_to: "weather".to_owned(),
        importance_ppm: 650_000,
        keep_until: at(7_776_000_000),
    })));
    for (number, reason) in (2..).zip(NO_DECISIONS) {
        events.push(AgentEvent::NoDecision { market: MarketId(number), reason: *reason });
    }
    events.into_iter().map(Event::Agent).collect()
}
