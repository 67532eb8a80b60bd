//! Token and position ids: unsigned 256-bit numbers, written in decimal.

use schemas::Bytes32;

/// Digits that are multiplied in at once.
const CHUNK: usize = 16;

/// Reads an id as the venue writes it: 1 to 78 decimal digits, no sign, at most 2^256 - 1.
///
/// Does what [`Bytes32::from_decimal`] does, in a small part of the time: the market channel names a token in every
/// price change.
pub fn from_decimal(text: &str) -> Option<Bytes32> {
    let digits = text.as_bytes();
    if digits.is_empty() || digits.len() > 128 {
        return None;
    }
    let mut limbs = [0u64; 4];
    // The first chunk is what does not fill a whole one, with zeros in front.
    let (first, rest) = digits.split_at(digits.len() % CHUNK);
    let mut filled = [b'0'; CHUNK];
    filled[CHUNK - first.len()..].copy_from_slice(first);
    let (whole, _) = rest.as_chunks::<CHUNK>();
    for chunk in std::iter::once(&filled).chain(whole) {
        let (high, low) = (eight(chunk.first_chunk()?)?, eight(chunk.last_chunk()?)?);
        let mut carry = u128::from(high * 100_000_000 + low);
        for limb in &mut limbs {
            let wide = u128::from(*limb) * 10_000_000_000_000_000 + carry;
            *limb = (wide & u128::from(u64::MAX)) as u64;
            carry = wide >> 64;
        }
        if carry != 0 {
            return None;
        }
    }
    let mut out = [0; 32];
    for (bytes, limb) in out.chunks_exact_mut(8).zip(limbs.iter().rev()) {
        bytes.copy_from_slice(&limb.to_be_bytes());
    }
    Some(Bytes32(out))
}

/// Eight digits at once: neighbours are joined to pairs, then fours, then all, in three multiplications.
fn eight(digits: &[u8; 8]) -> Option<u64> {
    let text = u64::from_le_bytes(*digits);
    // Each byte is 0x30 to 0x39: its high half is 3, and still is after adding 6.
    let high = 0xf0f0_f0f0_f0f0_f0f0;
    let digits_only = text & high | (text.wrapping_add(0x0606_0606_0606_0606) & high) >> 4;
    if digits_only != 0x3333_3333_3333_3333 {
        return None;
    }
    let ones = text & 0x0f0f_0f0f_0f0f_0f0f;
    let pairs = (ones.wrapping_mul(10 << 8 | 1) >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul(100 << 16 | 1) >> 16) & 0x0000_ffff_0000_ffff;
    Some(fours.wrapping_mul(10_000 << 32 | 1) >> 32)
}

/// Writes an id as the venue does: decimal, without leading zeros.
pub fn to_decimal(id: &Bytes32) -> String {
    /// The largest power of ten in 64 bits.
    const BASE: u128 = 10_000_000_000_000_000_000;
    let mut limbs = [0u64; 4];
    for (limb, bytes) in limbs.iter_mut().zip(id.0.chunks_exact(8)) {
        *limb = bytes.iter().fold(0, |n, b| n << 8 | u64::from(*b));
    }
    let mut chunks = [0u64; 5];
    for chunk in &mut chunks {
        let mut rest = 0u128;
        for limb in &mut limbs {
            let wide = rest << 64 | u128::from(*limb);
            *limb = (wide / BASE) as u64;
            rest = wide % BASE;
        }
        *chunk = rest as u64;
    }
    let text: String = chunks.iter().rev().map(|chunk| format!("{chunk:019}")).collect();
    let short = text.trim_start_matches('0');
    if short.is_empty() { "0".to_owned() } else { short.to_owned() }
}

/// A position id of Protocol V2, taken apart: byte 0 the module, bytes 0 to 30 the condition, the last byte the
/// outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// 1 binary, 2 neg-risk, 3 combo (which is not traded here).
    pub module: u8,
    /// The 31-byte condition id, with the module's byte.
    pub condition: [u8; 31],
    /// 0 the first outcome, 1 the second.
    pub outcome: u8,
}

/// Takes a position id apart. `None` if it is a conditional token's id, or one of a module or outcome that is not
/// known.
pub fn position(id: &Bytes32) -> Option<Position> {
    let (condition, outcome) = (id.0.first_chunk::<31>()?, id.0[31]);
    let module = id.0[0];
    let known = crate::Generation::of_token(id) == crate::Generation::V3 && (1..=3).contains(&module) && outcome < 2;
    known.then_some(Position { module, condition: *condition, outcome })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_edges_of_256_bits() {
        let max = "115792089237316195423570985008687907853269984665640564039457584007913129639935";
        assert_eq!(from_decimal(max), Some(Bytes32([0xff; 32])));
        assert_eq!(to_decimal(&Bytes32([0xff; 32])), max);
        let over = "115792089237316195423570985008687907853269984665640564039457584007913129639936";
        assert_eq!(from_decimal(over), None);
        assert_eq!(from_decimal(&"9".repeat(78)), None);
        assert_eq!(
            (from_decimal(""), from_decimal("-1"), from_decimal("1 "), from_decimal("0x1")),
            (None, None, None, None)
        );
        assert_eq!(to_decimal(&Bytes32::ZERO), "0");
        assert_eq!(
            from_decimal("000000000000000000000000000000000000000000000000000000000000000000000000000000000000007"),
            Bytes32::from_decimal("7")
        );
    }

    proptest! {
        #[test]
        fn agrees_with_the_slow_one(bytes: [u8; 32], zeros in 0usize..32) {
            let mut bytes = bytes;
            bytes[..zeros].fill(0);
            let text = to_decimal(&Bytes32(bytes));
            prop_assert_eq!(Bytes32::from_decimal(&text), Some(Bytes32(bytes)));
            prop_assert_eq!(from_decimal(&text), Some(Bytes32(bytes)));
        }

        #[test]
        fn refuses_what_the_slow_one_refuses(text in "[0-9]{0,80}[a0]?") {
            prop_assert_eq!(from_decimal(&text), Bytes32::from_decimal(&text));
        }
    }
}
