//! What the agents decide.

use crate::limits;
use console::words::{percent, word};
use schemas::Prob;
use schemas::event::{
    AgentEvent, EstimateSource, Evidence, LimitCheck, Proposal, Purpose, Reflection, ResearchEstimate, RiskVerdict,
    Verdict,
};

pub(super) fn describe(event: &AgentEvent) -> String {
    match event {
        AgentEvent::CycleStarted { trigger, .. } => format!("looks at the market ({})", word(trigger)),
        AgentEvent::ResearchEstimate(e) => estimate(e),
        AgentEvent::ProposalMade(p) => proposal(p),
        AgentEvent::RiskVerdict(v) => verdict(v),
        AgentEvent::OrderPlanned(p) => super::plan(p),
        AgentEvent::Reflection(r) => reflection(r),
        AgentEvent::LessonLearned(l) => format!("{} [{}]", l.text, l.tags.join(", ")),
        AgentEvent::NoDecision { reason, .. } => format!("no order: {}", word(reason)),
    }
}

fn estimate(e: &ResearchEstimate) -> String {
    let source = match &e.source {
        EstimateSource::Model { model, call } => format!("{model} (call {call})"),
        other => other.name().to_owned(),
    };
    if e.abstain {
        return format!("{source} abstains: {}", e.rationale);
    }
    let (low, high, confidence) = (e.low, e.high, word(&e.confidence));
    let mut text = format!("{source}: {} [{low} .. {high}], {confidence}, market {}", e.probability, e.market_price);
    if e.injection_suspected {
        text.push_str(", input tried to instruct it");
    }
    if !e.rationale.is_empty() {
        text.push_str(&format!(" - {}", e.rationale));
    }
    text
}

fn proposal(p: &Proposal) -> String {
    let what = format!("{} {} at {} ({})", super::action(p.action), p.size, p.price, word(&p.style));
    match p.purpose {
        Purpose::Entry => format!(
            "{what}: {} blended against the market's {}, cost {} with fees, edge {}, Kelly {}",
            p.blended,
            p.market_price,
            p.cost,
            p.edge,
            percent(Prob(p.kelly_ppm))
        ),
        Purpose::Exit(reason) => format!("{what}: exit ({}), brings {} a share after fees", word(&reason), p.cost),
    }
}

fn verdict(v: &RiskVerdict) -> String {
    let failed: Vec<String> = v.checks.iter().filter(|c| !c.pass).map(|c| word(&c.limit)).collect();
    let because = if failed.is_empty() { String::new() } else { format!(": {}", failed.join(", ")) };
    match v.verdict {
        Verdict::Approve => format!("approved, {} shares, at most ${} lost", v.size, v.worst_case_loss),
        Verdict::Shrink => format!("shrunk to {} shares, at most ${} lost{because}", v.size, v.worst_case_loss),
        Verdict::Veto => format!("refused{because}"),
    }
}

fn reflection(r: &Reflection) -> String {
    let (outcome, mistake) = (if r.outcome { "YES" } else { "NO" }, word(&r.error_type));
    let (ours, market) = (Prob(r.brier_ppm), Prob(r.market_brier_ppm));
    format!("it was {outcome}: {:+} dollars, Brier {ours} against the market's {market}, mistake: {mistake}", r.pnl)
}

/// One piece of evidence in words.
pub fn evidence(e: &Evidence) -> String {
    format!("{}, {}: {} ({})", word(&e.direction), word(&e.strength), e.claim, e.source)
}

/// One check of the gate in words.
pub fn limit_check(check: &LimitCheck) -> String {
    let (found, allowed) = (limits::amount(check.limit, check.observed), limits::amount(check.limit, check.allowed));
    let mark = if check.pass { "ok " } else { "NOT" };
    format!("{mark} {:<18} {found}, allowed {allowed}", word(&check.limit))
}
