//! Values as the venue writes them: numbers as text or as numbers, empty text for nothing, times in seconds or
//! milliseconds.

use super::error::Problem;
use crate::hex::from_hex_exact;
use crate::number;
use crate::token;
use schemas::{Bytes32, Price, Side, Size, UtcNanos};
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A condition id: 32 bytes in hex, or the 31 of Protocol V2, which are put at the left as the ABI does.
pub fn condition(text: &str) -> Option<Bytes32> {
    if let Some(bytes) = from_hex_exact::<32>(text) {
        return Some(Bytes32(bytes));
    }
    let short = from_hex_exact::<31>(text)?;
    let mut out = [0; 32];
    out[..31].copy_from_slice(&short);
    Some(Bytes32(out))
}

/// A token id, in decimal or, with `0x`, in hex.
pub(crate) fn token_id(text: &str) -> Option<Bytes32> {
    if text.starts_with("0x") { from_hex_exact::<32>(text).map(Bytes32) } else { token::from_decimal(text) }
}

/// A moment: seconds, or milliseconds if above 10^12.
pub(crate) fn time(text: &str) -> Result<UtcNanos, Problem> {
    let number: i64 = text.parse().map_err(|_| Problem::Type)?;
    if number < 0 {
        return Err(Problem::Range);
    }
    let time = if number > 1_000_000_000_000 { UtcNanos::from_millis(number) } else { UtcNanos::from_secs(number) };
    time.ok_or(Problem::Range)
}

/// A price of a level: above nothing and below a dollar.
pub(crate) fn level_price(text: &str) -> Result<Price, Problem> {
    level_price_of(number::micro(text)?)
}

/// The same from millionths.
pub(crate) fn level_price_of(micro: i64) -> Result<Price, Problem> {
    let price = Price(micro);
    if price.is_positive() && price < Price::ONE { Ok(price) } else { Err(Problem::Range) }
}

/// A price from nothing to a dollar.
pub(crate) fn price(text: &str) -> Result<Price, Problem> {
    price_of(number::micro(text)?)
}

/// The same from millionths.
pub(crate) fn price_of(micro: i64) -> Result<Price, Problem> {
    let price = Price(micro);
    if price <= Price::ONE { Ok(price) } else { Err(Problem::Range) }
}

/// A size.
pub(crate) fn size(text: &str) -> Result<Size, Problem> {
    Ok(Size(number::micro(text)?))
}

/// A short text that is handed on as it stands; nothing in it may need unescaping.
pub(crate) fn opaque(text: &str) -> Result<&str, Problem> {
    if text.contains('\\') || text.len() > 128 { Err(Problem::Word) } else { Ok(text) }
}

/// Which side.
pub(crate) fn side(text: &str) -> Result<Side, Problem> {
    match text {
        "BUY" | "buy" => Ok(Side::Buy),
        "SELL" | "sell" => Ok(Side::Sell),
        _ => Err(Problem::Word),
    }
}

/// A number for people and filters, in millionths; what lies beyond is cut off. Never money.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Statistic(pub i64);

impl<'de> Deserialize<'de> for Statistic {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = scalar(d)?.unwrap_or(Cow::Borrowed("0"));
        number::micro_signed(&text).map(Self).map_err(D::Error::custom)
    }
}

/// The very text of a number or string, for amounts that must not pass through a float; `None` for null and empty text.
pub fn scalar<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Cow<'de, str>>, D::Error> {
    let raw = <&RawValue>::deserialize(d)?.get();
    match raw.as_bytes().first() {
        Some(b'"') => {
            let text: Cow<'de, str> = if raw.contains('\\') {
                Cow::Owned(serde_json::from_str(raw).map_err(D::Error::custom)?)
            } else {
                Cow::Borrowed(raw.get(1..raw.len().saturating_sub(1)).unwrap_or_default())
            };
            Ok((!text.is_empty()).then_some(text))
        }
        Some(b'-' | b'0'..=b'9') => Ok(Some(Cow::Borrowed(raw))),
        Some(b'n') => Ok(None),
        _ => Err(D::Error::custom("expected a number or text")),
    }
}

/// Fields that are read from their text: some must be there, in others null and empty text are nothing.
macro_rules! fields {
    ($($(#[$doc:meta])* $name:ident: $type:ty = $read:expr;)*) => {$(
        $(#[$doc])*
        pub(crate) mod $name {
            use super::*;

            pub(crate) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<$type, D::Error> {
                let text = scalar(d)?.ok_or_else(|| D::Error::custom("expected a value"))?;
                $read(&text).map_err(D::Error::custom)
            }
        }
    )*};
}

macro_rules! optional_fields {
    ($($(#[$doc:meta])* $name:ident: $type:ty = $read:expr;)*) => {$(
        $(#[$doc])*
        pub(crate) mod $name {
            use super::*;

            pub(crate) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<$type>, D::Error> {
                scalar(d)?.map(|text| $read(&text).map_err(D::Error::custom)).transpose()
            }
        }
    )*};
}

fn condition_id(text: &str) -> Result<Bytes32, Problem> {
    condition(text).ok_or(Problem::Id)
}

fn hash(text: &str) -> Result<Bytes32, Problem> {
    from_hex_exact::<32>(text).map(Bytes32).ok_or(Problem::Id)
}

fn id(text: &str) -> Result<Bytes32, Problem> {
    token_id(text).ok_or(Problem::Id)
}

fn address(text: &str) -> Result<crate::Address, Problem> {
    text.parse().map_err(|_| Problem::Id)
}

fn count(text: &str) -> Result<u64, Problem> {
    text.parse().map_err(|_| Problem::Type)
}

fn any_text(text: &str) -> Result<String, Problem> {
    Ok(text.to_owned())
}

fields! {
    /// A price from 0 to 1.
    a_price: Price = price;
    /// A size.
    a_size: Size = size;
    /// A side.
    a_side: Side = side;
    /// A condition id.
    a_condition: Bytes32 = condition_id;
    /// An order's id.
    a_hash: Bytes32 = hash;
    /// A token's id.
    a_token: Bytes32 = id;
    /// A moment.
    a_time: UtcNanos = time;
    /// An account.
    an_address: crate::Address = address;
    /// A text, though it may be written as a number.
    a_text: String = any_text;
}

optional_fields! {
    /// A price from 0 to 1.
    maybe_price: Price = price;
    /// A size.
    maybe_size: Size = size;
    /// A side.
    maybe_side: Side = side;
    /// A condition id.
    maybe_condition: Bytes32 = condition_id;
    /// A hash: an order's id, a transaction's.
    maybe_hash: Bytes32 = hash;
    /// A token's id.
    maybe_token: Bytes32 = id;
    /// A moment.
    maybe_time: UtcNanos = time;
    /// An account.
    maybe_address: crate::Address = address;
    /// A whole number.
    maybe_count: u64 = count;
}

/// Null is an empty list.
pub(crate) mod list {
    use super::*;

    pub(crate) fn deserialize<'de, D: Deserializer<'de>, T: Deserialize<'de>>(d: D) -> Result<Vec<T>, D::Error> {
        Ok(Option::<Vec<T>>::deserialize(d)?.unwrap_or_default())
    }
}

/// Null is no.
pub(crate) mod flag {
    use super::*;

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<bool, D::Error> {
        Ok(Option::<bool>::deserialize(d)?.unwrap_or_default())
    }
}

/// Null is an empty text.
pub(crate) mod text {
    use super::*;

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<String, D::Error> {
        Ok(scalar(d)?.map(Cow::into_owned).unwrap_or_default())
    }
}

/// Token ids in a list.
pub(crate) mod tokens {
    use super::*;

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<Bytes32>, D::Error> {
        let texts = Option::<Vec<Cow<'de, str>>>::deserialize(d)?.unwrap_or_default();
        texts.iter().map(|text| token_id(text).ok_or_else(|| D::Error::custom(Problem::Id))).collect()
    }
}
