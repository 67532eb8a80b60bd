//! Secrets that people type or keep in files: wiped when they go, never shown, never copied by accident.

use crate::error::KeyError;
use crate::private_file::read_private;
use std::fmt;
use std::path::Path;
use zeroize::{Zeroize, Zeroizing};

/// Longest password, bytes.
pub const PASSWORD_LEN_MAX: usize = 1024;
/// Shortest password of a new file, characters. Its only enemy is guessing offline, a second each.
pub const PASSWORD_LEN_MIN: usize = 10;

/// A password. `Debug` shows that there is one, and nothing else.
pub struct Password(Zeroizing<String>);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

impl Password {
    /// Takes it over. Refuses an empty or overlong one.
    pub fn new(text: Zeroizing<String>) -> Result<Self, KeyError> {
        match text.len() {
            0 => Err(KeyError::BadPassword { reason: "it is empty" }),
            n if n > PASSWORD_LEN_MAX => Err(KeyError::BadPassword { reason: "it is longer than 1024 bytes" }),
            _ => Ok(Self(text)),
        }
    }

    /// The first line of a file that only its owner may read.
    pub fn from_file(path: &Path) -> Result<Self, KeyError> {
        let bytes = read_private(path).map_err(|e| match e {
            KeyError::Missing { path } => KeyError::NoPasswordFile { path },
            other => other,
        })?;
        first_line(&bytes).ok_or(KeyError::BadPassword { reason: "its file is no text" }).and_then(Self::new)
    }

    /// A systemd credential of this name.
    pub fn from_credential(name: &str) -> Result<Self, KeyError> {
        let bytes = crate::keystore::credential(name)?;
        first_line(&bytes).ok_or(KeyError::BadPassword { reason: "its credential is no text" }).and_then(Self::new)
    }

    /// Whether a new file may be encrypted with it.
    pub fn check_new(&self) -> Result<(), KeyError> {
        match self.0.chars().count() {
            n if n < PASSWORD_LEN_MIN => {
                Err(KeyError::BadPassword { reason: "a new one needs at least 10 characters" })
            }
            _ => Ok(()),
        }
    }

    /// Whether both are the same: for typing it twice.
    pub fn same(&self, other: &Self) -> bool {
        *self.0 == *other.0
    }

    /// For the one crate that needs it.
    pub(crate) fn to_age(&self) -> age::secrecy::SecretString {
        // A copy of exact length: growing would leave pieces behind.
        age::secrecy::SecretString::from(String::from(self.0.as_str()))
    }
}

/// The first line of a text, without its end.
pub(crate) fn first_line(bytes: &[u8]) -> Option<Zeroizing<String>> {
    let text = std::str::from_utf8(bytes).ok()?;
    Some(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned()))
}

/// Lower-case hex of a secret.
pub(crate) fn secret_hex(bytes: &[u8]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(bytes.len() * 2));
    for byte in bytes {
        for nibble in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
        }
    }
    text
}

/// 32 bytes from 64 hex digits, with or without `0x`; nothing of a wrong text is kept.
pub(crate) fn secret_from_hex(text: &str) -> Option<Zeroizing<[u8; 32]>> {
    let text = text.trim();
    let mut found = schemas::Bytes32::from_hex(text.strip_prefix("0x").unwrap_or(text))?;
    let bytes = Zeroizing::new(found.0);
    found.0.zeroize();
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_have_a_length_and_no_face() {
        let make = |text: &str| Password::new(Zeroizing::new(text.to_owned()));
        assert!(make("").is_err() && make(&"x".repeat(1025)).is_err());
        let short = make("nine char").unwrap();
        assert!(short.check_new().is_err());
        assert!(make("ten  chars").unwrap().check_new().is_ok());
        assert!(make("p").unwrap().same(&make("p").unwrap()) && !short.same(&make("p").unwrap()));
        assert_eq!(format!("{short:?}"), "Password(..)");
    }

    #[test]
    fn hex_goes_both_ways() {
        let bytes = secret_from_hex(&format!("0x{}", "0a".repeat(32))).unwrap();
        assert_eq!(*bytes, [10; 32]);
        assert_eq!(*secret_hex(&*bytes), "0a".repeat(32));
        assert!(secret_from_hex("0x0a").is_none() && secret_from_hex(&"zz".repeat(32)).is_none());
    }
}
