//! Prices that drift go on drifting a little: the distance of the fast average from the slow one, measured in the
//! market's own usual moves, shifts the estimate in the same direction.

use super::{Opinion, View, evidence};
use projections::indicators::SCALE;
use schemas::Prob;
use schemas::event::Confidence;

/// Bars needed before the averages mean anything.
const BARS_MIN: u32 = 10;
/// Logits of shift for a drift of one usual move a bar.
const GAIN: f64 = 0.05;
/// No drift is worth more.
const SHIFT_MAX: f64 = 0.35;

pub(super) fn opinion(view: &View<'_>, price: Prob) -> Option<Opinion> {
    let i = &view.indicator;
    // Half a tick: a market that never moves has no usual move to measure by.
    let usual = i.volatility.max(500 * SCALE);
    if i.bars < BARS_MIN {
        return None;
    }
    let drift = (i.ema[0] - i.ema[1]) as f64 / usual as f64;
    let pull = (i.mid - i.ema[2]) as f64 / usual as f64;
    let rsi = f64::from(i.rsi_ppm()) / 1e6;
    // Beyond the usual bounds the move is more likely over than not.
    let tired = if !(0.2..=0.8).contains(&rsi) { 0.5 } else { 1.0 };
    let shift = ((drift + 0.25 * pull) * GAIN * tired).clamp(-SHIFT_MAX, SHIFT_MAX);
    let strong = shift.abs() > 0.1;
    let claim = format!(
        "EMA9 {} EMA21 {} EMA50 {} RSI {} at {price}",
        i.ema[0] / SCALE,
        i.ema[1] / SCALE,
        i.ema[2] / SCALE,
        i.rsi_ppm()
    );
    Some(Opinion {
        shift,
        spread: 0.4,
        confidence: if strong { Confidence::Medium } else { Confidence::Low },
        evidence: vec![evidence("indicators", claim, shift)],
    })
}
