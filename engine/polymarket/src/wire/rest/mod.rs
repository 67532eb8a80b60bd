//! The CLOB's REST answers (section 5 of the protocol notes).

mod account;
mod outcome;
mod page;
mod public;
mod trading;

pub use account::{
    ApiKeys, BalanceAllowance, ClosedOnly, Geoblock, Heartbeat, credentials, heartbeat_body, stale_heartbeat,
};
pub use outcome::{
    Answer, Attempt, Mode, Outcome, RateLimit, Reason, Rejection, Unknown, classify, classify_batch, classify_post,
    rate_limit,
};
pub use page::{CURSOR_END, CURSOR_START, page};
pub(in crate::wire) use public::schedule;
pub use public::{
    ClobMarket, ClobToken, FeeDetails, HistoryPoint, LastTradePrice, MarketByToken, MarketInfo, OutcomeToken,
    SidePrices, history, last_trade_price, midpoint, neg_risk, price, prices, server_time, server_version, spread,
    tick_size,
};
pub use trading::{CancelAnswer, OrderAnswer, PostStatus, cancel_body, cancel_many_body, cancel_market_body};

use super::{WireError, market, user};
use serde::Deserialize;

/// Reads an answer of this type.
pub fn read<'de, T: Deserialize<'de>>(text: &'de str) -> Result<T, WireError> {
    super::read(text)
}

pub use market::{book, books};
pub use user::{OrderState, Trade};
