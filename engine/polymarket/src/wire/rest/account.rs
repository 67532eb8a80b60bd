//! Answers about the account.

use crate::auth::Credentials;
use crate::post::write_text;
use crate::wire::{Problem, WireError, field};
use crate::{Address, token};
use schemas::Bytes32;
use serde::Deserialize;
use std::collections::BTreeMap;

/// `POST /auth/api-key` and `GET /auth/derive-api-key`. The error never quotes the answer.
pub fn credentials(text: &str) -> Result<Credentials, WireError> {
    let found: Credentials = serde_json::from_str(text).map_err(|e| WireError::Json(e.column()))?;
    if found.api_key.is_empty() { Err(WireError::Missing("apiKey")) } else { Ok(found) }
}

/// `GET /auth/api-keys`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ApiKeys {
    /// The keys of the account.
    #[serde(rename = "apiKeys", with = "field::list")]
    pub keys: Vec<String>,
}

/// `GET /auth/ban-status/closed-only`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct ClosedOnly {
    /// Whether the account may only close positions.
    pub closed_only: bool,
}

/// `GET /balance-allowance`: what the venue believes the chain says, in base units. It may be old: ask it to look again
/// after a deposit or an approval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BalanceAllowance {
    /// The balance.
    pub balance: Bytes32,
    /// What each spender may take.
    pub allowances: BTreeMap<Address, Bytes32>,
}

impl BalanceAllowance {
    /// Reads the answer.
    pub fn read(text: &str) -> Result<Self, WireError> {
        #[derive(Deserialize)]
        struct Raw {
            #[serde(with = "field::a_text")]
            balance: String,
            #[serde(default)]
            allowances: Option<BTreeMap<String, String>>,
        }
        let raw: Raw = super::read(text)?;
        let amount = |text: &str| token::from_decimal(text).ok_or(WireError::field("balance", Problem::Id));
        let allowance = |(spender, text): (String, String)| {
            let spender = spender.parse().map_err(|_| WireError::field("allowances", Problem::Id))?;
            Ok((spender, amount(&text)?))
        };
        let allowances = raw.allowances.unwrap_or_default().into_iter().map(allowance);
        Ok(Self { balance: amount(&raw.balance)?, allowances: allowances.collect::<Result<_, WireError>>()? })
    }

    /// The balance in millionths; more than 63 bits are the largest number.
    pub fn balance_micro(&self) -> i64 {
        micro(&self.balance)
    }

    /// What `spender` may take, in millionths; "any amount" is the largest number.
    pub fn allowance_micro(&self, spender: &Address) -> i64 {
        self.allowances.get(spender).map_or(0, micro)
    }
}

fn micro(amount: &Bytes32) -> i64 {
    let low = crate::calldata::returned_amount(&amount.0).unwrap_or(u64::MAX);
    i64::try_from(low).unwrap_or(i64::MAX)
}

/// `POST /v1/heartbeats`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Heartbeat {
    /// What the next heartbeat must name.
    pub heartbeat_id: String,
}

/// The body of `POST /v1/heartbeats`; the first names nothing.
pub fn heartbeat_body(last: &str) -> Vec<u8> {
    let mut out = String::from("{\"heartbeat_id\":");
    write_text(&mut out, last);
    out.push('}');
    out.into_bytes()
}

/// What the next heartbeat must name, from the answer 400 to one that named another.
pub fn stale_heartbeat(body: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Raw {
        error_msg: String,
        heartbeat_id: String,
    }
    let raw: Raw = serde_json::from_str(body).ok()?;
    raw.error_msg.contains("Invalid Heartbeat ID").then_some(raw.heartbeat_id)
}

/// `GET https://polymarket.com/api/geoblock`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Geoblock {
    /// Whether orders from here are refused.
    pub blocked: bool,
    /// By this address.
    #[serde(default, with = "field::text")]
    pub ip: String,
    /// Where that is.
    #[serde(default, with = "field::text")]
    pub country: String,
    /// And in there.
    #[serde(default, with = "field::text")]
    pub region: String,
}
