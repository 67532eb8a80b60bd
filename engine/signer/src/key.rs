//! The private key.

use crate::error::KeyError;
use crate::secret::secret_from_hex;
use k256::ecdsa::SigningKey;
use polymarket::{Address, SignDigest, Signature65};
use schemas::Bytes32;
use std::convert::Infallible;
use std::fmt;
use std::fs::File;
use std::io::Read;
use zeroize::{Zeroize, Zeroizing};

/// A wallet's private key (secp256k1). Wiped when it goes; never shown; there is no copy.
pub struct WalletKey {
    key: SigningKey,
    address: Address,
}

impl fmt::Debug for WalletKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WalletKey({}, ..)", self.address)
    }
}

impl WalletKey {
    /// A new key from the system's random source.
    pub fn generate() -> Result<Self, KeyError> {
        let mut bytes = Zeroizing::new([0u8; 32]);
        let mut source = File::open("/dev/urandom").map_err(KeyError::NoRandomness)?;
        loop {
            source.read_exact(&mut *bytes).map_err(KeyError::NoRandomness)?;
            // One draw in 2^128 is no key.
            if let Some(key) = Self::from_bytes(&bytes) {
                return Ok(key);
            }
        }
    }

    /// From 64 hex digits, with or without `0x`. `origin` says in errors where they came from.
    pub fn from_hex(text: &str, origin: &str) -> Result<Self, KeyError> {
        let bad = |reason| KeyError::BadKey { origin: origin.to_owned(), reason };
        let bytes = secret_from_hex(text).ok_or_else(|| bad("64 hex digits are expected"))?;
        Self::from_bytes(&bytes).ok_or_else(|| bad("the number is outside of the curve"))
    }

    fn from_bytes(bytes: &[u8; 32]) -> Option<Self> {
        let key = SigningKey::from_slice(bytes).ok()?;
        let address = SignDigest::address(&key);
        Some(Self { key, address })
    }

    /// The account that belongs to it.
    pub fn address(&self) -> Address {
        self.address
    }

    /// Its bytes, for the keystore.
    pub(crate) fn secret(&self) -> Zeroizing<[u8; 32]> {
        let mut bytes = self.key.to_bytes();
        let mut out = Zeroizing::new([0u8; 32]);
        out.copy_from_slice(&bytes);
        bytes.as_mut_slice().zeroize();
        out
    }
}

impl SignDigest for WalletKey {
    type Error = Infallible;

    fn address(&self) -> Address {
        self.address
    }

    fn sign(&self, digest: &Bytes32) -> Result<Signature65, Infallible> {
        SignDigest::sign(&self.key, digest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_an_address_and_no_face() {
        // The public test key of every Ethereum tool: account 0 of Anvil.
        let text = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
        let key = WalletKey::from_hex(text, "the test").unwrap();
        assert_eq!(key.address().to_string(), "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
        assert_eq!(format!("{key:?}"), "WalletKey(0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266, ..)");
    }

    #[test]
    fn what_is_no_key_is_refused_without_repeating_it() {
        let order = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
        for bad in ["", "0x12", &"0".repeat(64), order, &"g".repeat(64)] {
            let error = WalletKey::from_hex(bad, "a file").unwrap_err().to_string();
            assert!(bad.is_empty() || !error.contains(bad), "{error}");
        }
    }

    #[test]
    fn new_keys_differ() {
        let (a, b) = (WalletKey::generate().unwrap(), WalletKey::generate().unwrap());
        assert_ne!(a.address(), b.address());
    }
}
