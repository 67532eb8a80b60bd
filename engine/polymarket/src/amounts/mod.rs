//! The two amounts of an order (section 3.5 of the protocol notes), exact and in integers.
//!
//! The official Python clients go through binary floats and give 0.28 shares for 0.29; the vectors name every such
//! case.

mod budget;
mod depth;
mod fee;
mod tick;

pub use budget::{Formula, buy_within, shrink, worst_fee_price};
pub use depth::{Target, market_price};
pub use fee::{FEE_UNIT, FeeSchedule, fee, fee_on_dollars};
pub use tick::Tick;

use crate::OrderType;
use schemas::{Cash, MoneyError, Price, Rounding, Side, Size};

/// Shares are ordered in hundredths.
pub const LOT: Size = Size(10_000);
/// Dollars are given in cents where an order takes at once.
pub const CENT: Cash = Cash(10_000);
/// A purchase that takes needs a dollar.
pub const MARKETABLE_MIN: Cash = Cash(1_000_000);

/// What the maker of an order gives and gets, in millionths of a dollar or share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amounts {
    /// Given: dollars of a purchase, shares of a sale.
    pub maker: u64,
    /// Got: shares of a purchase, dollars of a sale.
    pub taker: u64,
}

impl Amounts {
    fn new(maker: i64, taker: i64) -> Result<Self, AmountError> {
        match (u64::try_from(maker), u64::try_from(taker)) {
            (Ok(maker), Ok(taker)) if maker > 0 && taker > 0 => Ok(Self { maker, taker }),
            _ => Err(AmountError::Nothing),
        }
    }

    /// The shares of an order of this side.
    pub fn shares(&self, side: Side) -> u64 {
        match side {
            Side::Buy => self.taker,
            Side::Sell => self.maker,
        }
    }

    /// The dollars of an order of this side, in millionths.
    pub fn dollars(&self, side: Side) -> u64 {
        match side {
            Side::Buy => self.maker,
            Side::Sell => self.taker,
        }
    }
}

/// Why an order has no amounts. All of these are found before anything is sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// A tick size that did not exist when this was written: how its amounts are cut is not known.
    #[error("tick size {0} is unknown; the venue's are 0.1, 0.01, 0.005, 0.0025, 0.001 and 0.0001")]
    Tick(Price),
    /// Not a multiple of the tick, or outside [tick, 1 - tick].
    #[error("price {price} is not on the grid of tick size {tick}, which goes from {tick} to 1 - {tick}")]
    Price {
        /// The price asked for.
        price: Price,
        /// The market's tick size.
        tick: Price,
    },
    /// Nothing is left after cutting to the decimals that the venue takes.
    #[error("nothing is left of the amount after cutting it to 2 decimals; ask for more")]
    Nothing,
    /// Fewer shares than the market takes.
    #[error("size {size} is below the market's minimum of {min}")]
    Size {
        /// The shares of the order.
        size: Size,
        /// The market's minimum.
        min: Size,
    },
    /// A purchase that takes, for less than a dollar.
    #[error("a purchase that takes at once for {0} dollars is below the venue's minimum of 1 dollar")]
    Marketable(Cash),
    /// A size of which the venue would take less.
    #[error("size {0} has more decimals than the venue takes at this price")]
    Inexact(Size),
    /// A fee schedule whose fees cannot be computed exactly.
    #[error("fees at rate {rate} ppm and exponent {exponent} do not fit; such a schedule is not known")]
    Fee {
        /// Millionths.
        rate: u32,
        /// As the market says.
        exponent: u32,
    },
    /// A number does not fit.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// Amounts of an order with a price and a size. The size is cut to hundredths of a share, the dollars are then exact.
///
/// A purchase that must take at once (FAK, FOK) is in whole cents like a market order, whatever it is called.
pub fn limit(tick: Tick, side: Side, price: Price, size: Size, order_type: OrderType) -> Result<Amounts, AmountError> {
    tick.check(price)?;
    let size = size.floor_to(LOT);
    // Exact: a hundredth of a share times a ten-thousandth of a dollar is a millionth.
    let dollars = price.notional(size, Rounding::Floor)?;
    match side {
        Side::Sell => Amounts::new(size.0, dollars.0),
        Side::Buy if order_type.rests() => Amounts::new(dollars.0, size.0),
        Side::Buy => market_buy(tick, price, dollars),
    }
}

/// Amounts of a purchase for so many dollars at `price` or better. Dollars are cut to cents; shares are what they buy
/// at that price, cut to the decimals of the tick.
///
/// The official clients first round shares up four decimals further and then cut. As a price has at most 9,999 steps,
/// the missing part of a unit is never below 1/9,999 of it, so that rounding up to 1/10,000 never reaches the next
/// unit: the two are the same.
pub fn market_buy(tick: Tick, price: Price, dollars: Cash) -> Result<Amounts, AmountError> {
    tick.check(price)?;
    let dollars = dollars.0.div_euclid(CENT.0).saturating_mul(CENT.0);
    let shares = schemas::money::mul_div(dollars, schemas::money::MICRO, price.0, Rounding::Floor)?;
    Amounts::new(dollars, tick.cut(shares))
}

/// The shares that a purchase which takes at once really names, if it may have at most `size`: the venue counts it in whole
/// cents. No more than `size`.
pub fn taking(tick: Tick, price: Price, size: Size) -> Result<Size, AmountError> {
    let amounts = limit(tick, Side::Buy, price, size, OrderType::Fak)?;
    i64::try_from(amounts.taker).map(Size).map_err(|_| MoneyError::Overflow("shares").into())
}

/// Amounts of an order for exactly these shares; [`taking`] gives sizes for which there are some.
pub fn exact(tick: Tick, side: Side, price: Price, size: Size, order_type: OrderType) -> Result<Amounts, AmountError> {
    let amounts = if side == Side::Buy && !order_type.rests() {
        // Shares are cut to less than what a ten-thousandth of a cent buys: the next whole cent is what they were cut from.
        let dollars = price.notional(size, Rounding::Ceil)?;
        let cents = dollars.0.checked_add(CENT.0 - 1).ok_or(MoneyError::Overflow("dollars"))?.div_euclid(CENT.0);
        market_buy(tick, price, Cash(cents.saturating_mul(CENT.0)))?
    } else {
        limit(tick, side, price, size, order_type)?
    };
    if i64::try_from(amounts.shares(side)) == Ok(size.0) { Ok(amounts) } else { Err(AmountError::Inexact(size)) }
}

/// Amounts of a sale of so many shares at `price` or better.
pub fn market_sell(tick: Tick, price: Price, size: Size) -> Result<Amounts, AmountError> {
    limit(tick, Side::Sell, price, size, OrderType::Fak)
}

/// The venue's minimums. `takes` says that the order trades at once, wholly or in part: it crosses the book, or may not
/// rest.
pub fn check_minimum(amounts: &Amounts, side: Side, min: Size, takes: bool) -> Result<(), AmountError> {
    let signed = |n: u64| i64::try_from(n).map_err(|_| MoneyError::Overflow("minimum"));
    let dollars = Cash(signed(amounts.dollars(side))?);
    if side == Side::Buy && takes && dollars < MARKETABLE_MIN {
        return Err(AmountError::Marketable(dollars));
    }
    let size = Size(signed(amounts.shares(side))?);
    if size < min { Err(AmountError::Size { size, min }) } else { Ok(()) }
}
