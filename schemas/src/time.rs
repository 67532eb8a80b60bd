//! Time as data: nanoseconds since the Unix epoch, UTC. Nothing in the pure crates reads a clock.

use std::fmt;
use std::str::FromStr;

/// Nanoseconds of one second.
pub const NANOS_PER_SEC: i64 = 1_000_000_000;
/// Nanoseconds of one millisecond.
pub const NANOS_PER_MS: i64 = 1_000_000;
/// Nanoseconds of one UTC day.
pub const NANOS_PER_DAY: i64 = 86_400 * NANOS_PER_SEC;

/// A moment in UTC, in nanoseconds since 1970-01-01T00:00:00Z. Range: years 1677 to 2262.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[derive(rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub struct UtcNanos(pub i64);

impl UtcNanos {
    /// The epoch; also what "no time stated" is where a field says so.
    pub const ZERO: Self = Self(0);

    /// From whole milliseconds since the epoch. `None` outside the range.
    pub fn from_millis(ms: i64) -> Option<Self> {
        ms.checked_mul(NANOS_PER_MS).map(Self)
    }

    /// From whole seconds since the epoch. `None` outside the range.
    pub fn from_secs(secs: i64) -> Option<Self> {
        secs.checked_mul(NANOS_PER_SEC).map(Self)
    }

    /// Whole milliseconds since the epoch, rounded down.
    pub fn as_millis(self) -> i64 {
        self.0.div_euclid(NANOS_PER_MS)
    }

    /// Days since the epoch: the UTC day this moment lies in.
    #[inline]
    pub fn day(self) -> i64 {
        self.0.div_euclid(NANOS_PER_DAY)
    }

    /// Later by `nanos`; sticks at the end of the range.
    #[inline]
    pub fn plus(self, nanos: i64) -> Self {
        Self(self.0.saturating_add(nanos))
    }

    /// Later by `ms` milliseconds; sticks at the end of the range.
    #[inline]
    pub fn plus_millis(self, ms: u64) -> Self {
        self.plus(i64::try_from(ms).unwrap_or(i64::MAX).saturating_mul(NANOS_PER_MS))
    }

    /// Later by `secs` seconds; sticks at the end of the range.
    pub fn plus_secs(self, secs: u64) -> Self {
        self.plus(i64::try_from(secs).unwrap_or(i64::MAX).saturating_mul(NANOS_PER_SEC))
    }

    /// Nanoseconds from `earlier` to `self` (negative if `earlier` is later).
    #[inline]
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for UtcNanos {
    /// RFC 3339 with as many fraction digits as needed, always `Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_nanosecond(i128::from(self.0)) {
            Ok(ts) => write!(f, "{ts}"),
            Err(_) => write!(f, "{}ns", self.0),
        }
    }
}

/// A text is not a moment this log can hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a time: write RFC 3339, like 2026-06-07T01:30:51.472Z")]
pub struct TimeError(pub String);

impl FromStr for UtcNanos {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let ts: jiff::Timestamp = text.parse().map_err(|_| TimeError(text.to_owned()))?;
        i64::try_from(ts.as_nanosecond()).map(Self).map_err(|_| TimeError(text.to_owned()))
    }
}

impl serde::Serialize for UtcNanos {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if s.is_human_readable() { s.collect_str(self) } else { s.serialize_i64(self.0) }
    }
}

impl<'de> serde::Deserialize<'de> for UtcNanos {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        if d.is_human_readable() {
            let text = String::deserialize(d)?;
            text.parse().map_err(serde::de::Error::custom)
        } else {
            i64::deserialize(d).map(Self)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_and_reads_rfc3339() {
        let t = UtcNanos::from_millis(1_780_795_851_472).unwrap();
        assert_eq!(t.to_string(), "2026-06-07T01:30:51.472Z");
        assert_eq!("2026-06-07T01:30:51.472Z".parse::<UtcNanos>().unwrap(), t);
        assert!("yesterday-ish".parse::<UtcNanos>().is_err());
    }

    #[test]
    fn days_are_utc_days_also_before_the_epoch() {
        assert_eq!(UtcNanos(NANOS_PER_DAY - 1).day(), 0);
        assert_eq!(UtcNanos(NANOS_PER_DAY).day(), 1);
        assert_eq!(UtcNanos(-1).day(), -1);
    }
}
