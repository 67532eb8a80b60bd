//! How much room the log's disk has left. Below the limit no new risk is taken: what is left must do for exits.

use std::path::{Path, PathBuf};

/// Looks in vain between two looks at the disk: they are asked for after every market event.
const SKIPPED: u32 = 1_023;

/// Watches the free space.
pub(super) struct Space {
    dir: PathBuf,
    min_free_len: u64,
    skip: u32,
    low: bool,
}

/// Free space of the disk that `dir` is on, for this user, bytes. `None` if it cannot be asked.
pub(crate) fn free_bytes(dir: &Path) -> Option<u64> {
    let stat = rustix::fs::statvfs(dir).ok()?;
    Some(stat.f_bavail.saturating_mul(stat.f_frsize))
}

impl Space {
    /// Of the disk that `dir` is on. A limit of 0 never speaks.
    pub(super) fn of(dir: &Path, min_free_len: u64) -> Self {
        Self { dir: dir.to_owned(), min_free_len, skip: 0, low: false }
    }

    /// What to say when there is too little, once until there was enough again.
    pub(super) fn look(&mut self) -> Option<String> {
        if self.skip > 0 || self.min_free_len == 0 {
            self.skip = self.skip.saturating_sub(1);
            return None;
        }
        self.skip = SKIPPED;
        // A disk that cannot be asked is one that the next commit speaks about.
        let free = free_bytes(&self.dir)?;
        let was_low = std::mem::replace(&mut self.low, free < self.min_free_len);
        (self.low && !was_low).then(|| {
            format!(
                "{} MiB are free on the log's disk, the limit is {} MiB: no new risk until there is room and the kill switch is released",
                free >> 20,
                self.min_free_len >> 20
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_little_room_is_said_once() {
        let dir = tempfile::tempdir().unwrap();
        let mut space = Space::of(dir.path(), u64::MAX);
        assert!(space.look().is_some_and(|text| text.contains("MiB are free")));
        assert!((0..5_000).all(|_| space.look().is_none()));
        assert!(Space::of(dir.path(), 1).look().is_none());
        assert!(Space::of(dir.path(), 0).look().is_none());
    }
}
