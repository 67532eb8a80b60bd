//! Where events are kept.
//!
//! ```text
//! LOG/lock         held by the one writer
//! LOG/journal/     j-<first_seq>.aaj: frames, one write and one sync per commit = acknowledged
//! LOG/hot/         sled: the same frames once more, indexed; what repairs a damaged journal
//! LOG/head         where the log ends, outside both; what a copy that lost its end cannot know
//! LOG/snapshots/   p-<seq>.aap: caches of what the projections were
//! ```
//!
//! **What is promised.** When [`LogWriter::commit`] returns `Ok`, the events are on the disk. An open finds all of them
//! or refuses with the first one that is missing and the file it was in; it never goes on with less. Damage to one of
//! the three (journal, hot copy, anchor) is repaired from the others and reported. Copies that were damaged are kept
//! beside the repaired ones; nothing is ever deleted except snapshots beyond the newest three.
//!
//! **What is assumed.** A sync that succeeded has reached the medium. Damage shows in a checksum or in the chain. One
//! machine, one local file system with POSIX locks and atomic rename.
//!
//! **Why not sled alone.** sled 0.34.7 flushes without syncing, puts values above 128 KiB into files it never syncs,
//! and a flipped bit in its file gives a panic at open in most cases and silently missing records in some. So it holds
//! a second copy, whose every frame is checked like the journal's, and which is never the only place of anything.
//!
//! **What is not here yet.** Files allocated ahead, commits on a thread of their own, sealed segments and retention:
//! the formats leave room for them. Until then the hot copy holds the whole log, and an open reads all of it.

mod alloc;
mod anchor;
mod append;
mod block;
mod codec;
mod cursor;
mod disk;
mod error;
mod export;
mod guard;
mod histogram;
mod hot;
mod hot_only;
mod journal;
mod keeper;
mod kept;
mod lock;
pub mod maintain;
mod notes;
mod open;
mod pruned;
mod read;
pub mod segment;
mod sign;
mod snapshot;
mod source;
mod verify;
mod walk;
mod writer;

pub use anchor::{HeadAnchor, HotSeal};
pub use append::{Acknowledged, AppendHandle, AppendOptions, AppendStats, Appender, Ticket};
pub use error::{LogError, Policy};
pub use export::{assemble, export_tail};
pub use histogram::Histogram;
pub use notes::{OpenReport, RepairNote};
pub use pruned::{PrunedSegment, read_pruned};
pub use read::{EventStream, LogReader, PointReader, Selection};
pub use segment::SegmentInfo;
pub use sign::{PublicKey, Reason, SignedCheckpoint, Signer, hex, is_signed, read_checkpoints};
pub use snapshot::{SkippedSnapshot, Snapshot, SnapshotSearch};
pub use verify::{Finding, Severity, VerifyOptions, VerifyReport, verify, verify_with};
pub use writer::{LogWriter, WriterOptions};

use std::path::Path;

/// What tells one log from another; the start of its chain depends on it.
pub type LogId = [u8; 16];

/// Who writes a log at the moment, if anybody. A writer may come a moment later: only opening it to write excludes others.
pub fn owner(dir: &Path) -> Result<Option<String>, LogError> {
    lock::current_owner(dir)
}

/// Whether a log is there, or what is left of one. An empty directory is none.
pub fn exists(dir: &Path) -> bool {
    let journal = journal::list_files(&journal::journal_dir(dir));
    let segments = segment::list(&segment::segment_dir(dir));
    anchor::anchor_path(dir).is_file()
        || segments.is_ok_and(|files| !files.is_empty())
        || hot::hot_db(&hot::hot_dir(dir)).is_file()
        || journal.is_ok_and(|files| !files.is_empty())
}
