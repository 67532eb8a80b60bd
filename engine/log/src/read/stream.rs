//! Events in order.

use super::select::{Selection, Wanted};
use crate::LogId;
use crate::anchor::read_anchor;
use crate::error::LogError;
use crate::source::{LogCursor, Step, Stretch};
use crate::walk::misses;
use schemas::frame::{Check, FrameError, FrameHeader, FrameView, HEADER_LEN, Head, bring_up_as, decode_into, view};
use schemas::versions::Current;
use schemas::{Envelope, SCHEMA_VERSION, Seq, UtcNanos};
use std::path::{Path, PathBuf};

/// Events in order, a frame or block at a time. Memory is bounded by the largest of them, whatever the log's size.
pub struct EventStream {
    dir: PathBuf,
    cursor: LogCursor,
    wanted: Wanted,
    /// A frame of an older version, as this one has it.
    brought_up: Vec<u8>,
    /// What was acknowledged when the reading began.
    anchored: Option<Head>,
    /// Where the selection ended; the cursor may have gone on from there.
    end: Option<Head>,
}

impl EventStream {
    pub(super) fn open(dir: &Path, log_id: LogId, selection: &Selection) -> Result<Self, LogError> {
        let anchored = read_anchor(dir)?.newest.map(|anchor| anchor.head);
        let cursor = LogCursor::near(dir, log_id, selection.from.get())?;
        let wanted = Wanted::new(selection);
        Ok(Self { dir: dir.to_owned(), cursor, wanted, brought_up: Vec::new(), anchored, end: None })
    }

    /// Puts the wanted events of the next frame or block that has some into `out`, which is cleared first. `Ok(false)`
    /// at the present end, or behind the last event asked for; calling again later goes on from there, which is how
    /// another process follows a running log.
    ///
    /// An event may be seen here a moment before its writer acknowledges it; [`LogReader::head_anchor`] says what is
    /// acknowledged.
    ///
    /// [`LogReader::head_anchor`]: super::LogReader::head_anchor
    pub fn next_frame(&mut self, out: &mut Vec<Envelope>) -> Result<bool, LogError> {
        out.clear();
        while let Some(header) = self.next_wanted()? {
            self.decode(&header, out)?;
            let inside = header.first_seq >= self.wanted.from && header.last_seq() <= self.wanted.until;
            if !inside || !self.wanted.takes_all() {
                out.retain(|e| self.wanted.takes(e));
            }
            if !out.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The records of the next frame or block that may hold a wanted event, where they lie: nothing is copied. The
    /// range of the selection is applied, its kinds, market, order and cycle only by what is skipped.
    pub fn next_view(&mut self) -> Result<Option<FrameView<'_>>, LogError> {
        let Some(header) = self.next_wanted()? else { return Ok(None) };
        let (from, until) = (self.wanted.from, self.wanted.until);
        let seen = if header.schema == SCHEMA_VERSION {
            view(&header, self.cursor.payload())
        } else {
            // An older version's records are brought up, which is a copy.
            let frame = bring_up_as::<Current>(&header, self.cursor.payload());
            self.brought_up = frame.map_err(|e| self.undecodable(&header, e.to_string()))?;
            let parsed = self.brought_up.first_chunk().ok_or(FrameError::NotAFrame).and_then(FrameHeader::parse);
            parsed.and_then(|header| view(&header, self.brought_up.get(HEADER_LEN..).unwrap_or_default()))
        };
        seen.map(|view| Some(view.between(from, until))).map_err(|e| self.undecodable(&header, e.to_string()))
    }

    /// Behind the last frame or block read.
    pub fn head(&self) -> Head {
        self.end.unwrap_or(self.cursor.head())
    }

    fn undecodable(&self, header: &FrameHeader, reason: String) -> LogError {
        LogError::Damaged { file: self.cursor.path(), seq: header.first_seq, reason }
    }

    fn decode(&self, header: &FrameHeader, out: &mut Vec<Envelope>) -> Result<(), LogError> {
        out.clear();
        decode_into(header, self.cursor.payload(), out).map_err(|e| {
            out.clear();
            self.undecodable(header, e.to_string())
        })
    }

    /// The next frame or block that may hold something wanted.
    fn next_wanted(&mut self) -> Result<Option<FrameHeader>, LogError> {
        loop {
            if self.cursor.head().seq >= self.wanted.until {
                return self.confirm().map(|()| None);
            }
            let check = self.wanted.check;
            let want = |s: &Stretch| self.wanted.may_be_in(s).then_some(check);
            let step = step(&self.dir, &mut self.cursor, self.anchored, want)?;
            match step {
                None => return Ok(None),
                Some(Step::Read(header)) => return Ok(Some(header)),
                Some(_) => {}
            }
        }
    }

    /// Goes on over headers, from where the selection ends, to what was acknowledged. Segments are held against each other
    /// and the head anchor when the log is opened, but nothing else says that the journal is the one acknowledged: one of
    /// another history of this log has the same name and a chain that is sound.
    fn confirm(&mut self) -> Result<(), LogError> {
        self.end.get_or_insert(self.cursor.head());
        let Some(anchored) = self.anchored.filter(|_| self.cursor.is_in_journal()) else { return Ok(()) };
        while self.cursor.head().seq < anchored.seq {
            if step(&self.dir, &mut self.cursor, self.anchored, |_| None)?.is_none() {
                break;
            }
        }
        Ok(())
    }

    /// The first event at or after `time`.
    pub(super) fn first_at(mut self, time: UtcNanos) -> Result<Option<Seq>, LogError> {
        let mut events = Vec::new();
        let want = |s: &Stretch| (s.last_time >= time).then_some(Check::Crc);
        while let Some(step) = step(&self.dir, &mut self.cursor, self.anchored, want)? {
            if let Step::Read(header) = step {
                self.decode(&header, &mut events)?;
                if let Some(found) = events.iter().find(|e| e.time >= time) {
                    return Ok(Some(found.seq));
                }
            }
        }
        Ok(None)
    }

    /// Goes to the end, checking what is not known to be acknowledged.
    pub(super) fn skip_to_end(&mut self, acknowledged: u64) -> Result<(), LogError> {
        let want = |s: &Stretch| (s.last_seq > acknowledged).then_some(Check::Crc);
        while step(&self.dir, &mut self.cursor, self.anchored, want)?.is_some() {}
        Ok(())
    }
}

/// Moves over a frame or block; `None` at the end. What looks like an end, or like damage, is one only if the anchor
/// agrees: a frame that the writer is just writing looks damaged too, but is not covered by the anchor. What the anchor
/// covers must be readable at the second look, because the anchor was written after it.
///
/// The log must go through `anchored`, which was acknowledged when the reading began.
fn step(
    dir: &Path,
    cursor: &mut LogCursor,
    anchored: Option<Head>,
    want: impl Fn(&Stretch) -> Option<Check>,
) -> Result<Option<Step>, LogError> {
    let mut looked_again = false;
    loop {
        let before = cursor.head();
        let reason = match cursor.step(&want)? {
            Step::End => None,
            Step::Bad(reason) => Some(reason),
            found => {
                return match anchored.filter(|place| contradicts(cursor, &before, place)) {
                    None => Ok(Some(found)),
                    Some(place) => Err(LogError::ForeignCopy {
                        file: cursor.path(),
                        seq: place.seq,
                        reason: "the head anchor has another chain value for that event".to_owned(),
                    }),
                };
            }
        };
        let seq = cursor.head().seq;
        let anchor = read_anchor(dir)?.newest;
        let acknowledged = anchor.map(|n| n.head.seq);
        match (acknowledged, &reason) {
            (Some(acknowledged), _) if acknowledged <= seq => return Ok(None),
            (None, None) => return Ok(None),
            _ if !looked_again => {
                looked_again = true;
                cursor.refresh()?;
            }
            // Behind the last seal, such a log can be read when its writer has closed it.
            (Some(_), None) if anchor.is_some_and(|n| n.hot_only && n.closed.is_none()) => return Ok(None),
            (acknowledged, _) => return Err(fault(cursor, acknowledged, reason)),
        }
    }
}

/// Whether the frame or block just passed shows another chain at `place` than was acknowledged. Inside of a block the
/// chain is not known.
fn contradicts(cursor: &LogCursor, before: &Head, place: &Head) -> bool {
    let behind = cursor.head();
    match cursor.block() {
        Some(_) => behind.seq == place.seq && behind != *place,
        None => misses(place, before, &behind),
    }
}

fn fault(cursor: &LogCursor, acknowledged: Option<u64>, reason: Option<String>) -> LogError {
    let (file, found_seq) = (cursor.path(), cursor.head().seq);
    let hint = "opening the log for writing repairs it if the hot copy can";
    match reason {
        Some(reason) => LogError::Damaged { file, seq: found_seq + 1, reason: format!("{reason}; {hint}") },
        None => LogError::LostSuffix {
            head_seq: acknowledged.unwrap_or(found_seq),
            found_seq,
            file,
            reason: hint.to_owned(),
        },
    }
}
