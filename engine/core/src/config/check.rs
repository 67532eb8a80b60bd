//! What a configuration may be: every range, every name, all faults at once.

use super::Config;
use schemas::Price;
use schemas::event::KillLevel;

/// A configuration cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A value is outside its range.
    #[error("{key} = {value} is not allowed: {rule}")]
    OutOfRange {
        /// Dotted key.
        key: &'static str,
        /// What it is set to.
        value: String,
        /// What is allowed.
        rule: &'static str,
    },
    /// A name is not known.
    #[error("{key}: '{value}' is unknown; known are {known}")]
    UnknownName {
        /// Dotted key.
        key: &'static str,
        /// What it is set to.
        value: String,
        /// What there is.
        known: String,
    },
    /// The text is not a configuration.
    #[error("the configuration cannot be read: {0}")]
    Unreadable(String),
}

impl Config {
    /// Checks every range. Returns all faults, not only the first.
    pub fn check(&self) -> Vec<ConfigError> {
        let mut faults = Vec::new();
        let r = &self.risk;
        let positive_cash = [
            ("risk.max_position_size_usdc", r.max_position_size_usdc),
            ("risk.max_single_trade_usdc", r.max_single_trade_usdc),
            ("risk.daily_loss_limit_usdc", r.daily_loss_limit_usdc),
            ("risk.max_turnover_usdc", r.max_turnover_usdc),
            ("risk.max_fees_usdc", r.max_fees_usdc),
            ("paper.starting_cash_usdc", self.paper.starting_cash_usdc),
            ("costs.daily_llm_budget", self.costs.daily_llm_budget),
            ("costs.monthly_llm_budget", self.costs.monthly_llm_budget),
        ];
        for (key, value) in positive_cash {
            if value.0 <= 0 {
                faults.push(ConfigError::OutOfRange { key, value: value.to_string(), rule: "must be more than 0" });
            }
        }
        let percents = [
            ("risk.max_portfolio_risk_pct", r.max_portfolio_risk_pct),
            ("risk.max_drawdown_pct", r.max_drawdown_pct),
            ("costs.alert_threshold_pct", self.costs.alert_threshold_pct),
        ];
        for (key, value) in percents {
            if value.0 <= 0 || value.0 > 100_000_000 {
                let rule = "must be more than 0 and at most 100 (percent)";
                faults.push(ConfigError::OutOfRange { key, value: value.to_string(), rule });
            }
        }
        let prices = [
            ("risk.min_edge_threshold", r.min_edge_threshold),
            ("risk.min_price", r.min_price),
            ("risk.max_price", r.max_price),
            ("risk.max_spread", r.max_spread),
            ("agents.price_move_trigger", self.agents.price_move_trigger),
            ("exit.edge_gone_margin", self.exit.edge_gone_margin),
            ("execution.maker_min_view", self.execution.maker_min_view),
        ];
        for (key, value) in prices {
            if value.0 < 0 || value > Price::ONE {
                faults.push(ConfigError::OutOfRange { key, value: value.to_string(), rule: "must be between 0 and 1" });
            }
        }
        if r.kill_level_on_limit == KillLevel::Off {
            faults.push(ConfigError::OutOfRange {
                key: "risk.kill_level_on_limit",
                value: "off".to_owned(),
                rule: "a broken loss limit must stop something: no_new_risk, cancel_all or flatten",
            });
        }
        self.check_counts(&mut faults);
        self.check_names(&mut faults);
        faults
    }

    fn check_counts(&self, faults: &mut Vec<ConfigError>) {
        let at_least_one = [
            ("risk.max_open_positions", u64::from(self.risk.max_open_positions)),
            ("risk.max_orders_per_minute", u64::from(self.risk.max_orders_per_minute)),
            ("agents.loop_interval_seconds", u64::from(self.agents.loop_interval_seconds)),
            ("exit.max_hold_hours", u64::from(self.exit.max_hold_hours)),
            ("execution.unknown_resend_seconds", u64::from(self.execution.unknown_resend_seconds)),
            ("memory.short_term_window", u64::from(self.memory.short_term_window)),
            ("memory.short_term_ttl_minutes", u64::from(self.memory.short_term_ttl_minutes)),
            ("data.max_age_seconds", u64::from(self.data.max_age_seconds)),
            ("data.indicator_bar_seconds", u64::from(self.data.indicator_bar_seconds)),
            ("performance.max_concurrent_markets", u64::from(self.performance.max_concurrent_markets)),
            ("performance.checkpoint_every_events", self.performance.checkpoint_every_events),
            ("performance.snapshot_every_events", self.performance.snapshot_every_events),
        ];
        for (key, value) in at_least_one {
            if value == 0 {
                faults.push(ConfigError::OutOfRange { key, value: "0".to_owned(), rule: "must be at least 1" });
            }
        }
        if self.execution.order_ttl_seconds < 180 {
            faults.push(ConfigError::OutOfRange {
                key: "execution.order_ttl_seconds",
                value: self.execution.order_ttl_seconds.to_string(),
                rule: "must be at least 180: the venue refuses shorter lives",
            });
        }
        for (key, value) in [
            ("paper.assumed_depth_shares", self.paper.assumed_depth_shares),
            ("markets.min_top_size", self.markets.min_top_size),
        ] {
            if value.0 < 0 {
                faults.push(ConfigError::OutOfRange { key, value: value.to_string(), rule: "must not be negative" });
            }
        }
        if self.risk.min_price > self.risk.max_price {
            faults.push(ConfigError::OutOfRange {
                key: "risk.min_price",
                value: self.risk.min_price.to_string(),
                rule: "must not be above risk.max_price",
            });
        }
    }

    fn check_names(&self, faults: &mut Vec<ConfigError>) {
        for name in &self.agents.forecasters {
            if !crate::forecast::NAMES.contains(&name.as_str()) {
                faults.push(ConfigError::UnknownName {
                    key: "agents.forecasters",
                    value: name.clone(),
                    known: crate::forecast::NAMES.join(", "),
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schemas::Cash;

    #[test]
    fn defaults_are_valid_and_read_back() {
        let config = Config::default();
        assert_eq!(config.check(), []);
        assert_eq!(Config::from_canonical(&config.canonical().unwrap()).unwrap(), config);
    }

    #[test]
    fn bad_values_are_named() {
        let mut config = Config::default();
        config.risk.daily_loss_limit_usdc = Cash(-1);
        config.agents.forecasters.push("oracle".to_owned());
        let faults: Vec<_> = config.check().iter().map(ToString::to_string).collect();
        assert_eq!(faults.len(), 2, "{faults:?}");
        assert!(faults[0].contains("risk.daily_loss_limit_usdc"));
        assert!(faults[1].contains("oracle"));
    }

    #[test]
    fn the_loss_limits_cannot_be_switched_off() {
        let mut config = Config::default();
        config.risk.kill_level_on_limit = KillLevel::Off;
        let faults: Vec<_> = config.check().iter().map(ToString::to_string).collect();
        assert!(faults.len() == 1 && faults[0].contains("risk.kill_level_on_limit"), "{faults:?}");
    }

    #[test]
    fn unknown_keys_are_refused() {
        assert!(Config::from_canonical(r#"{"risk":{"max_loss":1}}"#).is_err());
    }
}
