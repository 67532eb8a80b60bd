//! Errors named by what the caller must do.

use schemas::frame::FrameError;
use std::io;
use std::path::{Path, PathBuf};

/// What an error asks of the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Stop acknowledging, stop trading, end the process. The next open finds everything acknowledged.
    Halt,
    /// Do not start on this log; a person has to act. Nothing in it was changed.
    Refuse,
    /// A copy of what is acknowledged failed, nothing acknowledged did: close and open again; the open rebuilds it.
    Rebuild,
    /// This call changed nothing; call again with other input, or later.
    Retry,
}

/// Why the log cannot do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The medium or the file system failed. Halt: after a failed sync nobody knows what is on the disk, so no sync is
    /// tried twice; the next open reads what is really there.
    #[error("cannot {what} {}: {source}; stop, check the disk, start again", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// No space, quota or file size left. Halt; free space and start again. Nothing acknowledged is lost.
    #[error("no space left to {what} {}; nothing acknowledged is lost: free space, then start again", path.display())]
    DiskFull {
        /// What was tried.
        what: &'static str,
        /// On which file.
        path: PathBuf,
    },
    /// Another writer owns this log. Refuse.
    #[error("the log is being written by {owner}; stop that process first, one log has one writer")]
    Locked {
        /// Its process id and name, as it wrote them.
        owner: String,
    },
    /// There is no log here. Refuse; for a new log name a directory that is absent or empty.
    #[error("{} is not a log: {reason}", path.display())]
    NotALog {
        /// Where.
        path: PathBuf,
        /// What was found instead.
        reason: &'static str,
    },
    /// A later release wrote this. Refuse; use that release.
    #[error("{}: {source}", file.display())]
    Newer {
        /// Which file.
        file: PathBuf,
        /// Which version, and which this build knows.
        source: FrameError,
    },
    /// The same schema version with other events: a fork's log. Refuse.
    #[error("{} was written with other event types under the same schema version; use the build that wrote it", file.display())]
    OtherSchema {
        /// Which file.
        file: PathBuf,
    },
    /// Acknowledged events are damaged and no copy has them. Refuse; restore the named file from a backup.
    #[error("event {seq} is damaged in {}: {reason}; nothing was changed: restore the file from a backup", file.display())]
    Damaged {
        /// Which file.
        file: PathBuf,
        /// The first event that cannot be read.
        seq: u64,
        /// What is wrong, and why the copy cannot help.
        reason: String,
    },
    /// Acknowledged events at the end are gone and no copy has them. Refuse; restore the named file from a backup.
    #[error(
        "events {found_seq} + 1 to {head_seq} are missing behind {}: {reason}; nothing was changed: restore from a backup",
        file.display()
    )]
    LostSuffix {
        /// What the head anchor has acknowledged.
        head_seq: u64,
        /// The last event found.
        found_seq: u64,
        /// The last journal file.
        file: PathBuf,
        /// Why the copy cannot help.
        reason: String,
    },
    /// Parts of different logs, or of different histories of one log, lie together. Refuse; remove what does not belong.
    #[error("{} does not belong to this log from event {seq} on: {reason}; nothing was changed: move it away", file.display())]
    ForeignCopy {
        /// What does not belong.
        file: PathBuf,
        /// The first event where they differ.
        seq: u64,
        /// How.
        reason: String,
    },
    /// The head anchor is gone and the two copies do not end at the same event, so acknowledged events may be missing
    /// at the end. Refuse; restore `head` from a backup, or accept the journal's end (`WriterOptions::trust_journal_end`).
    #[error(
        "{} is missing or damaged, the journal ends at event {journal_seq} and the hot copy {hot}: nobody can say \
         whether the end is complete; restore the file, or open with trust_journal_end to accept the journal's end",
        file.display()
    )]
    NoAnchor {
        /// The head anchor.
        file: PathBuf,
        /// Where the journal ends.
        journal_seq: u64,
        /// What the hot copy says.
        hot: String,
    },
    /// The hot copy failed while being written. Rebuild: nothing acknowledged is lost, the next open makes it anew from
    /// the journal.
    #[error("the hot copy in {} failed: {reason}; open the log again, that rebuilds it", path.display())]
    Hot {
        /// Its directory.
        path: PathBuf,
        /// What sled said.
        reason: String,
    },
    /// The hot copy failed in a log that is kept without a journal. Halt: what is not sealed is nowhere else; the next
    /// open finds everything acknowledged if the disk still has it.
    #[error(
        "the hot copy in {}, which alone holds the events behind {sealed_seq}, failed: {reason}; stop, check the disk, \
         start again",
        path.display()
    )]
    HotAlone {
        /// Its directory.
        path: PathBuf,
        /// The last event that is sealed.
        sealed_seq: u64,
        /// What sled said.
        reason: String,
    },
    /// The events asked for were archived and deleted here. Retry with a later event, or restore the archive.
    #[error(
        "event {seq} was archived and deleted here, the log begins at event {first_seq}: restore the backup to read it"
    )]
    Pruned {
        /// What was asked for.
        seq: u64,
        /// The first event that is still here.
        first_seq: u64,
    },
    /// The log thread did not keep up, the queue stayed full. Halt: what was submitted here was not taken, everything
    /// before it is acknowledged or will be.
    #[error(
        "the log's queue of {queue_len} batches stayed full for {waited_ms} ms; nothing was dropped: stop, check the disk"
    )]
    Overloaded {
        /// How many batches wait.
        queue_len: usize,
        /// How long this one waited, ms.
        waited_ms: u64,
    },
    /// The log thread is gone. Halt.
    #[error("the log thread has ended: {reason}")]
    Ended {
        /// Why.
        reason: String,
    },
    /// A key file cannot be used. Refuse; name another file, or let a new key be made.
    #[error("{} is no signing key: {reason}", file.display())]
    BadKey {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A signed checkpoint does not hold. Refuse: somebody changed it or signed with another key.
    #[error("{}: the signed checkpoint at event {seq} does not hold: {reason}", file.display())]
    BadSignature {
        /// The file.
        file: PathBuf,
        /// The event it is about.
        seq: u64,
        /// What is wrong.
        reason: String,
    },
    /// This needs the log for itself, and a process writes it. Retry when it has stopped.
    #[error("cannot {what} while the log is in use by {owner}; stop that process first")]
    Busy {
        /// What was asked.
        what: &'static str,
        /// Who writes.
        owner: String,
    },
    /// Segments must stay because nothing else has their events, or something still needs them. Retry with an earlier
    /// event.
    #[error("cannot delete segments up to event {upto}: {reason}")]
    MustKeep {
        /// What was asked.
        upto: u64,
        /// Why not.
        reason: String,
    },
    /// An earlier write failed. Halt: this writer takes nothing more.
    #[error("the log stopped taking events after an error: {reason}")]
    Poisoned {
        /// The earlier error.
        reason: String,
    },
    /// The records do not fit a frame. Retry with a smaller batch; nothing was written.
    #[error("cannot encode the batch: {0}")]
    Frame(#[from] FrameError),
    /// A snapshot is too large to store. Retry without it: snapshots only save time.
    #[error("a snapshot of {len} bytes exceeds the limit of {max}; nothing was written")]
    SnapshotTooLarge {
        /// Its size.
        len: usize,
        /// The limit.
        max: usize,
    },
}

impl LogError {
    /// What the caller must do.
    pub fn policy(&self) -> Policy {
        match self {
            Self::Io { .. }
            | Self::DiskFull { .. }
            | Self::Poisoned { .. }
            | Self::Overloaded { .. }
            | Self::HotAlone { .. }
            | Self::Ended { .. } => Policy::Halt,
            Self::Hot { .. } => Policy::Rebuild,
            Self::Frame(_)
            | Self::SnapshotTooLarge { .. }
            | Self::Pruned { .. }
            | Self::Busy { .. }
            | Self::MustKeep { .. } => Policy::Retry,
            Self::Locked { .. }
            | Self::NotALog { .. }
            | Self::Newer { .. }
            | Self::OtherSchema { .. }
            | Self::Damaged { .. }
            | Self::LostSuffix { .. }
            | Self::ForeignCopy { .. }
            | Self::BadKey { .. }
            | Self::BadSignature { .. }
            | Self::NoAnchor { .. } => Policy::Refuse,
        }
    }

    /// Whether it is damage that another copy may repair.
    pub(crate) fn is_damage(&self) -> bool {
        matches!(self, Self::Damaged { .. } | Self::LostSuffix { .. })
    }
}

/// Turns an I/O error into a [`LogError`] that says what was tried on which file.
pub(crate) fn io_error(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> LogError {
    let path = path.to_owned();
    move |source| match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            LogError::DiskFull { what, path }
        }
        _ => LogError::Io { what, path, source },
    }
}
