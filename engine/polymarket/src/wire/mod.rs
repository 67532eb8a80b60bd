//! What the venue sends, read into types (sections 5 to 8 of the protocol notes), and the frames that are sent to it.
//!
//! Fields that are not known are ignored; event types that are not known are handed on as such. Amounts go from their
//! text to millionths and are refused when they do not fit; ids are refused when they are not ids. Everything borrows
//! from the text where that is worth it.

pub mod data;
mod error;
mod field;
pub mod gamma;
pub mod market;
mod page;
pub mod rest;
mod scan;
pub mod subscribe;
pub mod user;

pub use error::{Problem, WireError};
pub use field::{Statistic, condition, scalar};
pub use page::{Entries, Page, Refused, list};

use serde::Deserialize;

/// Reads an answer. The error says where it is not what it should be.
pub(crate) fn read<'de, T: Deserialize<'de>>(text: &'de str) -> Result<T, WireError> {
    serde_json::from_str(text).map_err(|e| WireError::of_json(&e))
}
