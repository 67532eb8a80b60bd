//! What could not be read is kept as it came, and said. A flood of it is cut, and the cut is said too.

use super::Feed;
use schemas::UtcNanos;
use schemas::event::{FaultPolicy, SystemEvent};
use schemas::time::NANOS_PER_SEC;

/// Kept and said in a minute.
const A_MINUTE_MAX: u32 = 20;
/// Of one message, bytes: a page of the catalogue that cannot be read is not kept whole.
const RAW_MAX: usize = 64 << 10;

/// How many were said in the present minute.
#[derive(Debug, Default)]
pub(super) struct Faults {
    minute: i64,
    said: u32,
    left_out: u64,
}

impl Faults {
    /// How many were left out of the minute that has ended by now; told once.
    fn ended(&mut self, now: UtcNanos) -> u64 {
        let minute = now.0.div_euclid(60 * NANOS_PER_SEC);
        if minute == self.minute {
            return 0;
        }
        (self.minute, self.said) = (minute, 0);
        std::mem::take(&mut self.left_out)
    }

    /// Whether another one may be said.
    fn take(&mut self) -> bool {
        if self.said >= A_MINUTE_MAX {
            self.left_out += 1;
            return false;
        }
        self.said += 1;
        true
    }
}

impl Feed {
    /// Something came that cannot be used: it is kept, and said.
    pub(super) fn undecoded(&mut self, channel: &str, why: &str, raw: &str) {
        self.count_faults();
        if !self.faults.take() {
            return;
        }
        let mut end = raw.len().min(RAW_MAX);
        while !raw.is_char_boundary(end) {
            end -= 1;
        }
        let text = raw.get(..end).unwrap_or_default().to_owned();
        self.note(SystemEvent::RawKept { channel: channel.to_owned(), text });
        self.fault(format!("{channel}: {why}"));
    }

    /// Says what was left out of the minute that has ended.
    pub(super) fn count_faults(&mut self) {
        let ended = self.faults.ended(self.now);
        if ended > 0 {
            self.fault(format!("{ended} more messages could not be read and were not kept"));
        }
    }

    /// Says that something is wrong; the feed goes on without it.
    pub(super) fn fault(&mut self, text: String) {
        self.note(SystemEvent::Fault { component: "feed".to_owned(), text, policy: FaultPolicy::Degraded });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_cut_and_counted() {
        let mut faults = Faults::default();
        let at = |s: u64| UtcNanos(1_700_000_040_000_000_000).plus_secs(s);
        assert_eq!(faults.ended(at(0)), 0);
        assert_eq!((0..100).filter(|_| faults.take()).count(), A_MINUTE_MAX as usize);
        assert_eq!((faults.ended(at(1)), faults.ended(at(60)), faults.ended(at(61))), (0, 80, 0));
        assert!(faults.take());
    }
}
