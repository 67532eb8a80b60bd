//! The CLOB's pages.

use crate::wire::{Page, WireError};
use serde::Deserialize;
use serde_json::value::RawValue;

/// Asks for the first page.
pub const CURSOR_START: &str = "MA==";
/// Says that there is no next page.
pub const CURSOR_END: &str = "LTE=";

/// Reads a page. A cursor that ends, is empty or missing is the end.
pub fn page<T: for<'de> Deserialize<'de>>(text: &str) -> Result<Page<T>, WireError> {
    #[derive(Deserialize)]
    struct Raw<'a> {
        #[serde(borrow)]
        data: Vec<&'a RawValue>,
        #[serde(default)]
        next_cursor: Option<String>,
    }
    let raw: Raw<'_> = super::read(text)?;
    Ok(Page::of(&raw.data, raw.next_cursor.filter(|cursor| cursor != CURSOR_END)))
}
