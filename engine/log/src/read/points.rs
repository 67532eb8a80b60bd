//! Single events, by sequence or time.
//!
//! A sealed block is checked in whole the first time it is touched; after that a record of it is read alone: 68 bytes
//! from the file, validated by themselves. Records that refer to bytes elsewhere (texts, lists), compressed blocks and
//! the journal are read block by block, the last one kept.

use super::LogReader;
use super::unsealed::{Look, Unsealed};
use crate::error::LogError;
use crate::journal::{journal_dir, list_files};
use crate::segment::file::{BlockBuf, SegmentFile};
use crate::segment::format::{BlockEntry, TIMES_EVERY};
use crate::segment::{self, segment_dir};
use schemas::frame::{Check, FrameHeader, RECORD_LEN, decode_into, record_alone, time_alone, view};
use schemas::{Envelope, SCHEMA_VERSION, Seq, UtcNanos};
use std::collections::BTreeMap;

/// Segments held open at once; the one used longest ago is closed for another.
const OPEN_MAX: usize = 256;

struct Open {
    file: SegmentFile,
    /// Which blocks were checked in whole.
    checked: Vec<bool>,
    /// Last event and last time of every block, once more: a search through them stays in the processor's cache, one
    /// through the footer's entries waits for memory at every step.
    last_seqs: Vec<u64>,
    last_times: Vec<UtcNanos>,
    used: u64,
}

impl Open {
    /// Where the row of records begins in a block; 0 if it cannot be read record by record. The records of another
    /// schema version have another length.
    fn row_at(&self, index: usize) -> u32 {
        if self.file.header.schema == SCHEMA_VERSION { self.file.footer.blocks[index].row_at } else { 0 }
    }
}

/// Reads single events. Keeps what it opens, so one that lives long sees new events but not repairs.
pub struct PointReader {
    reader: LogReader,
    /// First event, last event and path of every segment known.
    files: Vec<(u64, u64, std::path::PathBuf)>,
    /// The first event that is still here.
    first_seq: u64,
    open: BTreeMap<u64, Open>,
    uses: u64,
    buf: BlockBuf,
    row: Vec<u8>,
    /// The events of the block or frame read last.
    last: Vec<Envelope>,
    unsealed: Unsealed,
}

impl PointReader {
    pub(super) fn open(reader: &LogReader) -> Result<Self, LogError> {
        Ok(Self {
            reader: reader.clone(),
            files: segment::list(&segment_dir(reader.dir()))?,
            first_seq: reader.first_seq()?,
            open: BTreeMap::new(),
            uses: 0,
            buf: BlockBuf::default(),
            row: vec![0; TIMES_EVERY * RECORD_LEN],
            last: Vec::new(),
            unsealed: Unsealed::default(),
        })
    }

    /// The event with this sequence; `None` if the log does not reach it yet.
    pub fn at(&mut self, seq: Seq) -> Result<Option<Envelope>, LogError> {
        let n = seq.get();
        if let Some(found) = self.in_last(n) {
            return Ok(Some(found));
        }
        let Some(first) = self.segment_of(n)? else { return self.read_journal(seq) };
        let open = self.segment(first)?;
        let index = open.last_seqs.partition_point(|last| *last < n);
        let Some(entry) = open.file.footer.blocks.get(index) else { return Ok(None) };
        let (row_at, within) = (open.row_at(index), (n - entry.first_seq) as usize);
        if row_at != 0 {
            self.check_block(first, index)?;
            if let Some(open) = self.open.get(&first)
                && open.file.row(index, within, &mut self.row[..RECORD_LEN])?
                && let Some(record) = record_alone(&self.row, 0..RECORD_LEN)
            {
                return Ok(Some(record.at(seq)));
            }
            return self.in_block(first, index, seq);
        }
        self.read_block(first, index)?;
        Ok(self.in_last(n))
    }

    /// The first event at or after `time`; `None` if the log does not reach it yet. Relies on the writer's promise that
    /// time never steps back.
    pub fn at_or_after(&mut self, time: UtcNanos) -> Result<Option<Envelope>, LogError> {
        let Some(first) = self.segment_at(time)? else { return self.journal_at_or_after(time) };
        let open = self.segment(first)?;
        let blocks = &open.file.footer.blocks;
        let index = open.last_times.partition_point(|last| *last < time);
        let Some(entry) = blocks.get(index) else { return Ok(None) };
        let (base, count, row_at) = (entry.first_time.0, entry.count as usize, open.row_at(index));
        let wanted = time.0.max(base).wrapping_sub(base) as u64;
        // The stretch of records that begins at or before the time and ends behind it.
        let stretch = entry.times.partition_point(|t| *t < wanted).saturating_sub(1);
        let (from, seq) = (stretch * TIMES_EVERY, entry.first_seq);
        if row_at != 0 && !entry.times.is_empty() {
            self.check_block(first, index)?;
            let len = (count - from).min(TIMES_EVERY) * RECORD_LEN;
            if let Some(open) = self.open.get(&first)
                && open.file.row(index, from, &mut self.row[..len])?
            {
                // The next stretch begins with the first record that is late enough, if none of this one is.
                let at = first_at(&self.row[..len], time).unwrap_or(len / RECORD_LEN);
                if let Some(place) = Seq::new(seq + (from + at) as u64) {
                    return match record_alone(&self.row[..len], at * RECORD_LEN..(at + 1) * RECORD_LEN) {
                        Some(record) => Ok(Some(record.at(place))),
                        None => self.at(place),
                    };
                }
            }
        }
        self.read_block(first, index)?;
        Ok(self.last.iter().find(|e| e.time >= time).cloned())
    }

    fn in_last(&self, seq: u64) -> Option<Envelope> {
        let first = self.last.first()?.seq.get();
        self.last.get(usize::try_from(seq.checked_sub(first)?).ok()?).cloned()
    }

    /// The first event of the segment that holds `seq`.
    fn segment_of(&mut self, seq: u64) -> Result<Option<u64>, LogError> {
        for looked_again in [false, true] {
            let at = self.files.partition_point(|(_, last, _)| *last < seq);
            match self.files.get(at) {
                Some((first, _, _)) if *first <= seq => return Ok(Some(*first)),
                Some((first, _, _)) if at == 0 => return Err(LogError::Pruned { seq, first_seq: *first }),
                _ if looked_again || self.unsealed.holds(seq) || self.is_in_journal(seq)? => return Ok(None),
                _ => {
                    self.files = segment::list(&segment_dir(self.reader.dir()))?;
                    self.first_seq = self.reader.first_seq()?;
                }
            }
        }
        Ok(None)
    }

    fn is_in_journal(&self, seq: u64) -> Result<bool, LogError> {
        Ok(list_files(&journal_dir(self.reader.dir()))?.first().is_some_and(|(first, _)| *first <= seq))
    }

    /// The first event of the segment that holds the first event at or after `time`; `None` if no segment is known to.
    fn segment_at(&mut self, time: UtcNanos) -> Result<Option<u64>, LogError> {
        let (mut low, mut high) = (0, self.files.len());
        while low < high {
            let middle = low + (high - low) / 2;
            let first = self.files[middle].0;
            if self.segment(first)?.file.header.last_time < time { low = middle + 1 } else { high = middle }
        }
        // Where a segment is missing, the event may have been in that: reading there tells.
        let Some((first, _, _)) = self.files.get(low) else { return Ok(None) };
        let expected = match low.checked_sub(1).and_then(|before| self.files.get(before)) {
            Some((_, last, _)) => last + 1,
            None => self.first_seq,
        };
        Ok(Some(*first).filter(|first| *first <= expected))
    }

    fn segment(&mut self, first: u64) -> Result<&Open, LogError> {
        self.uses += 1;
        let used = self.uses;
        if !self.open.contains_key(&first) {
            if self.open.len() >= OPEN_MAX
                && let Some(oldest) = self.open.iter().min_by_key(|(_, o)| o.used).map(|(first, _)| *first)
            {
                self.open.remove(&oldest);
            }
            let unknown = || LogError::Pruned { seq: first, first_seq: first };
            let path = self.files.iter().find(|(f, _, _)| *f == first).map(|(_, _, path)| path);
            let file = SegmentFile::open(path.ok_or_else(unknown)?)?;
            let checked = vec![false; file.footer.blocks.len()];
            let last_seqs = file.footer.blocks.iter().map(BlockEntry::last_seq).collect();
            let last_times = file.footer.blocks.iter().map(|b| b.last_time).collect();
            self.open.insert(first, Open { file, checked, last_seqs, last_times, used });
        }
        let open = self.open.get_mut(&first);
        let open = open.ok_or(LogError::Pruned { seq: first, first_seq: first })?;
        open.used = used;
        Ok(open)
    }

    /// Checks a block in whole, once.
    fn check_block(&mut self, first: u64, index: usize) -> Result<(), LogError> {
        if let Some(open) = self.open.get_mut(&first)
            && !open.checked[index]
        {
            open.file.block(index, Check::Crc, &mut self.buf)?;
            open.file.check_row(index, self.buf.payload())?;
            open.checked[index] = true;
        }
        Ok(())
    }

    /// One event of a block that has to be read in whole for it; the others are not copied.
    fn in_block(&mut self, first: u64, index: usize, seq: Seq) -> Result<Option<Envelope>, LogError> {
        let Some(open) = self.open.get(&first) else { return Ok(None) };
        let header = open.file.block(index, Check::Crc, &mut self.buf)?;
        let found = view(&header, self.buf.payload())
            .and_then(|records| records.get(seq.get()).map(|record| record.to_envelope()).transpose());
        found.map_err(|e| LogError::Damaged { file: open.file.path.clone(), seq: seq.get(), reason: e.to_string() })
    }

    fn read_block(&mut self, first: u64, index: usize) -> Result<(), LogError> {
        self.last.clear();
        let Some(open) = self.open.get(&first) else { return Ok(()) };
        let header: FrameHeader = open.file.block(index, Check::Crc, &mut self.buf)?;
        decode_into(&header, self.buf.payload(), &mut self.last).map_err(|e| {
            self.last.clear();
            LogError::Damaged { file: open.file.path.clone(), seq: header.first_seq, reason: e.to_string() }
        })
    }

    /// The same where no segment is known to have it.
    fn journal_at_or_after(&mut self, time: UtcNanos) -> Result<Option<Envelope>, LogError> {
        let last = self.files.last().map(|(first, last, _)| (*first, *last));
        let (from, all_earlier) = match last {
            None => (self.first_seq, true),
            Some((first, last)) => (last + 1, self.segment(first)?.file.header.last_time < time),
        };
        let look = match all_earlier {
            true => self.unsealed.at_or_after(&self.reader, from, time),
            false => Look::Unknown,
        };
        match look {
            Look::Event(event) => return Ok(Some(event)),
            Look::Frame(header) if self.decode_unsealed(&header) => {
                if let Some(event) = self.last.iter().find(|e| e.time >= time) {
                    return Ok(Some(event.clone()));
                }
            }
            _ => {}
        }
        match self.reader.seek_time(time)? {
            Some(seq) => self.at(seq),
            None => Ok(None),
        }
    }

    fn decode_unsealed(&mut self, header: &FrameHeader) -> bool {
        self.last.clear();
        let done = decode_into(header, self.unsealed.payload(), &mut self.last).is_ok();
        if !done {
            self.last.clear();
        }
        done
    }

    fn read_journal(&mut self, seq: Seq) -> Result<Option<Envelope>, LogError> {
        match self.unsealed.at(&self.reader, seq) {
            Look::Event(event) => return Ok(Some(event)),
            Look::Frame(header) if self.decode_unsealed(&header) => return Ok(self.in_last(seq.get())),
            _ => {}
        }
        let mut stream = self.reader.events(seq, Check::Crc)?;
        stream.next_frame(&mut self.last)?;
        Ok(self.in_last(seq.get()))
    }
}

/// The first record of a row at or after `time`.
fn first_at(row: &[u8], time: UtcNanos) -> Option<usize> {
    row.chunks_exact(RECORD_LEN).position(|record| time_alone(record).is_some_and(|t| t >= time))
}
