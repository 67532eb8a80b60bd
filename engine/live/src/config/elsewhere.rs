//! Sections `[kalshi]` and `[manifold]`: markets elsewhere that are read and never traded.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use venues::feeds::ReadOnlyFeed;
use venues::kalshi::{self, ApiKey, KeyError, SignsHandshake};
use venues::manifold;
use venues::net::Hosts;

/// Kalshi.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct KalshiConfig {
    /// Whether it is read.
    pub enabled: bool,
    /// Its requests, with the path that all have in common.
    pub url: String,
    /// Its websocket, whole.
    pub socket_url: String,
    /// Open markets of these series.
    pub series: Vec<String>,
    /// These markets.
    pub tickers: Vec<String>,
    /// Of the series, only markets whose question has one of these words in it; empty for any.
    pub words: Vec<String>,
    /// Most markets that are followed.
    #[schemars(range(min = 1, max = 200))]
    pub max_markets: u32,
    /// Most requests in a second.
    #[schemars(range(min = 1, max = 10))]
    pub reads_per_second: u32,
    /// A book is not read again sooner.
    #[schemars(range(min = 200, max = 60000))]
    pub book_every_ms: u32,
    /// The public name of an API key, for the websocket. Without one, books are read by requests.
    pub api_key_id: Option<String>,
    /// The file with its RSA private key in PEM; only its owner may read it.
    pub private_key_file: Option<PathBuf>,
}

impl Default for KalshiConfig {
    fn default() -> Self {
        let hosts = Hosts::default();
        Self {
            enabled: false,
            url: hosts.kalshi,
            socket_url: hosts.kalshi_socket,
            series: Vec::new(),
            tickers: Vec::new(),
            words: Vec::new(),
            max_markets: 40,
            reads_per_second: 5,
            book_every_ms: 2_000,
            api_key_id: None,
            private_key_file: None,
        }
    }
}

impl KalshiConfig {
    /// What is wrong with it, in words.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if let Err(e) = venues::http::endpoint(&self.url) {
            faults.push(format!("kalshi.url: {e}"));
        }
        let as_http = self.socket_url.replacen("ws", "http", 1);
        if !self.socket_url.starts_with("ws") || venues::http::endpoint(&as_http).is_err() {
            faults.push("kalshi.socket_url: it must begin with wss://, or with ws:// for this machine".to_owned());
        }
        if self.enabled && self.series.is_empty() && self.tickers.is_empty() {
            faults.push("kalshi.series or kalshi.tickers must name what is to be read".to_owned());
        }
        if self.api_key_id.is_some() != self.private_key_file.is_some() {
            faults.push("kalshi.api_key_id and kalshi.private_key_file go together".to_owned());
        }
        let ranges = [
            ("max_markets", self.max_markets, 1, 200),
            ("reads_per_second", self.reads_per_second, 1, 10),
            ("book_every_ms", self.book_every_ms, 200, 60_000),
        ];
        for (key, value, low, high) in ranges {
            if !(low..=high).contains(&value) {
                faults.push(format!("kalshi.{key} must be from {low} to {high}"));
            }
        }
        faults
    }

    /// Its feed, if it is read. Reads the private key, if there is one.
    pub fn feed(&self) -> Result<Option<Box<dyn ReadOnlyFeed>>, KeyError> {
        if !self.enabled {
            return Ok(None);
        }
        let key = match (&self.api_key_id, &self.private_key_file) {
            (Some(id), Some(file)) => Some(Box::new(ApiKey::load(id, file)?) as Box<dyn SignsHandshake>),
            _ => None,
        };
        let wanted = kalshi::feed::Wanted {
            max_markets: self.max_markets as usize,
            series: self.series.clone(),
            tickers: self.tickers.clone(),
            words: self.words.clone(),
        };
        let (reads_per_second, book_every_ms) = (self.reads_per_second, u64::from(self.book_every_ms));
        let settings = kalshi::feed::Settings { wanted, reads_per_second, book_every_ms, key };
        Ok(Some(Box::new(kalshi::feed::Feed::new(settings))))
    }
}

/// Manifold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ManifoldConfig {
    /// Whether it is read.
    pub enabled: bool,
    /// Its requests, with the path that all have in common.
    pub url: String,
    /// These markets, by the last part of their address.
    pub slugs: Vec<String>,
    /// The most liquid open markets that are found with these words.
    pub terms: Vec<String>,
    /// Most markets that are followed.
    #[schemars(range(min = 1, max = 100))]
    pub max_markets: u32,
    /// Each is asked about this often.
    #[schemars(range(min = 5, max = 3600))]
    pub poll_seconds: u32,
}

impl Default for ManifoldConfig {
    fn default() -> Self {
        Self {
            enabled: false,
            url: Hosts::default().manifold,
            slugs: Vec::new(),
            terms: Vec::new(),
            max_markets: 20,
            poll_seconds: 60,
        }
    }
}

impl ManifoldConfig {
    /// What is wrong with it, in words.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if let Err(e) = venues::http::endpoint(&self.url) {
            faults.push(format!("manifold.url: {e}"));
        }
        if self.enabled && self.slugs.is_empty() && self.terms.is_empty() {
            faults.push("manifold.slugs or manifold.terms must name what is to be read".to_owned());
        }
        for (key, value, low, high) in
            [("max_markets", self.max_markets, 1, 100), ("poll_seconds", self.poll_seconds, 5, 3_600)]
        {
            if !(low..=high).contains(&value) {
                faults.push(format!("manifold.{key} must be from {low} to {high}"));
            }
        }
        faults
    }

    /// Its feed, if it is read.
    pub fn feed(&self) -> Option<Box<dyn ReadOnlyFeed>> {
        self.enabled.then(|| {
            let wanted = manifold::Wanted {
                max_markets: self.max_markets as usize,
                slugs: self.slugs.clone(),
                terms: self.terms.clone(),
            };
            let settings = manifold::Settings { wanted, poll_seconds: self.poll_seconds };
            Box::new(manifold::Feed::new(settings)) as Box<dyn ReadOnlyFeed>
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_sound_and_read_nothing() {
        let (kalshi, manifold) = (KalshiConfig::default(), ManifoldConfig::default());
        assert_eq!((kalshi.faults(), manifold.faults()), (Vec::new(), Vec::new()));
        assert!(kalshi.feed().unwrap().is_none() && manifold.feed().is_none());
    }

    #[test]
    fn faults_are_named() {
        let kalshi = KalshiConfig {
            enabled: true,
            url: "http://kalshi.example".to_owned(),
            socket_url: "https://x".to_owned(),
            reads_per_second: 11,
            api_key_id: Some("id".to_owned()),
            ..KalshiConfig::default()
        };
        let faults = kalshi.faults().join("\n");
        for key in ["url", "socket_url", "series", "private_key_file", "reads_per_second"] {
            assert!(faults.contains(&format!("kalshi.{key}")), "{key}: {faults}");
        }
        let manifold = ManifoldConfig { enabled: true, poll_seconds: 1, ..ManifoldConfig::default() };
        assert_eq!(manifold.faults().len(), 2);
    }
}
