//! Where the bytes of a recording come from.

use super::ImportError;
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::path::PathBuf;
use std::sync::Arc;

/// One file of a recording.
#[derive(Clone, Debug)]
pub struct Input {
    /// What errors call it: usually the path.
    pub name: String,
    /// Where its bytes are.
    pub source: Source,
}

/// Where bytes are.
#[derive(Clone, Debug)]
pub enum Source {
    /// A file.
    Path(PathBuf),
    /// Inside the program.
    Static(&'static [u8]),
    /// In memory, shared.
    Shared(Arc<[u8]>),
}

impl Input {
    /// A file, called by its path.
    pub fn path(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        Self { name: path.display().to_string(), source: Source::Path(path) }
    }

    /// Bytes inside the program, such as an embedded demo.
    pub fn embedded(name: &str, bytes: &'static [u8]) -> Self {
        Self { name: name.to_owned(), source: Source::Static(bytes) }
    }

    /// Bytes in memory.
    pub fn bytes(name: &str, bytes: impl Into<Arc<[u8]>>) -> Self {
        Self { name: name.to_owned(), source: Source::Shared(bytes.into()) }
    }

    /// Its text, decompressed. Can be called again: each call reads from the beginning.
    pub(super) fn reader(&self) -> Result<Box<dyn Read + Send>, ImportError> {
        let mut raw: Box<dyn Read + Send> = match &self.source {
            Source::Path(path) => Box::new(File::open(path).map_err(|e| self.cannot_open(&e))?),
            Source::Static(bytes) => Box::new(Cursor::new(*bytes)),
            Source::Shared(bytes) => Box::new(Cursor::new(Arc::clone(bytes))),
        };
        let mut magic = Vec::with_capacity(4);
        raw.by_ref().take(4).read_to_end(&mut magic).map_err(|e| self.cannot_open(&e))?;
        let packing = Packing::of(&magic);
        let whole = Cursor::new(magic).chain(raw);
        Ok(match packing {
            Packing::None => Box::new(whole),
            Packing::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(BufReader::new(whole))),
            Packing::Zstd => Box::new(zstd::Decoder::new(whole).map_err(|e| self.cannot_open(&e))?),
        })
    }

    fn cannot_open(&self, error: &io::Error) -> ImportError {
        let file = self.name.clone();
        match error.kind() {
            io::ErrorKind::NotFound => ImportError::NotFound { file },
            _ => ImportError::Unreadable { file, reason: error.to_string() },
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Packing {
    None,
    Gzip,
    Zstd,
}

impl Packing {
    fn of(magic: &[u8]) -> Self {
        match magic {
            [0x1f, 0x8b, ..] => Self::Gzip,
            // A zstd frame, or one of the skippable frames that may stand before it (RFC 8878, 3.1).
            [0x28, 0xb5, 0x2f, 0xfd] | [0x50..=0x5f, 0x2a, 0x4d, 0x18] => Self::Zstd,
            _ => Self::None,
        }
    }
}
