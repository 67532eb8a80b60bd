//! A posted order, read as the venue reads it (section 3.7 of the protocol notes). V1 orders are recognised and
//! refused.

use crate::hex::{from_hex, from_hex_exact};
use crate::order::{Order, OrderError};
use crate::{Address, GenerationError, OrderType, SignatureType, Terms, token};
use schemas::{Bytes32, Side};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// What came with `POST /order`, or in an entry of `POST /orders`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// The order.
    pub order: Order,
    /// Its signature, 65 or 317 bytes; not yet checked.
    pub signature: Vec<u8>,
    /// The API key that it claims.
    pub owner: String,
    /// What is not signed.
    pub terms: Terms,
}

/// A posted order is not one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PostedError {
    /// It is an order of the dead CLOB V1.
    #[error(transparent)]
    Version(#[from] GenerationError),
    /// Not an order at all.
    #[error("not an order: the field '{0}' is missing or is not what it should be")]
    Field(&'static str),
    /// Not JSON of an order's shape.
    #[error("not an order: its JSON is broken or has another shape, at byte {0}")]
    Json(usize),
    /// An order that no market takes.
    #[error(transparent)]
    Order(#[from] OrderError),
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    order: &'a RawValue,
    owner: String,
    #[serde(rename = "orderType")]
    order_type: OrderType,
    #[serde(default, rename = "deferExec")]
    defer_exec: Option<bool>,
    #[serde(default, rename = "postOnly")]
    post_only: Option<bool>,
}

/// All fields of all versions; which there are says which version it is.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fields<'a> {
    #[serde(borrow)]
    salt: Option<&'a RawValue>,
    maker: Option<Address>,
    signer: Option<Address>,
    #[serde(borrow)]
    token_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    maker_amount: Option<Cow<'a, str>>,
    #[serde(borrow)]
    taker_amount: Option<Cow<'a, str>>,
    #[serde(borrow)]
    side: Option<&'a RawValue>,
    #[serde(borrow)]
    expiration: Option<Cow<'a, str>>,
    signature_type: Option<u8>,
    #[serde(borrow)]
    timestamp: Option<Cow<'a, str>>,
    #[serde(borrow)]
    metadata: Option<Cow<'a, str>>,
    #[serde(borrow)]
    builder: Option<Cow<'a, str>>,
    #[serde(borrow)]
    signature: Option<Cow<'a, str>>,
    // Only V1 has these.
    #[serde(borrow)]
    taker: Option<&'a RawValue>,
    #[serde(borrow)]
    nonce: Option<&'a RawValue>,
    #[serde(borrow)]
    fee_rate_bps: Option<&'a RawValue>,
}

/// Reads the body of `POST /order`.
pub fn read_post_body(body: &str) -> Result<Posted, PostedError> {
    let body: Body<'_> = serde_json::from_str(body).map_err(|e| PostedError::Json(e.column()))?;
    posted(body)
}

/// Reads the body of `POST /orders`, each entry for itself.
pub fn read_post_batch_body(body: &str) -> Result<Vec<Result<Posted, PostedError>>, PostedError> {
    let json = |e: serde_json::Error| PostedError::Json(e.column());
    let entries: Vec<&RawValue> = serde_json::from_str(body).map_err(json)?;
    Ok(entries.iter().map(|raw| serde_json::from_str(raw.get()).map_err(json).and_then(posted)).collect())
}

fn posted(body: Body<'_>) -> Result<Posted, PostedError> {
    let fields: Fields<'_> = serde_json::from_str(body.order.get()).map_err(|e| PostedError::Json(e.column()))?;
    if fields.taker.is_some() || fields.nonce.is_some() || fields.fee_rate_bps.is_some() {
        return Err(GenerationError::Dead.into());
    }
    let number = |name, text: Option<Cow<'_, str>>| text.and_then(|text| plain(&text)).ok_or(PostedError::Field(name));
    let word = |name, text: Option<Cow<'_, str>>| match text {
        None => Ok(Bytes32::ZERO),
        Some(text) => from_hex_exact(&text).map(Bytes32).ok_or(PostedError::Field(name)),
    };
    let order = Order {
        salt: fields.salt.and_then(|raw| plain(raw.get())).ok_or(PostedError::Field("salt"))?,
        maker: fields.maker.ok_or(PostedError::Field("maker"))?,
        signer: fields.signer.ok_or(PostedError::Field("signer"))?,
        token: (fields.token_id.and_then(|text| token::from_decimal(&text))).ok_or(PostedError::Field("tokenId"))?,
        maker_amount: number("makerAmount", fields.maker_amount)?,
        taker_amount: number("takerAmount", fields.taker_amount)?,
        side: match fields.side.map(RawValue::get) {
            Some("\"BUY\"") => Side::Buy,
            Some("\"SELL\"") => Side::Sell,
            _ => return Err(PostedError::Field("side")),
        },
        signature_type: SignatureType::try_from(fields.signature_type.ok_or(PostedError::Field("signatureType"))?)?,
        timestamp_ms: number("timestamp", fields.timestamp)?,
        metadata: word("metadata", fields.metadata)?,
        builder: word("builder", fields.builder)?,
    };
    order.check()?;
    let terms = Terms {
        order_type: body.order_type,
        expiration_s: fields.expiration.map_or(Ok(0), |text| number("expiration", Some(text)))?,
        post_only: body.post_only.unwrap_or_default(),
        defer_exec: body.defer_exec.unwrap_or_default(),
    };
    terms.check()?;
    let signature = fields.signature.as_deref().and_then(from_hex).ok_or(PostedError::Field("signature"))?;
    Ok(Posted { order, signature, owner: body.owner, terms })
}

/// Digits alone.
fn plain(text: &str) -> Option<u64> {
    if text.bytes().all(|b| b.is_ascii_digit()) { text.parse().ok() } else { None }
}
