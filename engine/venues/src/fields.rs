//! Values as venues other than Polymarket write them in JSON: amounts as text or as numbers, both read from their very
//! digits; null and empty text for nothing. A float never sees them.

use polymarket::number::{self, NumberError};
pub(crate) use polymarket::wire::rest::read;
use polymarket::wire::{Problem, WireError, scalar};
use schemas::{Price, Prob, Size, UtcNanos};
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// Entries of a list. With one that could not be used comes its JSON.
pub type Entries<'a, T> = Vec<Result<T, (WireError, &'a str)>>;

/// Reads the entries of a list, each for itself, so that a bad one does not hide the others.
pub(crate) fn each<'a, T: Deserialize<'a>>(raw: &[&'a RawValue]) -> Entries<'a, T> {
    raw.iter().map(|entry| read(entry.get()).map_err(|e| (e, entry.get()))).collect()
}

/// A price from 0 to 1.
pub(crate) fn to_price(text: &str) -> Result<Price, Problem> {
    let price = Price(number::micro(text)?);
    if price <= Price::ONE { Ok(price) } else { Err(Problem::Range) }
}

/// A price at which something can rest: above nothing and below a dollar.
fn to_level_price(text: &str) -> Result<Price, Problem> {
    to_price(text).and_then(|p| if p.is_positive() && p < Price::ONE { Ok(p) } else { Err(Problem::Range) })
}

fn to_size(text: &str) -> Result<Size, Problem> {
    Ok(Size(number::micro(text)?))
}

/// A size that may be negative.
fn to_change(text: &str) -> Result<Size, Problem> {
    match text.strip_prefix('-') {
        Some(rest) => Ok(Size(-number::micro(rest)?)),
        None => to_size(text),
    }
}

/// A probability, to the nearest millionth: venues write a binary float in up to seventeen digits, of which the sixth is
/// further than anyone means.
fn to_prob(text: &str) -> Result<Prob, Problem> {
    // A millionth more of digits than are kept decides the rounding.
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent: i32 = exponent.parse().map_err(|_| Problem::Number(NumberError::Malformed))?;
    let tenths = number::micro_floor(&format!("{mantissa}e{}", exponent.saturating_add(1).clamp(-9_999, 9_999)))?;
    let ppm = tenths.saturating_add(5) / 10;
    Prob::from_ppm(ppm).ok_or(Problem::Range)
}

/// RFC 3339. The year 1 is how Go writes "no time".
fn to_time(text: &str) -> Result<UtcNanos, Problem> {
    if text.starts_with("0001-01-01T") {
        return Ok(UtcNanos::ZERO);
    }
    text.parse().map_err(|_| Problem::Type)
}

fn to_millis(text: &str) -> Result<UtcNanos, Problem> {
    let number: i64 = text.parse().map_err(|_| Problem::Type)?;
    UtcNanos::from_millis(number).filter(|t| *t >= UtcNanos::ZERO).ok_or(Problem::Range)
}

/// Seconds as a number, or RFC 3339.
fn to_moment(text: &str) -> Result<UtcNanos, Problem> {
    match text.parse::<i64>() {
        Ok(number) => UtcNanos::from_secs(number).filter(|t| *t >= UtcNanos::ZERO).ok_or(Problem::Range),
        Err(_) => to_time(text),
    }
}

macro_rules! fields {
    ($($(#[$doc:meta])* $name:ident, $maybe:ident: $type:ty = $read:expr;)*) => {$(
        $(#[$doc])*
        #[allow(dead_code, reason = "each kind of value has both forms")]
        pub(crate) fn $name<'de, D: Deserializer<'de>>(d: D) -> Result<$type, D::Error> {
            let text = scalar(d)?.ok_or_else(|| D::Error::custom("expected a value"))?;
            $read(&text).map_err(D::Error::custom)
        }

        $(#[$doc])*
        #[allow(dead_code, reason = "each kind of value has both forms")]
        pub(crate) fn $maybe<'de, D: Deserializer<'de>>(d: D) -> Result<Option<$type>, D::Error> {
            scalar(d)?.map(|text| $read(&text).map_err(D::Error::custom)).transpose()
        }
    )*};
}

fields! {
    /// A price from 0 to 1.
    price, maybe_price: Price = to_price;
    /// A price at which something can rest.
    level_price, maybe_level_price: Price = to_level_price;
    /// A size.
    size, maybe_size: Size = to_size;
    /// A size that is added, or taken away.
    change, maybe_change: Size = to_change;
    /// A probability.
    prob, maybe_prob: Prob = to_prob;
    /// A moment in RFC 3339.
    time, maybe_time: UtcNanos = to_time;
    /// A moment in milliseconds.
    millis, maybe_millis: UtcNanos = to_millis;
    /// A moment in seconds or in RFC 3339.
    moment, maybe_moment: UtcNanos = to_moment;
}

/// A text; null is an empty one. Numbers are none.
pub(crate) fn text<'de, D: Deserializer<'de>>(d: D) -> Result<String, D::Error> {
    Ok(Option::<String>::deserialize(d)?.unwrap_or_default())
}

/// A name that must be there: at most 200 characters, none of them a control character.
pub(crate) fn name<'de, D: Deserializer<'de>>(d: D) -> Result<String, D::Error> {
    let text = String::deserialize(d)?;
    let good = !text.is_empty() && text.chars().count() <= 200 && !text.chars().any(char::is_control);
    if good { Ok(text) } else { Err(D::Error::custom(Problem::Id)) }
}

/// Null is no.
pub(crate) fn flag<'de, D: Deserializer<'de>>(d: D) -> Result<bool, D::Error> {
    Ok(Option::<bool>::deserialize(d)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_are_rounded_from_their_digits() {
        let good = [
            ("0.9899999999999999", 990_000),
            ("0.0480391000210468", 48_039),
            ("0.0000005", 1),
            ("0.00000049", 0),
            ("5e-7", 1),
            ("4.9E-7", 0),
            ("0.1234565", 123_457),
            ("1", 1_000_000),
            ("0", 0),
            ("1e0", 1_000_000),
            ("0.99999999", 1_000_000),
        ];
        for (text, ppm) in good {
            assert_eq!(to_prob(text), Ok(Prob(ppm)), "{text}");
        }
        for bad in ["1.000001", "2", "-0.1", "", "x", "1e", "1e99999999999", "1e400", "0.5.5", "NaN"] {
            assert!(to_prob(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn changes_have_a_sign() {
        assert_eq!(to_change("-54.00"), Ok(Size(-54_000_000)));
        assert_eq!(to_change("0.01"), Ok(Size(10_000)));
        assert!(to_change("--1").is_err() && to_change("-").is_err() && to_change("1.0000001").is_err());
    }

    #[test]
    fn times_in_every_form() {
        assert_eq!(to_moment("1707667200").unwrap().to_string(), "2024-02-11T16:00:00Z");
        assert_eq!(to_moment("2026-02-14T15:30:00Z").unwrap().to_string(), "2026-02-14T15:30:00Z");
        assert_eq!(to_time("0001-01-01T00:00:00Z"), Ok(UtcNanos::ZERO));
        assert!(to_moment("-1").is_err() && to_millis("-1").is_err() && to_time("yesterday").is_err());
    }
}
