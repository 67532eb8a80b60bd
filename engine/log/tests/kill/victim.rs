//! Starting a child, listening to it, and killing it.

use crate::spec::Spec;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::JoinHandle;
use std::time::Duration;

pub const DIR: &str = "ARENA_KILL_DIR";
pub const SPEC: &str = "ARENA_KILL_SPEC";
pub const STEPS: &str = "ARENA_KILL_STEPS";

/// No child is silent for longer than this, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(60);

/// When a child is killed.
#[derive(Clone, Copy, Debug)]
pub enum Moment {
    /// So long after it was started.
    After(Duration),
    /// So long after it has said the `nth` line that begins with these words.
    Behind(&'static str, u64, Duration),
}

/// A child that runs.
pub struct Victim {
    child: Child,
    lines: Receiver<String>,
    listener: JoinHandle<()>,
    said: Vec<String>,
    complaints: std::path::PathBuf,
}

/// Starts the child test `name` on the log in `dir`.
pub fn start(name: &str, dir: &Path, spec: &Spec, steps: &[&str]) -> Victim {
    let complaints = dir.with_extension("stderr");
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--ignored", "--nocapture"])
        .env(DIR, dir)
        .env(SPEC, spec.to_string())
        .env(STEPS, steps.join(","))
        .stdout(Stdio::piped())
        .stderr(File::create(&complaints).unwrap())
        .spawn()
        .unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    let (tell, lines) = channel();
    let listener = std::thread::spawn(move || {
        for line in out.lines() {
            // What is behind the last line's end was cut by the kill; it is not text then.
            let Ok(line) = line else { return };
            if tell.send(line).is_err() {
                return;
            }
        }
    });
    Victim { child, lines, listener, said: Vec::new(), complaints }
}

impl Victim {
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it has said a line that begins with `words`.
    pub fn hear(&mut self, words: &str) -> String {
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => {
                    self.said.push(line.clone());
                    if line.starts_with(words) {
                        return line;
                    }
                }
                Err(e) => {
                    let what = if e == RecvTimeoutError::Timeout { "said too little" } else { "ended" };
                    panic!("the child {what} before \"{words}\": {:?}\n{}", self.tail(), self.complaints());
                }
            }
        }
    }

    /// Kills it at the given moment and returns everything it said.
    pub fn kill(mut self, moment: Moment) -> Vec<String> {
        match moment {
            Moment::After(time) => std::thread::sleep(time),
            Moment::Behind(words, nth, pause) => {
                for _ in 0..nth {
                    self.hear(words);
                }
                std::thread::sleep(pause);
            }
        }
        self.child.kill().unwrap();
        let status = self.child.wait().unwrap();
        self.said.extend(self.lines.iter());
        assert_eq!(status.signal(), Some(9), "it ended by itself: {:?}\n{}", self.tail(), self.complaints());
        self.listener.join().unwrap();
        self.said
    }

    /// Waits for its own end and returns everything it said.
    pub fn finish(mut self) -> Vec<String> {
        self.said.extend(self.lines.iter());
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{:?}\n{}", self.tail(), self.complaints());
        self.listener.join().unwrap();
        self.said
    }

    fn tail(&self) -> &[String] {
        &self.said[self.said.len().saturating_sub(10)..]
    }

    fn complaints(&self) -> String {
        fs::read_to_string(&self.complaints).unwrap_or_default()
    }
}

/// The last event that a writing child said it had found or acknowledged.
pub fn last_acknowledged(said: &[String]) -> u64 {
    let number = |l: &String| l.strip_prefix("ack ").or_else(|| l.strip_prefix("open "))?.parse().ok();
    said.iter().filter_map(number).max().unwrap_or(0)
}

/// What a child was doing when it died.
pub fn last_step(said: &[String]) -> String {
    let spoken = said.iter().rev().find(|l| ["start", "open ", "ack ", "do ", "did "].iter().any(|w| l.starts_with(w)));
    match spoken.map_or("", String::as_str) {
        "" => "while starting".to_owned(),
        "start" => "while opening".to_owned(),
        line => line.strip_prefix("do ").map_or("while appending".to_owned(), |step| format!("during {step}")),
    }
}
