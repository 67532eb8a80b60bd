//! How a log is kept, in words that a child can be given.

use crate::sample::options;
use eventlog::{Signer, WriterOptions};
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spec {
    pub roll_len: u64,
    pub hot: bool,
    pub journal: bool,
    pub preallocate: bool,
    pub signed: bool,
    pub keep_journal: usize,
    pub plain_segments: usize,
}

/// A journal and its hot copy, in files that are rarely full.
pub const PLAIN: Spec = Spec {
    roll_len: 60_000,
    hot: true,
    journal: true,
    preallocate: false,
    signed: false,
    keep_journal: 2,
    plain_segments: 16,
};

/// Files so small that something is being sealed all the time.
pub const SEALING: Spec = Spec { roll_len: 3_000, keep_journal: 1, plain_segments: 2, ..PLAIN };

impl fmt::Display for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flags = [self.hot, self.journal, self.preallocate, self.signed].map(u8::from);
        let [hot, journal, preallocate, signed] = flags;
        let Self { roll_len, keep_journal, plain_segments, .. } = self;
        write!(f, "{roll_len} {hot} {journal} {preallocate} {signed} {keep_journal} {plain_segments}")
    }
}

impl FromStr for Spec {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let numbers: Vec<u64> = text.split(' ').filter_map(|n| n.parse().ok()).collect();
        let [roll_len, hot, journal, preallocate, signed, keep, plain] = numbers[..] else { return Err(()) };
        Ok(Self {
            roll_len,
            hot: hot == 1,
            journal: journal == 1,
            preallocate: preallocate == 1,
            signed: signed == 1,
            keep_journal: keep as usize,
            plain_segments: plain as usize,
        })
    }
}

/// The signing key of the log in `dir`, beside it.
fn key_path(dir: &Path) -> PathBuf {
    dir.with_extension("key")
}

impl Spec {
    pub fn options(&self, dir: &Path) -> WriterOptions {
        let signer = self.signed.then(|| Arc::new(Signer::load_or_create(&key_path(dir)).unwrap()));
        WriterOptions {
            roll_len: self.roll_len,
            checkpoint_len: 20_000,
            hot: self.hot,
            journal: self.journal,
            preallocate: self.preallocate,
            keep_journal: self.keep_journal,
            plain_segments: self.plain_segments,
            signer,
            ..options()
        }
    }
}
