//! What a recording does to markets, done by hand: another grid, an end.

use crate::venue::Venue;
use schemas::event::{MarketChange, MarketEvent, Resolution};
use schemas::{MarketId, Price, UtcNanos};

/// Grids that the venue has (section 3.5 of the protocol notes), in millionths of a dollar.
const TICKS: [i64; 6] = [100_000, 10_000, 5_000, 2_500, 1_000, 100];

/// What is to happen to a market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByHand {
    /// Another grid of prices.
    Tick(Price),
    /// Its end.
    Resolve(Resolution),
}

/// It cannot happen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ByHandError {
    /// There is no such market.
    #[error("there is no market '{}': name it by condition, token or slug", .0.escape_debug())]
    Unknown(String),
    /// Nothing is to happen.
    #[error("say what is to happen: \"tick\" or \"resolve\"")]
    Nothing,
    /// It is over.
    #[error("the market is resolved already")]
    Over,
    /// The venue has no such grid.
    #[error("{0} is no grid of the venue: it is 0.1, 0.01, 0.005, 0.0025, 0.001 or 0.0001")]
    Tick(Price),
}

impl Venue {
    /// A market by its condition, one of its tokens or its slug.
    fn named(&self, text: &str) -> Option<MarketId> {
        let by_slug = || {
            let mut all = self.catalogue.iter().map(|l| l.market);
            all.find(|market| self.markets.get(*market).is_some_and(|m| m.listed.slug == text))
        };
        let by_condition = self.catalogue.condition(text).map(|l| l.market);
        by_condition.or_else(|| self.catalogue.token(text).map(|t| t.market())).or_else(by_slug)
    }

    /// Something happens to a market though no recording says so.
    pub fn by_hand(&mut self, name: &str, what: ByHand, now: UtcNanos) -> Result<(), ByHandError> {
        let market = self.named(name).ok_or_else(|| ByHandError::Unknown(name.to_owned()))?;
        if self.markets.get(market).is_some_and(|m| m.resolved.is_some()) {
            return Err(ByHandError::Over);
        }
        let event = match what {
            ByHand::Tick(tick) if !TICKS.contains(&tick.0) => return Err(ByHandError::Tick(tick)),
            ByHand::Tick(tick) => MarketEvent::Changed { market, change: MarketChange::Tick(tick) },
            ByHand::Resolve(resolution) => MarketEvent::Resolved { market, resolution },
        };
        self.feed(now, &event);
        Ok(())
    }
}
