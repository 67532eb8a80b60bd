//! Prices of the past, one a minute and market.

use projections::quotes::Quotes;
use schemas::event::MarketEvent;
use schemas::{MarketId, Outcome, Price, TokenId, UtcNanos};
use std::collections::BTreeMap;

/// Points kept of a market: a month of minutes.
const POINTS_MAX: usize = 45_000;

/// YES prices by market and minute, in seconds.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    points: BTreeMap<MarketId, BTreeMap<i64, Price>>,
}

impl History {
    /// Notes the price after an event: half way between bid and ask, or the last trade.
    pub fn note(&mut self, event: &MarketEvent, quotes: &Quotes, now: UtcNanos) {
        let Some(market) = event.market() else { return };
        let quote = quotes.get(market.yes());
        let Some(price) = quote.mid().or((quote.last_trade.0 > 0).then_some(quote.last_trade)) else { return };
        let minute = now.as_millis().div_euclid(60_000) * 60;
        let points = self.points.entry(market).or_default();
        points.insert(minute, price);
        while points.len() > POINTS_MAX {
            points.pop_first();
        }
    }

    /// Points of a token between two moments in seconds, at least `step_s` apart.
    pub fn of(&self, token: TokenId, from: i64, to: i64, step_s: i64) -> Vec<(i64, Price)> {
        let mut out: Vec<(i64, Price)> = Vec::new();
        let Some(points) = self.points.get(&token.market()).filter(|_| from <= to) else { return out };
        for (at, price) in points.range(from..=to) {
            if out.last().is_none_or(|(last, _)| at - last >= step_s) {
                out.push((*at, if token.outcome() == Outcome::No { price.complement() } else { *price }));
            }
        }
        out
    }
}
