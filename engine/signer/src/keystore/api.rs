//! API credentials of the venue (L2): what signs requests, not orders.

use super::sealed;
use crate::error::KeyError;
use crate::private_file::io_error;
use crate::secret::Password;
use polymarket::Address;
use polymarket::auth::{Credentials, Secret};
use std::fmt;
use std::path::Path;

const TITLE: &str = "alpha-arena api-credentials 1";
/// Longest of the three texts, bytes.
const FIELD_LEN_MAX: usize = 1024;

/// The three texts that a venue gives for a wallet's signature, whose they are, and which venue that is: no other may see
/// them. Whoever has them can see and cancel orders; new orders need the key too.
pub struct ApiCredentials {
    address: Address,
    venue: String,
    credentials: Credentials,
}

impl fmt::Debug for ApiCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiCredentials({}, ..)", self.address)
    }
}

impl ApiCredentials {
    /// Takes them over. Refuses what is empty, too long or has more than printable ASCII.
    pub fn new(address: Address, venue: &str, credentials: Credentials) -> Result<Self, KeyError> {
        for text in [venue, &credentials.api_key, credentials.secret.expose(), credentials.passphrase.expose()] {
            if text.is_empty() || text.len() > FIELD_LEN_MAX || !text.bytes().all(|b| b.is_ascii_graphic()) {
                let reason = "each of them is 1 to 1024 printable characters";
                return Err(KeyError::BadCredentials { reason });
            }
        }
        Ok(Self { address, venue: venue.to_owned(), credentials })
    }

    /// Whose they are: the account that signed for them.
    pub fn address(&self) -> Address {
        self.address
    }

    /// Who gave them: the address of the order book.
    pub fn venue(&self) -> &str {
        &self.venue
    }

    /// The three texts.
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// Writes them into a file, in the place of one that is there. A crash in between leaves none, and the venue gives the
    /// same ones again.
    pub fn replace(&self, path: &Path, password: &Password) -> Result<(), KeyError> {
        password.check_new()?;
        match std::fs::remove_file(path) {
            Ok(()) => {}
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
            Err(e) => return Err(io_error("replace", path)(e)),
        }
        self.create(path, password)
    }

    /// Writes them into a new file.
    pub fn create(&self, path: &Path, password: &Password) -> Result<(), KeyError> {
        self.create_with(path, password, sealed::WORK_FACTOR)
    }

    fn create_with(&self, path: &Path, password: &Password, work_factor: u8) -> Result<(), KeyError> {
        password.check_new()?;
        let address = self.address.to_string();
        let fields: [(&str, &str); 5] = [
            ("address", &address),
            ("venue", &self.venue),
            ("key", &self.credentials.api_key),
            ("secret", self.credentials.secret.expose()),
            ("passphrase", self.credentials.passphrase.expose()),
        ];
        sealed::create(path, TITLE, &fields, password, work_factor)
    }

    /// Opens such a file.
    pub fn open(path: &Path, password: &Password) -> Result<Self, KeyError> {
        let plain = sealed::open(path, TITLE, password)?;
        let missing = || KeyError::Damaged { path: path.to_owned(), reason: "a field is missing".to_owned() };
        let field = |name| plain.field(name).ok_or_else(missing);
        let address = field("address")?.parse().map_err(|_| missing())?;
        let secret = |name| field(name).map(|text| Secret::new(String::from(text.as_str())));
        let api_key = String::from(field("key")?.as_str());
        let venue = field("venue")?;
        Self::new(
            address,
            &venue,
            Credentials { api_key, secret: secret("secret")?, passphrase: secret("passphrase")? },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zeroize::Zeroizing;

    fn credentials(secret: &str) -> Credentials {
        let text = |t: &str| Secret::new(t.to_owned());
        Credentials { api_key: "0000-1".to_owned(), secret: text(secret), passphrase: text("pass") }
    }

    #[test]
    fn goes_in_and_comes_out_and_says_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("api.age");
        let password = Password::new(Zeroizing::new("correct horse".to_owned())).unwrap();
        let address = Address([7; 20]);
        let made = ApiCredentials::new(address, "https://venue.example", credentials("c2VjcmV0==")).unwrap();
        made.create_with(&path, &password, 4).unwrap();
        let back = ApiCredentials::open(&path, &password).unwrap();
        assert_eq!((back.address(), back.credentials()), (address, &credentials("c2VjcmV0==")));
        assert_eq!(back.venue(), "https://venue.example");
        assert!(!format!("{back:?}").contains("c2Vj"));
        // The one kind of file is not the other.
        assert!(matches!(super::super::open(&path, &password), Err(KeyError::Damaged { .. })));
        for bad in ["", "two\nlines", "spa ce", &"x".repeat(1025)] {
            assert!(ApiCredentials::new(address, "https://venue.example", credentials(bad)).is_err(), "{bad:?}");
            assert!(ApiCredentials::new(address, bad, credentials("c2VjcmV0==")).is_err(), "{bad:?}");
        }
    }
}
