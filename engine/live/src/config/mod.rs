//! The configuration: defaults, then files in the order given, then `ARENA__SECTION__KEY` variables. Every value knows
//! where it came from; a key that does not exist is an error that names the nearest one that does.

mod elsewhere;
mod load;
mod log;
mod redact;
mod tree;
mod venue;
mod wallet;

pub use elsewhere::{KalshiConfig, ManifoldConfig};
pub use load::{ConfigFaults, Loaded, load, load_text};
pub use log::{Keeping, LogConfig, default_key};
pub use redact::without_secrets;
pub use tree::{Origin, Setting};
pub use venue::VenueConfig;
pub use wallet::{AccountType, KeyFrom, WalletConfig};

use engine_core::Config;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// What is at stake when `arena run` starts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunMode {
    /// Simulated money.
    #[default]
    Paper,
    /// Real money. Needs `--live` and a confirmation too.
    Live,
}

impl RunMode {
    /// The name of its log in the data directory, and its own.
    pub fn log_name(self) -> &'static str {
        match self {
            Self::Paper => "paper",
            Self::Live => "live",
        }
    }
}

/// Everything that can be configured.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AppConfig {
    /// What is at stake.
    pub mode: RunMode,
    /// Where logs are kept; the user's data directory if not set.
    pub data_dir: Option<PathBuf>,
    /// How logs are kept. Changes nothing about what is in them.
    pub log: LogConfig,
    /// The wallet of live trading. Nothing secret is in it, and nothing of it in the log.
    pub wallet: WalletConfig,
    /// The live venue: where it is, and which markets are followed.
    pub venue: VenueConfig,
    /// Markets at Kalshi, read and never traded.
    pub kalshi: KalshiConfig,
    /// Markets at Manifold, read and never traded.
    pub manifold: ManifoldConfig,
    /// What decisions depend on: goes into the log with every run.
    #[serde(flatten)]
    pub core: Config,
}

impl AppConfig {
    /// Where everything is that a live run talks to.
    pub fn hosts(&self) -> venues::net::Hosts {
        venues::net::Hosts {
            kalshi: self.kalshi.url.clone(),
            kalshi_socket: self.kalshi.socket_url.clone(),
            manifold: self.manifold.url.clone(),
            ..self.venue.hosts()
        }
    }
}
