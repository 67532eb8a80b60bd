//! The log from any event on, wherever it is kept: sealed segments first, then the journal. Also while it is written
//! and sealed: a segment has its name before the journal file it was made from is deleted.

use crate::LogId;
use crate::anchor::read_anchor;
use crate::cursor::{FrameCursor, Step as FrameStep, before_file};
use crate::error::LogError;
use crate::journal::{journal_dir, list_files};
use crate::pruned::read_base;
use crate::segment::bloom::{Bloom, Key};
use crate::segment::file::{BlockBuf, SegmentFile, read_header};
use crate::segment::format::BlockEntry;
use crate::segment::{self, segment_dir};
use schemas::UtcNanos;
use schemas::frame::{Check, FrameHeader, Head};
use std::path::{Path, PathBuf};

/// Some events in a row, as a header or a footer describes them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stretch {
    pub(crate) first_seq: u64,
    pub(crate) last_seq: u64,
    pub(crate) last_time: UtcNanos,
    pub(crate) kinds: u64,
    bloom: Option<Bloom>,
}

impl Stretch {
    fn of_frame(h: &FrameHeader) -> Self {
        Self { first_seq: h.first_seq, last_seq: h.last_seq(), last_time: h.last_time, kinds: h.kinds, bloom: None }
    }

    fn of_block(b: &BlockEntry) -> Self {
        Self {
            first_seq: b.first_seq,
            last_seq: b.last_seq(),
            last_time: b.last_time,
            kinds: b.kinds,
            bloom: Some(Bloom(b.bloom)),
        }
    }

    /// Whether something with this key may be in it.
    pub(crate) fn may_hold(&self, key: Key) -> bool {
        self.bloom.is_none_or(|bloom| bloom.may_hold(key))
    }
}

/// What a cursor found.
pub(crate) enum Step {
    /// A block or frame that was wanted; its plain payload is [`LogCursor::payload`].
    Read(FrameHeader),
    /// One that was not wanted.
    Passed,
    /// Nothing is written behind this place yet.
    End,
    /// What is written here does not continue the log.
    Bad(String),
}

enum Place {
    Segment { file: Box<SegmentFile>, next: usize },
    Journal(Box<FrameCursor>),
}

/// A place in the log.
pub(crate) struct LogCursor {
    dir: PathBuf,
    log_id: LogId,
    head: Head,
    place: Place,
    buf: BlockBuf,
    in_buf: bool,
}

impl LogCursor {
    /// At the start of the block that holds `seq`, or in the journal file that holds it, or at the end.
    pub(crate) fn near(dir: &Path, log_id: LogId, seq: u64) -> Result<Self, LogError> {
        let (place, head) = locate(dir, log_id, seq)?;
        Ok(Self { dir: dir.to_owned(), log_id, head, place, buf: BlockBuf::default(), in_buf: false })
    }

    /// Behind the last block or frame.
    pub(crate) fn head(&self) -> Head {
        self.head
    }

    /// The file being read.
    pub(crate) fn path(&self) -> PathBuf {
        match &self.place {
            Place::Segment { file, .. } => file.path.clone(),
            Place::Journal(cursor) => cursor.path(),
        }
    }

    /// Whether what was last read is not sealed.
    pub(crate) fn is_in_journal(&self) -> bool {
        matches!(self.place, Place::Journal(_))
    }

    /// The plain payload of what was last read.
    pub(crate) fn payload(&self) -> &[u8] {
        match &self.place {
            Place::Journal(cursor) if !self.in_buf => cursor.payload(),
            _ => self.buf.payload(),
        }
    }

    /// The segment and block that was last read; `None` if that was a frame of the journal.
    pub(crate) fn block(&self) -> Option<(&SegmentFile, usize)> {
        match &self.place {
            Place::Segment { file, next } => next.checked_sub(1).map(|index| (&**file, index)),
            Place::Journal(_) => None,
        }
    }

    /// Forgets what was read ahead and opens the file anew.
    pub(crate) fn refresh(&mut self) -> Result<(), LogError> {
        if let Place::Journal(cursor) = &mut self.place {
            cursor.refresh()?;
        }
        Ok(())
    }

    /// Moves over the next block or frame; `want` says whether its payload is read, and how it is checked.
    pub(crate) fn step(&mut self, want: impl Fn(&Stretch) -> Option<Check>) -> Result<Step, LogError> {
        loop {
            match &mut self.place {
                Place::Segment { file, next } => {
                    let Some(entry) = file.footer.blocks.get(*next) else {
                        self.go_on()?;
                        continue;
                    };
                    let stretch = Stretch::of_block(entry);
                    let head = Head { seq: entry.last_seq(), chain: entry.end };
                    let step = match want(&stretch) {
                        None => Step::Passed,
                        Some(check) => Step::Read(file.block(*next, check, &mut self.buf)?),
                    };
                    *next += 1;
                    (self.head, self.in_buf) = (head, true);
                    return Ok(step);
                }
                Place::Journal(cursor) => {
                    let step = cursor.step(|h| want(&Stretch::of_frame(h)))?;
                    let head = cursor.head();
                    match step {
                        FrameStep::Frame(header) => {
                            let stretch = Stretch::of_frame(&header);
                            (self.head, self.in_buf) = (head, false);
                            return Ok(if want(&stretch).is_some() { Step::Read(header) } else { Step::Passed });
                        }
                        FrameStep::End if self.is_sealed_ahead()? => self.go_on()?,
                        FrameStep::End => return Ok(Step::End),
                        FrameStep::Bad(reason) => return Ok(Step::Bad(reason)),
                    }
                }
            }
        }
    }

    fn is_sealed_ahead(&self) -> Result<bool, LogError> {
        let next = self.head.seq + 1;
        Ok(segment::list(&segment_dir(&self.dir))?.iter().any(|(first, last, _)| *first <= next && next <= *last))
    }

    /// Goes on in the next file; its chain must be the one that this one ends with.
    fn go_on(&mut self) -> Result<(), LogError> {
        let (place, head) = locate(&self.dir, self.log_id, self.head.seq.saturating_add(1))?;
        self.place = place;
        if head == self.head {
            return Ok(());
        }
        let file = self.path();
        let seq = self.head.seq + 1;
        Err(if head.seq > self.head.seq {
            LogError::Damaged { file, seq, reason: "events before this file are missing".to_owned() }
        } else {
            LogError::ForeignCopy { file, seq, reason: "its chain does not continue the file before it".to_owned() }
        })
    }
}

/// Where the sealed part ends: behind the last segment, or where it was pruned, or at the beginning.
pub(crate) fn sealed_end(dir: &Path, log_id: LogId) -> Result<Head, LogError> {
    let Some((first, _, path)) = segment::list(&segment_dir(dir))?.pop() else {
        return Ok(read_base(dir)?.unwrap_or_else(|| Head::genesis(&log_id)));
    };
    match read_header(&path)? {
        Ok(header) => Ok(header.head),
        Err(reason) => Err(LogError::Damaged { file: path, seq: first, reason: reason.to_owned() }),
    }
}

fn locate(dir: &Path, log_id: LogId, seq: u64) -> Result<(Place, Head), LogError> {
    let mut files = segment::list(&segment_dir(dir))?;
    let mut tries = 0;
    loop {
        let found = locate_among(&files, dir, log_id, seq);
        if found.is_ok() || tries == 5 {
            return found;
        }
        // Sealed or deleted between two looks?
        let now = segment::list(&segment_dir(dir))?;
        if now == files {
            return found;
        }
        files = now;
        tries += 1;
    }
}

fn locate_among(files: &[(u64, u64, PathBuf)], dir: &Path, log_id: LogId, seq: u64) -> Result<(Place, Head), LogError> {
    if let Some((_, _, path)) = files.iter().find(|(first, last, _)| *first <= seq && seq <= *last) {
        let file = SegmentFile::open(path)?;
        if file.header.log_id != log_id {
            return Err(foreign(path, file.header.before.seq + 1));
        }
        let next = file.block_of(seq).unwrap_or(0);
        let head = file.head_before(next);
        return Ok((Place::Segment { file: Box::new(file), next }, head));
    }
    if let Some((first, _, path)) = files.first().filter(|(first, _, _)| seq < *first) {
        return match read_base(dir)? {
            Some(base) if base.seq + 1 == *first => Err(LogError::Pruned { seq, first_seq: *first }),
            _ => Err(LogError::Damaged {
                file: path.with_file_name(segment::file_name(seq, first - 1)),
                seq,
                reason: "the segment is missing".to_owned(),
            }),
        };
    }
    let floor = sealed_end(dir, log_id)?;
    if seq <= floor.seq {
        return Err(match files.is_empty() {
            true => LogError::Pruned { seq, first_seq: floor.seq + 1 },
            false => LogError::Damaged {
                file: segment_dir(dir),
                seq,
                reason: "the segment with this event is missing".to_owned(),
            },
        });
    }
    let cursor = FrameCursor::near(&journal_dir(dir), log_id, seq, floor)?;
    let head = cursor.head();
    Ok((Place::Journal(Box::new(cursor)), head))
}

/// Holds the headers of all files against each other. One of another log or history would read well by itself, so it is
/// named before anything is read. What is damaged or missing is for the reading to tell.
pub(crate) fn belong_together(dir: &Path, log_id: LogId) -> Result<(), LogError> {
    let anchor = read_anchor(dir)?.newest.map(|a| a.head);
    let base = read_base(dir).map_or(None, |base| Some(base.unwrap_or_else(|| Head::genesis(&log_id))));
    let (mut behind, pruned) = (base, base.map_or(0, |b| b.seq));
    let other = |path: &Path, seq, reason: &str| {
        Err(LogError::ForeignCopy { file: path.to_owned(), seq, reason: reason.to_owned() })
    };
    let continues = |head: &Head, before: Option<Head>| before.is_none_or(|b| b.seq != head.seq || b == *head);
    let files = segment::list(&segment_dir(dir))?.into_iter();
    // What was recorded as deleted is not read, though it may still be there.
    for (first, last, path) in files.filter(|(_, last, _)| *last > pruned) {
        let header = match read_header(&path) {
            Ok(Ok(header)) if (header.before.seq + 1, header.head.seq) == (first, last) => header,
            Ok(_) => {
                behind = None;
                continue;
            }
            // Compressed or deleted meanwhile.
            Err(LogError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => continue,
            Err(e) => return Err(e),
        };
        if header.log_id != log_id {
            return Err(foreign(&path, first));
        }
        if behind.is_some_and(|b| header.before.seq < b.seq) {
            return other(&path, first, "it repeats events of another segment");
        }
        if !continues(&header.before, behind) {
            return other(&path, first, "its chain does not continue the file before it");
        }
        if !continues(&header.head, anchor) {
            return other(&path, last, "the head anchor has another chain value for that event");
        }
        behind = Some(header.head);
    }
    let Some(end) = behind else { return Ok(()) };
    let files = list_files(&journal_dir(dir))?;
    let Some((first, path)) = files.into_iter().find(|(first, _)| *first == end.seq + 1) else { return Ok(()) };
    match before_file(&path, log_id)? {
        Some(before) if before.seq == end.seq && before != end => {
            other(&path, first, "its chain does not continue the file before it")
        }
        _ => Ok(()),
    }
}

/// A segment of another log.
pub(crate) fn foreign(path: &Path, seq: u64) -> LogError {
    LogError::ForeignCopy { file: path.to_owned(), seq, reason: "its header carries another log's id".to_owned() }
}

/// The log's head at `seq`, if a frame ends there.
pub(crate) fn chain_at(dir: &Path, log_id: LogId, seq: u64) -> Result<Option<Head>, LogError> {
    if seq == 0 {
        return Ok(Some(Head::genesis(&log_id)));
    }
    let mut cursor = match LogCursor::near(dir, log_id, seq) {
        Ok(cursor) => cursor,
        Err(LogError::Pruned { .. }) => return Ok(read_base(dir)?.filter(|base| base.seq == seq)),
        Err(e) => return Err(e),
    };
    if let Place::Segment { file, next } = &cursor.place {
        let (mut found, mut buf) = (None, BlockBuf::default());
        if file.footer.blocks.get(*next).is_some_and(|b| b.last_seq() == seq) {
            let entry = &file.footer.blocks[*next];
            return Ok(Some(Head { seq, chain: entry.end }));
        }
        let header = file.block(*next, Check::Crc, &mut buf)?;
        file.frames(*next, &header, buf.payload(), &mut |_, _, head| {
            found = found.or(Some(head).filter(|h| h.seq == seq));
            Ok(())
        })?;
        return Ok(found);
    }
    while cursor.head().seq < seq {
        match cursor.step(|_| None)? {
            Step::Read(_) | Step::Passed => {}
            Step::End | Step::Bad(_) => return Ok(None),
        }
    }
    Ok(Some(cursor.head()).filter(|h| h.seq == seq))
}
