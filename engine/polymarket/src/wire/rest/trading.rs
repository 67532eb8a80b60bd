//! Orders placed and cancelled.

use crate::post::write_text;
use crate::token;
use crate::wire::{Problem, WireError, field};
use schemas::{Bytes32, Size};
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The status of an order in the answer to its posting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PostStatus {
    /// It rests.
    Live,
    /// It traded, wholly or with what it met.
    Matched,
    /// It waits for its delay; what comes of it is told later.
    Delayed,
    /// Its delay is over, and it rests.
    Unmatched,
    /// None was given: the order was refused.
    None,
    /// A word that this build does not know.
    Other(String),
}

impl<'de> Deserialize<'de> for PostStatus {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let word = Option::<Cow<'de, str>>::deserialize(d)?.unwrap_or_default();
        Ok(match word.to_ascii_lowercase().as_str() {
            "live" => Self::Live,
            "matched" => Self::Matched,
            "delayed" => Self::Delayed,
            "unmatched" => Self::Unmatched,
            "" => Self::None,
            _ => Self::Other(word.chars().take(64).collect()),
        })
    }
}

/// The answer to `POST /order`, and to each leg of `POST /orders`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct OrderAnswer {
    /// **Does not say that the leg was taken**: a refused leg may have it too. See [`OrderAnswer::accepted`].
    pub success: bool,
    /// Why it was refused; empty if it was not.
    #[serde(default, rename = "errorMsg", with = "field::text")]
    pub error: String,
    /// The order's id; nothing if it was refused.
    #[serde(default, rename = "orderID", with = "field::maybe_hash")]
    pub id: Option<Bytes32>,
    /// Where it stands.
    #[serde(default = "no_status")]
    pub status: PostStatus,
    /// What the maker gave, in dollars or shares, if it traded.
    #[serde(default, rename = "makingAmount", with = "field::maybe_size")]
    pub making: Option<Size>,
    /// What the maker got.
    #[serde(default, rename = "takingAmount", with = "field::maybe_size")]
    pub taking: Option<Size>,
    /// Its trades. Since July 2026 they are settled later, so that the hashes may still be missing.
    #[serde(default, rename = "tradeIDs", with = "field::list")]
    pub trade_ids: Vec<String>,
    /// Their transactions, as far as there are any.
    #[serde(default, rename = "transactionsHashes", with = "field::list")]
    pub transactions: Vec<String>,
}

fn no_status() -> PostStatus {
    PostStatus::None
}

impl OrderAnswer {
    /// The id of the order, if the venue took it: it says success, gives an id and names no error.
    pub fn accepted(&self) -> Option<Bytes32> {
        self.id.filter(|_| self.success && self.error.is_empty())
    }
}

/// The answer to every cancel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CancelAnswer {
    /// Cancelled.
    pub canceled: Vec<Bytes32>,
    /// Not cancelled, and why: matched, cancelled before, or not known.
    pub not_canceled: BTreeMap<Bytes32, String>,
}

impl CancelAnswer {
    /// Reads the answer. An id that is none makes all of it unknown.
    pub fn read(text: &str) -> Result<Self, WireError> {
        #[derive(Deserialize)]
        struct Raw {
            #[serde(with = "field::list")]
            canceled: Vec<String>,
            #[serde(default)]
            not_canceled: Option<BTreeMap<String, String>>,
        }
        let raw: Raw = super::read(text)?;
        let id = |text: &str| Bytes32::from_hex(text).ok_or(WireError::field("canceled", Problem::Id));
        Ok(Self {
            canceled: raw.canceled.iter().map(|text| id(text)).collect::<Result<_, _>>()?,
            not_canceled: (raw.not_canceled.unwrap_or_default().into_iter())
                .map(|(text, reason)| Ok((id(&text)?, reason)))
                .collect::<Result<_, WireError>>()?,
        })
    }
}

/// The body of `DELETE /order`.
pub fn cancel_body(id: &Bytes32) -> Vec<u8> {
    format!("{{\"orderID\":\"0x{id}\"}}").into_bytes()
}

/// The body of `DELETE /orders`: at most [`crate::CANCEL_MAX`] ids.
pub fn cancel_many_body(ids: &[Bytes32]) -> Vec<u8> {
    let ids: Vec<String> = ids.iter().map(|id| format!("\"0x{id}\"")).collect();
    format!("[{}]", ids.join(",")).into_bytes()
}

/// The body of `DELETE /cancel-market-orders`: all of a market, or of one token.
pub fn cancel_market_body(market: Option<&Bytes32>, token: Option<&Bytes32>) -> Vec<u8> {
    let mut out = String::from("{");
    if let Some(market) = market {
        out.push_str("\"market\":");
        write_text(&mut out, &format!("0x{market}"));
    }
    if let Some(token) = token {
        out.push_str(if market.is_some() { ",\"asset_id\":" } else { "\"asset_id\":" });
        write_text(&mut out, &token::to_decimal(token));
    }
    out.push('}');
    out.into_bytes()
}
