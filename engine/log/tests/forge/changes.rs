//! Input bytes read as decisions, and as changes to other bytes.

/// Bytes that are used up from the front; behind their end everything is zero.
pub struct Input<'a>(&'a [u8]);

/// Numbers at which something changes.
const EDGES: [u64; 12] = [
    0,
    1,
    2,
    0x7f,
    0xff,
    0xffff,
    u32::MAX as u64 - 1,
    u32::MAX as u64,
    i64::MAX as u64,
    1 << 63,
    u64::MAX - 1,
    u64::MAX,
];

impl<'a> Input<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }

    pub fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.byte())
    }

    pub fn below(&mut self, end: usize) -> usize {
        if end == 0 { 0 } else { u32::from_le_bytes(self.bytes()) as usize % end }
    }

    /// An edge, or any number, or a small change of what is there.
    pub fn number(&mut self, now: u64) -> u64 {
        match self.byte() % 4 {
            0 => EDGES[usize::from(self.byte()) % EDGES.len()],
            1 => now.wrapping_add(i64::from(self.byte() as i8) as u64),
            2 => now ^ (1 << (self.byte() % 64)),
            _ => u64::from_le_bytes(self.bytes()),
        }
    }
}

/// Changes `bytes` as the input says, at most `most` times.
pub fn change(bytes: &mut Vec<u8>, input: &mut Input<'_>, most: usize) {
    for _ in 0..most {
        if input.is_empty() || bytes.is_empty() {
            return;
        }
        let (what, at) = (input.byte(), input.below(bytes.len()));
        match what % 8 {
            0 => bytes[at] = input.byte(),
            1 => bytes[at] ^= 1 << (input.byte() % 8),
            2 => bytes.truncate(at),
            3 => {
                let more = vec![input.byte(); usize::from(input.byte())];
                bytes.splice(at..at, more);
            }
            4 => {
                let (from, len) = (input.below(bytes.len()), usize::from(input.byte()));
                let len = len.min(bytes.len() - at.max(from));
                bytes.copy_within(from..from + len, at);
            }
            5 => {
                let end = (at + usize::from(input.byte())).min(bytes.len());
                bytes.drain(at..end);
            }
            _ => {
                let at = at & !3;
                let len = (bytes.len() - at).min(8);
                let mut now = [0; 8];
                now[..len].copy_from_slice(&bytes[at..at + len]);
                let number = input.number(u64::from_le_bytes(now)).to_le_bytes();
                let len = if what & 0x80 == 0 { len } else { len.min(4) };
                bytes[at..at + len].copy_from_slice(&number[..len]);
            }
        }
    }
}
