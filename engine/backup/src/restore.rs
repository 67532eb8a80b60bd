//! Making a log of a backup.
//!
//! Everything happens in `<log>.restoring-<backup>/` beside the place where the log will be: objects are fetched there
//! and checked, the log is assembled and verified there, and only then renamed. A restore that was stopped goes on from
//! the objects it has; the log's place is empty or holds a whole log.

use crate::catalog::{Catalog, Choice, Trust};
use crate::crypt::Opener;
use crate::error::{BackupError, path_error};
use crate::fetch::{Fetcher, holds, take_key};
use crate::log_parts::assemble;
use crate::manifest::{Kind, Manifest, Object, log_folder};
use crate::progress::Progress;
use crate::store::Store;
use crate::sums::sum_file;
use eventlog::{LogId, Severity};
use schemas::frame::Head;
use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// What to restore, where from, and where to.
pub struct RestoreOptions<'a> {
    /// The target of the backups.
    pub store: &'a dyn Store,
    /// Which log, if the target has several.
    pub log_id: Option<LogId>,
    /// Which backup.
    pub choice: Choice,
    /// Whose signature is good enough.
    pub trust: Trust,
    /// Opens encrypted objects.
    pub opener: Opener,
    /// Where the log goes: a directory that is absent or empty.
    pub log: &'a Path,
    /// Also recompute the one chain of the whole log.
    pub deep: bool,
}

/// What a restore came to.
#[derive(Clone, Debug)]
pub struct RestoreReport {
    /// The backup that was restored.
    pub manifest: Manifest,
    /// The key that signed it, in hex.
    pub signed_by: String,
    /// Where the log ends.
    pub head: Head,
    /// What verification found: nothing, or what the next start repairs.
    pub verified: eventlog::VerifyReport,
    /// Bytes that were fetched; the rest was there from an earlier try.
    pub fetched_len: u64,
    /// The configuration files of that time, put beside the log.
    pub config: Vec<PathBuf>,
}

/// Restores a log.
pub fn restore(options: RestoreOptions<'_>, progress: &mut dyn Progress) -> Result<RestoreReport, BackupError> {
    let RestoreOptions { store, log_id, choice, trust, mut opener, log, deep } = options;
    must_be_free(log)?;
    let mut catalog = Catalog::of(store, log_id)?;
    let backup = catalog.choose(&choice)?;
    trust.check(&backup)?;
    let manifest = backup.manifest();
    catalog.whole(manifest)?;
    let folder = log_folder(&catalog.log_id());
    take_key(store, &folder, manifest, &mut opener)?;
    let site = Site::open(log, manifest)?;
    let fetcher = Fetcher { store, folder, opener: &opener, unfinished: site.path.clone() };
    let fetched_len = site.fetch(&fetcher, manifest, progress)?;
    let (head, verified) = site.build(&fetcher, manifest, deep, progress)?;
    let config = site.finish(log, manifest)?;
    let (manifest, signed_by) = (manifest.clone(), backup.signed.public_key.clone());
    Ok(RestoreReport { manifest, signed_by, head, verified, fetched_len, config })
}

fn must_be_free(log: &Path) -> Result<(), BackupError> {
    match fs::read_dir(log).map(|mut entries| entries.next().is_none()) {
        Ok(true) => Ok(()),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(()),
        Err(e) if e.kind() != ErrorKind::NotADirectory => Err(path_error("open", log)(e)),
        _ => Err(BackupError::NotEmpty { path: log.to_owned() }),
    }
}

/// A path with more behind its last name.
fn beside(log: &Path, suffix: &str) -> PathBuf {
    let mut name = log.components().as_path().as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// The directory beside the log where it is made.
struct Site {
    path: PathBuf,
    parts: PathBuf,
    _lock: File,
}

impl Site {
    fn open(log: &Path, manifest: &Manifest) -> Result<Self, BackupError> {
        let path = beside(log, &format!(".restoring-{}", manifest.id));
        let parts = path.join("parts");
        fs::create_dir_all(&parts).map_err(path_error("create", &parts))?;
        let lock_path = path.join("lock");
        let lock = File::create(&lock_path).map_err(path_error("create", &lock_path))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path, parts, _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(BackupError::RestoreRunning { path }),
            Err(TryLockError::Error(e)) => Err(path_error("lock", &lock_path)(e)),
        }
    }

    fn folder(&self, kind: Kind) -> PathBuf {
        self.parts.join(kind.folder())
    }

    fn part(&self, object: &Object) -> PathBuf {
        self.folder(object.kind).join(&object.name)
    }

    /// Fetches what is not there yet from an earlier try. Returns the bytes fetched.
    fn fetch(
        &self,
        fetcher: &Fetcher<'_>,
        manifest: &Manifest,
        progress: &mut dyn Progress,
    ) -> Result<u64, BackupError> {
        progress.begin("fetching", manifest.stored_len());
        let mut fetched = 0;
        for object in manifest.objects.iter().filter(|o| o.kind != Kind::Key) {
            let (folder, part) = (self.folder(object.kind), self.part(object));
            fs::create_dir_all(&folder).map_err(path_error("create", &folder))?;
            if part.exists() {
                let sum = sum_file(&part)?;
                if (sum.len, sum.hash) == (object.plain_len, object.plain_hash) {
                    progress.advance(object.stored_len);
                    continue;
                }
                fs::remove_file(&part).map_err(path_error("remove", &part))?;
            }
            fetcher.plain(object, &folder, progress)?;
            fetched += object.stored_len;
        }
        Ok(fetched)
    }

    /// Assembles the log and checks every byte of it.
    fn build(
        &self,
        fetcher: &Fetcher<'_>,
        manifest: &Manifest,
        deep: bool,
        progress: &mut dyn Progress,
    ) -> Result<(Head, eventlog::VerifyReport), BackupError> {
        let log = self.path.join("log");
        if log.exists() {
            // Whatever an earlier try left.
            fs::remove_dir_all(&log).map_err(path_error("remove", &log))?;
        }
        for (object, range) in manifest.events() {
            holds(fetcher, object, &self.part(object), range, false)?;
        }
        let paths = |kinds: &[Kind]| -> Vec<PathBuf> {
            manifest.objects.iter().filter(|o| kinds.contains(&o.kind)).map(|o| self.part(o)).collect()
        };
        let checkpoints = manifest.one(Kind::Checkpoints).map(|o| self.part(o));
        progress.begin("assembling", 0);
        let segments = paths(&[Kind::Segment, Kind::Tail]);
        let head = assemble(&log, &segments, &paths(&[Kind::Snapshot]), checkpoints.as_deref())?;
        let place = fetcher.store.place("");
        if head != manifest.head {
            let reason =
                format!("the log made of it ends at event {}, the manifest says {}", head.seq, manifest.head.seq);
            return Err(BackupError::Damaged { place, reason });
        }
        let bytes = manifest.events().map(|(o, _)| o.plain_len).sum();
        progress.begin("verifying", bytes);
        let options = eventlog::VerifyOptions { deep, ..Default::default() };
        let verified = eventlog::verify_with(&log, &options, &mut |bytes| progress.advance(bytes))?;
        match verified.findings.iter().find(|f| f.severity == Severity::Fatal) {
            Some(fatal) => Err(BackupError::Damaged { place, reason: fatal.text.clone() }),
            None => Ok((head, verified)),
        }
    }

    /// Gives the log its name, and puts the configuration beside it.
    fn finish(self, log: &Path, manifest: &Manifest) -> Result<Vec<PathBuf>, BackupError> {
        must_be_free(log)?;
        fs::rename(self.path.join("log"), log).map_err(path_error("name", log))?;
        let parent = log.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
        File::open(parent).and_then(|d| d.sync_all()).map_err(path_error("sync", parent))?;
        let mut config = Vec::new();
        for object in manifest.objects.iter().filter(|o| o.kind == Kind::Config) {
            let to = beside(log, &format!(".restored-{}", object.name));
            fs::rename(self.part(object), &to).map_err(path_error("write", &to))?;
            config.push(to);
        }
        fs::remove_dir_all(&self.path).map_err(path_error("remove", &self.path))?;
        Ok(config)
    }
}
