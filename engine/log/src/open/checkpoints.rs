//! The signed checkpoints of a log that is opened: the newest must be about this log's own history.

use crate::LogId;
use crate::error::LogError;
use crate::notes::RepairNote;
use crate::pruned::read_base;
use crate::sign::{CheckpointFile, SignedCheckpoint, Signer, checkpoint_path, drop_unreadable, read_file};
use crate::source::{chain_at, foreign};
use schemas::frame::Head;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// What was found.
pub(super) struct Found {
    pub(super) file: Option<Arc<Mutex<CheckpointFile>>>,
    newest: Option<SignedCheckpoint>,
    bad: u64,
}

/// Finds where the next record goes. Records that cannot be read are dropped, later. Another key than before is no fault, only said: keys are changed, and who may sign is for `verify` to ask.
pub(super) fn settle(
    dir: &Path,
    log_id: LogId,
    signer: Option<Arc<Signer>>,
    notes: &mut Vec<RepairNote>,
) -> Result<Found, LogError> {
    let (all, bad) = read_file(dir)?;
    let path = checkpoint_path(dir);
    if let Some(other) = all.iter().find(|c| c.log_id != log_id) {
        return Err(foreign(&path, other.head.seq));
    }
    let newest = all.last().copied();
    if let Some(newest) = &newest {
        let bad = |reason| LogError::BadSignature { file: path.clone(), seq: newest.head.seq, reason };
        newest.verify(None).map_err(bad)?;
    }
    if bad > 0 {
        notes.push(RepairNote::CheckpointDropped { file: path, kept: all.len() as u64 });
    }
    let Some(signer) = signer else { return Ok(Found { file: None, newest, bad }) };
    if let Some(before) = newest.map(|n| n.public_key).filter(|key| *key != signer.public_key()) {
        notes.push(RepairNote::KeyChanged { before, now: signer.public_key() });
    }
    let file = CheckpointFile::open(dir, log_id, signer, all.len());
    Ok(Found { file: Some(Arc::new(Mutex::new(file))), newest, bad })
}

impl Found {
    /// The newest checkpoint, if the journal or the hot copy must go through it.
    pub(super) fn behind(&self, sealed: Head) -> Option<Head> {
        self.newest.map(|n| n.head).filter(|head| head.seq > sealed.seq)
    }

    /// The sealed part, which ends at `sealed`, must go through the newest checkpoint. A checkpoint is signed behind the
    /// sync of what it is about, so it is never ahead of its log.
    pub(super) fn hold(&self, dir: &Path, log_id: LogId, sealed: Head) -> Result<(), LogError> {
        let Some(newest) = self.newest.filter(|n| n.head.seq <= sealed.seq && n.head != sealed) else { return Ok(()) };
        // Of what was archived and deleted, the chain value at its end is all that is known.
        if read_base(dir)?.is_some_and(|base| newest.head.seq < base.seq) {
            return Ok(());
        }
        match chain_at(dir, log_id, newest.head.seq) {
            Ok(Some(found)) if found == newest.head => Ok(()),
            // An old segment that cannot be read there is found by who reads it.
            Err(e) if e.is_damage() => Ok(()),
            Err(e) => Err(e),
            Ok(_) => Err(LogError::BadSignature {
                file: checkpoint_path(dir),
                seq: newest.head.seq,
                reason: "the log has another chain value there".to_owned(),
            }),
        }
    }

    /// Drops what cannot be read.
    pub(super) fn drop_unreadable(&self, dir: &Path) -> Result<(), LogError> {
        if self.bad > 0 { drop_unreadable(dir) } else { Ok(()) }
    }
}
