//! Making segments of what only the hot copy has: in a log kept without a journal.

use crate::LogId;
use crate::error::LogError;
use crate::hot::{HotStore, hot_dir};
use crate::segment::write::SegmentWriter;
use crate::segment::{SegmentInfo, segment_dir};
use schemas::frame::{Compression, HEADER_LEN, Head};
use std::path::Path;

/// Makes a segment of everything behind `sealed`; `None` if there is nothing.
pub(crate) fn from_hot(
    dir: &Path,
    log_id: LogId,
    sealed: Head,
    hot: &mut HotStore,
) -> Result<Option<SegmentInfo>, LogError> {
    let mut writer = SegmentWriter::create(&segment_dir(dir), log_id, sealed, Compression::None)?;
    let mut failed = None;
    let read = hot.each_frame(sealed, &mut |header, frame| {
        failed = writer.push(header, frame.get(HEADER_LEN..).unwrap_or_default()).err();
        failed.is_none()
    });
    if let Some(e) = failed {
        return Err(e);
    }
    read.map_err(|e| e.into_error("read", &hot_dir(dir)))?;
    writer.finish()
}
