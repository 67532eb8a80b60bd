//! Where keys are kept, and how they are had.
//!
//! A keystore is an age file behind a passphrase (scrypt, 2^18 rounds: about a second and 256 MiB a guess), mode 0600, made
//! whole or not at all, never overwritten. Inside are lines of text, so that a person with the `age` tool and the password
//! can read them without this program:
//!
//! ```text
//! alpha-arena wallet 1
//! address 0x...
//! private-key 64 hex digits
//! ```
//!
//! API credentials are a second file of the same kind: an engine beside a separate signer needs them to sign requests, and
//! must not have the key.

mod api;
mod sealed;
mod source;

pub use api::ApiCredentials;
pub use source::{ENVIRONMENT_KEY, KeySource, credential};

use crate::error::KeyError;
use crate::key::WalletKey;
use crate::secret::{Password, secret_hex};
use std::path::Path;
use zeroize::Zeroizing;

const TITLE: &str = "alpha-arena wallet 1";

/// Writes a key into a new keystore.
pub fn create(path: &Path, key: &WalletKey, password: &Password) -> Result<(), KeyError> {
    create_with(path, key, password, sealed::WORK_FACTOR)
}

fn create_with(path: &Path, key: &WalletKey, password: &Password, work_factor: u8) -> Result<(), KeyError> {
    password.check_new()?;
    let address = key.address().to_string();
    let secret = secret_hex(&*key.secret());
    let fields: [(&str, &str); 2] = [("address", &address), ("private-key", &secret)];
    sealed::create(path, TITLE, &fields, password, work_factor)
}

/// Opens a keystore.
pub fn open(path: &Path, password: &Password) -> Result<WalletKey, KeyError> {
    let bad = |reason: &str| KeyError::Damaged { path: path.to_owned(), reason: reason.to_owned() };
    let plain = sealed::open(path, TITLE, password)?;
    let secret: Zeroizing<String> = plain.field("private-key").ok_or_else(|| bad("it holds no key"))?;
    let key = WalletKey::from_hex(&secret, &path.display().to_string())?;
    match plain.field("address") {
        Some(address) if *address == key.address().to_string() => Ok(key),
        _ => Err(bad("its address is not that of its key")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    const CHEAP: u8 = 4;
    const CANARY: &str = "00112233445566778899aabbccddeeff0123456789abcdef0123456789abcdef";

    fn password(text: &str) -> Password {
        Password::new(Zeroizing::new(text.to_owned())).unwrap()
    }

    #[test]
    fn goes_in_and_comes_out_and_says_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("wallet.age");
        let key = WalletKey::from_hex(CANARY, "the test").unwrap();
        create_with(&path, &key, &password("correct horse"), CHEAP).unwrap();
        let again = open(&path, &password("correct horse")).unwrap();
        assert_eq!(again.address(), key.address());
        assert_eq!(*again.secret(), *key.secret());
        assert!(!format!("{again:?}").contains("0011"), "{again:?}");
        let bytes = fs::read(&path).unwrap();
        assert!(!bytes.windows(8).any(|w| w == &CANARY.as_bytes()[..8]));

        let error = open(&path, &password("wrong horse")).unwrap_err();
        assert!(matches!(error, KeyError::WrongPassword { .. }), "{error}");
        let error = create_with(&path, &key, &password("correct horse"), CHEAP).unwrap_err();
        assert!(matches!(error, KeyError::Exists { .. }), "{error}");
        assert!(create_with(&dir.path().join("b"), &key, &password("short"), CHEAP).is_err());
    }

    #[test]
    fn every_damaged_byte_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("wallet.age");
        let key = WalletKey::from_hex(CANARY, "the test").unwrap();
        create_with(&path, &key, &password("correct horse"), CHEAP).unwrap();
        let whole = fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            fs::write(&path, &bytes).unwrap();
            let error = open(&path, &password("correct horse")).unwrap_err();
            assert!(matches!(error, KeyError::Damaged { .. } | KeyError::WrongPassword { .. }), "byte {at}: {error}");
        }
        for len in 0..whole.len() {
            fs::write(&path, &whole[..len]).unwrap();
            assert!(open(&path, &password("correct horse")).is_err(), "cut to {len}");
        }
    }
}
