//! The body of `POST /order` (section 3.7 of the protocol notes), written and read.

use crate::hex::hex;
use crate::order::{Order, OrderError};
use crate::token;
use std::fmt::Write;

/// How long an order stands (section 3.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum OrderType {
    /// Until cancelled.
    Gtc,
    /// Until its time.
    Gtd,
    /// All at once or nothing.
    Fok,
    /// What there is at once; the rest is cancelled.
    Fak,
}

impl OrderType {
    /// The venue's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gtc => "GTC",
            Self::Gtd => "GTD",
            Self::Fok => "FOK",
            Self::Fak => "FAK",
        }
    }

    /// Whether what does not trade at once rests in the book.
    pub fn rests(self) -> bool {
        matches!(self, Self::Gtc | Self::Gtd)
    }
}

/// Seconds that a GTD order's time must lie ahead, as the official SDK asks.
pub const GTD_LEAD_S: u64 = 180;

/// So many seconds before a GTD order's time the venue ends it, as its documents say.
pub const GTD_EARLY_S: u64 = 60;

/// What is posted with an order and not signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// How long it stands.
    pub order_type: OrderType,
    /// Unix seconds at which a GTD order ends; 0 for others.
    pub expiration_s: u64,
    /// Refuse it rather than let it take.
    pub post_only: bool,
    /// Let the venue match it later; normally not.
    pub defer_exec: bool,
}

impl Terms {
    /// Good till cancelled, nothing special.
    pub const GTC: Self = Self { order_type: OrderType::Gtc, expiration_s: 0, post_only: false, defer_exec: false };

    /// Whether they fit together. That a GTD order's time lies [`GTD_LEAD_S`] ahead is for who knows the time.
    pub fn check(&self) -> Result<(), OrderError> {
        if (self.order_type == OrderType::Gtd) != (self.expiration_s > 0) {
            return Err(OrderError::Expiration);
        }
        if self.post_only && !self.order_type.rests() {
            return Err(OrderError::PostOnly);
        }
        Ok(())
    }
}

/// The exact bytes of `POST /order`. The HMAC is over these bytes, so they are kept and sent as they are.
///
/// `owner_api_key` is the API key's UUID. All texts in it are hex, digits or fixed words; the key is escaped.
pub fn post_body(order: &Order, signature: &[u8], owner_api_key: &str, terms: &Terms) -> Vec<u8> {
    let mut out = String::with_capacity(1_400);
    write_entry(&mut out, order, signature, owner_api_key, terms);
    out.into_bytes()
}

/// The exact bytes of `POST /orders`: up to [`BATCH_MAX`] entries.
pub fn post_batch_body<'a>(
    entries: impl IntoIterator<Item = (&'a Order, &'a [u8], &'a Terms)>,
    owner_api_key: &str,
) -> Vec<u8> {
    let mut out = String::from("[");
    for (i, (order, signature, terms)) in entries.into_iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        write_entry(&mut out, order, signature, owner_api_key, terms);
    }
    out.push(']');
    out.into_bytes()
}

/// Orders in one `POST /orders`.
pub const BATCH_MAX: usize = 15;
/// Ids in one `DELETE /orders` (documented 2026-06-15).
pub const CANCEL_MAX: usize = 1_000;

fn write_entry(out: &mut String, order: &Order, signature: &[u8], owner: &str, terms: &Terms) {
    // Writing to a String never fails.
    _ = write!(
        out,
        "{{\"order\":{{\"salt\":{},\"maker\":\"{}\",\"signer\":\"{}\",\"tokenId\":\"{}\",\"makerAmount\":\"{}\",\
        \"takerAmount\":\"{}\",\"side\":\"{}\",\"expiration\":\"{}\",\"signatureType\":{},\"timestamp\":\"{}\",\
        \"metadata\":\"0x{}\",\"builder\":\"0x{}\",\"signature\":\"{}\"}},\"owner\":",
        order.salt,
        order.maker,
        order.signer,
        token::to_decimal(&order.token),
        order.maker_amount,
        order.taker_amount,
        order.side,
        terms.expiration_s,
        u8::from(order.signature_type),
        order.timestamp_ms,
        order.metadata,
        order.builder,
        hex(signature),
    );
    write_text(out, owner);
    _ = write!(
        out,
        ",\"orderType\":\"{}\",\"deferExec\":{},\"postOnly\":{}}}",
        terms.order_type.as_str(),
        terms.defer_exec,
        terms.post_only
    );
}

/// `text` as a JSON string.
pub(crate) fn write_text(out: &mut String, text: &str) {
    // Text always serialises.
    out.push_str(&serde_json::to_string(text).unwrap_or_default());
}
