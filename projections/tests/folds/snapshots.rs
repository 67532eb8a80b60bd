//! State hashes and snapshots: equal streams give equal hashes, other streams other ones, and a snapshot goes on exactly
//! where it was taken.

use super::stream::{envelopes, fold};
use projections::{SnapshotError, State};
use proptest::prelude::*;

fn rolls() -> impl Strategy<Value = Vec<u64>> {
    prop::collection::vec(any::<u64>(), 1..150)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn equal_streams_give_equal_hashes(rolls in rolls()) {
        let all = envelopes(&rolls, false);
        let (a, b) = (fold(&all), fold(&all));
        prop_assert_eq!(a.state_hash(), b.state_hash());
        prop_assert_eq!(a.parts(), b.parts());
    }

    #[test]
    fn a_snapshot_at_any_point_goes_on_to_the_same_state(rolls in rolls(), cut in any::<prop::sample::Index>()) {
        let all = envelopes(&rolls, false);
        let (before, after) = all.split_at(cut.index(all.len()));
        let bytes = fold(before).to_snapshot().unwrap();
        let mut restored = State::from_snapshot(&bytes).unwrap();
        after.iter().for_each(|e| restored.apply(e));
        let straight = fold(&all);
        prop_assert_eq!(&restored, &straight);
        prop_assert_eq!(restored.state_hash(), straight.state_hash());
        prop_assert_eq!(restored.to_snapshot().unwrap(), straight.to_snapshot().unwrap());
    }

    /// Wherever it is, also in what the state hash leaves out: the configuration, the place in the feed, the time.
    #[test]
    fn a_flipped_bit_in_a_snapshot_is_refused(rolls in rolls(), at in any::<prop::sample::Index>(), bit in 0..8u8) {
        let mut bytes = fold(&envelopes(&rolls, false)).to_snapshot().unwrap();
        let i = at.index(bytes.len());
        bytes[i] ^= 1 << bit;
        prop_assert!(State::from_snapshot(&bytes).is_err());
    }

    #[test]
    fn a_snapshot_cut_short_or_made_longer_is_refused(rolls in rolls(), at in any::<prop::sample::Index>()) {
        let mut bytes = fold(&envelopes(&rolls, false)).to_snapshot().unwrap();
        prop_assert!(State::from_snapshot(&bytes[..at.index(bytes.len())]).is_err());
        bytes.push(0);
        prop_assert!(State::from_snapshot(&bytes).is_err());
    }
}

/// Every byte of a small one.
#[test]
fn no_byte_of_a_snapshot_is_unprotected() {
    let bytes = fold(&envelopes(&[1, 2, 3], false)).to_snapshot().unwrap();
    for i in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[i] ^= 0x10;
        assert!(State::from_snapshot(&damaged).is_err(), "byte {i}");
    }
    assert!(matches!(State::from_snapshot(&[]), Err(SnapshotError::WrongHash)));
}

/// The parts that two states do not agree on, by comparing them and by comparing their hashes.
fn differing(a: &State, b: &State) -> (Vec<String>, Vec<String>) {
    macro_rules! unequal {
        ($($part:ident),*) => {
            [$((stringify!($part), a.$part != b.$part)),*]
        };
    }
    let compared = unequal!(
        markets, books, quotes, orders, positions, equity, activity, costs, decisions, scores, memory, indicators,
        kill, health
    );
    let compared = compared.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name.to_owned()).collect();
    let hashed = a.parts().into_iter().zip(b.parts()).filter(|(x, y)| x.hash != y.hash).map(|(x, _)| x.name).collect();
    (compared, hashed)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// The hash of a part changes exactly when the part does, at every event.
    #[test]
    fn hashes_tell_every_difference(rolls in rolls()) {
        let mut state = State::new();
        for envelope in envelopes(&rolls, false) {
            let before = state.clone();
            state.apply(&envelope);
            let (compared, hashed) = differing(&before, &state);
            prop_assert_eq!(&compared, &hashed);
            prop_assert_eq!(before.state_hash() == state.state_hash(), compared.is_empty());
        }
    }
}

/// ... and the streams of these tests do change every part.
#[test]
fn every_part_is_reached() {
    let mut reached = std::collections::BTreeSet::new();
    let mut state = State::new();
    for envelope in envelopes(&(0..400).collect::<Vec<u64>>(), false) {
        let before = state.clone();
        state.apply(&envelope);
        reached.extend(differing(&before, &state).1);
    }
    assert_eq!(reached.len(), state.parts().len(), "{reached:?}");
}
