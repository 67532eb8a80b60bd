//! Taker fees for recordings that do not state them.

use schemas::event::FeeSchedule;

/// Polymarket's published rates by subject area (`rate x p (1 - p)` a share, takers only), as of 2026. What is not
/// named there pays the rate of "other", which is also the rate of an unknown category.
pub(super) fn by_category(category: &str) -> FeeSchedule {
    let rate_ppm = match category {
        "geopolitics" => 0,
        "sports" => 30_000,
        "politics" | "finance" | "mentions" | "tech" => 40_000,
        "crypto" => 70_000,
        _ => 50_000,
    };
    FeeSchedule { rate_ppm, exponent: 1, taker_only: true }
}
