//! The age crate behind the few calls that are needed here.

use crate::error::{BackupError, path_error};
use age::secrecy::{ExposeSecret, SecretString};
use age::{DecryptError, Decryptor, Encryptor, IdentityFile, scrypt, x25519};
use std::io::{self, BufRead, Read, Write};
use std::path::Path;

/// Cost of guessing a passphrase once: 2^18 rounds, about a second and 256 MiB, which is age's own choice.
const WORK_FACTOR: u8 = 18;

pub(super) type Secret = SecretString;

pub(super) fn secret(text: &str) -> Secret {
    SecretString::from(text.to_owned())
}

/// Opens the target's key.
pub(super) fn open_key(bytes: &[u8], passphrase: &Secret, place: &str) -> Result<x25519::Identity, BackupError> {
    let damaged = |reason: String| BackupError::Damaged { place: place.to_owned(), reason };
    let mut identity = scrypt::Identity::new(passphrase.clone());
    identity.set_max_work_factor(WORK_FACTOR);
    let decryptor = Decryptor::new_buffered(bytes).map_err(|e| damaged(e.to_string()))?;
    let mut text = String::new();
    let opened = decryptor.decrypt(std::iter::once(&identity as &dyn age::Identity));
    let mut plain = opened.map_err(|e| match e {
        DecryptError::DecryptionFailed | DecryptError::NoMatchingKeys | DecryptError::KeyDecryptionFailed => {
            BackupError::WrongPassphrase { place: place.to_owned() }
        }
        e => damaged(e.to_string()),
    })?;
    plain.read_to_string(&mut text).map_err(|e| damaged(e.to_string()))?;
    text.trim().parse().map_err(|e: &str| damaged(e.to_owned()))
}

/// Makes a key, and what is stored of it.
pub(super) fn make_key(passphrase: &Secret) -> Result<(x25519::Identity, Vec<u8>), BackupError> {
    let identity = x25519::Identity::generate();
    let mut recipient = scrypt::Recipient::new(passphrase.clone());
    recipient.set_work_factor(WORK_FACTOR);
    let bytes = age::encrypt(&recipient, identity.to_string().expose_secret().as_bytes());
    let bytes =
        bytes.map_err(|e| BackupError::BadKeyMaterial { what: "the passphrase".to_owned(), reason: e.to_string() })?;
    Ok((identity, bytes))
}

/// Whom objects are encrypted for.
#[derive(Default)]
pub(super) struct Recipients(Vec<x25519::Recipient>);

impl Recipients {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn add(&mut self, text: &str) -> Result<(), BackupError> {
        let recipient = text.trim().parse().map_err(|e: &str| BackupError::BadKeyMaterial {
            what: format!("the recipient '{text}'"),
            reason: e.to_owned(),
        })?;
        self.0.push(recipient);
        Ok(())
    }

    pub(super) fn add_own(&mut self, identity: &x25519::Identity) {
        self.0.push(identity.to_public());
    }

    pub(super) fn encrypt<W: Write>(&self, from: &mut dyn Read, to: W) -> io::Result<W> {
        let recipients = self.0.iter().map(|r| r as &dyn age::Recipient);
        let encryptor = Encryptor::with_recipients(recipients).map_err(io::Error::other)?;
        let mut out = encryptor.wrap_output(to)?;
        crate::sums::pour(from, &mut out)?;
        out.finish()
    }
}

/// What opens objects.
#[derive(Default)]
pub(super) struct Identities(Vec<Box<dyn age::Identity>>);

impl Identities {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn add_file(&mut self, path: &Path) -> Result<(), BackupError> {
        let bad = |reason: String| BackupError::BadKeyMaterial {
            what: format!("the identity file {}", path.display()),
            reason,
        };
        let bytes = std::fs::read(path).map_err(|e| match e.kind() {
            io::ErrorKind::NotFound => bad("it does not exist".to_owned()),
            _ => path_error("read", path)(e),
        })?;
        let file = IdentityFile::from_buffer(bytes.as_slice()).map_err(|e| bad(e.to_string()))?;
        let found = file.into_identities().map_err(|e| bad(e.to_string()))?;
        if found.is_empty() {
            return Err(bad("it holds no identity".to_owned()));
        }
        self.0.extend(found.into_iter().map(|i| i as Box<dyn age::Identity>));
        Ok(())
    }

    pub(super) fn add_own(&mut self, identity: x25519::Identity) {
        self.0.push(Box::new(identity));
    }

    pub(super) fn decrypt<R: BufRead>(&self, from: R, place: &str) -> Result<impl Read + use<R>, BackupError> {
        let damaged = |e: DecryptError| BackupError::Damaged {
            place: place.to_owned(),
            reason: format!("it cannot be decrypted: {e}"),
        };
        let decryptor = Decryptor::new_buffered(from).map_err(damaged)?;
        decryptor.decrypt(self.0.iter().map(|i| &**i)).map_err(|e| match e {
            DecryptError::NoMatchingKeys => BackupError::WrongIdentity { place: place.to_owned() },
            e => damaged(e),
        })
    }
}
