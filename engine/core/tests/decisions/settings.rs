//! Configurations to tell stories with.

use engine_core::Config;
use schemas::{Cash, Prob};

/// Answers at once; one forecaster that follows the book; its view counts in full; small edges are enough.
pub fn eager() -> Config {
    let mut c = Config::default();
    c.agents.forecasters = vec!["microstructure".to_owned()];
    c.agents.forecast_weight = Prob::ONE;
    c.agents.loop_interval_seconds = 10;
    c.risk.min_edge_threshold = schemas::Price(10_000);
    c.risk.min_confidence = Prob(400_000);
    c.risk.max_portfolio_risk_pct = Cash(100_000_000);
    c.risk.max_correlation_exposure = Prob::ONE;
    c.paper.starting_cash_usdc = Cash(1_000_000_000);
    c.paper.submit_latency_ms = 0;
    c.paper.report_latency_ms = 0;
    c
}

/// Nobody has a view: nothing is entered, and what happens is about exits only.
pub fn watchful() -> Config {
    let mut c = eager();
    c.agents.forecasters.clear();
    c
}
