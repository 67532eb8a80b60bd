//! What the recording offers to take, less what clients have taken of it already.

use crate::order::own_price;
use projections::books::Books;
use projections::quotes::Quotes;
use schemas::event::Level;
use schemas::{MarketId, Price, Side, Size, TokenId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How much of a recorded level is taken, and how large the level was when that was last compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Taken {
    size: Size,
    level: Size,
}

/// Recorded levels already taken, by market, side of the YES book and YES price.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Liquidity {
    taken: BTreeMap<(MarketId, Side, Price), Taken>,
}

/// The recorded levels of one side of a market's YES book, best first; at most `limit` away.
pub(crate) fn recorded(
    books: &Books,
    quotes: &Quotes,
    market: MarketId,
    side: Side,
    limit: Price,
    depth: Size,
) -> Vec<Level> {
    let within = |p: Price| match side {
        Side::Sell => p <= limit,
        Side::Buy => p >= limit,
    };
    let has_levels = |token| books.get(token).is_some_and(|b| b.bid().is_some() || b.ask().is_some());
    if has_levels(market.yes())
        && let Some(book) = books.get(market.yes())
    {
        return book.levels(side).take_while(|l| within(l.price)).collect();
    }
    if has_levels(market.no())
        && let Some(book) = books.get(market.no())
    {
        let mirror = book.levels(side.other()).map(|l| Level { price: own_price(market.no(), l.price), size: l.size });
        return mirror.take_while(|l| within(l.price)).collect();
    }
    let quote = quotes.get(market.yes());
    let (price, size) = match side {
        Side::Buy => (quote.bid, quote.bid_size),
        Side::Sell => (quote.ask, quote.ask_size),
    };
    if !quote.valid || price.0 <= 0 || !within(price) {
        return Vec::new();
    }
    vec![Level { price, size: if size.0 > 0 { size } else { depth } }]
}

/// The best recorded price of one side of a market's YES book: that of the first of the levels [`recorded`] gives.
#[inline]
pub(crate) fn best(books: &Books, quotes: &Quotes, market: MarketId, side: Side) -> Option<Price> {
    let touch = |token: TokenId, side: Side| {
        let book = books.get(token)?;
        let (bid, ask) = (book.bid(), book.ask());
        let level = if side == Side::Buy { bid } else { ask };
        (bid.is_some() || ask.is_some()).then(|| level.map(|l| l.price))
    };
    if let Some(price) = touch(market.yes(), side) {
        return price;
    }
    if let Some(price) = touch(market.no(), side.other()) {
        return price.map(Price::complement);
    }
    let quote = quotes.get(market.yes());
    let price = if side == Side::Buy { quote.bid } else { quote.ask };
    (quote.valid && price.0 > 0).then_some(price)
}

impl Liquidity {
    /// What is left of a recorded level.
    pub fn left(&self, market: MarketId, side: Side, level: Level) -> Size {
        let taken = self.taken.get(&(market, side, level.price)).map_or(Size::ZERO, |t| t.size);
        level.size.less(taken)
    }

    /// Takes from a recorded level.
    pub fn take(&mut self, market: MarketId, side: Side, level: Level, size: Size) {
        let entry =
            self.taken.entry((market, side, level.price)).or_insert(Taken { size: Size::ZERO, level: level.size });
        entry.size = entry.size.plus(size).unwrap_or(entry.size);
    }

    /// The recording states a level anew.
    pub fn restate(&mut self, market: MarketId, side: Side, price: Price, size: Size) {
        let Some(taken) = self.taken.get_mut(&(market, side, price)) else { return };
        if size < taken.level {
            taken.size = taken.size.less(taken.level.less(size));
        }
        taken.level = size;
        if size.0 <= 0 || taken.size.0 <= 0 {
            self.taken.remove(&(market, side, price));
        }
    }

    /// A quote without depth moved: what was taken at other prices of that side is past.
    pub fn requote(&mut self, market: MarketId, side: Side, price: Price) {
        let range = (market, side, Price(i64::MIN))..=(market, side, Price(i64::MAX));
        let gone: Vec<_> = self.taken.range(range).map(|(k, _)| *k).filter(|k| k.2 != price).collect();
        for key in gone {
            self.taken.remove(&key);
        }
    }

    /// The levels of a market of which something is taken.
    pub fn levels(&self, market: MarketId) -> Vec<(Side, Price)> {
        self.taken.keys().filter(|k| k.0 == market).map(|k| (k.1, k.2)).collect()
    }

    /// A market ended.
    pub fn forget(&mut self, market: MarketId) {
        self.taken.retain(|k, _| k.0 != market);
    }

    pub fn is_empty(&self) -> bool {
        self.taken.is_empty()
    }
}
