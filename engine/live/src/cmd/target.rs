//! What the commands about backups share: targets, keys, and how far they are.

use super::Global;
use crate::exit::{Failure, backup_failure};
use backup::store::Store;
use backup::{Choice, Opener, Progress};
use clap::Args;
use console::integrity::public_key;
use eventlog::{LogId, PublicKey, Signer, hex};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use schemas::UtcNanos;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

/// Where backups are.
#[derive(Clone, Debug, Args)]
pub struct TargetArgs {
    /// A directory, or (in builds with the feature `object-store`) a URL such as s3://bucket/folder
    #[arg(env = "ARENA_BACKUP_TARGET")]
    pub target: String,
}

impl TargetArgs {
    /// Opens it.
    pub fn open(&self) -> Result<Box<dyn Store>, Failure> {
        backup::store::open(&self.target).map_err(backup_failure)
    }
}

/// How backups are opened.
#[derive(Clone, Debug, Default, Args)]
pub struct OpenArgs {
    /// Which log, where a target has several: its id, as `arena backups` shows it
    #[arg(long, value_name = "HEX", value_parser = log_id)]
    pub log_id: Option<LogId>,
    /// A file with age identities that open encrypted backups
    #[arg(long, value_name = "FILE", env = "ARENA_BACKUP_IDENTITY", value_delimiter = ':')]
    pub identity: Vec<PathBuf>,
    /// A file whose first line is the passphrase of encrypted backups
    #[arg(long, value_name = "FILE", env = "ARENA_BACKUP_PASSPHRASE_FILE")]
    pub passphrase_file: Option<PathBuf>,
}

impl OpenArgs {
    /// What opens objects.
    pub fn opener(&self) -> Result<Opener, Failure> {
        let files: Vec<&Path> = self.identity.iter().map(PathBuf::as_path).collect();
        Opener::new(&files, self.passphrase_file.as_deref()).map_err(backup_failure)
    }
}

/// Whose signature is good enough.
#[derive(Clone, Debug, Default, Args)]
pub struct PinArgs {
    /// Only backups signed with this key: 66 hex digits
    #[arg(long, value_name = "HEX", value_parser = public_key, env = "ARENA_BACKUP_PUBLIC_KEY")]
    pub public_key: Option<PublicKey>,
}

/// Which of the backups.
#[derive(Clone, Debug, Default, Args)]
pub struct ChoiceArgs {
    /// The newest backup made at this time or before: 2026-11-24 (its end) or 2026-11-24T09:30:00Z
    #[arg(long, value_name = "DATE", value_parser = date, conflicts_with = "backup")]
    pub at: Option<UtcNanos>,
    /// The backup with this id, as `arena backups` shows it
    #[arg(long, value_name = "ID")]
    pub backup: Option<String>,
}

impl ChoiceArgs {
    /// The choice.
    pub fn choice(&self) -> Choice {
        match (&self.backup, self.at) {
            (Some(id), _) => Choice::Id(id.clone()),
            (None, Some(time)) => Choice::At(time),
            (None, None) => Choice::Newest,
        }
    }
}

/// Reads a log id: 32 hex digits.
pub fn log_id(text: &str) -> Result<LogId, String> {
    let bytes: Option<Vec<u8>> =
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect();
    let id = bytes.and_then(|b| LogId::try_from(b).ok());
    id.ok_or_else(|| "a log's id has 32 hex digits; `arena backups TARGET` shows them".to_owned())
}

/// A day means all of it.
fn date(text: &str) -> Result<UtcNanos, String> {
    let day = format!("{text}T23:59:59.999999999Z").parse::<UtcNanos>();
    day.or_else(|_| text.parse()).map_err(|e| e.to_string())
}

/// The key that signs this machine's logs and backups. Made if there is none.
pub fn signer(global: &Global) -> Result<Signer, Failure> {
    Ok(Signer::load_or_create(&key_file(global)?)?)
}

/// The public part of this machine's key, if it has one.
pub fn own_key(global: &Global) -> Option<PublicKey> {
    let path = key_file(global).ok().filter(|path| path.exists())?;
    Signer::load(&path).ok().map(|s| s.public_key())
}

fn key_file(global: &Global) -> Result<PathBuf, Failure> {
    let loaded = global.load()?;
    match &loaded.config.log.signing_key {
        Some(path) => Ok(path.clone()),
        None => Ok(crate::config::default_key(&global.data_dir(&loaded)?)),
    }
}

/// Says whose signature was accepted, where nobody demanded one.
pub fn say_who_signed(global: &Global, pinned: bool, signed_by: &str) {
    if pinned || global.quiet {
        return;
    }
    let paint = global.paint();
    if own_key(global).is_some_and(|key| hex(&key) == signed_by) {
        eprintln!("signed with this machine's key {signed_by}");
    } else {
        eprintln!("{}", paint.alarm(&format!("NOT PINNED: this backup is signed with key {signed_by}.")));
        eprintln!("  If that is not the key you wrote down, trust nothing in it. Demand it with --public-key HEX.");
    }
}

/// A log that is not there, told before anything else is done.
pub fn existing(global: &Global, named: Option<&Path>) -> Result<PathBuf, Failure> {
    let log = global.log(named)?;
    crate::paths::existing_log(&log)?;
    Ok(log)
}

/// A bar on a terminal, nothing elsewhere.
pub struct Bar(ProgressBar);

impl Bar {
    /// Hidden until something begins.
    pub fn new(global: &Global) -> Self {
        let hidden = global.quiet || !std::io::stderr().is_terminal();
        let target = if hidden { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr_with_hz(12) };
        Self(ProgressBar::with_draw_target(None, target))
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

impl Progress for Bar {
    fn begin(&mut self, what: &str, bytes: u64) {
        let template = match bytes {
            0 => "{spinner} {msg} {elapsed}",
            _ => "{msg} [{bar:40}] {bytes}/{total_bytes}  {bytes_per_sec}  {eta} left",
        };
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        self.0.reset();
        self.0.set_style(style.progress_chars("=> "));
        self.0.set_length(bytes);
        self.0.set_message(what.to_owned());
    }

    fn advance(&mut self, bytes: u64) {
        self.0.inc(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_meant_to_its_end() {
        let at = |text: &str| date(text).unwrap().to_string();
        assert_eq!(at("2026-11-24"), "2026-11-24T23:59:59.999999999Z");
        assert_eq!(at("2026-11-24T09:30:00Z"), "2026-11-24T09:30:00Z");
        assert!(date("last tuesday").is_err());
        assert!(log_id("00").is_err() && log_id(&"zz".repeat(16)).is_err());
        assert_eq!(log_id(&"0a".repeat(16)), Ok([10; 16]));
    }
}
