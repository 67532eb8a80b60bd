//! One order book: price levels of one token, as the venue reports them.

use schemas::event::{BookDelta, BookSnapshot, Level, Top};
use schemas::{Price, Side, Size};
use serde::{Deserialize, Serialize};

/// Two sorted lists of levels, best last: nearly every change is at or near the touch, so it moves few bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Book {
    bids: Vec<Level>,
    asks: Vec<Level>,
    /// Something was lost, or the venue's best differs: only the venue's best or a whole book takes the doubt away.
    doubted: bool,
    /// The venue's stated best agrees with ours, or there is nothing to compare with. Decisions need this.
    pub agrees: bool,
    /// Changes that had to remove levels better than the venue's stated best.
    pub heals: u64,
    /// Levels so removed: their deletion was lost on the way.
    pub ghosts: u64,
}

impl Book {
    /// Best bid.
    pub fn bid(&self) -> Option<Level> {
        self.bids.last().copied()
    }

    /// Best ask.
    pub fn ask(&self) -> Option<Level> {
        self.asks.last().copied()
    }

    /// Both best prices, 0 for an empty side: comparable with what a venue states.
    pub fn top(&self) -> Top {
        Top { bid: self.bid().map_or(Price::ZERO, |l| l.price), ask: self.ask().map_or(Price::ZERO, |l| l.price) }
    }

    /// The levels of a side, best first.
    pub fn levels(&self, side: Side) -> impl Iterator<Item = Level> + '_ {
        match side {
            Side::Buy => self.bids.iter().rev().copied(),
            Side::Sell => self.asks.iter().rev().copied(),
        }
    }

    /// What rests at a price.
    pub fn size_at(&self, side: Side, price: Price) -> Size {
        let levels = match side {
            Side::Buy => &self.bids,
            Side::Sell => &self.asks,
        };
        locate(levels, side, price).map_or(Size::ZERO, |i| levels[i].size)
    }

    /// The best bid is not below the best ask: a state that only a lost message explains.
    pub fn is_crossed(&self) -> bool {
        matches!((self.bids.last(), self.asks.last()), (Some(b), Some(a)) if b.price >= a.price)
    }

    /// Takes the book past one change, heals it by the venue's stated best, and notes whether the two agree.
    pub fn change(&mut self, delta: &BookDelta) {
        self.set(delta.side, delta.price, delta.size);
        match delta.stated {
            Some(stated) => {
                self.heal(stated);
                self.agrees = self.top() == stated;
                self.doubted = !self.agrees;
            }
            None => self.agrees = !self.doubted && !self.is_crossed(),
        }
    }

    /// Messages were lost: what is known may be wrong until it is stated again.
    pub fn doubt(&mut self) {
        self.agrees = false;
        self.doubted = true;
    }

    /// Replaces everything.
    pub fn replace(&mut self, snapshot: &BookSnapshot) {
        self.bids.clear();
        self.asks.clear();
        for l in &snapshot.bids {
            self.set(Side::Buy, l.price, l.size);
        }
        for l in &snapshot.asks {
            self.set(Side::Sell, l.price, l.size);
        }
        self.doubted = false;
        self.agrees = !self.is_crossed();
    }

    fn set(&mut self, side: Side, price: Price, size: Size) {
        let levels = match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        };
        match locate(levels, side, price) {
            Ok(i) if size.0 <= 0 => {
                levels.remove(i);
            }
            Ok(i) => levels[i].size = size,
            Err(_) if size.0 <= 0 => {}
            Err(i) => levels.insert(i, Level { price, size }),
        }
    }

    /// Removes levels better than the venue says its best is: their deletion was lost.
    fn heal(&mut self, stated: Top) {
        let before = self.bids.len() + self.asks.len();
        while self.bids.last().is_some_and(|l| l.price > stated.bid) {
            self.bids.pop();
        }
        while self.asks.last().is_some_and(|l| stated.ask == Price::ZERO || l.price < stated.ask) {
            self.asks.pop();
        }
        let removed = before - self.bids.len() - self.asks.len();
        if removed > 0 {
            self.heals += 1;
            self.ghosts += removed as u64;
        }
    }
}

/// Where a price is, or would go, in a list that runs from the worst price to the best.
#[inline]
fn locate(levels: &[Level], side: Side, price: Price) -> Result<usize, usize> {
    match side {
        Side::Buy => levels.binary_search_by(|l| l.price.cmp(&price)),
        Side::Sell => levels.binary_search_by(|l| price.cmp(&l.price)),
    }
}
