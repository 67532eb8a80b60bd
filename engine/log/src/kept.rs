//! Journal files that are kept after they were sealed: the second copy of their segments. A damaged one is good for
//! nothing and is found before it is needed.

use crate::LogId;
use crate::cursor::{FrameCursor, Step};
use crate::error::LogError;
use crate::journal::{journal_dir, list_files};
use crate::pruned::read_base;
use crate::segment::{self, segment_dir};
use crate::source::chain_at;
use schemas::frame::{Check, Head};
use std::path::{Path, PathBuf};

/// A kept file that is not what its segment is.
pub(crate) struct Damaged {
    pub(crate) file: PathBuf,
    /// The first event that is bad.
    pub(crate) seq: u64,
    pub(crate) reason: String,
}

/// Every kept file that is damaged. Files of archived and deleted segments are copies of nothing that is here.
pub(crate) fn damaged(dir: &Path, log_id: LogId, sealed: Head) -> Result<Vec<Damaged>, LogError> {
    let base = read_base(dir)?.map_or(0, |base| base.seq);
    let files = list_files(&journal_dir(dir))?;
    let begins: Vec<u64> = files.iter().map(|(first, _)| *first).collect();
    let mut found = Vec::new();
    for (at, (first, path)) in
        files.iter().enumerate().filter(|(_, (first, _))| (base + 1..=sealed.seq).contains(first))
    {
        let bad = |seq: u64, reason: String| Damaged { file: path.clone(), seq, reason };
        let before = match chain_at(dir, log_id, first - 1) {
            Ok(Some(before)) => before,
            Ok(None) => {
                found.push(bad(*first, "it does not begin where a frame of the log begins".to_owned()));
                continue;
            }
            Err(e) if e.is_damage() => continue,
            Err(e) => return Err(e),
        };
        let next = begins.get(at + 1).copied();
        let last = next.map_or(sealed.seq, |next| sealed.seq.min(next - 1));
        match examine(dir, log_id, before, last, next == Some(last + 1)) {
            Ok(None) => {}
            Ok(Some((seq, reason))) => found.push(bad(seq, reason)),
            Err(LogError::Damaged { seq, reason, .. }) => found.push(bad(seq, reason)),
            Err(LogError::ForeignCopy { seq, reason, .. }) => found.push(bad(seq, reason)),
            Err(e) => return Err(e),
        }
    }
    Ok(found)
}

/// The first fault of the file behind `before`, whose events go up to `last`, or up to where a segment ends if the file
/// that came next is not kept any more. Behind them nothing may be left in it if it `ends` there: it would be read when
/// the file that comes next is gone.
fn examine(dir: &Path, log_id: LogId, before: Head, last: u64, ends: bool) -> Result<Option<(u64, String)>, LogError> {
    let mut cursor = FrameCursor::near(&journal_dir(dir), log_id, before.seq + 1, before)?;
    while cursor.head().seq < last {
        let seq = cursor.head().seq + 1;
        match cursor.step(|_| Some(Check::Full))? {
            Step::Frame(_) => {}
            Step::End if seq > before.seq + 1 && segment_begins(dir, seq)? => break,
            Step::End => return Ok(Some((seq, "it ends early".to_owned()))),
            Step::Bad(reason) => return Ok(Some((seq, reason))),
        }
    }
    let end = cursor.head();
    if ends && end.seq == last && !cursor.is_at_the_end_of_its_file()? {
        return Ok(Some((last, "more follows in it than its segment has".to_owned())));
    }
    let same = end.seq > last || chain_at(dir, log_id, end.seq)? == Some(end);
    Ok((!same).then(|| (end.seq, "it holds other events than its segment".to_owned())))
}

fn segment_begins(dir: &Path, seq: u64) -> Result<bool, LogError> {
    Ok(segment::list(&segment_dir(dir))?.iter().any(|(first, _, _)| *first == seq))
}
