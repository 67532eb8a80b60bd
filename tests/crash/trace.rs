//! What the shim wrote down: every effect on files, in order.

use std::fs;
use std::path::Path;

const HEADER_LEN: usize = 32;

/// One effect. Paths are relative to the root, and empty for the root itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op<'a> {
    Start,
    Open {
        fd: i32,
        create: bool,
        truncate: bool,
        path: &'a str,
    },
    Close {
        fd: i32,
    },
    Dup {
        fd: i32,
        new_fd: i32,
    },
    Write {
        fd: i32,
        at: u64,
        bytes: &'a [u8],
    },
    SetLen {
        fd: i32,
        len: u64,
    },
    Allocate {
        fd: i32,
        at: u64,
        len: u64,
        mode: i32,
    },
    /// `fsync` or `fdatasync`, of a file or a directory.
    Sync {
        fd: i32,
    },
    /// `sync_file_range`, which promises nothing.
    Range {
        fd: i32,
    },
    Rename {
        from: &'a str,
        to: &'a str,
    },
    Link {
        from: &'a str,
        to: &'a str,
    },
    Unlink {
        path: &'a str,
    },
    Mkdir {
        path: &'a str,
    },
    Rmdir {
        path: &'a str,
    },
    /// What the traced process says about itself.
    Mark(&'a str),
    /// A call that was made to fail, or to write only half (`errno` 0).
    Fault {
        fd: i32,
        class: u64,
        errno: i32,
        path: &'a str,
    },
}

impl Op<'_> {
    /// Whether a cut directly before or after it is worth a case of its own.
    pub fn is_border(&self) -> bool {
        matches!(
            self,
            Op::Sync { .. }
                | Op::Rename { .. }
                | Op::Link { .. }
                | Op::Unlink { .. }
                | Op::Mkdir { .. }
                | Op::Rmdir { .. }
                | Op::SetLen { .. }
        )
    }
}

/// A whole trace.
pub struct Trace {
    bytes: Vec<u8>,
    starts: Vec<usize>,
}

impl Trace {
    pub fn load(path: &Path) -> Self {
        let bytes = fs::read(path).unwrap_or_else(|e| {
            panic!(
                "no trace in {}: {e}. The shim was not loaded: these tests need LD_PRELOAD and a dynamically linked C \
                 library",
                path.display()
            )
        });
        Self::parse(bytes)
    }

    fn parse(bytes: Vec<u8>) -> Self {
        let (mut starts, mut at) = (Vec::new(), 0);
        while at < bytes.len() {
            // A process that was killed may leave the last record cut short.
            let Some(header) = bytes.get(at..at + HEADER_LEN) else { break };
            let len = HEADER_LEN + u32_at(header, 24) as usize + u32_at(header, 28) as usize;
            if at + len > bytes.len() {
                break;
            }
            starts.push(at);
            at += len;
        }
        let trace = Self { bytes, starts };
        assert!(trace.len() > 0 && trace.op(0) == Op::Start, "the trace does not begin as a trace does");
        trace
    }

    pub fn len(&self) -> usize {
        self.starts.len()
    }

    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }

    pub fn ops(&self) -> impl Iterator<Item = Op<'_>> {
        (0..self.len()).map(|i| self.op(i))
    }

    pub fn op(&self, index: usize) -> Op<'_> {
        let r = &self.bytes[self.starts[index]..];
        let (fd, a, b) = (u32_at(r, 4) as i32, u64_at(r, 8), u64_at(r, 16));
        let (first, rest) = r[HEADER_LEN..].split_at(u32_at(r, 24) as usize);
        let second = &rest[..u32_at(r, 28) as usize];
        let path = || std::str::from_utf8(first).expect("paths of these tests are UTF-8");
        let (from, to) = (path, || std::str::from_utf8(second).expect("paths of these tests are UTF-8"));
        match u16::from_le_bytes([r[0], r[1]]) {
            1 => Op::Start,
            2 => Op::Open { fd, create: a & 1 != 0, truncate: a & 2 != 0, path: path() },
            3 => Op::Close { fd },
            4 => Op::Dup { fd, new_fd: a as i32 },
            5 => Op::Write { fd, at: a, bytes: first },
            6 => Op::SetLen { fd, len: a },
            7 => Op::Allocate { fd, at: a, len: b, mode: u32_at(first, 0) as i32 },
            8 => Op::Sync { fd },
            9 => Op::Range { fd },
            10 => Op::Rename { from: from(), to: to() },
            11 => Op::Link { from: from(), to: to() },
            12 => Op::Unlink { path: path() },
            13 => Op::Mkdir { path: path() },
            14 => Op::Rmdir { path: path() },
            15 => Op::Mark(path()),
            16 => Op::Fault { fd, class: a, errno: b as i32, path: path() },
            other => panic!("the shim wrote an operation {other} that nobody reads"),
        }
    }

    /// The marks among the first `until` effects, with their places.
    pub fn marks(&self, until: usize) -> impl Iterator<Item = (usize, &str)> {
        (0..until.min(self.len())).filter_map(|i| match self.op(i) {
            Op::Mark(text) => Some((i, text.trim_end())),
            _ => None,
        })
    }

    /// The number behind the last mark `word N` among the first `until` effects.
    pub fn last_number(&self, word: &str, until: usize) -> Option<u64> {
        let number = |text: &str| text.strip_prefix(word)?.trim().parse().ok();
        self.marks(until).filter_map(|(_, text)| number(text)).last()
    }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
}
