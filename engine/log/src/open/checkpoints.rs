//! The signed checkpoints of a log that is opened: the newest must be about this log's own history.

use crate::LogId;
use crate::error::LogError;
use crate::notes::RepairNote;
use crate::sign::{CheckpointFile, Signer, checkpoint_path, read_file};
use std::path::Path;
use std::sync::{Arc, Mutex};

/// Finds where the next record goes. A record that was cut short is dropped: it vouched for nothing yet.
pub(super) fn settle(
    dir: &Path,
    log_id: LogId,
    signer: Option<Arc<Signer>>,
    notes: &mut Vec<RepairNote>,
) -> Result<Option<Arc<Mutex<CheckpointFile>>>, LogError> {
    let (all, cut) = read_file(dir)?;
    let file = checkpoint_path(dir);
    if let Some(other) = all.iter().find(|c| c.log_id != log_id) {
        return Err(crate::source::foreign(&file, other.head.seq));
    }
    if let Some(newest) = all.last() {
        let bad = |reason| LogError::BadSignature { file: file.clone(), seq: newest.head.seq, reason };
        newest.verify(signer.as_ref().map(|s| s.public_key()).as_ref()).map_err(bad)?;
    }
    let Some(signer) = signer else { return Ok(None) };
    if cut {
        notes.push(RepairNote::CheckpointDropped { file, kept: all.len() as u64 });
    }
    Ok(Some(Arc::new(Mutex::new(CheckpointFile::open(dir, log_id, signer, all.len())))))
}
