//! Many opinions to one, and that one with the market's price. Everything in logit space, where averaging is fair near
//! the ends. The market's price is the prior: forecasters only ever move it by their weight.

use super::logit;
use projections::decisions::Opinion;
use schemas::Prob;
use schemas::event::Confidence;

/// The combined view of all forecasters that did not abstain: mean in logit space, an interval that covers the spread
/// between them, and the lower middle of their confidences. `None` if all abstained.
pub fn aggregate(opinions: &[Opinion]) -> Option<Opinion> {
    let heard: Vec<&Opinion> = opinions.iter().filter(|o| !o.abstain).collect();
    let n = heard.len();
    if n == 0 {
        return None;
    }
    let mean = |f: fn(&Opinion) -> Prob| heard.iter().map(|o| logit::of(f(o))).sum::<f64>() / n as f64;
    let probability = logit::prob(mean(|o| o.probability));
    let low = heard.iter().map(|o| o.probability).min().unwrap_or(probability).min(logit::prob(mean(|o| o.low)));
    let high = heard.iter().map(|o| o.probability).max().unwrap_or(probability).max(logit::prob(mean(|o| o.high)));
    let mut confidences: Vec<Confidence> = heard.iter().map(|o| o.confidence).collect();
    confidences.sort_unstable();
    Some(Opinion {
        source: "aggregate".to_owned(),
        probability,
        low,
        high,
        confidence: confidences[(n - 1) / 2],
        abstain: false,
    })
}

/// `weight` of the forecast, the rest of the market's price, in logit space.
pub fn blend(forecast: Prob, market: Prob, weight: Prob) -> Prob {
    let w = f64::from(weight.0) / 1e6;
    logit::prob(w * logit::of(forecast) + (1.0 - w) * logit::of(market))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opinion(ppm: u32, confidence: Confidence, abstain: bool) -> Opinion {
        let p = Prob(ppm);
        Opinion { source: "t".to_owned(), probability: p, low: p, high: p, confidence, abstain }
    }

    #[test]
    fn abstentions_do_not_count() {
        let all = [opinion(900_000, Confidence::High, true), opinion(600_000, Confidence::Medium, false)];
        let one = aggregate(&all).unwrap();
        assert_eq!((one.probability, one.confidence), (Prob(600_000), Confidence::Medium));
        assert!(aggregate(&all[..1]).is_none());
    }

    #[test]
    fn symmetric_opinions_meet_in_the_middle() {
        let all = [opinion(200_000, Confidence::Low, false), opinion(800_000, Confidence::High, false)];
        let one = aggregate(&all).unwrap();
        assert_eq!(one.probability, Prob::HALF);
        assert_eq!(one.confidence, Confidence::Low);
        assert!(one.low <= Prob(200_000) && one.high >= Prob(800_000));
    }

    #[test]
    fn weight_moves_from_market_to_forecast() {
        assert_eq!(blend(Prob(700_000), Prob(400_000), Prob(0)), Prob(400_000));
        assert_eq!(blend(Prob(700_000), Prob(400_000), Prob::ONE), Prob(700_000));
        let half = blend(Prob(700_000), Prob(400_000), Prob::HALF);
        assert!(half > Prob(540_000) && half < Prob(560_000), "{half}");
    }
}
