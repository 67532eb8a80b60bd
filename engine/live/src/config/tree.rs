//! Configuration files as flat lists of settings, and the check of their keys.

use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use toml_edit::{Document, Item, TableLike};

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Built in.
    Default,
    /// A file and its line.
    File(PathBuf, usize),
    /// A variable of the environment.
    Env(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path, line) => write!(f, "{}:{line}", path.display()),
            Self::Env(name) => write!(f, "${name}"),
        }
    }
}

/// One value and its origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The value. Decimals are text, exactly as written.
    pub value: Value,
    /// Where it came from.
    pub origin: Origin,
}

/// Settings by dotted key.
pub type Settings = BTreeMap<String, Setting>;

/// The leaves of a JSON object as dotted keys.
pub fn flatten(value: &Value, prefix: &str, out: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let key = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
                flatten(value, &key, out);
            }
        }
        leaf => {
            out.insert(prefix.to_owned(), leaf.clone());
        }
    }
}

/// Puts a value at a dotted key of a JSON object.
pub fn put(root: &mut Value, key: &str, value: Value) {
    let mut at = root;
    let mut parts = key.split('.').peekable();
    while let Some(part) = parts.next() {
        let Value::Object(map) = at else { return };
        if parts.peek().is_none() {
            map.insert(part.to_owned(), value);
            return;
        }
        at = map.entry(part.to_owned()).or_insert_with(|| Value::Object(serde_json::Map::new()));
    }
}

/// Reads a TOML text. Fails with the place and the reason.
pub fn read_toml(path: &PathBuf, text: &str) -> Result<Settings, String> {
    let document = Document::parse(text).map_err(|e| {
        let line = e.span().map_or(1, |s| line_of(text, s.start));
        format!("{}:{line}: {}", path.display(), e.message())
    })?;
    let mut settings = Settings::new();
    walk(document.as_table(), "", path, text, &mut settings)?;
    Ok(settings)
}

fn walk(table: &dyn TableLike, prefix: &str, path: &PathBuf, text: &str, out: &mut Settings) -> Result<(), String> {
    for (key, item) in table.iter() {
        let dotted = if prefix.is_empty() { key.to_owned() } else { format!("{prefix}.{key}") };
        if let Some(inner) = item.as_table_like() {
            walk(inner, &dotted, path, text, out)?;
            continue;
        }
        let start = table.key(key).and_then(toml_edit::Key::span).or_else(|| item.span()).map_or(0, |s| s.start);
        let line = line_of(text, start);
        let value = json_of(item).map_err(|e| format!("{}:{line}: {dotted}: {e}", path.display()))?;
        out.insert(dotted, Setting { value, origin: Origin::File(path.clone(), line) });
    }
    Ok(())
}

fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes().iter().take(at).filter(|b| **b == b'\n').count() + 1
}

fn json_of(item: &Item) -> Result<Value, String> {
    match item {
        Item::Value(value) => value_of(value),
        _ => Err("a value is expected here".to_owned()),
    }
}

fn value_of(value: &toml_edit::Value) -> Result<Value, String> {
    use toml_edit::Value as Toml;
    match value {
        Toml::String(s) => Ok(Value::String(s.value().clone())),
        Toml::Integer(i) => Ok(Value::from(*i.value())),
        Toml::Boolean(b) => Ok(Value::Bool(*b.value())),
        // The digits as written: a binary float would no longer be the number in the file.
        Toml::Float(f) => Ok(Value::String(f.display_repr().trim().replace('_', ""))),
        Toml::Array(list) => list.iter().map(value_of).collect::<Result<_, _>>().map(Value::Array),
        Toml::Datetime(_) | Toml::InlineTable(_) => Err("dates and tables are not used here".to_owned()),
    }
}

/// The known key nearest to a mistaken one, if any is near.
pub fn nearest<'a>(key: &str, known: impl Iterator<Item = &'a String>) -> Option<&'a String> {
    let last = |k: &str| k.rsplit('.').next().unwrap_or(k).to_owned();
    let score = |k: &str| {
        let whole = strsim::normalized_damerau_levenshtein(key, k);
        // The right name in the wrong section is a near miss too.
        let name = strsim::normalized_damerau_levenshtein(&last(key), &last(k)) * 0.9;
        whole.max(name)
    };
    let best = known.map(|k| (score(k), k)).max_by(|a, b| a.0.total_cmp(&b.0));
    best.filter(|(s, _)| *s > 0.6).map(|(_, k)| k)
}
