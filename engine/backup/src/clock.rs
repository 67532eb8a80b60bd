//! The one place that reads a clock: backups are named by the time they were made, and kept for some days.

use schemas::UtcNanos;

/// The time of day, from the system.
#[expect(
    clippy::disallowed_methods,
    reason = "a backup is named by the time it was made; nothing in a log depends on it"
)]
pub fn now() -> UtcNanos {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    UtcNanos(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}

/// When a file was last changed, if the file system says so.
pub(crate) fn modified(meta: &std::fs::Metadata) -> Option<UtcNanos> {
    let since = meta.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    i64::try_from(since.as_nanos()).ok().map(UtcNanos)
}
