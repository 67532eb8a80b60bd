//! Blocks: runs of whole frames, compressed and cut into parts that sled keeps inside its log.

use crate::disk::take;
use schemas::frame::{Check, FrameHeader, HEADER_LEN, Head, PAYLOAD_LEN_MAX};

/// Longest value handed to sled.
pub(crate) const PART_LEN: usize = 6 << 10;
/// What sled adds to a key and value inside a leaf, generously.
const PART_OVERHEAD: usize = 64;
/// sled writes a leaf larger than a quarter of its 512 KiB segments into a file of its own, which it never syncs. A
/// leaf splits at 16 entries, so it holds at most 17.
const LEAF_ENTRIES_MAX: usize = 17;
const LEAF_LEN_MAX: usize = 128 << 10;
const _: () = assert!(LEAF_ENTRIES_MAX * (PART_LEN + PART_OVERHEAD) < LEAF_LEN_MAX);

/// A block is closed when it has this many events ...
const BLOCK_EVENTS: u64 = 1024;
/// ... or this many bytes.
const BLOCK_LEN: usize = 64 << 10;
/// Length before compression and length after it.
const PREFIX_LEN: usize = 8;
/// A block is closed at the latest by the frame that passes `BLOCK_LEN`.
const RAW_LEN_MAX: usize = BLOCK_LEN + HEADER_LEN + PAYLOAD_LEN_MAX as usize;

/// The key of a part: big-endian, so that sled's order is the log's.
pub(crate) fn part_key(first_seq: u64, part: u16) -> [u8; 10] {
    let mut key = [0; 10];
    key[..8].copy_from_slice(&first_seq.to_be_bytes());
    key[8..].copy_from_slice(&part.to_be_bytes());
    key
}

/// Reads a key back.
pub(crate) fn read_key(key: &[u8]) -> Option<(u64, u16)> {
    (key.len() == 10).then(|| (u64::from_be_bytes(take(key, 0)), u16::from_be_bytes(take(key, 8))))
}

/// The block being gathered.
#[derive(Default)]
pub(crate) struct BlockBuilder {
    first_seq: u64,
    events: u64,
    bytes: Vec<u8>,
}

impl BlockBuilder {
    /// Adds a frame; returns whether the block is full now.
    pub(crate) fn push(&mut self, first_seq: u64, events: u64, frame: &[u8]) -> bool {
        if self.bytes.is_empty() {
            self.first_seq = first_seq;
        }
        self.events += events;
        self.bytes.extend_from_slice(frame);
        self.events >= BLOCK_EVENTS || self.bytes.len() >= BLOCK_LEN
    }

    /// Ends the block: its first sequence and its parts. `None` if nothing was gathered.
    pub(crate) fn finish(&mut self) -> Option<(u64, Vec<Vec<u8>>)> {
        if self.bytes.is_empty() {
            return None;
        }
        let packed = lz4_flex::block::compress(&self.bytes);
        let mut stored = Vec::with_capacity(PREFIX_LEN + packed.len());
        // A block is below RAW_LEN_MAX, far from the end of 32 bits.
        stored.extend_from_slice(&(self.bytes.len() as u32).to_le_bytes());
        stored.extend_from_slice(&(packed.len() as u32).to_le_bytes());
        stored.extend_from_slice(&packed);
        let first_seq = self.first_seq;
        *self = Self::default();
        Some((first_seq, stored.chunks(PART_LEN).map(<[u8]>::to_vec).collect()))
    }
}

/// How many parts the block has whose first part this is.
pub(crate) fn part_count(first_part: &[u8]) -> Result<u16, String> {
    let stored_len = match first_part.get(..PREFIX_LEN) {
        Some(prefix) => PREFIX_LEN + u32::from_le_bytes(take(prefix, 4)) as usize,
        None => return Err("a part is too short".to_owned()),
    };
    u16::try_from(stored_len.div_ceil(PART_LEN)).map_err(|_| "a block's length is impossible".to_owned())
}

/// The frames of a block, from its parts put together.
pub(crate) fn unpack(stored: &[u8]) -> Result<Vec<u8>, String> {
    let short = || "a block is shorter than it says".to_owned();
    let prefix = stored.get(..PREFIX_LEN).ok_or_else(short)?;
    let raw_len = u32::from_le_bytes(take(prefix, 0)) as usize;
    let packed_len = u32::from_le_bytes(take(prefix, 4)) as usize;
    if raw_len > RAW_LEN_MAX {
        return Err("a block's length is impossible".to_owned());
    }
    let packed = stored.get(PREFIX_LEN..PREFIX_LEN + packed_len).ok_or_else(short)?;
    let raw = lz4_flex::block::decompress(packed, raw_len).map_err(|e| format!("a block cannot be unpacked: {e}"))?;
    if raw.len() == raw_len { Ok(raw) } else { Err(short()) }
}

/// One frame inside an unpacked block.
pub(crate) struct BlockFrame {
    pub(crate) header: FrameHeader,
    pub(crate) at: usize,
}

impl BlockFrame {
    pub(crate) fn bytes<'a>(&self, raw: &'a [u8]) -> &'a [u8] {
        &raw[self.at..self.at + self.header.frame_len()]
    }
}

/// Finds and fully checks the frames of an unpacked block that begins at `first_seq`.
pub(crate) fn frames(raw: &[u8], first_seq: u64) -> Result<Vec<BlockFrame>, String> {
    let (mut found, mut at) = (Vec::new(), 0);
    // The first frame's own word for what was before it; the caller compares that with what it knows.
    let mut head: Option<Head> = None;
    while at < raw.len() {
        let header_bytes = raw[at..].first_chunk::<HEADER_LEN>().ok_or("a block ends inside a frame")?;
        let header = FrameHeader::parse(header_bytes).map_err(|e| e.to_string())?;
        let before = head.unwrap_or(Head { seq: first_seq.wrapping_sub(1), chain: header.prev_chain });
        head = Some(before.follow(&header).map_err(|e| e.to_string())?);
        let payload = raw.get(at + HEADER_LEN..at + header.frame_len()).ok_or("a block ends inside a frame")?;
        header.check_payload(payload, Check::Full).map_err(|e| e.to_string())?;
        found.push(BlockFrame { header, at });
        at += header.frame_len();
    }
    if found.is_empty() { Err("a block is empty".to_owned()) } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schemas::{CycleId, Event, Record, UtcNanos};

    fn note(n: i64) -> Record {
        let event = schemas::event::SystemEvent::Halted { reason: format!("{n:>4000}") };
        Record { time: UtcNanos(n), cause: 0, cycle: CycleId(0), event: Event::System(event) }
    }

    #[test]
    fn a_block_comes_back_from_its_parts_and_no_part_is_long() {
        let (mut builder, mut head, mut whole) = (BlockBuilder::default(), Head::genesis(&[1; 16]), Vec::new());
        assert!(builder.finish().is_none());
        let mut full = false;
        while !full {
            let (frame, behind) = schemas::frame::encode(&head, &vec![note(7), note(8)]).unwrap();
            full = builder.push(head.seq + 1, 2, &frame);
            head = behind;
            whole.extend_from_slice(&frame);
        }
        let (first_seq, parts) = builder.finish().unwrap();
        assert_eq!((first_seq, parts.len()), (1, usize::from(part_count(&parts[0]).unwrap())));
        assert!(parts.iter().all(|p| p.len() <= PART_LEN));
        let raw = unpack(&parts.concat()).unwrap();
        assert_eq!(raw, whole);
        let frames = frames(&raw, 1).unwrap();
        assert_eq!(frames.last().unwrap().header.last_seq(), head.seq);
    }

    #[test]
    fn damaged_lengths_are_refused_without_a_large_allocation() {
        let mut bytes = vec![0xff; 64];
        assert!(unpack(&bytes).is_err());
        assert!(part_count(&bytes).is_err());
        bytes[..8].copy_from_slice(&[4, 0, 0, 0, 200, 0, 0, 0]);
        assert!(unpack(&bytes).is_err());
        assert!(unpack(&[]).is_err() && frames(&[], 1).is_err() && frames(&[7; 200], 1).is_err());
    }
}
