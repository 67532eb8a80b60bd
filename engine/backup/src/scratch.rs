//! A folder for unfinished files, removed when it goes out of scope, or by the next command if this one was killed.

use crate::error::{BackupError, path_error};
use std::fs::{self, File};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

const PREFIX: &str = "arena-backup-";

/// The folder. Its lock file is held as long as its owner lives; that is how leftovers are told from folders in use.
pub(crate) struct Scratch {
    path: PathBuf,
    _lock: File,
}

impl Scratch {
    /// Makes a new folder below `base`, readable by its owner alone, and removes what dead owners left there.
    pub(crate) fn create(base: &Path) -> Result<Self, BackupError> {
        fs::create_dir_all(base).map_err(path_error("create", base))?;
        remove_leftovers(base);
        let mut number = 0u32;
        loop {
            let path = base.join(format!("{PREFIX}{}-{number}", std::process::id()));
            match fs::DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => {
                    let lock = path.join("lock");
                    let file = File::create_new(&lock).map_err(path_error("create", &lock))?;
                    file.lock().map_err(path_error("lock", &lock))?;
                    return Ok(Self { path, _lock: file });
                }
                Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => number += 1,
                Err(e) => return Err(path_error("create", &path)(e)),
            }
        }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A file in it.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed is removed by the next command.
        let _ = fs::remove_dir_all(&self.path);
    }
}

fn remove_leftovers(base: &Path) {
    let Ok(entries) = fs::read_dir(base) else { return };
    for entry in entries.flatten().filter(|e| e.file_name().to_string_lossy().starts_with(PREFIX)) {
        // One that has no lock file yet is just being made.
        let Ok(lock) = File::open(entry.path().join("lock")) else { continue };
        if lock.try_lock().is_ok() {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_in_use_stay_and_leftovers_go() {
        let base = tempfile::tempdir().unwrap();
        let first = Scratch::create(base.path()).unwrap();
        let left = base.path().join("arena-backup-1-0");
        fs::create_dir(&left).unwrap();
        fs::write(left.join("lock"), "").unwrap();
        fs::write(left.join("half"), "x").unwrap();
        let second = Scratch::create(base.path()).unwrap();
        assert!(first.path().exists() && second.path().exists() && !left.exists());
        let path = first.path().to_owned();
        drop(first);
        assert!(!path.exists());
    }
}
