//! Why a backup or a restore cannot be done, on which file, and what to do next.

use eventlog::LogError;
use std::io;
use std::path::{Path, PathBuf};

/// A backup or a restore failed. `Display` says what and why, on which file; [`next_step`](Self::next_step) what to do.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The log itself cannot be read or written.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The file system or the target failed.
    #[error("cannot {what} {place}: {source}")]
    Io {
        /// What was tried.
        what: &'static str,
        /// On which file or object.
        place: String,
        /// What the system said.
        source: io::Error,
    },
    /// The target failed, in its own words.
    #[error("cannot {what} {place}: {reason}")]
    Target {
        /// What was tried.
        what: &'static str,
        /// On which object.
        place: String,
        /// What the target said.
        reason: String,
    },
    /// No space or quota left.
    #[error("no space left to {what} {place}")]
    DiskFull {
        /// What was tried.
        what: &'static str,
        /// On which file.
        place: String,
    },
    /// Not allowed.
    #[error("no permission to {what} {place}")]
    Denied {
        /// What was tried.
        what: &'static str,
        /// On which file or object.
        place: String,
    },
    /// The target's name means nothing.
    #[error("'{target}' is no target: {reason}")]
    BadTarget {
        /// As it was given.
        target: String,
        /// Why not.
        reason: String,
    },
    /// There is no backup at the target.
    #[error("{place} is not a backup: {reason}")]
    NotABackup {
        /// Where.
        place: String,
        /// What was found instead.
        reason: String,
    },
    /// Several logs are backed up there, and none was named.
    #[error("{place} has backups of {} logs: {}", logs.len(), logs.join(", "))]
    SeveralLogs {
        /// Where.
        place: String,
        /// Their ids.
        logs: Vec<String>,
    },
    /// No backup fits what was asked for.
    #[error("{place} has no backup {what}")]
    NoSuchBackup {
        /// Where.
        place: String,
        /// What was asked for, in words.
        what: String,
    },
    /// A later release wrote the manifest.
    #[error("{place} has manifest format {found}, this build reads up to {newest}")]
    NewerManifest {
        /// Which manifest.
        place: String,
        /// What it says.
        found: u64,
        /// The newest this build knows.
        newest: u64,
    },
    /// The manifest is damaged, or contradicts itself.
    #[error("the manifest {place} cannot be used: {reason}")]
    BadManifest {
        /// Which manifest.
        place: String,
        /// Why.
        reason: String,
    },
    /// The signature is not that of the key which the manifest names: it was changed after it was signed.
    #[error("the manifest {place} was changed after it was signed: its signature is not that of key {key}")]
    BadSignature {
        /// Which manifest.
        place: String,
        /// The key it names.
        key: String,
    },
    /// Another key signed the manifest than the one that was demanded.
    #[error("the manifest {place} is signed with key {found}, demanded was {expected}")]
    WrongKey {
        /// Which manifest.
        place: String,
        /// Who signed.
        found: String,
        /// Who should have.
        expected: String,
    },
    /// Objects that the manifest names are not there.
    #[error("the backup {id} at {place} is only half there: {} of {objects} objects are missing, first {}", missing.len(), missing.first().map_or("", String::as_str))]
    HalfCopied {
        /// Which backup.
        id: String,
        /// Where.
        place: String,
        /// How many objects it should have.
        objects: usize,
        /// Those that are missing or too short.
        missing: Vec<String>,
    },
    /// An object is not what the manifest says.
    #[error("{place} is damaged: {reason}")]
    Damaged {
        /// Which object.
        place: String,
        /// How.
        reason: String,
    },
    /// Something of another log, or of another history of the same log.
    #[error("{place} does not belong here: {reason}")]
    Foreign {
        /// Which file, object or target.
        place: String,
        /// Why not.
        reason: String,
    },
    /// Part of the history is neither in the log nor in the target.
    #[error("events {first_seq} to {last_seq} are neither in {} nor in a usable backup at {place}", log.display())]
    Gap {
        /// The log.
        log: PathBuf,
        /// The target.
        place: String,
        /// The first missing event.
        first_seq: u64,
        /// The last missing event.
        last_seq: u64,
    },
    /// The objects are encrypted and nothing was given to open them.
    #[error("{place} is encrypted and no identity was given")]
    NoIdentity {
        /// Which object.
        place: String,
    },
    /// None of the identities opens the object.
    #[error("{place} is encrypted for other recipients: none of the identities given opens it")]
    WrongIdentity {
        /// Which object.
        place: String,
    },
    /// The passphrase does not open the backup's key.
    #[error("the passphrase does not open {place}")]
    WrongPassphrase {
        /// The object with the key.
        place: String,
    },
    /// A recipient, an identity file or a passphrase file cannot be used.
    #[error("{what} cannot be used: {reason}")]
    BadKeyMaterial {
        /// What was given.
        what: String,
        /// Why not.
        reason: String,
    },
    /// This build lacks a feature.
    #[error("this build has no {what}")]
    NotBuilt {
        /// What it lacks.
        what: &'static str,
        /// The cargo feature that adds it.
        feature: &'static str,
    },
    /// There is nothing to back up yet.
    #[error("the log {} has no events yet", log.display())]
    NothingThere {
        /// The log.
        log: PathBuf,
    },
    /// Where the restored log should go, something is already.
    #[error("{} is not empty", path.display())]
    NotEmpty {
        /// The directory.
        path: PathBuf,
    },
    /// Another restore works on the same place.
    #[error("another restore is at work in {}", path.display())]
    RestoreRunning {
        /// Its directory.
        path: PathBuf,
    },
}

impl BackupError {
    /// What the person in front of it should do.
    pub fn next_step(&self) -> Option<String> {
        let text = match self {
            Self::Log(_) => return None,
            Self::Io { .. } | Self::Target { .. } => {
                "mend what is named and run the same command again; what was done is kept"
            }
            Self::DiskFull { .. } => "free space and run the same command again; what was done is kept",
            Self::Denied { .. } => "run it as the user that owns the file, or give that user access",
            Self::BadTarget { .. } => "name a local directory, or a URL such as s3://bucket/folder",
            Self::NotABackup { .. } => {
                "name the directory that `arena backup` was given; `arena backups TARGET` lists it"
            }
            Self::SeveralLogs { .. } => "say which with --log-id",
            Self::NoSuchBackup { .. } => "`arena backups TARGET` lists those that are there",
            Self::NewerManifest { .. } => "use the release that made this backup, or a later one",
            Self::BadManifest { .. } | Self::BadSignature { .. } => {
                "do not trust this manifest: choose another with --backup ID, or copy it again from its source"
            }
            Self::WrongKey { .. } => "check --public-key; if the key was replaced, name the one that signed",
            Self::HalfCopied { .. } => {
                "copy the target again from its source, choose another backup with --backup ID, or make a new backup: \
                 it uploads what is missing"
            }
            Self::Damaged { .. } => {
                "fetch the object from another copy of the target; if the log still has these events, delete the \
                 object and run `arena backup`, which uploads it again"
            }
            Self::Foreign { .. } => "use an empty target for this log, or check which log and which target were meant",
            Self::Gap { .. } => "use the target that has them, or copy its folder of this log into this target first",
            Self::NoIdentity { .. } => "name the key with --identity FILE, or --passphrase-file FILE",
            Self::WrongIdentity { .. } => "name the identity that belongs to one of the recipients",
            Self::WrongPassphrase { .. } => "check the passphrase file; the first line is the passphrase",
            Self::BadKeyMaterial { .. } => {
                "recipients look like age1..., an identity file holds a line AGE-SECRET-KEY-1..., a passphrase file \
                 one line"
            }
            Self::NotBuilt { feature, .. } => return Some(format!("build it with `--features {feature}`")),
            Self::NothingThere { .. } => "run the engine first",
            Self::NotEmpty { .. } => "name a directory that does not exist; a restore never overwrites",
            Self::RestoreRunning { .. } => "wait for it, or stop it; a later restore goes on where it was",
        };
        Some(text.to_owned())
    }

    /// Whether what was read is wrong, not the reading of it.
    pub fn is_integrity(&self) -> bool {
        matches!(
            self,
            Self::BadManifest { .. }
                | Self::BadSignature { .. }
                | Self::WrongKey { .. }
                | Self::HalfCopied { .. }
                | Self::Damaged { .. }
                | Self::Foreign { .. }
                | Self::Gap { .. }
        )
    }

    /// Whether what was asked for makes no sense or is not there.
    pub fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::BadTarget { .. }
                | Self::NotABackup { .. }
                | Self::SeveralLogs { .. }
                | Self::NoSuchBackup { .. }
                | Self::NoIdentity { .. }
                | Self::BadKeyMaterial { .. }
                | Self::NotBuilt { .. }
                | Self::NothingThere { .. }
                | Self::NotEmpty { .. }
        )
    }
}

/// Turns an I/O error into a [`BackupError`] that says what was tried on what.
pub(crate) fn io_error(what: &'static str, place: impl Into<String>) -> impl FnOnce(io::Error) -> BackupError {
    let place = place.into();
    move |source| match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            BackupError::DiskFull { what, place }
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => BackupError::Denied { what, place },
        _ => BackupError::Io { what, place, source },
    }
}

/// The same for a path.
pub(crate) fn path_error(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> BackupError {
    io_error(what, path.display().to_string())
}
