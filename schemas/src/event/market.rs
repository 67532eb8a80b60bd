//! What venues say about markets.

use crate::ids::{Bytes32, MarketId, TokenId};
use crate::money::{Cash, MICRO, MoneyError, Price, Prob, Side, Size};
use crate::time::UtcNanos;

/// Where a market trades. Units, ids and rules differ by venue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Venue {
    /// Polymarket's international order book (CLOB).
    Polymarket,
    /// Polymarket US.
    PolymarketUs,
    /// Kalshi, read-only.
    Kalshi,
    /// Manifold, a signal in play money.
    Manifold,
    /// Binance recordings, for measuring.
    Binance,
    /// A generated stream, for measuring and tests.
    Synthetic,
}

impl Venue {
    /// Whether orders can ever go there. Markets elsewhere are in the log to be read: the core looks at none of them, and
    /// the gate lets no order through.
    #[inline]
    pub fn takes_orders(self) -> bool {
        match self {
            Self::Polymarket | Self::PolymarketUs | Self::Binance | Self::Synthetic => true,
            Self::Kalshi | Self::Manifold => false,
        }
    }
}

/// What a taker pays: `shares x rate x (p (1 - p))^exponent`. Read per market, never assumed.
/// Source: Polymarket `clob-markets.fd` and Gamma `feeSchedule`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub struct FeeSchedule {
    /// The rate in millionths: 30,000 is 3 %.
    pub rate_ppm: u32,
    /// The exponent of `p (1 - p)`; 1 in the current schedule.
    pub exponent: u8,
    /// Makers pay nothing.
    pub taker_only: bool,
}

impl FeeSchedule {
    /// The fee of a taker fill, rounded up to the fifth decimal of a dollar (the venue charges in 0.00001 steps), so
    /// that paper never flatters. Exact for exponents 0 and 1; above, `p (1 - p)` is kept to twelve decimals.
    pub fn taker_fee(&self, price: Price, size: Size) -> Result<Cash, MoneyError> {
        /// The scale of `p (1 - p)`.
        const TERA: i128 = 1_000_000_000_000;
        /// Rate, factor and size in their units, over one step of 0.00001 dollars.
        const PER_STEP: i128 = TERA * TERA / 100_000;
        if self.rate_ppm == 0 || size.0 <= 0 {
            return Ok(Cash::ZERO);
        }
        let ceil = |n: i128, d: i128| n / d + i128::from(n % d > 0);
        let p = price.0.clamp(0, MICRO);
        let variance = i128::from(p) * i128::from(MICRO - p);
        let factor = (0..self.exponent).fold(TERA, |factor, _| ceil(factor * variance, TERA));
        let product = (i128::from(self.rate_ppm) * factor).checked_mul(i128::from(size.0));
        let steps = ceil(product.ok_or(MoneyError::Overflow("fee"))?, PER_STEP);
        i64::try_from(steps * 10).map(Cash).map_err(|_| MoneyError::Overflow("fee"))
    }
}

/// Whether a market takes orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarketStatus {
    /// Orders are taken.
    Open,
    /// No orders for now; resting ones stay.
    Paused,
    /// No orders any more; waiting for resolution.
    Closed,
}

/// A market appears in this log. Everything later refers to it by its number.
#[derive(Clone, Debug, PartialEq, Eq)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub struct MarketListed {
    /// Its number in this log.
    pub market: MarketId,
    /// Where it trades.
    pub venue: Venue,
    /// The venue's condition id, zero if the venue has none.
    pub condition: Bytes32,
    /// The venue's token ids, YES then NO; zero if the venue has none.
    pub tokens: [Bytes32; 2],
    /// The venue's own name for it. Untrusted text.
    pub slug: String,
    /// What is asked. Untrusted text.
    pub question: String,
    /// The event whose outcomes this market is one of; markets of one event are not independent. Untrusted text.
    pub group: String,
    /// Subject area, for limits and calibration. Untrusted text.
    pub category: String,
    /// Price grid.
    pub tick: Price,
    /// Smallest resting order.
    pub min_size: Size,
    /// What takers pay.
    pub fee: FeeSchedule,
    /// When trading is expected to end; zero if not stated.
    pub ends: UtcNanos,
    /// Part of a mutually exclusive group at the venue.
    pub neg_risk: bool,
    /// The venue's protocol generation for this market (Polymarket: 2 or 3), 0 if it has none.
    pub protocol: u8,
}

/// Whether a category is in a list of names. The one rule of it, for those who find markets and those who look at them: the
/// names are people's, so their case means nothing.
pub fn names_category(list: &[String], category: &str) -> bool {
    list.iter().any(|name| name.eq_ignore_ascii_case(category))
}

/// What changed about a listed market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarketChange {
    /// New price grid; the book is in doubt until the venue states its best prices or the whole book again.
    Tick(Price),
    /// Opened, paused or closed.
    Status(MarketStatus),
    /// New fee schedule.
    Fee(FeeSchedule),
    /// New smallest order.
    MinSize(Size),
}

/// One price level of a book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub struct Level {
    /// Its price.
    pub price: Price,
    /// Everything resting at it.
    pub size: Size,
}

/// The best bid and ask that the venue itself states. Zero means that side is empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub struct Top {
    /// Highest bid, 0 if none.
    pub bid: Price,
    /// Lowest ask, 0 if none.
    pub ask: Price,
}

/// The whole book of a token, replacing what was known.
#[derive(Clone, Debug, PartialEq, Eq)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub struct BookSnapshot {
    /// Whose book.
    pub token: TokenId,
    /// Bids in any order; the fold sorts.
    pub bids: Vec<Level>,
    /// Asks in any order; the fold sorts.
    pub asks: Vec<Level>,
    /// The source's own time; zero if not stated.
    pub source_time: UtcNanos,
}

/// One level of a book has a new size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub struct BookDelta {
    /// Whose book.
    pub token: TokenId,
    /// Which side: `Buy` = bids.
    pub side: Side,
    /// The level.
    pub price: Price,
    /// Its new total size; 0 removes it.
    pub size: Size,
    /// The venue's own best prices after this change, where it states them.
    pub stated: Option<Top>,
    /// The source's own time; zero if not stated. May step back: sequence orders, time describes.
    pub source_time: UtcNanos,
}

/// A trade happened on the venue (not ours unless an order event says so).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub struct Trade {
    /// In which token.
    pub token: TokenId,
    /// The side of the taker.
    pub aggressor: Side,
    /// At which price.
    pub price: Price,
    /// How much.
    pub size: Size,
    /// The source's own time; zero if not stated.
    pub source_time: UtcNanos,
}

/// Best bid and ask only, from sources that know no more. Zero prices mean that side is empty, zero sizes that the
/// source does not state them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub struct Quote {
    /// Whose quote.
    pub token: TokenId,
    /// The prices.
    pub top: Top,
    /// Size at the bid.
    pub bid_size: Size,
    /// Size at the ask.
    pub ask_size: Size,
    /// The source's own time; zero if not stated.
    pub source_time: UtcNanos,
}

/// How a market ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resolution {
    /// YES pays one dollar.
    Yes,
    /// NO pays one dollar.
    No,
    /// Each pays half a dollar (cancelled or undecidable).
    Split,
}

impl Resolution {
    /// What one share of `token` pays.
    pub fn payout(self, token: TokenId) -> Price {
        use crate::ids::Outcome;
        match (self, token.outcome()) {
            (Self::Yes, Outcome::Yes) | (Self::No, Outcome::No) => Price::ONE,
            (Self::Split, _) => Price(MICRO / 2),
            _ => Price::ZERO,
        }
    }
}

/// How far a feed problem reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeedScope {
    /// Every market of the log.
    All,
    /// One market.
    Market(MarketId),
}

/// What venues say.
#[derive(Clone, Debug, PartialEq, Eq)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub enum MarketEvent {
    /// A market appears.
    Listed(Box<MarketListed>),
    /// A property of a market changed.
    Changed {
        /// Which market.
        market: MarketId,
        /// What changed.
        change: MarketChange,
    },
    /// A whole book.
    BookSnapshot(Box<BookSnapshot>),
    /// One level of a book.
    BookDelta(BookDelta),
    /// A trade.
    Trade(Trade),
    /// A quote without depth.
    Quote(Quote),
    /// A market ended.
    Resolved {
        /// Which market.
        market: MarketId,
        /// How.
        resolution: Resolution,
    },
    /// Messages were lost: what was known before may be wrong until it is stated again.
    FeedGap {
        /// How far it reaches.
        scope: FeedScope,
        /// How many messages are known to be lost; 0 if unknown.
        lost: u32,
    },
    /// A feed is silent beyond its limit: prices are old.
    FeedStale {
        /// How far it reaches.
        scope: FeedScope,
    },
    /// A feed speaks again.
    FeedRestored {
        /// How far it reaches.
        scope: FeedScope,
    },
    /// What a venue without an order book puts the chance of YES at. Nobody offers to trade at it: it is a signal, never a
    /// price, and so it is neither a quote nor a trade.
    Probability {
        /// Which market.
        market: MarketId,
        /// The chance of YES.
        probability: Prob,
        /// The source's own time; zero if not stated.
        source_time: UtcNanos,
    },
}
