//! What a process cost: time on the clock, time on the processor, and the most memory it ever held.

use serde::{Deserialize, Serialize};
use std::time::Instant;

/// The cost of one piece of work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// Time on the clock, nanoseconds.
    pub wall_nanos: u64,
    /// Time on the processor, all threads, nanoseconds; 0 where the system does not say.
    pub cpu_nanos: u64,
}

/// A clock that never steps back. The one place of this package that reads one.
#[derive(Clone, Copy, Debug)]
pub struct Clock(Instant);

impl Clock {
    /// Starts at 0.
    #[allow(clippy::disallowed_methods, reason = "measuring time is what this package is for")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Since the start.
    pub fn nanos(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

/// Does `work` and says what it cost.
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, Cost) {
    let (wall, cpu) = (Clock::start(), cpu_nanos());
    let result = work();
    let cost = Cost { wall_nanos: wall.nanos(), cpu_nanos: cpu_nanos().saturating_sub(cpu) };
    (result, cost)
}

/// Lets this thread's sleeps end as punctually as the machine can, where the system allows it: Linux adds 50 us of slack.
pub fn sleep_punctually() {
    // `thread-self` is PID/task/TID, and the slack of a thread is set under its own number.
    let thread = std::fs::read_link("/proc/thread-self").ok();
    if let Some(id) = thread.as_deref().and_then(|p| p.file_name()) {
        let slack = std::path::Path::new("/proc").join(id).join("timerslack_ns");
        // Without it the sleeps are less punctual, for everyone who is measured alike.
        let _ = std::fs::write(slack, "1");
    }
}

/// Time that the living threads of this process have been on a processor. Linux only; elsewhere 0.
pub fn cpu_nanos() -> u64 {
    let Ok(tasks) = std::fs::read_dir("/proc/self/task") else { return 0 };
    let of_task = |path: std::path::PathBuf| {
        let text = std::fs::read_to_string(path.join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<u64>().ok()
    };
    tasks.flatten().filter_map(|t| of_task(t.path())).sum()
}

/// The most memory this process ever held, KiB. Linux only; elsewhere 0.
pub fn peak_memory_kib() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    line.and_then(|l| l.split_whitespace().next()).and_then(|n| n.parse().ok()).unwrap_or(0)
}
