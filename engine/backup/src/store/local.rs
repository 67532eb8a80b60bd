//! A directory as a target.

use super::{Listed, Store};
use crate::error::{BackupError, io_error, path_error};
use crate::place::is_safe;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// A directory, on this machine or mounted.
#[derive(Clone, Debug)]
pub struct LocalStore {
    root: PathBuf,
}

impl LocalStore {
    /// The directory need not exist yet; the first object makes it.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    fn path(&self, key: &str) -> Result<PathBuf, BackupError> {
        match is_safe(key) {
            true => Ok(self.root.join(key)),
            false => Err(BackupError::Foreign {
                place: self.root.display().to_string(),
                reason: format!("'{key}' is no name of an object"),
            }),
        }
    }

    fn walk(&self, folder: &Path, key: &str, found: &mut Vec<Listed>) -> Result<(), BackupError> {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(()),
            Err(e) => return Err(path_error("list", folder)(e)),
        };
        for entry in entries {
            let entry = entry.map_err(path_error("list", folder))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            // Unfinished files, and what is nobody's object.
            if !is_safe(&name) {
                continue;
            }
            let key = if key.is_empty() { name } else { format!("{key}/{name}") };
            let meta = match entry.metadata() {
                Ok(meta) => meta,
                Err(e) if e.kind() == ErrorKind::NotFound => continue,
                Err(e) => return Err(path_error("inspect", &entry.path())(e)),
            };
            if meta.is_dir() {
                self.walk(&entry.path(), &key, found)?;
            } else if meta.is_file() {
                found.push(Listed { key, len: meta.len(), modified: crate::clock::modified(&meta) });
            }
        }
        Ok(())
    }
}

/// Makes a directory with its parents, names durable.
fn create_dir(dir: &Path) -> io::Result<()> {
    if dir.is_dir() {
        return Ok(());
    }
    let parent = dir.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    create_dir(parent)?;
    match fs::create_dir(dir) {
        Err(e) if e.kind() != ErrorKind::AlreadyExists => Err(e),
        _ => sync(parent),
    }
}

fn sync(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Links the file to its new name, which fails if the name is taken: atomic, and never over anything.
fn link_new(file: &Path, path: &Path) -> io::Result<()> {
    sync(file)?;
    fs::hard_link(file, path)
}

/// Copies where no link is possible: another file system, or one without links. The check and the rename are two steps
/// there, so two backups into such a target at once could write the same key; they would write the same bytes.
fn copy_new(file: &Path, path: &Path) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let temp = path.with_file_name(format!(".{name}.{}", std::process::id()));
    let copied = fs::copy(file, &temp).and_then(|_| sync(&temp)).and_then(|()| match path.exists() {
        true => Err(ErrorKind::AlreadyExists.into()),
        false => fs::rename(&temp, path),
    });
    if copied.is_err() {
        let _ = fs::remove_file(&temp);
    }
    copied
}

impl Store for LocalStore {
    fn place(&self, key: &str) -> String {
        if key.is_empty() { self.root.display().to_string() } else { self.root.join(key).display().to_string() }
    }

    fn exists(&self) -> Result<bool, BackupError> {
        self.root.try_exists().map_err(path_error("open", &self.root))
    }

    fn put_new(&self, key: &str, file: &Path) -> Result<bool, BackupError> {
        let path = self.path(key)?;
        let folder = path.parent().unwrap_or(&self.root);
        create_dir(folder).map_err(path_error("create", folder))?;
        let put = match link_new(file, &path) {
            Err(e) if !matches!(e.kind(), ErrorKind::AlreadyExists | ErrorKind::StorageFull) => copy_new(file, &path),
            other => other,
        };
        match put {
            Ok(()) => sync(folder).map_err(path_error("sync", folder)).map(|()| true),
            Err(e) if e.kind() == ErrorKind::AlreadyExists => Ok(false),
            Err(e) => Err(path_error("write", &path)(e)),
        }
    }

    fn get(&self, key: &str, out: &mut dyn Write) -> Result<(), BackupError> {
        let path = self.path(key)?;
        let mut file = File::open(&path).map_err(path_error("read", &path))?;
        io::copy(&mut file, out).map_err(io_error("read", self.place(key))).map(|_| ())
    }

    fn list(&self, folder: &str) -> Result<Vec<Listed>, BackupError> {
        let mut found = Vec::new();
        let start = if folder.is_empty() { self.root.clone() } else { self.path(folder)? };
        self.walk(&start, folder, &mut found)?;
        found.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(found)
    }

    fn delete(&self, key: &str) -> Result<(), BackupError> {
        let path = self.path(key)?;
        match fs::remove_file(&path) {
            Err(e) if e.kind() != ErrorKind::NotFound => Err(path_error("delete", &path)(e)),
            _ => Ok(()),
        }
    }

    fn scratch(&self) -> PathBuf {
        self.root.join(".unfinished")
    }
}
