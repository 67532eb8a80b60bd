//! A target that fails, or a process that dies, at a chosen moment.

use backup::BackupError;
use backup::store::{Listed, Store};
use std::cell::Cell;
use std::io::Write;
use std::path::{Path, PathBuf};

/// How a call ends that is one too many.
#[derive(Clone, Copy)]
pub enum End {
    /// As if the process were killed: whatever comes after never happens.
    Killed,
    /// As if the disk were full.
    Full,
}

/// Lets so many changes through.
pub struct Faulty {
    pub inner: Box<dyn Store>,
    pub left: Cell<usize>,
    pub end: End,
    pub gets: Cell<usize>,
}

impl Faulty {
    pub fn new(inner: Box<dyn Store>, changes: usize, end: End) -> Self {
        Self { inner, left: Cell::new(changes), end, gets: Cell::new(usize::MAX) }
    }

    fn change(&self, key: &str) -> Result<(), BackupError> {
        match (self.left.get(), self.end) {
            (0, End::Full) => Err(BackupError::DiskFull { what: "write", place: self.place(key) }),
            (0, End::Killed) => panic!("killed"),
            (n, _) => {
                self.left.set(n - 1);
                Ok(())
            }
        }
    }
}

impl Store for Faulty {
    fn place(&self, key: &str) -> String {
        self.inner.place(key)
    }

    fn exists(&self) -> Result<bool, BackupError> {
        self.inner.exists()
    }

    fn put_new(&self, key: &str, file: &Path) -> Result<bool, BackupError> {
        self.change(key)?;
        self.inner.put_new(key, file)
    }

    fn get(&self, key: &str, out: &mut dyn Write) -> Result<(), BackupError> {
        match self.gets.get() {
            0 => Err(BackupError::Target { what: "read", place: self.place(key), reason: "gone".to_owned() }),
            n => {
                self.gets.set(n - 1);
                self.inner.get(key, out)
            }
        }
    }

    fn list(&self, folder: &str) -> Result<Vec<Listed>, BackupError> {
        self.inner.list(folder)
    }

    fn delete(&self, key: &str) -> Result<(), BackupError> {
        self.change(key)?;
        self.inner.delete(key)
    }

    fn scratch(&self) -> PathBuf {
        self.inner.scratch()
    }
}
