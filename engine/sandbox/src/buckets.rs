//! Token buckets of each signer (section 5 of the protocol notes): one token an order, one a cancel.

use crate::answer::Response;
use crate::settings::Settings;
use polymarket::Address;
use schemas::UtcNanos;
use std::collections::BTreeMap;

/// Which bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Order,
    Cancel,
}

/// Millionths of a token, so that fractions of a second count.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    level: i64,
    at: UtcNanos,
}

/// Everybody's buckets.
#[derive(Clone, Debug, Default)]
pub(crate) struct Buckets {
    all: BTreeMap<(Address, Kind), Bucket>,
}

/// What is left, for the headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Level {
    remaining: i64,
    reset_s: i64,
}

const TOKEN: i64 = 1_000_000;

impl Buckets {
    /// Takes `cost` tokens. `Err` if there are not so many: nothing is taken then.
    pub fn take(
        &mut self,
        who: Address,
        kind: Kind,
        cost: usize,
        settings: &Settings,
        now: UtcNanos,
    ) -> Result<Level, Level> {
        let limit = if kind == Kind::Order { settings.order_rate } else { settings.cancel_rate };
        let whole = |n| i64::try_from(n).unwrap_or(i64::MAX);
        let (rate, burst) = (whole(limit.per_second).max(1), whole(limit.burst));
        let full = burst.saturating_mul(TOKEN);
        let bucket = self.all.entry((who, kind)).or_insert(Bucket { level: full, at: now });
        let micros = now.since(bucket.at).max(0) / 1_000;
        bucket.level = bucket.level.saturating_add(micros.saturating_mul(rate)).min(full);
        bucket.at = bucket.at.max(now);
        let cost = i64::try_from(cost).unwrap_or(i64::MAX).saturating_mul(TOKEN);
        let fits = bucket.level >= cost;
        if fits {
            bucket.level -= cost;
        }
        let missing_s = (full - bucket.level).max(0) / (rate * TOKEN) + 1;
        let level = Level {
            remaining: bucket.level.div_euclid(TOKEN),
            reset_s: now.as_millis().div_euclid(1_000).saturating_add(missing_s),
        };
        if fits { Ok(level) } else { Err(level) }
    }

    /// Takes what a cancel turned out to cost beyond its first token; the balance may go below zero.
    pub fn owe(&mut self, who: Address, cost: usize) {
        if let Some(bucket) = self.all.get_mut(&(who, Kind::Cancel)) {
            bucket.level = bucket.level.saturating_sub(i64::try_from(cost).unwrap_or(i64::MAX).saturating_mul(TOKEN));
        }
    }
}

impl Level {
    /// The headers that say so.
    pub fn on(self, response: Response) -> Response {
        response
            .with("Poly-RateLimit-Remaining", self.remaining)
            .with("Poly-RateLimit-Reset", self.reset_s)
            .with("Poly-RateLimit-Tier", "Standard")
    }

    /// The refusal.
    pub fn refusal(self) -> Response {
        self.on(Response::error(429, "Too Many Requests")).with("Retry-After", 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_and_then_the_rate() {
        let (mut buckets, settings) = (Buckets::default(), Settings::default());
        let start = UtcNanos::from_secs(1_000).unwrap();
        let mut take = |n, now| buckets.take(Address::ZERO, Kind::Order, n, &settings, now).is_ok();
        assert!((0..60).all(|_| take(1, start)));
        assert!(!take(1, start));
        assert!(take(1, start.plus_millis(25)), "40 a second: one after 25 ms");
        assert!(!take(1, start.plus_millis(26)));
        assert!(take(15, start.plus_millis(1_000)), "a batch costs its length");
        assert!(!take(61, start.plus_secs(60)), "never more than the burst");
    }
}
