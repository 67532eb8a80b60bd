//! The journal: files of frames back to back, appended and synced once per commit. What is in here is acknowledged.
//!
//! A file is a 128-byte header and frames. A frame header of zeros, or the end of the file, is the end of its frames:
//! so files that are allocated ahead read the same way.
//!
//! | offset | bytes | field of a file header |
//! |---|---|---|
//! | 0 | 4 | magic `AAjl` |
//! | 4 | 2 | format |
//! | 6 | 2 | schema version of the build that created the file |
//! | 8 | 8 | schema fingerprint of that build |
//! | 16 | 16 | log id |
//! | 32 | 8 | sequence of the first event |
//! | 40 | 32 | chain value before it |
//! | 124 | 4 | CRC-32C of the header before this field |

use crate::LogId;
use crate::alloc::{self, Allocator, Spare};
use crate::disk::{names, sync_dir, take, write_whole};
use crate::error::{LogError, io_error};
use schemas::frame::{Check, FrameError, FrameHeader, HEADER_LEN, Head, schema_fingerprint, schema_fingerprint_of};
use schemas::{Bytes32, SCHEMA_VERSION};
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Length of a file header, the same as a frame header's.
pub(crate) const FILE_HEADER_LEN: usize = 128;
const MAGIC: [u8; 4] = *b"AAjl";
const FORMAT: u16 = 1;

/// What stands at the start of a journal file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileHeader {
    pub(crate) schema: u16,
    pub(crate) fingerprint: u64,
    pub(crate) log_id: LogId,
    pub(crate) first_seq: u64,
    pub(crate) prev_chain: Bytes32,
}

impl FileHeader {
    /// The header of a file that goes on behind `head`.
    pub(crate) fn behind(head: &Head, log_id: LogId) -> Self {
        Self {
            schema: SCHEMA_VERSION,
            fingerprint: schema_fingerprint(),
            log_id,
            first_seq: head.next_seq().get(),
            prev_chain: head.chain,
        }
    }

    pub(crate) fn to_bytes(self) -> [u8; FILE_HEADER_LEN] {
        let mut b = [0u8; FILE_HEADER_LEN];
        b[0..4].copy_from_slice(&MAGIC);
        b[4..6].copy_from_slice(&FORMAT.to_le_bytes());
        b[6..8].copy_from_slice(&self.schema.to_le_bytes());
        b[8..16].copy_from_slice(&self.fingerprint.to_le_bytes());
        b[16..32].copy_from_slice(&self.log_id);
        b[32..40].copy_from_slice(&self.first_seq.to_le_bytes());
        b[40..72].copy_from_slice(&self.prev_chain.0);
        let crc = crc32c::crc32c(&b[..124]);
        b[124..].copy_from_slice(&crc.to_le_bytes());
        b
    }

    /// Reads a header: `Ok(None)` if it is damaged; an error if this build must not read the file.
    pub(crate) fn parse(bytes: &[u8], file: &Path) -> Result<Option<Self>, LogError> {
        let Some(b) = bytes.get(..FILE_HEADER_LEN) else { return Ok(None) };
        if b[0..4] != MAGIC || crc32c::crc32c(&b[..124]) != u32::from_le_bytes(take(b, 124)) {
            return Ok(None);
        }
        let newer = |source| LogError::Newer { file: file.to_owned(), source };
        let format = u16::from_le_bytes(take(b, 4));
        if format > FORMAT {
            return Err(newer(FrameError::NewerFormat { found: format, newest: FORMAT }));
        }
        let header = Self {
            schema: u16::from_le_bytes(take(b, 6)),
            fingerprint: u64::from_le_bytes(take(b, 8)),
            log_id: take(b, 16),
            first_seq: u64::from_le_bytes(take(b, 32)),
            prev_chain: Bytes32(take(b, 40)),
        };
        if header.schema > SCHEMA_VERSION {
            return Err(newer(FrameError::NewerSchema { found: header.schema, newest: SCHEMA_VERSION }));
        }
        if schema_fingerprint_of(header.schema).is_some_and(|known| known != header.fingerprint) {
            return Err(LogError::OtherSchema { file: file.to_owned() });
        }
        Ok(Some(header))
    }
}

/// Where the journal files are.
pub(crate) fn journal_dir(dir: &Path) -> PathBuf {
    dir.join("journal")
}

/// The name of the file whose first event is `first_seq`.
pub(crate) fn file_path(journal: &Path, first_seq: u64) -> PathBuf {
    journal.join(format!("j-{first_seq:016x}.aaj"))
}

/// The journal files by first sequence.
pub(crate) fn list_files(journal: &Path) -> Result<Vec<(u64, PathBuf)>, LogError> {
    let mut files = Vec::new();
    for name in names(journal)? {
        let digits = name.strip_prefix("j-").and_then(|n| n.strip_suffix(".aaj")).filter(|d| d.len() == 16);
        if let Some(first_seq) = digits.and_then(|d| u64::from_str_radix(d, 16).ok()) {
            files.push((first_seq, journal.join(&name)));
        }
    }
    files.sort();
    Ok(files)
}

/// What stands at one place of a journal file.
#[derive(Debug)]
pub(crate) enum Place {
    /// A whole, undamaged frame that continues the head: its header and the head behind it.
    Frame(FrameHeader, Head),
    /// No frame was ever written here.
    Empty,
    /// Something that is no valid continuation.
    Bad(FrameError),
}

/// Examines the start of `bytes` as the frame behind `head`, payload included.
pub(crate) fn examine(bytes: &[u8], head: &Head, check: Check) -> Place {
    match examine_header(bytes, head) {
        Place::Frame(header, behind) => match check_payload(bytes, &header, Some(check)) {
            Ok(()) => Place::Frame(header, behind),
            Err(e) => Place::Bad(e),
        },
        place => place,
    }
}

/// Examines the start of `bytes` as the header of the frame behind `head`.
pub(crate) fn examine_header(bytes: &[u8], head: &Head) -> Place {
    let Some(header_bytes) = bytes.first_chunk::<HEADER_LEN>() else {
        // Zeros up to the end are space that was never used, also when they are fewer than a header's.
        let first_seq = head.next_seq().get();
        let unused = bytes.iter().all(|b| *b == 0);
        return if unused { Place::Empty } else { Place::Bad(FrameError::CutShort { first_seq }) };
    };
    if header_bytes.iter().all(|b| *b == 0) {
        return Place::Empty;
    }
    match FrameHeader::parse(header_bytes).and_then(|h| head.follow(&h).map(|behind| (h, behind))) {
        Ok((header, behind)) => Place::Frame(header, behind),
        Err(e) => Place::Bad(e),
    }
}

/// Checks that the payload behind `header` is there, and, if `check` says how, that it is intact.
pub(crate) fn check_payload(bytes: &[u8], header: &FrameHeader, check: Option<Check>) -> Result<(), FrameError> {
    let first_seq = header.first_seq;
    let payload = bytes.get(HEADER_LEN..header.frame_len()).ok_or(FrameError::CutShort { first_seq })?;
    check.map_or(Ok(()), |check| header.check_payload(payload, check))
}

/// Whether a frame error means a later release's work rather than damage.
pub(crate) fn is_newer(e: &FrameError) -> bool {
    matches!(e, FrameError::NewerFormat { .. } | FrameError::NewerSchema { .. } | FrameError::UnknownCodec { .. })
}

/// How journal files are laid out on the disk.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    pub(crate) log_id: LogId,
    pub(crate) roll_len: u64,
    pub(crate) preallocate: bool,
}

/// The journal as its writer holds it: the last file, open for appending.
pub(crate) struct JournalWriter {
    journal: PathBuf,
    layout: Layout,
    allocator: Option<Allocator>,
    file: File,
    path: PathBuf,
    len: u64,
    /// The file's own length; what lies between is zeros.
    allocated: u64,
    must_roll: bool,
}

impl JournalWriter {
    /// Creates the file behind `head` and makes its name durable.
    pub(crate) fn create_file(journal: &Path, log_id: LogId, head: &Head) -> Result<PathBuf, LogError> {
        let path = file_path(journal, head.next_seq().get());
        write_whole(&path, &[&FileHeader::behind(head, log_id).to_bytes()])?;
        Ok(path)
    }

    /// Continues the last file, whose frames end at `len`.
    pub(crate) fn open(path: PathBuf, len: u64, layout: Layout) -> Result<Self, LogError> {
        let file = OpenOptions::new().read(true).write(true).open(&path).map_err(io_error("open", &path))?;
        let mut header = [0u8; FILE_HEADER_LEN];
        file.read_exact_at(&mut header, 0).map_err(io_error("read", &path))?;
        // A file holds one schema version, so that an older release refuses it at its first byte.
        let must_roll = FileHeader::parse(&header, &path)?.is_none_or(|h| h.schema != SCHEMA_VERSION);
        let journal = path.parent().map(Path::to_path_buf).unwrap_or_default();
        let mut allocated = file.metadata().map_err(io_error("inspect", &path))?.len().max(len);
        let mut allocator = None;
        if layout.preallocate {
            let room = alloc::STEP.min(layout.roll_len);
            if allocated < len + room / 4 {
                alloc::fill(&file, &path, allocated, len + room)?;
                allocated = len + room;
            }
            // Small logs stay small: each file may be four times as long as the one before.
            allocator = Some(Allocator::start(&journal, layout.roll_len.min(allocated.saturating_mul(4)))?);
        }
        Ok(Self { journal, layout, allocator, file, path, len, allocated, must_roll })
    }

    /// Appends one frame behind `head` and syncs it: one write, one sync. After an error nothing may be appended.
    pub(crate) fn append(&mut self, head: &Head, frame: &[u8]) -> Result<(), LogError> {
        let end = self.len + frame.len() as u64;
        let limit = if self.allocator.is_some() { self.allocated } else { self.layout.roll_len };
        if (self.has_frames() && end > limit) || self.must_roll {
            self.next_file(head, end <= self.layout.roll_len.saturating_mul(2) && !self.must_roll)?;
        }
        self.file.write_all_at(frame, self.len).map_err(io_error("append to", &self.path))?;
        self.file.sync_data().map_err(io_error("sync", &self.path))?;
        self.len += frame.len() as u64;
        Ok(())
    }

    /// Whether the last file holds any event.
    pub(crate) fn has_frames(&self) -> bool {
        self.len > FILE_HEADER_LEN as u64
    }

    /// Goes on in a new file behind `head`. With `may_stay`, the present one grows on if no file is ready yet: a commit
    /// does not wait for space to be zeroed.
    fn next_file(&mut self, head: &Head, may_stay: bool) -> Result<(), LogError> {
        let spare = match self.allocator.as_ref().map(Allocator::take) {
            None => None,
            Some(Ok(None)) if may_stay => return Ok(()),
            Some(Ok(spare)) => spare,
            Some(Err(_)) => {
                // The writer goes on without; if the disk is full, its own write says so with the frame's name on it.
                self.allocator = None;
                None
            }
        };
        let Some(Spare { file, path: spare, len }) = spare else {
            let path = Self::create_file(&self.journal, self.layout.log_id, head)?;
            self.file = OpenOptions::new().read(true).write(true).open(&path).map_err(io_error("open", &path))?;
            self.begin(path, FILE_HEADER_LEN as u64);
            return Ok(());
        };
        let path = file_path(&self.journal, head.next_seq().get());
        let header = FileHeader::behind(head, self.layout.log_id).to_bytes();
        file.write_all_at(&header, 0).map_err(io_error("write", &spare))?;
        file.sync_data().map_err(io_error("sync", &spare))?;
        fs::rename(&spare, &path).map_err(io_error("name", &path))?;
        sync_dir(&self.journal)?;
        self.file = file;
        self.begin(path, len);
        if let Some(allocator) = &self.allocator {
            allocator.order(self.layout.roll_len.min(len.saturating_mul(4)));
        }
        Ok(())
    }

    fn begin(&mut self, path: PathBuf, allocated: u64) {
        self.path = path;
        self.len = FILE_HEADER_LEN as u64;
        self.allocated = allocated;
        self.must_roll = false;
    }

    /// Closes the last file and goes on in a new one, so that everything before `head` can be sealed.
    pub(crate) fn roll(&mut self, head: &Head) -> Result<(), LogError> {
        if self.has_frames() { self.next_file(head, false) } else { Ok(()) }
    }

    /// Gives back what was allocated ahead and not used.
    pub(crate) fn close(mut self) -> Result<(), LogError> {
        self.allocator = None;
        if self.allocated > self.len {
            self.file.set_len(self.len).map_err(io_error("shorten", &self.path))?;
            self.file.sync_all().map_err(io_error("sync", &self.path))?;
        }
        Ok(())
    }

    /// Sends every further write to `path` instead: how tests meet a full disk.
    #[cfg(test)]
    pub(crate) fn redirect(&mut self, path: &Path) {
        self.file = OpenOptions::new().write(true).open(path).unwrap();
    }
}
