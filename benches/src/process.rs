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

/// Does `work` and says what it cost. The one place of this package that reads a clock.
#[allow(clippy::disallowed_methods, reason = "measuring time is what this package is for")]
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, Cost) {
    let (wall, cpu) = (Instant::now(), cpu_nanos());
    let result = work();
    let cost = Cost {
        wall_nanos: u64::try_from(wall.elapsed().as_nanos()).unwrap_or(u64::MAX),
        cpu_nanos: cpu_nanos().saturating_sub(cpu),
    };
    (result, cost)
}

/// Time that the threads of this process have been on a processor. Linux only; elsewhere 0.
fn cpu_nanos() -> u64 {
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
