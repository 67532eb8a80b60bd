//! A file's bytes on a disk that forgets. What was written since the file's last sync is in the cache only: page by
//! page it may have reached the medium in any state it had since then, or not at all.

use super::dice::Dice;
use std::collections::BTreeMap;

pub const PAGE: usize = 4096;
/// What a disk writes whole or not at all.
const SECTOR: usize = 512;

/// What a power cut does to unsynced bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Data {
    /// All of them are gone.
    Dropped,
    /// Each page is there in some state since the last sync; now and then a page is torn between two states.
    Random,
    /// All are there except some sectors of the last write.
    TornEnd,
    /// All are there, as after the end of a process.
    Kept,
}

/// One file's content, as processes see it and as the medium has it.
#[derive(Clone, Debug, Default)]
pub struct Pages {
    live: Vec<u8>,
    durable: Vec<u8>,
    /// The lengths the file had since the last sync.
    lens: Vec<usize>,
    /// The states that pages had since the last sync, oldest first.
    dirty: BTreeMap<usize, Vec<Vec<u8>>>,
    /// The pages of the last write.
    last: Option<(usize, usize)>,
}

impl Pages {
    /// A file that was there before the trace began.
    pub fn durable(bytes: Vec<u8>) -> Self {
        Self { live: bytes.clone(), durable: bytes, ..Self::default() }
    }

    pub fn write(&mut self, at: usize, bytes: &[u8]) {
        let end = at + bytes.len();
        if end > self.live.len() {
            self.set_len(end);
        }
        self.live[at..end].copy_from_slice(bytes);
        self.touch(at, end);
        self.last = Some((at / PAGE, (end - 1) / PAGE));
    }

    pub fn set_len(&mut self, len: usize) {
        let before = self.live.len();
        if len == before {
            return;
        }
        self.live.resize(len, 0);
        self.lens.push(len);
        // Bytes behind a cut are gone for good: growing again shows zeros.
        if len < before {
            self.touch(len, before);
        }
    }

    /// `fallocate`: may grow the file, may zero a range.
    pub fn allocate(&mut self, at: usize, len: usize, keep_len: bool, zero: bool) {
        if !keep_len && at + len > self.live.len() {
            self.set_len(at + len);
        }
        let end = (at + len).min(self.live.len());
        if zero && at < end {
            self.live[at..end].fill(0);
            self.touch(at, end);
        }
    }

    fn touch(&mut self, from: usize, to: usize) {
        for number in from / PAGE..=(to - 1) / PAGE {
            let state = page(&self.live, number);
            self.dirty.entry(number).or_default().push(state);
        }
    }

    pub fn sync(&mut self) {
        self.durable.resize(self.live.len(), 0);
        for number in std::mem::take(&mut self.dirty).into_keys() {
            let state = page(&self.live, number);
            put(&mut self.durable, number, &state);
        }
        self.forget();
    }

    /// A sync that failed: the system marks the pages clean, so that no later sync writes them any more.
    pub fn lose(&mut self, data: Data, dice: &mut Dice) {
        self.durable = self.survivor(data, dice);
        self.forget();
    }

    fn forget(&mut self) {
        self.dirty.clear();
        self.lens.clear();
        self.last = None;
    }

    /// The bytes that a power cut leaves.
    pub fn survivor(&self, data: Data, dice: &mut Dice) -> Vec<u8> {
        match data {
            Data::Dropped => return self.durable.clone(),
            Data::Kept => return self.live.clone(),
            Data::Random | Data::TornEnd => {}
        }
        let mut bytes = self.durable.clone();
        bytes.resize(self.durable.len().max(self.lens.iter().copied().max().unwrap_or(0)), 0);
        let len = match data {
            Data::Random if !self.lens.is_empty() => {
                let picked = dice.below(self.lens.len() as u64 + 1) as usize;
                self.lens.get(picked).copied().unwrap_or(self.durable.len())
            }
            _ => self.live.len(),
        };
        for (number, states) in &self.dirty {
            let torn_end = self.last.is_some_and(|(first, last)| (first..=last).contains(number));
            let (reached, torn) = match data {
                Data::Random => (reached(states.len(), dice), dice.chance(30)),
                _ => (states.len(), torn_end),
            };
            let before = page(&self.durable, *number);
            let state = |n: usize| if n == 0 { &before } else { &states[n - 1] };
            let mut kept = state(reached).clone();
            if torn && reached > 0 {
                let older = state(reached - 1);
                for at in (0..PAGE).step_by(SECTOR) {
                    if dice.chance(50) {
                        kept[at..at + SECTOR].copy_from_slice(&older[at..at + SECTOR]);
                    }
                }
            }
            put(&mut bytes, *number, &kept);
        }
        bytes.resize(len, 0);
        bytes
    }
}

/// Up to which of its states a page reached the medium: none, the last, or one between.
fn reached(states: usize, dice: &mut Dice) -> usize {
    match dice.below(10) {
        0..4 => 0,
        4..8 => states,
        _ => dice.below(states as u64 + 1) as usize,
    }
}

/// A page, with zeros behind the end of the file.
fn page(bytes: &[u8], number: usize) -> Vec<u8> {
    let start = (number * PAGE).min(bytes.len());
    let mut page = bytes[start..(start + PAGE).min(bytes.len())].to_vec();
    page.resize(PAGE, 0);
    page
}

/// Puts a page in place as far as the file reaches.
fn put(bytes: &mut [u8], number: usize, page: &[u8]) {
    let start = (number * PAGE).min(bytes.len());
    let end = (start + PAGE).min(bytes.len());
    bytes[start..end].copy_from_slice(&page[..end - start]);
}
