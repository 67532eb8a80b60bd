//! Numbers and names as people read them.

use projections::State;
use schemas::money::{MICRO, mul_div};
use schemas::{Cash, MarketId, Prob, Rounding};

/// A market's name for people: its question, or its slug where there is none.
pub fn market_name(state: &State, id: MarketId) -> String {
    let named = state.markets.get(id).map(|m| match m.listed.question.as_str() {
        "" => &m.listed.slug,
        _ => &m.listed.question,
    });
    named.map_or_else(|| format!("market {id}"), |n| n.chars().take(60).collect())
}

/// An enum's name as it is written in JSON, without quotes.
pub fn word<T: serde::Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(s)) => s,
        Ok(serde_json::Value::Object(map)) => {
            map.iter().map(|(k, v)| format!("{k}: {}", v.as_str().unwrap_or_default())).collect::<Vec<_>>().join(", ")
        }
        Ok(other) => other.to_string(),
        Err(e) => e.to_string(),
    }
}

/// What results count from: what an account began with, and what moved since without a trade.
pub fn put_in(all: Cash, moved: Cash) -> String {
    match moved {
        Cash::ZERO => format!("started with {all:.2}"),
        _ => format!("put in {all:.2}, of this {moved:+.2} since the start"),
    }
}

/// A fraction in percent, two decimals.
pub fn percent(p: Prob) -> String {
    let hundredths = mul_div(i64::from(p.0), 10_000, MICRO, Rounding::HalfEven).unwrap_or(0);
    format!("{}.{:02} %", hundredths / 100, hundredths % 100)
}
