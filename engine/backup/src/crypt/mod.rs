//! Encryption of objects with age: for recipients whose identities stay elsewhere, or behind a passphrase.
//!
//! A passphrase does not encrypt the objects itself, because each would cost a second of key stretching. It encrypts one
//! identity, made by the first backup and kept in the target as `keys/k-*.age`; the objects are encrypted for that.

mod aged;

use crate::error::{BackupError, path_error};
use crate::manifest::Sealed;
use crate::sums::{Sum, Summing, pour};
use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::Path;

/// Longest first line of a passphrase file, bytes.
const PASSPHRASE_LEN_MAX: usize = 1024;

/// What objects are encrypted for; nothing if nobody was named.
#[derive(Default)]
pub struct Sealer {
    recipients: aged::Recipients,
    passphrase: Option<aged::Secret>,
}

impl Sealer {
    /// Objects stay readable.
    pub fn plain() -> Self {
        Self::default()
    }

    /// Encrypts for recipients (`age1...`), and for the identity behind a passphrase if there is one. Plain if neither
    /// is given.
    pub fn new(recipients: &[String], passphrase_file: Option<&Path>) -> Result<Self, BackupError> {
        let mut sealer = Self::default();
        for recipient in recipients {
            sealer.recipients.add(recipient)?;
        }
        sealer.passphrase = passphrase_file.map(read_passphrase).transpose()?;
        Ok(sealer)
    }

    /// How objects will be stored.
    pub(crate) fn sealed(&self) -> Sealed {
        match self.recipients.is_empty() && self.passphrase.is_none() {
            true => Sealed::Plain,
            false => Sealed::Age,
        }
    }

    /// Whether a key in the target takes part.
    pub(crate) fn needs_key(&self) -> bool {
        self.passphrase.is_some()
    }

    /// Takes the target's key, opened with the passphrase; without one, makes it and returns what is to be stored.
    pub(crate) fn take_key(&mut self, stored: Option<(&[u8], &str)>) -> Result<Option<Vec<u8>>, BackupError> {
        let Some(passphrase) = &self.passphrase else { return Ok(None) };
        match stored {
            Some((bytes, place)) => {
                let identity = aged::open_key(bytes, passphrase, place)?;
                self.recipients.add_own(&identity);
                Ok(None)
            }
            None => {
                let (identity, bytes) = aged::make_key(passphrase)?;
                self.recipients.add_own(&identity);
                Ok(Some(bytes))
            }
        }
    }

    /// Encrypts a file into another. Returns the sum of what was written.
    pub(crate) fn seal(&self, from: &Path, to: &Path) -> Result<Sum, BackupError> {
        let file = File::create(to).map_err(path_error("create", to))?;
        let out = Summing::new(BufWriter::with_capacity(1 << 18, file));
        let mut input = File::open(from).map_err(path_error("read", from))?;
        let out = self.recipients.encrypt(&mut input, out).map_err(path_error("write", to))?;
        let (file, stored) = out.finish();
        file.into_inner().map_err(|e| path_error("write", to)(e.into_error()))?;
        Ok(stored)
    }
}

/// What encrypted objects are opened with.
#[derive(Default)]
pub struct Opener {
    identities: aged::Identities,
    passphrase: Option<aged::Secret>,
}

impl Opener {
    /// With identity files (`AGE-SECRET-KEY-1...`) and a passphrase; both may be absent, then only plain objects open.
    pub fn new(identity_files: &[&Path], passphrase_file: Option<&Path>) -> Result<Self, BackupError> {
        let mut opener = Self::default();
        for file in identity_files {
            opener.identities.add_file(file)?;
        }
        opener.passphrase = passphrase_file.map(read_passphrase).transpose()?;
        Ok(opener)
    }

    /// Whether it needs the target's key.
    pub(crate) fn wants_key(&self) -> bool {
        self.passphrase.is_some()
    }

    /// Whether it can open anything at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.identities.is_empty()
    }

    /// Opens the target's key with the passphrase.
    pub(crate) fn take_key(&mut self, bytes: &[u8], place: &str) -> Result<(), BackupError> {
        if let Some(passphrase) = &self.passphrase {
            self.identities.add_own(aged::open_key(bytes, passphrase, place)?);
        }
        Ok(())
    }

    /// Decrypts a stored file into another; returns the sum of what was written. `place` is the object, for errors.
    pub(crate) fn open(&self, from: &Path, to: &Path, place: &str) -> Result<Sum, BackupError> {
        if self.is_empty() {
            return Err(BackupError::NoIdentity { place: place.to_owned() });
        }
        let input = File::open(from).map_err(path_error("read", from))?;
        let mut plain = self.identities.decrypt(BufReader::with_capacity(1 << 18, input), place)?;
        let file = File::create(to).map_err(path_error("create", to))?;
        let mut out = Summing::new(file);
        pour(&mut plain, &mut out).map_err(|e| match e.kind() {
            // What the decryption itself says about bytes that are not as they were encrypted.
            std::io::ErrorKind::InvalidData | std::io::ErrorKind::UnexpectedEof => {
                BackupError::Damaged { place: place.to_owned(), reason: format!("it cannot be decrypted: {e}") }
            }
            _ => path_error("write", to)(e),
        })?;
        let (mut file, sum) = out.finish();
        file.flush().and_then(|()| file.sync_all()).map_err(path_error("write", to))?;
        Ok(sum)
    }
}

/// The first line of a passphrase file.
fn read_passphrase(path: &Path) -> Result<aged::Secret, BackupError> {
    let bad = |reason: &str| BackupError::BadKeyMaterial {
        what: format!("the passphrase file {}", path.display()),
        reason: reason.to_owned(),
    };
    let text = std::fs::read_to_string(path).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => bad("it does not exist"),
        std::io::ErrorKind::InvalidData => bad("it is no text"),
        _ => path_error("read", path)(e),
    })?;
    match text.lines().next() {
        None | Some("") => Err(bad("its first line is empty")),
        Some(line) if line.len() > PASSPHRASE_LEN_MAX => Err(bad("its first line is too long")),
        Some(line) => Ok(aged::secret(line)),
    }
}
