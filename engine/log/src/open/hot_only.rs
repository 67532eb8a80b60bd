//! A log that is kept in the hot copy alone.

use super::source::{HOT_COPY, HotSource};
use super::{Opening, checkpoints};
use crate::anchor::anchor_path;
use crate::disk::{self, ScratchDir};
use crate::error::LogError;
use crate::hot::{HotStore, hot_db, hot_dir};
use crate::hot_only::{HotOnly, seal};
use crate::lock::WriterLock;
use crate::notes::{OpenReport, RepairNote};
use crate::writer::{LogWriter, Store};
use schemas::frame::Head;
use std::path::Path;

impl Opening<'_> {
    /// Opens a log that is kept in the hot copy alone. Everything in it is sealed before the first commit, so that
    /// readers see it.
    pub(super) fn hot_only(
        &mut self,
        lock: WriterLock,
        checkpoints: checkpoints::Found,
    ) -> Result<(LogWriter, OpenReport), LogError> {
        let hot = hot_dir(self.dir);
        let (found, useless) = self.find_alone(&hot)?;
        self.is_complete(&found)?;
        self.changes.keep()?;
        if let Some(reason) = useless {
            let kept = if hot.exists() { Some(disk::set_aside(&hot)?) } else { None };
            // A creation that was cut short is no damage.
            if self.anchor.newest.is_none_or(|a| a.generation > 1) {
                self.notes.push(RepairNote::HotRebuilt { reason, kept });
            }
        }
        let mut anchor = self.settle_anchor(found, true)?;
        disk::create_dir(&hot)?;
        let mut store = HotStore::open(&hot).map_err(|e| e.into_error("open", &hot))?;
        if let Some(info) = seal(self.dir, self.log_id, self.sealed, found.seq, store.blocks())? {
            store.trim(info.head.seq)?;
            self.sealed = info.head;
        }
        if self.sealed != found {
            let reason = format!("it ended at event {} a moment ago", found.seq);
            return Err(LogError::Damaged { file: hot_db(&hot), seq: self.sealed.seq + 1, reason });
        }
        anchor.write(found, None)?;
        anchor.sync()?;
        let (sealed, roll_len, signed) = (self.sealed, self.options.roll_len, checkpoints.file.clone());
        let store = HotOnly::new(self.dir, self.log_id, store, sealed, roll_len, signed);
        checkpoints.drop_unreadable(self.dir)?;
        // What is left of a journal is sealed. An empty file would later pass for a bad copy of what is committed now.
        if disk::remove_files(self.journal, |n| n.ends_with(".aaj"))? {
            disk::sync_dir(self.journal)?;
        }
        Ok(self.writer(Store::HotOnly(Box::new(store)), anchor, found, checkpoints.file, lock))
    }

    /// Where the hot copy ends, and why it has to be made anew, if so. Nothing is lost with it while all that was
    /// acknowledged is sealed.
    fn find_alone(&self, hot: &Path) -> Result<(Head, Option<String>), LogError> {
        // The anchor of such a log is never older than what is sealed, unless a power cut or a person put it back.
        let all_sealed = self.signed.is_none()
            && !self.anchor.doubtful
            && self.anchor.newest.is_some_and(|a| match a.hot_only {
                true => a.head == self.sealed,
                false => a.head.seq <= self.sealed.seq,
            });
        if !hot_db(hot).exists() {
            // sled refuses its own settings without the rest.
            let useless = !disk::names(hot)?.is_empty() || self.anchor.newest.is_some_and(|a| a.hot_only);
            return Ok((self.sealed, useless.then(|| "it was missing".to_owned())));
        }
        match self.examine_alone() {
            Ok(found) => Ok((found, None)),
            Err(LogError::Damaged { reason, .. }) if all_sealed => Ok((self.sealed, Some(reason))),
            Err(e) => Err(e),
        }
    }

    /// Where the hot copy ends, read from a copy of it: a refusal must change nothing.
    fn examine_alone(&self) -> Result<Head, LogError> {
        let hot = hot_dir(self.dir);
        let scratch = ScratchDir(self.dir.join(HOT_COPY));
        let damaged = |reason: String| LogError::Damaged { file: hot_db(&hot), seq: self.sealed.seq + 1, reason };
        let (mut source, changed) = match HotSource::copy(self.dir, &self.anchor, &scratch.0)? {
            Ok(source) => (source, None),
            Err(reason) => (HotSource::copy_changed(self.dir, &scratch.0)?.map_err(damaged)?, Some(reason)),
        };
        let vouched: Vec<Head> = self.anchor.newest.map(|a| a.head).into_iter().chain(self.signed).collect();
        let (found, missed) = source.follow(self.sealed, &vouched).map_err(|e| damaged(e.to_string()))?;
        match (missed, changed) {
            // A close leaves nothing in it that is not sealed. What is in it was committed later: the anchor that speaks of
            // the close is the one that is older.
            (None, Some(reason)) if found == self.sealed => Err(damaged(reason)),
            (None, _) => Ok(found),
            (Some(place), _) => Err(LogError::ForeignCopy {
                file: hot_db(&hot),
                seq: place.seq,
                reason: "the head anchor or a signed checkpoint has another chain value for that event".to_owned(),
            }),
        }
    }

    /// Without a journal, only the anchor and what was signed can say that the end is complete.
    fn is_complete(&self, found: &Head) -> Result<(), LogError> {
        let anchored = self.anchor.newest.map_or(0, |a| a.head.seq);
        let vouched = anchored.max(self.signed.map_or(0, |s| s.seq));
        if vouched > found.seq {
            return Err(LogError::LostSuffix {
                head_seq: vouched,
                found_seq: found.seq,
                file: hot_db(&hot_dir(self.dir)),
                reason: "the hot copy does not have them either".to_owned(),
            });
        }
        if self.anchor.newest.is_none() && found.seq > 0 && !self.options.trust_journal_end {
            return Err(LogError::NoAnchor {
                file: anchor_path(self.dir),
                journal_seq: self.sealed.seq,
                hot: format!("at event {}", found.seq),
            });
        }
        Ok(())
    }
}
