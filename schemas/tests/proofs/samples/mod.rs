//! One readable run of events that uses every kind, and every variant inside them. Its bytes are `golden/v1.frame`.
//!
//! Values are distinctive: no two fields of an event hold the same number, so that swapped fields show. Once a schema
//! version is released its samples never change; a new version gets samples of its own.

mod account;
mod agent;
mod market;
mod model;
mod order;
mod system;

use schemas::event::{CancelReason, LimitCheck};
use schemas::{Bytes32, CycleId, Event, EventKind, Record, UtcNanos};

/// The moment of the first sample: 2026-01-02T03:04:05.006007008Z.
const START: UtcNanos = UtcNanos(1_767_323_045_006_007_008);

/// A hash that shows where it came from: its first byte counts up.
fn hash(first: u8) -> Bytes32 {
    Bytes32(std::array::from_fn(|i| first.wrapping_add(i as u8)))
}

/// A moment `ms` after the samples begin.
fn at(ms: u64) -> UtcNanos {
    START.plus_millis(ms)
}

/// Everything that can happen, in the order of the kinds' numbers.
pub fn records() -> Vec<Record> {
    let speakers = [
        market::samples(),
        model::samples(),
        agent::samples(),
        order::samples(),
        account::samples(),
        system::samples(),
    ];
    let mut records = Vec::new();
    for event in speakers.into_iter().flatten() {
        let place = records.len() as u64 + 1;
        // Every third comes from outside, and agents and orders belong to a cycle, as in a real log.
        let cause = if place.is_multiple_of(3) { 0 } else { place - 1 };
        let cycle = CycleId(if matches!(event, Event::Agent(_) | Event::Order(_)) { 9 } else { 0 });
        records.push(Record { time: START.plus_millis(place * 17), cause, cycle, event });
    }
    records
}

#[test]
fn every_kind_has_a_sample() {
    let present = records().iter().fold(0, |bits, r| bits | r.event.kind().bit());
    let missing: Vec<_> = EventKind::ALL.iter().filter(|k| present & k.bit() == 0).collect();
    assert!(missing.is_empty(), "no sample of {missing:?}: add one in schemas/tests/proofs/samples");
}

#[test]
fn samples_are_told_apart() {
    let records = records();
    for (i, a) in records.iter().enumerate() {
        assert!(records[i + 1..].iter().all(|b| a.event != b.event), "twice the same sample: {:?}", a.event);
    }
}

/// One check a limit, numbered so that no two are alike.
fn checks() -> Vec<LimitCheck> {
    let number = |i: usize| i64::try_from(i).unwrap();
    super::variants::LIMITS
        .iter()
        .enumerate()
        .map(|(i, limit)| LimitCheck {
            limit: *limit,
            observed: 1_000 + number(i),
            allowed: -2_000 - number(i),
            pass: i % 2 == 0,
        })
        .collect()
}

/// Every reason to cancel.
fn cancel_reasons() -> impl Iterator<Item = CancelReason> {
    super::variants::CANCEL_REASONS.iter().copied()
}
