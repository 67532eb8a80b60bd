//! Probabilities to logits and back.

use schemas::Prob;

/// Nothing is surer than this: one in a thousand.
const EDGE: u32 = 1_000;

/// The logit of a probability, kept away from 0 and 1.
pub fn of(p: Prob) -> f64 {
    let p = f64::from(p.clamped(EDGE).0) / 1e6;
    libm::log(p / (1.0 - p))
}

/// The probability of a logit, rounded to millionths and kept away from 0 and 1.
pub fn prob(logit: f64) -> Prob {
    let p = 1.0 / (1.0 + libm::exp(-logit));
    let ppm = if p.is_finite() { libm::round(p * 1e6) } else { 5e5 };
    // In range by construction: p lies between 0 and 1.
    Prob(ppm as u32).clamped(EDGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip_within_a_millionth() {
        for ppm in (1_000..999_000).step_by(997) {
            assert!(prob(of(Prob(ppm))).0.abs_diff(ppm) <= 1);
        }
        assert_eq!(prob(f64::NAN), Prob::HALF);
        assert_eq!(prob(1e9), Prob(999_000));
    }

    /// The same bits on every machine: a change here is a change of every recorded decision.
    #[test]
    fn known_values() {
        assert_eq!(of(Prob(731_059)).to_bits(), 4607182428451937622);
        assert_eq!(prob(1.0), Prob(731_059));
    }
}
