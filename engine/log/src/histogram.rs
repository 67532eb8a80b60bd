//! How long something took, counted in buckets: 16 for each doubling, so that no value is off by more than 7 %.

const SUB_BITS: u32 = 4;
const SUB: usize = 1 << SUB_BITS;
const BUCKETS: usize = (64 - SUB_BITS as usize) * SUB;

/// A histogram of durations in nanoseconds.
#[derive(Clone, Debug)]
pub struct Histogram {
    counts: Vec<u64>,
    total: u64,
    max: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: vec![0; BUCKETS], total: 0, max: 0 }
    }
}

impl Histogram {
    /// Counts `times` durations.
    pub fn record(&mut self, nanos: u64, times: u64) {
        self.counts[bucket(nanos)] += times;
        self.total += times;
        self.max = self.max.max(nanos);
    }

    /// How many were counted.
    pub fn count(&self) -> u64 {
        self.total
    }

    /// The longest.
    pub fn max(&self) -> u64 {
        self.max
    }

    /// The duration that this many millionths of all do not exceed: 500,000 is the median. 0 if nothing was counted.
    pub fn quantile(&self, millionths: u32) -> u64 {
        let wanted = (u128::from(self.total) * u128::from(millionths)).div_ceil(1_000_000) as u64;
        let mut seen = 0;
        for (at, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted.max(1) && *count > 0 {
                return upper(at).min(self.max);
            }
        }
        0
    }

    /// Adds what another has counted.
    pub fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine += theirs;
        }
        self.total += other.total;
        self.max = self.max.max(other.max);
    }
}

fn bucket(nanos: u64) -> usize {
    if nanos < SUB as u64 {
        return nanos as usize;
    }
    let shift = 63 - nanos.leading_zeros() - SUB_BITS;
    ((shift as usize + 1) * SUB + ((nanos >> shift) as usize & (SUB - 1))).min(BUCKETS - 1)
}

/// The largest value of a bucket.
fn upper(bucket: usize) -> u64 {
    if bucket < SUB {
        return bucket as u64;
    }
    let shift = (bucket / SUB - 1) as u32;
    let low = ((SUB + bucket % SUB) as u64) << shift;
    low.saturating_add((1u64 << shift) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_lies_in_its_bucket() {
        for n in (0..5_000u64).chain((0..60).flat_map(|s| [(1u64 << s) - 1, 1 << s, (1 << s) + 1])) {
            let b = bucket(n);
            assert!(n <= upper(b), "{n}");
            assert!(b == 0 || upper(b - 1) < n, "{n}");
        }
        assert!(bucket(u64::MAX) < BUCKETS);
    }

    #[test]
    fn quantiles_are_near_the_truth() {
        let mut h = Histogram::default();
        (1..=1_000).for_each(|n| h.record(n * 1_000, 1));
        for (q, truth) in [(500_000, 500_000u64), (990_000, 990_000), (1_000_000, 1_000_000)] {
            let found = h.quantile(q);
            assert!(found >= truth && found <= truth + truth / 14, "{q}: {found}");
        }
        assert_eq!((h.count(), h.max(), Histogram::default().quantile(500_000)), (1_000, 1_000_000, 0));
    }
}
