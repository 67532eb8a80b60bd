//! Checking backups without restoring them.

use crate::catalog::{Backup, Catalog, Choice, Trust};
use crate::crypt::Opener;
use crate::error::{BackupError, path_error};
use crate::fetch::{Fetcher, holds, take_key};
use crate::manifest::{Manifest, Object, Sealed, log_folder};
use crate::progress::Progress;
use crate::scratch::Scratch;
use crate::store::Store;
use eventlog::LogId;

/// What to check.
pub struct VerifyOptions<'a> {
    /// The target.
    pub store: &'a dyn Store,
    /// Which log, if the target has several.
    pub log_id: Option<LogId>,
    /// Which backup.
    pub choice: Choice,
    /// Whose signature is good enough.
    pub trust: Trust,
    /// Opens encrypted objects; without one that does, only what is stored is checked.
    pub opener: Opener,
    /// Also make the log's own frames again from every segment and recompute the chain.
    pub deep: bool,
}

/// What a check of a backup found.
#[derive(Debug)]
pub struct VerifyReport {
    /// The backup.
    pub manifest: Manifest,
    /// The key that signed it, in hex.
    pub signed_by: String,
    /// Objects that are as the manifest says.
    pub good: usize,
    /// Objects that stayed closed: their stored bytes are as the manifest says, what is inside was not looked at.
    pub closed: usize,
    /// What is wrong, object by object.
    pub faults: Vec<BackupError>,
}

/// Checks a backup's signature and every byte of its objects. An error means that it could not be looked at; what is
/// wrong with its objects is in the report.
pub fn verify(options: VerifyOptions<'_>, progress: &mut dyn Progress) -> Result<VerifyReport, BackupError> {
    let VerifyOptions { store, log_id, choice, trust, mut opener, deep } = options;
    let mut catalog = Catalog::of(store, log_id)?;
    let backup: Backup = catalog.choose(&choice)?;
    trust.check(&backup)?;
    let manifest = backup.manifest().clone();
    let folder = log_folder(&catalog.log_id());
    match take_key(store, &folder, &manifest, &mut opener) {
        // Then what is stored is checked, and no more.
        Ok(()) | Err(BackupError::NoIdentity { .. }) => {}
        Err(e) => return Err(e),
    }
    // Not at the target: it may be read-only.
    let scratch = Scratch::create(&std::env::temp_dir())?;
    let fetcher = Fetcher { store, folder, opener: &opener, unfinished: scratch.path().to_owned() };
    let mut report =
        VerifyReport { manifest, signed_by: backup.signed.public_key.clone(), good: 0, closed: 0, faults: Vec::new() };
    progress.begin("checking", report.manifest.stored_len());
    for object in &report.manifest.objects {
        let closed = object.sealed == Sealed::Age && opener.is_empty();
        match check(&fetcher, object, closed, deep, &scratch, progress) {
            Ok(()) if closed => report.closed += 1,
            Ok(()) => report.good += 1,
            Err(e) if is_about_this_side(&e) => return Err(e),
            Err(e) => report.faults.push(e),
        }
    }
    Ok(report)
}

/// Whether checking failed, not the object.
fn is_about_this_side(e: &BackupError) -> bool {
    matches!(
        e,
        BackupError::DiskFull { .. }
            | BackupError::Denied { .. }
            | BackupError::Target { .. }
            | BackupError::WrongIdentity { .. }
            | BackupError::NotBuilt { .. }
    )
}

fn check(
    fetcher: &Fetcher<'_>,
    object: &Object,
    closed: bool,
    deep: bool,
    scratch: &Scratch,
    progress: &mut dyn Progress,
) -> Result<(), BackupError> {
    if closed {
        return fetcher.stored(object, &scratch.file("closed"), progress);
    }
    let folder = scratch.file("parts");
    std::fs::create_dir_all(&folder).map_err(path_error("create", &folder))?;
    let path = fetcher.plain(object, &folder, progress)?;
    let checked = match object.range {
        None => Ok(()),
        Some(range) => holds(fetcher, object, &path, range, deep),
    };
    std::fs::remove_file(&path).map_err(path_error("remove", &path))?;
    checked
}
