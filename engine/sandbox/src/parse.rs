//! Posted orders, read from untrusted JSON: a posted order, or the venue's refusal.

use crate::answer::Response;
use polymarket::{Address, Order, OrderType, SignatureType, Terms};
use schemas::{Bytes32, Side};
use serde_json::Value;

/// An order as it was posted.
#[derive(Clone, Debug)]
pub(crate) struct Posted {
    pub order: Order,
    pub signature: Vec<u8>,
    pub owner: String,
    pub terms: Terms,
}

pub(crate) fn invalid() -> Response {
    Response::bad("Invalid order payload")
}

/// A text or number as text.
fn text(value: &Value, name: &str) -> Option<String> {
    match value.get(name)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn number(value: &Value, name: &str) -> Option<u64> {
    text(value, name)?.parse().ok()
}

fn flag(value: &Value, name: &str) -> bool {
    value.get(name).and_then(Value::as_bool).unwrap_or(false)
}

/// Zero if absent or empty.
fn bytes32(value: &Value, name: &str) -> Option<Bytes32> {
    match text(value, name).as_deref() {
        None | Some("") => Some(Bytes32::ZERO),
        Some(text) => Bytes32::from_hex(text),
    }
}

impl Posted {
    pub fn read(value: &Value) -> Result<Self, Response> {
        let wire = value.get("order").ok_or_else(invalid)?;
        if wire.get("timestamp").is_none() && (wire.get("nonce").is_some() || wire.get("feeRateBps").is_some()) {
            return Err(Response::bad("order_version_mismatch"));
        }
        Self::fields(value, wire).ok_or_else(invalid)
    }

    fn fields(value: &Value, wire: &Value) -> Option<Self> {
        let kind = u8::try_from(number(wire, "signatureType")?).ok()?;
        let order = Order {
            salt: number(wire, "salt")?,
            maker: text(wire, "maker")?.parse::<Address>().ok()?,
            signer: text(wire, "signer")?.parse::<Address>().ok()?,
            token: polymarket::token::from_decimal(&text(wire, "tokenId")?)?,
            maker_amount: number(wire, "makerAmount")?,
            taker_amount: number(wire, "takerAmount")?,
            side: match text(wire, "side")?.as_str() {
                "BUY" => Side::Buy,
                "SELL" => Side::Sell,
                _ => return None,
            },
            signature_type: SignatureType::try_from(kind).ok()?,
            timestamp_ms: number(wire, "timestamp")?,
            metadata: bytes32(wire, "metadata")?,
            builder: bytes32(wire, "builder")?,
        };
        let order_type = match text(value, "orderType")?.as_str() {
            "GTC" => OrderType::Gtc,
            "GTD" => OrderType::Gtd,
            "FOK" => OrderType::Fok,
            "FAK" => OrderType::Fak,
            _ => return None,
        };
        Some(Self {
            order,
            signature: polymarket::from_hex(&text(wire, "signature")?)?,
            owner: text(value, "owner")?,
            terms: Terms {
                order_type,
                expiration_s: number(wire, "expiration").unwrap_or(0),
                post_only: flag(value, "postOnly"),
                defer_exec: flag(value, "deferExec"),
            },
        })
    }
}
