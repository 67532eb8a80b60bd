//! What language models cost: spent and reserved, by UTC day and month of the log's own time, so that a budget gives the
//! same verdicts in a replay.

use crate::Projection;
use schemas::event::ModelEvent;
use schemas::{Cash, Envelope, Event, UtcNanos};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Pico-dollars in a micro-dollar.
const PICO: u64 = 1_000_000;

/// Spending on models. Kept in pico-dollars, because single calls cost fractions of a micro-dollar.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Costs {
    day: i64,
    month: i64,
    day_pico: u64,
    month_pico: u64,
    /// Everything ever spent, pico-dollars.
    pub total_pico: u64,
    /// Calls sent.
    pub calls: u64,
    /// Reserved for calls that have not ended.
    reserved: BTreeMap<u32, Cash>,
}

impl Costs {
    /// Spent in the UTC day of `now`, with what is reserved, rounded up.
    pub fn day(&self, now: UtcNanos) -> Cash {
        self.with_reserve(if now.day() == self.day { self.day_pico } else { 0 })
    }

    /// Spent in the UTC month of `now`, with what is reserved, rounded up.
    pub fn month(&self, now: UtcNanos) -> Cash {
        self.with_reserve(if month_of(now) == self.month { self.month_pico } else { 0 })
    }

    fn with_reserve(&self, pico: u64) -> Cash {
        let spent = Cash(i64::try_from(pico.div_ceil(PICO)).unwrap_or(i64::MAX));
        self.reserved.values().fold(spent, |sum, r| sum.plus(*r).unwrap_or(Cash(i64::MAX)))
    }

    fn spend(&mut self, pico: u64, now: UtcNanos) {
        if now.day() != self.day {
            (self.day, self.day_pico) = (now.day(), 0);
        }
        if month_of(now) != self.month {
            (self.month, self.month_pico) = (month_of(now), 0);
        }
        self.day_pico = self.day_pico.saturating_add(pico);
        self.month_pico = self.month_pico.saturating_add(pico);
        self.total_pico = self.total_pico.saturating_add(pico);
    }
}

/// Months since year 0 of the proleptic Gregorian calendar, by the usual civil-from-days arithmetic.
fn month_of(time: UtcNanos) -> i64 {
    let days = time.day() + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let march_based = (5 * of_year + 2) / 153;
    // Counting from March keeps months in order; where the year begins does not matter for telling them apart.
    (era * 400 + year) * 12 + march_based
}

impl Projection for Costs {
    const NAME: &'static str = "costs";
    type Reads<'a> = ();

    #[inline]
    fn apply(&mut self, envelope: &Envelope, (): ()) {
        let Event::Model(event) = &envelope.event else { return };
        match event {
            ModelEvent::Requested(request) => {
                self.calls += 1;
                self.reserved.insert(request.call, request.reserve);
            }
            ModelEvent::Replied(reply) => {
                self.reserved.remove(&reply.call);
                self.spend(reply.cost_pico, envelope.time);
            }
            ModelEvent::Failed(failure) => {
                let reserve = self.reserved.remove(&failure.call).unwrap_or(Cash::ZERO);
                if failure.maybe_billed {
                    let micro = u64::try_from(reserve.0).unwrap_or(0);
                    self.spend(micro.saturating_mul(PICO), envelope.time);
                }
            }
            ModelEvent::Rejected { .. } | ModelEvent::BreakerChanged { .. } | ModelEvent::BudgetAlert { .. } => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_change_on_the_first() {
        let at = |text: &str| month_of(text.parse().unwrap());
        assert_eq!(at("2026-02-01T00:00:00Z"), at("2026-02-28T23:59:59Z"));
        assert_eq!(at("2026-03-01T00:00:00Z"), at("2026-02-28T23:59:59Z") + 1);
        assert_eq!(at("2027-01-01T00:00:00Z"), at("2026-12-31T23:59:59Z") + 1);
        assert_eq!(at("2024-02-29T12:00:00Z"), at("2024-02-01T12:00:00Z"));
    }
}
