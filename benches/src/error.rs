//! Why something could not be measured.

use std::path::{Path, PathBuf};

/// Why something could not be measured.
#[derive(Debug, thiserror::Error)]
pub enum MeasureError {
    /// A file cannot be used.
    #[error("cannot {what} {path}: {source}")]
    Io {
        /// What was tried.
        what: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why it failed.
        source: std::io::Error,
    },
    /// A file is no stream.
    #[error(
        "{path} is no stream: {reason}; benches/src/tick.rs has the format; without ARENA_BENCH_STREAM one is generated"
    )]
    NotAStream {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The log failed.
    #[error(transparent)]
    Log(#[from] eventlog::LogError),
    /// A frame could not be made or read.
    #[error(transparent)]
    Frame(#[from] schemas::frame::FrameError),
    /// The simulated exchange and the events disagree: the bench feeds it wrongly.
    #[error("the exchange does not fit its events: {0}")]
    Exchange(#[from] exchange::Divergence),
    /// The configuration cannot be written.
    #[error(transparent)]
    Config(#[from] engine_core::ConfigError),
    /// The peer engine failed, or did something else than it was meant to.
    #[error("the peer engine: {0}")]
    Peer(String),
    /// A process that was started to be measured failed.
    #[error("the process that measures '{engine}' failed: {reason}")]
    Child {
        /// What it ran.
        engine: String,
        /// What it said.
        reason: String,
    },
    /// The database that is measured beside the log failed.
    #[error("SQLite: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// A row of that database could not be made or read.
    #[error("a row's payload: {0}")]
    Payload(String),
    /// The thread that writes, or the one that waits for it, has ended early.
    #[error("the append pipeline: {0}")]
    Pipeline(String),
    /// A recording cannot be imported.
    #[error("cannot import {path}: {reason}")]
    Recording {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Two runs that must end in the same state did not.
    #[error("{0} did not end in the same state as the run before it: its figures mean nothing")]
    OtherState(String),
}

impl MeasureError {
    /// For `map_err` on file operations.
    pub fn io(what: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { what, path, source }
    }
}
