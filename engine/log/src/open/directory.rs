//! The directory of a log before it is a log: what may be in it, what a killed process left in it, and whose it is.

use super::source::HOT_COPY;
use crate::LogId;
use crate::anchor::{AnchorState, anchor_path};
use crate::disk;
use crate::error::{LogError, io_error};
use crate::hot::{hot_db, hot_dir};
use crate::journal::{FileHeader, journal_dir, list_files};
use crate::segment::file::read_header;
use crate::segment::{self, segment_dir};
use std::path::Path;

/// Refuses a directory that holds something else than a log.
pub(super) fn may_hold_a_log(dir: &Path) -> Result<(), LogError> {
    let refuse = |reason| Err(LogError::NotALog { path: dir.to_owned(), reason });
    if dir.exists() && !dir.is_dir() {
        return refuse("it is a file");
    }
    if crate::exists(dir) {
        return Ok(());
    }
    // What a creation leaves behind that was cut short.
    let ours = |n: &String| matches!(n.as_str(), "lock" | "journal" | "segments" | "head.tmp");
    if !disk::names(dir)?.iter().all(ours) {
        return refuse("it holds other files; name a directory that is absent or empty");
    }
    Ok(())
}

/// Removes what a killed process left half written. None of it is part of the log.
pub(super) fn remove_leftovers(dir: &Path, journal: &Path) -> Result<(), LogError> {
    let unfinished = |n: &str| n.ends_with(".tmp") || n.ends_with(".restored");
    disk::remove_files(journal, unfinished)?;
    disk::remove_files(&segment_dir(dir), unfinished)?;
    disk::remove_files(dir, |n| n == "head.tmp" || n == "pruned.tmp")?;
    let copy = dir.join(HOT_COPY);
    if copy.exists() {
        std::fs::remove_dir_all(&copy).map_err(io_error("remove", &copy))?;
    }
    Ok(())
}

/// A process that was killed leaves bytes and names that are there, but only in the system's cache. What is found from
/// here on is acknowledged anew, so it must be on the disk first.
pub(super) fn make_durable(dir: &Path, journal: &Path) -> Result<(), LogError> {
    let parent = dir.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match disk::sync_dir(parent) {
        // Whoever may not look into it did not make a directory in it.
        Err(LogError::Io { source, .. }) if source.kind() == std::io::ErrorKind::PermissionDenied => {}
        synced => synced?,
    }
    disk::sync_dir(dir)?;
    for folder in [journal, &segment_dir(dir), &hot_dir(dir)] {
        if folder.is_dir() {
            disk::sync_dir(folder)?;
        }
    }
    // Earlier files were synced before the last one was made.
    let last = list_files(journal)?.pop().map(|(_, path)| path);
    let db = Some(hot_db(&hot_dir(dir))).filter(|db| db.exists());
    for file in last.into_iter().chain(db) {
        std::fs::File::open(&file).and_then(|f| f.sync_all()).map_err(io_error("sync", &file))?;
    }
    Ok(())
}

/// The log's id, from the anchor or else from a segment or journal file that still has its header.
pub(crate) fn find_log_id(dir: &Path, anchor: &AnchorState) -> Result<LogId, LogError> {
    if let Some(anchor) = &anchor.newest {
        return Ok(anchor.log_id);
    }
    for (_, _, path) in segment::list(&segment_dir(dir))? {
        if let Ok(header) = read_header(&path)? {
            return Ok(header.log_id);
        }
    }
    for (_, path) in list_files(&journal_dir(dir))? {
        let bytes = disk::read_if_there(&path)?.unwrap_or_default();
        if let Some(header) = FileHeader::parse(&bytes, &path)? {
            return Ok(header.log_id);
        }
    }
    let reason = "neither the head anchor nor the header of a segment or journal file is readable".to_owned();
    Err(LogError::Damaged { file: anchor_path(dir), seq: 1, reason })
}
