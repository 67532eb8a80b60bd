//! A bucket of tokens that fills with time: the shape of every limit of the venue.

use schemas::UtcNanos;
use schemas::time::NANOS_PER_SEC;

/// So many at once, and so many a second. Counts in billionths of a token, so that no rate is rounded.
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
    /// The venue's buckets of a signer in the lowest tier: orders 40 a second, 60 at once; cancels 80, and 120 at once.
    pub(super) const ORDERS: Self = Self::new(40, 60);
    pub(super) const CANCELS: Self = Self::new(80, 120);

    pub(super) const fn new(per_second: i64, size: i64) -> Self {
        let size = size * NANOS_PER_SEC;
        Self { per_second, size, level: size, filled_at: UtcNanos::ZERO, closed_until: UtcNanos::ZERO }
    }

    /// A bucket that gives at most `limit` in any ten seconds: a fifth of it at once, the rest as time goes by.
    pub(super) const fn in_ten_seconds(limit: i64) -> Self {
        Self::new(limit * 8 / 100, limit / 5)
    }

    /// Takes a token, if there is one.
    pub(super) fn take(&mut self, now: UtcNanos) -> bool {
        self.take_some(1, 1, now) == 1
    }

    /// Takes up to `most` tokens, if there are at least `least`. Returns how many.
    pub(super) fn take_some(&mut self, least: i64, most: i64, now: UtcNanos) -> i64 {
        let passed = now.since(self.filled_at).max(0);
        self.filled_at = self.filled_at.max(now);
        self.level = passed.saturating_mul(self.per_second).saturating_add(self.level).min(self.size);
        let taken = self.level.div_euclid(NANOS_PER_SEC).min(most);
        if now < self.closed_until || taken < least.max(1) {
            return 0;
        }
        self.level -= taken * NANOS_PER_SEC;
        taken
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

    fn at(ms: i64) -> UtcNanos {
        UtcNanos(1_700_000_000_000_000_000 + ms * 1_000_000)
    }

    #[test]
    fn a_bucket_gives_its_size_at_once_and_then_its_rate() {
        let mut bucket = Bucket::ORDERS;
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

    #[test]
    fn several_are_taken_together_or_as_many_as_there_are() {
        let mut bucket = Bucket::ORDERS;
        assert_eq!(bucket.take_some(1, 15, at(0)), 15);
        assert_eq!(bucket.take_some(50, 50, at(0)), 0, "not so many");
        assert_eq!(bucket.take_some(1, 50, at(0)), 45);
        assert_eq!(bucket.take_some(1, 50, at(0)), 0);
    }

    #[test]
    fn no_ten_seconds_give_more_than_the_limit() {
        for limit in [25, 50, 150, 4_500] {
            let mut bucket = Bucket::in_ten_seconds(limit);
            let mut given = Vec::new();
            for ms in 0..60_000 {
                // Bursts, pauses, and steady asking.
                let ask = if ms % 7_000 < 3_500 { 100 } else { 0 };
                given.push(bucket.take_some(1, ask, at(ms)));
            }
            let most = given.windows(10_000).map(|w| w.iter().sum::<i64>()).max().unwrap();
            assert!(most <= limit && most >= limit / 2, "{limit}: {most}");
        }
    }
}
