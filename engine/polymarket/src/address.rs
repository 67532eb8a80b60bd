//! Account and contract addresses.

use crate::hash::keccak256;
use crate::hex::{from_hex_exact, nibble};
use std::fmt;
use std::str::FromStr;

/// An Ethereum address. Shown with its checksum (EIP-55); as text in formats for people, as bytes in others.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(pub [u8; 20]);

/// A text is not an address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It has another length or other characters than 40 hex digits after `0x`.
    #[error("'{}' is not an address: write 0x and 40 hex digits", .0.escape_debug())]
    Malformed(String),
    /// Its letters are of mixed case, and not those of the checksum: a digit is wrong.
    #[error("the address {0} does not match its checksum (EIP-55); compare it with where it came from")]
    Checksum(String),
}

impl Address {
    /// All zero: nobody.
    pub const ZERO: Self = Self([0; 20]);

    /// The checksummed text (EIP-55): a letter is upper-case where the hash of the lower-case text has a digit above 7.
    fn text(&self) -> [u8; 42] {
        let mut out = [0; 42];
        out[..2].copy_from_slice(b"0x");
        for (i, byte) in self.0.iter().enumerate() {
            out[2 + i * 2] = DIGITS[usize::from(byte >> 4)];
            out[3 + i * 2] = DIGITS[usize::from(byte & 15)];
        }
        let hash = keccak256(&out[2..]);
        for (i, digit) in out[2..].iter_mut().enumerate() {
            let nibble = if i % 2 == 0 { hash.0[i / 2] >> 4 } else { hash.0[i / 2] & 15 };
            if nibble > 7 {
                digit.make_ascii_uppercase();
            }
        }
        out
    }

    /// From a literal of this crate. A digit that is none counts as 0; the tests show that each literal is what it
    /// says.
    pub(crate) const fn known(text: &str) -> Self {
        let digits = text.as_bytes();
        let mut out = [0; 20];
        let mut i = 0;
        while i < 20 {
            let (high, low) = (nibble(digits[2 + i * 2]), nibble(digits[3 + i * 2]));
            if let (Some(high), Some(low)) = (high, low) {
                out[i] = high << 4 | low;
            }
            i += 1;
        }
        Self(out)
    }
}

const DIGITS: [u8; 16] = *b"0123456789abcdef";

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.text();
        f.pad(std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let malformed = || AddressError::Malformed(text.chars().take(64).collect());
        let digits = text.strip_prefix("0x").ok_or_else(malformed)?;
        let address = from_hex_exact(digits).map(Self).ok_or_else(malformed)?;
        let mixed = digits.bytes().any(|b| b.is_ascii_uppercase()) && digits.bytes().any(|b| b.is_ascii_lowercase());
        if mixed && address.text() != text.as_bytes() {
            return Err(AddressError::Checksum(text.to_owned()));
        }
        Ok(address)
    }
}

impl serde::Serialize for Address {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if s.is_human_readable() { s.collect_str(self) } else { self.0.serialize(s) }
    }
}

impl<'de> serde::Deserialize<'de> for Address {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        if d.is_human_readable() {
            let text = std::borrow::Cow::<str>::deserialize(d)?;
            text.parse().map_err(serde::de::Error::custom)
        } else {
            <[u8; 20]>::deserialize(d).map(Self)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of EIP-55.
    const MIXED: [&str; 4] = [
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
        "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
    ];

    #[test]
    fn checksums_are_written_and_checked() {
        for text in MIXED {
            let address: Address = text.parse().unwrap();
            assert_eq!(address.to_string(), text);
            assert_eq!(text.to_lowercase().parse(), Ok(address));
            assert_eq!(text[2..].to_uppercase().parse::<Address>().ok(), None, "0x is required");
            assert_eq!(format!("0x{}", text[2..].to_uppercase()).parse(), Ok(address));
        }
        let wrong = MIXED[0].replace("aA", "Aa");
        assert_eq!(wrong.parse::<Address>(), Err(AddressError::Checksum(wrong)));
        assert!(matches!("0x12".parse::<Address>(), Err(AddressError::Malformed(_))));
        assert!(matches!(format!("0x{}", "g".repeat(40)).parse::<Address>(), Err(AddressError::Malformed(_))));
    }

    #[test]
    fn text_for_people_and_bytes_for_machines() {
        let address: Address = MIXED[1].parse().unwrap();
        assert_eq!(serde_json::to_string(&address).unwrap(), format!("\"{}\"", MIXED[1]));
        assert_eq!(serde_json::from_str::<Address>(&format!("\"{}\"", MIXED[1])).unwrap(), address);
        assert_eq!(format!("{address:?}"), MIXED[1]);
    }
}
