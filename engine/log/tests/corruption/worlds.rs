//! The logs that are damaged. Each is recorded at three moments of its life, so that a stale part can be put back, and
//! once more as two others: one with another id, and one with the same id and another history.

use crate::dice::Dice;
use crate::sample::{self, fast_home, records};
use eventlog::{LogReader, LogWriter, Signer, WriterOptions, maintain, segment};
use schemas::Bytes32;
use schemas::frame::Head;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Files by their name below the log.
pub type Content = BTreeMap<PathBuf, Arc<Vec<u8>>>;

/// How a log's last moment came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Closed,
    /// Its writer died right after a checkpoint.
    Killed,
    /// Its writer died, and the hot copy does not have the last frames yet.
    Lagging,
}

/// What kind of log.
#[derive(Clone, Debug)]
pub struct Plan {
    pub name: &'static str,
    pub end: End,
    pub options: WriterOptions,
    pub seals: bool,
    /// Several journal files that are not sealed yet.
    pub unsealed: bool,
    pub prunes: bool,
    pub large_frames: bool,
}

fn plans() -> Vec<Plan> {
    let base = WriterOptions { roll_len: 8_000, plain_segments: 99, keep_journal: 0, ..sample::options() };
    let plan = |name, end, keep_journal, plain_segments| Plan {
        name,
        end,
        options: WriterOptions { keep_journal, plain_segments, ..base.clone() },
        seals: true,
        unsealed: false,
        prunes: false,
        large_frames: false,
    };
    let with = |mut plan: Plan, change: fn(&mut Plan)| {
        change(&mut plan);
        plan
    };
    let single = |p: &mut Plan| (p.seals, p.options.roll_len) = (false, 64 << 20);
    let zeros = |p: &mut Plan| (p.options.preallocate, p.options.roll_len) = (true, 10_000);
    use End::{Closed, Killed, Lagging};
    vec![
        with(plan("one journal file, closed", Closed, 0, 99), single),
        with(plan("one journal file, killed", Killed, 0, 99), single),
        with(plan("one journal file, lagging", Lagging, 0, 99), single),
        with(plan("journal files, closed", Closed, 0, 99), |p| p.unsealed = true),
        with(plan("journal files, killed", Killed, 0, 99), |p| p.unsealed = true),
        plan("segments alone, closed", Closed, 0, 99),
        plan("segments alone, killed", Killed, 0, 99),
        plan("segments and one journal file, closed", Closed, 1, 99),
        plan("segments and one journal file, lagging", Lagging, 1, 2),
        plan("segments and all journal files, closed", Closed, 99, 99),
        plan("segments and all journal files, killed", Killed, 99, 2),
        plan("compressed, closed", Closed, 0, 0),
        plan("compressed and all journal files, killed", Killed, 99, 0),
        with(plan("pruned, closed", Closed, 1, 2), |p| p.prunes = true),
        with(plan("pruned with all journal files, lagging", Lagging, 99, 0), |p| p.prunes = true),
        with(plan("preallocated, closed", Closed, 1, 2), zeros),
        with(plan("preallocated, killed", Killed, 1, 2), zeros),
        with(plan("without a journal, closed", Closed, 0, 2), |p| p.options.journal = false),
        with(plan("without a journal, killed", Killed, 0, 2), |p| p.options.journal = false),
        with(plan("without a hot copy, closed", Closed, 99, 2), |p| p.options.hot = false),
        with(plan("large frames, closed", Closed, 1, 1), |p| {
            (p.large_frames, p.options.roll_len) = (true, 100_000);
        }),
    ]
}

/// How many logs there are.
pub const COUNT: usize = 42;

/// A log under test.
pub struct World {
    pub plan: Plan,
    /// What it was at each moment; the last one is damaged.
    pub moments: Vec<Content>,
    /// A log with another id, and one with the same id and another history.
    pub other: Content,
    pub fork: Content,
    /// The first event that is still here.
    pub first: u64,
    pub head: Head,
    /// What a reader sees: all of it, unless there is no journal.
    pub visible: u64,
    /// What opening says of it when nothing is damaged.
    pub notes: Vec<String>,
}

impl World {
    /// Builds the log with this number; the same every time, but for the bytes sled writes and the files a background
    /// thread had ready.
    pub fn build(number: usize) -> Self {
        let plans = plans();
        let mut plan = plans[number % plans.len()].clone();
        let home = fast_home();
        plan.options.log_id = Some([number as u8; 16]);
        plan.options.signer = (number % 3 != 1).then(|| signer(home.path()));
        let moments = record(home.path(), &plan, number, 0);
        let mut foreign = plan.clone();
        let fork = record(home.path(), &foreign, number, 3_000).remove(2);
        foreign.options.log_id = Some([0xee; 16]);
        let other = record(home.path(), &foreign, number, 0).remove(2);
        let dir = home.path().join("trial");
        lay_out(&dir, &moments[2]);
        let reader = LogReader::open(&dir).unwrap();
        let (first, visible) = (reader.first_seq().unwrap(), reader.last().unwrap().seq);
        let verified = eventlog::verify(&dir).unwrap();
        assert!(verified.is_clean(), "{}: {:?}", plan.name, verified.findings);
        let (writer, report) = LogWriter::open(&dir, &plan.options).unwrap();
        let notes: Vec<String> = report.notes.iter().map(ToString::to_string).collect();
        let lags = |note: &String| plan.end != End::Closed && note.starts_with("hot copy was");
        assert!(notes.iter().all(lags), "{}: {notes:?}", plan.name);
        writer.close().unwrap();
        assert_eq!(sample::read_from(&dir, first), sample::expected(report.head.seq)[first as usize - 1..]);
        Self { plan, moments, other, fork, first, head: report.head, visible, notes }
    }

    pub fn content(&self) -> &Content {
        &self.moments[2]
    }

    /// Whether the hot copy holds everything that is not sealed.
    pub fn has_whole_hot_copy(&self) -> bool {
        self.plan.options.hot && self.plan.options.journal && self.plan.end != End::Lagging
    }

    /// The last event of the sealed part.
    pub fn sealed(&self) -> u64 {
        self.content().keys().filter_map(|name| segment::range_of(name)).map(|(_, last)| last).max().unwrap_or(0)
    }
}

fn signer(home: &Path) -> Arc<Signer> {
    let path = home.join("log.key");
    fs::write(&path, "5a".repeat(32)).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    Arc::new(Signer::load(&path).unwrap())
}

/// Writes exactly these files.
pub fn lay_out(dir: &Path, content: &Content) {
    let _ = fs::remove_dir_all(dir);
    fs::create_dir_all(dir).unwrap();
    for (name, bytes) in content {
        let path = dir.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, &**bytes).unwrap();
    }
}

fn content_of(dir: &Path) -> Content {
    sample::files(dir).into_iter().map(|(name, bytes)| (name, Arc::new(bytes))).collect()
}

/// The three moments of a log whose records are those from `shift` on.
fn record(home: &Path, plan: &Plan, number: usize, shift: u64) -> Vec<Content> {
    if !plan.unsealed {
        return Recorder::start(home, plan, number, shift).moments();
    }
    // One journal file, and the same frames in many that are sealed: the many with the hot copy of the one is a log
    // whose keeper had no time to seal them.
    let one =
        Plan { options: WriterOptions { roll_len: 64 << 20, ..plan.options.clone() }, seals: false, ..plan.clone() };
    let many = WriterOptions { keep_journal: 99, ..plan.options.clone() };
    let many = Plan { options: many, seals: false, ..plan.clone() };
    let one = Recorder::start(home, &one, number, shift).moments();
    let many = Recorder::start(home, &many, number, shift).moments();
    let is_journal = |name: &Path| name.starts_with("journal");
    let mix = |(mut one, many): (Content, Content)| {
        one.retain(|name, _| !is_journal(name));
        one.extend(many.into_iter().filter(|(name, _)| is_journal(name)));
        one
    };
    one.into_iter().zip(many).map(mix).collect()
}

struct Recorder<'a> {
    dir: PathBuf,
    plan: &'a Plan,
    shift: u64,
    dice: Dice,
    writer: LogWriter,
}

impl<'a> Recorder<'a> {
    fn start(home: &Path, plan: &'a Plan, number: usize, shift: u64) -> Self {
        let dir = home.join("log");
        let _ = fs::remove_dir_all(&dir);
        let writer = LogWriter::open(&dir, &plan.options).unwrap().0;
        Self { dir, plan, shift, dice: Dice::new(number as u64), writer }
    }

    fn moments(mut self) -> Vec<Content> {
        self.live(0);
        let dir = self.dir.clone();
        self.writer.close().unwrap();
        let closed = content_of(&dir);
        self.writer = LogWriter::open(&dir, &self.plan.options).unwrap().0;
        self.live(1);
        self.writer.checkpoint().unwrap();
        let live = content_of(&dir);
        self.live(2);
        let end = match self.plan.end {
            End::Closed => {
                self.writer.close().unwrap();
                content_of(&dir)
            }
            End::Killed => {
                self.writer.checkpoint().unwrap();
                content_of(&dir)
            }
            End::Lagging => {
                self.writer.checkpoint().unwrap();
                let before = content_of(&dir);
                self.append(&[3, 1, 2]);
                let mut end = content_of(&dir);
                end.retain(|name, _| !name.starts_with("hot"));
                end.extend(before.into_iter().filter(|(name, _)| name.starts_with("hot")));
                end
            }
        };
        fs::remove_dir_all(&dir).unwrap();
        vec![closed, live, end]
    }

    /// Some frames, sealed if they are to be, and a few more behind.
    fn live(&mut self, part: usize) {
        let frames: Vec<u64> = match self.plan.large_frames {
            true => vec![3, 600, 40, 700, 5],
            false => (0..12).map(|_| 1 + self.dice.below(40) as u64).collect(),
        };
        self.append(&frames);
        if self.plan.seals {
            self.writer.seal_all().unwrap();
        }
        let state = vec![part as u8; 300];
        self.writer.write_snapshot(&[("state".to_owned(), state)]).unwrap();
        self.writer.sign_checkpoint(Bytes32([part as u8; 32])).unwrap();
        if self.plan.prunes && part > 0 {
            let reader = LogReader::open(&self.dir).unwrap();
            maintain::prune(&self.dir, reader.segments().unwrap()[part - 1].last_seq).unwrap();
        }
        // So few that the file takes them without being closed.
        let rest: Vec<u64> = (0..5).map(|_| 1 + self.dice.below(6) as u64).collect();
        self.append(&rest);
    }

    fn append(&mut self, frames: &[u64]) {
        for count in frames {
            let first = self.writer.next_seq().get();
            self.writer.commit(&records(first + self.shift, *count)).unwrap();
        }
    }
}
