//! What is at risk: shared by the gate, which decides on it, and by whoever shows it.

use crate::config::Config;
use crate::exits::LOT;
use projections::State;
use projections::orders::Order;
use schemas::money::mul_div;
use schemas::{Cash, MarketId, Rounding, Side};

/// What is at risk in the markets that `wanted` selects: cost of positions and reservations of orders.
pub fn at_risk(state: &State, wanted: impl Fn(MarketId) -> bool) -> Cash {
    let held = state.positions.held_all().filter(|(t, _)| wanted(t.market())).map(|(_, p)| p.lot.cost);
    let reserved = state.orders.open().filter(|o| wanted(o.market)).map(Order::reserved);
    held.chain(reserved).fold(Cash::ZERO, |a, b| a.plus(b).unwrap_or(Cash(i64::MAX)))
}

/// The markets in which something is held or may be bought, in order.
pub fn open_markets(state: &State) -> Vec<MarketId> {
    // What is too small to be sold is no position.
    let held = state.positions.held_all().filter(|(_, p)| p.lot.size >= LOT).map(|(t, _)| t.market());
    let buying = state.orders.open().filter(|o| o.plan.action.side == Side::Buy).map(|o| o.market);
    let mut all: Vec<MarketId> = held.chain(buying).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The most that may be at risk in all: the configured percentage of the present equity.
pub fn portfolio_limit(state: &State, config: &Config) -> Cash {
    let equity = state.equity.now.0.max(0);
    // A percentage is kept in millionths of a percent.
    mul_div(equity, config.risk.max_portfolio_risk_pct.0, 100_000_000, Rounding::Floor).map_or(Cash::ZERO, Cash)
}
