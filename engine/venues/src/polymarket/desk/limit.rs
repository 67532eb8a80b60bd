//! How much may be asked at once. Source: the venue's buckets per signer (orders 40/s up to 60 at once, cancels 80/s up to
//! 120), in the lowest tier; its answers tighten them.

use schemas::UtcNanos;
use schemas::time::NANOS_PER_SEC;

/// A bucket of tokens that fills with time. Counts in billionths of a token, so that no rate is rounded.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    per_second: i64,
    size: i64,
    level: i64,
    filled_at: UtcNanos,
    /// Nothing is given before this moment.
    closed_until: UtcNanos,
}

impl Bucket {
    pub(super) const ORDERS: Self = Self::new(40, 60);
    pub(super) const CANCELS: Self = Self::new(80, 120);

    const fn new(per_second: i64, size: i64) -> Self {
        let size = size * NANOS_PER_SEC;
        Self { per_second, size, level: size, filled_at: UtcNanos::ZERO, closed_until: UtcNanos::ZERO }
    }

    /// Takes a token, if there is one.
    pub(super) fn take(&mut self, now: UtcNanos) -> bool {
        let passed = now.since(self.filled_at).max(0);
        self.filled_at = self.filled_at.max(now);
        self.level = passed.saturating_mul(self.per_second).saturating_add(self.level).min(self.size);
        if now < self.closed_until || self.level < NANOS_PER_SEC {
            return false;
        }
        self.level -= NANOS_PER_SEC;
        true
    }

    /// The venue says how many are left.
    pub(super) fn tighten(&mut self, remaining: i64) {
        self.level = self.level.min(remaining.saturating_mul(NANOS_PER_SEC));
    }

    /// The venue says to wait.
    pub(super) fn close_until(&mut self, until: UtcNanos) {
        self.closed_until = self.closed_until.max(until);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_gives_its_size_at_once_and_then_its_rate() {
        let mut bucket = Bucket::ORDERS;
        let at = |ms: i64| UtcNanos(1_700_000_000_000_000_000 + ms * 1_000_000);
        let taken = |bucket: &mut Bucket, ms| (0..1_000).take_while(|_| bucket.take(at(ms))).count();
        assert_eq!(taken(&mut bucket, 0), 60);
        assert_eq!(taken(&mut bucket, 24), 0);
        assert_eq!(taken(&mut bucket, 25), 1);
        assert_eq!(taken(&mut bucket, 1_025), 40);
        assert_eq!(taken(&mut bucket, 900_000), 60);
        bucket.close_until(at(910_000));
        assert_eq!(taken(&mut bucket, 909_999), 0);
        bucket.tighten(-40);
        assert_eq!(taken(&mut bucket, 910_000), 0);
        assert_eq!(taken(&mut bucket, 911_025), 1);
    }
}
