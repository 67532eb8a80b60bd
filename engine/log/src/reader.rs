//! Reading a log, also while another process writes it. Readers touch nothing but the journal, the head anchor and the
//! snapshots, and change nothing.

use crate::LogId;
use crate::anchor::{HeadAnchor, read_anchor};
use crate::cursor::{FrameCursor, Step};
use crate::disk::take;
use crate::error::{LogError, io_error};
use crate::journal::{FILE_HEADER_LEN, journal_dir, list_files};
use crate::open::find_log_id;
use crate::snapshot::{self, SnapshotSearch};
use schemas::frame::{Check, FrameHeader, HEADER_LEN, Head, decode_into};
use schemas::{Envelope, Seq, UtcNanos};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Reads a log.
#[derive(Clone, Debug)]
pub struct LogReader {
    dir: PathBuf,
    log_id: LogId,
}

impl LogReader {
    /// Opens a log for reading; no lock is taken.
    pub fn open(dir: &Path) -> Result<Self, LogError> {
        if !crate::exists(dir) {
            return Err(LogError::NotALog { path: dir.to_owned(), reason: "no head, journal or hot copy is there" });
        }
        let log_id = find_log_id(dir, &read_anchor(dir)?)?;
        Ok(Self { dir: dir.to_owned(), log_id })
    }

    /// Which log this is.
    pub fn log_id(&self) -> LogId {
        self.log_id
    }

    /// What the writer has acknowledged by now; `None` if the anchor is missing or damaged.
    pub fn head_anchor(&self) -> Result<Option<HeadAnchor>, LogError> {
        Ok(read_anchor(&self.dir)?.newest)
    }

    /// The events from `from` on. The chain is always checked, from the start of the journal file that holds `from`.
    pub fn events(&self, from: Seq, check: Check) -> Result<EventStream, LogError> {
        let cursor = FrameCursor::near(&journal_dir(&self.dir), self.log_id, from.get())?;
        Ok(EventStream { dir: self.dir.clone(), cursor, from: from.get(), check })
    }

    /// One event; `None` if the log does not reach it yet.
    pub fn read(&self, seq: Seq) -> Result<Option<Envelope>, LogError> {
        let (mut stream, mut events) = (self.events(seq, Check::Crc)?, Vec::new());
        stream.next_frame(&mut events)?;
        Ok(events.into_iter().next())
    }

    /// The first event at or after `time`; `None` if the log does not reach it yet. Relies on the writer's promise that
    /// time never steps back.
    pub fn seek_time(&self, time: UtcNanos) -> Result<Option<Seq>, LogError> {
        let mut from = Seq::FIRST;
        for (first_seq, path) in list_files(&journal_dir(&self.dir))?.into_iter().rev() {
            if first_time(&path)?.is_some_and(|first| first < time) {
                from = Seq::new(first_seq).unwrap_or(from);
                break;
            }
        }
        let mut stream = self.events(from, Check::Crc)?;
        let mut events = Vec::new();
        while let Some(header) = stream.step(|h| (h.last_time >= time).then_some(Check::Crc))? {
            if header.last_time >= time {
                stream.decode(&header, &mut events)?;
                if let Some(found) = events.iter().find(|e| e.time >= time) {
                    return Ok(Some(found.seq));
                }
            }
        }
        Ok(None)
    }

    /// Where the log ends now.
    pub fn last(&self) -> Result<Head, LogError> {
        let acknowledged = read_anchor(&self.dir)?.newest.map_or(0, |n| n.head.seq);
        let last = Seq::new(u64::MAX).unwrap_or(Seq::FIRST);
        let mut stream = self.events(last, Check::Crc)?;
        while stream.step(|h| (h.last_seq() > acknowledged).then_some(Check::Crc))?.is_some() {}
        Ok(stream.head())
    }

    /// The newest usable snapshot that includes nothing behind `at_most`, and what had to be skipped.
    pub fn latest_snapshot(&self, at_most: Option<u64>) -> Result<SnapshotSearch, LogError> {
        snapshot::search(&self.dir, self.log_id, at_most)
    }
}

/// The time of a file's first event; `None` if it has none, or none that is readable (reading it will tell).
fn first_time(path: &Path) -> Result<Option<UtcNanos>, LogError> {
    let file = File::open(path).map_err(io_error("open", path))?;
    let mut bytes = [0u8; FILE_HEADER_LEN + HEADER_LEN];
    match file.read_exact_at(&mut bytes, 0) {
        Ok(()) => Ok(FrameHeader::parse(&take(&bytes, FILE_HEADER_LEN)).ok().map(|h| h.first_time)),
        Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(e) => Err(io_error("read", path)(e)),
    }
}

/// Events in order, frame by frame.
pub struct EventStream {
    dir: PathBuf,
    cursor: FrameCursor,
    from: u64,
    check: Check,
}

impl EventStream {
    /// Puts the next frame's events into `out`, which is cleared first. `Ok(false)` at the present end; calling again
    /// later goes on from there, which is how another process follows a running log.
    ///
    /// An event may be seen here a moment before its writer acknowledges it; [`LogReader::head_anchor`] says what is
    /// acknowledged.
    pub fn next_frame(&mut self, out: &mut Vec<Envelope>) -> Result<bool, LogError> {
        out.clear();
        let (from, check) = (self.from, self.check);
        while let Some(header) = self.step(|h| (h.last_seq() >= from).then_some(check))? {
            if header.last_seq() < from {
                continue;
            }
            self.decode(&header, out)?;
            if header.first_seq < from {
                out.retain(|e| e.seq.get() >= from);
            }
            return Ok(true);
        }
        Ok(false)
    }

    /// Behind the last frame read.
    pub fn head(&self) -> Head {
        self.cursor.head()
    }

    fn decode(&self, header: &FrameHeader, out: &mut Vec<Envelope>) -> Result<(), LogError> {
        out.clear();
        decode_into(header, self.cursor.payload(), out).map_err(|e| {
            out.clear();
            LogError::Damaged { file: self.cursor.path(), seq: header.first_seq, reason: e.to_string() }
        })
    }

    /// Moves over a frame; `None` at the end. What looks like an end, or like damage, is one only if the anchor agrees:
    /// a frame that the writer is just writing looks damaged too, but is not covered by the anchor. What the anchor
    /// covers must be readable at the second look, because the anchor was written after it.
    fn step(&mut self, check: impl Fn(&FrameHeader) -> Option<Check>) -> Result<Option<Box<FrameHeader>>, LogError> {
        let mut looked_again = false;
        loop {
            let reason = match self.cursor.step(&check)? {
                Step::Frame(header) => return Ok(Some(header)),
                Step::End => None,
                Step::Bad(reason) => Some(reason),
            };
            let seq = self.cursor.head().seq;
            let acknowledged = read_anchor(&self.dir)?.newest.map(|n| n.head.seq);
            match (acknowledged, &reason) {
                (Some(acknowledged), _) if acknowledged <= seq => return Ok(None),
                (None, None) => return Ok(None),
                _ if !looked_again => {
                    looked_again = true;
                    self.cursor.refresh()?;
                }
                (acknowledged, _) => return Err(self.fault(acknowledged, reason)),
            }
        }
    }

    fn fault(&self, acknowledged: Option<u64>, reason: Option<String>) -> LogError {
        let (file, found_seq) = (self.cursor.path(), self.cursor.head().seq);
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
}
