//! Putting a signature into an order that is decided, and finding the order again in a signed one.

use polymarket::hex;

/// What stands in the body of an order that is not signed yet.
const SIGNATURE: &[u8] = b"\"signature\":\"0x";
const OWNER: &[u8] = b"\"owner\":\"";

/// An order that is not signed, taken apart at the two places where something is missing.
struct Parts<'a> {
    head: &'a [u8],
    middle: &'a [u8],
    tail: &'a [u8],
}

impl<'a> Parts<'a> {
    fn of(unsigned: &'a [u8]) -> Option<Self> {
        let at = find(unsigned, SIGNATURE)? + SIGNATURE.len();
        let (head, rest) = unsigned.split_at(at);
        let at = find(rest, OWNER)? + OWNER.len();
        let (middle, tail) = rest.split_at(at);
        Some(Self { head, middle, tail })
    }
}

/// The bytes that are posted: the decided order with its signature and the API key that it is posted with. `None` if
/// `unsigned` is no order of a venue, or the key is none (letters, digits and dashes).
pub fn sign_body(unsigned: &[u8], signature: &[u8], api_key: &str) -> Option<Vec<u8>> {
    let parts = Parts::of(unsigned)?;
    let digits = hex(signature);
    let digits = digits.strip_prefix("0x").unwrap_or(&digits);
    let is_key = !api_key.is_empty() && api_key.bytes().all(is_key_byte);
    let all = [parts.head, digits.as_bytes(), parts.middle, api_key.as_bytes(), parts.tail];
    is_key.then(|| all.concat())
}

/// Whether the bytes of an intent may leave: an order of a venue without its signature may not.
pub fn is_sendable(bytes: &[u8]) -> bool {
    let Some(at) = find(bytes, SIGNATURE) else { return true };
    bytes.get(at + SIGNATURE.len()).is_some_and(u8::is_ascii_hexdigit)
}

/// Whether `signed` is `unsigned` with some signature and some API key in it. That the signature holds is another question.
pub(super) fn is_signed_form(unsigned: &[u8], signed: &[u8]) -> bool {
    let Some(parts) = Parts::of(unsigned) else { return false };
    let Some(rest) = signed.strip_prefix(parts.head) else { return false };
    let digits = rest.iter().take_while(|b| b.is_ascii_hexdigit()).count();
    let Some(rest) = rest.get(digits..).and_then(|r| r.strip_prefix(parts.middle)) else { return false };
    let key = rest.iter().take_while(|b| is_key_byte(**b)).count();
    digits > 0 && rest.get(key..) == Some(parts.tail)
}

fn is_key_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'-'
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|w| w == what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use polymarket::{Address, Order, SignatureType, Terms, post_body};
    use schemas::{Bytes32, Side};

    #[test]
    fn a_signature_goes_in_and_the_order_is_found_again() {
        let order = Order {
            salt: 7,
            maker: Address([1; 20]),
            signer: Address([1; 20]),
            token: Bytes32([2; 32]),
            maker_amount: 5_000_000,
            taker_amount: 10_000_000,
            side: Side::Buy,
            signature_type: SignatureType::Eoa,
            timestamp_ms: 1,
            metadata: Bytes32::ZERO,
            builder: Bytes32::ZERO,
        };
        let key = "0b0e3a62-90a4-4e8e-9f4e-0c2d1b7d5a10";
        let (unsigned, whole) =
            (post_body(&order, &[], "", &Terms::GTC), post_body(&order, &[9; 65], key, &Terms::GTC));
        assert_eq!(sign_body(&unsigned, &[9; 65], key).unwrap(), whole);
        assert!(is_signed_form(&unsigned, &whole));
        assert!(!is_signed_form(&unsigned, &unsigned));
        assert!(is_sendable(&whole) && !is_sendable(&unsigned) && is_sendable(b"AAord1"));
        let other = post_body(&Order { maker_amount: 5_000_001, ..order }, &[9; 65], key, &Terms::GTC);
        assert!(!is_signed_form(&unsigned, &other));
        assert!(sign_body(&unsigned, &[9; 65], "a\"b").is_none());
        assert!(sign_body(b"AAord1", &[9; 65], key).is_none());
    }
}
