//! Small texts of the wire: cursors, ids, times.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use polymarket::hash::keccak256;
use schemas::{Bytes32, UtcNanos};
use serde_json::{Value, json};

/// The cursor that says there is no more: `-1`.
pub(crate) const END: &str = "LTE=";
/// Rows of a page.
pub(crate) const PAGE: usize = 500;

/// 32 bytes from named parts: ids that are the same each time.
pub(crate) fn derived(parts: &[&[u8]]) -> Bytes32 {
    let mut all = Vec::new();
    for part in parts {
        all.extend_from_slice(&(part.len() as u64).to_be_bytes());
        all.extend_from_slice(part);
    }
    keccak256(&all)
}

/// A version 4 UUID's form from the first bytes of a hash.
pub(crate) fn uuid(hash: &Bytes32) -> String {
    let mut b = [0; 16];
    b.copy_from_slice(&hash.0[..16]);
    b[6] = b[6] & 0x0f | 0x40;
    b[8] = b[8] & 0x3f | 0x80;
    let hex = polymarket::hex(&b);
    let d = &hex[2..];
    format!("{}-{}-{}-{}-{}", &d[..8], &d[8..12], &d[12..16], &d[16..20], &d[20..])
}

pub(crate) fn base64url(bytes: &[u8]) -> String {
    URL_SAFE.encode(bytes)
}

/// `0x` and 64 hex digits.
pub(crate) fn hash_text(hash: &Bytes32) -> String {
    format!("0x{hash}")
}

/// One page of a list in the envelope of the CLOB. A cursor that is none begins at the start.
pub(crate) fn page(all: Vec<Value>, cursor: Option<&str>) -> Value {
    let from = cursor.and_then(|c| STANDARD.decode(c).ok()).and_then(|b| String::from_utf8(b).ok());
    let from = match from.as_deref().map(str::parse::<i64>) {
        Some(Ok(-1)) => all.len(),
        Some(Ok(n)) => usize::try_from(n).unwrap_or(0).min(all.len()),
        _ => 0,
    };
    let end = (from + PAGE).min(all.len());
    let next = if end < all.len() { STANDARD.encode(end.to_string()) } else { END.to_owned() };
    let data: Vec<Value> = all.into_iter().skip(from).take(PAGE).collect();
    json!({ "limit": PAGE, "count": data.len(), "next_cursor": next, "data": data })
}

/// Whole Unix seconds.
pub(crate) fn seconds(at: UtcNanos) -> i64 {
    at.as_millis().div_euclid(1_000)
}

/// A money amount in micro-units as a JSON number with exactly its digits.
pub(crate) fn number(micro: i64) -> Value {
    let text = schemas::Cash(micro).to_string();
    // A decimal of at most six places is a JSON number; the value goes through serde's own parser.
    serde_json::from_str(&text).unwrap_or(Value::Null)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other() {
        let all: Vec<Value> = (0..1_200).map(Value::from).collect();
        let (mut cursor, mut seen) = ("MA==".to_owned(), 0);
        while cursor != END {
            let page = page(all.clone(), Some(&cursor));
            assert_eq!(page["data"][0], seen);
            seen += page["count"].as_i64().unwrap();
            cursor = page["next_cursor"].as_str().unwrap().to_owned();
        }
        assert_eq!(seen, 1_200);
        assert_eq!(page(all, Some(END))["count"], 0);
    }

    #[test]
    fn uuids_have_their_form() {
        let id = uuid(&derived(&[b"a"]));
        assert_eq!((id.len(), &id[14..15]), (36, "4"));
        assert_ne!(derived(&[b"a", b"b"]), derived(&[b"ab"]));
    }
}
