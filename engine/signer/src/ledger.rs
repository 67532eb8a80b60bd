//! What was signed for today, in a file that is written before a signature leaves. A signer that is killed between the
//! two has counted something that nobody got: the limit of a day is never passed, at worst not reached.
//!
//! The file is replaced whole (written beside, synced, renamed), five lines of text:
//!
//! ```text
//! alpha-arena signed 1
//! day 20781
//! spent 25000000
//! sold 0
//! sent 0
//! ```
//!
//! `day` counts UTC days since 1970; `spent` micro-dollars of buy orders, `sold` micro-shares of sell orders, `sent`
//! micro-dollars of transactions.

use crate::private_file::beside;
use rustix::fs::{FlockOperation, flock};
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

const TITLE: &str = "alpha-arena signed 1";
/// No such file is longer, bytes.
const LEN_MAX: u64 = 1024;

/// The day's sums cannot be kept, so nothing is signed.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The file system failed.
    #[error("cannot {what} {}: {source}; nothing is signed that cannot be counted", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Another signer counts there.
    #[error("{} is used by another signer; two would each sign up to the day's limit", path.display())]
    Busy {
        /// Which.
        path: PathBuf,
    },
    /// It does not say what was signed today.
    #[error("{} does not say what was signed today: {reason}", path.display())]
    Damaged {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: &'static str,
    },
}

impl LedgerError {
    /// What to do next, if there is something.
    pub fn next_step(&self) -> Option<String> {
        match self {
            Self::Damaged { path, .. } => Some(format!(
                "find out what the wallet did today; then move {} away, and what was signed today no longer counts",
                path.display()
            )),
            Self::Busy { .. } => Some("another engine or signer uses the same sums: stop it first".to_owned()),
            Self::Io { .. } => None,
        }
    }
}

/// What signatures of one UTC day let leave the wallet, at most. All in millionths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outflow {
    /// Dollars that buy orders pay.
    pub spent: u64,
    /// Shares that sell orders give.
    pub sold: u64,
    /// Dollars that transactions move.
    pub sent: u64,
}

impl Outflow {
    /// Both together; `None` if that does not fit.
    pub fn plus(self, other: Self) -> Option<Self> {
        Some(Self {
            spent: self.spent.checked_add(other.spent)?,
            sold: self.sold.checked_add(other.sold)?,
            sent: self.sent.checked_add(other.sent)?,
        })
    }
}

/// The sums of a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Day {
    /// UTC days since 1970.
    pub day: i64,
    /// What was signed for in it.
    pub sums: Outflow,
}

impl Day {
    /// These sums as they count at `day`: nothing on a later day. A clock that steps back does not bring an earlier day
    /// back, it goes on counting in this one.
    pub fn at(self, day: i64) -> Self {
        if day > self.day { Self { day, sums: Outflow::default() } } else { self }
    }
}

/// The sums and their file.
#[derive(Debug)]
pub struct Ledger {
    day: Day,
    file: Option<(PathBuf, File)>,
}

impl Ledger {
    /// Opens the file, or begins one. Only one process can have it.
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        let lock_path = beside(path, ".lock");
        let lock = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&lock_path);
        let lock = lock.map_err(failed("open", &lock_path))?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive).map_err(|e| match e.kind() {
            ErrorKind::WouldBlock => LedgerError::Busy { path: path.to_owned() },
            _ => failed("lock", &lock_path)(e.into()),
        })?;
        let day = read(path)?;
        let ledger = Self { day, file: Some((path.to_owned(), lock)) };
        // Found out now rather than at the first signature.
        ledger.write(day)?;
        Ok(ledger)
    }

    /// Sums that are kept nowhere: for a process that signs once and ends.
    pub fn volatile() -> Self {
        Self { day: Day::default(), file: None }
    }

    /// The sums as they count at `day`.
    pub fn at(&self, day: i64) -> Day {
        self.day.at(day)
    }

    /// Counts; when this returns, it is on the disk. After a failure the sums count as raised: nobody knows what the
    /// disk has.
    pub fn raise(&mut self, to: Day) -> Result<(), LedgerError> {
        self.day = to;
        self.write(to)
    }

    fn write(&self, day: Day) -> Result<(), LedgerError> {
        let Some((path, _)) = &self.file else { return Ok(()) };
        let temp = beside(path, ".tmp");
        let Outflow { spent, sold, sent } = day.sums;
        let text = format!("{TITLE}\nday {}\nspent {spent}\nsold {sold}\nsent {sent}\n", day.day);
        let written = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&temp);
        let written = written.and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()));
        written.map_err(failed("write", &temp))?;
        fs::rename(&temp, path).map_err(failed("replace", path))?;
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder).and_then(|f| f.sync_all()).map_err(failed("sync", folder))
    }
}

fn failed(what: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> LedgerError {
    let path = path.to_owned();
    move |source| LedgerError::Io { what, path, source }
}

fn read(path: &Path) -> Result<Day, LedgerError> {
    let bad = |reason| LedgerError::Damaged { path: path.to_owned(), reason };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Day::default()),
        Err(e) => return Err(failed("open", path)(e)),
    };
    let mut bytes = Vec::new();
    file.take(LEN_MAX).read_to_end(&mut bytes).map_err(failed("read", path))?;
    let text = std::str::from_utf8(&bytes).map_err(|_| bad("it is no text"))?;
    parse(text).ok_or_else(|| bad("it is not as it was written"))
}

/// Reads exactly what is written, nothing else.
fn parse(text: &str) -> Option<Day> {
    let mut lines = text.strip_suffix('\n')?.split('\n');
    if lines.next()? != TITLE {
        return None;
    }
    let mut value = |name: &str| lines.next()?.strip_prefix(name)?.strip_prefix(' ');
    let day = value("day")?.parse().ok()?;
    let spent = value("spent")?.parse().ok()?;
    let sold = value("sold")?.parse().ok()?;
    let sent = value("sent")?.parse().ok()?;
    lines.next().is_none().then_some(Day { day, sums: Outflow { spent, sold, sent } })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: i64, spent: u64) -> Day {
        Day { day, sums: Outflow { spent, sold: 2, sent: 3 } }
    }

    #[test]
    fn survives_and_belongs_to_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("signed");
        let mut ledger = Ledger::open(&path).unwrap();
        assert!(matches!(Ledger::open(&path), Err(LedgerError::Busy { .. })));
        ledger.raise(day(5, 1)).unwrap();
        drop(ledger);
        let ledger = Ledger::open(&path).unwrap();
        assert_eq!(ledger.at(5), day(5, 1));
        assert_eq!(ledger.at(4), day(5, 1), "a clock that steps back frees nothing");
        assert_eq!(ledger.at(6), Day { day: 6, sums: Outflow::default() });
    }

    #[test]
    fn what_is_not_as_written_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("signed");
        drop(Ledger::open(&path).unwrap());
        let whole = fs::read(&path).unwrap();
        for len in 0..whole.len() {
            fs::write(&path, &whole[..len]).unwrap();
            assert!(matches!(Ledger::open(&path), Err(LedgerError::Damaged { .. })), "cut to {len}");
        }
        for bad in ["spent -1", "spent 99999999999999999999", "spent ", "spent 1 "] {
            fs::write(&path, format!("{TITLE}\nday 1\n{bad}\nsold 0\nsent 0\n")).unwrap();
            assert!(Ledger::open(&path).unwrap_err().next_step().is_some(), "{bad}");
        }
        fs::write(&path, [&whole[..], b"more\n"].concat()).unwrap();
        assert!(Ledger::open(&path).is_err());
    }

    #[test]
    fn a_sum_that_cannot_be_written_counts_all_the_same() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("gone");
        fs::create_dir(&folder).unwrap();
        let mut ledger = Ledger::open(&folder.join("signed")).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        assert!(matches!(ledger.raise(day(1, 7)), Err(LedgerError::Io { .. })));
        assert_eq!(ledger.at(1), day(1, 7));
    }
}
