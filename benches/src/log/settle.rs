//! Waiting until a writer's own threads have nothing left to do.

use crate::process::{Clock, cpu_nanos};
use std::time::Duration;

/// How often it is looked whether a thread is still at work, and for how long at most.
const LOOK_EVERY: Duration = Duration::from_millis(3);
const LOOKS_MAX: u32 = 600;
/// Less processor time than this between two looks is no work.
const IDLE_NANOS: u64 = 400_000;

/// Waits until no thread of this process works any more, so that what one writer puts off is not done while the next
/// one is measured. Returns how long it took.
pub fn settle() -> u64 {
    let clock = Clock::start();
    let (mut before, mut busy_until) = (cpu_nanos(), 0);
    for _ in 0..LOOKS_MAX {
        std::thread::sleep(LOOK_EVERY);
        let now = cpu_nanos();
        if now.saturating_sub(before) < IDLE_NANOS {
            break;
        }
        (before, busy_until) = (now, clock.nanos());
    }
    busy_until
}
