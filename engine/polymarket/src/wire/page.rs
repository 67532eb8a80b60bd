//! Lists, of which each entry is read for itself, so that a bad one does not hide the others.

use super::{WireError, read};
use serde::Deserialize;
use serde_json::value::RawValue;

/// An entry that could not be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Its JSON.
    pub raw: String,
    /// What is wrong with it.
    pub error: WireError,
}

/// The entries of a list.
pub type Entries<T> = Vec<Result<T, Refused>>;

/// A list that comes in parts.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The entries.
    pub entries: Entries<T>,
    /// The cursor of the next page; nothing at the end.
    pub next: Option<String>,
}

impl<T: for<'de> Deserialize<'de>> Page<T> {
    /// Reads the entries. An empty cursor is none.
    pub(super) fn of(raw: &[&RawValue], next: Option<String>) -> Self {
        Self { entries: entries(raw), next: next.filter(|cursor| !cursor.is_empty()) }
    }
}

/// Reads each for itself.
pub(super) fn entries<T: for<'de> Deserialize<'de>>(raw: &[&RawValue]) -> Entries<T> {
    let one = |raw: &&RawValue| read(raw.get()).map_err(|error| Refused { raw: raw.get().to_owned(), error });
    raw.iter().map(one).collect()
}

/// Reads a plain list.
pub fn list<T: for<'de> Deserialize<'de>>(text: &str) -> Result<Entries<T>, WireError> {
    read::<Vec<&RawValue>>(text).map(|raw| entries(&raw))
}
