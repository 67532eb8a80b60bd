//! Names of things inside one log. All are small integers given out in order, so that a replay gives them out again.

use std::fmt;
use std::num::NonZeroU64;

/// The sequence number of an event: its place in the log, from 1, without gaps. The only order there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct Seq(pub NonZeroU64);

impl Seq {
    /// The first event of a log.
    pub const FIRST: Self = Self(NonZeroU64::MIN);

    /// `None` for 0, which stands for "no event".
    #[inline]
    pub fn new(n: u64) -> Option<Self> {
        NonZeroU64::new(n).map(Self)
    }

    /// The plain number.
    #[inline]
    pub fn get(self) -> u64 {
        self.0.get()
    }

    /// The number behind this one; sticks at the largest.
    #[inline]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

macro_rules! small_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
        pub struct $name(pub u32);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }
    };
}

small_id! {
    /// A market, numbered from 0 in the order the log lists them.
    MarketId
}
small_id! {
    /// One outcome token of a market: twice the market's number, plus 1 for NO.
    TokenId
}
small_id! {
    /// A decision cycle, numbered from 1 in the order they start. 0 is "none".
    CycleId
}
small_id! {
    /// One of our orders, numbered from 1 in the order they are intended. 0 is "none".
    OrderId
}

/// The two sides of a binary market.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Pays one dollar if the market resolves to its first outcome.
    Yes,
    /// Pays one dollar if it does not.
    No,
}

impl Outcome {
    /// The other outcome.
    #[inline]
    pub fn other(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Yes => "YES",
            Self::No => "NO",
        })
    }
}

impl TokenId {
    /// The token of `outcome` in `market`. Markets above 2^31 - 1 do not exist; the number then wraps onto the last.
    #[inline]
    pub fn new(market: MarketId, outcome: Outcome) -> Self {
        Self(market.0.min(u32::MAX >> 1) << 1 | u32::from(outcome == Outcome::No))
    }

    /// The market this token belongs to.
    #[inline]
    pub fn market(self) -> MarketId {
        MarketId(self.0 >> 1)
    }

    /// Which outcome it pays for.
    #[inline]
    pub fn outcome(self) -> Outcome {
        if self.0 & 1 == 0 { Outcome::Yes } else { Outcome::No }
    }

    /// The token of the other outcome: one of each is worth exactly one dollar at resolution.
    #[inline]
    pub fn complement(self) -> Self {
        Self(self.0 ^ 1)
    }

    /// For indexing vectors that hold one entry a token.
    #[inline]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl MarketId {
    /// For indexing vectors that hold one entry a market.
    #[inline]
    pub fn index(self) -> usize {
        self.0 as usize
    }

    /// Its YES token.
    #[inline]
    pub fn yes(self) -> TokenId {
        TokenId::new(self, Outcome::Yes)
    }

    /// Its NO token.
    #[inline]
    pub fn no(self) -> TokenId {
        TokenId::new(self, Outcome::No)
    }
}

/// 32 bytes: a hash, a condition id, a token id of the venue. Shown as lower-case hex.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[derive(rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub struct Bytes32(pub [u8; 32]);

impl Bytes32 {
    /// All zero: "not stated".
    pub const ZERO: Self = Self([0; 32]);

    /// Reads 64 hex digits, with or without `0x`.
    pub fn from_hex(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("0x").unwrap_or(text).as_bytes();
        if digits.len() != 64 {
            return None;
        }
        let mut out = [0u8; 32];
        for (byte, pair) in out.iter_mut().zip(digits.chunks_exact(2)) {
            let hi = char::from(pair[0]).to_digit(16)?;
            let lo = char::from(pair[1]).to_digit(16)?;
            *byte = u8::try_from(hi << 4 | lo).ok()?;
        }
        Some(Self(out))
    }

    /// Reads an unsigned decimal number of up to 256 bits, as venues write token ids. Big-endian.
    pub fn from_decimal(text: &str) -> Option<Self> {
        if text.is_empty() {
            return None;
        }
        let mut out = [0u8; 32];
        for c in text.chars() {
            let mut carry = c.to_digit(10)?;
            for byte in out.iter_mut().rev() {
                let v = u32::from(*byte) * 10 + carry;
                *byte = (v & 0xff) as u8;
                carry = v >> 8;
            }
            if carry != 0 {
                return None;
            }
        }
        Some(Self(out))
    }

    /// The first `n` hex digits, for showing to people.
    pub fn short(&self, n: usize) -> String {
        let mut s = self.to_string();
        s.truncate(n);
        s
    }
}

impl fmt::Display for Bytes32 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for b in self.0 {
            write!(f, "{b:02x}")?;
        }
        Ok(())
    }
}

impl serde::Serialize for Bytes32 {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if s.is_human_readable() { s.collect_str(self) } else { self.0.serialize(s) }
    }
}

impl<'de> serde::Deserialize<'de> for Bytes32 {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        if d.is_human_readable() {
            let text = String::deserialize(d)?;
            Self::from_hex(&text).ok_or_else(|| serde::de::Error::custom("expected 64 hex digits"))
        } else {
            <[u8; 32]>::deserialize(d).map(Self)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_know_their_market_and_complement() {
        let t = TokenId::new(MarketId(7), Outcome::No);
        assert_eq!((t.market(), t.outcome(), t.complement()), (MarketId(7), Outcome::No, MarketId(7).yes()));
    }

    #[test]
    fn wide_decimal_ids_are_exact() {
        assert_eq!(Bytes32::from_decimal("256").unwrap().0[30..], [1, 0]);
        let max = "115792089237316195423570985008687907853269984665640564039457584007913129639935";
        assert_eq!(Bytes32::from_decimal(max).unwrap().0, [0xff; 32]);
        let over = "115792089237316195423570985008687907853269984665640564039457584007913129639936";
        assert_eq!(Bytes32::from_decimal(over), None);
        assert_eq!(Bytes32::from_decimal(""), None);
        assert_eq!(Bytes32::from_decimal("12a"), None);
    }

    #[test]
    fn hex_round_trip() {
        let h = Bytes32([0xab; 32]);
        assert_eq!(Bytes32::from_hex(&h.to_string()), Some(h));
        assert_eq!(Bytes32::from_hex("0xzz"), None);
    }
}
