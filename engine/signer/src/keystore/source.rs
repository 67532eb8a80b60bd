//! Where a key comes from, by configuration.

use crate::error::KeyError;
use crate::key::WalletKey;
use crate::private_file::read_guarded;
use crate::secret::{Password, first_line};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The variable of the environment that may hold a key, if the configuration says so.
pub const ENVIRONMENT_KEY: &str = "ARENA_WALLET_PRIVATE_KEY";

/// Where systemd lays a service's credentials, see systemd.exec(5).
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// Where a key comes from.
#[derive(Debug)]
pub enum KeySource {
    /// An encrypted keystore and its password.
    Keystore(PathBuf, Password),
    /// A systemd credential: 64 hex digits.
    Credential(String),
    /// A variable of the environment, [`ENVIRONMENT_KEY`]. Readable by every process of the same user, and inherited by
    /// every child: for trying things out.
    Environment,
    /// The desktop's keyring: the entry of this name in the service `alpha-arena`. Needs the feature `keyring`.
    Keyring(String),
}

impl KeySource {
    /// Gets the key. Say aloud what [`warning`](Self::warning) says.
    pub fn load(&self) -> Result<WalletKey, KeyError> {
        match self {
            Self::Keystore(path, password) => super::open(path, password),
            Self::Credential(name) => {
                let bytes = credential(name)?;
                let origin = format!("the credential '{}'", name.escape_debug());
                let text = first_line(&bytes);
                let text = text.ok_or_else(|| KeyError::BadKey { origin: origin.clone(), reason: "it is no text" })?;
                WalletKey::from_hex(&text, &origin)
            }
            Self::Environment => {
                let found = std::env::var(ENVIRONMENT_KEY).map(Zeroizing::new);
                let text = found.map_err(|_| KeyError::NotInEnvironment { name: ENVIRONMENT_KEY })?;
                WalletKey::from_hex(&text, &format!("${ENVIRONMENT_KEY}"))
            }
            Self::Keyring(name) => keyring_entry(name),
        }
    }

    /// What an operator must be told about this source, if anything.
    pub fn warning(&self) -> Option<&'static str> {
        match self {
            Self::Environment => Some(
                "THE PRIVATE KEY IS IN THE ENVIRONMENT: every process of this user can read it, and it stays there. \
                 Move it into a keystore: `arena wallet import`",
            ),
            _ => None,
        }
    }
}

/// The bytes of a systemd credential. Its protection is systemd's: the folder belongs to the service alone.
pub fn credential(name: &str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    credential_in(std::env::var_os(CREDENTIALS).map(PathBuf::from).as_deref(), name)
}

fn credential_in(folder: Option<&Path>, name: &str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let refused = |reason| KeyError::NoCredential { name: name.escape_debug().to_string(), reason };
    let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    if !plain || name.starts_with('.') {
        return Err(refused("a name has letters, digits, '.', '_' and '-' only"));
    }
    let folder = folder.filter(|f| f.is_absolute());
    let folder = folder.ok_or_else(|| refused("$CREDENTIALS_DIRECTORY is not set: not started by systemd"))?;
    match read_guarded(&folder.join(name)) {
        Err(KeyError::Missing { .. }) => Err(refused("the unit loads none of this name")),
        other => other,
    }
}

#[cfg(feature = "keyring")]
fn keyring_entry(name: &str) -> Result<WalletKey, KeyError> {
    let failed =
        |e: keyring::Error| KeyError::Keyring { name: name.escape_debug().to_string(), reason: keyring_reason(&e) };
    let entry = keyring::Entry::new("alpha-arena", name).map_err(failed)?;
    let text = Zeroizing::new(entry.get_password().map_err(failed)?);
    WalletKey::from_hex(&text, "the keyring's entry")
}

/// Its own words for what matters; an error may carry the bytes that it could not decode.
#[cfg(feature = "keyring")]
fn keyring_reason(e: &keyring::Error) -> String {
    match e {
        keyring::Error::NoEntry => "there is none",
        keyring::Error::NoDefaultStore => "this system offers no keyring",
        keyring::Error::NoStorageAccess(_) => "it is locked or not running",
        keyring::Error::BadEncoding(_) => "it is no text",
        _ => "it cannot be read",
    }
    .to_owned()
}

#[cfg(not(feature = "keyring"))]
fn keyring_entry(_: &str) -> Result<WalletKey, KeyError> {
    Err(KeyError::NotBuilt { what: "keyring", feature: "keyring" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn credentials_come_from_their_folder_only() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("wallet-key"), "k\n").unwrap();
        fs::create_dir(dir.path().join("inner")).unwrap();
        assert_eq!(**credential_in(Some(dir.path()), "wallet-key").unwrap(), *b"k\n");
        for name in ["", "../wallet-key", "inner/x", ".hidden", "no\nway", "absent"] {
            let error = credential_in(Some(dir.path()), name).unwrap_err();
            assert!(matches!(error, KeyError::NoCredential { .. }), "{name:?}: {error}");
            assert!(!error.to_string().contains('\n'));
        }
        assert!(credential_in(None, "wallet-key").is_err());
        assert!(credential_in(Some(Path::new("relative")), "wallet-key").is_err());
    }

    #[test]
    fn only_the_environment_needs_a_warning() {
        assert!(KeySource::Environment.warning().unwrap().contains("wallet import"));
        assert!(KeySource::Credential("k".to_owned()).warning().is_none());
    }

    #[cfg(not(feature = "keyring"))]
    #[test]
    fn a_keyring_needs_a_feature() {
        let error = KeySource::Keyring("k".to_owned()).load().unwrap_err();
        assert!(error.next_step().unwrap().contains("--features keyring"), "{error}");
    }
}
