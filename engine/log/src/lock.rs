//! One log, one writer.

use crate::error::{LogError, io_error};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a writer waits: `verify` probes the lock for a moment, which must not turn a writer away.
pub(crate) const A_MOMENT: Duration = Duration::from_millis(100);
const PAUSE: Duration = Duration::from_millis(5);

/// Held as long as the writer lives; the system releases it when the process dies, however it dies.
pub(crate) struct WriterLock {
    _file: File,
}

fn lock_path(dir: &Path) -> PathBuf {
    dir.join("lock")
}

impl WriterLock {
    /// Takes the lock, or says who holds it for at least as long as `patience`.
    pub(crate) fn take(dir: &Path, owner: &str, patience: Duration) -> Result<Self, LogError> {
        let path = lock_path(dir);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(io_error("open", &path))?;
        let mut waited = Duration::ZERO;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if waited < patience => {
                    waited += PAUSE;
                    std::thread::sleep(PAUSE);
                }
                Err(TryLockError::WouldBlock) => return Err(LogError::Locked { owner: read_owner(&mut file) }),
                Err(TryLockError::Error(e)) => return Err(io_error("lock", &path)(e)),
            }
        }
        // The text only informs; the lock itself is what excludes.
        let text = format!("pid {}, {owner}\n", std::process::id());
        file.set_len(0).and_then(|()| file.write_all(text.as_bytes())).map_err(io_error("write", &path))?;
        Ok(Self { _file: file })
    }
}

fn read_owner(file: &mut File) -> String {
    let mut text = String::new();
    match file.take(4096).read_to_string(&mut text) {
        Ok(_) if !text.trim().is_empty() => text.trim().to_owned(),
        _ => "an unnamed process".to_owned(),
    }
}

/// Who is writing the log now, if anybody. Only a glance: a writer may come a moment later.
pub(crate) fn current_owner(dir: &Path) -> Result<Option<String>, LogError> {
    let path = lock_path(dir);
    let mut file = match File::open(&path) {
        Ok(file) => file,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(io_error("open", &path)(e)),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(None),
        Err(TryLockError::WouldBlock) => Ok(Some(read_owner(&mut file))),
        Err(TryLockError::Error(e)) => Err(io_error("lock", &path)(e)),
    }
}

/// Waits until nobody locks `path`, at most a second: sled's threads hold their lock a little longer than its handle.
pub(crate) fn wait_released(path: &Path) {
    let Ok(file) = File::open(path) else { return };
    for _ in 0..2000 {
        if file.try_lock().is_ok() {
            return;
        }
        std::thread::sleep(Duration::from_micros(500));
    }
}
