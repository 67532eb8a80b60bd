//! How a command ends: a code that scripts can rely on, and for a failure what happened, why, and what to do next.

use eventlog::LogError;
use std::fmt;
use std::process::ExitCode;

/// The exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Code {
    /// Done.
    Ok = 0,
    /// It failed.
    Error = 1,
    /// The command makes no sense, or what it names does not exist.
    Usage = 2,
    /// Nothing is running.
    NotRunning = 3,
    /// The configuration cannot be used.
    Config = 4,
    /// It took too long.
    Timeout = 5,
    /// Risk limits have halted trading.
    Halted = 6,
    /// The log is damaged, or does not add up.
    Integrity = 7,
}

/// A command failed.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub code: Code,
    /// What happened and why.
    pub what: String,
    /// What to do next, if there is something.
    pub next: Option<String>,
}

impl Failure {
    /// With a code and a text.
    pub fn new(code: Code, what: impl Into<String>) -> Self {
        Self { code, what: what.into(), next: None }
    }

    /// And what to do next.
    pub fn next(mut self, next: impl Into<String>) -> Self {
        self.next = Some(next.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.what)?;
        match &self.next {
            Some(next) => write!(f, "\n  next: {next}"),
            None => Ok(()),
        }
    }
}

/// What every command returns.
pub type Outcome = Result<Code, Failure>;

impl From<LogError> for Failure {
    fn from(e: LogError) -> Self {
        match &e {
            LogError::Damaged { .. }
            | LogError::LostSuffix { .. }
            | LogError::ForeignCopy { .. }
            | LogError::BadSignature { .. }
            | LogError::NoAnchor { .. } => {
                Self::new(Code::Integrity, e.to_string()).next("`replay verify LOG` shows everything that is wrong")
            }
            LogError::NotALog { .. } => Self::new(Code::Usage, e.to_string()),
            LogError::BadKey { .. } => Self::new(Code::Config, e.to_string())
                .next("name a key with `signing_key` in section [log], or move the file away: a new key is made"),
            LogError::Pruned { .. } => Self::new(Code::Usage, e.to_string())
                .next("`arena restore` brings the whole log back from a backup, into a directory of its own"),
            _ => Self::new(Code::Error, e.to_string()),
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(e: std::io::Error) -> Self {
        Self::new(Code::Error, e.to_string())
    }
}

impl From<serde_json::Error> for Failure {
    fn from(e: serde_json::Error) -> Self {
        Self::new(Code::Error, format!("JSON: {e}"))
    }
}

/// Prints a failure the way a command ends with it.
pub fn finish(program: &str, outcome: Outcome) -> ExitCode {
    match outcome {
        Ok(code) => ExitCode::from(code as u8),
        Err(failure) => {
            eprintln!("{program}: {failure}");
            ExitCode::from(failure.code as u8)
        }
    }
}
