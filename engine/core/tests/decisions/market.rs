//! Market events to tell stories with: prices in cents, sizes in shares.

use schemas::event::{
    BookSnapshot, FeeSchedule, Level, MarketEvent, MarketListed, Quote, Resolution, Top, Trade, Venue,
};
use schemas::{Bytes32, Cash, MarketId, Price, Side, Size, TokenId, UtcNanos};

pub const M: MarketId = MarketId(0);
pub const YES: TokenId = TokenId(0);
pub const NO: TokenId = TokenId(1);

pub fn cents(n: i64) -> Price {
    Price(n * 10_000)
}

pub fn shares(n: i64) -> Size {
    Size(n * 1_000_000)
}

pub fn dollars(n: i64) -> Cash {
    Cash(n * 1_000_000)
}

/// Markets 2k and 2k + 1 belong to one event; every third is of another category.
pub fn listing(market: MarketId, rate_ppm: u32) -> MarketListed {
    MarketListed {
        market,
        venue: Venue::Synthetic,
        condition: Bytes32([market.0 as u8; 32]),
        tokens: [Bytes32([1; 32]), Bytes32([2; 32])],
        slug: format!("m{market}"),
        question: String::new(),
        group: format!("g{}", market.0 / 2),
        category: if market.0 % 3 == 2 { "sports" } else { "politics" }.to_owned(),
        tick: cents(1),
        min_size: shares(5),
        fee: FeeSchedule { rate_ppm, exponent: 1, taker_only: true },
        ends: UtcNanos::ZERO,
        neg_risk: false,
        protocol: 2,
    }
}

pub fn listed(market: MarketId, rate_ppm: u32) -> MarketEvent {
    MarketEvent::Listed(Box::new(listing(market, rate_ppm)))
}

/// One level a side. Sizes that lean to the bids make the microstructure forecaster believe in YES.
pub fn book(token: TokenId, bid: (i64, i64), ask: (i64, i64)) -> MarketEvent {
    let level = |(price, size): (i64, i64)| match price {
        0 => Vec::new(),
        _ => vec![Level { price: cents(price), size: shares(size) }],
    };
    let (bids, asks) = (level(bid), level(ask));
    MarketEvent::BookSnapshot(Box::new(BookSnapshot { token, bids, asks, source_time: UtcNanos::ZERO }))
}

/// A quote without sizes: no depth, so nothing to take a view from.
pub fn quote(token: TokenId, bid: i64, ask: i64) -> MarketEvent {
    let top = Top { bid: cents(bid), ask: cents(ask) };
    let none = Size::ZERO;
    MarketEvent::Quote(Quote { token, top, bid_size: none, ask_size: none, source_time: UtcNanos::ZERO })
}

pub fn trade(token: TokenId, aggressor: Side, price: i64, size: i64) -> MarketEvent {
    let (price, size) = (cents(price), shares(size));
    MarketEvent::Trade(Trade { token, aggressor, price, size, source_time: UtcNanos::ZERO })
}

pub fn resolved(market: MarketId, resolution: Resolution) -> MarketEvent {
    MarketEvent::Resolved { market, resolution }
}
