//! Decision cycles: what is being decided, what was decided, and why nothing was.

use crate::Projection;
use crate::quotes::Quotes;
use schemas::event::{
    AgentEvent, Confidence, CycleTrigger, EstimateSource, NoDecisionReason, OrderEvent, Proposal, ResearchEstimate,
    RiskVerdict, Verdict,
};
use schemas::{CycleId, Envelope, Event, MarketId, OrderId, Price, Prob, UtcNanos};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// What a forecaster said, as far as combining needs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opinion {
    /// The forecaster.
    pub source: String,
    /// Chance of YES.
    pub probability: Prob,
    /// 80 % interval.
    pub low: Prob,
    /// 80 % interval.
    pub high: Prob,
    /// How sure.
    pub confidence: Confidence,
    /// It declined.
    pub abstain: bool,
}

impl From<&ResearchEstimate> for Opinion {
    fn from(e: &ResearchEstimate) -> Self {
        Self {
            source: e.source.name().to_owned(),
            probability: e.probability,
            low: e.low,
            high: e.high,
            confidence: e.confidence,
            abstain: e.abstain || e.injection_suspected,
        }
    }
}

/// How a cycle ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CycleEnd {
    /// No proposal came of it.
    NoDecision(NoDecisionReason),
    /// The gate refused.
    Vetoed,
    /// An order.
    Ordered(OrderId),
}

/// A cycle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cycle {
    /// Its number.
    pub id: CycleId,
    /// The market.
    pub market: MarketId,
    /// Why it started.
    pub trigger: CycleTrigger,
    /// When it started.
    pub started_at: UtcNanos,
    /// What the forecasters said so far.
    pub opinions: Vec<Opinion>,
    /// The blend, once made.
    pub blend: Option<Opinion>,
    /// The proposal, once made.
    pub proposal: Option<Box<Proposal>>,
    /// The verdict, once given.
    pub verdict: Option<Box<RiskVerdict>>,
    /// How it ended.
    pub end: Option<CycleEnd>,
}

/// The last look at a market.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastLook {
    /// When its last research cycle started; zero if none did.
    pub at: UtcNanos,
    /// The mid price then.
    pub mid: Price,
    /// The last blended chance of YES.
    pub blend: Option<Prob>,
}

/// Finished cycles kept for showing.
const RECENT_MAX: usize = 256;

/// All cycles.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decisions {
    open: BTreeMap<CycleId, Cycle>,
    recent: VecDeque<Cycle>,
    looks: Vec<LastLook>,
    last: CycleId,
    /// Cycles started.
    pub started: u64,
    /// Cycles that ended without a proposal, by reason.
    pub no_decision: BTreeMap<NoDecisionReason, u64>,
    /// Proposals approved as they were.
    pub approved: u64,
    /// Proposals shrunk.
    pub shrunk: u64,
    /// Proposals refused.
    pub vetoed: u64,
    /// Which limits refused, and how often.
    pub vetoed_by: BTreeMap<schemas::event::Limit, u64>,
}

const MARKETS_MAX: usize = 1 << 21;

impl Decisions {
    /// The number the next cycle gets.
    pub fn next_id(&self) -> CycleId {
        CycleId(self.last.0.saturating_add(1))
    }

    /// A cycle under way.
    pub fn get(&self, id: CycleId) -> Option<&Cycle> {
        self.open.get(&id)
    }

    /// How many are under way.
    pub fn open_count(&self) -> usize {
        self.open.len()
    }

    /// Whether one is under way in a market.
    pub fn is_busy(&self, market: MarketId) -> bool {
        self.open.values().any(|c| c.market == market)
    }

    /// Finished cycles, oldest first.
    pub fn recent(&self) -> impl DoubleEndedIterator<Item = &Cycle> {
        self.recent.iter()
    }

    /// The last look at a market.
    #[inline]
    pub fn look(&self, market: MarketId) -> LastLook {
        self.looks.get(market.index()).copied().unwrap_or_default()
    }

    fn look_mut(&mut self, market: MarketId) -> Option<&mut LastLook> {
        let i = market.index();
        if i >= self.looks.len() {
            if i >= MARKETS_MAX {
                return None;
            }
            self.looks.resize_with(i + 1, LastLook::default);
        }
        self.looks.get_mut(i)
    }

    fn start(&mut self, envelope: &Envelope, market: MarketId, trigger: CycleTrigger, quotes: &Quotes) {
        let Some(id) = envelope.cycle else { return };
        self.last = self.last.max(id);
        self.started += 1;
        if !matches!(trigger, CycleTrigger::Exit(_))
            && let Some(look) = self.look_mut(market)
        {
            look.at = envelope.time;
            look.mid = quotes.get(market.yes()).mid().unwrap_or(Price::ZERO);
        }
        let cycle = Cycle {
            id,
            market,
            trigger,
            started_at: envelope.time,
            opinions: Vec::new(),
            blend: None,
            proposal: None,
            verdict: None,
            end: None,
        };
        self.open.insert(id, cycle);
    }

    fn end(&mut self, id: CycleId, end: CycleEnd) {
        let Some(mut cycle) = self.open.remove(&id) else { return };
        cycle.end = Some(end);
        self.recent.push_back(cycle);
        while self.recent.len() > RECENT_MAX {
            self.recent.pop_front();
        }
    }

    fn judge(&mut self, id: CycleId, verdict: &RiskVerdict) {
        if let Some(cycle) = self.open.get_mut(&id) {
            cycle.verdict = Some(Box::new(verdict.clone()));
        }
        match verdict.verdict {
            Verdict::Approve => self.approved += 1,
            Verdict::Shrink => self.shrunk += 1,
            Verdict::Veto => {
                self.vetoed += 1;
                for check in verdict.checks.iter().filter(|c| !c.pass) {
                    *self.vetoed_by.entry(check.limit).or_default() += 1;
                }
                self.end(id, CycleEnd::Vetoed);
            }
        }
    }
}

impl Projection for Decisions {
    const NAME: &'static str = "decisions";
    type Reads<'a> = &'a Quotes;

    #[inline]
    fn apply(&mut self, envelope: &Envelope, quotes: &Quotes) {
        let Some(id) = envelope.cycle else { return };
        match &envelope.event {
            Event::Agent(AgentEvent::CycleStarted { market, trigger }) => {
                self.start(envelope, *market, *trigger, quotes);
            }
            Event::Agent(AgentEvent::ResearchEstimate(estimate)) => {
                let opinion = Opinion::from(&**estimate);
                let blended = estimate.source == EstimateSource::Blend;
                if blended && let Some(look) = self.look_mut(estimate.market) {
                    look.blend = Some(opinion.probability);
                }
                if let Some(cycle) = self.open.get_mut(&id) {
                    if blended {
                        cycle.blend = Some(opinion);
                    } else {
                        cycle.opinions.push(opinion);
                    }
                }
            }
            Event::Agent(AgentEvent::ProposalMade(proposal)) => {
                if let Some(cycle) = self.open.get_mut(&id) {
                    cycle.proposal = Some(proposal.clone());
                }
            }
            Event::Agent(AgentEvent::RiskVerdict(verdict)) => self.judge(id, verdict),
            Event::Agent(AgentEvent::NoDecision { reason, .. }) => {
                *self.no_decision.entry(*reason).or_default() += 1;
                self.end(id, CycleEnd::NoDecision(*reason));
            }
            Event::Order(OrderEvent::Intended(intent)) => self.end(id, CycleEnd::Ordered(intent.order)),
            _ => {}
        }
    }
}
