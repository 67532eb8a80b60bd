//! How the venue is, apart from its faults.

use crate::standing::Standing;
use polymarket::{Address, Chain};
use schemas::Cash;
use std::collections::BTreeMap;

/// Settings of a sandbox. The defaults are what the venue's documents say, where they say anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Of everything that is left to chance.
    pub seed: u64,
    /// In signatures and transactions.
    pub chain: Chain,
    /// How far a signed time may be off, seconds; `None` if times are not checked, as a recording's clock needs.
    pub time_window_s: Option<u64>,
    /// What a wallet finds in its account when the venue first hears of it.
    pub welcome: Cash,
    /// Whether wallets have approved the exchanges; otherwise they must send those transactions.
    pub approved: bool,
    /// Whether the relayer says of every wallet that it is deployed; otherwise only of those the venue has heard of.
    pub deployed: bool,
    /// Whether what happens is kept for [`Venue::take_recorded`](crate::Venue::take_recorded).
    pub record: bool,
    /// Whether what clients take and what they leave standing shows in the books, as it does at the venue. Without, the
    /// venue shows exactly what was recorded, as paper trading sees it: a client has no effect on anybody's book.
    pub impact: bool,
    /// Whether only deposit wallets may trade, as for accounts made since May 2026.
    pub deposit_wallets_only: bool,
    /// Whether the venue says that it takes no orders from where its clients are, and takes none.
    pub geoblocked: bool,
    /// Whether every account may only sell what it has.
    pub closed_only: bool,
    /// What is held against accounts and wallets.
    pub standing: BTreeMap<Address, Standing>,
    /// How far the venue's clock is ahead of the time that it is given, seconds.
    pub clock_ahead_s: i64,
    /// From match to the transaction on the chain, milliseconds.
    pub mined_ms: u64,
    /// From there to its confirmation, milliseconds.
    pub confirmed_ms: u64,
    /// How far ahead a GTD order's time must be, seconds.
    pub gtd_lead_s: u64,
    /// How long before its stated time a GTD order ends, seconds.
    pub gtd_early_s: u64,
    /// Without a heartbeat for so long, milliseconds, all orders of a key that has sent one are cancelled.
    pub heartbeat_ms: u64,
    /// Whether REST writes `TRADE_STATUS_` in front of a trade's status.
    pub long_trade_status: bool,
    /// Orders a signer may send in a second, and at once.
    pub order_rate: (u64, u64),
    /// Cancels a signer may send in a second, and at once.
    pub cancel_rate: (u64, u64),
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            seed: 0,
            chain: Chain::POLYGON,
            time_window_s: Some(60),
            welcome: Cash::ZERO,
            approved: true,
            deployed: true,
            record: false,
            impact: true,
            deposit_wallets_only: false,
            geoblocked: false,
            closed_only: false,
            standing: BTreeMap::new(),
            clock_ahead_s: 0,
            mined_ms: 2_000,
            confirmed_ms: 3_000,
            gtd_lead_s: polymarket::GTD_LEAD_S,
            gtd_early_s: polymarket::GTD_EARLY_S,
            heartbeat_ms: 15_000,
            long_trade_status: false,
            order_rate: (40, 60),
            cancel_rate: (80, 120),
        }
    }
}
