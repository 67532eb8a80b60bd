//! Purchases for a budget that must cover the fees too.

use super::fee::Fraction;
use super::{AmountError, Amounts, CENT, FEE_UNIT, FeeSchedule, Tick, fee, market_buy};
use schemas::{Cash, Price, Rounding, Size, money::MICRO};

/// How the official clients make room for fees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Formula {
    /// The unified SDK: the budget divided by one and the fee of a dollar. Uses the budget up.
    Divide,
    /// py-clob-client-v2 from 1.2: the fee of the whole amount is taken off the budget. Leaves some.
    Subtract,
}

/// The dollars to spend on shares so that they and their fees fit `budget`: `amount` if it does, else less. Cut to a
/// millionth. `builder_ppm` is the builder's fee on the dollars, in millionths.
pub fn shrink(
    formula: Formula,
    amount: Cash,
    budget: Cash,
    price: Price,
    schedule: &FeeSchedule,
    builder_ppm: u32,
) -> Result<Cash, AmountError> {
    let whole = |cash: Cash| u128::try_from(cash.0).map(|n| Fraction::new(n, 1)).map_err(|_| AmountError::Nothing);
    let (dollars, limit) = (whole(amount)?, whole(budget)?);
    let shrunk = || {
        let rate = schedule.per_dollar(price)?.plus(Fraction::new(u128::from(builder_ppm), MICRO as u128))?;
        let one_and_rate = rate.plus(Fraction::new(1, 1))?;
        if dollars.times(one_and_rate)?.round(Rounding::Ceil)? <= budget.0 {
            return Some(amount);
        }
        match formula {
            Formula::Divide => limit.times(one_and_rate.inverse()?)?.round(Rounding::Floor).map(Cash),
            Formula::Subtract => {
                let fees = dollars.times(rate)?.round(Rounding::Ceil)?;
                Some(Cash(budget.0.checked_sub(fees)?.clamp(0, amount.0)))
            }
        }
    };
    shrunk().ok_or_else(|| schedule.unfit())
}

/// The price in `[best, limit]` at which a dollar costs the highest fee. A purchase that fills below its limit gets
/// more shares, and pays more fees, than the limit says: with exponent 1 a dollar costs `rate x (1 - p)`.
pub fn worst_fee_price(best: Price, limit: Price, schedule: &FeeSchedule) -> Price {
    let e = i64::from(schedule.exponent);
    // p^(e-1) (1-p)^e is largest at (e-1) / (2e-1).
    let peak = if e == 0 { 0 } else { (e - 1) * MICRO / (2 * e - 1) };
    Price(peak.clamp(best.0.min(limit.0), limit.0))
}

/// A purchase that takes at `limit` or better and, with all fees, costs at most `budget` wherever between `best` and
/// `limit` it fills. `best` is the lowest price it may meet: the best ask, or the tick for a bound that nothing breaks.
pub fn buy_within(
    tick: Tick,
    best: Price,
    limit: Price,
    budget: Cash,
    schedule: &FeeSchedule,
    builder_ppm: u32,
) -> Result<Amounts, AmountError> {
    let dear = worst_fee_price(best, limit, schedule);
    let spend = shrink(Formula::Divide, budget, budget, dear, schedule, builder_ppm)?;
    let mut dollars = Cash(spend.0 / CENT.0 * CENT.0);
    // Rounding fees up to their unit can still be above the budget; a cent less is then enough.
    while dollars.is_positive() && total(dollars, dear, schedule, builder_ppm)? > budget {
        dollars = dollars.minus(CENT)?;
    }
    market_buy(tick, limit, dollars)
}

/// Dollars and their fees, each fee rounded up.
fn total(dollars: Cash, price: Price, schedule: &FeeSchedule, builder_ppm: u32) -> Result<Cash, AmountError> {
    let shares = Size(schemas::money::mul_div(dollars.0, MICRO, price.0, Rounding::Ceil)?);
    let platform = fee(shares, price, schedule, Rounding::Ceil)?;
    let builder = dollars.part(i64::from(builder_ppm), MICRO * FEE_UNIT.0, Rounding::Ceil)?;
    Ok(dollars.plus(platform)?.plus(builder.part(FEE_UNIT.0, 1, Rounding::Ceil)?)?)
}
