//! A log as files to take elsewhere, and a log made of such files.

use crate::LogId;
use crate::anchor::{AnchorFile, AnchorState};
use crate::disk::{create_dir, names, sync_dir, write_whole};
use crate::error::{LogError, io_error};
use crate::journal::{JournalWriter, journal_dir};
use crate::lock::{A_MOMENT, WriterLock};
use crate::pruned::{PrunedSegment, append};
use crate::read::LogReader;
use crate::segment::write::SegmentWriter;
use crate::segment::{self, FrameSink, SegmentInfo, segment_dir};
use crate::source::{LogCursor, Step};
use schemas::Bytes32;
use schemas::frame::{Check, Compression, FrameHeader, Head};
use std::fs;
use std::path::{Path, PathBuf};

/// Writes everything that is acknowledged behind `from` as one compressed segment into the folder `to`. `from` must be
/// where a segment ends, or the log's beginning. Nothing in the log changes, and a writer may write on meanwhile: what
/// it acknowledges later is not included. `None` if there is nothing behind `from`.
pub fn export_tail(dir: &Path, from: Head, to: &Path) -> Result<Option<SegmentInfo>, LogError> {
    let reader = LogReader::open(dir)?;
    let acknowledged = match reader.head_anchor()? {
        Some(anchor) => anchor.head.seq,
        None => reader.last()?.seq,
    };
    if acknowledged <= from.seq {
        return Ok(None);
    }
    let mut cursor = LogCursor::near(dir, reader.log_id(), from.seq + 1)?;
    let mut writer = SegmentWriter::create(to, reader.log_id(), from, Compression::Zstd)?;
    while cursor.head().seq < acknowledged {
        let before = cursor.head();
        match cursor.step(|_| Some(Check::Full))? {
            Step::Read(header) => {
                cursor.frames(&header, before, &mut |frame, payload, _| writer.push(frame, payload))?
            }
            Step::Passed => {}
            Step::End | Step::Bad(_) => {
                let reason = "acknowledged events cannot be read".to_owned();
                return Err(LogError::Damaged { file: cursor.path(), seq: before.seq + 1, reason });
            }
        }
    }
    writer.finish()
}

/// Makes a log in `dir`, which must be absent or empty, of segments that follow each other, and snapshots, which may be
/// none. The files are copied, and every segment is checked byte by byte. If the first segment does not begin with event
/// 1, the log says that what is before it was archived. Returns the log's head.
pub fn assemble(dir: &Path, segments: &[PathBuf], snapshots: &[PathBuf]) -> Result<Head, LogError> {
    if dir.exists() && !names(dir)?.is_empty() {
        let reason = "it holds files already; name a directory that is absent or empty";
        return Err(LogError::NotALog { path: dir.to_owned(), reason });
    }
    let mut infos: Vec<SegmentInfo> = segments.iter().map(|p| segment::inspect(p)).collect::<Result<_, _>>()?;
    infos.sort_by_key(|info| info.first_seq);
    let Some(first) = infos.first() else {
        return Err(LogError::NotALog { path: dir.to_owned(), reason: "there is no segment to make it of" });
    };
    let (log_id, mut head) = (first.log_id, first.before);
    for info in &infos {
        if info.log_id != log_id {
            return Err(crate::source::foreign(&info.path, info.first_seq));
        }
        if info.before != head {
            let reason = format!("it does not continue event {}", head.seq);
            return Err(LogError::ForeignCopy { file: info.path.clone(), seq: info.first_seq, reason });
        }
        head = info.head;
    }
    let base = first.before;
    create_dir(dir)?;
    let _lock = WriterLock::take(dir, "a restore", A_MOMENT)?;
    // Segments get their place last of all: with fewer of them than there should be, this could be taken for a log.
    let into = dir.join("segments.tmp");
    create_dir(&into)?;
    for info in &infos {
        copy_synced(&info.path, &into.join(segment::file_name(info.first_seq, info.last_seq)))?;
    }
    sync_dir(&into)?;
    for (_, _, path) in segment::list(&into)? {
        segment::verify(&path, false, &mut |_| ())?;
    }
    if !snapshots.is_empty() {
        let into = dir.join("snapshots");
        create_dir(&into)?;
        for path in snapshots {
            copy_synced(path, &into.join(path.file_name().unwrap_or_default()))?;
        }
        sync_dir(&into)?;
    }
    if base.seq > 0 {
        // Which segments it was is in the backup they went to.
        append(dir, &[PrunedSegment { log_id, first_seq: 1, head: base, footer_hash: Bytes32::ZERO }])?;
    }
    finish(dir, log_id, head)?;
    fs::rename(&into, segment_dir(dir)).map_err(io_error("name", &segment_dir(dir)))?;
    sync_dir(dir)?;
    Ok(head)
}

/// The anchor and then the journal. Without their segments they are refused: the anchor tells what is missing.
fn finish(dir: &Path, log_id: LogId, head: Head) -> Result<(), LogError> {
    let mut anchor = AnchorFile::open(dir, log_id, &AnchorState::default(), head, false)?;
    anchor.write(head, None)?;
    anchor.sync()?;
    create_dir(&journal_dir(dir))?;
    JournalWriter::create_file(&journal_dir(dir), log_id, &head)?;
    sync_dir(dir)
}

fn copy_synced(from: &Path, to: &Path) -> Result<(), LogError> {
    let bytes = fs::read(from).map_err(io_error("read", from))?;
    write_whole(to, &[&bytes])?;
    let mode = fs::metadata(from).map_err(io_error("inspect", from))?.permissions();
    fs::set_permissions(to, mode).map_err(io_error("set the mode of", to))
}

impl LogCursor {
    /// Hands the log's own frames of what was last read to `f`.
    fn frames(&self, header: &FrameHeader, before: Head, f: FrameSink<'_>) -> Result<(), LogError> {
        let Some((file, index)) = self.block() else {
            let behind = before.follow(header)?;
            return f(header, self.payload(), behind);
        };
        file.frames(index, header, self.payload(), f)
    }
}
