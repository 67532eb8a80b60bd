//! What Manifold sends, read into types. Pure: text in, values or a typed error out.

use crate::fields::{self, Entries, read};
use polymarket::wire::{Problem, WireError};
use schemas::{Prob, UtcNanos};
use serde::Deserialize;
use serde_json::value::RawValue;

/// How a market ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// Yes.
    Yes,
    /// No.
    No,
    /// Everybody got back what they put in.
    Cancelled,
    /// Paid in part: at this probability, if it is said.
    Part(Option<Prob>),
    /// Something that is not known here. Untrusted text, cut and escaped.
    Other(String),
}

/// A market, whole or as lists have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Market {
    /// Its name.
    pub id: String,
    /// Its name in addresses.
    pub slug: String,
    /// What is asked. Untrusted text.
    pub question: String,
    /// Answered by yes or no.
    pub is_binary: bool,
    /// The chance of YES; only binary markets have one.
    pub probability: Option<Prob>,
    /// When it stops to take bets.
    pub close_time: Option<UtcNanos>,
    /// When it last changed; zero if it is not said.
    pub updated: UtcNanos,
    /// How it ended, if it did.
    pub ruling: Option<Ruling>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    #[serde(deserialize_with = "fields::name")]
    id: String,
    #[serde(deserialize_with = "fields::name")]
    slug: String,
    #[serde(deserialize_with = "fields::text")]
    question: String,
    outcome_type: String,
    #[serde(default, deserialize_with = "fields::maybe_prob")]
    probability: Option<Prob>,
    // Years in which the sun is gone are in there: what does not fit is no time at all.
    #[serde(default, deserialize_with = "distant")]
    close_time: Option<UtcNanos>,
    #[serde(default, deserialize_with = "fields::maybe_millis")]
    last_updated_time: Option<UtcNanos>,
    #[serde(default, deserialize_with = "fields::flag")]
    is_resolved: bool,
    #[serde(default, deserialize_with = "fields::text")]
    resolution: String,
    #[serde(default, deserialize_with = "fields::maybe_prob")]
    resolution_probability: Option<Prob>,
}

/// Milliseconds; nothing if they lie beyond what the log can hold.
fn distant<'de, D: serde::Deserializer<'de>>(d: D) -> Result<Option<UtcNanos>, D::Error> {
    let Some(number) = Option::<serde_json::Number>::deserialize(d)? else { return Ok(None) };
    match number.as_i64() {
        Some(millis) if millis < 0 => Err(serde::de::Error::custom(Problem::Range)),
        millis => Ok(millis.and_then(UtcNanos::from_millis)),
    }
}

impl<'de> Deserialize<'de> for Market {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Raw::deserialize(d)?.read().map_err(serde::de::Error::custom)
    }
}

impl Raw {
    fn read(self) -> Result<Market, WireError> {
        let is_binary = self.outcome_type == "BINARY";
        if is_binary && self.probability.is_none() {
            return Err(WireError::Missing("probability"));
        }
        let ruling = match (self.is_resolved, self.resolution.as_str()) {
            (false, _) => None,
            (true, "YES") => Some(Ruling::Yes),
            (true, "NO") => Some(Ruling::No),
            (true, "CANCEL") => Some(Ruling::Cancelled),
            (true, "MKT") => Some(Ruling::Part(self.resolution_probability)),
            (true, "") => return Err(WireError::Field { field: "resolution", problem: Problem::Word }),
            (true, other) => Some(Ruling::Other(other.chars().take(60).collect::<String>().escape_debug().to_string())),
        };
        Ok(Market {
            id: self.id,
            slug: self.slug,
            question: self.question,
            is_binary,
            probability: self.probability.filter(|_| is_binary),
            close_time: self.close_time,
            updated: self.last_updated_time.unwrap_or(UtcNanos::ZERO),
            ruling,
        })
    }
}

/// Reads `GET /market/{id}` and `GET /slug/{slug}`.
pub fn market(text: &str) -> Result<Market, WireError> {
    read(text)
}

/// Reads `GET /search-markets` and `GET /markets`. With an entry that could not be used comes its JSON.
pub fn markets(text: &str) -> Result<Entries<'_, Market>, WireError> {
    read::<Vec<&RawValue>>(text).map(|raw| fields::each(&raw))
}
