//! The only place that reads the machine's clocks.

use schemas::UtcNanos;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The present moment. Before 1970 or after 2262 a machine's clock is broken; the nearest end stands for it.
#[allow(clippy::disallowed_methods, reason = "this is the clock that everything else gets its time from")]
pub fn now() -> UtcNanos {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => UtcNanos(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)),
        Err(_) => UtcNanos::ZERO,
    }
}

/// Measures how long something takes, for showing; never for deciding.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    #[allow(clippy::disallowed_methods, reason = "shown to people, never recorded")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Since the start.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
