//! What the exchange is told by the configuration: section `paper`.

use schemas::{Cash, Size};
use serde::{Deserialize, Serialize};

/// Section `paper` of the configuration; its keys are documented there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Cash of the engine's account at the start.
    pub starting_cash_usdc: Cash,
    /// From sending to arrival.
    pub submit_latency_ms: u64,
    /// From happening to hearing.
    pub report_latency_ms: u64,
    /// From match to confirmation.
    pub confirm_latency_ms: u64,
    /// Depth assumed at a quote without size.
    pub assumed_depth_shares: Size,
    /// Every n-th answer is lost, in turn on the way there and on the way back.
    pub lose_every_nth_answer: u64,
    /// Every n-th match does not settle.
    pub fail_every_nth_trade: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            starting_cash_usdc: Cash(10_000_000_000),
            submit_latency_ms: 50,
            report_latency_ms: 50,
            confirm_latency_ms: 2_000,
            assumed_depth_shares: Size(100_000_000),
            lose_every_nth_answer: 0,
            fail_every_nth_trade: 0,
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Whole {
    paper: Settings,
}

impl Settings {
    /// From the canonical configuration of a run. One that cannot be read leaves the defaults.
    pub fn from_config(config: &str) -> Self {
        serde_json::from_str::<Whole>(config).unwrap_or_default().paper
    }
}
