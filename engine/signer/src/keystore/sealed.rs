//! Lines of secrets in an age file behind a passphrase.

use crate::error::KeyError;
use crate::private_file::{create_private, read_private};
use crate::secret::Password;
use age::{DecryptError, Decryptor, scrypt};
use std::io::Read;
use std::path::Path;
use zeroize::Zeroizing;

/// Cost of guessing a password once: 2^18 rounds, about a second and 256 MiB.
pub(super) const WORK_FACTOR: u8 = 18;
/// The most that a file may ask of whoever opens it: 1 GiB. More is not ours.
const WORK_FACTOR_MAX: u8 = 20;
/// Longest text inside, bytes.
const PLAIN_LEN_MAX: usize = 16 * 1024;

/// The text of an opened file.
pub(super) struct Plain(Zeroizing<Vec<u8>>);

impl Plain {
    /// The value of the first line that begins with `name`.
    pub(super) fn field(&self, name: &str) -> Option<Zeroizing<String>> {
        let text = std::str::from_utf8(&self.0).ok()?;
        let line = text.lines().skip(1).find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
        Some(Zeroizing::new(line.to_owned()))
    }
}

/// Writes a new file. Values are single lines.
pub(super) fn create(
    path: &Path,
    title: &str,
    fields: &[(&str, &str)],
    password: &Password,
    work_factor: u8,
) -> Result<(), KeyError> {
    // Looked at before the costly part; what decides is the creation itself.
    if path.exists() {
        return Err(KeyError::Exists { path: path.to_owned() });
    }
    let mut plain = Zeroizing::new(String::with_capacity(PLAIN_LEN_MAX));
    plain.push_str(title);
    plain.push('\n');
    for (name, value) in fields {
        for part in [*name, " ", *value, "\n"] {
            plain.push_str(part);
        }
    }
    let mut recipient = scrypt::Recipient::new(password.to_age());
    recipient.set_work_factor(work_factor);
    let sealed = age::encrypt(&recipient, plain.as_bytes())
        .map_err(|e| KeyError::Damaged { path: path.to_owned(), reason: format!("it cannot be encrypted: {e}") })?;
    create_private(path, &sealed)
}

/// Opens a file that must begin with `title`.
pub(super) fn open(path: &Path, title: &str, password: &Password) -> Result<Plain, KeyError> {
    let bad = |reason: String| KeyError::Damaged { path: path.to_owned(), reason };
    let bytes = read_private(path)?;
    let decryptor = Decryptor::new(bytes.as_slice()).map_err(|e| bad(format!("it is no age file: {e}")))?;
    if !decryptor.is_scrypt() {
        return Err(bad("it is not encrypted with a password".to_owned()));
    }
    let mut identity = scrypt::Identity::new(password.to_age());
    identity.set_max_work_factor(WORK_FACTOR_MAX);
    let opened = decryptor.decrypt(std::iter::once(&identity as &dyn age::Identity));
    let mut reader = opened.map_err(|e| match e {
        DecryptError::DecryptionFailed | DecryptError::NoMatchingKeys | DecryptError::KeyDecryptionFailed => {
            KeyError::WrongPassword { path: path.to_owned() }
        }
        e => bad(e.to_string()),
    })?;
    let mut plain = Zeroizing::new(Vec::with_capacity(PLAIN_LEN_MAX + 1));
    (&mut reader).take(PLAIN_LEN_MAX as u64 + 1).read_to_end(&mut plain).map_err(|e| bad(e.to_string()))?;
    if plain.len() > PLAIN_LEN_MAX {
        return Err(bad("it holds too much".to_owned()));
    }
    let first = plain.split(|b| *b == b'\n').next().unwrap_or_default();
    if first != title.as_bytes() {
        return Err(bad(format!(
            "it does not begin with '{title}': it is another kind of file, or of a later version"
        )));
    }
    Ok(Plain(plain))
}
