//! The sealed part of a log that is opened: segments follow each other without a gap, the newest one, and each whose
//! journal file is still there, is checked byte by byte, and one that is damaged or missing is made again from that file.

use crate::LogId;
use crate::anchor::AnchorState;
use crate::disk;
use crate::error::{LogError, io_error};
use crate::journal::{journal_dir, list_files};
use crate::keeper::seal_file;
use crate::kept;
use crate::notes::RepairNote;
use crate::pruned::{pruned_path, read_pruned};
use crate::segment::file::read_header;
use crate::segment::{self, SegmentInfo, segment_dir};
use crate::source::{chain_at, foreign};
use schemas::frame::Head;
use std::path::{Path, PathBuf};

/// What settling the sealed part changes. A refusal that comes later takes it back.
#[derive(Default)]
pub(super) struct Changes {
    /// Segments made again, and where the damaged one is kept.
    remade: Vec<(PathBuf, Option<PathBuf>)>,
    /// Files whose deletion was recorded and then interrupted.
    pruned: Vec<PathBuf>,
    /// Kept journal files that are damaged.
    copies: Vec<PathBuf>,
    /// What to say of it.
    pub(super) notes: Vec<RepairNote>,
}

impl Changes {
    /// Looks for kept journal files that are no good copies of their segments.
    pub(super) fn find_damaged_copies(&mut self, dir: &Path, log_id: LogId, sealed: Head) -> Result<(), LogError> {
        for bad in kept::damaged(dir, log_id, sealed)? {
            self.copies.push(bad.file.clone());
            let reason = format!("a copy of sealed events was damaged at event {}: {}", bad.seq, bad.reason);
            self.notes.push(RepairNote::FileSetAside { file: bad.file, reason });
        }
        Ok(())
    }

    /// The log is not refused: what was begun is finished.
    pub(super) fn keep(&mut self) -> Result<(), LogError> {
        self.remade.clear();
        for path in self.pruned.drain(..) {
            std::fs::remove_file(&path).map_err(io_error("remove", &path))?;
        }
        for path in self.copies.drain(..) {
            disk::set_aside(&path)?;
        }
        Ok(())
    }

    /// The log is refused: every file is what it was.
    pub(super) fn undo(&mut self) {
        for (path, kept) in self.remade.drain(..).rev() {
            // What cannot be put back is a whole segment with the same events, and the damaged one is beside it.
            let _ = match kept {
                Some(kept) => std::fs::rename(kept, path),
                None => std::fs::remove_file(path),
            };
        }
    }
}

/// Finds where the sealed part ends.
pub(super) fn settle(dir: &Path, log_id: LogId, anchor: &AnchorState, changes: &mut Changes) -> Result<Head, LogError> {
    let pruned = read_pruned(dir)?;
    if let Some(other) = pruned.iter().find(|p| p.log_id != log_id) {
        return Err(foreign(&pruned_path(dir), other.first_seq));
    }
    let base = pruned.last().map_or_else(|| Head::genesis(&log_id), |p| p.head);
    let mut files = segment::list(&segment_dir(dir))?;
    // Deleting was interrupted behind its record. Anything else was put there by a person.
    for (_, _, path) in files.extract_if(.., |(_, last, _)| *last <= base.seq) {
        if read_header(&path)?.is_ok_and(|h| pruned.iter().any(|p| p.head == h.head)) {
            changes.pruned.push(path);
        }
    }
    let mut head = base;
    let newest = files.len().saturating_sub(1);
    let kept = list_files(&journal_dir(dir))?;
    for (at, (first, last, path)) in files.iter().enumerate() {
        if *first > head.seq + 1 {
            head = remake(dir, log_id, head, first - 1, None, changes)?;
        }
        // What can be repaired is looked for while it can.
        let whole = at == newest || kept.binary_search_by_key(first, |(begins, _)| *begins).is_ok();
        head = match examine(path, head, log_id, whole) {
            Ok(info) => info.head,
            Err(e) if e.is_damage() => remake(dir, log_id, head, *last, Some((path.clone(), e)), changes)?,
            Err(e) => return Err(e),
        };
    }
    agrees_with_anchor(dir, log_id, anchor, head)?;
    Ok(head)
}

/// Checks a segment that must go on behind `before`.
fn examine(path: &Path, before: Head, log_id: LogId, whole: bool) -> Result<SegmentInfo, LogError> {
    let info = if whole { segment::verify(path, false, &mut |_| ())? } else { segment::inspect(path)? };
    if info.log_id != log_id {
        return Err(foreign(path, info.first_seq));
    }
    if info.before != before {
        let reason = match info.before.seq == before.seq {
            true => "its chain does not continue the segment before it",
            false => "it repeats events of another segment",
        };
        return Err(LogError::ForeignCopy { file: path.to_owned(), seq: info.first_seq, reason: reason.to_owned() });
    }
    Ok(info)
}

/// Makes the segment behind `before` up to `last` again from journal files that were kept.
fn remake(
    dir: &Path,
    log_id: LogId,
    before: Head,
    last: u64,
    damaged: Option<(PathBuf, LogError)>,
    changes: &mut Changes,
) -> Result<Head, LogError> {
    let (first, journal) = (before.seq + 1, journal_dir(dir));
    let name = segment::file_name(first, last);
    let (path, error) = damaged.unwrap_or_else(|| {
        let file = segment_dir(dir).join(&name);
        let reason = "the segment is missing; a backup has it, if one was made".to_owned();
        (file.clone(), LogError::Damaged { file, seq: first, reason })
    });
    if !list_files(&journal)?.iter().any(|(begins, _)| *begins == first) {
        return Err(error);
    }
    let LogError::Damaged { reason, .. } = &error else { return Err(error) };
    let reason = reason.clone();
    // The new file gets the same name; the damaged one is kept beside it.
    let kept = disk::damaged_name(&path);
    let had = path.exists();
    if had {
        std::fs::hard_link(&path, &kept).map_err(io_error("keep the damaged", &path))?;
    }
    match seal_file(dir, log_id, before, last) {
        Ok(info) => {
            changes.remade.push((path.clone(), had.then_some(kept)));
            changes.notes.push(RepairNote::SegmentRestored { file: path, seq: first, reason });
            Ok(info.head)
        }
        Err(second) => {
            if had {
                let _ = std::fs::remove_file(&kept);
            }
            disk::remove_files(&segment_dir(dir), |n| n.ends_with(".tmp"))?;
            // What the journal lacks does not matter if it is the segment that is damaged: that is what must be restored.
            if second.is_damage() { Err(error) } else { Err(second) }
        }
    }
}

/// A log that ends in its sealed part, as after a close, must go through the anchor.
fn agrees_with_anchor(dir: &Path, log_id: LogId, anchor: &AnchorState, sealed: Head) -> Result<(), LogError> {
    let Some(anchor) = anchor.newest.filter(|a| a.head.seq <= sealed.seq && a.head.seq > 0) else { return Ok(()) };
    let found = if anchor.head.seq == sealed.seq { Some(sealed) } else { chain_at(dir, log_id, anchor.head.seq)? };
    if found == Some(anchor.head) {
        return Ok(());
    }
    let below_base = read_pruned(dir)?.last().is_some_and(|p| anchor.head.seq < p.head.seq);
    if below_base && found.is_none() {
        return Ok(());
    }
    Err(LogError::ForeignCopy {
        file: segment_dir(dir),
        seq: anchor.head.seq,
        reason: "the head anchor has another chain value for that event".to_owned(),
    })
}
