//! What venues say.

use super::super::variants::{RESOLUTIONS, STATUSES, VENUES};
use super::{at, hash};
use schemas::event::*;
use schemas::{Event, MarketId, Price, Prob, Side, Size, TokenId, UtcNanos};

const FEE: FeeSchedule = FeeSchedule { rate_ppm: 30_000, exponent: 1, taker_only: true };

fn listed(market: u32, venue: Venue) -> MarketListed {
    MarketListed {
        market: MarketId(market),
        venue,
        condition: hash(0x10),
        tokens: [hash(0x40), hash(0x80)],
        slug: "will-it-rain-in-oslo-on-june-7".to_owned(),
        question: "Will it rain in Oslo on June 7? ☂".to_owned(),
        group: "oslo-weather".to_owned(),
        category: "weather".to_owned(),
        tick: Price(10_000),
        min_size: Size(5_000_000),
        fee: FEE,
        ends: at(86_400_000),
        neg_risk: true,
        protocol: 3,
    }
}

fn level(price: i64, size: i64) -> Level {
    Level { price: Price(price), size: Size(size) }
}

fn changes() -> Vec<MarketChange> {
    let mut changes = vec![MarketChange::Tick(Price(1_000))];
    changes.extend(STATUSES.iter().map(|s| MarketChange::Status(*s)));
    changes.push(MarketChange::Fee(FeeSchedule { rate_ppm: 72_000, exponent: 2, taker_only: false }));
    changes.push(MarketChange::MinSize(Size(15_000_000)));
    changes
}

fn prices() -> Vec<MarketEvent> {
    let top = Top { bid: Price(380_000), ask: Price(410_000) };
    vec![
        MarketEvent::BookSnapshot(Box::new(BookSnapshot {
            token: TokenId(2),
            bids: vec![level(380_000, 125_500_000), level(370_000, 1)],
            asks: vec![level(410_000, 99_000_001)],
            source_time: at(1),
        })),
        MarketEvent::BookSnapshot(Box::new(BookSnapshot {
            token: TokenId(3),
            bids: vec![],
            asks: vec![],
            source_time: UtcNanos::ZERO,
        })),
        MarketEvent::BookDelta(BookDelta {
            token: TokenId(4),
            side: Side::Buy,
            price: Price(390_000),
            size: Size(198_942_240_000),
            stated: Some(top),
            source_time: at(2),
        }),
        MarketEvent::BookDelta(BookDelta {
            token: TokenId(5),
            side: Side::Sell,
            price: Price(420_000),
            size: Size::ZERO,
            stated: None,
            source_time: UtcNanos(-1),
        }),
        MarketEvent::Trade(Trade {
            token: TokenId(6),
            aggressor: Side::Sell,
            price: Price(385_000),
            size: Size(7_000_000),
            source_time: at(3),
        }),
        MarketEvent::Quote(Quote {
            token: TokenId(7),
            top: Top { bid: Price(610_000), ask: Price::ZERO },
            bid_size: Size(11_000_000),
            ask_size: Size(12_000_000),
            source_time: at(4),
        }),
    ]
}

/// Eleven kinds.
pub fn samples() -> Vec<Event> {
    let mut events = Vec::new();
    for (number, venue) in (1..).zip(VENUES) {
        events.push(MarketEvent::Listed(Box::new(listed(number, *venue))));
    }
    events.extend(changes().into_iter().map(|change| MarketEvent::Changed { market: MarketId(1), change }));
    events.extend(prices());
    for (number, resolution) in (1..).zip(RESOLUTIONS) {
        events.push(MarketEvent::Resolved { market: MarketId(number), resolution: *resolution });
    }
    let scope = FeedScope::Market(MarketId(4));
    events.extend([
        MarketEvent::FeedGap { scope: FeedScope::All, lost: 0 },
        MarketEvent::FeedGap { scope, lost: 23 },
        MarketEvent::FeedStale { scope },
        MarketEvent::FeedRestored { scope: FeedScope::All },
        MarketEvent::Probability { market: MarketId(4), probability: Prob(617_283), source_time: at(5) },
    ]);
    events.into_iter().map(Event::Market).collect()
}
