//! The hash that the venue gives a book: SHA-1 over compact JSON with its own key order and the wire's own strings
//! (section 6.4 of the protocol notes). Eleven of eleven recorded books of May and June 2026 carry exactly this hash.

use serde_json::value::RawValue;
use sha1::{Digest, Sha1};

/// The fields that are hashed, each as it stands on the wire.
#[derive(serde::Deserialize)]
struct Hashed<'a> {
    #[serde(borrow)]
    market: &'a RawValue,
    #[serde(borrow)]
    asset_id: &'a RawValue,
    #[serde(borrow)]
    timestamp: &'a RawValue,
    #[serde(borrow)]
    bids: Vec<Level<'a>>,
    #[serde(borrow)]
    asks: Vec<Level<'a>>,
    #[serde(borrow)]
    min_order_size: &'a RawValue,
    #[serde(borrow)]
    tick_size: &'a RawValue,
    neg_risk: bool,
    #[serde(borrow)]
    last_trade_price: &'a RawValue,
}

#[derive(serde::Deserialize)]
struct Level<'a> {
    #[serde(borrow)]
    price: &'a RawValue,
    #[serde(borrow)]
    size: &'a RawValue,
}

/// The text that is hashed of a book's JSON. `None` if a field is missing, as in many books of the websocket: those
/// cannot be checked.
pub fn preimage(book: &str) -> Option<String> {
    let hashed: Hashed<'_> = serde_json::from_str(book).ok()?;
    let mut out = String::with_capacity(book.len());
    let parts =
        [("{\"market\":", hashed.market), (",\"asset_id\":", hashed.asset_id), (",\"timestamp\":", hashed.timestamp)];
    for (key, value) in parts {
        out.push_str(key);
        out.push_str(value.get());
    }
    out.push_str(",\"hash\":\"\"");
    for (key, levels) in [(",\"bids\":[", &hashed.bids), (",\"asks\":[", &hashed.asks)] {
        out.push_str(key);
        for (i, level) in levels.iter().enumerate() {
            out.push_str(if i == 0 { "{\"price\":" } else { ",{\"price\":" });
            out.push_str(level.price.get());
            out.push_str(",\"size\":");
            out.push_str(level.size.get());
            out.push('}');
        }
        out.push(']');
    }
    out.push_str(",\"min_order_size\":");
    out.push_str(hashed.min_order_size.get());
    out.push_str(",\"tick_size\":");
    out.push_str(hashed.tick_size.get());
    out.push_str(if hashed.neg_risk { ",\"neg_risk\":true" } else { ",\"neg_risk\":false" });
    out.push_str(",\"last_trade_price\":");
    out.push_str(hashed.last_trade_price.get());
    out.push('}');
    Some(out)
}

/// The hash a book's JSON should carry: 40 lower-case hex digits. `None` if it cannot be told.
pub fn book_hash(book: &str) -> Option<String> {
    let digest = Sha1::digest(preimage(book)?.as_bytes());
    Some(crate::hex::hex(&digest).split_off(2))
}
