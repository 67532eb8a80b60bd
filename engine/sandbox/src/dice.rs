//! One seeded generator for everything that is left to chance.

use crate::faults::{Fault, Faults, Rate};
use std::collections::BTreeMap;

/// SplitMix64 (Steele, Lea, Flood 2014), and a count of occasions by fault.
#[derive(Clone, Debug)]
pub(crate) struct Dice {
    state: u64,
    occasions: BTreeMap<Fault, u64>,
}

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self { state: seed, occasions: BTreeMap::new() }
    }

    /// The next 64 random bits.
    pub fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Whether a fault happens now. One that is off draws nothing.
    pub fn hits(&mut self, fault: Fault, faults: &Faults) -> bool {
        let rate = fault.rate(faults);
        if rate.is_off() {
            return false;
        }
        match rate {
            Rate::Ppm(ppm) => self.next() % 1_000_000 < u64::from(ppm),
            Rate::Every { every } => {
                let count = self.occasions.entry(fault).or_default();
                *count += 1;
                count.is_multiple_of(u64::from(every))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_kept() {
        let faults = Faults { failed: Rate::Every { every: 3 }, retrying: Rate::Ppm(250_000), ..Faults::default() };
        let mut dice = Dice::new(7);
        let failed: Vec<bool> = (0..6).map(|_| dice.hits(Fault::failed, &faults)).collect();
        assert_eq!(failed, [false, false, true, false, false, true]);
        let hits = (0..10_000).filter(|_| dice.hits(Fault::retrying, &faults)).count();
        assert!((2_300..2_700).contains(&hits), "{hits}");
        let before = dice.clone().next();
        assert!(!dice.hits(Fault::lost_answer, &faults));
        assert_eq!(dice.next(), before, "a fault that is off draws nothing");
    }

    #[test]
    fn faults_are_read_from_json() {
        let text = r#"{"failed":{"every":5},"lost_answer":10000,"late_event_ms":7}"#;
        let faults: Faults = serde_json::from_str(text).unwrap();
        assert_eq!(faults.failed, Rate::Every { every: 5 });
        assert_eq!((faults.lost_answer, faults.late_event_ms), (Rate::Ppm(10_000), 7));
        assert!(serde_json::from_str::<Faults>(r#"{"fialed":1}"#).is_err(), "a name that is none is refused");
    }
}
