//! Looking back when a position is settled: numbers first, words from numbers.

use crate::step::Step;
use schemas::event::{AgentEvent, ErrorType, EstimateSource, Lesson, PositionSettled, Reflection, Resolution};
use schemas::{Cash, Event};

/// Lessons are kept this long, in days.
const KEEP_DAYS: u64 = 90;

impl Step<'_> {
    pub fn reflect(&mut self, settled: &PositionSettled) {
        if !self.config.agents.enable_reflection {
            return;
        }
        let id = settled.token.market();
        let Some(market) = self.state.markets.get(id) else { return };
        let outcome = match market.resolved {
            Some(Resolution::Yes) => true,
            Some(Resolution::No) => false,
            Some(Resolution::Split) | None => return,
        };
        let position = self.state.positions.last(settled.token);
        let (ours, theirs) = self.state.scores.of_market(id, EstimateSource::Blend.name(), outcome).unwrap_or_default();
        let pnl = self.state.positions.realized_in(id);
        let reflection = Reflection {
            market: id,
            cycle: position.map(|p| p.cycle).unwrap_or_default(),
            order: position.map(|p| p.order).unwrap_or_default(),
            outcome,
            brier_ppm: u32::try_from(ours).unwrap_or(u32::MAX),
            market_brier_ppm: u32::try_from(theirs).unwrap_or(u32::MAX),
            pnl,
            error_type: match pnl {
                Cash(made) if made >= 0 => ErrorType::None,
                _ if ours <= theirs => ErrorType::Luck,
                _ => ErrorType::Evidence,
            },
        };
        self.emit(Event::Agent(AgentEvent::Reflection(Box::new(reflection))));
        self.draw_lesson();
    }

    fn draw_lesson(&mut self) {
        let every = u64::from(self.config.agents.reflection_interval_trades);
        let settled = self.state.positions.settled;
        if every == 0 || !settled.is_multiple_of(every) {
            return;
        }
        let p = &self.state.positions;
        let record = self.state.scores.record(EstimateSource::Blend.name());
        let text = format!(
            "After {settled} settled positions: {} won of {} holdings, realized {:.2}, fees {:.2}, Brier {} against the market's {} (ppm).",
            p.trips.wins,
            p.trips.count,
            p.realized,
            p.fees,
            record.brier_ppm().unwrap_or_default(),
            record.market_brier_ppm().unwrap_or_default(),
        );
        let lesson = Lesson {
            text,
            tags: vec!["record".to_owned()],
            applies_to: String::new(),
            importance_ppm: 700_000,
            keep_until: self.now().plus_secs(KEEP_DAYS * 86_400),
        };
        self.emit(Event::Agent(AgentEvent::LessonLearned(Box::new(lesson))));
    }
}
