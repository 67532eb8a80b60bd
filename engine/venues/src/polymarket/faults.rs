//! What could not be read is kept as it came, and said. A flood of it is cut, and the cut is said too.

use schemas::UtcNanos;
use schemas::event::{FaultPolicy, SystemEvent};
use schemas::time::NANOS_PER_SEC;
use std::collections::{BTreeSet, VecDeque};

/// Kept and said in a minute.
const A_MINUTE_MAX: u32 = 20;
/// Of one message, bytes: a page of the catalogue that cannot be read is not kept whole.
const RAW_MAX: usize = 64 << 10;
/// Types of events that are said, and letters of a type: whoever makes up more of them means nothing by them.
const TYPES_MAX: usize = 32;
const TYPE_LEN: usize = 60;
/// The last messages, of which none is kept again: lists are asked for again and again.
const SEEN_MAX: usize = 256;

/// What one machine could not read.
#[derive(Debug)]
pub(super) struct Faults {
    component: &'static str,
    unread: Flood,
    /// Events of unknown types have a flood of their own, so that they hide no fault.
    unknown: Flood,
    types: BTreeSet<String>,
}

/// How many were kept in the present minute, and which were lately.
#[derive(Debug, Default)]
struct Flood {
    minute: i64,
    kept: u32,
    left_out: u64,
    seen: VecDeque<blake3::Hash>,
}

impl Flood {
    /// How many were left out of the minute that has ended by now; told once.
    fn ended(&mut self, now: UtcNanos) -> u64 {
        let minute = now.0.div_euclid(60 * NANOS_PER_SEC);
        if minute == self.minute {
            return 0;
        }
        (self.minute, self.kept) = (minute, 0);
        std::mem::take(&mut self.left_out)
    }

    /// Whether another one may be kept: one that was not kept lately, of not too many.
    fn takes(&mut self, raw: &str) -> bool {
        let hash = blake3::hash(raw.as_bytes());
        if self.kept >= A_MINUTE_MAX || self.seen.contains(&hash) {
            self.left_out += 1;
            return false;
        }
        self.kept += 1;
        self.seen.push_back(hash);
        if self.seen.len() > SEEN_MAX {
            self.seen.pop_front();
        }
        true
    }
}

impl Faults {
    /// None so far.
    pub fn of(component: &'static str) -> Self {
        Self { component, unread: Flood::default(), unknown: Flood::default(), types: BTreeSet::new() }
    }

    /// Something came that cannot be used: what is to be said of it.
    pub fn unread(&mut self, channel: &str, why: &str, raw: &str, now: UtcNanos) -> Vec<SystemEvent> {
        let mut out: Vec<SystemEvent> = self.left_out(now).into_iter().collect();
        if self.unread.takes(raw) {
            out.push(kept(channel, raw));
            out.push(self.fault(format!("{channel}: {why}")));
        }
        out
    }

    /// An event of a type that this build does not know: it is kept if that is wanted, as nobody can say yet what it is good
    /// for. It is no fault of ours, so it is said once of each type.
    pub fn unknown(
        &mut self,
        channel: &str,
        event_type: &str,
        raw: &str,
        keep: bool,
        now: UtcNanos,
    ) -> Vec<SystemEvent> {
        let mut out = Vec::new();
        let event_type: String = event_type.chars().take(TYPE_LEN).collect();
        if self.types.len() < TYPES_MAX && self.types.insert(event_type.clone()) {
            out.push(self.fault(format!(
                "{channel}: events of type {event_type:?} are not known here and not used; up to {A_MINUTE_MAX} such events a \
                 minute are kept"
            )));
        }
        self.unknown.ended(now);
        if keep && self.unknown.takes(raw) {
            out.push(kept(channel, raw));
        }
        out
    }

    /// How much was left out of the minute that has ended by now, if any was.
    pub fn left_out(&mut self, now: UtcNanos) -> Option<SystemEvent> {
        let left_out = self.unread.ended(now);
        (left_out > 0).then(|| self.fault(format!("{left_out} more messages could not be read and were not kept")))
    }

    /// Something is wrong; the machine goes on without it.
    pub fn fault(&self, text: String) -> SystemEvent {
        SystemEvent::Fault { component: self.component.to_owned(), text, policy: FaultPolicy::Degraded }
    }
}

/// A message as it came, cut if it is long.
fn kept(channel: &str, raw: &str) -> SystemEvent {
    let mut end = raw.len().min(RAW_MAX);
    while !raw.is_char_boundary(end) {
        end -= 1;
    }
    SystemEvent::RawKept { channel: channel.to_owned(), text: raw.get(..end).unwrap_or_default().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(s: u64) -> UtcNanos {
        UtcNanos(1_700_000_040_000_000_000).plus_secs(s)
    }

    fn texts(events: &[SystemEvent]) -> Vec<&str> {
        let text = |e: &SystemEvent| match e {
            SystemEvent::Fault { text, .. } => Some(text.clone()),
            _ => None,
        };
        events.iter().filter_map(text).map(|text| text.leak() as &str).collect()
    }

    #[test]
    fn a_flood_is_cut_and_counted() {
        let mut faults = Faults::of("feed");
        let said: usize = (0..100).map(|n| faults.unread("book", "odd", &n.to_string(), at(0)).len()).sum();
        assert_eq!(said, 2 * A_MINUTE_MAX as usize);
        assert_eq!(faults.left_out(at(1)), None);
        let cut = faults.unread("book", "odd", "another", at(60));
        assert_eq!(texts(&cut), ["80 more messages could not be read and were not kept", "book: odd"]);
        assert_eq!(faults.left_out(at(120)), None);
    }

    #[test]
    fn the_same_again_is_counted_and_not_kept() {
        let mut faults = Faults::of("venue");
        for minute in 0..5 {
            faults.unread("trades", "odd", "{\"id\":7}", at(minute * 60));
        }
        assert_eq!(texts(faults.left_out(at(300)).as_slice()), ["1 more messages could not be read and were not kept"]);
    }
}
