//! Numbers as the venue writes them, straight from text to millionths. A float never sees them.

/// Why a text is not an amount in millionths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum NumberError {
    /// Not a decimal number without a sign.
    #[error("not a decimal number from 0 up")]
    Malformed,
    /// Digits beyond the sixth decimal; dropping them would change money.
    #[error("more than 6 decimals; amounts are kept in millionths")]
    TooFine,
    /// Above what 63 bits hold, about 9.2 million million.
    #[error("too large for an amount in millionths")]
    TooLarge,
}

/// Exactly the number written, in millionths: `0.5`, `.48`, `12`, `5.`, `1e-3`. Zeros behind the sixth decimal are
/// nothing.
pub fn micro(text: &str) -> Result<i64, NumberError> {
    let bytes = text.as_bytes();
    if bytes.len() <= SHORT
        && let Some(found) = plain(bytes)
    {
        return Ok(found);
    }
    let (value, lost) = any(bytes)?;
    if lost { Err(NumberError::TooFine) } else { Ok(value) }
}

/// The number written, in millionths, without what lies beyond the sixth decimal. For statistics, never for money.
pub fn micro_floor(text: &str) -> Result<i64, NumberError> {
    any(text.as_bytes()).map(|(value, _)| value)
}

/// Like [`micro_floor`], for numbers that may be negative: a loss, a change. Cut toward zero.
pub fn micro_signed(text: &str) -> Result<i64, NumberError> {
    match text.strip_prefix('-') {
        Some(rest) => micro_floor(rest).map(|n| -n),
        None => micro_floor(text),
    }
}

/// Digits with at most one point and at most six behind it. `None` for whatever else, which [`any`] looks at.
#[inline]
fn plain(bytes: &[u8]) -> Option<i64> {
    let (value, len) = plain_start(bytes)?;
    (len == bytes.len()).then_some(value)
}

/// A short plain amount that ends at a quote, in millionths, and its length. `None` for whatever else.
#[inline]
pub(crate) fn plain_before_quote(bytes: &[u8]) -> Option<(i64, usize)> {
    let (value, len) = plain_start(bytes)?;
    (bytes.get(len) == Some(&b'"')).then_some((value, len))
}

/// The plain amount with which a text begins, if it is one of at most [`SHORT`] bytes, and its length.
#[inline]
fn plain_start(bytes: &[u8]) -> Option<(i64, usize)> {
    let (mut value, mut len) = (0i64, 0);
    let mut point = None::<usize>;
    while let Some(byte) = bytes.get(len) {
        let digit = byte.wrapping_sub(b'0');
        if digit < 10 {
            value = value * 10 + i64::from(digit);
        } else if *byte == b'.' && point.is_none() {
            point = Some(len);
        } else {
            break;
        }
        len += 1;
        if len > SHORT {
            return None;
        }
    }
    let (digits, decimals) = match point {
        Some(at) => (len - 1, len - 1 - at),
        None => (len, 0),
    };
    if digits == 0 {
        return None;
    }
    // 12 digits and 6 zeros are below 2^63.
    Some((value * POWERS.get(6usize.checked_sub(decimals)?)?, len))
}

/// Nearly all are short and plain; 18 digits fit whatever they are.
const SHORT: usize = 12;

const POWERS: [i64; 7] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000];

/// The number in millionths, and whether digits other than zero were cut off.
fn any(bytes: &[u8]) -> Result<(i64, bool), NumberError> {
    let (mantissa, exponent) = split_exponent(bytes)?;
    let point = mantissa.iter().position(|b| *b == b'.').unwrap_or(mantissa.len());
    let fraction = mantissa.get(point + 1..).unwrap_or_default();
    let digits = mantissa[..point].iter().chain(fraction);
    if point + fraction.len() == 0 || digits.clone().any(|b| !b.is_ascii_digit()) {
        return Err(NumberError::Malformed);
    }
    // So many of the digits count; the millionth is the last of them.
    let kept = i64::try_from(point).unwrap_or(i64::MAX).saturating_add(exponent).saturating_add(6);
    let (mut value, mut lost) = (0i64, false);
    for (at, byte) in (0i64..).zip(digits) {
        let digit = i64::from(byte - b'0');
        if at >= kept {
            lost |= digit != 0;
        } else {
            value = value.checked_mul(10).and_then(|v| v.checked_add(digit)).ok_or(NumberError::TooLarge)?;
        }
    }
    let missing = kept.saturating_sub(i64::try_from(point + fraction.len()).unwrap_or(i64::MAX));
    if value != 0 {
        for _ in 0..missing.clamp(0, 32) {
            value = value.checked_mul(10).ok_or(NumberError::TooLarge)?;
        }
    }
    Ok((value, lost))
}

/// What stands before an `e`, and the number behind it.
fn split_exponent(bytes: &[u8]) -> Result<(&[u8], i64), NumberError> {
    let Some(at) = bytes.iter().position(|b| matches!(b, b'e' | b'E')) else {
        return Ok((bytes, 0));
    };
    let exponent = std::str::from_utf8(&bytes[at + 1..]).ok().filter(|text| text.len() <= 5);
    let exponent = exponent.and_then(|text| text.parse::<i64>().ok()).ok_or(NumberError::Malformed)?;
    Ok((&bytes[..at], exponent))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn as_venues_write_them() {
        let good = [
            ("0.5", 500_000),
            (".48", 480_000),
            ("5.", 5_000_000),
            ("0", 0),
            ("000.010", 10_000),
            ("219.217767", 219_217_767),
            ("31045290", 31_045_290_000_000),
            ("0.500000000000", 500_000),
            ("1e-3", 1_000),
            ("1.5E2", 150_000_000),
            ("5e+0", 5_000_000),
            ("0e999", 0),
            ("9223372036854.775807", i64::MAX),
        ];
        for (text, expected) in good {
            assert_eq!(micro(text), Ok(expected), "{text}");
        }
        for text in ["", ".", "-1", "+1", "1.2.3", "0x10", " 1", "1 ", "NaN", "inf", "e5", "1e", "1e1.5", "1_000", "١"]
        {
            assert_eq!(micro(text), Err(NumberError::Malformed), "{text}");
        }
        assert_eq!(micro("0.0000001"), Err(NumberError::TooFine));
        assert_eq!(micro("1e-7"), Err(NumberError::TooFine));
        assert_eq!(micro("9223372036854.775808"), Err(NumberError::TooLarge));
        assert_eq!(micro("1e99"), Err(NumberError::TooLarge));
        assert_eq!((micro_floor("12345.6700000001"), micro_floor("1e-9999")), (Ok(12_345_670_000), Ok(0)));
        assert_eq!((micro_signed("-159.3387"), micro_signed("-0")), (Ok(-159_338_700), Ok(0)));
        assert_eq!(micro_signed("--1"), Err(NumberError::Malformed));
    }

    proptest! {
        #[test]
        fn every_amount_comes_back(n in 0..=i64::MAX, zeros in 0usize..4) {
            let text = format!("{}.{:06}{}", n / 1_000_000, n % 1_000_000, "0".repeat(zeros));
            prop_assert_eq!(micro(&text), Ok(n));
            prop_assert_eq!(micro(schemas::Size(n).to_string().as_str()), Ok(n));
        }

        #[test]
        fn the_short_way_says_what_the_long_way_says(text in "[0-9.]{1,12}") {
            let long = super::any(text.as_bytes()).and_then(|(n, lost)| if lost { Err(NumberError::TooFine) } else { Ok(n) });
            prop_assert_eq!(micro(&text), long);
        }

        #[test]
        fn no_text_panics(text in ".{0,24}|[0-9.eE+-]{0,40}") {
            _ = micro(&text);
            _ = micro_floor(&text);
            _ = micro_signed(&text);
        }
    }
}
