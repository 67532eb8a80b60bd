//! What an open repaired, in words.

use crate::sign::hex;
use schemas::frame::Head;
use std::fmt;
use std::path::PathBuf;

/// The log as it was opened.
#[derive(Clone, Debug)]
pub struct OpenReport {
    /// Where it ends.
    pub head: Head,
    /// What was repaired; empty after a clean close.
    pub notes: Vec<RepairNote>,
}

/// One repair. Whoever opens a log writes these into it as events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RepairNote {
    /// The last write was cut short before it was acknowledged; its remains were cut off.
    TornTail {
        /// In which file.
        file: PathBuf,
        /// The sequence it would have begun at.
        seq: u64,
        /// How many bytes.
        dropped: u64,
    },
    /// A journal file was damaged and put together anew with the hot copy's frames.
    JournalRestored {
        /// Which file. The damaged one is kept beside it as `*.damaged-N`.
        file: PathBuf,
        /// The first event that was bad.
        seq: u64,
        /// What was wrong.
        reason: String,
    },
    /// A journal file held nothing that is not elsewhere; it was set aside.
    FileSetAside {
        /// Which file.
        file: PathBuf,
        /// What was wrong.
        reason: String,
    },
    /// The hot copy was missing or damaged and was built anew from the journal. In a log without one it held nothing that
    /// is not sealed.
    HotRebuilt {
        /// What was wrong.
        reason: String,
        /// Where the damaged one is kept.
        kept: Option<PathBuf>,
    },
    /// The hot copy was behind, as after a crash; the missing events were added to it.
    HotCaughtUp {
        /// How many.
        events: u64,
    },
    /// A sealed segment was damaged or missing and was made again from journal files that were kept.
    SegmentRestored {
        /// Which file. A damaged one is kept beside it as `*.damaged-N`.
        file: PathBuf,
        /// Its first event.
        seq: u64,
        /// What was wrong.
        reason: String,
    },
    /// Signed checkpoints were damaged, or the newest one was cut short; they were dropped. A damaged file is kept beside
    /// the new one as `*.damaged-N`.
    CheckpointDropped {
        /// The file.
        file: PathBuf,
        /// How many are left.
        kept: u64,
    },
    /// Checkpoints are signed with another key from now on.
    KeyChanged {
        /// The key of the newest checkpoint.
        before: crate::PublicKey,
        /// The key now.
        now: crate::PublicKey,
    },
    /// The head anchor was missing or damaged and was written anew.
    HeadRewritten {
        /// Where the log ends.
        seq: u64,
    },
}

impl fmt::Display for RepairNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TornTail { file, seq, dropped } => {
                write!(f, "torn tail of {dropped} bytes at event {seq} dropped from {}", file.display())
            }
            Self::JournalRestored { file, seq, reason } => {
                write!(f, "{} restored from event {seq} on: {reason}", file.display())
            }
            Self::FileSetAside { file, reason } => write!(f, "{} set aside: {reason}", file.display()),
            Self::HotRebuilt { reason, kept: None } => write!(f, "hot copy built anew: {reason}"),
            Self::HotRebuilt { reason, kept: Some(kept) } => {
                write!(f, "hot copy built anew: {reason}; the old one is kept in {}", kept.display())
            }
            Self::HotCaughtUp { events } => write!(f, "hot copy was {events} events behind and caught up"),
            Self::SegmentRestored { file, seq, reason } => {
                write!(f, "{} made again from the journal, from event {seq} on: {reason}", file.display())
            }
            Self::CheckpointDropped { file, kept } => {
                write!(f, "{} had signed checkpoints that cannot be read; {kept} are left", file.display())
            }
            Self::KeyChanged { before, now } => {
                write!(f, "checkpoints were signed with {}, from now on with {}", hex(before), hex(now))
            }
            Self::HeadRewritten { seq } => write!(f, "head anchor rewritten at event {seq}"),
        }
    }
}
