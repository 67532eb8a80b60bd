//! What trading at Kalshi would cost: `0.07 x contracts x p (1 - p)`, times the series' multiplier; makers pay a quarter of
//! it, and that only in some series. Source: Kalshi's fee schedule and `fee_type`, `fee_multiplier` of a series.
//!
//! The formula is the log's own [`FeeSchedule`], so no other form is needed. What that does not hold is how the result is
//! rounded: Kalshi charges in 0.0001 dollars and then rounds the balance of most members to the cent, against them. So a
//! fee that is compared with something is taken from here, where it is rounded up to the cent: at most a cent an order too
//! high, never too low.

use polymarket::number;
use schemas::event::FeeSchedule;
use schemas::money::MICRO;
use schemas::{Cash, MoneyError, Price, Rounding, Size};

/// The rate of takers under multiplier 1, in millionths.
const TAKER_PPM: i64 = 70_000;
/// Makers pay this part of it.
const MAKER_PART: u32 = 4;
/// A cent.
const CENT: i64 = 10_000;

/// The fee of a series cannot be expressed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FeeError {
    /// A kind of fee that is no formula of the price, or that is not known here.
    #[error("the fee type '{0}' is not known here")]
    Type(String),
    /// A multiplier that is none.
    #[error("the fee multiplier '{0}' cannot be used")]
    Multiplier(String),
}

/// The schedule of a series, from its `fee_type` and the digits of its `fee_multiplier`.
pub fn schedule(fee_type: &str, multiplier: &str) -> Result<FeeSchedule, FeeError> {
    let taker_only = match fee_type {
        "quadratic" => true,
        "quadratic_with_maker_fees" | "quadratic_with_combo_maker_fees" => false,
        other => return Err(FeeError::Type(other.chars().take(60).collect::<String>().escape_debug().to_string())),
    };
    let unusable = || FeeError::Multiplier(multiplier.chars().take(40).collect::<String>().escape_debug().to_string());
    let multiplier = number::micro(multiplier).map_err(|_| unusable())?;
    // A rate between two millionths is rounded up: never too low.
    let rate = schemas::money::mul_div(TAKER_PPM, multiplier, MICRO, Rounding::Ceil).map_err(|_| unusable())?;
    let rate_ppm = u32::try_from(rate).ok().filter(|r| i64::from(*r) <= MICRO).ok_or_else(unusable)?;
    Ok(FeeSchedule { rate_ppm, exponent: 1, taker_only })
}

/// What an order that takes `size` at `price` costs, rounded up to the cent.
pub fn taker_fee(schedule: FeeSchedule, price: Price, size: Size) -> Result<Cash, MoneyError> {
    schedule.taker_fee(price, size).map(to_cent)
}

/// What an order that rests and is filled costs, rounded up to the cent; nothing where only takers pay.
pub fn maker_fee(schedule: FeeSchedule, price: Price, size: Size) -> Result<Cash, MoneyError> {
    if schedule.taker_only {
        return Ok(Cash::ZERO);
    }
    let quarter = FeeSchedule { rate_ppm: schedule.rate_ppm.div_ceil(MAKER_PART), ..schedule };
    quarter.taker_fee(price, size).map(to_cent)
}

fn to_cent(fee: Cash) -> Cash {
    Cash(fee.0.saturating_add(CENT - 1) / CENT * CENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fee(f: fn(FeeSchedule, Price, Size) -> Result<Cash, MoneyError>, of: FeeSchedule, cents: i64, n: i64) -> i64 {
        f(of, Price(cents * CENT), Size(n * MICRO)).unwrap().0 / CENT
    }

    #[test]
    fn as_the_fee_table_has_it() {
        // Kalshi's published table for takers: 100 contracts at 50, 10, 1 and 99 cents; and one contract.
        let general = schedule("quadratic", "1").unwrap();
        for (cents, n, expected) in [(50, 100, 175), (10, 100, 63), (1, 100, 7), (99, 100, 7), (50, 1, 2), (1, 1, 1)] {
            assert_eq!(fee(taker_fee, general, cents, n), expected, "{n} at {cents}");
        }
        assert_eq!(fee(maker_fee, general, 50, 100), 0);
        let with_makers = schedule("quadratic_with_maker_fees", "1").unwrap();
        assert_eq!((fee(taker_fee, with_makers, 50, 100), fee(maker_fee, with_makers, 50, 100)), (175, 44));
        let half = schedule("quadratic", "0.5").unwrap();
        assert_eq!((half.rate_ppm, fee(taker_fee, half, 50, 100)), (35_000, 88));
    }

    #[test]
    fn what_is_not_known_is_refused() {
        assert!(matches!(schedule("flat", "1"), Err(FeeError::Type(_))));
        for bad in ["", "-1", "x", "1e30", "20", "0.00000001"] {
            assert!(matches!(schedule("quadratic", bad), Err(FeeError::Multiplier(_))), "{bad}");
        }
        assert!(!schedule("a\u{7}", "1").unwrap_err().to_string().contains('\u{7}'));
    }
}
