//! Power cuts.

use super::check::{Facts, check_log};
use super::dice::Dice;
use super::disk::{Disk, Image, Loss};
use super::names::Names;
use super::stage::{Stage, fast_home};
use super::trace::{Op, Trace};
use super::workers::{Job, Tally, case, none_failed, share};
use super::workload::{SHORT, WAYS, WRITE_A_LOG};
use std::fs;
use std::path::{Path, PathBuf};

const TRACES: &str = "ARENA_CRASH_TRACES";
const CUTS: &str = "ARENA_CRASH_CUTS";
const CASE: &str = "ARENA_CRASH_CASE";

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |n| n.parse().unwrap_or_else(|_| panic!("{name} is not a number: {n}")))
}

/// Where a cut falls: before or after a change of names, before or after a sync, anywhere.
fn point(trace: &Trace, dice: &mut Dice) -> usize {
    let wanted: fn(&Op<'_>) -> bool = match dice.below(100) {
        0..35 => |op| op.is_border() && !matches!(op, Op::Sync { .. }),
        35..70 => |op| matches!(op, Op::Sync { .. }),
        _ => |_| true,
    };
    let places: Vec<usize> = (0..trace.len()).filter(|i| wanted(&trace.op(*i))).collect();
    dice.pick(&places) + dice.below(2) as usize
}

fn rules(dice: &mut Dice) -> Names {
    *dice.pick(&[Names::Strict, Names::Journaled])
}

fn replay(mut disk: Disk, trace: &Trace, until: usize) -> Disk {
    trace.ops().take(until).for_each(|op| disk.apply(&op));
    disk
}

/// Runs the workload of a seed and keeps its trace. The replayed trace must be what lies on the real disk: then the
/// shim missed nothing.
fn record(seed: u64, kept: &Path) -> Trace {
    let stage = Stage::new();
    let (ended, trace) = stage.run(WRITE_A_LOG, seed, None);
    assert_eq!(ended.code, Some(0), "seed {seed}: {}", ended.said);
    assert_eq!(trace.marks(trace.len()).last().map(|(_, text)| text), Some("done"));
    whole(&trace, Disk::new(Names::Strict, Dice::new(0)), &stage);
    fs::copy(stage.path("trace"), kept).unwrap();
    trace
}

fn whole(trace: &Trace, before: Disk, stage: &Stage) {
    let replayed = replay(before, trace, trace.len()).cut(Loss::NONE);
    let missed = replayed.difference(&Image::read(&stage.root));
    assert_eq!(missed, None, "the trace does not say all that was done to this file");
}

#[test]
fn no_power_cut_loses_what_was_acknowledged() {
    let (traces, cuts) = (setting(TRACES, 8), setting(CUTS, 60));
    let (folder, mut failures) = (fast_home(), Vec::new());
    for seed in 0..traces {
        let kept = folder.path().join(format!("trace-{seed}"));
        let trace = record(seed, &kept);
        let outcome = share(&["cuts", kept.to_str().unwrap(), &seed.to_string(), &cuts.to_string()]);
        let (way, ops, size) = (WAYS[seed as usize % WAYS.len()], trace.len(), trace.bytes() >> 10);
        println!("power cuts, trace {seed} ({way}; {ops} effects, {size} KiB): {}", outcome.tally);
        assert!(outcome.tally.count("cuts") + outcome.failures.len() as u64 >= cuts, "some cuts were not tried");
        failures.extend(outcome.failures);
        fs::remove_file(kept).unwrap();
    }
    none_failed(&failures);
}

pub fn work(job: &Job) {
    let (kept, seed, cuts) = (PathBuf::from(&job.words[1]), job.number(2), job.number(3));
    let (trace, mut tally) = (Trace::load(&kept), Tally::default());
    for n in (job.part..cuts).step_by(job.parts as usize) {
        let name = format!("trace {seed} case {n}");
        case(&name, || one_cut(&trace, seed, n, &mut tally).map_err(|e| keep(&e, &[&kept], "cut", seed, n)));
    }
    tally.tell();
}

fn one_cut(trace: &Trace, seed: u64, n: u64, tally: &mut Tally) -> Result<(), String> {
    let mut dice = Dice::new(seed << 32 | n);
    let (at, rules, loss) = (point(trace, &mut dice), rules(&mut dice), Loss::draw(&mut dice));
    let facts = Facts::of(trace, at, Facts::default());
    let what = format!("cut at {at} of {}, {rules:?}, {loss:?}, {facts:?}", trace.len());
    println!("{what}");
    let home = fast_home();
    let root = home.path().join("disk");
    replay(Disk::new(rules, dice), trace, at).cut(loss).write(&root);
    let report = check_log(&root.join("log"), seed, facts).map_err(|e| format!("{e}; {what}"))?;
    tally.add("cuts", 1);
    tally.add("events acknowledged", facts.acknowledged);
    if report.head.seq < facts.tried {
        tally.add("with unacknowledged events gone", 1);
    }
    for note in &report.notes {
        let kind = format!("{note:?}");
        tally.add(kind.split(' ').next().unwrap_or_default(), 1);
    }
    Ok(())
}

/// A kill or a power cut, then a second process on what is left, then a power cut in its course.
#[test]
fn no_power_cut_after_a_crash_loses_what_was_acknowledged() {
    let (traces, cuts) = (setting(TRACES, 8), setting(CUTS, 60).div_ceil(5));
    let (folder, mut failures) = (fast_home(), Vec::new());
    for seed in 0..traces {
        let kept = folder.path().join(format!("trace-{seed}"));
        record(seed, &kept);
        let outcome = share(&["twice", kept.to_str().unwrap(), &seed.to_string(), &cuts.to_string()]);
        println!("power cuts after a crash, trace {seed}: {}", outcome.tally);
        assert!(outcome.tally.count("crashes") + outcome.failures.len() as u64 >= cuts, "some were not tried");
        failures.extend(outcome.failures);
        fs::remove_file(kept).unwrap();
    }
    none_failed(&failures);
}

pub fn work_twice(job: &Job) {
    let (kept, seed, cuts) = (PathBuf::from(&job.words[1]), job.number(2), job.number(3));
    let (trace, mut tally) = (Trace::load(&kept), Tally::default());
    for n in (job.part..cuts).step_by(job.parts as usize) {
        let stage = Stage::new();
        let second = stage.path("trace");
        let mut run = || match first_crash(&trace, seed, n).run(&stage) {
            Ok(second) => second_cuts(&trace, &second, seed, n, &mut tally),
            Err(e) => Err(e),
        };
        case(&format!("trace {seed} crash {n}"), || run().map_err(|e| keep(&e, &[&kept, &second], "twice", seed, n)));
    }
    tally.tell();
}

/// The crash after which a second process starts.
struct Crash {
    seed: u64,
    n: u64,
    what: String,
    facts: Facts,
    /// The disk as the second process finds it.
    image: Image,
    /// The same, with what of it is durable.
    disk: Disk,
}

fn first_crash(trace: &Trace, seed: u64, n: u64) -> Crash {
    let mut dice = Dice::new(seed << 32 | 1 << 31 | n);
    let (at, rules, kill) = (point(trace, &mut dice), rules(&mut dice), dice.chance(50));
    let loss = if kill { Loss::NONE } else { Loss::draw(&mut dice) };
    let facts = Facts::of(trace, at, Facts::default());
    let what = format!("{} at {at} of {}, {rules:?}, {loss:?}", if kill { "kill" } else { "cut" }, trace.len());
    let disk = replay(Disk::new(rules, dice.clone()), trace, at);
    let image = disk.clone().cut(loss);
    let disk = if kill { disk.left() } else { Disk::holding(&image, rules, dice) };
    Crash { seed, n, what, facts, image, disk }
}

impl Crash {
    /// Runs the second process.
    fn run(&self, stage: &Stage) -> Result<Trace, String> {
        fs::remove_dir(&stage.root).unwrap();
        self.image.write(&stage.root);
        let (ended, second) = stage.run(WRITE_A_LOG, self.child_seed(), None);
        if ended.code != Some(0) {
            return Err(format!("the second process: {}; {}", ended.said, self.what));
        }
        whole(&second, self.disk.clone(), stage);
        Ok(second)
    }

    /// A short run of its own, with the same options.
    fn child_seed(&self) -> u64 {
        SHORT | self.n << 40 | self.seed
    }
}

fn second_cuts(trace: &Trace, second: &Trace, seed: u64, n: u64, tally: &mut Tally) -> Result<(), String> {
    let crash = first_crash(trace, seed, n);
    tally.add("crashes", 1);
    for m in 0..5 {
        let mut dice = Dice::new(seed << 32 | 1 << 31 | n << 8 | m);
        let (at, loss) = (point(second, &mut dice), Loss::draw(&mut dice));
        let facts = Facts::of(second, at, crash.facts);
        let what = format!("{}; then cut {m} at {at} of {}, {loss:?}, {facts:?}", crash.what, second.len());
        println!("{what}");
        let home = fast_home();
        let root = home.path().join("disk");
        replay(crash.disk.clone(), second, at).with(dice).cut(loss).write(&root);
        check_log(&root.join("log"), crash.child_seed(), facts).map_err(|e| format!("{e}; {what}"))?;
        tally.add("second cuts", 1);
    }
    Ok(())
}

/// Keeps the traces of a case that failed, and says how to run it alone.
fn keep(reason: &str, traces: &[&PathBuf], kind: &str, seed: u64, n: u64) -> String {
    let mut words = vec![kind.to_owned(), seed.to_string(), n.to_string()];
    for (number, trace) in traces.iter().enumerate() {
        let name = format!("crash-{kind}-{seed}-{n}.{number}.trace");
        let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        if fs::copy(trace, &kept).is_ok() {
            words.push(kept.display().to_string());
        }
    }
    format!(
        "{reason}. Again: {CASE}='{}' cargo test -p arena-tests --test crash one_case -- --ignored",
        words.join(" ")
    )
}

/// Runs one kept case again.
#[test]
#[ignore = "for a case that failed: its message says how"]
fn one_case() {
    let Ok(words) = std::env::var(CASE) else { return };
    let words: Vec<&str> = words.split(' ').collect();
    let (seed, n) = (words[1].parse().unwrap(), words[2].parse().unwrap());
    let (trace, mut tally) = (Trace::load(Path::new(words[3])), Tally::default());
    let outcome = match (words[0], words.get(4)) {
        ("cut", _) => one_cut(&trace, seed, n, &mut tally),
        (_, Some(second)) => second_cuts(&trace, &Trace::load(Path::new(second)), seed, n, &mut tally),
        _ => first_crash(&trace, seed, n).run(&Stage::new()).map(drop),
    };
    outcome.unwrap_or_else(|e| panic!("{e}"));
}
