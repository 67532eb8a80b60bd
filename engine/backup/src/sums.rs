//! Lengths and hashes of files, taken while they are copied.

use crate::error::{BackupError, path_error};
use schemas::Bytes32;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

/// A file's length and BLAKE3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sum {
    pub(crate) len: u64,
    pub(crate) hash: Bytes32,
}

/// Passes everything on, and sums it up.
pub(crate) struct Summing<W> {
    to: W,
    len: u64,
    hasher: blake3::Hasher,
}

impl<W: Write> Summing<W> {
    pub(crate) fn new(to: W) -> Self {
        Self { to, len: 0, hasher: blake3::Hasher::new() }
    }

    pub(crate) fn finish(self) -> (W, Sum) {
        (self.to, Sum { len: self.len, hash: Bytes32(*self.hasher.finalize().as_bytes()) })
    }
}

impl<W: Write> Write for Summing<W> {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        let done = self.to.write(part)?;
        self.hasher.update(&part[..done]);
        self.len += done as u64;
        Ok(done)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Bytes in one read.
const PIECE: usize = 1 << 18;

/// Copies all of `from`, in pieces large enough for the hash to run at speed.
pub(crate) fn pour(from: &mut dyn Read, to: &mut dyn Write) -> io::Result<()> {
    let mut piece = vec![0u8; PIECE];
    loop {
        match from.read(&mut piece) {
            Ok(0) => return Ok(()),
            Ok(n) => to.write_all(&piece[..n])?,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}

/// Sums up a file.
pub(crate) fn sum_file(path: &Path) -> Result<Sum, BackupError> {
    let mut sum = Summing::new(io::sink());
    File::open(path).and_then(|mut file| pour(&mut file, &mut sum)).map_err(path_error("read", path))?;
    Ok(sum.finish().1)
}

/// Sums up bytes in memory.
pub(crate) fn sum_bytes(bytes: &[u8]) -> Sum {
    Sum { len: bytes.len() as u64, hash: Bytes32(*blake3::hash(bytes).as_bytes()) }
}
