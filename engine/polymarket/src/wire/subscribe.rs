//! The frames that a client sends (section 6 of the protocol notes), written and, for the simulated venue, read.

use super::WireError;
use crate::auth::{Credentials, Secret};
use crate::post::write_text;
use crate::token;
use schemas::Bytes32;

/// Sent every ten seconds; the venue answers `PONG`.
pub const PING: &str = "PING";
/// Assets of one socket at most; the venue publishes no limit, others stay below this.
pub const ASSETS_MAX: usize = 200;

/// The first frame of a market socket.
pub fn market(tokens: &[Bytes32]) -> String {
    let mut out = String::from("{\"type\":\"market\",\"assets_ids\":");
    write_tokens(&mut out, tokens);
    out.push_str(",\"custom_feature_enabled\":true}");
    out
}

/// Adds tokens to a market socket.
pub fn market_add(tokens: &[Bytes32]) -> String {
    let mut out = String::from("{\"operation\":\"subscribe\",\"assets_ids\":");
    write_tokens(&mut out, tokens);
    out.push_str(",\"custom_feature_enabled\":true}");
    out
}

/// Takes tokens off a market socket.
pub fn market_remove(tokens: &[Bytes32]) -> String {
    let mut out = String::from("{\"operation\":\"unsubscribe\",\"assets_ids\":");
    write_tokens(&mut out, tokens);
    out.push('}');
    out
}

/// The first frame of a user socket; no conditions are all markets. It holds the credentials in clear: a [`Secret`].
pub fn user(credentials: &Credentials, conditions: &[Bytes32]) -> Secret {
    let mut out = String::from("{\"type\":\"user\",\"auth\":{\"apiKey\":");
    write_text(&mut out, &credentials.api_key);
    out.push_str(",\"secret\":");
    write_text(&mut out, credentials.secret.expose());
    out.push_str(",\"passphrase\":");
    write_text(&mut out, credentials.passphrase.expose());
    out.push('}');
    if !conditions.is_empty() {
        out.push_str(",\"markets\":[");
        for (i, condition) in conditions.iter().enumerate() {
            out.push_str(if i == 0 { "\"0x" } else { ",\"0x" });
            out.push_str(&condition.to_string());
            out.push('"');
        }
        out.push(']');
    }
    out.push('}');
    Secret::new(out)
}

fn write_tokens(out: &mut String, tokens: &[Bytes32]) {
    out.push('[');
    for (i, token) in tokens.iter().enumerate() {
        out.push_str(if i == 0 { "\"" } else { ",\"" });
        out.push_str(&token::to_decimal(token));
        out.push('"');
    }
    out.push(']');
}

/// What a client wants, as a server reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// `PING`.
    Ping,
    /// A market subscription: the first, or more tokens.
    Market {
        /// The tokens.
        tokens: Vec<Bytes32>,
        /// Whether best prices, new and resolved markets are wanted too.
        custom: bool,
        /// Whether books are wanted at once.
        initial_dump: bool,
    },
    /// Tokens that are no longer wanted.
    Unsubscribe(Vec<Bytes32>),
    /// A user subscription.
    User {
        /// Whose.
        credentials: Credentials,
        /// Of these conditions; none are all.
        conditions: Vec<String>,
    },
}

#[derive(serde::Deserialize)]
struct Wanted {
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    operation: Option<String>,
    #[serde(default, with = "super::field::tokens")]
    assets_ids: Vec<Bytes32>,
    #[serde(default)]
    custom_feature_enabled: Option<bool>,
    #[serde(default)]
    initial_dump: Option<bool>,
    #[serde(default)]
    auth: Option<Credentials>,
    #[serde(default, with = "super::field::list")]
    markets: Vec<String>,
}

/// Reads a client's frame. The error never quotes it: there may be credentials in it.
pub fn request(frame: &str) -> Result<Request, WireError> {
    if frame.trim() == PING {
        return Ok(Request::Ping);
    }
    let wanted: Wanted = serde_json::from_str(frame).map_err(|e| WireError::Json(e.column()))?;
    let kind = wanted.kind.as_deref().map(str::to_ascii_lowercase);
    if wanted.operation.as_deref() == Some("unsubscribe") {
        return Ok(Request::Unsubscribe(wanted.assets_ids));
    }
    match (kind.as_deref(), wanted.auth) {
        (Some("user"), Some(credentials)) => Ok(Request::User { credentials, conditions: wanted.markets }),
        (Some("user"), None) => Err(WireError::Missing("auth")),
        (Some("market"), _) | (None, _) if !wanted.assets_ids.is_empty() || kind.is_some() => Ok(Request::Market {
            tokens: wanted.assets_ids,
            custom: wanted.custom_feature_enabled.unwrap_or_default(),
            initial_dump: wanted.initial_dump.unwrap_or(true),
        }),
        _ => Err(WireError::Missing("type")),
    }
}
