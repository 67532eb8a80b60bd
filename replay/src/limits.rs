//! Limits: what is used of them at a point, and the numbers of a limit in words.

use engine_core::{Config, risk};
use projections::State;
use schemas::event::{KillLevel, Limit};
use schemas::money::mul_div;
use schemas::{Cash, Price, Prob, Rounding, Size};
use serde::Serialize;

/// A limit, what is used of it and what is allowed, in the limit's own unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Use {
    /// Which limit.
    pub limit: Limit,
    /// What is used.
    pub used: i64,
    /// What is allowed.
    pub allowed: i64,
}

impl Use {
    /// Nothing is left.
    pub fn is_reached(&self) -> bool {
        self.used >= self.allowed
    }

    /// The part that is used, in percent.
    pub fn percent(&self) -> Option<i64> {
        mul_div(self.used.max(0), 100, self.allowed, Rounding::Floor).ok()
    }
}

/// The limits that reach over all markets, as the gate would find them before another order.
pub fn in_use(state: &State, config: &Config) -> Vec<Use> {
    let (limits, now) = (&config.risk, state.time);
    let open = i64::try_from(risk::open_markets(state).len()).unwrap_or(i64::MAX);
    let row = |limit, used, allowed| Use { limit, used, allowed };
    vec![
        row(Limit::PortfolioExposure, risk::at_risk(state, |_| true).0, risk::portfolio_limit(state, config).0),
        row(Limit::OpenPositions, open, i64::from(limits.max_open_positions)),
        row(Limit::DailyLoss, state.equity.daily_loss().0, limits.daily_loss_limit_usdc.0),
        row(Limit::Drawdown, i64::from(state.equity.drawdown_ppm()), limits.max_drawdown_pct.0 / 100),
        row(
            Limit::OrderRate,
            i64::from(state.activity.orders_last_minute(now)),
            i64::from(limits.max_orders_per_minute),
        ),
        row(Limit::Turnover, state.activity.turnover_last_day(now).0, limits.max_turnover_usdc.0),
        row(Limit::FeeDrag, state.activity.fees_last_day(now).0, limits.max_fees_usdc.0),
        row(Limit::Balance, state.orders.reserved().0, state.positions.cash.0),
        row(Limit::ModelBudget, state.costs.day(now).0, config.costs.daily_llm_budget.0),
    ]
}

/// A number of a limit, with its unit.
pub fn amount(limit: Limit, value: i64) -> String {
    match limit {
        Limit::KillSwitch => kill_level(value),
        Limit::MarketStatus => if value == 1 { "open" } else { "not open" }.to_owned(),
        Limit::StaleData => format!("{value} ms"),
        Limit::TimeToResolution if value == i64::MAX => "no end stated".to_owned(),
        Limit::TimeToResolution => format!("{} s", value / 1_000),
        Limit::Spread | Limit::PriceBand | Limit::TickGrid | Limit::MinEdge => Price(value).to_string(),
        Limit::MinSize => format!("{} shares", Size(value)),
        Limit::MinConfidence => Prob::from_ppm(value).map_or_else(|| value.to_string(), |p| p.to_string()),
        Limit::Drawdown => Prob::from_ppm(value).map_or_else(|| format!("{value} ppm"), console::words::percent),
        Limit::OpenPositions | Limit::OrderRate | Limit::UnknownOrders => value.to_string(),
        Limit::SingleTrade
        | Limit::PositionSize
        | Limit::GroupExposure
        | Limit::CategoryExposure
        | Limit::PortfolioExposure
        | Limit::DailyLoss
        | Limit::Turnover
        | Limit::FeeDrag
        | Limit::Balance
        | Limit::ModelBudget => format!("${:.2}", Cash(value)),
    }
}

fn kill_level(value: i64) -> String {
    let level = match value {
        risk::HALTED => return "off, but trading is halted".to_owned(),
        0 => KillLevel::Off,
        1 => KillLevel::NoNewRisk,
        2 => KillLevel::CancelAll,
        3 => KillLevel::Flatten,
        other => return other.to_string(),
    };
    console::words::word(&level)
}
