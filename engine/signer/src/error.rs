//! Why a key cannot be had, and what to do next. Never a byte of a key or a password.

use std::io;
use std::path::PathBuf;

/// A key, a password or a credential cannot be had or kept. `Display` says what and why, [`next_step`](Self::next_step)
/// what to do.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file system failed.
    #[error("cannot {what} {}: {source}", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is no such file.
    #[error("{} does not exist", path.display())]
    Missing {
        /// Which.
        path: PathBuf,
    },
    /// There is no file with the password.
    #[error("{} does not exist, and the password is to be read from it", path.display())]
    NoPasswordFile {
        /// Which.
        path: PathBuf,
    },
    /// There is a file already, and none is ever replaced.
    #[error("{} exists; a key file is never overwritten", path.display())]
    Exists {
        /// Which.
        path: PathBuf,
    },
    /// A folder, a pipe, a device.
    #[error("{} is not a plain file", path.display())]
    NotAFile {
        /// Which.
        path: PathBuf,
    },
    /// Its mode lets others read or change it.
    #[error("{} has mode {mode:04o}: others than its owner may use it", path.display())]
    ReadableByOthers {
        /// Which.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// It belongs to another user.
    #[error("{} belongs to the user with id {owner}, not to this process's user", path.display())]
    ForeignOwner {
        /// Which.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
    },
    /// The password does not open the file.
    #[error("the password does not open {}", path.display())]
    WrongPassword {
        /// Which.
        path: PathBuf,
    },
    /// The file is not what it should be.
    #[error("{} cannot be used: {reason}", path.display())]
    Damaged {
        /// Which.
        path: PathBuf,
        /// Why; never what it holds.
        reason: String,
    },
    /// A password is not good enough.
    #[error("the password cannot be used: {reason}")]
    BadPassword {
        /// Why.
        reason: &'static str,
    },
    /// What was given is no key.
    #[error("{origin} holds no private key: {reason}")]
    BadKey {
        /// Where it came from.
        origin: String,
        /// Why; never what it holds.
        reason: &'static str,
    },
    /// What was given are no API credentials.
    #[error("the API credentials cannot be used: {reason}")]
    BadCredentials {
        /// Why; never what they hold.
        reason: &'static str,
    },
    /// No systemd credential of this name can be had.
    #[error("there is no systemd credential '{name}': {reason}")]
    NoCredential {
        /// Its name, escaped.
        name: String,
        /// Why.
        reason: &'static str,
    },
    /// The variable of the environment is not set.
    #[error("the environment has no {name}")]
    NotInEnvironment {
        /// Its name.
        name: &'static str,
    },
    /// The desktop's keyring failed, or has no such entry.
    #[error("the keyring has no usable entry '{name}': {reason}")]
    Keyring {
        /// The entry.
        name: String,
        /// Why.
        reason: String,
    },
    /// This build cannot do that.
    #[error("this build has no {what}")]
    NotBuilt {
        /// What is missing.
        what: &'static str,
        /// The feature that brings it.
        feature: &'static str,
    },
    /// The system has no randomness to give.
    #[error("cannot draw a new key from /dev/urandom: {0}")]
    NoRandomness(io::Error),
}

impl KeyError {
    /// What to do next, if there is something.
    pub fn next_step(&self) -> Option<String> {
        Some(match self {
            Self::Missing { .. } => "`arena wallet new` makes a key, `arena wallet import` takes one over".to_owned(),
            Self::NoPasswordFile { .. } => {
                "write the password into it (mode 600), or name no file: then it is asked for".to_owned()
            }
            Self::Exists { .. } => {
                "name another file, or move that one away after you have made sure that its wallet is empty".to_owned()
            }
            Self::ReadableByOthers { path, .. } => format!("chmod 600 {}", path.display()),
            Self::ForeignOwner { path, .. } => {
                format!("chown {} to the user that runs this, if it is yours", path.display())
            }
            Self::WrongPassword { .. } => "try again; without the password nobody can open it, us included".to_owned(),
            Self::Damaged { .. } => "bring the file back from your own backup of it".to_owned(),
            Self::BadKey { .. } => "a private key is 64 hex digits, with or without 0x".to_owned(),
            Self::NoCredential { .. } => "see LoadCredentialEncrypted= in ops/systemd/arena-signer.service".to_owned(),
            Self::NotBuilt { feature, .. } => format!("build it with `--features {feature}`"),
            _ => return None,
        })
    }

    /// Whether the caller named or typed something wrong, rather than that something broke.
    pub fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::Missing { .. }
                | Self::NoPasswordFile { .. }
                | Self::Exists { .. }
                | Self::WrongPassword { .. }
                | Self::BadPassword { .. }
                | Self::BadKey { .. }
                | Self::BadCredentials { .. }
                | Self::NotInEnvironment { .. }
                | Self::NotBuilt { .. }
        )
    }
}
