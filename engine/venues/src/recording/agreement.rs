//! Is the book that these changes build the book that the venue has? The venue states its best prices with each change;
//! this rebuilds the best prices by the rule that the live books use, and counts how often the two are equal.

use super::Agreement;
use schemas::event::Top;
use schemas::time::NANOS_PER_SEC;
use schemas::{Price, Side, Size, TokenId, UtcNanos};
use std::collections::{BTreeMap, BTreeSet};

/// Prices at which something rests, one set a side.
#[derive(Default)]
struct Ladder {
    bids: BTreeSet<Price>,
    asks: BTreeSet<Price>,
}

impl Ladder {
    fn set(&mut self, side: Side, price: Price, size: Size) {
        let levels = match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        };
        if size.is_positive() {
            levels.insert(price);
        } else {
            levels.remove(&price);
        }
    }

    /// Removes levels better than the stated best; how many.
    fn trim(&mut self, stated: Top) -> u64 {
        let mut removed = 0;
        while self.bids.last().is_some_and(|p| *p > stated.bid) {
            self.bids.pop_last();
            removed += 1;
        }
        while self.asks.first().is_some_and(|p| stated.ask == Price::ZERO || *p < stated.ask) {
            self.asks.pop_first();
            removed += 1;
        }
        removed
    }

    fn top(&self) -> Top {
        let best = |p: Option<&Price>| p.copied().unwrap_or_default();
        Top { bid: best(self.bids.last()), ask: best(self.asks.first()) }
    }
}

/// Rebuilds books and compares.
#[derive(Default)]
pub(super) struct Witness {
    ladders: BTreeMap<TokenId, Ladder>,
    first: Option<UtcNanos>,
}

/// One change of a level, as the witness sees it.
pub(super) struct Seen {
    pub token: TokenId,
    pub side: Side,
    pub price: Price,
    pub size: Size,
    pub stated: Option<Top>,
    pub time: UtcNanos,
}

impl Witness {
    pub fn see(&mut self, change: &Seen, count: &mut Agreement) {
        let first = *self.first.get_or_insert(change.time);
        let ladder = self.ladders.entry(change.token).or_default();
        ladder.set(change.side, change.price, change.size);
        let Some(stated) = change.stated else { return };
        let removed = ladder.trim(stated);
        count.heals += u64::from(removed > 0);
        count.ghost_levels += removed;
        let agreed = u64::from(ladder.top() == stated);
        count.checked += 1;
        count.agreed += agreed;
        if change.time.since(first) > 60 * NANOS_PER_SEC {
            count.checked_after_first_minute += 1;
            count.agreed_after_first_minute += agreed;
        }
    }
}
