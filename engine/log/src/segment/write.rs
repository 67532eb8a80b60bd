//! Writing a segment: frames go in, small ones are merged into blocks, and the file gets its name when all of it is
//! on the disk and was read back.

use super::format::{BlockEntry, FORMAT, Footer, HEADER_LEN, SegmentHeader, Trailer, footer_hash};
use super::index::Index;
use super::{SegmentInfo, file_name, verify_as};
use crate::LogId;
use crate::codec;
use crate::disk::{create_dir, sync_dir};
use crate::error::{LogError, io_error};
use schemas::frame::{
    Compression, FrameError, FrameHeader, HEADER_LEN as FRAME_HEADER_LEN, Head, decode_into, encode,
    schema_fingerprint_of,
};
use schemas::{Bytes32, Envelope, Record, SCHEMA_VERSION, UtcNanos};
use std::fs::{self, File};
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// A block is closed when it has this many events ...
const BLOCK_EVENTS: usize = 1024;
/// ... or this many bytes.
const BLOCK_LEN: usize = 64 << 10;
/// A frame of at least this many events, or half a block's bytes, is stored as a block of its own, byte for byte.
const ALONE_EVENTS: u32 = 512;
/// Synced after so many bytes: a whole segment at once would keep the disk from a commit's sync for as long as it takes.
const SYNC_EVERY: u64 = 1 << 20;
/// What makes sealed ticks four to six times smaller; higher levels gain a twentieth and take twice the time.
const ZSTD_LEVEL: i32 = 3;

/// A name of this writer's own: a person may compress a segment at the moment when the engine does.
fn temp_name(first_seq: u64) -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let (process, number) = (std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    format!("s-{first_seq:016x}.{process}-{number}.tmp")
}

/// A segment being written under a temporary name.
pub(crate) struct SegmentWriter {
    dir: PathBuf,
    temp: PathBuf,
    out: BufWriter<File>,
    at: u64,
    synced: u64,
    header: SegmentHeader,
    /// Behind the last block, in the chain of blocks.
    block_head: Head,
    footer: Footer,
    pending: Vec<Record>,
    pending_len: usize,
    pending_frames: Vec<u32>,
    events: Vec<Envelope>,
    packer: Option<zstd::bulk::Compressor<'static>>,
}

impl SegmentWriter {
    /// Begins a segment behind `before` in the folder `dir`.
    pub(crate) fn create(dir: &Path, log_id: LogId, before: Head, compression: Compression) -> Result<Self, LogError> {
        create_dir(dir)?;
        let temp = dir.join(temp_name(before.seq.wrapping_add(1)));
        let file = File::create(&temp).map_err(io_error("create", &temp))?;
        let packer = match compression {
            Compression::None => None,
            Compression::Zstd => {
                Some(zstd::bulk::Compressor::new(ZSTD_LEVEL).map_err(io_error("prepare zstd for", &temp))?)
            }
        };
        let mut writer = Self {
            dir: dir.to_owned(),
            temp,
            out: BufWriter::with_capacity(1 << 20, file),
            at: 0,
            synced: 0,
            header: SegmentHeader {
                schema: 1,
                log_id,
                before,
                head: before,
                first_time: UtcNanos(i64::MAX),
                last_time: UtcNanos(i64::MIN),
                compression,
            },
            block_head: before,
            footer: Footer { fingerprint: 0, raw_len: 0, frames: 0, blocks: Vec::new() },
            pending: Vec::new(),
            pending_len: 0,
            pending_frames: Vec::new(),
            events: Vec::new(),
            packer,
        };
        // The header is written last: until then no reader takes this for a segment, whatever its name.
        writer.put(&[0; HEADER_LEN])?;
        Ok(writer)
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), LogError> {
        self.out.write_all(bytes).map_err(io_error("write", &self.temp))?;
        self.at += bytes.len() as u64;
        Ok(())
    }

    fn damaged(&self, seq: u64, e: &FrameError) -> LogError {
        LogError::Damaged { file: self.temp.clone(), seq, reason: format!("a frame cannot be sealed: {e}") }
    }

    /// Takes the log's next frame.
    pub(crate) fn push(&mut self, frame: &FrameHeader, payload: &[u8]) -> Result<(), LogError> {
        let behind = self.header.head.follow(frame).map_err(|e| self.damaged(frame.first_seq, &e))?;
        self.events.clear();
        let mut events = std::mem::take(&mut self.events);
        decode_into(frame, payload, &mut events).map_err(|e| self.damaged(frame.first_seq, &e))?;
        let alone = frame.count >= ALONE_EVENTS || payload.len() >= BLOCK_LEN / 2 || frame.schema != SCHEMA_VERSION;
        if alone {
            self.flush()?;
            self.block(*frame, payload, &[frame.count], behind, &events)?;
        } else {
            self.pending_len += payload.len();
            self.pending_frames.push(frame.count);
            self.pending.extend(events.drain(..).map(Record::from));
        }
        self.events = events;
        self.header.head = behind;
        self.footer.frames += 1;
        if self.pending.len() >= BLOCK_EVENTS || self.pending_len >= BLOCK_LEN { self.flush() } else { Ok(()) }
    }

    /// Writes what small frames have gathered as one block.
    fn flush(&mut self) -> Result<(), LogError> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let records = std::mem::take(&mut self.pending);
        let frames = std::mem::take(&mut self.pending_frames);
        self.pending_len = 0;
        let (bytes, _) = encode(&self.block_head, &records)?;
        let block = bytes.first_chunk().ok_or(FrameError::NotAFrame).and_then(FrameHeader::parse)?;
        let first = block.first_seq;
        let events: Vec<Envelope> =
            (first..).zip(records).filter_map(|(n, r)| schemas::Seq::new(n).map(|seq| r.at(seq))).collect();
        let end = self.header.head;
        self.block(block, &bytes[FRAME_HEADER_LEN..], &frames, end, &events)
    }

    /// Writes one block. `plain` is its payload, `end` the log's head behind it.
    fn block(
        &mut self,
        like: FrameHeader,
        plain: &[u8],
        frames: &[u32],
        end: Head,
        events: &[Envelope],
    ) -> Result<(), LogError> {
        let packed = match &mut self.packer {
            None => None,
            Some(packer) => Some(packer.compress(plain).map_err(io_error("compress", &self.temp))?),
        };
        let stored = packed.as_deref().unwrap_or(plain);
        let header = FrameHeader {
            compression: self.header.compression,
            raw_len: plain.len() as u32,
            stored_len: stored.len() as u32,
            payload_crc: crc32c::crc32c(stored),
            payload_hash: Bytes32(*blake3::hash(stored).as_bytes()),
            prev_chain: self.block_head.chain,
            ..like
        };
        let Index { bloom, row_at, times } = Index::of(&header, plain.len(), events);
        let entry = BlockEntry {
            at: self.at,
            len: (FRAME_HEADER_LEN + stored.len()) as u32,
            first_seq: like.first_seq,
            count: like.count,
            first_time: like.first_time,
            last_time: like.last_time,
            kinds: like.kinds,
            bloom: bloom.0,
            hash: header.chain(),
            end: end.chain,
            frames: frames.to_vec(),
            row_at,
            times,
        };
        let header_bytes = header.to_bytes();
        self.put(&header_bytes)?;
        self.out.write_all(stored).map_err(io_error("write", &self.temp))?;
        self.at += stored.len() as u64;
        if self.at - self.synced >= SYNC_EVERY {
            self.sync()?;
        }
        self.block_head = Head { seq: header.last_seq(), chain: entry.hash };
        self.header.schema = self.header.schema.max(like.schema);
        self.header.first_time = self.header.first_time.min(like.first_time);
        self.header.last_time = self.header.last_time.max(like.last_time);
        self.footer.raw_len += (FRAME_HEADER_LEN + plain.len()) as u64;
        self.footer.blocks.push(entry);
        Ok(())
    }

    fn sync(&mut self) -> Result<(), LogError> {
        let done = self.out.flush().and_then(|()| self.out.get_ref().sync_data());
        done.map_err(io_error("sync", &self.temp))?;
        self.synced = self.at;
        Ok(())
    }

    /// Ends the segment: everything is synced, read back and compared, and only then gets its name. `None` if no frame
    /// was given.
    pub(crate) fn finish(mut self) -> Result<Option<SegmentInfo>, LogError> {
        self.flush()?;
        if self.footer.blocks.is_empty() {
            let temp = self.temp.clone();
            drop(self.out);
            fs::remove_file(&temp).map_err(io_error("remove", &temp))?;
            return Ok(None);
        }
        self.footer.fingerprint = schema_fingerprint_of(self.header.schema).unwrap_or(0);
        let Some(footer) = codec::encode(&self.footer) else {
            return Err(LogError::Frame(FrameError::TooLarge(self.footer.blocks.len())));
        };
        let header = self.header.to_bytes();
        let trailer = Trailer { footer_len: footer.len() as u64, hash: footer_hash(&header, &footer) };
        self.put(&footer)?;
        self.put(&trailer.to_bytes())?;
        let temp = &self.temp;
        let write = io_error("write", temp);
        let end = |out: &mut BufWriter<File>| {
            out.flush()?;
            let file = out.get_mut();
            file.seek(SeekFrom::Start(0))?;
            file.write_all(&header)?;
            file.set_permissions(fs::Permissions::from_mode(0o444))?;
            file.sync_all()
        };
        end(&mut self.out).map_err(write)?;
        let range = (self.header.before.seq + 1, self.header.head.seq);
        let read_back = verify_as(temp, range, true, &mut |_| ())?;
        let path = self.dir.join(file_name(range.0, range.1));
        fs::rename(temp, &path).map_err(io_error("name", &path))?;
        sync_dir(&self.dir)?;
        Ok(Some(SegmentInfo { path, ..read_back }))
    }
}

const _: () = assert!(FORMAT == 1, "a new format needs a reader for the old one");
