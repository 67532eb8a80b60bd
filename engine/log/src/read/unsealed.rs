//! Single events of the journal. Its frames have no index on the disk; one is made as far as it is asked for, and kept.
//!
//! It is a shortcut and says nothing of what it does not find: the end of a log that is being written, a frame that is
//! damaged or sealed meanwhile are left to whoever reads the journal in order.

use super::LogReader;
use crate::cursor::{FrameCursor, Step};
use crate::journal::journal_dir;
use crate::segment::format::TIMES_EVERY;
use crate::source::sealed_end;
use schemas::frame::{Check, FrameHeader, HEADER_LEN, RECORD_LEN, record_alone, records_at, time_alone};
use schemas::{Envelope, SCHEMA_VERSION, Seq, UtcNanos};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

/// A frame, and where it is.
struct Frame {
    file: usize,
    at: u64,
    len: usize,
    first_seq: u64,
    last_seq: u64,
    last_time: UtcNanos,
    /// Made when the frame was first read and checked.
    checked: Option<Checked>,
}

struct Checked {
    /// Where the row of records begins in the file; `None` if records cannot be read one by one.
    row_at: Option<u64>,
    /// Times of every 32nd record.
    times: Vec<UtcNanos>,
}

/// What a look into the journal found.
pub(super) enum Look {
    /// The event.
    Event(Envelope),
    /// The frame with the event, to be decoded in whole; its bytes are [`Unsealed::payload`].
    Frame(FrameHeader),
    /// Nothing: read in order.
    Unknown,
}

/// The journal's frames behind what is sealed, as far as they were asked for.
#[derive(Default)]
pub(super) struct Unsealed {
    cursor: Option<FrameCursor>,
    files: Vec<(PathBuf, File)>,
    frames: Vec<Frame>,
    buf: Vec<u8>,
}

impl Unsealed {
    /// The payload of the frame last looked at in whole.
    pub(super) fn payload(&self) -> &[u8] {
        self.buf.get(HEADER_LEN..).unwrap_or_default()
    }

    /// Whether the event is in a frame that was found before.
    pub(super) fn holds(&self, seq: u64) -> bool {
        self.frames.first().is_some_and(|f| f.first_seq <= seq) && self.frames.last().is_some_and(|f| seq <= f.last_seq)
    }

    /// The event with this sequence.
    pub(super) fn at(&mut self, reader: &LogReader, seq: Seq) -> Look {
        let n = seq.get();
        if self.frames.first().is_none_or(|f| n < f.first_seq) && self.begin(reader, n).is_none() {
            return Look::Unknown;
        }
        while self.frames.last().is_none_or(|f| f.last_seq < n) {
            if self.extend().is_none() {
                return Look::Unknown;
            }
        }
        let index = self.frames.partition_point(|f| f.last_seq < n);
        let Some(within) = self.frames.get(index).and_then(|f| n.checked_sub(f.first_seq)) else {
            return Look::Unknown;
        };
        self.record(index, within as usize).unwrap_or(Look::Unknown)
    }

    /// The first event at or after `time`, if everything before event `from` is earlier.
    pub(super) fn at_or_after(&mut self, reader: &LogReader, from: u64, time: UtcNanos) -> Look {
        if self.frames.first().is_none_or(|f| f.first_seq != from) && self.begin(reader, from).is_none() {
            return Look::Unknown;
        }
        while self.frames.last().is_none_or(|f| f.last_time < time) {
            if self.extend().is_none() {
                return Look::Unknown;
            }
        }
        if self.frames.first().is_none_or(|f| f.first_seq != from) {
            return Look::Unknown;
        }
        let index = self.frames.partition_point(|f| f.last_time < time);
        self.first_in(index, time).unwrap_or(Look::Unknown)
    }

    /// Begins anew, in the file that holds `seq`.
    fn begin(&mut self, reader: &LogReader, seq: u64) -> Option<()> {
        let floor = sealed_end(reader.dir(), reader.log_id()).ok()?;
        if seq <= floor.seq {
            return None;
        }
        self.cursor = Some(FrameCursor::near(&journal_dir(reader.dir()), reader.log_id(), seq, floor).ok()?);
        self.frames.clear();
        self.files.clear();
        Some(())
    }

    /// One frame more.
    fn extend(&mut self) -> Option<()> {
        let cursor = self.cursor.as_mut()?;
        let Ok(Step::Frame(header)) = cursor.step(|_| None) else { return None };
        let (path, at) = cursor.frame_place()?;
        if self.files.last().is_none_or(|(last, _)| last != path) {
            // The name may lead to another file by now, which the header of a frame would tell.
            self.files.push((path.to_owned(), File::open(path).ok()?));
        }
        self.frames.push(Frame {
            file: self.files.len() - 1,
            at,
            len: header.frame_len(),
            first_seq: header.first_seq,
            last_seq: header.last_seq(),
            last_time: header.last_time,
            checked: None,
        });
        Some(())
    }

    /// Reads a frame in whole and checks it.
    fn read(&mut self, index: usize) -> Option<FrameHeader> {
        let frame = self.frames.get(index)?;
        self.buf.resize(frame.len, 0);
        self.files.get(frame.file)?.1.read_exact_at(&mut self.buf, frame.at).ok()?;
        let header = FrameHeader::parse(self.buf.first_chunk()?).ok()?;
        let same = header.first_seq == frame.first_seq && header.frame_len() == frame.len;
        header.check_payload(self.buf.get(HEADER_LEN..)?, Check::Crc).ok()?;
        same.then_some(header)
    }

    fn check(&mut self, index: usize) -> Option<()> {
        if self.frames.get(index)?.checked.is_some() {
            return Some(());
        }
        let header = self.read(index)?;
        let row = records_at(self.payload().len(), header.count).filter(|_| header.schema == SCHEMA_VERSION);
        let records = row.and_then(|at| self.payload().get(at..)).unwrap_or_default();
        let sampled = records.chunks_exact(RECORD_LEN).take(header.count as usize).step_by(TIMES_EVERY);
        let times = sampled.filter_map(time_alone).collect();
        let frame = self.frames.get_mut(index)?;
        let row_at = row.map(|at| frame.at + (HEADER_LEN + at) as u64);
        frame.checked = Some(Checked { row_at, times });
        Some(())
    }

    fn record(&mut self, index: usize, within: usize) -> Option<Look> {
        self.check(index)?;
        let frame = self.frames.get(index)?;
        if let Some(row_at) = frame.checked.as_ref()?.row_at {
            let mut record = [0; RECORD_LEN];
            self.files.get(frame.file)?.1.read_exact_at(&mut record, row_at + (within * RECORD_LEN) as u64).ok()?;
            if let Some(record) = record_alone(&record, 0..RECORD_LEN) {
                return Some(Look::Event(record.at(Seq::new(frame.first_seq + within as u64)?)));
            }
        }
        self.read(index).map(Look::Frame)
    }

    fn first_in(&mut self, index: usize, time: UtcNanos) -> Option<Look> {
        self.check(index)?;
        let frame = self.frames.get(index)?;
        let checked = frame.checked.as_ref()?;
        let Some(row_at) = checked.row_at else { return self.read(index).map(Look::Frame) };
        // The stretch of records that begins before the time and ends behind it.
        let from = checked.times.partition_point(|t| *t < time).saturating_sub(1) * TIMES_EVERY;
        let count = (frame.last_seq + 1 - frame.first_seq) as usize;
        let mut row = [0; TIMES_EVERY * RECORD_LEN];
        let row = row.get_mut(..count.checked_sub(from)?.min(TIMES_EVERY) * RECORD_LEN)?;
        self.files.get(frame.file)?.1.read_exact_at(row, row_at + (from * RECORD_LEN) as u64).ok()?;
        let late = |record: &[u8]| time_alone(record).is_some_and(|t| t >= time);
        let within = row.chunks_exact(RECORD_LEN).position(late).unwrap_or(row.len() / RECORD_LEN);
        self.record(index, from + within)
    }
}
