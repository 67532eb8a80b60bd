//! Where objects are kept: a few verbs that a directory and every object store have.

mod local;
#[cfg(feature = "object-store")]
mod object;

pub use local::LocalStore;

use crate::error::BackupError;
use schemas::UtcNanos;
use std::io::Write;
use std::path::{Path, PathBuf};

/// An object, as a listing shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its key.
    pub key: String,
    /// Its bytes.
    pub len: u64,
    /// When it was written, if the store says so.
    pub modified: Option<UtcNanos>,
}

/// A place for objects. Keys are paths of plain characters below it.
pub trait Store {
    /// The target as people know it; with a key, the object.
    fn place(&self, key: &str) -> String;
    /// Whether anything is at the target.
    fn exists(&self) -> Result<bool, BackupError>;
    /// Puts a file's content at a new key: all of it or nothing, durable when this returns, never over what is there.
    /// Returns whether it did; `false` if the key is taken. The file may be moved away.
    fn put_new(&self, key: &str, file: &Path) -> Result<bool, BackupError>;
    /// Writes an object's content to `out`.
    fn get(&self, key: &str, out: &mut dyn Write) -> Result<(), BackupError>;
    /// Every object whose key begins with the folder `folder`; all if it is empty. In order of their keys.
    fn list(&self, folder: &str) -> Result<Vec<Listed>, BackupError>;
    /// Removes an object; one that is gone already is no error.
    fn delete(&self, key: &str) -> Result<(), BackupError>;
    /// Where files that are about to be put are best made.
    fn scratch(&self) -> PathBuf;

    /// An object's content in memory, for small ones: more than `max` bytes are an error.
    fn get_small(&self, key: &str, max: usize) -> Result<Vec<u8>, BackupError> {
        let mut out = Bounded { bytes: Vec::new(), max };
        match self.get(key, &mut out) {
            Ok(()) => Ok(out.bytes),
            Err(_) if out.bytes.len() > max => Err(BackupError::Damaged {
                place: self.place(key),
                reason: format!("it is larger than {max} bytes, which no such object is"),
            }),
            Err(e) => Err(e),
        }
    }
}

struct Bounded {
    bytes: Vec<u8>,
    max: usize,
}

impl Write for Bounded {
    fn write(&mut self, part: &[u8]) -> std::io::Result<usize> {
        self.bytes.extend_from_slice(&part[..part.len().min(self.max + 1 - self.bytes.len().min(self.max + 1))]);
        if self.bytes.len() > self.max { Err(std::io::ErrorKind::OutOfMemory.into()) } else { Ok(part.len()) }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Opens a target: a directory, or a URL.
pub fn open(target: &str) -> Result<Box<dyn Store>, BackupError> {
    if target.is_empty() {
        return Err(BackupError::BadTarget { target: target.to_owned(), reason: "it is empty".to_owned() });
    }
    match target.split_once("://") {
        None => Ok(Box::new(LocalStore::new(target))),
        Some(("file", path)) if path.starts_with('/') => Ok(Box::new(LocalStore::new(path))),
        Some(_) => open_object_store(target),
    }
}

/// Whether a target is a URL and not a directory.
pub fn is_url(target: &str) -> bool {
    target.contains("://")
}

/// Opens a URL as an object store.
#[cfg(feature = "object-store")]
pub fn open_object_store(target: &str) -> Result<Box<dyn Store>, BackupError> {
    Ok(Box::new(object::ObjectStore::open(target)?))
}

/// Opens a URL as an object store, which this build cannot.
#[cfg(not(feature = "object-store"))]
pub fn open_object_store(_: &str) -> Result<Box<dyn Store>, BackupError> {
    Err(BackupError::NotBuilt { what: "targets that are URLs", feature: "object-store" })
}
