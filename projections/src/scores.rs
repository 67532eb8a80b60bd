//! How good the forecasts were, against what happened and against the market's own price at the same moments.
//!
//! A market's score is the mean squared error over all forecasts made about it; a forecaster's score is the mean over its
//! resolved markets, so a market that was looked at often does not count more. Kept as exact sums: for an outcome `y` of 0
//! or 1 the squared error of `n` forecasts is `sum(p^2) - 2 y sum(p) + n y`.

use crate::Projection;
use crate::markets::Markets;
use schemas::event::{AgentEvent, MarketEvent, ResearchEstimate, Resolution};
use schemas::{Envelope, Event, MarketId, Prob};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Forecasts about one market that is not resolved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Sums {
    n: u64,
    p: u128,
    pp: u128,
    m: u128,
    mm: u128,
}

const ONE: u128 = 1_000_000;

impl Sums {
    fn add(&mut self, p: Prob, market: Prob) {
        let (p, m) = (u128::from(p.0), u128::from(market.0));
        self.n += 1;
        self.p += p;
        self.pp += p * p;
        self.m += m;
        self.mm += m * m;
    }

    /// Mean squared errors in millionths: ours, the market's.
    fn score(&self, yes: bool) -> (u64, u64) {
        let n = u128::from(self.n.max(1));
        let error = |sum: u128, squares: u128| {
            let total = if yes { squares + n * ONE * ONE - 2 * ONE * sum } else { squares };
            u64::try_from(total / n / ONE).unwrap_or(u64::MAX)
        };
        (error(self.p, self.pp), error(self.m, self.mm))
    }
}

/// A forecaster's record over resolved markets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Resolved markets it had forecast.
    pub markets: u64,
    /// Forecasts about them.
    pub forecasts: u64,
    sum: u64,
    market_sum: u64,
}

impl Record {
    /// Mean Brier score, millionths; `None` before anything resolved.
    pub fn brier_ppm(&self) -> Option<u64> {
        self.sum.checked_div(self.markets)
    }

    /// The market's own mean Brier score at the same moments, millionths.
    pub fn market_brier_ppm(&self) -> Option<u64> {
        self.market_sum.checked_div(self.markets)
    }

    fn add(&mut self, sums: &Sums, yes: bool) {
        let (ours, market) = sums.score(yes);
        self.markets += 1;
        self.forecasts += sums.n;
        self.sum += ours;
        self.market_sum += market;
    }
}

/// Forecasts about one market.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Pending {
    by_source: BTreeMap<String, Sums>,
    /// They are in the records already: a venue may report a resolution more than once.
    scored: bool,
}

/// Records by forecaster, and by forecaster and category.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scores {
    pending: BTreeMap<MarketId, Pending>,
    /// By forecaster; the blend that decisions use is called `blend`.
    pub by_source: BTreeMap<String, Record>,
    /// By forecaster and category number.
    pub by_category: BTreeMap<(String, u32), Record>,
}

impl Scores {
    /// The record of a forecaster.
    pub fn record(&self, source: &str) -> Record {
        self.by_source.get(source).copied().unwrap_or_default()
    }

    /// The score that a market's forecasts by `source` would get: ours and the market's, millionths.
    pub fn of_market(&self, market: MarketId, source: &str, yes: bool) -> Option<(u64, u64)> {
        self.pending.get(&market)?.by_source.get(source).map(|s| s.score(yes))
    }

    fn note(&mut self, estimate: &ResearchEstimate, markets: &Markets) {
        // What is said after the end is no forecast.
        let over = markets.get(estimate.market).is_some_and(|m| m.resolved.is_some());
        if estimate.abstain || over {
            return;
        }
        let market = self.pending.entry(estimate.market).or_default();
        let sums = match market.by_source.get_mut(estimate.source.name()) {
            Some(sums) => sums,
            None => market.by_source.entry(estimate.source.name().to_owned()).or_default(),
        };
        sums.add(estimate.probability, estimate.market_price);
    }

    fn resolve(&mut self, market: MarketId, resolution: Resolution, markets: &Markets) {
        // A cancelled market says nothing about any forecast.
        let yes = match resolution {
            Resolution::Yes => true,
            Resolution::No => false,
            Resolution::Split => return,
        };
        let Some(pending) = self.pending.get_mut(&market).filter(|p| !p.scored) else { return };
        pending.scored = true;
        let category = markets.get(market).map_or(0, |m| m.category);
        for (source, sums) in &pending.by_source {
            self.by_source.entry(source.clone()).or_default().add(sums, yes);
            self.by_category.entry((source.clone(), category)).or_default().add(sums, yes);
        }
    }

    /// Forgets the forecasts of resolved markets; called when their reflection is written, or by the next resolution.
    fn forget(&mut self, markets: &Markets) {
        if self.pending.len() > PENDING_RESOLVED_MAX {
            self.pending.retain(|m, _| markets.get(*m).is_none_or(|m| m.resolved.is_none()));
        }
    }
}

/// Forecast sums are swept once this many markets have them.
const PENDING_RESOLVED_MAX: usize = 4_096;

impl Projection for Scores {
    const NAME: &'static str = "scores";
    type Reads<'a> = &'a Markets;

    #[inline]
    fn apply(&mut self, envelope: &Envelope, markets: &Markets) {
        match &envelope.event {
            Event::Agent(AgentEvent::ResearchEstimate(estimate)) => self.note(estimate, markets),
            Event::Market(MarketEvent::Resolved { market, resolution })
                // The first resolution counts; the market fold has just taken it.
                if markets.get(*market).is_some_and(|m| m.resolved_at == envelope.time && m.resolved == Some(*resolution)) =>
            {
                self.resolve(*market, *resolution, markets);
                self.forget(markets);
            }
            _ => {}
        }
    }
}
