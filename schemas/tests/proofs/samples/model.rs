//! What happens between us and the models.

use super::super::variants::BREAKERS;
use super::{at, hash};
use schemas::event::*;
use schemas::{Cash, Event, MarketId};

/// Six kinds.
pub fn samples() -> Vec<Event> {
    let mut events = vec![
        ModelEvent::Requested(Box::new(ModelRequested {
            call: 1,
            market: MarketId(2),
            role: "research".to_owned(),
            model: "vendor/model-a".to_owned(),
            attempt: 3,
            body_hash: hash(0x21),
            body: br#"{"messages":[]}"#.to_vec(),
            template: "research/4".to_owned(),
            schema: "research_estimate/1".to_owned(),
            reserve: Cash(52_500),
            deadline: at(60_000),
        })),
        ModelEvent::Replied(Box::new(ModelReplied {
            call: 2,
            status: 200,
            // Not UTF-8: a body is kept as it came.
            body: vec![0xff, 0xfe, 0x00, 0x7b, 0x7d],
            served_model: "model-a-2026-01-01".to_owned(),
            usage: TokenUsage { input: 1_001, cache_read: 2_002, cache_write: 3_003, output: 4_004 },
            cost_pico: 18_446_744_073_709_551_615,
            latency_ms: 8_250,
        })),
        ModelEvent::Failed(Box::new(ModelFailed { call: 3, reason: "timed out".to_owned(), maybe_billed: true })),
        ModelEvent::Rejected { call: 4, reasons: vec!["probability is missing".to_owned(), "low > high".to_owned()] },
    ];
    for state in BREAKERS {
        events.push(ModelEvent::BreakerChanged { model: "vendor/model-b".to_owned(), state: *state });
    }
    events.extend([
        ModelEvent::BudgetAlert { period: BudgetPeriod::Day, spent: Cash(8_000_001), budget: Cash(10_000_000) },
        ModelEvent::BudgetAlert { period: BudgetPeriod::Month, spent: Cash(90_000_002), budget: Cash(100_000_000) },
    ]);
    events.into_iter().map(Event::Model).collect()
}
