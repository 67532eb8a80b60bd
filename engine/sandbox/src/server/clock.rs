//! What time it is at the venue, and when the next event of the recording is due.

use schemas::UtcNanos;
use std::str::FromStr;
use std::time::SystemTime;

/// How fast a recording goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speed {
    /// So many times as fast as it happened.
    Times(u32),
    /// As fast as it can be read.
    Max,
    /// Only when an administrator says so.
    Hand,
}

/// A text is no speed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a speed: write a whole number from 1 up (times as fast as it happened), max or hand")]
pub struct SpeedError(String);

impl FromStr for Speed {
    type Err = SpeedError;

    fn from_str(text: &str) -> Result<Self, SpeedError> {
        match text {
            "max" => Ok(Self::Max),
            "hand" => Ok(Self::Hand),
            _ => {
                let times = text.parse().ok().filter(|n| *n > 0);
                times.map(Self::Times).ok_or_else(|| SpeedError(text.to_owned()))
            }
        }
    }
}

/// Whose time clients see and sign with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// That of this machine, which is what ordinary clients have too.
    Real,
    /// That of the recording. Signed times are not checked then.
    Recorded,
}

/// The time of this machine.
#[expect(clippy::disallowed_methods, reason = "the one place of the sandbox that reads a clock")]
pub(super) fn now() -> UtcNanos {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    UtcNanos(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}

/// Two moments that are the same, one here and one in the recording, and how time passes between them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    clock: Clock,
    speed: Speed,
    here: UtcNanos,
    there: UtcNanos,
}

impl Pace {
    pub fn new(clock: Clock, speed: Speed, here: UtcNanos, there: UtcNanos) -> Self {
        Self { clock, speed, here, there }
    }

    /// When, here, the recording is at `there`; at once if it does not go by time.
    pub fn here(&self, there: UtcNanos) -> UtcNanos {
        match self.speed {
            Speed::Times(n) => self.here.plus(there.since(self.there) / i64::from(n)),
            Speed::Max => self.here,
            Speed::Hand => UtcNanos(i64::MAX),
        }
    }

    /// What time it is at the venue when it is `here` on this machine; `last` is the newest event's.
    pub fn venue(&self, here: UtcNanos, last: UtcNanos) -> UtcNanos {
        match (self.clock, self.speed) {
            (Clock::Real, _) => here,
            (Clock::Recorded, Speed::Times(n)) => self.there.plus(here.since(self.here).saturating_mul(i64::from(n))),
            (Clock::Recorded, _) => last,
        }
    }

    /// The time at the venue at which an event of the recording comes.
    pub fn stamp(&self, here: UtcNanos, there: UtcNanos) -> UtcNanos {
        if self.clock == Clock::Real { here } else { there }
    }

    /// How long, here, until the venue's time is `at`; `None` if that does not come by itself.
    pub fn wait(&self, venue_now: UtcNanos, at: UtcNanos) -> Option<std::time::Duration> {
        let nanos = u64::try_from(at.since(venue_now).max(0)).unwrap_or(0);
        match (self.clock, self.speed) {
            (Clock::Recorded, Speed::Times(n)) => Some(std::time::Duration::from_nanos(nanos / u64::from(n))),
            (Clock::Recorded, _) => None,
            (Clock::Real, _) => Some(std::time::Duration::from_nanos(nanos)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_are_read() {
        assert_eq!(
            ("10".parse(), "max".parse(), "hand".parse()),
            (Ok(Speed::Times(10)), Ok(Speed::Max), Ok(Speed::Hand))
        );
        assert!(["0", "-1", "fast", ""].iter().all(|t| t.parse::<Speed>().is_err()));
    }

    #[test]
    fn ten_times_as_fast() {
        let (here, there) = (UtcNanos(1_000_000), UtcNanos(500));
        let pace = Pace::new(Clock::Recorded, Speed::Times(10), here, there);
        assert_eq!(pace.here(there.plus(1_000)), here.plus(100));
        assert_eq!(pace.venue(here.plus(100), there), there.plus(1_000));
        assert_eq!(pace.wait(there, there.plus(1_000)), Some(std::time::Duration::from_nanos(100)));
    }
}
