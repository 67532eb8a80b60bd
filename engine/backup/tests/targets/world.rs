//! A log, a target and a key in a temporary directory.

use backup::store::{self, Store};
use backup::{
    BackupError, BackupOptions, BackupReport, Choice, Opener, RestoreOptions, RestoreReport, Sealer, Silent, Trust,
    VerifyOptions, VerifyReport,
};
use eventlog::{LogReader, LogWriter, Signer, WriterOptions};
use schemas::event::{BookDelta, MarketEvent, SystemEvent};
use schemas::frame::Check;
use schemas::{CycleId, Envelope, Event, MarketId, Price, Record, Seq, Side, Size, UtcNanos};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// A day in nanoseconds.
pub const DAY: i64 = 86_400_000_000_000;

/// The `n`-th record of every log here: a tick, or now and then a text.
pub fn record(n: u64) -> Record {
    let event = if n % 7 == 3 {
        Event::System(SystemEvent::Halted { reason: format!("reason {n}") })
    } else {
        Event::Market(MarketEvent::BookDelta(BookDelta {
            token: MarketId(n as u32 % 50).yes(),
            side: Side::Buy,
            price: Price(10_000 * (n as i64 % 99)),
            size: Size(1_000_000 * n as i64),
            stated: None,
            source_time: UtcNanos(n as i64 * 1_000 - 5),
        }))
    };
    Record { time: UtcNanos(n as i64 * 1_000), cause: n / 2, cycle: CycleId(n as u32 / 10), event }
}

/// The events 1 to `last`.
pub fn expected(last: u64) -> Vec<Envelope> {
    (1..=last).map(|n| record(n).at(Seq::new(n).unwrap())).collect()
}

/// Small journal files, so that small logs have segments.
pub fn options(signer: Option<Signer>) -> WriterOptions {
    WriterOptions {
        owner: "the test".to_owned(),
        preallocate: false,
        roll_len: 16 << 10,
        keep_journal: 0,
        plain_segments: 2,
        signer: signer.map(std::sync::Arc::new),
        ..WriterOptions::default()
    }
}

pub fn append(writer: &mut LogWriter, frames: u64, count: u64) {
    for _ in 0..frames {
        let first = writer.next_seq().get();
        writer.commit(&(first..first + count).map(record).collect()).unwrap();
    }
}

/// Everything a test needs; gone when it ends.
pub struct World {
    pub home: tempfile::TempDir,
    pub log: PathBuf,
    pub target: PathBuf,
    pub now: UtcNanos,
}

impl World {
    /// With a log of some segments and a tail.
    pub fn new() -> Self {
        let world = Self::empty();
        world.grow(40);
        world
    }

    pub fn empty() -> Self {
        let home = tempfile::tempdir().unwrap();
        let (log, target) = (home.path().join("log"), home.path().join("target"));
        let world = Self { log, target, now: UtcNanos(20_000 * DAY), home };
        Signer::create(&world.key_file()).unwrap();
        world
    }

    pub fn key_file(&self) -> PathBuf {
        self.home.path().join("key")
    }

    pub fn signer(&self) -> Signer {
        Signer::load(&self.key_file()).unwrap()
    }

    pub fn store(&self) -> Box<dyn Store> {
        store::open(&self.target.display().to_string()).unwrap()
    }

    /// Appends frames of 32 events, all sealed but the last three, closes, and returns the last event.
    pub fn grow(&self, frames: u64) -> u64 {
        let (mut writer, _) = LogWriter::open(&self.log, &options(Some(self.signer()))).unwrap();
        append(&mut writer, frames - 3, 32);
        writer.seal_all().unwrap();
        append(&mut writer, 3, 32);
        let head = writer.head();
        writer.close().unwrap();
        head.seq
    }

    pub fn backup(&self) -> Result<BackupReport, BackupError> {
        self.backup_with(Sealer::plain(), |_| ())
    }

    pub fn backup_with(
        &self,
        sealer: Sealer,
        change: impl FnOnce(&mut BackupOptions<'_>),
    ) -> Result<BackupReport, BackupError> {
        let store = self.store();
        self.backup_into(&*store, sealer, change)
    }

    pub fn backup_into(
        &self,
        store: &dyn Store,
        sealer: Sealer,
        change: impl FnOnce(&mut BackupOptions<'_>),
    ) -> Result<BackupReport, BackupError> {
        let signer = self.signer();
        let mut options = BackupOptions {
            log: &self.log,
            store,
            signer: &signer,
            also_trust: Vec::new(),
            sealer,
            config: Vec::new(),
            keep_days: 30,
            now: self.now,
        };
        change(&mut options);
        backup::backup(options, &mut Silent)
    }

    pub fn restored(&self) -> PathBuf {
        self.home.path().join("restored")
    }

    pub fn restore(&self, choice: Choice) -> Result<RestoreReport, BackupError> {
        self.restore_with(choice, Opener::default(), Trust::default())
    }

    pub fn restore_with(&self, choice: Choice, opener: Opener, trust: Trust) -> Result<RestoreReport, BackupError> {
        let (store, log) = (self.store(), self.restored());
        let options = RestoreOptions { store: &*store, log_id: None, choice, trust, opener, log: &log, deep: true };
        backup::restore(options, &mut Silent)
    }

    pub fn verify(&self) -> Result<VerifyReport, BackupError> {
        self.verify_with(Opener::default())
    }

    pub fn verify_with(&self, opener: Opener) -> Result<VerifyReport, BackupError> {
        let store = self.store();
        let (choice, trust) = (Choice::Newest, Trust::default());
        backup::verify(VerifyOptions { store: &*store, log_id: None, choice, trust, opener, deep: true }, &mut Silent)
    }

    /// The folder of the one log in the target.
    pub fn folder(&self) -> PathBuf {
        let id = LogReader::open(&self.log).unwrap().log_id();
        self.target.join(eventlog::hex(&id))
    }

    /// Names below a folder of the log in the target.
    pub fn names(&self, folder: &str) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.folder().join(folder))
            .map(|all| all.map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect())
            .unwrap_or_default();
        names.sort();
        names
    }

    /// Whether a failed restore left the log's place as it was.
    pub fn nothing_restored(&self) {
        assert!(!self.restored().exists(), "a half log was left behind");
    }
}

/// Every event of a log, and that it is intact to the last byte.
pub fn intact(log: &Path, last: u64) {
    let reader = LogReader::open(log).unwrap();
    let mut stream = reader.events(Seq::FIRST, Check::Full).unwrap();
    let (mut all, mut frame) = (Vec::new(), Vec::new());
    while stream.next_frame(&mut frame).unwrap() {
        all.append(&mut frame);
    }
    assert_eq!(all.len() as u64, last);
    assert!(all == expected(last), "the events are those that were written");
    let deep = eventlog::VerifyOptions { deep: true, ..Default::default() };
    let report = eventlog::verify_with(log, &deep, &mut |_| ()).unwrap();
    assert!(report.findings.iter().all(|f| f.severity == eventlog::Severity::Repairable), "{:?}", report.findings);
}

/// Path and content of every file below a directory.
pub fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    let mut todo = vec![dir.to_owned()];
    while let Some(next) = todo.pop() {
        for entry in fs::read_dir(&next).map(|e| e.flatten().collect()).unwrap_or_else(|_| Vec::new()) {
            let path = entry.path();
            if path.is_dir() { todo.push(path) } else { drop(all.insert(path.clone(), fs::read(&path).unwrap())) }
        }
    }
    all
}
