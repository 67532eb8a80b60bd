//! Calls that fail: each write, each sync, each name in turn, once or for good.

use super::check::{Facts, check_log};
use super::dice::Dice;
use super::disk::{Disk, Loss};
use super::names::Names;
use super::pages::Data;
use super::stage::{Calls, Fault, Stage, fast_home};
use super::trace::{Op, Trace};
use super::workers::{Job, Tally, case, none_failed, share};
use super::workload::{SHORT, STOPPED, WAYS, WRITE_A_LOG};

const EIO: i32 = 5;
const EACCES: i32 = 13;
const EFBIG: i32 = 27;
const ENOSPC: i32 = 28;
const EROFS: i32 = 30;
const EDQUOT: i32 = 122;

const ALL: Calls = Calls::WRITE.and(Calls::SYNC).and(Calls::NAME).and(Calls::OPEN);

const fn lasting(calls: Calls, errno: i32) -> Fault {
    Fault { calls, errno, lasting: true, short: false, path: "" }
}

const fn once(calls: Calls, errno: i32) -> Fault {
    Fault { lasting: false, ..lasting(calls, errno) }
}

/// What can fail, by name, and the ways of keeping a log (their places in [`WAYS`]) that meet it. With
/// `ARENA_CRASH_ALL` every way meets everything.
const FAULTS: [(&str, Fault, &[u64]); 15] = [
    ("full", lasting(Calls::WRITE.and(Calls::NAME), ENOSPC), &[3, 6]),
    ("full-in-the-middle", Fault { short: true, ..lasting(Calls::WRITE, ENOSPC) }, &[4]),
    ("full-for-a-moment", once(Calls::WRITE, ENOSPC), &[3]),
    ("full-at-sync", once(Calls::SYNC, ENOSPC), &[7]),
    ("quota", lasting(Calls::WRITE, EDQUOT), &[1]),
    ("limit", lasting(Calls::WRITE, EFBIG), &[4]),
    ("short", Fault { short: true, ..once(Calls::WRITE, 0) }, &[3]),
    ("write", once(Calls::WRITE, EIO), &[7, 6]),
    ("writes", lasting(Calls::WRITE, EIO), &[4]),
    ("sync", once(Calls::SYNC, EIO), &[3, 6]),
    ("syncs", lasting(Calls::SYNC, EIO), &[1]),
    ("name", once(Calls::NAME, EIO), &[3, 6]),
    ("gone", lasting(ALL, EIO), &[4]),
    ("read-only", lasting(ALL, EROFS), &[1]),
    ("denied", once(Calls::OPEN, EACCES), &[3, 6]),
];

/// Meets each fault at its first, second, third ... call, until a run comes to its end before the fault does.
fn everywhere(names: &[&str]) {
    let mut failures = Vec::new();
    for (name, _, ways) in FAULTS.iter().filter(|(name, _, _)| names.contains(name)) {
        let all = std::env::var_os("ARENA_CRASH_ALL").is_some();
        let ways = if all { &[0, 1, 2, 3, 4, 5, 6, 7] } else { *ways };
        for way in ways {
            let outcome = share(&["faults", name, &way.to_string()]);
            println!("fault {name}, {}: {}", WAYS[*way as usize], outcome.tally);
            assert!(outcome.tally.count("faults") > 5 || !outcome.failures.is_empty(), "it hardly ever came");
            failures.extend(outcome.failures);
        }
    }
    none_failed(&failures);
}

#[test]
fn a_disk_that_is_full_from_some_write_on() {
    everywhere(&["full", "full-in-the-middle"]);
}

#[test]
fn a_disk_that_is_full_for_a_moment() {
    everywhere(&["full-for-a-moment", "full-at-sync"]);
}

#[test]
fn a_quota_or_a_limit_of_the_file_size() {
    everywhere(&["quota", "limit"]);
}

#[test]
fn a_write_that_is_short_is_no_error() {
    everywhere(&["short"]);
}

#[test]
fn a_write_that_fails() {
    everywhere(&["write", "writes"]);
}

#[test]
fn a_sync_that_fails() {
    everywhere(&["sync", "syncs"]);
}

#[test]
fn a_name_that_cannot_be_made() {
    everywhere(&["name"]);
}

#[test]
fn a_disk_that_goes_away_or_turns_read_only() {
    everywhere(&["gone", "read-only"]);
}

#[test]
fn a_file_that_may_not_be_opened() {
    everywhere(&["denied"]);
}

pub fn work(job: &Job) {
    let name = job.words[1].as_str();
    let (_, fault, _) = FAULTS.iter().find(|(n, _, _)| *n == name).unwrap();
    let seed = SHORT | job.number(2);
    let mut tally = Tally::default();
    for k in (1 + job.part..).step_by(job.parts as usize) {
        // One that fails was met.
        let mut met = true;
        case(&format!("{name} at call {k}"), || one_fault(*fault, k, seed, &mut tally).map(|m| met = m));
        if !met {
            break;
        }
    }
    tally.tell();
}

/// Returns whether the fault came before the run's end.
fn one_fault(fault: Fault, k: u64, seed: u64, tally: &mut Tally) -> Result<bool, String> {
    let stage = Stage::new();
    let (ended, trace) = stage.run(WRITE_A_LOG, seed, Some((fault, k)));
    let met = trace.ops().position(|op| matches!(op, Op::Fault { .. }));
    let facts = Facts::of(&trace, trace.len(), Facts::default());
    match ended.code {
        Some(0) => {}
        Some(STOPPED) if met.is_some() => tally.add("stopped", 1),
        _ => return Err(format!("the process ended with {:?}: {}", ended.code, ended.said)),
    }
    if let Some(at) = met {
        tally.add("faults", 1);
        behaves(&trace, at, fault, ended.code == Some(0))?;
    }
    let lost = Data::Dropped;
    let disk = Disk::new(Names::Strict, Dice::new(k)).failing(lost);
    let failed = met.map(|at| format!("{:?}", trace.op(at))).unwrap_or_default();
    let said = |e: String| format!("{e}; after {failed}, {facts:?}, marks {:?}", last_marks(&trace));
    // The fault has gone: the next start finds everything.
    check_log(&stage.log(), seed, facts).map_err(said)?;
    // So it does if the power went as well, and with it whatever a failed sync had not written.
    let home = fast_home();
    let root = home.path().join("disk");
    let mut after = disk;
    trace.ops().for_each(|op| after.apply(&op));
    after.cut(Loss::ALL).write(&root);
    check_log(&root.join("log"), seed, facts).map_err(|e| said(format!("after a power cut: {e}")))?;
    Ok(met.is_some())
}

fn last_marks(trace: &Trace) -> Vec<&str> {
    let marks: Vec<_> = trace.marks(trace.len()).map(|(_, text)| text).collect();
    marks[marks.len().saturating_sub(6)..].to_vec()
}

/// What the process said about the fault at the effect `at`.
fn behaves(trace: &Trace, at: usize, fault: Fault, finished: bool) -> Result<(), String> {
    let marks: Vec<_> = trace.marks(trace.len()).collect();
    let wrong = |reason: &str| Err(format!("{reason}: {:?} of {:?}", last_marks(trace), trace.op(at)));
    if marks.iter().any(|(_, text)| text.starts_with("wrong")) {
        return wrong("after an error");
    }
    let errors: Vec<_> = marks.iter().filter(|(_, text)| text.starts_with("error ")).collect();
    if finished {
        return if errors.is_empty() { Ok(()) } else { wrong("it went on after an error") };
    }
    let [(stopped, text)] = errors[..] else { return wrong("one error stops it") };
    let words: Vec<_> = text.split(' ').collect();
    let (policy, kind) = (words[2], words[3]);
    let full = matches!(fault.errno, ENOSPC | EDQUOT | EFBIG);
    let expected = if full { ("Halt", "DiskFull") } else { ("Halt", "Io") };
    // sled does not tell every error: of some it panics.
    let sleds = matches!(trace.op(at), Op::Fault { path, .. } if path.starts_with("log/hot"));
    if (policy, kind) != expected && !(sleds && (policy, kind) == ("Rebuild", "Hot")) {
        return wrong("the kind of error");
    }
    let acknowledged = |from: usize| marks.iter().any(|(i, text)| *i > from && text.starts_with("ack "));
    // Deleting an old journal file is no part of a commit.
    let appends = |class: u64| Calls::WRITE.and(Calls::SYNC).holds(class);
    let journal = matches!(trace.op(at), Op::Fault { class, path, errno, .. }
        if appends(class) && path.contains("journal/j-") && errno != 0);
    // Batches that queue are acknowledged by the log thread and said by another: what is said behind the fault may have been
    // durable before it, if it is a later batch that the fault met.
    let number = |text: &str, word: &str| text.strip_prefix(word).and_then(|n| n.parse::<u64>().ok());
    let said = |word: &str, n: u64| marks.iter().any(|(_, text)| number(text, word) == Some(n));
    let met_a_later_one = |n: u64| {
        let tried = marks.iter().take_while(|(i, _)| *i < at).filter_map(|(_, text)| number(text, "try "));
        tried.into_iter().any(|m| m > n && !said("ack ", m))
    };
    let acks = marks.iter().filter(|(i, _)| *i > at).filter_map(|(_, text)| number(text, "ack "));
    let with_the_fault = journal && acks.into_iter().any(|n| !met_a_later_one(n));
    if acknowledged(*stopped) || with_the_fault {
        return wrong("acknowledged behind an error");
    }
    Ok(())
}
