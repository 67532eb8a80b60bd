//! How a decision came about: the market, the ticks before it, and each stage of the cycle.

use super::gather::Gathered;
use super::node::{Node, Tone};
use crate::{describe, events};
use console::exit::Failure;
use console::words::{percent, word};
use eventlog::LogReader;
use schemas::event::{AgentEvent, Proposal, Purpose, ResearchEstimate, RiskVerdict, Verdict};
use schemas::{Envelope, Event, MarketId, Prob};
use serde_json::json;

/// Causes followed upward at most.
const CAUSES_MAX: usize = 16;

/// The market's listing and how it ended.
pub(super) fn market(gathered: &Gathered, market: MarketId) -> Vec<Node> {
    let Some(listing) = &gathered.listed else {
        return vec![Node::text("market", &format!("market {market} is not listed in this log"))];
    };
    let mut node = Node::event(listing, &gathered.index);
    if let Some(l) = gathered.listing() {
        let or_none = |s: &str| if s.is_empty() { "none".to_owned() } else { s.to_owned() };
        let facts = [
            ("number", market.to_string()),
            ("slug", l.slug.clone()),
            ("event", or_none(&l.group)),
            ("category", or_none(&l.category)),
            ("ends", if l.ends.0 == 0 { "not stated".to_owned() } else { l.ends.to_string() }),
        ];
        node.children = facts.iter().map(|(name, value)| Node::text("fact", &format!("{name}: {value}"))).collect();
    }
    let resolved = gathered.ends.iter().filter(|e| matches!(e.event, Event::Market(_)));
    let mut nodes = vec![node];
    match resolved.map(|e| Node::event(e, &gathered.index)).next() {
        Some(resolution) => nodes.push(resolution),
        None => nodes.push(Node::text("resolution", "not resolved in this log")),
    }
    nodes
}

/// The last ticks of the market before the decision, and what started it, with its own causes.
pub(super) fn led_to_it(reader: &LogReader, gathered: &Gathered) -> Result<Vec<Node>, Failure> {
    let cause = gathered.started.as_ref().and_then(|s| s.cause);
    let mut all: Vec<Envelope> = gathered.ticks.iter().cloned().collect();
    for envelope in upward(reader, cause.map(schemas::Seq::get))? {
        if all.iter().all(|e| e.seq != envelope.seq) {
            all.push(envelope);
        }
    }
    all.sort_by_key(|e| e.seq);
    let node = |e: &Envelope| {
        let mut node = Node::event(e, &gathered.index);
        if Some(e.seq) == cause {
            node.text.push_str("  (started the cycle)");
        }
        node
    };
    Ok(all.iter().map(node).collect())
}

/// An event and its causes, nearest first.
pub(super) fn upward(reader: &LogReader, from: Option<u64>) -> Result<Vec<Envelope>, Failure> {
    let (mut chain, mut next) = (Vec::new(), from);
    while let Some(seq) = next
        && chain.len() < CAUSES_MAX
    {
        let envelope = events::one(reader, seq)?;
        // A cause lies before its effect; anything else is not followed in circles.
        next = envelope.cause.map(schemas::Seq::get).filter(|c| *c < seq);
        chain.push(envelope);
    }
    Ok(chain)
}

/// Each stage of the cycle.
pub(super) fn stages(gathered: &Gathered) -> Vec<Node> {
    let all = gathered.started.iter().chain(&gathered.stages);
    all.map(|envelope| {
        let node = Node::event(envelope, &gathered.index);
        let Event::Agent(event) = &envelope.event else { return node };
        match event {
            AgentEvent::ResearchEstimate(e) => node.over(grounds(e)),
            AgentEvent::ProposalMade(p) => node.over(reckoning(p)),
            AgentEvent::RiskVerdict(v) => verdict(node, v),
            AgentEvent::NoDecision { .. } => node.toned(Tone::Bad),
            _ => node,
        }
    })
    .collect()
}

/// What an estimate rests on.
fn grounds(e: &ResearchEstimate) -> Vec<Node> {
    e.evidence.iter().map(|e| Node::text("evidence", &describe::evidence(e)).with(json!(e))).collect()
}

/// The numbers of a proposal, one a line.
fn reckoning(p: &Proposal) -> Vec<Node> {
    let line = |text: String| Node::text("reckoning", &text);
    let token = p.action.token.outcome();
    let mut lines = vec![
        line(format!("forecasters {}, market {}, blended {} (chance of YES)", p.estimate, p.market_price, p.blended)),
        line(format!("limit {} for {token}, {} style, confidence {}", p.price, word(&p.style), word(&p.confidence))),
    ];
    match p.purpose {
        Purpose::Entry => {
            lines.push(line(format!("cost {} with fees, edge {} a share", p.cost, p.edge)));
            lines.push(line(format!("full Kelly {} of equity; wanted {} shares", percent(Prob(p.kelly_ppm)), p.size)));
        }
        Purpose::Exit(_) => {
            let against = p.edge;
            lines.push(line(format!("brings {} after fees, {against} a share against holding", p.cost)));
        }
    }
    lines
}

/// A verdict with every check; what refused or shrank it is marked.
fn verdict(node: Node, v: &RiskVerdict) -> Node {
    let check = |c: &schemas::event::LimitCheck| {
        let tone = if c.pass { Tone::Plain } else { Tone::Bad };
        Node::text("check", &describe::limit_check(c)).with(json!(c)).toned(tone)
    };
    let tone = match v.verdict {
        Verdict::Approve => Tone::Good,
        Verdict::Shrink => Tone::Plain,
        Verdict::Veto => Tone::Bad,
    };
    node.toned(tone).over(v.checks.iter().map(check).collect())
}
