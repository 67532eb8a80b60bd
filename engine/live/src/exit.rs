//! How this crate's errors end a command: see `console::exit` for the codes.

use crate::config::ConfigFaults;
use crate::engine::{EngineError, FeedError, RestoreError, RunError};
use backup::BackupError;
pub use console::exit::{Code, Failure, Outcome, finish};

impl From<RestoreError> for Failure {
    fn from(e: RestoreError) -> Self {
        match e {
            RestoreError::Log(e) => e.into(),
            other => Self::new(Code::Integrity, other.to_string()),
        }
    }
}

impl From<EngineError> for Failure {
    fn from(e: EngineError) -> Self {
        match e {
            EngineError::Log(e) => e.into(),
            EngineError::Restore(e) => e.into(),
            EngineError::Config(e) => Self::new(Code::Config, e.to_string()),
            EngineError::Exchange(e) => Self::new(Code::Integrity, e.to_string()),
            other @ EngineError::OtherMode { .. } => {
                Self::new(Code::Usage, other.to_string()).next("name another directory with --log")
            }
            other @ EngineError::Snapshot(_) => Self::new(Code::Error, other.to_string()),
        }
    }
}

impl From<FeedError> for Failure {
    fn from(e: FeedError) -> Self {
        match e {
            FeedError::Log(e) => e.into(),
            FeedError::OtherRecording { .. } => Self::new(Code::Usage, e.to_string()),
            other => Self::new(Code::Error, other.to_string()),
        }
    }
}

impl From<RunError> for Failure {
    fn from(e: RunError) -> Self {
        match e {
            RunError::Engine(e) => e.into(),
            RunError::Feed(e) => e.into(),
        }
    }
}

impl From<ConfigFaults> for Failure {
    fn from(e: ConfigFaults) -> Self {
        Self::new(Code::Config, e.to_string()).next("correct what is named; ops/arena.toml explains every key")
    }
}

/// How an error of a backup ends a command.
pub fn backup_failure(e: BackupError) -> Failure {
    let code = match &e {
        _ if e.is_integrity() => Code::Integrity,
        _ if e.is_usage() => Code::Usage,
        _ => Code::Error,
    };
    let next = e.next_step();
    match e {
        BackupError::Log(e) => e.into(),
        e => Failure { code, what: e.to_string(), next },
    }
}
