//! The signed checkpoints of a log that is opened: the newest must be about this log's own history.

use crate::LogId;
use crate::error::LogError;
use crate::keeper::lock;
use crate::notes::RepairNote;
use crate::pruned::read_base;
use crate::sign::{CheckpointFile, Reason, SignedCheckpoint, Signer, checkpoint_path, read_file};
use crate::source::{chain_at, foreign};
use schemas::frame::Head;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// What was found.
pub(super) struct Found {
    pub(super) file: Option<Arc<Mutex<CheckpointFile>>>,
    newest: Option<SignedCheckpoint>,
    cut: bool,
}

/// Finds where the next record goes. A record that was cut short is dropped: it vouched for nothing yet. Another key
/// than before is no fault, only said: keys are changed, and who may sign is for `verify` to ask.
pub(super) fn settle(
    dir: &Path,
    log_id: LogId,
    signer: Option<Arc<Signer>>,
    notes: &mut Vec<RepairNote>,
) -> Result<Found, LogError> {
    let (all, cut) = read_file(dir)?;
    let path = checkpoint_path(dir);
    if let Some(other) = all.iter().find(|c| c.log_id != log_id) {
        return Err(foreign(&path, other.head.seq));
    }
    let newest = all.last().copied();
    if let Some(newest) = &newest {
        let bad = |reason| LogError::BadSignature { file: path.clone(), seq: newest.head.seq, reason };
        newest.verify(None).map_err(bad)?;
    }
    let Some(signer) = signer else { return Ok(Found { file: None, newest, cut }) };
    if let Some(before) = newest.map(|n| n.public_key).filter(|key| *key != signer.public_key()) {
        notes.push(RepairNote::KeyChanged { before, now: signer.public_key() });
    }
    if cut {
        notes.push(RepairNote::CheckpointDropped { file: path, kept: all.len() as u64 });
    }
    let file = CheckpointFile::open(dir, log_id, signer, all.len());
    Ok(Found { file: Some(Arc::new(Mutex::new(file))), newest, cut })
}

impl Found {
    /// The log that ends at `head` must go through the newest checkpoint. A checkpoint is signed behind the sync of what
    /// it is about, so it is never ahead of its log.
    pub(super) fn hold(&self, dir: &Path, log_id: LogId, head: Head) -> Result<(), LogError> {
        self.agrees(dir, log_id, head)?;
        match &self.file {
            Some(file) if self.cut => lock(file).drop_rest(),
            _ => Ok(()),
        }
    }

    /// The same while nothing is changed yet. `grows`: the hot copy may have more than the log up to `head`.
    pub(super) fn hold_so_far(&self, dir: &Path, log_id: LogId, head: Head, grows: bool) -> Result<(), LogError> {
        let ahead = self.newest.as_ref().is_some_and(|newest| newest.head.seq > head.seq);
        if ahead && grows { Ok(()) } else { self.agrees(dir, log_id, head) }
    }

    fn agrees(&self, dir: &Path, log_id: LogId, head: Head) -> Result<(), LogError> {
        let Some(newest) = &self.newest else { return Ok(()) };
        let file = checkpoint_path(dir);
        if newest.head.seq > head.seq {
            return Err(LogError::LostSuffix {
                head_seq: newest.head.seq,
                found_seq: head.seq,
                reason: format!("a checkpoint for event {} was signed", newest.head.seq),
                file,
            });
        }
        // Of what was archived and deleted, the chain value at its end is all that is known.
        if read_base(dir)?.is_some_and(|base| newest.head.seq < base.seq) {
            return Ok(());
        }
        // What the sealing signed is what the segments were checked against.
        if newest.reason == Reason::Sealed && newest.head == head {
            return Ok(());
        }
        match chain_at(dir, log_id, newest.head.seq)? {
            Some(found) if found == newest.head => Ok(()),
            _ => Err(LogError::BadSignature {
                file,
                seq: newest.head.seq,
                reason: "the log has another chain value there".to_owned(),
            }),
        }
    }
}
