//! Files that nobody but their owner may read: checked when read, whole or absent when made, never replaced.

use crate::error::KeyError;
use rustix::fs::{Mode, OFlags};
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use zeroize::Zeroizing;

/// Longest file that is read, bytes.
const LEN_MAX: u64 = 64 * 1024;

/// Counts the files made by this process.
static MADE: AtomicU32 = AtomicU32::new(0);

/// Reads a file that only its owner may read, and whose owner is this process's user or root.
pub(crate) fn read_private(path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    read(path, true)
}

/// Reads a file whose protection is somebody else's business: a systemd credential.
pub(crate) fn read_guarded(path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    read(path, false)
}

fn read(path: &Path, private: bool) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let opened = rustix::fs::open(path, OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK, Mode::empty());
    let mut file = File::from(opened.map_err(|e| match e.kind() {
        ErrorKind::NotFound => KeyError::Missing { path: path.to_owned() },
        _ => io_error("open", path)(e.into()),
    })?);
    let meta = file.metadata().map_err(io_error("inspect", path))?;
    if !meta.is_file() {
        return Err(KeyError::NotAFile { path: path.to_owned() });
    }
    let mode = meta.mode() & 0o7777;
    if private && mode & 0o077 != 0 {
        return Err(KeyError::ReadableByOthers { path: path.to_owned(), mode });
    }
    let uid = rustix::process::geteuid().as_raw();
    if private && meta.uid() != uid && meta.uid() != 0 {
        return Err(KeyError::ForeignOwner { path: path.to_owned(), owner: meta.uid() });
    }
    if meta.len() > LEN_MAX {
        return Err(KeyError::Damaged { path: path.to_owned(), reason: "it is longer than 64 KiB".to_owned() });
    }
    // Room for all of it at once: a buffer that grows leaves its old self behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(meta.len()).unwrap_or(0) + 1));
    (&mut file).take(LEN_MAX).read_to_end(&mut bytes).map_err(io_error("read", path))?;
    Ok(bytes)
}

/// Makes a file that must not exist, readable by its owner alone. It is there whole and synced, or not at all.
pub(crate) fn create_private(path: &Path, bytes: &[u8]) -> Result<(), KeyError> {
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    let temp = beside(path, &format!(".{}-{number}.tmp", std::process::id()));
    let create = || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temp)?;
        let written = file.write_all(bytes).and_then(|()| file.sync_all());
        // A rename would replace what is there; a link does not.
        let linked = written.and_then(|()| fs::hard_link(&temp, path));
        fs::remove_file(&temp)?;
        linked
    };
    create().map_err(|e| match e.kind() {
        ErrorKind::AlreadyExists => KeyError::Exists { path: path.to_owned() },
        _ => io_error("write", path)(e),
    })?;
    sync_folder(path)
}

/// Writes the folder of `path` down.
pub(crate) fn sync_folder(path: &Path) -> Result<(), KeyError> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|f| f.sync_all()).map_err(io_error("sync", folder))
}

/// `path` with `ending` behind its name.
pub(crate) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// An error of the file system.
pub(crate) fn io_error(what: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> KeyError {
    let path = path.to_owned();
    move |source| KeyError::Io { what, path, source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn made_once_and_private() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("k");
        create_private(&path, b"one").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert!(matches!(create_private(&path, b"two"), Err(KeyError::Exists { .. })));
        assert_eq!(**read_private(&path).unwrap(), *b"one");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing temporary is left");
    }

    #[test]
    fn what_others_may_read_is_refused_with_the_cure() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("k");
        create_private(&path, b"one").unwrap();
        for mode in [0o644, 0o640, 0o660, 0o604, 0o610] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let error = read_private(&path).unwrap_err();
            assert!(error.next_step().unwrap().contains("chmod 600"), "{mode:o}: {error}");
            assert!(error.to_string().contains(&format!("{mode:04o}")), "{error}");
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
        assert!(read_private(&path).is_ok());
        assert!(matches!(read_private(dir.path()), Err(KeyError::NotAFile { .. })));
        assert!(matches!(read_private(&dir.path().join("no")), Err(KeyError::Missing { .. })));
        fs::write(dir.path().join("long"), vec![b'x'; 70_000]).unwrap();
        fs::set_permissions(dir.path().join("long"), fs::Permissions::from_mode(0o600)).unwrap();
        assert!(matches!(read_private(&dir.path().join("long")), Err(KeyError::Damaged { .. })));
    }
}
