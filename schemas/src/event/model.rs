//! Calls to language models. Laid out here with the rest of the format; the adapters that write them are edges.

use crate::ids::{Bytes32, MarketId};
use crate::money::Cash;
use crate::time::UtcNanos;

/// Tokens billed, in the classes that vendors price apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub struct TokenUsage {
    /// Prompt tokens at full price.
    pub input: u64,
    /// Prompt tokens read from the vendor's cache.
    pub cache_read: u64,
    /// Prompt tokens written to the vendor's cache.
    pub cache_write: u64,
    /// Reply tokens, reasoning included.
    pub output: u64,
}

/// A request is about to leave. Durable before any socket sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub struct ModelRequested {
    /// Number of the call in this log, from 1.
    pub call: u32,
    /// The market it is about.
    pub market: MarketId,
    /// The role that asks: research, risk, execution, reflection.
    pub role: String,
    /// Vendor and model, as configured.
    pub model: String,
    /// Which attempt of the same question this is, from 1.
    pub attempt: u16,
    /// BLAKE3 of the exact body bytes.
    pub body_hash: Bytes32,
    /// The exact body bytes.
    pub body: Vec<u8>,
    /// Name and version of the prompt template.
    pub template: String,
    /// Name and version of the reply schema.
    pub schema: String,
    /// Reserved cost in micro-dollars: the worst case.
    pub reserve: Cash,
    /// No reply is used after this moment.
    pub deadline: UtcNanos,
}

/// A reply came, whatever it says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub struct ModelReplied {
    /// The call it answers.
    pub call: u32,
    /// HTTP status.
    pub status: u16,
    /// The exact body bytes.
    pub body: Vec<u8>,
    /// The model that the vendor says answered.
    pub served_model: String,
    /// What is billed.
    pub usage: TokenUsage,
    /// Cost in pico-dollars (1e-12), the finest unit vendors price in.
    pub cost_pico: u64,
    /// From request to reply.
    pub latency_ms: u32,
}

/// No reply came.
#[derive(Clone, Debug, PartialEq, Eq)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub struct ModelFailed {
    /// The call that failed.
    pub call: u32,
    /// What went wrong, without secrets.
    pub reason: String,
    /// Whether the vendor may have billed it all the same.
    pub maybe_billed: bool,
}

/// A circuit breaker's position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BreakerState {
    /// Calls pass.
    Closed,
    /// Calls are refused.
    Open,
    /// One probe may pass.
    HalfOpen,
}

/// Which budget an alert is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BudgetPeriod {
    /// The UTC day.
    Day,
    /// The UTC month.
    Month,
}

/// What happens between us and the models.
#[derive(Clone, Debug, PartialEq, Eq)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub enum ModelEvent {
    /// An intent: ask a model.
    Requested(Box<ModelRequested>),
    /// The reply, raw.
    Replied(Box<ModelReplied>),
    /// No reply.
    Failed(Box<ModelFailed>),
    /// A reply that the code refused.
    Rejected {
        /// The call it answers.
        call: u32,
        /// Why it was refused.
        reasons: Vec<String>,
    },
    /// A breaker moved.
    BreakerChanged {
        /// Vendor and model.
        model: String,
        /// Its new position.
        state: BreakerState,
    },
    /// Spending passed a threshold.
    BudgetAlert {
        /// Which budget.
        period: BudgetPeriod,
        /// Spent so far, micro-dollars.
        spent: Cash,
        /// The budget, micro-dollars.
        budget: Cash,
    },
}
