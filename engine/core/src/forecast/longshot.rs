//! Long shots are overpriced and favourites underpriced, a little: the best documented bias of betting markets (Griffith
//! 1949; Snowberg and Wolfers 2010). The correction stretches the market's own logit.

use super::{Opinion, evidence, logit};
use schemas::Prob;
use schemas::event::Confidence;

/// How far the logit is stretched. Small: liquid markets leave little of the bias.
const STRETCH: f64 = 0.06;

pub(super) fn opinion(price: Prob) -> Opinion {
    let shift = STRETCH * logit::of(price);
    Opinion {
        shift,
        spread: 0.5,
        confidence: Confidence::Medium,
        evidence: vec![evidence("price", format!("favourite-longshot correction at {price}"), shift)],
    }
}
