//! `arena drill`: a backup that was never restored is a hope. This restores the newest one beside the log, checks every
//! byte of it, folds both, and compares the states.

use super::Global;
use super::target::{Bar, OpenArgs, PinArgs, TargetArgs, existing, own_key, say_who_signed};
use crate::exit::{Code, Failure, Outcome, backup_failure};
use backup::{Catalog, Choice, Progress, RestoreOptions, Trust};
use clap::Args;
use console::output::{Format, Paint, Table};
use console::print;
use eventlog::LogReader;
use projections::State;
use schemas::frame::{Check, Head};
use schemas::{Bytes32, Seq};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Arguments.
#[derive(Debug, Args)]
pub struct DrillArgs {
    /// Where the backups are.
    #[command(flatten)]
    pub target: TargetArgs,
    /// The log that was backed up [default: the paper log of the data directory]
    #[arg(long, value_name = "DIR")]
    pub log: Option<PathBuf>,
    /// Where the drill may write: it needs room for twice the log [default: the system's temporary directory]
    #[arg(long, value_name = "DIR")]
    pub scratch: Option<PathBuf>,
    /// How the backup is opened.
    #[command(flatten)]
    pub open: OpenArgs,
    /// Who must have signed it; this machine's own key if not given.
    #[command(flatten)]
    pub pin: PinArgs,
}

/// What a drill found.
struct Found {
    backup: String,
    head: Head,
    events: u64,
    /// Of the restored log and of the log itself.
    hashes: (Bytes32, Bytes32),
    /// The log's own head at that event.
    own_head: Option<Head>,
    /// Where the fold of the log itself began.
    from: String,
}

impl Found {
    fn is_equal(&self) -> bool {
        self.hashes.0 == self.hashes.1 && self.own_head == Some(self.head)
    }
}

/// Runs it.
pub fn run(global: &Global, args: &DrillArgs) -> Outcome {
    let log = existing(global, args.log.as_deref())?;
    let home = Home::create(&args.scratch.clone().unwrap_or_else(std::env::temp_dir))?;
    let found = drill(global, args, &log, &home.0)?;
    show(global, &log, &found)?;
    if found.is_equal() {
        return Ok(Code::Ok);
    }
    let what = format!("backup {} does not restore to the state of {}", found.backup, log.display());
    Err(Failure::new(Code::Integrity, what).next("`arena verify` the target and the log, then make a new backup"))
}

fn drill(global: &Global, args: &DrillArgs, log: &Path, home: &Path) -> Result<Found, Failure> {
    let store = args.target.open()?;
    let pinned = args.pin.public_key.or_else(|| own_key(global));
    let reader = LogReader::open(log)?;
    // The log itself says which of several is meant.
    let log_id = args.open.log_id.unwrap_or_else(|| reader.log_id());
    let restored = home.join("log");
    let options = RestoreOptions {
        store: &*store,
        log_id: Some(log_id),
        choice: Choice::Newest,
        trust: Trust(pinned),
        opener: args.open.opener()?,
        log: &restored,
        deep: true,
    };
    // A target without any backup is told as that, not as one that lacks this log.
    Catalog::logs(&*store).map_err(backup_failure)?;
    let mut bar = Bar::new(global);
    let report = backup::restore(options, &mut bar).map_err(backup_failure)?;
    let head = report.head;
    bar.begin("folding the restored log", 0);
    let (theirs, _) = fold(&LogReader::open(&restored)?, head.seq)?;
    bar.begin("folding the log", 0);
    let (ours, from) = fold(&reader, head.seq)?;
    drop(bar);
    say_who_signed(global, pinned.is_some(), &report.signed_by);
    let own_head = reader.chain_at(head.seq)?;
    let hashes = (theirs.state_hash(), ours.state_hash());
    Ok(Found { backup: report.manifest.id, head, events: report.verified.events, hashes, own_head, from })
}

/// The state behind event `upto`, from the first event on. Where the first events were archived and deleted, from the
/// newest snapshot.
fn fold(reader: &LogReader, upto: u64) -> Result<(State, String), Failure> {
    let mut state = State::new();
    let mut from = "the first event".to_owned();
    if reader.first_seq()? > 1 {
        let snapshot = reader.latest_snapshot(Some(upto))?.newest;
        let read = snapshot.as_ref().and_then(|s| s.section("state")).and_then(|b| State::from_snapshot(b).ok());
        state = read.ok_or_else(|| {
            Failure::new(Code::Error, "the log was pruned and has no snapshot to fold from at or before the backup")
                .next("make a new backup, then drill again")
        })?;
        from = format!("the snapshot at {}", state.seq);
    }
    let start = Seq::new(state.seq + 1).unwrap_or(Seq::FIRST);
    let mut stream = reader.events(start, Check::Full)?;
    let mut events = Vec::new();
    while state.seq < upto && stream.next_frame(&mut events)? {
        events.iter().filter(|e| e.seq.get() <= upto).for_each(|e| state.apply(e));
    }
    Ok((state, from))
}

fn show(global: &Global, log: &Path, found: &Found) -> Outcome {
    let equal = found.is_equal();
    if global.format() == Format::Json {
        return print(
            &json!({
                "backup": found.backup,
                "log": log.display().to_string(),
                "equal": equal,
                "head_seq": found.head.seq,
                "head_hash": found.head.chain,
                "events_verified": found.events,
                "restored_state_hash": found.hashes.0,
                "log_state_hash": found.hashes.1,
                "log_head_hash": found.own_head.map(|h| h.chain),
                "log_folded_from": found.from,
            })
            .to_string(),
        );
    }
    let mut t = Table::new(&["figure", "value"]);
    let mut row = |name: &str, value: String| t.row(vec![name.to_owned(), value]);
    row("backup", found.backup.clone());
    row("restored and verified", format!("{} events", found.events));
    row("head", format!("{} {}", found.head.seq, found.head.chain));
    row("head in the log", found.own_head.map_or_else(|| "no frame ends there".to_owned(), |h| h.chain.to_string()));
    row("state of the restored log", found.hashes.0.to_string());
    row("state of the log there", format!("{}, folded from {}", found.hashes.1, found.from));
    print(&t.render(global.format()))?;
    let paint = Paint::stdout(global.color);
    match (equal, global.format()) {
        (true, Format::Table) => print(&paint.good("equal: this backup restores to the state of the log")),
        (false, Format::Table) => print(&paint.alarm("NOT EQUAL")),
        _ => Ok(Code::Ok),
    }
}

/// A folder of this process, removed when the drill ends.
struct Home(PathBuf);

impl Home {
    fn create(base: &Path) -> Result<Self, Failure> {
        let fail = |path: &Path, e: std::io::Error| {
            Failure::new(Code::Error, format!("cannot create {}: {e}", path.display()))
                .next("name a directory with room for twice the log: --scratch DIR")
        };
        std::fs::create_dir_all(base).map_err(|e| fail(base, e))?;
        let mut number = 0u32;
        loop {
            let path = base.join(format!("arena-drill-{}-{number}", std::process::id()));
            match std::fs::create_dir(&path) {
                Ok(()) => return Ok(Self(path)),
                Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => number += 1,
                Err(e) => return Err(fail(&path, e)),
            }
        }
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        // What cannot be removed lies in a temporary directory.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
