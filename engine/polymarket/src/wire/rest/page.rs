//! Lists that come in pages.

use crate::wire::WireError;
use serde::Deserialize;
use serde_json::value::RawValue;

/// Asks for the first page.
pub const CURSOR_START: &str = "MA==";
/// Says that there is no next page.
pub const CURSOR_END: &str = "LTE=";

/// A page whose entries are read one by one, so that a bad one does not hide the others.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The entries, or what is wrong with one and its JSON.
    pub entries: Vec<Result<T, (WireError, String)>>,
    /// Where the next page begins; nothing at the end.
    pub next: Option<String>,
}

#[derive(Deserialize)]
struct Raw<'a> {
    #[serde(borrow)]
    data: Vec<&'a RawValue>,
    #[serde(default)]
    next_cursor: Option<String>,
}

impl<T: for<'de> Deserialize<'de>> Page<T> {
    /// Reads a page. A cursor that ends, is empty or missing is the end.
    pub fn read(text: &str) -> Result<Self, WireError> {
        let raw: Raw<'_> = super::read(text)?;
        let entry = |raw: &&RawValue| super::read::<T>(raw.get()).map_err(|e| (e, raw.get().to_owned()));
        let next = raw.next_cursor.filter(|cursor| !cursor.is_empty() && cursor != CURSOR_END);
        Ok(Self { entries: raw.data.iter().map(entry).collect(), next })
    }
}
