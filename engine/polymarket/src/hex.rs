//! Hexadecimal text with `0x`, and back.

use std::fmt::Write;

/// Lower-case hex with `0x`.
pub fn hex(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(2 + bytes.len() * 2);
    out.push_str("0x");
    for byte in bytes {
        // Writing to a String never fails.
        _ = write!(out, "{byte:02x}");
    }
    out
}

/// Bytes from hex of any case, with or without `0x`. `None` for an odd length or another character.
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("0x").unwrap_or(text).as_bytes();
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    digits.chunks_exact(2).map(|pair| Some(nibble(pair[0])? << 4 | nibble(pair[1])?)).collect()
}

/// Exactly `N` bytes from hex of any case, with or without `0x`.
pub(crate) fn from_hex_exact<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.strip_prefix("0x").unwrap_or(text).as_bytes();
    if digits.len() != N * 2 {
        return None;
    }
    let mut out = [0; N];
    let mut wrong = 0;
    for (byte, pair) in out.iter_mut().zip(digits.chunks_exact(2)) {
        let (high, low) = (VALUES[usize::from(pair[0])], VALUES[usize::from(pair[1])]);
        wrong |= high | low;
        *byte = high << 4 | low & 15;
    }
    (wrong & NONE == 0).then_some(out)
}

/// A byte that is no hex digit.
const NONE: u8 = 0x80;

/// The value of each byte as a hex digit.
const VALUES: [u8; 256] = {
    let mut out = [NONE; 256];
    let mut i = 0u8;
    loop {
        if let Some(value) = nibble(i) {
            out[i as usize] = value;
        }
        if i == u8::MAX {
            break out;
        }
        i += 1;
    }
};

/// The value of one hex digit.
pub(crate) const fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}
