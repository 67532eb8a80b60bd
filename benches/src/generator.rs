//! A generated stream: seeded, the same on every machine, and of the same kind as the one that other engines were
//! measured with (20 markets of unequal activity, ticks of a cent, 7.5 % trades, absolute level sizes, never crossed).

use crate::tick::Tick;
use schemas::Side;
use std::collections::VecDeque;

/// Markets in a generated stream.
pub const MARKETS: usize = 20;
/// Where a generated stream begins: 2024-05-01T00:00:00Z.
const BEGINS: i64 = 1_714_521_600_000_000_000;
/// Mean distance of two events, nanoseconds.
const MEAN_GAP: f64 = 5_000_000.0;
/// Levels a side that a book begins with.
const FIRST_LEVELS: u32 = 10;
/// Of all events that are drawn, so many are trades.
const TRADES: f64 = 0.08;
/// A level inside the spread is so likely, for each free cent of the spread.
const INSIDE: f64 = 0.10;
/// Free cents that count.
const FREE_MAX: u32 = 4;
/// How quickly activity falls off behind the touch, for each cent.
const DECAY: f64 = 0.45;
/// No activity farther behind the touch, in cents.
const BEHIND_MAX: u32 = 12;
/// A level behind the touch is removed rather than resized so often; the touch itself less often.
const REMOVED: [f64; 2] = [0.06, 0.22];
/// A side is not emptied below this many levels.
const LEVELS_MIN: usize = 3;

/// SplitMix64 (Steele, Lea and Flood 2014): small, seeded and equal everywhere.
pub struct Dice(pub u64);

impl Dice {
    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to `end`, without `end`; 0 if that is nothing.
    pub fn below(&mut self, end: u64) -> u64 {
        u64::try_from((u128::from(self.bits()) * u128::from(end)) >> 64).unwrap_or(0)
    }

    /// Puts `items` into a random order (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.below(last as u64 + 1) as usize;
            items.swap(last, other);
        }
    }

    /// In 0 to 1, without 1.
    fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// From `low` to `high`, both included.
    fn between(&mut self, low: u32, high: u32) -> u32 {
        let span = u64::from(high - low) + 1;
        low + u32::try_from((u128::from(self.bits()) * u128::from(span)) >> 64).unwrap_or(0)
    }

    /// Exponential, in whole units.
    fn exponential(&mut self, mean: f64) -> i64 {
        // The largest value is 37 means, which fits.
        (-mean * libm::log(1.0 - self.unit())) as i64
    }

    fn size(&mut self) -> u32 {
        self.between(100, 50_000)
    }
}

/// One side of a generated book: sizes by cent.
#[derive(Clone)]
struct Ladder {
    sizes: [u32; 101],
    levels: usize,
    best: u32,
}

impl Ladder {
    fn set(&mut self, side: Side, cents: u32, size: u32) {
        let slot = &mut self.sizes[cents as usize];
        self.levels = self.levels + usize::from(size > 0) - usize::from(*slot > 0);
        *slot = size;
        let there = |c: &u32| self.sizes[*c as usize] > 0;
        let best = match side {
            Side::Buy => (1..=99).rev().find(there),
            Side::Sell => (1..=99).find(there),
        };
        self.best = best.unwrap_or(0);
    }
}

/// A stream without an end, made as it is asked for.
pub struct Ticks {
    dice: Dice,
    time: i64,
    /// Bids and asks of each market.
    books: Vec<[Ladder; 2]>,
    /// The upper end of each market's share of the dice.
    upto: Vec<f64>,
    out: VecDeque<Tick>,
}

impl Ticks {
    /// The stream of a seed.
    pub fn new(seed: u64) -> Self {
        let empty = Ladder { sizes: [0; 101], levels: 0, best: 0 };
        let books = vec![[empty.clone(), empty]; MARKETS];
        // Market m is picked with weight 1 / (1 + m)^0.7.
        let mut upto = Vec::with_capacity(MARKETS);
        let mut sum = 0.0;
        for market in 0..MARKETS {
            sum += libm::pow(1.0 + market as f64, -0.7);
            upto.push(sum);
        }
        let mut ticks = Self { dice: Dice(seed), time: BEGINS, books, upto, out: VecDeque::new() };
        for market in (0..MARKETS).filter_map(|m| u16::try_from(m).ok()) {
            ticks.open(market);
        }
        ticks
    }

    fn emit(&mut self, market: u16, trade: bool, side: Side, cents: u32, hundredths: u32) {
        self.time += 1 + self.dice.exponential(MEAN_GAP);
        self.out.push_back(Tick { time: self.time, market, trade, side, cents, hundredths });
    }

    fn set(&mut self, market: u16, side: Side, cents: u32, size: u32) {
        self.books[usize::from(market)][index(side)].set(side, cents, size);
        self.emit(market, false, side, cents, size);
    }

    fn open(&mut self, market: u16) {
        let mid = self.dice.between(20, 80);
        for i in 0..FIRST_LEVELS {
            let (bid, ask) = (self.dice.size(), self.dice.size());
            self.set(market, Side::Buy, mid - 1 - i, bid);
            self.set(market, Side::Sell, mid + 1 + i, ask);
        }
    }

    fn act(&mut self, market: u16) {
        let kind = self.dice.unit();
        let side = if self.dice.bits() & 1 == 0 { Side::Buy } else { Side::Sell };
        let [bids, asks] = &self.books[usize::from(market)];
        let free = (asks.best - bids.best - 1).min(FREE_MAX);
        let own = &self.books[usize::from(market)][index(side)];
        let (best, levels, at_best) = (own.best, own.levels, own.sizes[own.best as usize]);
        let away = |d: u32| if side == Side::Sell { best + d } else { best.saturating_sub(d) };
        if kind < TRADES {
            let traded = at_best.min(self.dice.between(100, 20_000));
            self.emit(market, true, side.other(), best, traded);
            let rest = at_best - traded;
            let rest = if rest == 0 && levels == 1 { self.dice.size() } else { rest };
            self.set(market, side, best, rest);
        } else if kind < TRADES + INSIDE * f64::from(free) {
            let size = self.dice.size();
            self.set(market, side, if side == Side::Sell { best - 1 } else { best + 1 }, size);
        } else {
            let behind = u32::try_from(self.dice.exponential(1.0 / DECAY)).unwrap_or(BEHIND_MAX).min(BEHIND_MAX);
            let cents = away(behind);
            if !(1..=99).contains(&cents) {
                return;
            }
            let there = self.books[usize::from(market)][index(side)].sizes[cents as usize] > 0;
            let removed = self.dice.unit() < REMOVED[usize::from(behind > 0)] && there && levels > LEVELS_MIN;
            let size = if removed { 0 } else { self.dice.size() };
            self.set(market, side, cents, size);
        }
    }
}

fn index(side: Side) -> usize {
    usize::from(side == Side::Sell)
}

impl Iterator for Ticks {
    type Item = Tick;

    /// The next event; there always is one.
    fn next(&mut self) -> Option<Tick> {
        while self.out.is_empty() {
            let sum = self.upto.last().copied().unwrap_or(1.0);
            let point = self.dice.unit() * sum;
            let picked = self.upto.partition_point(|u| *u <= point).min(MARKETS - 1);
            self.act(u16::try_from(picked).unwrap_or(0));
        }
        self.out.pop_front()
    }
}

/// The first `n` events of the stream of a seed.
pub fn generate(n: usize, seed: u64) -> Vec<Tick> {
    Ticks::new(seed).take(n).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use projections::book::Book;
    use schemas::event::MarketEvent;

    #[test]
    fn a_seed_gives_one_stream() {
        let (a, b) = (generate(5_000, 7), generate(5_000, 7));
        assert_eq!(a, b);
        assert_eq!(a[..1_000], generate(1_000, 7));
        assert_ne!(a, generate(5_000, 8));
    }

    #[test]
    fn books_never_cross_and_trades_are_at_the_best_price() {
        let ticks = generate(60_000, 1);
        let mut books = vec![Book::default(); MARKETS];
        let mut last = 0;
        for (i, tick) in ticks.iter().enumerate() {
            assert!(tick.time > last, "tick {i}");
            last = tick.time;
            let book = &mut books[usize::from(tick.market)];
            match tick.event() {
                MarketEvent::BookDelta(delta) => book.change(&delta),
                MarketEvent::Trade(trade) => {
                    let hit = if trade.aggressor == Side::Buy { book.ask() } else { book.bid() };
                    assert!(hit.is_some_and(|l| l.price == trade.price && l.size >= trade.size), "tick {i}");
                }
                other => panic!("{other:?}"),
            }
            assert!(!book.is_crossed(), "tick {i}");
        }
    }

    #[test]
    fn the_mix_is_that_of_the_stream_others_were_measured_with() {
        let ticks = generate(200_000, 1);
        let share = |n: usize| n as f64 / ticks.len() as f64;
        let trades = share(ticks.iter().filter(|t| t.trade).count());
        // There: 7.46 % trades, 18.3 % of all events in market 0 and 2.3 % in market 19.
        assert!((0.070..0.080).contains(&trades), "{trades}");
        let of = |m| share(ticks.iter().filter(|t| t.market == m).count());
        assert!((0.175..0.190).contains(&of(0)), "{}", of(0));
        assert!((0.020..0.025).contains(&of(19)), "{}", of(19));
    }
}
