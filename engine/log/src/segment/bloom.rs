//! A small filter in front of a block: what it says is not there is not there.

use schemas::{CycleId, Envelope, Event, MarketId, OrderId};

/// 512 bits. With 40 things in a block, 3 bits each, one look in 100 is in vain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bloom(pub(crate) [u64; 8]);

/// What is looked for in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    Market(MarketId),
    Order(OrderId),
    Cycle(CycleId),
}

impl Key {
    fn bits(self) -> [u32; 3] {
        let (tag, number) = match self {
            Self::Market(m) => (1u64, u64::from(m.0)),
            Self::Order(o) => (2, u64::from(o.0)),
            Self::Cycle(c) => (3, u64::from(c.0)),
        };
        // splitmix64: the bits must be the same on every machine, for ever.
        let mut x = (number ^ (tag << 56)).wrapping_add(0x9e37_79b9_7f4a_7c15);
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^= x >> 31;
        [(x & 511) as u32, ((x >> 20) & 511) as u32, ((x >> 40) & 511) as u32]
    }
}

impl Bloom {
    pub(crate) fn add(&mut self, key: Key) {
        for bit in key.bits() {
            self.0[(bit / 64) as usize] |= 1 << (bit % 64);
        }
    }

    pub(crate) fn may_hold(&self, key: Key) -> bool {
        key.bits().iter().all(|bit| self.0[(bit / 64) as usize] & (1 << (bit % 64)) != 0)
    }

    /// Adds what an event says of itself.
    pub(crate) fn add_event(&mut self, cycle: CycleId, event: &Event) {
        if let Some(market) = event.market() {
            self.add(Key::Market(market));
        }
        if let Some(order) = event.order() {
            self.add(Key::Order(order));
        }
        if cycle.0 != 0 {
            self.add(Key::Cycle(cycle));
        }
    }
}

/// Whether an event is what the key asks for.
pub(crate) fn matches(key: Key, envelope: &Envelope) -> bool {
    match key {
        Key::Market(market) => envelope.event.market() == Some(market),
        Key::Order(order) => envelope.event.order() == Some(order),
        Key::Cycle(cycle) => envelope.cycle == Some(cycle),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_is_found_and_most_else_is_not() {
        let mut bloom = Bloom::default();
        for n in 0..40 {
            bloom.add(Key::Market(MarketId(n)));
        }
        assert!((0..40).all(|n| bloom.may_hold(Key::Market(MarketId(n)))));
        let false_hits = (40..10_040).filter(|n| bloom.may_hold(Key::Market(MarketId(*n)))).count();
        assert!(false_hits < 300, "{false_hits} of 10,000");
        assert!((0..40).filter(|n| bloom.may_hold(Key::Cycle(CycleId(*n)))).count() < 10);
    }
}
