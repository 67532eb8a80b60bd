//! The floor: the same frames in a plain file, nothing else.

use super::Sink;
use crate::error::MeasureError;
use schemas::Record;
use schemas::frame::{Head, encode_into};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Which log the chain of a raw file belongs to.
const LOG_ID: [u8; 16] = *b"raw file, bench!";
/// A file is filled with zeros in pieces of this length.
const PIECE: usize = 1 << 20;

/// Frames in one plain file, a write and an fdatasync each.
pub struct RawFile {
    path: PathBuf,
    file: File,
    head: Head,
    frame: Vec<u8>,
    end: u64,
}

impl RawFile {
    /// An empty file that grows as it is written.
    pub fn growing(path: &Path) -> Result<Self, MeasureError> {
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(path);
        let file = file.map_err(MeasureError::io("create", path))?;
        Ok(Self { path: path.to_owned(), file, head: Head::genesis(&LOG_ID), frame: Vec::new(), end: 0 })
    }

    /// A file that has its length, and its blocks on the disk, before the first frame.
    pub fn preallocated(path: &Path, len: u64) -> Result<Self, MeasureError> {
        let mut raw = Self::growing(path)?;
        let zeros = vec![0u8; PIECE];
        let mut left = len;
        while left > 0 {
            let n = left.min(PIECE as u64);
            raw.file.write_all(&zeros[..n as usize]).map_err(MeasureError::io("fill", path))?;
            left -= n;
        }
        raw.file.sync_all().map_err(MeasureError::io("sync", path))?;
        Ok(raw)
    }

    /// Bytes of the frames written.
    pub fn frames_len(&self) -> u64 {
        self.end
    }
}

impl Sink for RawFile {
    fn commit(&mut self, records: &Vec<Record>) -> Result<(), MeasureError> {
        let head = encode_into(&self.head, records, &mut self.frame)?;
        self.file.write_all_at(&self.frame, self.end).map_err(MeasureError::io("write", &self.path))?;
        self.file.sync_data().map_err(MeasureError::io("sync", &self.path))?;
        self.end += self.frame.len() as u64;
        self.head = head;
        Ok(())
    }

    fn close(self: Box<Self>) -> Result<(), MeasureError> {
        Ok(())
    }
}
