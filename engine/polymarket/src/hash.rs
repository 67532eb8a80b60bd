//! Keccak-256, and the 32-byte words that Ethereum's structured data (EIP-712) and calls are made of.

use crate::Address;
use schemas::Bytes32;
use sha3::{Digest, Keccak256};

/// Keccak-256 of `data`: Ethereum's hash, which is not the later SHA3-256.
pub fn keccak256(data: &[u8]) -> Bytes32 {
    Bytes32(Keccak256::digest(data).into())
}

/// `number` as a 32-byte big-endian word.
pub fn word(number: u64) -> Bytes32 {
    word128(u128::from(number))
}

/// `number` as a 32-byte big-endian word.
pub fn word128(number: u128) -> Bytes32 {
    let mut out = [0; 32];
    out[16..].copy_from_slice(&number.to_be_bytes());
    Bytes32(out)
}

/// An address as a 32-byte word: zeros first.
pub fn address_word(address: &Address) -> Bytes32 {
    let mut out = [0; 32];
    out[12..].copy_from_slice(&address.0);
    Bytes32(out)
}

/// Hashes words one after the other.
pub(crate) struct Words(Keccak256);

impl Words {
    /// Begins with a type hash.
    pub(crate) fn of(first: &Bytes32) -> Self {
        Self(Keccak256::new()).then(first)
    }

    /// The next word.
    pub(crate) fn then(mut self, word: &Bytes32) -> Self {
        self.0.update(word.0);
        self
    }

    /// The hash of all of them.
    pub(crate) fn hash(self) -> Bytes32 {
        Bytes32(self.0.finalize().into())
    }
}

/// What an EIP-712 signature signs: `keccak(0x19 01 || domain separator || struct hash)`.
pub fn typed_digest(separator: &Bytes32, struct_hash: &Bytes32) -> Bytes32 {
    let mut bytes = [0; 66];
    bytes[0] = 0x19;
    bytes[1] = 0x01;
    bytes[2..34].copy_from_slice(&separator.0);
    bytes[34..].copy_from_slice(&struct_hash.0);
    keccak256(&bytes)
}
