//! The two lists of bids of a market, as both tokens' books.

use super::wire::stream::Delta;
use super::wire::{Sides, WireLevel};
use schemas::event::{BookDelta, BookSnapshot, Level};
use schemas::{MarketId, Outcome, Price, Side, Size, UtcNanos};
use std::collections::BTreeMap;

type Bids = BTreeMap<Price, Size>;

/// What is known of a market's book.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Book {
    yes: Bids,
    no: Bids,
}

/// A change that does not fit the book that is known: something is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unfit;

impl Book {
    pub fn of(sides: &Sides) -> Self {
        let bids = |levels: &[WireLevel]| levels.iter().map(|level| (level.0, level.1)).collect();
        Self { yes: bids(&sides.yes), no: bids(&sides.no) }
    }

    /// The books of YES and NO.
    pub fn snapshots(&self, market: MarketId) -> [BookSnapshot; 2] {
        let bids = |bids: &Bids| bids.iter().map(|(price, size)| Level { price: *price, size: *size }).collect();
        // Selling this token is buying the other one.
        let asks =
            |of: &Bids| of.iter().map(|(price, size)| Level { price: price.complement(), size: *size }).collect();
        let source_time = UtcNanos::ZERO;
        [
            BookSnapshot { token: market.yes(), bids: bids(&self.yes), asks: asks(&self.no), source_time },
            BookSnapshot { token: market.no(), bids: bids(&self.no), asks: asks(&self.yes), source_time },
        ]
    }

    /// Takes a change, and says it for both tokens.
    pub fn change(&mut self, market: MarketId, delta: &Delta) -> Result<[BookDelta; 2], Unfit> {
        let (bids, token) = match delta.side {
            Outcome::Yes => (&mut self.yes, market.yes()),
            Outcome::No => (&mut self.no, market.no()),
        };
        let before = bids.get(&delta.price).copied().unwrap_or_default();
        let size = Size(before.0.checked_add(delta.change.0).ok_or(Unfit)?);
        match size.0 {
            0 => bids.remove(&delta.price),
            1.. => bids.insert(delta.price, size),
            _ => return Err(Unfit),
        };
        let (stated, source_time) = (None, delta.time);
        let bid = BookDelta { token, side: Side::Buy, price: delta.price, size, stated, source_time };
        let ask = BookDelta {
            token: token.complement(),
            side: Side::Sell,
            price: delta.price.complement(),
            size,
            stated,
            source_time,
        };
        Ok([bid, ask])
    }
}
