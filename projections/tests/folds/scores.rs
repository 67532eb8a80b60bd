//! Brier scores against plain averages of squares.

use super::dice::Dice;
use super::stream::Stream;
use proptest::prelude::*;
use schemas::event::{AgentEvent, EstimateSource, MarketEvent, ResearchEstimate, Resolution};
use schemas::{Event, MarketId, Prob};
use std::collections::BTreeMap;

type Forecasts = Vec<(f64, f64)>;

fn mean(all: impl ExactSizeIterator<Item = f64>) -> f64 {
    let n = all.len() as f64;
    all.sum::<f64>() / n
}

/// Mean squared errors of forecasts: ours, the market's.
fn brier(forecasts: &Forecasts, yes: bool) -> (f64, f64) {
    let y = f64::from(u8::from(yes));
    (mean(forecasts.iter().map(|f| (f.0 - y).powi(2))), mean(forecasts.iter().map(|f| (f.1 - y).powi(2))))
}

fn close(found: Option<u64>, expected: f64) -> Result<(), TestCaseError> {
    let found = found.unwrap() as f64 / 1e6;
    prop_assert!((found - expected).abs() < 3e-6, "{} against {}", found, expected);
    Ok(())
}

proptest! {
    #[test]
    fn records(rolls in prop::collection::vec(any::<u64>(), 0..150)) {
        let mut s = Stream::new();
        for m in 0..4 {
            let listed = Dice::new(m, false).listing(MarketId(m as u32));
            s.tell(Event::Market(MarketEvent::Listed(Box::new(listed))));
        }
        let mut heard: BTreeMap<(u32, String), Forecasts> = BTreeMap::new();
        let mut ended: BTreeMap<u32, Resolution> = BTreeMap::new();
        let mut scored: BTreeMap<String, Vec<(u32, f64, f64)>> = BTreeMap::new();
        for roll in rolls {
            let mut dice = Dice::new(roll, false);
            if dice.below(12) > 0 {
                let e = dice.estimate();
                s.tell(Event::Agent(AgentEvent::ResearchEstimate(Box::new(e.clone()))));
                if e.abstain || ended.contains_key(&e.market.0) {
                    continue;
                }
                let (p, m) = (f64::from(e.probability.0) / 1e6, f64::from(e.market_price.0) / 1e6);
                heard.entry((e.market.0, e.source.name().to_owned())).or_default().push((p, m));
                let found = s.state.scores.of_market(e.market, e.source.name(), true).unwrap();
                let expected = brier(&heard[&(e.market.0, e.source.name().to_owned())], true);
                close(Some(found.0), expected.0)?;
                close(Some(found.1), expected.1)?;
                continue;
            }
            let market = dice.market();
            let resolution = dice.pick(&[Resolution::Yes, Resolution::No, Resolution::Split]);
            // Venues say it once a token, and sometimes once more for the other outcome; the first one counts.
            for _ in 0..1 + dice.below(3) {
                s.tell(Event::Market(MarketEvent::Resolved { market, resolution }));
            }
            if ended.contains_key(&market.0) {
                continue;
            }
            ended.insert(market.0, resolution);
            if resolution == Resolution::Split {
                continue;
            }
            for ((_, source), forecasts) in heard.iter().filter(|((m, _), _)| *m == market.0) {
                let (ours, theirs) = brier(forecasts, resolution == Resolution::Yes);
                scored.entry(source.clone()).or_default().push((market.0, ours, theirs));
            }
        }
        for (source, markets) in &scored {
            let record = s.state.scores.record(source);
            prop_assert_eq!(record.markets, markets.len() as u64);
            close(record.brier_ppm(), mean(markets.iter().map(|m| m.1)))?;
            close(record.market_brier_ppm(), mean(markets.iter().map(|m| m.2)))?;
            let by_category: u64 = s.state.scores.by_category.iter().filter(|(k, _)| k.0 == *source).map(|(_, r)| r.markets).sum();
            prop_assert_eq!(by_category, record.markets);
        }
        prop_assert_eq!(s.state.scores.by_source.len(), scored.len());
    }
}

fn estimate(ppm: u32) -> Event {
    let e = ResearchEstimate {
        market: MarketId(0),
        source: EstimateSource::Blend,
        probability: Prob(ppm),
        market_price: Prob::HALF,
        abstain: false,
        ..Dice::new(1, false).estimate()
    };
    Event::Agent(AgentEvent::ResearchEstimate(Box::new(e)))
}

#[test]
fn a_resolution_reported_twice_in_one_moment_scores_once() {
    let mut s = Stream::new();
    s.tell(Event::Market(MarketEvent::Listed(Box::new(Dice::new(1, false).listing(MarketId(0))))));
    s.tell(estimate(800_000));
    for _ in 0..2 {
        s.tell(Event::Market(MarketEvent::Resolved { market: MarketId(0), resolution: Resolution::Yes }));
    }
    let record = s.state.scores.record("blend");
    assert_eq!((record.markets, record.forecasts), (1, 1));
    assert_eq!((record.brier_ppm(), record.market_brier_ppm()), (Some(40_000), Some(250_000)));
}

#[test]
fn what_is_said_after_the_end_is_no_forecast() {
    let mut s = Stream::new();
    s.tell(Event::Market(MarketEvent::Listed(Box::new(Dice::new(1, false).listing(MarketId(0))))));
    let resolved = MarketEvent::Resolved { market: MarketId(0), resolution: Resolution::No };
    s.tell(Event::Market(resolved.clone()));
    s.tell(estimate(1_000));
    s.tell(Event::Market(resolved));
    assert_eq!(s.state.scores.record("blend").markets, 0);
}
