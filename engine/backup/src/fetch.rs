//! Getting objects back: nothing is used before it has the hash that its manifest says.

use crate::crypt::Opener;
use crate::error::{BackupError, path_error};
use crate::log_parts::verify_segment;
use crate::manifest::{Manifest, Object, Range, Sealed};
use crate::progress::Progress;
use crate::store::Store;
use crate::sums::{Sum, Summing};
use eventlog::hex;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Most bytes that a passphrase-encrypted identity has.
const KEY_LEN_MAX: usize = 64 << 10;

/// Gets objects of one log.
pub(crate) struct Fetcher<'a> {
    pub(crate) store: &'a dyn Store,
    pub(crate) folder: String,
    pub(crate) opener: &'a Opener,
    /// Where unfinished files are.
    pub(crate) unfinished: PathBuf,
}

/// Whether a file is what was listed.
fn compare(found: Sum, len: u64, hash: schemas::Bytes32, place: &str) -> Result<(), BackupError> {
    let damaged = |reason: String| BackupError::Damaged { place: place.to_owned(), reason };
    if found.len != len {
        return Err(damaged(format!("it has {} bytes, the manifest says {len}", found.len)));
    }
    if found.hash != hash {
        return Err(damaged(format!("its BLAKE3 is {}, the manifest says {hash}", found.hash)));
    }
    Ok(())
}

impl Fetcher<'_> {
    /// Where an object is, for people.
    pub(crate) fn place(&self, object: &Object) -> String {
        self.store.place(&self.key(object))
    }

    fn key(&self, object: &Object) -> String {
        format!("{}/{}", self.folder, object.key)
    }

    /// Gets an object as it is stored into `to` and checks it.
    pub(crate) fn stored(&self, object: &Object, to: &Path, progress: &mut dyn Progress) -> Result<(), BackupError> {
        let file = File::create(to).map_err(path_error("create", to))?;
        let mut out = Summing::new(Watched { to: file, failed: None, progress });
        let got = self.store.get(&self.key(object), &mut out);
        let (watched, sum) = out.finish();
        // A full disk here must not be told as a fault of the target.
        if let Some(e) = watched.failed {
            return Err(path_error("write", to)(e));
        }
        got?;
        compare(sum, object.stored_len, object.stored_hash, &self.place(object))?;
        watched.to.sync_all().map_err(path_error("sync", to))
    }

    /// Gets an object as it was in the log, under the name it has there, into a folder. It appears there whole or not
    /// at all. Returns its path.
    pub(crate) fn plain(
        &self,
        object: &Object,
        into: &Path,
        progress: &mut dyn Progress,
    ) -> Result<PathBuf, BackupError> {
        let (to, part) = (into.join(&object.name), self.unfinished.join("stored"));
        self.stored(object, &part, progress)?;
        match object.sealed {
            Sealed::Plain => fs::rename(&part, &to).map_err(path_error("write", &to))?,
            Sealed::Age => {
                let (opened, place) = (self.unfinished.join("opened"), self.place(object));
                let sum = self.opener.open(&part, &opened, &place)?;
                compare(sum, object.plain_len, object.plain_hash, &format!("the decrypted {place}"))?;
                fs::rename(&opened, &to).map_err(path_error("write", &to))?;
                fs::remove_file(&part).map_err(path_error("remove", &part))?;
            }
        }
        Ok(to)
    }
}

/// Whether a fetched segment is whole and holds the events that the manifest says.
pub(crate) fn holds(
    fetcher: &Fetcher<'_>,
    object: &Object,
    path: &Path,
    range: Range,
    deep: bool,
) -> Result<(), BackupError> {
    let place = fetcher.place(object);
    let bad = |e: BackupError| BackupError::Damaged { place: place.clone(), reason: e.to_string() };
    let info = verify_segment(path, deep).map_err(bad)?;
    if hex(&info.log_id) != fetcher.folder {
        return Err(BackupError::Foreign { place, reason: format!("it is a segment of log {}", hex(&info.log_id)) });
    }
    match (info.before, info.head) == (range.before, range.head) {
        true => Ok(()),
        false => Err(BackupError::Foreign { place, reason: "it holds other events than the manifest says".to_owned() }),
    }
}

/// Opens the key that a backup keeps behind a passphrase, if there is one and a passphrase was given. Fails if objects
/// are encrypted and nothing can open them.
pub(crate) fn take_key(
    store: &dyn Store,
    folder: &str,
    manifest: &Manifest,
    opener: &mut Opener,
) -> Result<(), BackupError> {
    let Some(encrypted) = manifest.objects.iter().find(|o| o.sealed == Sealed::Age) else { return Ok(()) };
    let encrypted = store.place(&format!("{folder}/{}", encrypted.key));
    let none =
        |reason: &str| BackupError::BadKeyMaterial { what: "the passphrase".to_owned(), reason: reason.to_owned() };
    match manifest.one(crate::manifest::Kind::Key) {
        Some(key) if opener.wants_key() => {
            let (bytes, place) = key_bytes(store, folder, key)?;
            opener.take_key(&bytes, &place)
        }
        None if opener.wants_key() && opener.is_empty() => Err(none("this backup was made without one")),
        _ if opener.is_empty() => Err(BackupError::NoIdentity { place: encrypted }),
        _ => Ok(()),
    }
}

/// The stored key, checked, and its place for people.
pub(crate) fn key_bytes(store: &dyn Store, folder: &str, key: &Object) -> Result<(Vec<u8>, String), BackupError> {
    let full = format!("{folder}/{}", key.key);
    let bytes = store.get_small(&full, KEY_LEN_MAX)?;
    compare(crate::sums::sum_bytes(&bytes), key.stored_len, key.stored_hash, &store.place(&full))?;
    Ok((bytes, store.place(&full)))
}

/// Tells the progress, and keeps an error of this side.
struct Watched<'a> {
    to: File,
    failed: Option<std::io::Error>,
    progress: &'a mut dyn Progress,
}

impl Write for Watched<'_> {
    fn write(&mut self, part: &[u8]) -> std::io::Result<usize> {
        match self.to.write(part) {
            Ok(done) => {
                self.progress.advance(done as u64);
                Ok(done)
            }
            Err(e) => {
                let kind = e.kind();
                self.failed = Some(e);
                Err(kind.into())
            }
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.to.flush()
    }
}
