//! Fees (section 9 of the protocol notes): what the venue takes at the match, from takers alone.

use super::AmountError;
use schemas::{Cash, Price, Rounding, Size, money::MICRO};

/// Fees are charged in hundred-thousandths of a dollar.
pub const FEE_UNIT: Cash = Cash(10);

/// A market's fee schedule, as `clob-markets` (`fd`) and Gamma (`feeSchedule`) give it. Never hard-coded: it differs by
/// category and over time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FeeSchedule {
    /// Millionths.
    pub rate_ppm: u32,
    /// Of `p (1 - p)`; 1 in all current schedules.
    pub exponent: u32,
    /// Whether makers are free.
    pub taker_only: bool,
}

impl FeeSchedule {
    /// No fees.
    pub const FREE: Self = Self { rate_ppm: 0, exponent: 0, taker_only: true };

    pub(super) fn unfit(&self) -> AmountError {
        AmountError::Fee { rate: self.rate_ppm, exponent: self.exponent }
    }

    /// `rate x (p (1 - p))^exponent`: dollars of fee for a share, as an exact fraction.
    pub(super) fn per_share(&self, price: Price) -> Option<Fraction> {
        let p = u128::try_from(price.0).ok()?;
        let micro = MICRO as u128;
        let base = Fraction::new(p.checked_mul(micro.checked_sub(p)?)?, micro * micro);
        let mut out = Fraction::new(u128::from(self.rate_ppm), micro);
        // Beyond this no schedule is known, and numbers would not fit anyway.
        if self.exponent > 8 {
            return None;
        }
        for _ in 0..self.exponent {
            out = out.times(base)?;
        }
        Some(out)
    }

    /// The fee for a dollar spent at `price`.
    pub(super) fn per_dollar(&self, price: Price) -> Option<Fraction> {
        let share = Fraction::new(u128::try_from(price.0).ok()?, MICRO as u128);
        self.per_share(price)?.times(share.inverse()?)
    }
}

/// The fee for taking `size` shares at `price`: `shares x rate x (p (1 - p))^exponent`, in units of [`FEE_UNIT`].
///
/// The venue's own rounding is not settled (the sources say floor now, round before): take [`Rounding::Ceil`] for what
/// must be covered, [`Rounding::Floor`] for what is booked until the venue says.
pub fn fee(size: Size, price: Price, schedule: &FeeSchedule, rounding: Rounding) -> Result<Cash, AmountError> {
    let shares = u128::try_from(size.0).map_err(|_| AmountError::Nothing)?;
    let exact = schedule.per_share(price).and_then(|rate| rate.times(Fraction::new(shares, 1)));
    let units = exact.and_then(|fee| fee.times(Fraction::new(1, FEE_UNIT.0 as u128)));
    let units = units.and_then(|units| units.round(rounding)).ok_or_else(|| schedule.unfit())?;
    units.checked_mul(FEE_UNIT.0).map(Cash).ok_or_else(|| schedule.unfit())
}

/// The fee for taking shares for `dollars` at `price`: as many as they buy, fractions of a millionth too. In
/// millionths.
pub fn fee_on_dollars(
    dollars: Cash,
    price: Price,
    schedule: &FeeSchedule,
    rounding: Rounding,
) -> Result<Cash, AmountError> {
    let exact = schedule.per_dollar(price).zip(u128::try_from(dollars.0).ok());
    let exact = exact.and_then(|(rate, dollars)| rate.times(Fraction::new(dollars, 1)));
    exact.and_then(|fee| fee.round(rounding)).map(Cash).ok_or_else(|| schedule.unfit())
}

/// A fraction from 0 up, in lowest terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fraction {
    n: u128,
    d: u128,
}

impl Fraction {
    /// `n / d`; `d` is above zero.
    pub(super) fn new(n: u128, d: u128) -> Self {
        let common = gcd(n, d).max(1);
        Self { n: n / common, d: d / common }
    }

    pub(super) fn times(self, other: Self) -> Option<Self> {
        let (a, b) = (Self::new(self.n, other.d), Self::new(other.n, self.d));
        Some(Self { n: a.n.checked_mul(b.n)?, d: a.d.checked_mul(b.d)? })
    }

    pub(super) fn plus(self, other: Self) -> Option<Self> {
        let common = gcd(self.d, other.d).max(1);
        let (left, right) = (other.d / common, self.d / common);
        let n = self.n.checked_mul(left)?.checked_add(other.n.checked_mul(right)?)?;
        Some(Self::new(n, self.d.checked_mul(left)?))
    }

    /// One over this. `None` for zero.
    pub(super) fn inverse(self) -> Option<Self> {
        (self.n > 0).then_some(Self { n: self.d, d: self.n })
    }

    pub(super) fn round(self, rounding: Rounding) -> Option<i64> {
        let (q, r) = (self.n / self.d, self.n % self.d);
        let up = match rounding {
            Rounding::Floor => false,
            Rounding::Ceil => r > 0,
            Rounding::HalfEven => r > self.d - r || (r == self.d - r && q % 2 == 1),
        };
        i64::try_from(q.checked_add(u128::from(up))?).ok()
    }
}

fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        let crypto = FeeSchedule { rate_ppm: 70_000, exponent: 1, taker_only: true };
        // 100 shares at 0.50: 100 x 0.07 x 0.25.
        assert_eq!(fee(Size(100_000_000), Price(500_000), &crypto, Rounding::Floor).unwrap(), Cash(1_750_000));
        // 1 share at 0.01: 0.07 x 0.0099 = 0.000693, between two units.
        let one = |rounding| fee(Size(1_000_000), Price(10_000), &crypto, rounding).unwrap();
        assert_eq!((one(Rounding::Floor), one(Rounding::Ceil)), (Cash(690), Cash(700)));
        assert_eq!(one(Rounding::HalfEven), Cash(690));
        assert_eq!(fee(Size(1_000_000), Price(10_000), &FeeSchedule::FREE, Rounding::Ceil).unwrap(), Cash(0));
        let old = FeeSchedule { rate_ppm: 250_000, exponent: 2, taker_only: true };
        assert_eq!(
            fee(Size(10_000_000_000_000), Price(500_000), &old, Rounding::Floor).unwrap(),
            Cash(156_250_000_000)
        );
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let odd = FeeSchedule { rate_ppm: 70_001, exponent: 9, taker_only: true };
        assert!(matches!(fee(Size(1), Price(1), &odd, Rounding::Floor), Err(AmountError::Fee { .. })));
        assert!(fee(Size(-1), Price(1), &odd, Rounding::Floor).is_err());
        assert!(fee(Size(i64::MAX), Price(499_999), &FeeSchedule { exponent: 8, ..odd }, Rounding::Floor).is_err());
    }
}
