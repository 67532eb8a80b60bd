//! The Data API (section 8 of the protocol notes), version 2: what wallets hold and traded. For checking and for
//! people; orders and fills are the CLOB's to tell.

use super::{Page, Statistic, WireError, field};
use crate::Address;
use schemas::{Bytes32, Price, Side, Size, UtcNanos};
use serde::Deserialize;
use serde_json::value::RawValue;

/// Reads a page of version 2. Its cursor goes back as `cursor`. More pages without a cursor to them are an error: the
/// list would end too early, unseen.
pub fn page<T: for<'de> Deserialize<'de>>(text: &str) -> Result<Page<T>, WireError> {
    #[derive(Deserialize)]
    struct Raw<'a> {
        #[serde(borrow)]
        data: Vec<&'a RawValue>,
        pagination: Pagination,
    }
    #[derive(Deserialize)]
    struct Pagination {
        has_more: bool,
        #[serde(default)]
        next_cursor: Option<String>,
    }
    let raw: Raw<'_> = super::read(text)?;
    let page = Page::of(&raw.data, raw.pagination.next_cursor.filter(|_| raw.pagination.has_more));
    if raw.pagination.has_more && page.next.is_none() {
        return Err(WireError::Missing("next_cursor"));
    }
    Ok(page)
}

/// What a wallet holds of a token (`GET /v2/positions`).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Position {
    /// The wallet.
    #[serde(with = "field::an_address")]
    pub proxy_wallet: Address,
    /// The token.
    #[serde(with = "field::a_token")]
    pub token_id: Bytes32,
    /// The market's condition.
    #[serde(with = "field::a_condition")]
    pub condition_id: Bytes32,
    /// Shares held, as the index has them.
    pub current_size: Statistic,
    /// What one cost.
    #[serde(default)]
    pub avg_price: Statistic,
    /// What all cost.
    #[serde(default)]
    pub total_cost_usdc: Statistic,
    /// What one is worth.
    #[serde(default)]
    pub current_price: Statistic,
    /// What all are worth.
    #[serde(default)]
    pub current_value: Statistic,
    /// Won or lost so far.
    #[serde(default)]
    pub realized_pnl: Statistic,
    /// Won or lost on paper.
    #[serde(default)]
    pub unrealized_pnl: Statistic,
    /// OPEN, REDEEMABLE, REDEEMABLE_LOST, MERGEABLE or CLOSED.
    #[serde(default, with = "field::text")]
    pub status: String,
    /// Whether it can be redeemed.
    #[serde(default, with = "field::flag")]
    pub redeemable: bool,
    /// Whether it can be merged.
    #[serde(default, with = "field::flag")]
    pub mergeable: bool,
    /// Whether the market is a neg-risk one.
    #[serde(default, with = "field::flag")]
    pub negative_risk: bool,
    /// The market.
    #[serde(default, with = "field::text")]
    pub title: String,
    /// The outcome.
    #[serde(default, with = "field::text")]
    pub outcome: String,
    /// 0 the first, 1 the second.
    #[serde(default, with = "field::maybe_count")]
    pub outcome_index: Option<u64>,
}

/// A trade (`GET /v2/trades`).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Trade {
    /// The wallet.
    #[serde(with = "field::an_address")]
    pub proxy_wallet: Address,
    /// The token.
    #[serde(with = "field::a_token")]
    pub token_id: Bytes32,
    /// The market's condition.
    #[serde(with = "field::a_condition")]
    pub condition_id: Bytes32,
    /// The wallet's.
    #[serde(with = "field::a_side")]
    pub side: Side,
    /// Shares.
    #[serde(with = "field::a_size")]
    pub size: Size,
    /// For each.
    #[serde(with = "field::a_price")]
    pub price: Price,
    /// When.
    #[serde(with = "field::a_time")]
    pub timestamp: UtcNanos,
    /// The transaction.
    #[serde(default, with = "field::maybe_hash")]
    pub transaction_hash: Option<Bytes32>,
    /// The market.
    #[serde(default, with = "field::text")]
    pub title: String,
    /// The outcome.
    #[serde(default, with = "field::text")]
    pub outcome: String,
}

/// A position as version 1 of the API still gives it (`GET /positions`).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PositionV1 {
    /// The wallet.
    #[serde(with = "field::an_address")]
    pub proxy_wallet: Address,
    /// The token.
    #[serde(with = "field::a_token")]
    pub asset: Bytes32,
    /// The market's condition.
    #[serde(with = "field::a_condition")]
    pub condition_id: Bytes32,
    /// Shares held.
    #[serde(with = "field::a_size")]
    pub size: Size,
    /// What one cost.
    #[serde(default)]
    pub avg_price: Statistic,
    /// What one is worth.
    #[serde(default)]
    pub cur_price: Statistic,
    /// Won or lost.
    #[serde(default)]
    pub cash_pnl: Statistic,
    /// Whether it can be redeemed.
    #[serde(default, with = "field::flag")]
    pub redeemable: bool,
    /// The market.
    #[serde(default, with = "field::text")]
    pub title: String,
    /// The outcome.
    #[serde(default, with = "field::text")]
    pub outcome: String,
}

/// A trade as version 1 of the API still gives it (`GET /trades`).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TradeV1 {
    /// The wallet.
    #[serde(with = "field::an_address")]
    pub proxy_wallet: Address,
    /// The token.
    #[serde(with = "field::a_token")]
    pub asset: Bytes32,
    /// The market's condition.
    #[serde(with = "field::a_condition")]
    pub condition_id: Bytes32,
    /// The wallet's.
    #[serde(with = "field::a_side")]
    pub side: Side,
    /// Shares.
    #[serde(with = "field::a_size")]
    pub size: Size,
    /// For each.
    #[serde(with = "field::a_price")]
    pub price: Price,
    /// When.
    #[serde(with = "field::a_time")]
    pub timestamp: UtcNanos,
}
