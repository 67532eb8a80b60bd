//! Everything decisions depend on that is not an event of the market. The whole of it travels in `RunStarted`, so a
//! replay decides with the same configuration.
//!
//! Fractions are decimals written as text ("0.03") or whole numbers: a configuration holds no binary floats.

use schemars::JsonSchema;
mod check;

pub use check::ConfigError;

use polymarket::{Address, SignatureType};
use schemas::event::KillLevel;
use schemas::{Bytes32, Cash, Price, Prob, Size};
use serde::{Deserialize, Serialize};

/// The configuration of the engine. Every key has a default; unknown keys are errors.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// What may be lost.
    pub risk: RiskConfig,
    /// Who decides, how often, and how their views are combined.
    pub agents: AgentsConfig,
    /// When positions are given up.
    pub exit: ExitConfig,
    /// How orders are placed.
    pub execution: ExecutionConfig,
    /// What agents remember.
    pub memory: MemoryConfig,
    /// What market data must be like.
    pub data: DataConfig,
    /// Which markets are looked at.
    pub markets: MarketsConfig,
    /// What models may cost.
    pub costs: CostsConfig,
    /// How much is done at once.
    pub performance: PerformanceConfig,
    /// The simulated exchange.
    pub paper: PaperConfig,
    /// The account that trades at the venue. Without one, orders are those of the simulated exchange. Not in any
    /// configuration file: the process fills it in from the wallet.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(skip)]
    pub account: Option<AccountConfig>,
}

/// An account at the venue: what orders name, and no secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountConfig {
    /// The chain it settles on.
    pub chain_id: u64,
    /// How its orders are signed.
    pub signature_type: SignatureType,
    /// The key's own address.
    pub signer: Address,
    /// The wallet that holds the funds.
    pub maker: Address,
    /// The builder its orders are attributed to; zero for none.
    pub builder: Bytes32,
}

/// What may be lost. All amounts in dollars.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RiskConfig {
    /// Largest cost of one market's position, fees included.
    #[schemars(with = "String")]
    pub max_position_size_usdc: Cash,
    /// Largest cost of one order, fees included.
    #[schemars(with = "String")]
    pub max_single_trade_usdc: Cash,
    /// Largest cost of everything at risk, in percent of equity.
    #[schemars(with = "String")]
    pub max_portfolio_risk_pct: Cash,
    /// Most markets with a position or an entry under way.
    pub max_open_positions: u32,
    /// Largest share of the portfolio limit that one event's markets may take together, 0 to 1.
    #[schemars(with = "String")]
    pub max_correlation_exposure: Prob,
    /// Largest share of the portfolio limit that one category may take, 0 to 1.
    #[schemars(with = "String")]
    pub max_category_exposure: Prob,
    /// Loss of a UTC day at which the kill switch is thrown.
    #[schemars(with = "String")]
    pub daily_loss_limit_usdc: Cash,
    /// Fall from the highest equity, in percent, at which the kill switch is thrown.
    #[schemars(with = "String")]
    pub max_drawdown_pct: Cash,
    /// How far the kill switch goes when a limit throws it.
    #[schemars(with = "String")]
    pub kill_level_on_limit: KillLevel,
    /// Most orders in any minute; sales that give up risk may go to three times as many.
    pub max_orders_per_minute: u32,
    /// Most that entries of any 24 hours may cost.
    #[schemars(with = "String")]
    pub max_turnover_usdc: Cash,
    /// Most that fees of any 24 hours may cost.
    #[schemars(with = "String")]
    pub max_fees_usdc: Cash,
    /// The part of the full Kelly stake that is placed, 0 to 1.
    #[schemars(with = "String")]
    pub kelly_fraction: Prob,
    /// Smallest edge per share after fees, in dollars.
    #[schemars(with = "String")]
    pub min_edge_threshold: Price,
    /// Smallest confidence: low counts 0.4, medium 0.6, high 0.8.
    #[schemars(with = "String")]
    pub min_confidence: Prob,
    /// No entry below this price.
    #[schemars(with = "String")]
    pub min_price: Price,
    /// No entry above this price.
    #[schemars(with = "String")]
    pub max_price: Price,
    /// No entry when ask less bid is wider.
    #[schemars(with = "String")]
    pub max_spread: Price,
    /// No entry when the market ends sooner, where its end is known.
    pub min_minutes_to_end: u32,
    /// Start with the kill switch thrown.
    pub kill_switch: bool,
}

impl Default for RiskConfig {
    fn default() -> Self {
        Self {
            max_position_size_usdc: Cash(100_000_000),
            max_single_trade_usdc: Cash(25_000_000),
            max_portfolio_risk_pct: Cash(20_000_000),
            max_open_positions: 5,
            max_correlation_exposure: Prob(500_000),
            max_category_exposure: Prob(1_000_000),
            daily_loss_limit_usdc: Cash(50_000_000),
            max_drawdown_pct: Cash(15_000_000),
            kill_level_on_limit: KillLevel::CancelAll,
            max_orders_per_minute: 10,
            max_turnover_usdc: Cash(2_000_000_000),
            max_fees_usdc: Cash(25_000_000),
            kelly_fraction: Prob(250_000),
            min_edge_threshold: Price(30_000),
            min_confidence: Prob(600_000),
            min_price: Price(20_000),
            max_price: Price(980_000),
            max_spread: Price(100_000),
            min_minutes_to_end: 0,
            kill_switch: false,
        }
    }
}

/// Who decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AgentsConfig {
    /// Shortest time between two looks at a market.
    pub loop_interval_seconds: u32,
    /// A price move of this size, in dollars, brings the next look forward.
    #[schemars(with = "String")]
    pub price_move_trigger: Price,
    /// The forecasters asked, by name: see `forecast::NAMES`.
    pub forecasters: Vec<String>,
    /// Weight of the forecasters against the market's own price, 0 to 1.
    #[schemars(with = "String")]
    pub forecast_weight: Prob,
    /// Write a reflection when a position is settled.
    pub enable_reflection: bool,
    /// Draw a lesson after this many settled positions; 0 never.
    pub reflection_interval_trades: u32,
}

impl Default for AgentsConfig {
    fn default() -> Self {
        Self {
            loop_interval_seconds: 60,
            price_move_trigger: Price(20_000),
            forecasters: crate::forecast::NAMES.iter().map(|n| (*n).to_owned()).collect(),
            forecast_weight: Prob(250_000),
            enable_reflection: true,
            reflection_interval_trades: 10,
        }
    }
}

/// When positions are given up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ExitConfig {
    /// Sell when the bid is this far above the average cost, as a fraction of it.
    #[schemars(with = "String")]
    pub profit_target_pct: Prob,
    /// Sell when the bid is this far below the average cost, as a fraction of it.
    #[schemars(with = "String")]
    pub stop_loss_pct: Prob,
    /// Sell after this long.
    pub max_hold_hours: u32,
    /// Sell when a sale brings this much more per share than holding is worth, in dollars.
    #[schemars(with = "String")]
    pub edge_gone_margin: Price,
    /// Time between two tries to sell the same token.
    pub retry_seconds: u32,
}

impl Default for ExitConfig {
    fn default() -> Self {
        Self {
            profit_target_pct: Prob(150_000),
            stop_loss_pct: Prob(100_000),
            max_hold_hours: 72,
            edge_gone_margin: Price(5_000),
            retry_seconds: 10,
        }
    }
}

/// How orders are placed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ExecutionConfig {
    /// Place resting orders where taking has no edge but resting has.
    pub allow_maker: bool,
    /// A resting order needs the blended view to differ from the mid price by this much, in dollars.
    #[schemars(with = "String")]
    pub maker_min_view: Price,
    /// How long a resting order stands. Polymarket refuses less than 180.
    pub order_ttl_seconds: u32,
    /// How many ticks beyond the best price a sale may go.
    pub exit_slippage_ticks: u32,
    /// When an order's fate is unknown, the same bytes are sent again after this long, and then at growing distance.
    pub unknown_resend_seconds: u32,
}

impl Default for ExecutionConfig {
    fn default() -> Self {
        Self {
            allow_maker: true,
            maker_min_view: Price(5_000),
            order_ttl_seconds: 300,
            exit_slippage_ticks: 2,
            unknown_resend_seconds: 5,
        }
    }
}

/// What agents remember.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MemoryConfig {
    /// Entries kept in short-term memory.
    pub short_term_window: u32,
    /// Entries are forgotten after this long.
    pub short_term_ttl_minutes: u32,
}

impl Default for MemoryConfig {
    fn default() -> Self {
        Self { short_term_window: 50, short_term_ttl_minutes: 60 }
    }
}

/// What market data must be like.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DataConfig {
    /// No entry when nothing has been heard from the feed for longer.
    pub max_age_seconds: u32,
    /// Length of an indicator's bar.
    pub indicator_bar_seconds: u32,
}

impl Default for DataConfig {
    fn default() -> Self {
        Self { max_age_seconds: 30, indicator_bar_seconds: 60 }
    }
}

/// Which markets are looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MarketsConfig {
    /// Only these categories, in any case; empty for all. At Polymarket the tags of a market, by label or slug.
    pub categories: Vec<String>,
    /// Not these categories, in any case.
    pub exclude_categories: Vec<String>,
    /// Smallest size at the best bid and at the best ask, in shares, where the source states sizes; 0 for any. A market with less is
    /// not looked at, unless something is held or ordered there.
    #[schemars(with = "String")]
    pub min_top_size: Size,
}

/// What models may cost, in dollars.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CostsConfig {
    /// Of a UTC day.
    #[schemars(with = "String")]
    pub daily_llm_budget: Cash,
    /// Of a UTC month.
    #[schemars(with = "String")]
    pub monthly_llm_budget: Cash,
    /// An alert is raised at this part of a budget, in percent.
    #[schemars(with = "String")]
    pub alert_threshold_pct: Cash,
}

impl Default for CostsConfig {
    fn default() -> Self {
        Self {
            daily_llm_budget: Cash(20_000_000),
            monthly_llm_budget: Cash(500_000_000),
            alert_threshold_pct: Cash(80_000_000),
        }
    }
}

/// How much is done at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PerformanceConfig {
    /// Most decision cycles under way at the same time.
    pub max_concurrent_markets: u32,
    /// State hashes go into the log every so many events.
    pub checkpoint_every_events: u64,
    /// A snapshot of the state is written every so many events.
    pub snapshot_every_events: u64,
}

impl Default for PerformanceConfig {
    fn default() -> Self {
        Self { max_concurrent_markets: 20, checkpoint_every_events: 50_000, snapshot_every_events: 250_000 }
    }
}

/// The simulated exchange.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PaperConfig {
    /// Cash at the start, in dollars.
    #[schemars(with = "String")]
    pub starting_cash_usdc: Cash,
    /// From our sending an order to its arrival.
    pub submit_latency_ms: u32,
    /// From something happening at the exchange to our hearing of it.
    pub report_latency_ms: u32,
    /// From a match to its confirmation on chain.
    pub confirm_latency_ms: u32,
    /// Shares assumed at a quoted price where the recording states no size.
    #[schemars(with = "String")]
    pub assumed_depth_shares: Size,
    /// Every n-th answer to an order is lost on its way to us (0 never): the order's fate is then unknown to us.
    pub lose_every_nth_answer: u32,
    /// Every n-th match fails to settle (0 never) and is voided.
    pub fail_every_nth_trade: u32,
}

impl Default for PaperConfig {
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

impl Config {
    /// The canonical text that goes into the log: JSON with the fields in their fixed order.
    pub fn canonical(&self) -> Result<String, ConfigError> {
        serde_json::to_string(self).map_err(|e| ConfigError::Unreadable(e.to_string()))
    }

    /// Reads the canonical text back.
    pub fn from_canonical(text: &str) -> Result<Self, ConfigError> {
        serde_json::from_str(text).map_err(|e| ConfigError::Unreadable(e.to_string()))
    }

    /// BLAKE3 of a canonical text.
    pub fn hash(text: &str) -> Bytes32 {
        Bytes32(*blake3::hash(text.as_bytes()).as_bytes())
    }
}
