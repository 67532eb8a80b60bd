//! Model spending against a list of calls.

use super::stream::{Stream, envelopes};
use proptest::prelude::*;
use schemas::event::ModelEvent;
use schemas::{Cash, Event};
use std::collections::BTreeMap;

proptest! {
    #[test]
    fn budgets_by_day_and_month(rolls in prop::collection::vec(any::<u64>(), 0..300)) {
        let mut s = Stream::new();
        let mut reserved: BTreeMap<u32, i64> = BTreeMap::new();
        let mut spent: Vec<(String, u64)> = Vec::new();
        for envelope in envelopes(&rolls, false) {
            let Event::Model(event) = &envelope.event else { continue };
            s.time = envelope.time.0;
            s.tell(envelope.event.clone());
            let stamp = envelope.time.to_string();
            match event {
                ModelEvent::Requested(r) => {
                    reserved.insert(r.call, r.reserve.0);
                }
                ModelEvent::Replied(r) => {
                    reserved.remove(&r.call);
                    spent.push((stamp.clone(), r.cost_pico));
                }
                ModelEvent::Failed(f) => {
                    let reserve = reserved.remove(&f.call).unwrap_or(0);
                    if f.maybe_billed {
                        spent.push((stamp.clone(), reserve as u64 * 1_000_000));
                    }
                }
                _ => {}
            }
            let held: i64 = reserved.values().sum();
            let since = |prefix: &str| {
                let pico: u64 = spent.iter().filter(|(at, _)| at.starts_with(prefix)).map(|(_, p)| p).sum();
                Cash(pico.div_ceil(1_000_000) as i64 + held)
            };
            prop_assert_eq!(s.state.costs.day(envelope.time), since(&stamp[..10]));
            prop_assert_eq!(s.state.costs.month(envelope.time), since(&stamp[..7]));
        }
    }
}
