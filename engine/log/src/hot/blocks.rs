//! What is in the hot copy.

use super::HotFault;
use crate::block::{BlockFrame, frames, part_count, part_key, read_key, unpack};
use crate::guard::guarded;
use schemas::frame::{FrameHeader, Head};

/// A block that was read: its frames, all checked.
struct Block {
    raw: Vec<u8>,
    frames: Vec<BlockFrame>,
}

impl Block {
    fn last_seq(&self) -> u64 {
        self.frames.last().map_or(0, |f| f.header.last_seq())
    }
}

/// The blocks of the hot copy. A clone reads beside it.
pub(crate) struct HotBlocks {
    // Forgotten, not dropped, once sled has panicked: dropping it could panic again and end the process.
    blk: Option<sled::Tree>,
    cached: Option<Block>,
}

impl Clone for HotBlocks {
    fn clone(&self) -> Self {
        Self { blk: self.blk.clone(), cached: None }
    }
}

impl HotBlocks {
    pub(super) fn new(blk: sled::Tree) -> Self {
        Self { blk: Some(blk), cached: None }
    }

    /// Calls sled; after a panic it is never called again.
    pub(super) fn with<T>(&mut self, f: impl FnOnce(&sled::Tree) -> sled::Result<T>) -> Result<T, HotFault> {
        let Some(blk) = &self.blk else { return Err(HotFault::Failed("sled panicked before".to_owned())) };
        match guarded(|| f(blk)) {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(e)) => Err(HotFault::of_sled(e)),
            Err(panicked) => {
                std::mem::forget(self.blk.take());
                Err(HotFault::Failed(panicked))
            }
        }
    }

    /// sled's handle, to let go of it; `None` once it has panicked.
    pub(super) fn take(&mut self) -> Option<sled::Tree> {
        self.blk.take()
    }

    /// What was read last is not what is there any more.
    pub(super) fn forget_cached(&mut self) {
        self.cached = None;
    }

    /// The first sequence of the block that would hold `seq`.
    pub(super) fn block_start(&mut self, seq: u64) -> Result<Option<u64>, HotFault> {
        let found = self.with(|blk| blk.get_lt(part_key(seq.saturating_add(1), 0)))?;
        let damaged = || HotFault::Failed("a key is damaged".to_owned());
        found.map(|(key, _)| read_key(&key).map(|(first_seq, _)| first_seq).ok_or_else(damaged)).transpose()
    }

    /// The stored bytes of the block that begins at `first_seq`; `None` if it is not there in whole.
    fn stored_block(&mut self, first_seq: u64) -> Result<Option<Vec<u8>>, HotFault> {
        let mut get = |n| self.with(|blk| blk.get(part_key(first_seq, n)));
        let Some(first) = get(0)? else { return Ok(None) };
        let mut stored = first.to_vec();
        for n in 1..part_count(&first).map_err(HotFault::Failed)? {
            match get(n)? {
                Some(part) => stored.extend_from_slice(&part),
                None => return Ok(None),
            }
        }
        Ok(Some(stored))
    }

    fn block(&mut self, first_seq: u64) -> Result<Option<Block>, HotFault> {
        let Some(stored) = self.stored_block(first_seq)? else { return Ok(None) };
        let at = |e| HotFault::Failed(format!("at event {first_seq}: {e}"));
        let raw = unpack(&stored).map_err(at)?;
        let frames = frames(&raw, first_seq).map_err(at)?;
        Ok(Some(Block { raw, frames }))
    }

    /// The frame that begins at `seq`, checked against itself; whether it continues the log is the caller's question.
    pub(crate) fn frame_at(&mut self, seq: u64) -> Result<Option<Vec<u8>>, HotFault> {
        let within = |b: &Block| b.frames.first().is_some_and(|f| f.header.first_seq <= seq) && seq <= b.last_seq();
        if !self.cached.as_ref().is_some_and(within) {
            let Some(start) = self.block_start(seq)? else { return Ok(None) };
            self.cached = self.block(start)?;
        }
        let Some(block) = &self.cached else { return Ok(None) };
        let found = block.frames.iter().find(|f| f.header.first_seq == seq);
        Ok(found.map(|f| f.bytes(&block.raw).to_vec()))
    }

    /// Where the copy ends, from its last block alone; `genesis` if it has none behind that. Enough when the files are
    /// known to be the ones closed.
    pub(crate) fn last_head(&mut self, genesis: Head) -> Result<Head, HotFault> {
        let Some(start) = self.block_start(u64::MAX - 1)? else { return Ok(genesis) };
        let incomplete = || HotFault::Failed(format!("the block at event {start} is incomplete"));
        let block = self.block(start)?.ok_or_else(incomplete)?;
        let last = block.frames.last().map(|f| Head { seq: f.header.last_seq(), chain: f.header.chain() });
        let Some(last) = last.filter(|head| head.seq > genesis.seq) else { return Ok(genesis) };
        // What was sealed and forgotten here is asked for again if a segment was lost.
        match self.block_start(genesis.seq + 1)? {
            Some(_) => Ok(last),
            None => Err(HotFault::Failed(format!("events {} to {} are missing in it", genesis.seq + 1, start - 1))),
        }
    }

    /// Reads and checks everything behind `start`. Returns where the copy ends; a last block that a crash left
    /// incomplete does not count.
    pub(crate) fn scan(&mut self, start: Head) -> Result<Head, HotFault> {
        self.each_frame(start, &mut |_, _| true)
    }

    /// Hands every frame behind `start` to `f` until it says stop, checked and in order. Returns the head behind the
    /// last one.
    pub(crate) fn each_frame(
        &mut self,
        start: Head,
        f: &mut dyn FnMut(&FrameHeader, &[u8]) -> bool,
    ) -> Result<Head, HotFault> {
        let mut head = start;
        while let Some(first_seq) = self.block_start(head.seq + 1)? {
            let Some(block) = self.block(first_seq)? else { break };
            if block.last_seq() <= head.seq {
                break;
            }
            // A block may begin with frames that are sealed already.
            let sealed = head.seq;
            for frame in block.frames.iter().filter(|frame| frame.header.last_seq() > sealed) {
                head = head.follow(&frame.header).map_err(|e| HotFault::Failed(e.to_string()))?;
                if !f(&frame.header, frame.bytes(&block.raw)) {
                    return Ok(head);
                }
            }
        }
        let last = self.block_start(u64::MAX - 1)?.unwrap_or(0);
        // Nothing lies behind the end except perhaps the first parts of the block that would come next.
        if last > head.seq + 1 {
            return Err(HotFault::Failed(format!("events {} to {} are missing in it", head.seq + 1, last - 1)));
        }
        Ok(head)
    }
}

impl Drop for HotBlocks {
    fn drop(&mut self) {
        // What sled could not write is what the next open gives it again.
        let blk = self.blk.take();
        let _ = guarded(|| drop(blk));
    }
}
