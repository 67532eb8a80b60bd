//! How logs are kept.

use eventlog::{AppendOptions, LogError, Signer, WriterOptions};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How logs are kept. Changes nothing about what is in them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// Keep the journal. Without it every commit goes into sled and is synced there: slower, and one copy less.
    pub journal: bool,
    /// Fill journal files with zeros ahead of time, which makes commits faster.
    pub preallocate: bool,
    /// Longest journal file, MiB; a full one becomes a sealed segment.
    #[schemars(range(min = 1, max = 1024))]
    pub roll_mib: u32,
    /// Sealed journal files that are kept as a second copy of their segments.
    #[schemars(range(max = 1000))]
    pub keep_journal: u32,
    /// Newest segments that are left uncompressed, for the fastest replay.
    pub plain_segments: u32,
    /// Sign checkpoints, with the key in `signing_key`.
    pub sign: bool,
    /// File of the key that signs checkpoints; made if absent. `log.key` in the data directory if not set.
    pub signing_key: Option<PathBuf>,
    /// Batches of events that may wait for the log thread.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub queue_len: u32,
    /// How long a full queue may stay full before trading halts, seconds.
    #[schemars(range(min = 1, max = 3600))]
    pub patience_seconds: u32,
    /// Free space on the log's disk below which no new risk is taken, MiB.
    pub min_free_mib: u32,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            journal: true,
            preallocate: true,
            roll_mib: 64,
            keep_journal: 2,
            plain_segments: 16,
            sign: true,
            signing_key: None,
            queue_len: 1024,
            patience_seconds: 10,
            min_free_mib: 2048,
        }
    }
}

/// What a writer of a log needs to know.
#[derive(Clone, Debug)]
pub struct Keeping {
    /// How it is written.
    pub writer: WriterOptions,
    /// How batches are gathered.
    pub append: AppendOptions,
    /// Free space below which no new risk is taken, bytes.
    pub min_free_len: u64,
}

impl LogConfig {
    /// What is wrong with it, in words.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let mut check = |key: &str, value: u32, low: u32, high: u32| {
            if !(low..=high).contains(&value) {
                faults.push(format!("log.{key} is {value}; it must be from {low} to {high}"));
            }
        };
        check("roll_mib", self.roll_mib, 1, 1024);
        check("keep_journal", self.keep_journal, 0, 1000);
        check("queue_len", self.queue_len, 1, 1_000_000);
        check("patience_seconds", self.patience_seconds, 1, 3600);
        faults
    }

    /// Makes it ready for use; the signing key is loaded, or made.
    pub fn keeping(&self, owner: &str, data_dir: impl FnOnce() -> Option<PathBuf>) -> Result<Keeping, LogError> {
        let key = match &self.signing_key {
            _ if !self.sign => None,
            Some(path) => Some(path.clone()),
            None => data_dir().map(|dir| default_key(&dir)),
        };
        let signer = key.map(|path| Signer::load_or_create(&path)).transpose()?.map(Arc::new);
        let writer = WriterOptions {
            journal: self.journal,
            preallocate: self.preallocate,
            roll_len: u64::from(self.roll_mib) << 20,
            keep_journal: self.keep_journal as usize,
            plain_segments: self.plain_segments as usize,
            signer,
            owner: owner.to_owned(),
            ..WriterOptions::default()
        };
        let append = AppendOptions {
            queue_len: self.queue_len as usize,
            patience: Duration::from_secs(u64::from(self.patience_seconds)),
            ..AppendOptions::default()
        };
        Ok(Keeping { writer, append, min_free_len: u64::from(self.min_free_mib) << 20 })
    }
}

/// Where the signing key is when nobody says otherwise.
pub fn default_key(data_dir: &Path) -> PathBuf {
    data_dir.join("log.key")
}
