//! The hot copy as a source of frames.

use crate::anchor::{AnchorState, HotSeal};
use crate::disk;
use crate::error::LogError;
use crate::hot::{HotFault, HotStore, hot_db, hot_dir, seal};
use crate::walk::{FrameSource, misses};
use schemas::frame::Head;
use std::path::Path;

/// Where the hot copy is copied to before it is asked for frames.
pub(super) const HOT_COPY: &str = "hot.copy";

/// The hot copy, or a copy of it, as a source of frames.
pub(crate) struct HotSource {
    pub(crate) store: HotStore,
    pub(super) fault: Option<String>,
}

impl HotSource {
    /// Copies the hot copy to `to` and opens that. The inner error says why there is nothing to ask, the outer one that
    /// the system would not let us look: then nobody knows.
    pub(crate) fn copy(dir: &Path, anchor: &AnchorState, to: &Path) -> Result<Result<Self, String>, LogError> {
        let hot = hot_dir(dir);
        if !hot_db(&hot).exists() {
            return Ok(Err("there is no hot copy".to_owned()));
        }
        if let Some(closed) = trusted_seal(anchor)
            && seal(&hot)? != closed
        {
            // It could silently return less than it holds.
            return Ok(Err("the hot copy is damaged too: its files are not the ones that were closed".to_owned()));
        }
        Self::copy_changed(dir, to)
    }

    /// The same, also if it is not what it was when it was closed.
    pub(super) fn copy_changed(dir: &Path, to: &Path) -> Result<Result<Self, String>, LogError> {
        disk::copy_dir(&hot_dir(dir), to)?;
        match HotStore::open(to) {
            Ok(store) => Ok(Ok(Self { store, fault: None })),
            Err(e) if e.is_of_system() => Err(e.into_error("open", to)),
            Err(e) => Ok(Err(format!("the hot copy is damaged too: {e}"))),
        }
    }
}

impl HotSource {
    /// Walks over everything behind `start`. Returns where it ends, and which of `vouched`, if any, it does not go
    /// through.
    pub(crate) fn follow(&mut self, start: Head, vouched: &[Head]) -> Result<(Head, Option<Head>), HotFault> {
        let (mut before, mut missed) = (start, None);
        let end = self.store.blocks().each_frame(start, &mut |header, _| {
            let behind = Head { seq: header.last_seq(), chain: header.chain() };
            missed = vouched.iter().find(|place| misses(place, &before, &behind)).copied();
            before = behind;
            missed.is_none()
        })?;
        Ok((end, missed))
    }
}

impl FrameSource for HotSource {
    fn frame_at(&mut self, seq: u64) -> Option<Vec<u8>> {
        self.store.blocks().frame_at(seq).unwrap_or_else(|e| {
            self.fault = Some(e.to_string());
            None
        })
    }

    fn excuse(&self) -> String {
        match &self.fault {
            None => "the hot copy does not have it either".to_owned(),
            Some(fault) => format!("the hot copy is damaged too: {fault}"),
        }
    }
}

/// What the hot copy's files were at a clean close, if the anchor that says so is beyond doubt.
pub(crate) fn trusted_seal(anchor: &AnchorState) -> Option<HotSeal> {
    anchor.newest.filter(|_| !anchor.doubtful).and_then(|n| n.closed)
}
