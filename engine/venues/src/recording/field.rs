//! Fields of a row, read exactly or refused with a reason a person can act on.

use schemas::{Price, Side, Size, UtcNanos};

/// Untrusted text as an error may show it: escaped and short.
pub(super) fn shown(text: &str) -> String {
    const CHARS_MAX: usize = 60;
    let mut out: String = text.chars().take(CHARS_MAX).flat_map(char::escape_debug).collect();
    if text.chars().nth(CHARS_MAX).is_some() {
        out.push_str("...");
    }
    format!("'{out}'")
}

/// A line as text.
pub(super) fn utf8(line: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(line).map_err(|e| format!("not UTF-8 text at byte {} of the line", e.valid_up_to() + 1))
}

/// A digits-only number.
pub(super) fn whole(name: &str, text: &str) -> Result<u64, String> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let value = if digits { text.parse().ok() } else { None };
    value.ok_or_else(|| format!("{name} {} is not a whole number", shown(text)))
}

/// A time in milliseconds since the epoch.
pub(super) fn millis(name: &str, text: &str) -> Result<UtcNanos, String> {
    let ms = whole(name, text)?;
    let time = i64::try_from(ms).ok().and_then(UtcNanos::from_millis);
    time.filter(|t| t.0 > 0).ok_or_else(|| format!("{name} {} is not a time in milliseconds", shown(text)))
}

/// A time in nanoseconds since the epoch.
pub(super) fn nanos(name: &str, text: &str) -> Result<UtcNanos, String> {
    let ns = i64::try_from(whole(name, text)?).ok().filter(|ns| *ns > 0);
    ns.map(UtcNanos).ok_or_else(|| format!("{name} {} is not a time in nanoseconds", shown(text)))
}

/// Only what venues write: an optional sign, digits, at most one point. The decimal parser behind it would also take
/// underscores.
fn plain(name: &str, text: &str) -> Result<(), String> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let odd = digits.bytes().any(|b| !b.is_ascii_digit() && b != b'.');
    if odd || !digits.bytes().any(|b| b.is_ascii_digit()) {
        return Err(format!("{name} {} is not a decimal number", shown(text)));
    }
    Ok(())
}

/// A price that is not negative.
pub(super) fn price(name: &str, text: &str) -> Result<Price, String> {
    plain(name, text)?;
    let price: Price = text.parse().map_err(|e| format!("{name}: {e}"))?;
    if price < Price::ZERO { Err(format!("{name} {} is negative", shown(text))) } else { Ok(price) }
}

/// A price of a prediction market: 0 to 1.
pub(super) fn odds(name: &str, text: &str) -> Result<Price, String> {
    let price = price(name, text)?;
    if price > Price::ONE { Err(format!("{name} {} is above 1", shown(text))) } else { Ok(price) }
}

/// A size that is not negative.
pub(super) fn size(name: &str, text: &str) -> Result<Size, String> {
    plain(name, text)?;
    let size: Size = text.parse().map_err(|e| format!("{name}: {e}"))?;
    if size < Size::ZERO { Err(format!("{name} {} is negative", shown(text))) } else { Ok(size) }
}

/// A size of something that happened: more than nothing.
pub(super) fn traded(name: &str, text: &str) -> Result<Size, String> {
    let size = size(name, text)?;
    if size.is_positive() { Ok(size) } else { Err(format!("{name} of a trade is 0")) }
}

/// A price at which something rests or traded. Zero is kept for "no price".
pub(super) fn real(name: &str, price: Price) -> Result<Price, String> {
    if price.is_positive() { Ok(price) } else { Err(format!("{name} is 0")) }
}

/// `BUY` or `SELL`.
pub(super) fn side(text: &str) -> Result<Side, String> {
    match text {
        "BUY" => Ok(Side::Buy),
        "SELL" => Ok(Side::Sell),
        _ => Err(format!("side {} is neither BUY nor SELL", shown(text))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_exact_or_refused() {
        assert_eq!(odds("p", "0.39").unwrap(), Price(390_000));
        assert_eq!(odds("p", ".48").unwrap(), Price(480_000));
        assert_eq!(odds("p", "1").unwrap(), Price::ONE);
        for bad in ["", ".", "-", "1_0", "1e2", "0x1", "NaN", "+1", " 1", "0.1.2", "1.000001", "-0.01", "0.1234567"] {
            assert!(odds("p", bad).is_err(), "{bad}");
        }
        assert!(size("s", "-1").unwrap_err().contains("negative"));
        assert!(price("p", "61737.63000000").is_ok());
        assert!(whole("n", "99999999999999999999").is_err());
    }

    #[test]
    fn times_fit_or_are_refused() {
        assert_eq!(millis("t", "1780795851472").unwrap().to_string(), "2026-06-07T01:30:51.472Z");
        for bad in ["", "-1", "0", "9223372036854775807", "1.5"] {
            assert!(millis("t", bad).is_err(), "{bad}");
        }
        assert!(nanos("t", "9223372036854775808").is_err());
    }

    #[test]
    fn shown_text_is_short_and_harmless() {
        let long = "\u{1b}[31m".repeat(40);
        let text = shown(&long);
        assert!(text.len() < 500 && !text.contains('\u{1b}'), "{text}");
    }
}
