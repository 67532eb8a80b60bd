//! At which venues orders are placed. A log may hold markets of others, to be compared with: none of those is ever traded.

use crate::config::Config;
use projections::markets::Market;
use schemas::event::Venue;

/// Whether an order in this market could be meant. An account is one of Polymarket's; without one the exchange is
/// simulated, and takes orders for every market that is recorded from a venue that takes orders.
pub(crate) fn may_trade(config: &Config, market: &Market) -> bool {
    let venue = market.listed.venue;
    venue.takes_orders() && (config.account.is_none() || venue == Venue::Polymarket)
}
