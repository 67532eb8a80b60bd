//! Which events a reader wants.

use crate::segment::bloom::{Key, matches};
use crate::source::Stretch;
use schemas::frame::Check;
use schemas::{CycleId, Envelope, EventKind, MarketId, OrderId, Seq};

/// Which events are wanted. Everything is, by default. What is set must all hold.
#[derive(Clone, Debug)]
pub struct Selection {
    /// The first event.
    pub from: Seq,
    /// The last event; `None` for no end.
    pub until: Option<Seq>,
    /// Only these kinds; empty for all.
    pub kinds: Vec<EventKind>,
    /// Only events that name this market themselves.
    pub market: Option<MarketId>,
    /// Only events that name this order.
    pub order: Option<OrderId>,
    /// Only events of this decision cycle.
    pub cycle: Option<CycleId>,
    /// How payloads that are read are checked.
    pub check: Check,
}

impl Default for Selection {
    fn default() -> Self {
        let (from, check) = (Seq::FIRST, Check::Crc);
        Self { from, until: None, kinds: Vec::new(), market: None, order: None, cycle: None, check }
    }
}

/// A selection made ready for asking.
pub(super) struct Wanted {
    pub(super) from: u64,
    pub(super) until: u64,
    pub(super) check: Check,
    kinds: u64,
    keys: Vec<Key>,
}

impl Wanted {
    pub(super) fn new(s: &Selection) -> Self {
        let keys = [s.market.map(Key::Market), s.order.map(Key::Order), s.cycle.map(Key::Cycle)];
        Self {
            from: s.from.get(),
            until: s.until.map_or(u64::MAX, Seq::get),
            check: s.check,
            kinds: if s.kinds.is_empty() { u64::MAX } else { s.kinds.iter().fold(0, |all, k| all | k.bit()) },
            keys: keys.into_iter().flatten().collect(),
        }
    }

    /// Whether every event in the range is wanted.
    pub(super) fn takes_all(&self) -> bool {
        self.kinds == u64::MAX && self.keys.is_empty()
    }

    /// Whether a stretch can hold something wanted.
    pub(super) fn may_be_in(&self, s: &Stretch) -> bool {
        s.last_seq >= self.from
            && s.first_seq <= self.until
            && s.kinds & self.kinds != 0
            && self.keys.iter().all(|key| s.may_hold(*key))
    }

    /// Whether an event is wanted.
    pub(super) fn takes(&self, e: &Envelope) -> bool {
        (self.from..=self.until).contains(&e.seq.get())
            && e.event.kind().bit() & self.kinds != 0
            && self.keys.iter().all(|key| matches(*key, e))
    }
}
