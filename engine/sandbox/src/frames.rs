//! What the market socket says most, with its fields in the order in which the venue writes them: readers of frames may be
//! quicker where they meet what they expect.

use serde::Serialize;
use serde_json::json;

/// One price of a book.
#[derive(Serialize)]
pub(crate) struct Level {
    pub price: String,
    pub size: String,
}

/// A whole book, also as the answer to `/book`.
#[derive(Serialize)]
pub(crate) struct Book {
    pub market: String,
    pub asset_id: String,
    pub timestamp: String,
    pub hash: String,
    /// They ascend, so that the best is last.
    pub bids: Vec<Level>,
    /// They descend.
    pub asks: Vec<Level>,
    pub min_order_size: String,
    pub tick_size: String,
    pub neg_risk: bool,
    pub last_trade_price: String,
    /// On the socket only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_type: Option<&'static str>,
}

/// Levels that changed, of both outcomes of a market.
#[derive(Serialize)]
pub(crate) struct PriceChanges {
    pub market: String,
    pub price_changes: Vec<Change>,
    pub timestamp: String,
    pub event_type: &'static str,
}

/// What a level now has, and the best prices behind all changes of the frame.
#[derive(Serialize)]
pub(crate) struct Change {
    pub asset_id: String,
    pub price: String,
    pub size: String,
    pub side: String,
    pub hash: String,
    pub best_bid: String,
    pub best_ask: String,
}

/// JSON text. What the venue says can always be written.
pub(crate) fn text(said: &impl Serialize) -> String {
    serde_json::to_string(said).unwrap_or_else(|e| json!({ "error": e.to_string() }).to_string())
}
