//! The only clock of this crate: which UTC day it is, and whether a login is of now.

use schemas::UtcNanos;
use std::time::UNIX_EPOCH;

/// Where the time comes from.
pub type Clock = fn() -> UtcNanos;

/// The system's time.
#[expect(
    clippy::disallowed_methods,
    reason = "a signer counts by the UTC day and must not believe its clients' clocks"
)]
pub fn system() -> UtcNanos {
    let since = std::time::SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UtcNanos(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}
