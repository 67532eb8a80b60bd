//! A segment opened for reading.

use super::FrameSink;
use super::format::{BlockEntry, Footer, HEADER_LEN, SegmentHeader, TIMES_EVERY, TRAILER_LEN, Trailer, footer_hash};
use crate::codec;
use crate::error::{LogError, io_error};
use schemas::Bytes32;
use schemas::frame::{
    Check, Compression, FrameError, FrameHeader, HEADER_LEN as FRAME_HEADER_LEN, Head, PAYLOAD_LEN_MAX, RECORD_LEN,
    records_at, remake_as, schema_fingerprint_of, time_alone,
};
use schemas::versions::Current;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// An open segment whose header and footer are intact.
pub(crate) struct SegmentFile {
    file: File,
    pub(crate) path: PathBuf,
    pub(crate) header: SegmentHeader,
    pub(crate) footer: Footer,
    pub(crate) footer_hash: Bytes32,
    pub(crate) file_len: u64,
}

/// Room for one block, used again for the next.
#[derive(Default)]
pub(crate) struct BlockBuf {
    stored: Vec<u8>,
    plain: Vec<u8>,
    is_plain: bool,
}

impl BlockBuf {
    /// The block's payload, not compressed.
    pub(crate) fn payload(&self) -> &[u8] {
        if self.is_plain { self.stored.get(FRAME_HEADER_LEN..).unwrap_or_default() } else { &self.plain }
    }
}

/// Reads exactly `len` bytes at `at`; `None` if the file ends before.
fn read_at(file: &File, path: &Path, at: u64, buf: &mut [u8]) -> Result<bool, LogError> {
    match file.read_exact_at(buf, at) {
        Ok(()) => Ok(true),
        Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => Ok(false),
        Err(e) => Err(io_error("read", path)(e)),
    }
}

/// Reads the header alone.
pub(crate) fn read_header(path: &Path) -> Result<Result<SegmentHeader, &'static str>, LogError> {
    let file = File::open(path).map_err(io_error("open", path))?;
    header_of(&file, path)
}

fn header_of(file: &File, path: &Path) -> Result<Result<SegmentHeader, &'static str>, LogError> {
    let mut bytes = [0u8; HEADER_LEN];
    if !read_at(file, path, 0, &mut bytes)? {
        return Ok(Err("it is cut short"));
    }
    SegmentHeader::parse(&bytes, path)
}

impl SegmentFile {
    /// Opens a segment and checks its header and footer; its blocks are checked as they are read.
    pub(crate) fn open(path: &Path) -> Result<Self, LogError> {
        let damaged = |seq: u64, reason: &str| LogError::Damaged {
            file: path.to_owned(),
            seq,
            reason: format!("{reason}; a backup has this segment, if one was made"),
        };
        let file = File::open(path).map_err(io_error("open", path))?;
        let file_len = file.metadata().map_err(io_error("inspect", path))?.len();
        let named = super::range_of(path).map_or(0, |(first, _)| first);
        let header = header_of(&file, path)?.map_err(|reason| damaged(named, reason))?;
        let first = header.before.seq + 1;
        if super::range_of(path).is_some_and(|range| range != (first, header.head.seq)) {
            return Err(damaged(named, "its name and its header disagree"));
        }
        let footer_end = file_len.checked_sub(TRAILER_LEN as u64).filter(|end| *end >= HEADER_LEN as u64);
        let footer_end = footer_end.ok_or_else(|| damaged(first, "it is cut short"))?;
        let mut trailer = [0u8; TRAILER_LEN];
        read_at(&file, path, footer_end, &mut trailer)?;
        let trailer = Trailer::parse(&trailer).ok_or_else(|| damaged(first, "its end is damaged or missing"))?;
        let footer_at = footer_end.checked_sub(trailer.footer_len).filter(|at| *at >= HEADER_LEN as u64);
        let footer_at = footer_at.ok_or_else(|| damaged(first, "its footer is longer than the file"))?;
        let mut bytes = vec![0u8; usize::try_from(trailer.footer_len).unwrap_or(0)];
        read_at(&file, path, footer_at, &mut bytes)?;
        let hash = footer_hash(&header.to_bytes(), &bytes);
        if hash != trailer.hash {
            return Err(damaged(first, "its footer is damaged"));
        }
        // Its hash is right: this is what was written.
        let footer = codec::decode::<Footer>(&bytes).ok_or_else(|| LogError::OtherSchema { file: path.to_owned() })?;
        if schema_fingerprint_of(header.schema).is_some_and(|known| known != footer.fingerprint) {
            return Err(LogError::OtherSchema { file: path.to_owned() });
        }
        if !footer.adds_up(&header, footer_at) {
            return Err(damaged(first, "its footer does not describe its blocks"));
        }
        Ok(Self { file, path: path.to_owned(), header, footer, footer_hash: hash, file_len })
    }

    fn damaged(&self, entry: &BlockEntry, reason: impl Into<String>) -> LogError {
        LogError::Damaged { file: self.path.clone(), seq: entry.first_seq, reason: reason.into() }
    }

    /// Reads a block into `buf`: its header is always held against the footer, its payload is checked as asked.
    pub(crate) fn block(&self, index: usize, check: Check, buf: &mut BlockBuf) -> Result<FrameHeader, LogError> {
        let entry = &self.footer.blocks[index];
        buf.stored.resize(entry.len as usize, 0);
        if !read_at(&self.file, &self.path, entry.at, &mut buf.stored)? {
            return Err(self.damaged(entry, "the file ends inside a block"));
        }
        let bad = |e: FrameError| self.damaged(entry, e.to_string());
        let Some(head) = buf.stored.first_chunk::<FRAME_HEADER_LEN>() else {
            return Err(self.damaged(entry, "the block is shorter than its header"));
        };
        let header = FrameHeader::parse(head).map_err(bad)?;
        if !entry.vouches_for(&header) {
            return Err(self.damaged(entry, "the block is not the one that was sealed"));
        }
        let stored = buf.stored.get(FRAME_HEADER_LEN..).unwrap_or_default();
        header.check_payload(stored, check).map_err(bad)?;
        buf.is_plain = header.compression == Compression::None;
        if header.compression == Compression::Zstd {
            let raw_len = header.raw_len.min(PAYLOAD_LEN_MAX) as usize;
            buf.plain.resize(raw_len, 0);
            let done = zstd::bulk::decompress_to_buffer(stored, &mut buf.plain);
            if done.ok() != Some(raw_len) {
                return Err(self.damaged(entry, "the block cannot be unpacked"));
            }
        }
        Ok(header)
    }

    /// Checks that the footer's directions for reading single records lead to this block's records. A footer's hash says
    /// that nothing was changed by accident, not that whoever wrote it told the truth.
    pub(crate) fn check_row(&self, index: usize, payload: &[u8]) -> Result<(), LogError> {
        let entry = &self.footer.blocks[index];
        let row_at = records_at(payload.len(), entry.count).filter(|at| *at == entry.row_at as usize);
        let row = row_at.and_then(|at| payload.get(at..)).unwrap_or_default();
        let time = |record: &[u8]| time_alone(record).map(|t| t.0.wrapping_sub(entry.first_time.0) as u64);
        let times = row.chunks_exact(RECORD_LEN).take(entry.count as usize).step_by(TIMES_EVERY).map(time);
        let told = entry.times.iter().map(|t| Some(*t));
        if row_at.is_some() && (entry.times.is_empty() || times.eq(told)) {
            return Ok(());
        }
        Err(self.damaged(entry, "the footer's index does not lead to the block's records"))
    }

    /// The bytes of a part of a plain block's row of records, straight from the file.
    pub(crate) fn row(&self, index: usize, first: usize, buf: &mut [u8]) -> Result<bool, LogError> {
        let entry = &self.footer.blocks[index];
        let at = entry.at + FRAME_HEADER_LEN as u64 + u64::from(entry.row_at);
        read_at(&self.file, &self.path, at + (first * schemas::frame::RECORD_LEN) as u64, buf)
    }

    /// The block that holds `seq`.
    pub(crate) fn block_of(&self, seq: u64) -> Option<usize> {
        let at = self.footer.blocks.partition_point(|b| b.last_seq() < seq);
        self.footer.blocks.get(at).filter(|b| b.first_seq <= seq).map(|_| at)
    }

    /// The log's head before a block.
    pub(crate) fn head_before(&self, index: usize) -> Head {
        match index.checked_sub(1).and_then(|n| self.footer.blocks.get(n)) {
            Some(b) => Head { seq: b.last_seq(), chain: b.end },
            None => self.header.before,
        }
    }

    /// Makes the log's own frames of a block again and hands each to `f` with the head behind it. Their chain must end
    /// where the footer says.
    pub(crate) fn frames(
        &self,
        index: usize,
        block: &FrameHeader,
        payload: &[u8],
        f: FrameSink<'_>,
    ) -> Result<(), LogError> {
        let entry = &self.footer.blocks[index];
        let mut head = self.head_before(index);
        if let [_] = entry.frames[..] {
            let header = alone(block, payload, &head);
            head = head.follow(&header).map_err(|e| self.damaged(entry, e.to_string()))?;
            f(&header, payload, head)?;
        } else {
            let remade = remake_as::<Current>(block, payload, &head, &entry.frames);
            for (bytes, behind) in remade.map_err(|e| self.damaged(entry, e.to_string()))? {
                let header = bytes.first_chunk().ok_or(FrameError::NotAFrame).and_then(FrameHeader::parse)?;
                head = behind;
                f(&header, &bytes[FRAME_HEADER_LEN..], head)?;
            }
        }
        if head.chain == entry.end {
            Ok(())
        } else {
            Err(self.damaged(entry, "its frames do not give the log's chain"))
        }
    }
}

/// The header that a frame stored as a block of its own has in the log.
fn alone(block: &FrameHeader, payload: &[u8], before: &Head) -> FrameHeader {
    FrameHeader {
        compression: Compression::None,
        raw_len: payload.len() as u32,
        stored_len: payload.len() as u32,
        payload_crc: crc32c::crc32c(payload),
        payload_hash: Bytes32(*blake3::hash(payload).as_bytes()),
        prev_chain: before.chain,
        ..*block
    }
}
