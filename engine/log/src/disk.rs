//! Files and directories whose names must survive a power cut.

use crate::error::{LogError, io_error};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Makes the names in a directory durable.
pub(crate) fn sync_dir(dir: &Path) -> Result<(), LogError> {
    File::open(dir).and_then(|d| d.sync_all()).map_err(io_error("sync the directory", dir))
}

/// Creates a directory with its parents and makes their names durable.
pub(crate) fn create_dir(dir: &Path) -> Result<(), LogError> {
    if dir.is_dir() {
        return Ok(());
    }
    let parent = match dir.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    create_dir(parent)?;
    match fs::create_dir(dir) {
        // Another process was faster; its name must be durable for us too.
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists && dir.is_dir() => {}
        created => created.map_err(io_error("create", dir))?,
    }
    sync_dir(parent)
}

/// Writes a whole file so that after a power cut it is there with all its bytes, or not at all.
pub(crate) fn write_whole(path: &Path, bytes: &[&[u8]]) -> Result<(), LogError> {
    let temp = with_suffix(path, ".tmp");
    let written = write_synced(&temp, bytes).and_then(|()| fs::rename(&temp, path).map_err(io_error("name", path)));
    if written.is_err() {
        let _ = fs::remove_file(&temp);
    }
    written?;
    path.parent().map_or(Ok(()), sync_dir)
}

/// Writes a file and syncs it; its name is not yet durable.
pub(crate) fn write_synced(path: &Path, bytes: &[&[u8]]) -> Result<(), LogError> {
    let write = || -> io::Result<()> {
        let mut file = File::create(path)?;
        for part in bytes {
            file.write_all(part)?;
        }
        file.sync_all()
    };
    write().map_err(io_error("write", path))
}

/// Reads a file; `None` if it does not exist.
pub(crate) fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, LogError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(io_error("read", path)(e)),
    }
}

/// The names in a directory, sorted; none if it does not exist.
pub(crate) fn names(dir: &Path) -> Result<Vec<String>, LogError> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(io_error("list", dir)(e)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(io_error("list", dir))?;
        names.push(entry.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

/// Removes the files of a directory whose names satisfy `unwanted`. Returns whether there were any.
pub(crate) fn remove_files(dir: &Path, unwanted: impl Fn(&str) -> bool) -> Result<bool, LogError> {
    let mut any = false;
    for name in names(dir)?.iter().filter(|n| unwanted(n)) {
        let path = dir.join(name);
        fs::remove_file(&path).map_err(io_error("remove", &path))?;
        any = true;
    }
    Ok(any)
}

/// The first free name `<path>.damaged-N`.
pub(crate) fn damaged_name(path: &Path) -> PathBuf {
    (1u32..).map(|n| with_suffix(path, &format!(".damaged-{n}"))).find(|p| !p.exists()).unwrap_or_else(|| path.into())
}

/// Moves a damaged file or directory out of the way; nothing is deleted. Returns its new name.
pub(crate) fn set_aside(path: &Path) -> Result<PathBuf, LogError> {
    let aside = damaged_name(path);
    fs::rename(path, &aside).map_err(io_error("set aside", path))?;
    path.parent().map_or(Ok(()), sync_dir)?;
    Ok(aside)
}

/// Copies the plain files of a directory into a new one.
pub(crate) fn copy_dir(from: &Path, to: &Path) -> Result<(), LogError> {
    fs::create_dir_all(to).map_err(io_error("create", to))?;
    for name in names(from)? {
        let (src, dst) = (from.join(&name), to.join(&name));
        if src.is_dir() {
            copy_dir(&src, &dst)?;
        } else {
            fs::copy(&src, &dst).map_err(io_error("copy", &src))?;
        }
    }
    Ok(())
}

/// The bytes of all files below a directory; 0 if it does not exist.
pub(crate) fn dir_len(dir: &Path) -> Result<u64, LogError> {
    let mut len = 0;
    for name in names(dir)? {
        let path = dir.join(name);
        let meta = fs::metadata(&path).map_err(io_error("inspect", &path))?;
        len += if meta.is_dir() { dir_len(&path)? } else { meta.len() };
    }
    Ok(len)
}

/// A directory that is removed with its content when it goes out of scope.
pub(crate) struct ScratchDir(pub(crate) PathBuf);

impl Drop for ScratchDir {
    fn drop(&mut self) {
        // A leftover copy costs space, nothing else; the next open removes it.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// `path` with more behind its name.
pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// `N` bytes at `at`; callers know that they are there.
pub(crate) fn take<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(&bytes[at..at + N]);
    out
}
