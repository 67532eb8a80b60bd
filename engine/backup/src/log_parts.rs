//! What a backup needs of a log, and the only place that asks a log for it.

use crate::error::BackupError;
use eventlog::{LogError, LogId, LogReader, SegmentInfo, segment};
use schemas::frame::Head;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// A log that is read, and perhaps written by another process meanwhile.
pub(crate) struct LocalLog {
    reader: LogReader,
    /// The first event that is still in it.
    pub(crate) first_seq: u64,
    /// Whether what is not sealed cannot be read, because the log is kept without a journal.
    pub(crate) only_sealed: bool,
    /// Its sealed segments, in order.
    pub(crate) segments: Vec<SegmentInfo>,
}

/// Tries when files vanish while they are looked at: a writer seals, compresses and forgets old files as it goes.
const TRIES: u32 = 5;

/// Tries again when a file has just gone.
fn patiently<T>(mut look: impl FnMut() -> Result<T, LogError>) -> Result<T, LogError> {
    let gone = |e: &LogError| matches!(e, LogError::Io { source, .. } if source.kind() == ErrorKind::NotFound);
    for _ in 1..TRIES {
        match look() {
            Err(e) if gone(&e) => {}
            other => return other,
        }
    }
    look()
}

impl LocalLog {
    pub(crate) fn open(dir: &Path) -> Result<Self, BackupError> {
        let reader = LogReader::open(dir)?;
        let (first_seq, segments) = patiently(|| Ok((reader.first_seq()?, reader.segments()?)))?;
        let only_sealed = reader.head_anchor()?.is_some_and(|a| a.hot_only);
        Ok(Self { reader, first_seq, only_sealed, segments })
    }

    pub(crate) fn dir(&self) -> &Path {
        self.reader.dir()
    }

    pub(crate) fn id(&self) -> LogId {
        self.reader.log_id()
    }

    /// The log's head at an event that ends a frame.
    pub(crate) fn chain_at(&self, seq: u64) -> Result<Option<Head>, BackupError> {
        Ok(patiently(|| self.reader.chain_at(seq))?)
    }

    /// A compressed copy of a sealed segment in a folder, every byte of it checked.
    pub(crate) fn export_segment(&self, info: &SegmentInfo, to: &Path) -> Result<SegmentInfo, BackupError> {
        patiently(|| {
            // It may have been compressed since it was listed.
            if !segment::inspect(&info.path)?.compressed {
                return segment::recompress(&info.path, to);
            }
            let copy = to.join(segment::file_name(info.first_seq, info.last_seq));
            copy_file(&info.path, &copy)?;
            segment::verify(&copy, false, &mut |_| ())
        })
        .map_err(BackupError::from)
    }

    /// Everything acknowledged behind `from`, as a segment in a folder.
    pub(crate) fn export_tail(&self, from: Head, to: &Path) -> Result<Option<SegmentInfo>, BackupError> {
        Ok(patiently(|| eventlog::export_tail(self.dir(), from, to))?)
    }

    /// A copy of the newest usable snapshot that includes nothing behind `head`.
    pub(crate) fn export_snapshot(&self, head: Head, to: &Path) -> Result<Option<PathBuf>, BackupError> {
        let export = || {
            let Some(snapshot) = self.reader.latest_snapshot(Some(head.seq))?.newest else { return Ok(None) };
            let name = format!("p-{:016x}.aap", snapshot.head.seq);
            let copy = to.join(&name);
            copy_file(&self.dir().join("snapshots").join(&name), &copy)?;
            Ok(Some(copy))
        };
        Ok(patiently(export)?)
    }

    /// A copy of the log's signed checkpoints, if it has any.
    pub(crate) fn export_checkpoints(&self, to: &Path) -> Result<Option<PathBuf>, BackupError> {
        let (from, copy) = (self.dir().join(CHECKPOINTS), to.join(CHECKPOINTS));
        match from.try_exists() {
            Ok(false) => Ok(None),
            _ => Ok(copy_file(&from, &copy).map(|()| Some(copy))?),
        }
    }
}

/// The file with a log's signed checkpoints.
const CHECKPOINTS: &str = "checkpoints";

fn copy_file(from: &Path, to: &Path) -> Result<(), LogError> {
    let failed = |what: &'static str, path: &Path| {
        let path = path.to_owned();
        move |source: std::io::Error| match source.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => LogError::DiskFull { what, path },
            _ => LogError::Io { what, path, source },
        }
    };
    let mut input = std::fs::File::open(from).map_err(failed("open", from))?;
    let mut output = std::fs::File::create(to).map_err(failed("create", to))?;
    std::io::copy(&mut input, &mut output).map_err(failed("copy", from)).map(|_| ())
}

/// Makes a log of what a backup held, and checks every byte of it. Returns its head.
pub(crate) fn assemble(
    dir: &Path,
    segments: &[PathBuf],
    snapshots: &[PathBuf],
    checkpoints: Option<&Path>,
) -> Result<Head, BackupError> {
    let head = eventlog::assemble(dir, segments, snapshots)?;
    if let Some(from) = checkpoints {
        let to = dir.join(CHECKPOINTS);
        copy_file(from, &to)?;
        std::fs::File::open(&to).and_then(|f| f.sync_all()).map_err(crate::error::path_error("sync", &to))?;
    }
    Ok(head)
}

/// Checks every byte of a segment file.
pub(crate) fn verify_segment(path: &Path, deep: bool) -> Result<SegmentInfo, BackupError> {
    Ok(segment::verify(path, deep, &mut |_| ())?)
}
