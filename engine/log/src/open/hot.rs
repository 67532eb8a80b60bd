//! The hot copy of a log that has a journal: it follows the journal, gives what that has lost, or is built anew.

use super::Opening;
use super::source::{HOT_COPY, HotSource, trusted_seal};
use crate::cursor::{FrameCursor, Step};
use crate::disk::{self, ScratchDir};
use crate::error::LogError;
use crate::hot::{HotStore, hot_dir, seal};
use crate::notes::RepairNote;
use crate::source::chain_at;
use crate::walk::{Walk, discard};
use schemas::frame::{Check, Head};
use std::path::Path;

impl Opening<'_> {
    pub(super) fn settle_hot(&mut self, walked: &mut Walk) -> Result<HotStore, LogError> {
        let hot = hot_dir(self.dir);
        let mut kept = None;
        let mut reason = "it was missing".to_owned();
        // Also one that sled began to make: it refuses its own unfinished settings for ever.
        if !disk::names(&hot)?.is_empty() {
            match self.examine_hot(&hot, walked)? {
                Ok((mut store, head)) => {
                    let events = self.redo(&mut store, head)?;
                    if events > 0 {
                        self.notes.push(RepairNote::HotCaughtUp { events });
                    }
                    return Ok(store);
                }
                Err(fault) => {
                    kept = Some(disk::set_aside(&hot)?);
                    reason = fault;
                }
            }
        }
        disk::create_dir(&hot)?;
        let mut store = HotStore::open(&hot).map_err(|e| e.into_error("create", &hot))?;
        if self.redo(&mut store, self.sealed)? > 0 || kept.is_some() {
            self.notes.push(RepairNote::HotRebuilt { reason, kept });
        }
        Ok(store)
    }

    /// Opens the hot copy and finds where it ends. The inner error says why it cannot be used.
    fn examine_hot(&mut self, hot: &Path, walked: &mut Walk) -> Result<Result<(HotStore, Head), String>, LogError> {
        let closed = trusted_seal(&self.anchor);
        if closed.is_some() && closed != Some(seal(hot)?) {
            self.ask_changed(walked)?;
            return Ok(Err("its files are not the ones that were closed".to_owned()));
        }
        let opened = HotStore::open(hot).and_then(|mut store| {
            let ends =
                if closed.is_some() { store.blocks().last_head(self.sealed) } else { store.blocks().scan(self.sealed) };
            ends.map(|head| (store, head))
        });
        let (mut store, head) = match opened {
            Ok(opened) => opened,
            Err(fault) if fault.is_outside() => return Err(fault.into_error("open", hot)),
            Err(fault) => return Ok(Err(fault.to_string())),
        };
        if head.seq > walked.head.seq {
            let mut source = HotSource { store, fault: None };
            let longer = self.walk(true, &mut source)?;
            if longer.head != head {
                discard(&longer);
                return Ok(Err(format!("it has other events than the journal behind event {}", walked.head.seq)));
            }
            self.apply(&longer)?;
            *walked = longer;
            store = source.store;
        } else if closed.is_some() && head.seq < walked.head.seq {
            // What sled has lost of a file that it opens without a word it would lose again.
            return Ok(Err(format!("it ends at event {} though the log was closed", head.seq)));
        } else if chain_at(self.dir, self.log_id, head.seq)? != Some(head) {
            return Ok(Err(format!("it disagrees with the journal at or before event {}", head.seq)));
        }
        Ok(Ok((store, head)))
    }

    /// The anchor says that the hot copy was changed. It may be the anchor and the journal that are older: a copy of the
    /// hot copy is asked for what continues the journal.
    fn ask_changed(&mut self, walked: &mut Walk) -> Result<(), LogError> {
        let scratch = ScratchDir(self.dir.join(HOT_COPY));
        let Ok(mut source) = HotSource::copy_changed(self.dir, &scratch.0)? else { return Ok(()) };
        let Ok(longer) = self.walk(true, &mut source) else { return Ok(()) };
        if longer.head.seq <= walked.head.seq {
            discard(&longer);
            return Ok(());
        }
        self.apply(&longer)?;
        self.notes.push(RepairNote::HeadRewritten { seq: longer.head.seq });
        *walked = longer;
        Ok(())
    }

    /// Gives the hot copy the journal's frames behind `from`. Returns how many events they have.
    pub(super) fn redo(&self, store: &mut HotStore, from: Head) -> Result<u64, LogError> {
        let mut cursor = FrameCursor::near(self.journal, self.log_id, from.seq + 1, self.sealed)?;
        let mut events = 0;
        loop {
            let step = cursor.step(|h| (h.first_seq > from.seq).then_some(Check::Crc))?;
            match step {
                Step::Frame(header) if header.first_seq > from.seq => {
                    store.push(&header, cursor.frame_bytes())?;
                    events += u64::from(header.count);
                }
                Step::Frame(_) => {}
                Step::End => break,
                Step::Bad(reason) => {
                    return Err(LogError::Damaged { file: cursor.path(), seq: cursor.head().seq + 1, reason });
                }
            }
        }
        if events > 0 {
            store.checkpoint()?;
        }
        Ok(events)
    }
}
