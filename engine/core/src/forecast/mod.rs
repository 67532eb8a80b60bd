//! The offline forecasters: deterministic statistics that need no key and no network. Each gives the same typed estimate
//! that a language model gives, or abstains.
//!
//! This folder and nothing else of the pure crates computes with floats: probabilities in logit space. Logarithm and
//! exponential come from `libm` (the same software on every machine), the other operations are exact by IEEE 754, and the
//! result is rounded to millionths before anything else sees it: equal on every machine, and never an amount of money.

mod blend;
mod logit;
mod longshot;
mod microstructure;
mod momentum;

pub use blend::{aggregate, blend};

use projections::State;
use projections::book::Book;
use projections::indicators::Indicator;
use projections::markets::Market;
use projections::quotes::TokenQuote;
use schemas::event::{Confidence, Direction, EstimateSource, Evidence, ResearchEstimate, Strength};
use schemas::{MarketId, Prob};

/// The names of the forecasters, in the order in which they are asked by default.
pub const NAMES: &[&str] = &["momentum", "microstructure", "longshot"];

/// What a forecaster may look at: one market, now.
pub struct View<'a> {
    /// The market.
    pub market: &'a Market,
    /// YES prices.
    pub quote: TokenQuote,
    /// Its indicators.
    pub indicator: Indicator,
    /// The YES book, where there is one.
    pub book: Option<&'a Book>,
}

impl<'a> View<'a> {
    /// The present view of a market; `None` if the log has not listed it.
    pub fn of(state: &'a State, market: MarketId) -> Option<Self> {
        Some(Self {
            market: state.markets.get(market)?,
            quote: state.quotes.get(market.yes()),
            indicator: state.indicators.get(market),
            book: state.books.get(market.yes()),
        })
    }
}

/// What a forecaster concludes: how far, in logits, the market's price is off.
struct Opinion {
    /// Added to the logit of the market's price.
    shift: f64,
    /// Half the width of the 80 % interval, in logits.
    spread: f64,
    confidence: Confidence,
    evidence: Vec<Evidence>,
}

/// Asks a forecaster by name. Unknown names abstain; the configuration check refuses them before.
pub fn ask(name: &str, view: &View<'_>) -> ResearchEstimate {
    let market_price = view.quote.probability();
    let opinion = match (name, market_price) {
        (_, None) => None,
        ("momentum", Some(p)) => momentum::opinion(view, p),
        ("microstructure", Some(p)) => microstructure::opinion(view, p),
        ("longshot", Some(p)) => Some(longshot::opinion(p)),
        _ => None,
    };
    let market_price = market_price.unwrap_or(Prob::HALF);
    let abstain = opinion.is_none();
    let opinion =
        opinion.unwrap_or(Opinion { shift: 0.0, spread: 1.0, confidence: Confidence::Low, evidence: Vec::new() });
    let at = logit::of(market_price);
    ResearchEstimate {
        market: view.market.listed.market,
        source: EstimateSource::Offline(format!("{name}/1")),
        base_rate: market_price,
        probability: logit::prob(at + opinion.shift),
        low: logit::prob(at + opinion.shift - opinion.spread),
        high: logit::prob(at + opinion.shift + opinion.spread),
        confidence: opinion.confidence,
        resolution_risk: Confidence::Low,
        rationale: if abstain { "not enough data".to_owned() } else { String::new() },
        evidence: opinion.evidence,
        abstain,
        injection_suspected: false,
        market_price,
    }
}

fn evidence(source: &str, claim: String, shift: f64) -> Evidence {
    let direction = match shift {
        s if s > 0.0 => Direction::For,
        s if s < 0.0 => Direction::Against,
        _ => Direction::Neutral,
    };
    let strength = match shift.abs() {
        s if s > 0.3 => Strength::Strong,
        s if s > 0.1 => Strength::Moderate,
        _ => Strength::Weak,
    };
    Evidence { source: source.to_owned(), claim, direction, strength }
}
