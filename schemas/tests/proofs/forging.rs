//! Changes that somebody makes to bytes on purpose.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

/// One change to a payload.
#[derive(Clone, Debug)]
pub enum Change {
    Set(Index, u8),
    Flip(Index, u8),
    Cut(Index),
    Insert(Index, Vec<u8>),
    Copy(Index, Index, usize),
}

/// Any of them.
pub fn change() -> impl Strategy<Value = Change> {
    let place = any::<Index>;
    prop_oneof![
        4 => (place(), prop_oneof![Just(0), Just(0xff), Just(0x80), any::<u8>()]).prop_map(|(at, v)| Change::Set(at, v)),
        4 => (place(), 0..8u8).prop_map(|(at, bit)| Change::Flip(at, bit)),
        1 => place().prop_map(Change::Cut),
        1 => (place(), vec(any::<u8>(), 1..40)).prop_map(|(at, bytes)| Change::Insert(at, bytes)),
        2 => (place(), place(), 1..16usize).prop_map(|(from, to, len)| Change::Copy(from, to, len)),
    ]
}

/// Makes the change.
pub fn forge(payload: &mut Vec<u8>, change: &Change) {
    if payload.is_empty() {
        return;
    }
    match change {
        Change::Set(at, value) => {
            let at = at.index(payload.len());
            payload[at] = *value;
        }
        Change::Flip(at, bit) => {
            let at = at.index(payload.len());
            payload[at] ^= 1 << bit;
        }
        Change::Cut(at) => payload.truncate(at.index(payload.len())),
        Change::Insert(at, bytes) => {
            let at = at.index(payload.len());
            payload.splice(at..at, bytes.iter().copied());
        }
        Change::Copy(from, to, len) => {
            let (from, to) = (from.index(payload.len()), to.index(payload.len()));
            let len = (*len).min(payload.len() - from.max(to));
            payload.copy_within(from..from + len, to);
        }
    }
}
