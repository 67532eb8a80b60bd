//! Tick sizes.

use super::AmountError;
use schemas::Price;

/// A tick size the venue is known to use. It may change while a market trades.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tick {
    price: Price,
    decimals: u32,
}

/// Each with the decimals of its prices; 0.005 and 0.0025 are new in 2026.
const KNOWN: [Tick; 6] = [
    Tick { price: Price(100_000), decimals: 1 },
    Tick { price: Price(10_000), decimals: 2 },
    Tick { price: Price(5_000), decimals: 3 },
    Tick { price: Price(2_500), decimals: 4 },
    Tick { price: Price(1_000), decimals: 3 },
    Tick { price: Price(100), decimals: 4 },
];

impl Tick {
    /// The tick size of this many millionths, or an error: amounts of others are cut nobody knows how.
    pub fn new(price: Price) -> Result<Self, AmountError> {
        KNOWN.into_iter().find(|known| known.price == price).ok_or(AmountError::Tick(price))
    }

    /// All that are known.
    pub fn all() -> impl Iterator<Item = Self> {
        KNOWN.into_iter()
    }

    /// The step between prices.
    pub fn price(self) -> Price {
        self.price
    }

    /// Decimals of a price.
    pub fn price_decimals(self) -> u32 {
        self.decimals
    }

    /// Decimals of an amount that follows from price and size: two more.
    pub fn amount_decimals(self) -> u32 {
        self.decimals + 2
    }

    /// Refuses a price off the grid.
    pub fn check(self, price: Price) -> Result<(), AmountError> {
        if price.on_grid(self.price) { Ok(()) } else { Err(AmountError::Price { price, tick: self.price }) }
    }

    /// An amount cut to its decimals.
    pub(super) fn cut(self, amount: i64) -> i64 {
        let unit = 10i64.pow(6u32.saturating_sub(self.amount_decimals()));
        amount.div_euclid(unit).saturating_mul(unit)
    }
}
