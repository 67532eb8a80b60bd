//! L1: the wallet attests, as EIP-712 data, that it wants an API key.

use super::Headers;
use crate::hash::{Words, address_word, keccak256, typed_digest, word};
use crate::hex::hex;
use crate::order::known;
use crate::signature::{SignatureError, recover};
use crate::{Address, Signature65};
use schemas::Bytes32;

/// `keccak("EIP712Domain(string name,string version,uint256 chainId)")`: this domain has no contract.
const DOMAIN_TYPE_HASH: Bytes32 = known("c2f8787176b8ac6bf7215b4adcc1e069bf4ab82d9ab1df05a57a91d425935b6e");
/// `keccak("ClobAuthDomain")`.
const DOMAIN_NAME_HASH: Bytes32 = known("64feabfd0e91bed17f4270585553ca8456298e8f507363a4b725be4e4da29810");
/// `keccak("1")`.
const DOMAIN_VERSION_HASH: Bytes32 = known("c89efdaa54c0f20c7adf612882df0950f5a951637e0307cdcb4c672f298b8bc6");
/// `keccak("ClobAuth(address address,string timestamp,uint256 nonce,string message)")`.
const AUTH_TYPE_HASH: Bytes32 = known("52578c5c725a28a84fedc8c22aa47947822942f35b4dc350db028e45320e035c");
/// `keccak("This message attests that I control the given wallet")`.
const MESSAGE_HASH: Bytes32 = known("474924bb27022542020023b4a52fb834ca5e3dd70b9a4d7e7fe9ca13228cbda3");

/// The separator of the attestation's domain.
fn separator(chain_id: u64) -> Bytes32 {
    Words::of(&DOMAIN_TYPE_HASH).then(&DOMAIN_NAME_HASH).then(&DOMAIN_VERSION_HASH).then(&word(chain_id)).hash()
}

/// The struct hash of the attestation.
fn struct_hash(address: &Address, timestamp_s: u64, nonce: u64) -> Bytes32 {
    Words::of(&AUTH_TYPE_HASH)
        .then(&address_word(address))
        .then(&keccak256(timestamp_s.to_string().as_bytes()))
        .then(&word(nonce))
        .then(&MESSAGE_HASH)
        .hash()
}

/// What the wallet's key signs to make or derive an API key. `timestamp_s` is Unix seconds; the same `nonce` derives
/// the same key again.
pub fn l1_digest(chain_id: u64, address: &Address, timestamp_s: u64, nonce: u64) -> Bytes32 {
    typed_digest(&separator(chain_id), &struct_hash(address, timestamp_s, nonce))
}

/// The four headers of an L1 request.
pub fn l1_headers(address: &Address, signature: &Signature65, timestamp_s: u64, nonce: u64) -> Headers {
    Headers::new([
        ("POLY_ADDRESS", address.to_string()),
        ("POLY_SIGNATURE", hex(&signature.0)),
        ("POLY_TIMESTAMP", timestamp_s.to_string()),
        ("POLY_NONCE", nonce.to_string()),
    ])
}

/// Checks an L1 signature, as the venue does.
pub fn l1_verify(
    chain_id: u64,
    address: &Address,
    timestamp_s: u64,
    nonce: u64,
    signature: &Signature65,
) -> Result<(), SignatureError> {
    let signed = recover(&l1_digest(chain_id, address, timestamp_s, nonce), signature)?;
    if signed == *address { Ok(()) } else { Err(SignatureError::Signer { signed, expected: *address }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_of_types_are_what_they_say() {
        let of = |text: &str| keccak256(text.as_bytes());
        assert_eq!(DOMAIN_TYPE_HASH, of("EIP712Domain(string name,string version,uint256 chainId)"));
        assert_eq!((DOMAIN_NAME_HASH, DOMAIN_VERSION_HASH), (of("ClobAuthDomain"), of("1")));
        assert_eq!(AUTH_TYPE_HASH, of("ClobAuth(address address,string timestamp,uint256 nonce,string message)"));
        assert_eq!(MESSAGE_HASH, of("This message attests that I control the given wallet"));
    }

    #[test]
    fn the_parts_of_the_first_vector() {
        let address: Address = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266".parse().unwrap();
        assert_eq!(separator(137).to_string(), "cfc66be2a3b30464cb3b588324101f660c9a205fa76e8e5f83ee16a528e1c4cb");
        let hash = struct_hash(&address, 1_700_000_000, 0);
        assert_eq!(hash.to_string(), "c1620afeef6a5bbe844b0ac9d2ad2d1213fe13f98f78542ddfcf57356148ebb4");
    }
}
