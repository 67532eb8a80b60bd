//! Markets that move by themselves: made from a seed, so that a story can be told again.

use schemas::event::{
    BookDelta, BookSnapshot, FeeSchedule, Level, MarketChange, MarketEvent, MarketListed, Resolution, Trade, Venue,
};
use schemas::money::MICRO;
use schemas::{Bytes32, MarketId, Price, Side, Size, UtcNanos};

/// 2026-11-22T00:00:00Z.
pub const START: UtcNanos = UtcNanos(1_795_305_600_000_000_000);

/// Numbers of a story, apart from those the venue draws.
pub struct Draw(u64);

impl Draw {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5bf0_3635)
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n.max(1)
    }

    pub fn int(&mut self, from: i64, to: i64) -> i64 {
        from + i64::try_from(self.below(u64::try_from(to - from).unwrap())).unwrap()
    }

    /// Once in so many times.
    pub fn once_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

/// How deep the other side of each price is, and how far the book reaches, in ticks.
const DEPTH: i64 = 5;

/// One market of a story: its price walks, and the book follows.
struct Walk {
    id: MarketId,
    /// Middle of the book, in ticks of a cent.
    mid: i64,
    bids: Vec<(i64, i64)>,
    asks: Vec<(i64, i64)>,
    over: bool,
}

/// All markets of a story.
pub struct Crowd {
    draw: Draw,
    walks: Vec<Walk>,
}

fn cents(n: i64) -> Price {
    Price(n * 10_000)
}

fn shares(n: i64) -> Size {
    Size(n * MICRO)
}

impl Crowd {
    /// Some markets of each kind: V2, V3, and one of a group.
    pub fn new(seed: u64) -> Self {
        let mut draw = Draw::new(seed);
        let walk = |n: u32| {
            let mid = draw.int(25, 76);
            Walk { id: MarketId(n), mid, bids: Vec::new(), asks: Vec::new(), over: false }
        };
        let walks = (0..4).map(walk).collect();
        Self { draw, walks }
    }

    /// What the venue knows before anybody trades.
    pub fn opening(&mut self) -> Vec<MarketEvent> {
        let mut out = Vec::new();
        for at in 0..self.walks.len() {
            let id = self.walks[at].id;
            let byte = u8::try_from(id.0).unwrap();
            let listed = MarketListed {
                market: id,
                venue: Venue::Polymarket,
                condition: Bytes32([0xa0 + byte; 32]),
                tokens: [Bytes32([0x10 + byte; 32]), Bytes32([0x40 + byte; 32])],
                slug: format!("market-{byte}"),
                question: format!("Will it be {byte}?"),
                group: if byte < 2 { "pair".to_owned() } else { format!("alone-{byte}") },
                category: "test".to_owned(),
                tick: cents(1),
                min_size: shares(5),
                fee: FeeSchedule { rate_ppm: [0, 50_000, 20_000, 0][at], exponent: 1, taker_only: true },
                ends: UtcNanos::ZERO,
                neg_risk: byte < 2,
                protocol: if byte == 3 { 3 } else { 2 },
            };
            out.push(MarketEvent::Listed(Box::new(listed)));
            out.push(self.book(at));
        }
        out
    }

    fn book(&mut self, at: usize) -> MarketEvent {
        let mid = self.walks[at].mid;
        let mut side = |sign: i64| -> Vec<(i64, i64)> {
            let prices = (1..=DEPTH).map(|d| mid + sign * d).filter(|p| (1..100).contains(p));
            prices.map(|p| (p, self.draw.int(20, 400))).collect()
        };
        let (bids, asks) = (side(-1), side(1));
        let levels =
            |side: &[(i64, i64)]| side.iter().map(|(p, s)| Level { price: cents(*p), size: shares(*s) }).collect();
        let walk = &mut self.walks[at];
        let snapshot = BookSnapshot {
            token: walk.id.yes(),
            bids: levels(&bids),
            asks: levels(&asks),
            source_time: UtcNanos::ZERO,
        };
        (walk.bids, walk.asks) = (bids, asks);
        MarketEvent::BookSnapshot(Box::new(snapshot))
    }

    /// The next thing that happens in some market.
    pub fn next(&mut self) -> Vec<MarketEvent> {
        let at = usize::try_from(self.draw.below(u64::try_from(self.walks.len()).unwrap())).unwrap();
        if self.walks[at].over {
            return Vec::new();
        }
        match self.draw.below(12) {
            // A trend of some ticks: what a strategy follows.
            0..=2 => self.move_by(at, 1),
            3..=5 => self.move_by(at, -1),
            6 => {
                let by = self.draw.int(-4, 5);
                self.move_by(at, by)
            }
            7 => self.trade(at),
            _ => self.resize(at),
        }
    }

    fn move_by(&mut self, at: usize, by: i64) -> Vec<MarketEvent> {
        let walk = &mut self.walks[at];
        walk.mid = (walk.mid + by).clamp(6, 94);
        let (old_bids, old_asks) = (walk.bids.clone(), walk.asks.clone());
        let MarketEvent::BookSnapshot(book) = self.book(at) else { return Vec::new() };
        if self.draw.once_in(20) {
            return vec![MarketEvent::BookSnapshot(book)];
        }
        // What goes goes first: the book must not cross on the way.
        let token = self.walks[at].id.yes();
        let (bids, asks) = (self.walks[at].bids.clone(), self.walks[at].asks.clone());
        let mut out = Vec::new();
        for (side, old, new) in [(Side::Buy, &old_bids, &bids), (Side::Sell, &old_asks, &asks)] {
            let gone = old.iter().filter(|(p, _)| !new.iter().any(|(q, _)| p == q));
            out.extend(gone.map(|(p, _)| delta(token, side, *p, 0)));
        }
        for (side, new) in [(Side::Buy, &bids), (Side::Sell, &asks)] {
            out.extend(new.iter().map(|(p, s)| delta(token, side, *p, *s)));
        }
        out
    }

    fn resize(&mut self, at: usize) -> Vec<MarketEvent> {
        let size = self.draw.int(5, 400);
        let is_bid = self.draw.once_in(2);
        let which = usize::try_from(self.draw.below(u64::try_from(DEPTH).unwrap())).unwrap();
        let walk = &mut self.walks[at];
        let (side, levels) = if is_bid { (Side::Buy, &mut walk.bids) } else { (Side::Sell, &mut walk.asks) };
        let Some(level) = levels.get_mut(which) else { return Vec::new() };
        level.1 = size;
        vec![delta(walk.id.yes(), side, level.0, size)]
    }

    fn trade(&mut self, at: usize) -> Vec<MarketEvent> {
        let aggressor = if self.draw.once_in(2) { Side::Buy } else { Side::Sell };
        let size = self.draw.int(1, 120);
        let walk = &self.walks[at];
        let best = if aggressor == Side::Buy { walk.asks.first() } else { walk.bids.first() };
        let Some((price, _)) = best else { return Vec::new() };
        let (price, size) = (cents(*price), shares(size));
        let token = walk.id.yes();
        vec![MarketEvent::Trade(Trade { token, aggressor, price, size, source_time: UtcNanos::ZERO })]
    }

    /// A market comes to its end.
    pub fn resolve(&mut self) -> Option<MarketEvent> {
        let at = usize::try_from(self.draw.below(u64::try_from(self.walks.len()).unwrap())).unwrap();
        let resolution = if self.draw.once_in(2) { Resolution::Yes } else { Resolution::No };
        let walk = &mut self.walks[at];
        (!std::mem::replace(&mut walk.over, true)).then_some(MarketEvent::Resolved { market: walk.id, resolution })
    }

    /// The grid of a market becomes finer, as it does near the ends.
    pub fn refine(&mut self) -> Option<MarketEvent> {
        let at = usize::try_from(self.draw.below(u64::try_from(self.walks.len()).unwrap())).unwrap();
        let walk = &self.walks[at];
        (!walk.over).then_some(MarketEvent::Changed { market: walk.id, change: MarketChange::Tick(Price(1_000)) })
    }
}

fn delta(token: schemas::TokenId, side: Side, price: i64, size: i64) -> MarketEvent {
    let (price, size) = (cents(price), shares(size));
    MarketEvent::BookDelta(BookDelta { token, side, price, size, stated: None, source_time: UtcNanos::ZERO })
}
