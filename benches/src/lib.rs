//! What the benches and the report have in common: a stream of order-book events, a strategy that trades on it, and two
//! engines that run it: this one ([`trader`]) and hftbacktest ([`peer`]).
//!
//! The strategy is one that every engine can run: keep all books, look at the mid price on every event, and on every
//! thousandth event cancel that market's old order if it is still open and bid for ten shares at the best bid.

pub mod desk;
pub mod error;
pub mod generator;
pub mod log;
pub mod peer;
pub mod process;
pub mod replay;
pub mod stream;
pub mod tape;
pub mod tick;
pub mod trader;

pub use error::MeasureError;
pub use stream::Stream;
pub use tick::Tick;

use serde::{Deserialize, Serialize};

/// The strategy acts on every so many events.
pub const ACT_EVERY: usize = 1_000;
/// How much it bids for, in shares.
pub const SHARES: i64 = 10;

/// What a run of the strategy came to: engines that do the same work agree on it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Events of the stream.
    pub events: u64,
    /// Events the engine made itself: orders, answers, fills, timers.
    pub own_events: u64,
    /// Fills, partial ones included.
    pub fills: u64,
    /// Shares bought, millionths.
    pub micro_shares: i64,
    /// All mid prices added up, micro-dollars.
    pub mids: i64,
    /// The hash of the final state, where an engine has one.
    pub state_hash: String,
}
