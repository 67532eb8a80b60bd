//! Reading the journal's frames in order, also while they are being written.

use crate::LogId;
use crate::error::{LogError, io_error};
use crate::journal::{
    FILE_HEADER_LEN, FileHeader, Place, check_payload, examine_header, file_path, is_newer, list_files,
};
use schemas::frame::{Check, FrameError, FrameHeader, HEADER_LEN, Head};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Read at once; bounds the memory of a reader unless a single frame is longer.
const CHUNK_LEN: usize = 512 << 10;

/// What a cursor found.
pub(crate) enum Step {
    /// A frame; its bytes are [`FrameCursor::frame_bytes`].
    Frame(FrameHeader),
    /// Nothing is written behind this place yet.
    End,
    /// What is written here does not continue the log.
    Bad(String),
}

/// A place in the journal, at a frame's border.
pub(crate) struct FrameCursor {
    journal: PathBuf,
    log_id: LogId,
    head: Head,
    file: Option<(File, PathBuf)>,
    offset: u64,
    buf: Vec<u8>,
    buf_at: u64,
    frame_len: usize,
}

impl FrameCursor {
    /// At the start of the file that holds `seq`, or of the last file if `seq` lies behind it; at `floor` if there is no
    /// such file, or none behind it: what lies before is sealed.
    pub(crate) fn near(journal: &Path, log_id: LogId, seq: u64, floor: Head) -> Result<Self, LogError> {
        let files = list_files(journal)?;
        let head = match files.iter().rev().find(|(first_seq, _)| *first_seq <= seq) {
            None => floor,
            Some((first_seq, _)) if *first_seq <= floor.seq.saturating_add(1) && floor.seq < seq => floor,
            Some((first_seq, path)) => {
                let file = File::open(path).map_err(io_error("open", path))?;
                let damaged = || LogError::Damaged {
                    file: path.clone(),
                    seq: *first_seq,
                    reason: "the file's header is damaged".to_owned(),
                };
                let header = read_header(&file, path, log_id)?.ok_or_else(damaged)?;
                if header.first_seq != *first_seq {
                    return Err(damaged());
                }
                Head { seq: first_seq - 1, chain: header.prev_chain }
            }
        };
        Ok(Self {
            journal: journal.to_owned(),
            log_id,
            head,
            file: None,
            offset: 0,
            buf: Vec::new(),
            buf_at: 0,
            frame_len: 0,
        })
    }

    /// Behind the last frame read.
    pub(crate) fn head(&self) -> Head {
        self.head
    }

    /// The file being read, or the one that would come next.
    pub(crate) fn path(&self) -> PathBuf {
        self.file.as_ref().map_or_else(|| file_path(&self.journal, self.head.next_seq().get()), |(_, p)| p.clone())
    }

    /// The file of the frame last returned, and where the frame begins in it.
    pub(crate) fn frame_place(&self) -> Option<(&Path, u64)> {
        self.file.as_ref().map(|(_, path)| (path.as_path(), self.offset - self.frame_len as u64))
    }

    /// Whether nothing is written in this file behind the last frame read.
    pub(crate) fn is_at_the_end_of_its_file(&mut self) -> Result<bool, LogError> {
        self.fill(HEADER_LEN)?;
        Ok(matches!(examine_header(self.ahead(), &self.head), Place::Empty))
    }

    /// The bytes of the frame last returned, header included.
    pub(crate) fn frame_bytes(&self) -> &[u8] {
        let end = (self.offset - self.buf_at) as usize;
        &self.buf[end - self.frame_len..end]
    }

    /// The payload of the frame last returned.
    pub(crate) fn payload(&self) -> &[u8] {
        &self.frame_bytes()[HEADER_LEN..]
    }

    /// Forgets what was read ahead and opens the file by its name again: a repair may have replaced it.
    pub(crate) fn refresh(&mut self) -> Result<(), LogError> {
        self.buf.clear();
        self.buf_at = self.offset;
        let Some((file, path)) = &mut self.file else { return Ok(()) };
        match File::open(&*path) {
            Ok(anew) => *file = anew,
            // Sealed and deleted meanwhile. What is open still has its frames; the segment has what comes next.
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => return Err(io_error("open", path)(e)),
        }
        Ok(())
    }

    /// Moves over the next frame. Its header and chain are always checked, its payload as `check` asks (`None`: only
    /// that it is there).
    pub(crate) fn step(&mut self, check: impl Fn(&FrameHeader) -> Option<Check>) -> Result<Step, LogError> {
        let step = self.advance(check)?;
        if !matches!(step, Step::Frame(_)) {
            // What was read ahead may be half of a frame that is being written.
            self.buf.clear();
            self.buf_at = self.offset;
        }
        Ok(step)
    }

    fn advance(&mut self, check: impl Fn(&FrameHeader) -> Option<Check>) -> Result<Step, LogError> {
        loop {
            if self.file.is_none() && !self.open_next()? {
                return Ok(Step::End);
            }
            self.fill(HEADER_LEN)?;
            let (header, behind) = match examine_header(self.ahead(), &self.head) {
                Place::Frame(header, behind) => (header, behind),
                Place::Empty => match self.open_next()? {
                    true => continue,
                    false => return Ok(Step::End),
                },
                Place::Bad(e) => return self.bad(e),
            };
            self.fill(header.frame_len())?;
            if let Err(e) = check_payload(self.ahead(), &header, check(&header)) {
                return self.bad(e);
            }
            self.frame_len = header.frame_len();
            self.offset += self.frame_len as u64;
            self.head = behind;
            return Ok(Step::Frame(header));
        }
    }

    fn bad(&self, e: FrameError) -> Result<Step, LogError> {
        if is_newer(&e) { Err(LogError::Newer { file: self.path(), source: e }) } else { Ok(Step::Bad(e.to_string())) }
    }

    fn ahead(&self) -> &[u8] {
        &self.buf[(self.offset - self.buf_at) as usize..]
    }

    /// Opens the file that begins at the next sequence, if there is one. Its name proves that the file before is done.
    fn open_next(&mut self) -> Result<bool, LogError> {
        let path = file_path(&self.journal, self.head.next_seq().get());
        if self.file.as_ref().is_some_and(|(_, current)| *current == path) {
            return Ok(false);
        }
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(e) => return Err(io_error("open", &path)(e)),
        };
        let continues = |h: &FileHeader| h.first_seq == self.head.next_seq().get() && h.prev_chain == self.head.chain;
        if !read_header(&file, &path, self.log_id)?.is_some_and(|h| continues(&h)) {
            return Err(LogError::Damaged {
                file: path,
                seq: self.head.next_seq().get(),
                reason: "the file's header is damaged or does not continue the log".to_owned(),
            });
        }
        self.file = Some((file, path));
        self.offset = FILE_HEADER_LEN as u64;
        self.buf.clear();
        self.buf_at = self.offset;
        Ok(true)
    }

    /// Reads on until `len` bytes lie ahead, or the file ends.
    fn fill(&mut self, len: usize) -> Result<(), LogError> {
        let Some((file, path)) = &self.file else { return Ok(()) };
        let have = self.buf.len() - (self.offset - self.buf_at) as usize;
        if have >= len {
            return Ok(());
        }
        self.buf.drain(..(self.offset - self.buf_at) as usize);
        self.buf_at = self.offset;
        let mut filled = self.buf.len();
        // A damaged length must not make a reader allocate what the file does not hold.
        let file_len = file.metadata().map_err(io_error("inspect", path))?.len();
        let left = usize::try_from(file_len.saturating_sub(self.buf_at)).unwrap_or(usize::MAX);
        self.buf.resize(len.max(CHUNK_LEN).min(left).max(filled), 0);
        while filled < self.buf.len() {
            match file.read_at(&mut self.buf[filled..], self.buf_at + filled as u64) {
                Ok(0) => break,
                Ok(n) => filled += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(io_error("read", path)(e)),
            }
        }
        self.buf.truncate(filled);
        Ok(())
    }
}

/// The log's head before a journal file, as its header says; `None` if that is damaged or the file is gone.
pub(crate) fn before_file(path: &Path, log_id: LogId) -> Result<Option<Head>, LogError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(io_error("open", path)(e)),
    };
    let header = read_header(&file, path, log_id)?;
    Ok(header.map(|h| Head { seq: h.first_seq.saturating_sub(1), chain: h.prev_chain }))
}

fn read_header(file: &File, path: &Path, log_id: LogId) -> Result<Option<FileHeader>, LogError> {
    let mut bytes = [0u8; FILE_HEADER_LEN];
    match file.read_exact_at(&mut bytes, 0) {
        Ok(()) => {}
        Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(e) => return Err(io_error("read", path)(e)),
    }
    let header = FileHeader::parse(&bytes, path)?;
    match header {
        Some(h) if h.log_id != log_id => Err(LogError::ForeignCopy {
            file: path.to_owned(),
            seq: h.first_seq,
            reason: "its header carries another log's id".to_owned(),
        }),
        _ => Ok(header),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LogWriter, WriterOptions};
    use schemas::{CycleId, Event, Record, UtcNanos};

    #[test]
    fn a_file_that_is_sealed_and_deleted_under_a_reader_is_read_to_its_end() {
        let dir = tempfile::tempdir().unwrap();
        let (mut writer, _) = LogWriter::open(dir.path(), &WriterOptions::default()).unwrap();
        for n in 1..=3 {
            let event = Event::System(schemas::event::SystemEvent::Resumed { reason: format!("note {n}") });
            writer.commit(&vec![Record { time: UtcNanos(n), cause: 0, cycle: CycleId(0), event }]).unwrap();
        }
        let journal = crate::journal::journal_dir(dir.path());
        let genesis = Head::genesis(&writer.log_id());
        let mut cursor = FrameCursor::near(&journal, writer.log_id(), 1, genesis).unwrap();
        assert!(matches!(cursor.step(|_| Some(Check::Full)).unwrap(), Step::Frame(_)));
        std::fs::remove_file(cursor.path()).unwrap();
        cursor.refresh().unwrap();
        for seq in 2..=3 {
            assert!(matches!(cursor.step(|_| Some(Check::Full)).unwrap(), Step::Frame(h) if h.first_seq == seq));
        }
        assert!(matches!(cursor.step(|_| None).unwrap(), Step::End));
        assert_eq!(cursor.head(), writer.head());
    }
}
