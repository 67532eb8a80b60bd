//! The next journal file, filled with zeros and synced ahead of time on a thread of its own. A sync of a file whose
//! blocks are all allocated and written needs no journal commit of the file system: that is most of a commit's time.

use crate::error::{LogError, io_error};
use crossbeam::channel::{Receiver, Sender, TryRecvError, bounded};
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

/// What the current file is extended by when a log is opened, bytes.
pub(crate) const STEP: u64 = 4 << 20;
const CHUNK: usize = 1 << 20;

/// Fills `file` with zeros from `from` to `to` and syncs it.
pub(crate) fn fill(file: &File, path: &Path, from: u64, to: u64) -> Result<(), LogError> {
    let zeros = vec![0u8; CHUNK];
    let mut at = from;
    while at < to {
        let len = (to - at).min(CHUNK as u64);
        file.write_all_at(&zeros[..len as usize], at).map_err(io_error("allocate", path))?;
        at += len;
        // Synced piece by piece: 64 MiB at once would keep the disk from a commit's sync for as long as they take.
        file.sync_data().map_err(io_error("sync", path))?;
    }
    file.sync_all().map_err(io_error("sync", path))
}

/// A file that is ready to become the next journal file.
pub(crate) struct Spare {
    pub(crate) file: File,
    pub(crate) path: PathBuf,
    pub(crate) len: u64,
}

/// Prepares one file at a time.
pub(crate) struct Allocator {
    want: Option<Sender<u64>>,
    ready: Receiver<Result<Spare, LogError>>,
    thread: Option<JoinHandle<()>>,
    path: PathBuf,
}

impl Allocator {
    /// Starts the thread; its first file has `len` bytes.
    pub(crate) fn start(journal: &Path, len: u64) -> Result<Self, LogError> {
        // One order, one file: both queues never hold more than one.
        let (want, wanted) = bounded::<u64>(1);
        let (give, ready) = bounded(1);
        let path = journal.join("spare.tmp");
        let at = path.clone();
        let work = move || {
            for len in wanted {
                if give.send(prepare(&at, len)).is_err() {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new().name("log-allocator".to_owned()).spawn(work);
        let thread = Some(thread.map_err(io_error("start a thread for", &path))?);
        let allocator = Self { want: Some(want), ready, thread, path };
        allocator.order(len);
        Ok(allocator)
    }

    /// Asks for the next file.
    pub(crate) fn order(&self, len: u64) {
        if let Some(want) = &self.want {
            // Full only if one is being prepared already.
            let _ = want.try_send(len);
        }
    }

    /// The file, if it is ready. An error means that none will come: the disk is full or failing, and the writer's own
    /// next write will say so.
    pub(crate) fn take(&self) -> Result<Option<Spare>, LogError> {
        match self.ready.try_recv() {
            Ok(prepared) => prepared.map(Some),
            Err(TryRecvError::Empty | TryRecvError::Disconnected) => Ok(None),
        }
    }
}

impl Drop for Allocator {
    fn drop(&mut self) {
        self.want = None;
        while self.ready.recv().is_ok() {}
        if let Some(thread) = self.thread.take() {
            // A thread that panicked left at worst a file that the next open removes.
            let _ = thread.join();
        }
        let _ = fs::remove_file(&self.path);
    }
}

fn prepare(path: &Path, len: u64) -> Result<Spare, LogError> {
    let file = File::create(path).map_err(io_error("create", path))?;
    fill(&file, path, 0, len)?;
    Ok(Spare { file, path: path.to_owned(), len })
}
