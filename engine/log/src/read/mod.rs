//! Reading a log, also while another process writes it. Readers touch nothing but segments, journal, head anchor and
//! snapshots, and change nothing; they work on read-only media.

mod points;
mod select;
mod stream;
mod unsealed;

pub use points::PointReader;
pub use select::Selection;
pub use stream::EventStream;

use crate::LogId;
use crate::anchor::{HeadAnchor, read_anchor};
use crate::disk::take;
use crate::error::{LogError, io_error};
use crate::journal::{FILE_HEADER_LEN, journal_dir, list_files};
use crate::open::find_log_id;
use crate::segment::file::read_header;
use crate::segment::{self, SegmentInfo, segment_dir};
use crate::snapshot::{self, SnapshotSearch};
use crate::source::belong_together;
use schemas::frame::{Check, FrameHeader, HEADER_LEN, Head};
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
    /// Opens a log for reading; no lock is taken. Files that are not of one log and one history are refused by name, as
    /// far as their headers say so.
    pub fn open(dir: &Path) -> Result<Self, LogError> {
        if !crate::exists(dir) {
            return Err(LogError::NotALog {
                path: dir.to_owned(),
                reason: "no head, journal, segment or hot copy is there",
            });
        }
        let log_id = find_log_id(dir, &read_anchor(dir)?)?;
        belong_together(dir, log_id)?;
        Ok(Self { dir: dir.to_owned(), log_id })
    }

    /// Which log this is.
    pub fn log_id(&self) -> LogId {
        self.log_id
    }

    /// Where it is.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// What the writer has acknowledged by now; `None` if the anchor is missing or damaged.
    pub fn head_anchor(&self) -> Result<Option<HeadAnchor>, LogError> {
        Ok(read_anchor(&self.dir)?.newest)
    }

    /// The events from `from` on. The chain is always checked, from the start of the block or journal file that holds
    /// `from`.
    pub fn events(&self, from: Seq, check: Check) -> Result<EventStream, LogError> {
        self.select(&Selection { from, check, ..Selection::default() })
    }

    /// The events that a selection asks for; what cannot hold one of them is skipped unread.
    pub fn select(&self, selection: &Selection) -> Result<EventStream, LogError> {
        EventStream::open(&self.dir, self.log_id, selection)
    }

    /// One event; `None` if the log does not reach it yet. For many, [`points`](Self::points) is faster.
    pub fn read(&self, seq: Seq) -> Result<Option<Envelope>, LogError> {
        let (mut stream, mut events) = (self.events(seq, Check::Crc)?, Vec::new());
        stream.next_frame(&mut events)?;
        Ok(events.into_iter().next())
    }

    /// Reads single events by sequence or time, with what it opens kept open.
    pub fn points(&self) -> Result<PointReader, LogError> {
        PointReader::open(self)
    }

    /// Cuts the log into at most `parts` ranges of about the same number of events, from the first event that is still
    /// here to the last, for threads that read side by side. Fewer if there are not enough events.
    pub fn ranges(&self, parts: usize) -> Result<Vec<(Seq, Seq)>, LogError> {
        let last = self.last()?.seq;
        let first = self.first_seq()?;
        let total = (last + 1).saturating_sub(first);
        let parts = (parts.max(1) as u64).min(total);
        let place = |n: u64| Seq::new(first + (u128::from(total) * u128::from(n) / u128::from(parts.max(1))) as u64);
        let range = |n: u64| Some((place(n)?, Seq::new(place(n + 1)?.get() - 1)?));
        Ok((0..parts).filter_map(range).collect())
    }

    /// The first event that is still here; 1 unless segments were archived and deleted.
    pub fn first_seq(&self) -> Result<u64, LogError> {
        Ok(crate::pruned::read_base(&self.dir)?.map_or(1, |base| base.seq + 1))
    }

    /// The sealed segments, in order; their headers and footers are checked.
    pub fn segments(&self) -> Result<Vec<SegmentInfo>, LogError> {
        segment::list(&segment_dir(&self.dir))?.iter().map(|(_, _, path)| segment::inspect(path)).collect()
    }

    /// The first event at or after `time`; `None` if the log does not reach it yet. Relies on the writer's promise that
    /// time never steps back.
    pub fn seek_time(&self, time: UtcNanos) -> Result<Option<Seq>, LogError> {
        let from = Seq::new(self.file_before(time)?.max(self.first_seq()?)).unwrap_or(Seq::FIRST);
        self.events(from, Check::Crc)?.first_at(time)
    }

    /// The first event of the last file that begins before `time`; 0 if there is none.
    fn file_before(&self, time: UtcNanos) -> Result<u64, LogError> {
        let files = segment::list(&segment_dir(&self.dir))?;
        let sealed = files.last().map_or(0, |(_, last, _)| *last);
        // What is kept of the journal behind that is a copy, and not read.
        let journal = list_files(&journal_dir(&self.dir))?.into_iter().rev();
        for (first_seq, path) in journal.take_while(|(first_seq, _)| *first_seq > sealed) {
            if first_time(first_seq, &path)?.is_some_and(|first| first < time) {
                return Ok(first_seq);
            }
        }
        for (first_seq, _, path) in files.iter().rev() {
            // A damaged header is the reading's to report.
            if read_header(path)?.is_ok_and(|h| h.first_time < time) {
                return Ok(*first_seq);
            }
        }
        Ok(0)
    }

    /// Where the log ends now.
    pub fn last(&self) -> Result<Head, LogError> {
        let last = Seq::new(u64::MAX).unwrap_or(Seq::FIRST);
        let acknowledged = read_anchor(&self.dir)?.newest.map_or(0, |n| n.head.seq);
        let mut stream = self.events(last, Check::Crc)?;
        stream.skip_to_end(acknowledged)?;
        Ok(stream.head())
    }

    /// The log's head at `seq`; `None` if no frame ends there, or the log does not reach it.
    pub fn chain_at(&self, seq: u64) -> Result<Option<Head>, LogError> {
        crate::source::chain_at(&self.dir, self.log_id, seq)
    }

    /// The newest usable snapshot that includes nothing behind `at_most`, and what had to be skipped.
    pub fn latest_snapshot(&self, at_most: Option<u64>) -> Result<SnapshotSearch, LogError> {
        snapshot::search(&self.dir, self.log_id, at_most)
    }
}

/// The time of a file's first event; `None` if it has none, or none that is readable (reading it will tell).
fn first_time(first_seq: u64, path: &Path) -> Result<Option<UtcNanos>, LogError> {
    let file = match File::open(path) {
        Ok(file) => file,
        // Sealed and deleted meanwhile; the segment has its events.
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(io_error("open", path)(e)),
    };
    let mut bytes = [0u8; FILE_HEADER_LEN + HEADER_LEN];
    match file.read_exact_at(&mut bytes, 0) {
        Ok(()) => {
            let header = FrameHeader::parse(&take(&bytes, FILE_HEADER_LEN)).ok();
            Ok(header.filter(|h| h.first_seq == first_seq).map(|h| h.first_time))
        }
        Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(e) => Err(io_error("read", path)(e)),
    }
}
