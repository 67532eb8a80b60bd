//! Many cases in several processes: a case that ends its process, as sled may, must not take the others' results along.

use super::stage::{child, fast_home, finish};
use super::{cuts, faults};
use std::collections::BTreeMap;
use std::time::Duration;

const JOB: &str = "ARENA_CRASH_JOB";
const PART: &str = "ARENA_CRASH_PART";
const PARTS: &str = "ARENA_CRASH_PARTS";
/// Long runs take hours.
const PATIENCE: Duration = Duration::from_secs(24 * 3600);

/// What a worker has to do, and which part of it.
pub struct Job {
    pub words: Vec<String>,
    pub part: u64,
    pub parts: u64,
}

impl Job {
    pub fn number(&self, at: usize) -> u64 {
        self.words[at].parse().unwrap()
    }
}

/// Counts by name.
#[derive(Debug, Default)]
pub struct Tally(BTreeMap<String, u64>);

impl Tally {
    pub fn add(&mut self, name: &str, count: u64) {
        *self.0.entry(name.to_owned()).or_default() += count;
    }

    pub fn count(&self, name: &str) -> u64 {
        self.0.get(name).copied().unwrap_or(0)
    }

    /// Adds what workers printed.
    fn read(&mut self, said: &str) {
        for line in said.lines() {
            if let Some((name, count)) = line.strip_prefix("tally ").and_then(|l| l.rsplit_once(' ')) {
                self.add(name, count.parse().unwrap());
            }
        }
    }

    /// What a worker prints.
    pub fn tell(&self) {
        for (name, count) in &self.0 {
            println!("tally {name} {count}");
        }
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let words: Vec<String> = self.0.iter().map(|(name, count)| format!("{count} {name}")).collect();
        f.write_str(&words.join(", "))
    }
}

/// What came of a job.
pub struct Outcome {
    pub tally: Tally,
    pub failures: Vec<String>,
}

/// Has a job done by as many workers as there are processors, and adds up what they counted. Every line that begins
/// with `FAILED` is a failure, and so is a worker that does not come to its end.
pub fn share(words: &[&str]) -> Outcome {
    let home = fast_home();
    let parts = std::thread::available_parallelism().map_or(2, |n| n.get().min(16));
    let run = |part: usize| {
        let mut command = child("workers::work");
        command.env(JOB, words.join(" ")).env(PART, part.to_string()).env(PARTS, parts.to_string());
        finish(command, &home.path().join(format!("said-{part}")), PATIENCE)
    };
    let ended: Vec<_> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..parts).map(|part| scope.spawn(move || run(part))).collect();
        running.into_iter().map(|r| r.join().expect("a worker ends")).collect()
    });
    let (mut tally, mut failures) = (Tally::default(), Vec::new());
    for worker in ended {
        tally.read(&worker.said);
        failures.extend(worker.said.lines().filter(|l| l.starts_with("FAILED")).map(str::to_owned));
        if worker.code != Some(0) || !worker.said.contains("\nend of work\n") {
            let tail: Vec<&str> = worker.said.lines().rev().take(30).collect();
            let tail: Vec<&str> = tail.into_iter().rev().collect();
            failures.push(format!("a worker ended with {:?}; its last words:\n{}", worker.code, tail.join("\n")));
        }
    }
    Outcome { tally, failures }
}

/// Fails with all of the failures, if there are any.
pub fn none_failed(failures: &[String]) {
    assert!(failures.is_empty(), "{} failed:\n{}", failures.len(), failures.join("\n"));
}

/// Runs one case. A panic inside it is a failure like any other.
pub fn case(name: &str, run: impl FnOnce() -> Result<(), String>) {
    println!("begins: {name}");
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
    let reason = match outcome {
        Ok(Ok(())) => return,
        Ok(Err(reason)) => reason,
        Err(payload) => {
            let text = payload.downcast_ref::<&str>().copied().map(str::to_owned);
            text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "it panicked".to_owned())
        }
    };
    println!("FAILED {name}: {}", reason.replace('\n', " | "));
}

/// Not a test of its own: what workers do.
#[test]
#[ignore = "started by the other tests"]
fn work() {
    let Ok(words) = std::env::var(JOB) else { return };
    let number = |name| std::env::var(name).unwrap().parse().unwrap();
    let job = Job { words: words.split(' ').map(str::to_owned).collect(), part: number(PART), parts: number(PARTS) };
    match job.words[0].as_str() {
        "cuts" => cuts::work(&job),
        "twice" => cuts::work_twice(&job),
        "faults" => faults::work(&job),
        other => panic!("no such job: {other}"),
    }
    println!("\nend of work");
}
