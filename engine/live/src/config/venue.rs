//! Section `[venue]`: where the venue is, and which of its markets are followed live.

use schemars::JsonSchema;
use schemas::Cash;
use serde::{Deserialize, Serialize};
use venues::net::Hosts;
use venues::polymarket::feed::{Settings, Wanted};

/// The live venue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct VenueConfig {
    /// The order book. To try things out, the address of an `arena sandbox`.
    pub clob_url: String,
    /// The catalogue of markets.
    pub gamma_url: String,
    /// Positions and history.
    pub data_url: String,
    /// The websockets, without the channel's name.
    pub socket_url: String,
    /// The page that says whether the venue takes orders from here.
    pub geoblock_url: String,
    /// Most markets that are followed.
    #[schemars(range(min = 1, max = 5000))]
    pub max_markets: u32,
    /// Only these markets, by slug; empty for any.
    pub slugs: Vec<String>,
    /// Smallest liquidity of a market, in dollars.
    #[schemars(with = "String")]
    pub min_liquidity_usdc: Cash,
    /// Smallest volume of a market so far, in dollars.
    #[schemars(with = "String")]
    pub min_volume_usdc: Cash,
    /// Only markets that end no later than this many days from now; 0 for any.
    pub max_days_to_end: u32,
    /// Keep every frame of the market sockets as it came. Frames about our own orders are always kept.
    pub record_raw: bool,
}

impl Default for VenueConfig {
    fn default() -> Self {
        let Hosts { clob, gamma, data, socket, .. } = Hosts::default();
        Self {
            clob_url: clob,
            gamma_url: gamma,
            data_url: data,
            socket_url: socket,
            geoblock_url: "https://polymarket.com/api/geoblock".to_owned(),
            max_markets: 20,
            slugs: Vec::new(),
            min_liquidity_usdc: Cash(5_000_000_000),
            min_volume_usdc: Cash(10_000_000_000),
            max_days_to_end: 0,
            record_raw: false,
        }
    }
}

impl VenueConfig {
    /// What is wrong with it, in words.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        for (key, url) in [
            ("clob_url", &self.clob_url),
            ("gamma_url", &self.gamma_url),
            ("data_url", &self.data_url),
            ("geoblock_url", &self.geoblock_url),
        ] {
            if let Err(e) = venues::http::endpoint(url) {
                faults.push(format!("venue.{key}: {e}"));
            }
        }
        let as_http = self.socket_url.replacen("ws", "http", 1);
        if !self.socket_url.starts_with("ws") || venues::http::endpoint(&as_http).is_err() {
            faults.push("venue.socket_url: it must begin with wss://, or with ws:// for this machine".to_owned());
        }
        if !(1..=5_000).contains(&self.max_markets) {
            faults.push("venue.max_markets must be from 1 to 5000".to_owned());
        }
        faults
    }

    /// Where everything of it is.
    pub fn hosts(&self) -> Hosts {
        Hosts {
            clob: self.clob_url.clone(),
            gamma: self.gamma_url.clone(),
            data: self.data_url.clone(),
            socket: self.socket_url.clone(),
            ..Hosts::default()
        }
    }

    /// What is followed. Categories and the time to the end are those that decisions go by.
    pub fn feed(&self, core: &engine_core::Config) -> Settings {
        let wanted = Wanted {
            max_markets: self.max_markets as usize,
            slugs: self.slugs.clone(),
            categories: core.markets.categories.clone(),
            exclude_categories: core.markets.exclude_categories.clone(),
            min_liquidity: self.min_liquidity_usdc,
            min_volume: self.min_volume_usdc,
            min_seconds_to_end: u64::from(core.risk.min_minutes_to_end) * 60,
            max_seconds_to_end: u64::from(self.max_days_to_end) * 86_400,
        };
        Settings { wanted, record_raw: self.record_raw }
    }
}
