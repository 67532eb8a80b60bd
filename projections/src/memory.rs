//! Short-term memory: the last few things worth telling an agent. What is kept, for how long and how it fades are rules
//! of this fold, so a replay remembers the same.

use crate::Projection;
use crate::settings::FoldSettings;
use schemas::event::{AgentEvent, MarketEvent, OrderEvent, Verdict};
use schemas::{Cash, Envelope, Event, MarketId, UtcNanos};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// What kind of thing is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemoryKind {
    /// A proposal and what the gate said.
    Decision,
    /// A fill.
    Trade,
    /// A settlement or resolution.
    Outcome,
    /// A reflection.
    Reflection,
    /// A lesson.
    Lesson,
}

/// One thing remembered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemoryEntry {
    /// When it happened.
    pub time: UtcNanos,
    /// What kind.
    pub kind: MemoryKind,
    /// The market, if it is about one.
    pub market: Option<MarketId>,
    /// Importance when new, millionths.
    pub importance_ppm: u32,
    /// In words.
    pub text: String,
}

/// The last few things, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    entries: VecDeque<MemoryEntry>,
}

/// Importance of a trade, a reflection and a lesson; outcomes weigh by what they brought.
const TRADE: u32 = 600_000;
const REFLECTION: u32 = 800_000;
const LESSON: u32 = 700_000;

impl Memory {
    /// Everything remembered at `now`, oldest first.
    pub fn recall<'a>(
        &'a self,
        now: UtcNanos,
        settings: &'a FoldSettings,
    ) -> impl DoubleEndedIterator<Item = &'a MemoryEntry> + 'a {
        let ttl = i64::from(settings.memory.short_term_ttl_minutes) * 60;
        let ttl = ttl.saturating_mul(schemas::time::NANOS_PER_SEC);
        self.entries.iter().filter(move |e| now.since(e.time) <= ttl)
    }

    /// Importance of an entry at `now`: it halves over half its lifetime.
    pub fn weight_ppm(entry: &MemoryEntry, now: UtcNanos, settings: &FoldSettings) -> u32 {
        let half_life = i64::from(settings.memory.short_term_ttl_minutes) * 30;
        let half_life = half_life.saturating_mul(schemas::time::NANOS_PER_SEC);
        let halvings = now.since(entry.time).max(0).checked_div(half_life).unwrap_or(31).min(31);
        entry.importance_ppm >> halvings
    }

    fn entry(envelope: &Envelope) -> Option<(MemoryKind, MarketId, u32, String)> {
        Some(match &envelope.event {
            Event::Agent(AgentEvent::RiskVerdict(v)) => {
                let (weight, word) = match v.verdict {
                    Verdict::Approve => (500_000, "approved"),
                    Verdict::Shrink => (450_000, "shrunk"),
                    Verdict::Veto => (300_000, "vetoed"),
                };
                (MemoryKind::Decision, v.market, weight, format!("proposal {word}, {} shares", v.size))
            }
            Event::Order(OrderEvent::FillBooked(f)) => {
                let text = format!("{} {} {} at {}", f.side, f.size, f.token.outcome(), f.price);
                (MemoryKind::Trade, f.token.market(), TRADE, text)
            }
            Event::Order(OrderEvent::PositionSettled(s)) => {
                let text = format!("{} {} settled at {}", s.size, s.token.outcome(), s.payout);
                (MemoryKind::Outcome, s.token.market(), outcome_weight(s.cash), text)
            }
            Event::Market(MarketEvent::Resolved { market, resolution }) => {
                (MemoryKind::Outcome, *market, 500_000, format!("resolved {resolution:?}"))
            }
            Event::Agent(AgentEvent::Reflection(r)) => {
                let text =
                    format!("result {}, Brier {} against the market's {}", r.pnl, r.brier_ppm, r.market_brier_ppm);
                (MemoryKind::Reflection, r.market, REFLECTION, text)
            }
            Event::Agent(AgentEvent::LessonLearned(l)) => {
                (MemoryKind::Lesson, MarketId(u32::MAX), l.importance_ppm.max(LESSON), l.text.clone())
            }
            _ => return None,
        })
    }
}

/// Half for nothing, up to 0.9 for a hundred dollars and more.
fn outcome_weight(cash: Cash) -> u32 {
    let extra = (cash.0.unsigned_abs() / 100).min(400_000);
    500_000 + u32::try_from(extra).unwrap_or(400_000)
}

impl Projection for Memory {
    const NAME: &'static str = "memory";
    type Reads<'a> = &'a FoldSettings;

    #[inline]
    fn apply(&mut self, envelope: &Envelope, settings: &FoldSettings) {
        if matches!(
            envelope.event,
            Event::Market(MarketEvent::BookDelta(_) | MarketEvent::Quote(_) | MarketEvent::Trade(_))
        ) {
            return;
        }
        let Some((kind, market, importance_ppm, text)) = Self::entry(envelope) else { return };
        let market = (market.0 != u32::MAX).then_some(market);
        self.entries.push_back(MemoryEntry { time: envelope.time, kind, market, importance_ppm, text });
        while self.entries.len() > settings.memory.short_term_window as usize {
            self.entries.pop_front();
        }
    }
}
