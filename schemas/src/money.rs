//! Exact money: integers in the chain's own units, every rounding named, every overflow checked.
//!
//! One dollar is 1,000,000 micro-dollars and one share 1,000,000 micro-shares, as pUSD and the outcome tokens count
//! them. `Decimal` appears only where people or venues write numbers; converting is exact or refused.

use rust_decimal::Decimal;
use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// Units in one dollar, one share, and the whole of a probability.
pub const MICRO: i64 = 1_000_000;

/// Why an amount could not be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// A result does not fit; the inputs are absurd or damaged.
    #[error("amount overflow in {0}")]
    Overflow(&'static str),
    /// A text is not a decimal number.
    #[error("'{0}' is not a decimal number")]
    NotANumber(String),
    /// A number has digits beyond the sixth decimal; rounding it silently would change money.
    #[error("'{0}' has more than 6 decimals; amounts are kept in millionths")]
    TooFine(String),
    /// A probability outside 0 to 1.
    #[error("'{0}' is not between 0 and 1")]
    OutOfRange(String),
}

/// How a product that falls between two units is settled. The name says who bears the difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// Toward minus infinity: what we receive.
    Floor,
    /// Toward plus infinity: what we pay.
    Ceil,
    /// To the nearest, ties to the even unit: statistics, never settlement.
    HalfEven,
}

/// `a * b / d` over 128 bits, rounded as named. `d` must be positive.
#[inline]
pub fn mul_div(a: i64, b: i64, d: i64, rounding: Rounding) -> Result<i64, MoneyError> {
    if d <= 0 {
        return Err(MoneyError::Overflow("division"));
    }
    // Nearly every product fits 64 bits, and dividing those takes a tenth of the time.
    if let Some(n) = a.checked_mul(b) {
        let (q, r) = (n.div_euclid(d), n.rem_euclid(d));
        // With d = 1 nothing is left over; otherwise the quotient is far from the largest number.
        return Ok(q + i64::from(rounds_up(rounding, r.cmp(&(d - r)), r > 0, q & 1 == 1)));
    }
    let (n, d) = (i128::from(a) * i128::from(b), i128::from(d));
    let (q, r) = (n.div_euclid(d), n.rem_euclid(d));
    let q = q + i128::from(rounds_up(rounding, r.cmp(&(d - r)), r > 0, q & 1 == 1));
    i64::try_from(q).map_err(|_| MoneyError::Overflow("product"))
}

/// Whether a quotient goes up to the next unit, by how its remainder compares with what is missing to that unit.
fn rounds_up(rounding: Rounding, to_next: Ordering, inexact: bool, odd: bool) -> bool {
    match rounding {
        Rounding::Floor => false,
        Rounding::Ceil => inexact,
        Rounding::HalfEven => to_next == Ordering::Greater || (to_next == Ordering::Equal && odd),
    }
}

fn parse_micro(text: &str) -> Result<i64, MoneyError> {
    let d = Decimal::from_str_exact(text.trim()).map_err(|_| MoneyError::NotANumber(text.to_owned()))?;
    micro_of(d).map_err(|e| match e {
        MoneyError::TooFine(_) => MoneyError::TooFine(text.to_owned()),
        other => other,
    })
}

fn micro_of(d: Decimal) -> Result<i64, MoneyError> {
    let scaled = d.checked_mul(Decimal::from(MICRO)).ok_or(MoneyError::Overflow("conversion"))?;
    if !scaled.fract().is_zero() {
        return Err(MoneyError::TooFine(d.to_string()));
    }
    i64::try_from(scaled).map_err(|_| MoneyError::Overflow("conversion"))
}

fn show_micro(v: i64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let amount = Decimal::new(v, 6).abs();
    let text = match f.precision() {
        Some(places) => format!("{:.places$}", amount.round_dp(u32::try_from(places).unwrap_or(6))),
        None => amount.normalize().to_string(),
    };
    f.pad_integral(v >= 0, "", &text)
}

/// Reads a decimal written as text or as a whole number; a binary float would already have lost digits.
struct DecimalText;

impl serde::de::Visitor<'_> for DecimalText {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a decimal number as text, or a whole number")
    }

    fn visit_str<E>(self, v: &str) -> Result<String, E> {
        Ok(v.to_owned())
    }

    fn visit_i64<E>(self, v: i64) -> Result<String, E> {
        Ok(v.to_string())
    }

    fn visit_u64<E>(self, v: u64) -> Result<String, E> {
        Ok(v.to_string())
    }
}

macro_rules! micro_amount {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[derive(rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
        pub struct $name(pub i64);

        impl $name {
            /// None of it.
            pub const ZERO: Self = Self(0);

            /// The sum, or an error when it does not fit.
            #[inline]
            pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
                self.0.checked_add(other.0).map(Self).ok_or(MoneyError::Overflow("sum"))
            }

            /// The difference, or an error when it does not fit.
            #[inline]
            pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
                self.0.checked_sub(other.0).map(Self).ok_or(MoneyError::Overflow("difference"))
            }

            /// Exactly this decimal, or an error if it has more than six decimals or does not fit.
            pub fn from_decimal(d: Decimal) -> Result<Self, MoneyError> {
                micro_of(d).map(Self)
            }

            /// The same amount as a decimal, for edges that speak decimal.
            pub fn to_decimal(self) -> Decimal {
                Decimal::new(self.0, 6).normalize()
            }

            /// More than nothing.
            #[inline]
            pub fn is_positive(self) -> bool {
                self.0 > 0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                show_micro(self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = MoneyError;

            fn from_str(text: &str) -> Result<Self, MoneyError> {
                parse_micro(text).map(Self)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                if s.is_human_readable() { s.collect_str(self) } else { s.serialize_i64(self.0) }
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                if d.is_human_readable() {
                    d.deserialize_any(DecimalText)?.parse().map_err(serde::de::Error::custom)
                } else {
                    i64::deserialize(d).map(Self)
                }
            }
        }
    };
}

micro_amount! {
    /// Micro-dollars for one share. On a prediction market 0 to 1,000,000; recordings of other venues go higher.
    Price
}
micro_amount! {
    /// Micro-shares. Never negative in an event.
    Size
}
micro_amount! {
    /// Micro-dollars of cash, profit or fee. Negative means owed or lost.
    Cash
}

impl Price {
    /// One dollar: what a winning share pays.
    pub const ONE: Self = Self(MICRO);

    /// What the complementary outcome costs at the same moment: one dollar less this price.
    #[inline]
    pub fn complement(self) -> Self {
        Self(MICRO.saturating_sub(self.0))
    }

    /// Dollars for `size` shares at this price.
    #[inline]
    pub fn notional(self, size: Size, rounding: Rounding) -> Result<Cash, MoneyError> {
        mul_div(self.0, size.0, MICRO, rounding).map(Cash)
    }

    /// Whether it is a multiple of `tick` and lies in [tick, 1 - tick], as venues demand of an order.
    pub fn on_grid(self, tick: Price) -> bool {
        tick.0 > 0 && self.0 % tick.0 == 0 && self.0 >= tick.0 && self.0 <= MICRO - tick.0
    }

    /// The largest multiple of `tick` that is not above this price; sticks at the smallest representable.
    pub fn floor_to(self, tick: Price) -> Self {
        if tick.0 <= 0 { self } else { Self(self.0.div_euclid(tick.0).saturating_mul(tick.0)) }
    }

    /// The smallest multiple of `tick` that is not below this price; sticks at the largest representable.
    pub fn ceil_to(self, tick: Price) -> Self {
        if tick.0 <= 0 {
            return self;
        }
        let down = self.floor_to(tick);
        if down == self { self } else { Self(down.0.saturating_add(tick.0)) }
    }
}

impl Size {
    /// The largest multiple of `lot` that is not above this size; sticks at the smallest representable.
    pub fn floor_to(self, lot: Size) -> Self {
        if lot.0 <= 0 { self } else { Self(self.0.div_euclid(lot.0).saturating_mul(lot.0)) }
    }

    /// Less `other`, but never below zero.
    #[inline]
    pub fn less(self, other: Size) -> Size {
        Size((self.0.saturating_sub(other.0)).max(0))
    }
}

impl Cash {
    /// The part `num / den` of this amount.
    pub fn part(self, num: i64, den: i64, rounding: Rounding) -> Result<Self, MoneyError> {
        mul_div(self.0, num, den, rounding).map(Self)
    }

    /// How many shares this buys at `price`, rounded down.
    pub fn shares_at(self, price: Price) -> Result<Size, MoneyError> {
        mul_div(self.0, MICRO, price.0, Rounding::Floor).map(Size)
    }
}

/// A probability in millionths, 0 to 1,000,000. The same scale as [`Price`], so the two compare directly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[derive(rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub struct Prob(pub u32);

impl Prob {
    /// Certain.
    pub const ONE: Self = Self(MICRO as u32);
    /// Even odds.
    pub const HALF: Self = Self(MICRO as u32 / 2);

    /// From millionths; `None` above one.
    pub fn from_ppm(ppm: i64) -> Option<Self> {
        u32::try_from(ppm).ok().filter(|p| *p <= Self::ONE.0).map(Self)
    }

    /// The price a fair bettor would pay for a share of this chance.
    pub fn as_price(self) -> Price {
        Price(i64::from(self.0))
    }

    /// The chance of the opposite.
    #[inline]
    pub fn complement(self) -> Self {
        Self(Self::ONE.0.saturating_sub(self.0))
    }

    /// Clamped to `[low, 1 - low]`.
    pub fn clamped(self, low: u32) -> Self {
        let low = low.min(Self::HALF.0);
        Self(self.0.clamp(low, Self::ONE.0 - low))
    }
}

impl fmt::Display for Prob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show_micro(i64::from(self.0), f)
    }
}

impl FromStr for Prob {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        Self::from_ppm(parse_micro(text)?).ok_or_else(|| MoneyError::OutOfRange(text.to_owned()))
    }
}

impl serde::Serialize for Prob {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if s.is_human_readable() { s.collect_str(self) } else { s.serialize_u32(self.0) }
    }
}

impl<'de> serde::Deserialize<'de> for Prob {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        if d.is_human_readable() {
            d.deserialize_any(DecimalText)?.parse().map_err(serde::de::Error::custom)
        } else {
            u32::deserialize(d).map(Self)
        }
    }
}

/// Which way a trade goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Buyer; as a book side, the bids.
    Buy,
    /// Seller; as a book side, the asks.
    Sell,
}

impl Side {
    /// The other side.
    #[inline]
    pub fn other(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Buy => "BUY",
            Self::Sell => "SELL",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Products of 64 and of 128 bits must round alike: what this says in words, computed over 128 bits.
    #[test]
    fn both_widths_round_alike() {
        let numbers = [0, 1, 2, 3, 7, 10, 999_999, 1_000_000, 1_000_001, 3_037_000_500, i64::MAX / 3, i64::MAX];
        let signed = || numbers.into_iter().flat_map(|n| [n, -n]).chain([i64::MIN]);
        for (a, b) in signed().flat_map(|a| signed().map(move |b| (a, b))) {
            for d in numbers.into_iter().filter(|d| *d > 0) {
                let (n, wide) = (i128::from(a) * i128::from(b), i128::from(d));
                let floor = n.div_euclid(wide);
                let rest = n - floor * wide;
                let nearest = match (2 * rest).cmp(&wide) {
                    Ordering::Less => floor,
                    Ordering::Equal => floor + floor.rem_euclid(2),
                    Ordering::Greater => floor + 1,
                };
                let expected = [
                    (Rounding::Floor, floor),
                    (Rounding::Ceil, floor + i128::from(rest > 0)),
                    (Rounding::HalfEven, nearest),
                ];
                for (rounding, exact) in expected {
                    let exact = i64::try_from(exact).map_err(|_| MoneyError::Overflow("product"));
                    assert_eq!(mul_div(a, b, d, rounding), exact, "{a} * {b} / {d} {rounding:?}");
                }
            }
        }
    }

    #[test]
    fn parsing_is_exact_or_refused() {
        assert_eq!("0.39".parse::<Price>().unwrap(), Price(390_000));
        assert_eq!("198942.24".parse::<Size>().unwrap(), Size(198_942_240_000));
        assert!(matches!("0.0000001".parse::<Price>(), Err(MoneyError::TooFine(_))));
        assert!(matches!("NaN".parse::<Price>(), Err(MoneyError::NotANumber(_))));
        assert!(matches!("".parse::<Size>(), Err(MoneyError::NotANumber(_))));
        assert!(matches!("99999999999999999".parse::<Cash>(), Err(MoneyError::Overflow(_))));
        assert!(matches!("1.1".parse::<Prob>(), Err(MoneyError::OutOfRange(_))));
    }

    #[test]
    fn shows_plainly() {
        assert_eq!(Cash(-1_500_000).to_string(), "-1.5");
        assert_eq!(format!("{:.2}", Cash(1_234_567)), "1.23");
        assert_eq!(format!("{:+.2} {:+.2}", Cash(-1_234_567), Cash(5_000)), "-1.23 +0.00");
        assert_eq!(Price(0).to_string(), "0");
    }

    #[test]
    fn grid_rules() {
        let tick = Price(10_000);
        assert!(Price(10_000).on_grid(tick) && Price(990_000).on_grid(tick));
        assert!(!Price(0).on_grid(tick) && !Price(1_000_000).on_grid(tick) && !Price(15_000).on_grid(tick));
        assert_eq!(Price(15_000).floor_to(tick), Price(10_000));
        assert_eq!(Price(15_000).ceil_to(tick), Price(20_000));
        assert_eq!(Price(20_000).ceil_to(tick), Price(20_000));
    }
}
