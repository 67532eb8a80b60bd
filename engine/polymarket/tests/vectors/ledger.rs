//! Keeps account of which vectors of a file were checked.

use serde_json::Value;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Where the vectors are.
pub fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/polymarket-vectors"))
}

/// One file of vectors.
pub struct Ledger {
    file: &'static str,
    json: Value,
    open: BTreeSet<String>,
}

/// The parts of a file that hold vectors.
const PARTS: [&str; 4] = ["vectors", "calldata", "signed_transactions", "quirk"];

impl Ledger {
    /// Reads the file and names its vectors: `orders_v2.json vectors 17`, `chain.json calldata router_merge`.
    pub fn open(file: &'static str) -> Self {
        let json: Value = serde_json::from_slice(&std::fs::read(folder().join(file)).unwrap()).unwrap();
        let mut open = BTreeSet::new();
        for part in PARTS {
            match &json[part] {
                Value::Array(list) => open.extend((0..list.len()).map(|i| format!("{part} {i}"))),
                Value::Object(_) if part == "quirk" => _ = open.insert(part.to_owned()),
                Value::Object(map) => open.extend(map.keys().map(|key| format!("{part} {key}"))),
                _ => {}
            }
        }
        Self { file, json, open }
    }

    pub fn vectors(&self) -> usize {
        self.open.len()
    }

    /// What stands beside the vectors.
    pub fn field(&self, name: &str) -> &Value {
        &self.json[name]
    }

    /// Calls `check` with each vector of a list and its number. Those for which it returns true are checked.
    pub fn each(&mut self, part: &str, mut check: impl FnMut(&Value, usize) -> bool) {
        for (i, vector) in self.json[part].as_array().unwrap().iter().enumerate() {
            if check(vector, i) {
                self.open.remove(&format!("{part} {i}"));
            }
        }
    }

    /// Checks the named vector.
    pub fn one(&mut self, name: &str, check: impl FnOnce(&Value)) {
        assert!(self.open.contains(name), "{} has no vector '{name}', or it was checked before", self.file);
        let value = match name.split_once(' ') {
            Some((part, key)) => &self.json[part][key],
            None => &self.json[name],
        };
        check(value);
        self.open.remove(name);
    }

    /// All must have been checked.
    pub fn close(self) {
        assert!(self.open.is_empty(), "{}: not checked: {:?}", self.file, self.open);
    }
}

/// A text of a vector.
pub fn text<'a>(vector: &'a Value, key: &str) -> &'a str {
    vector[key].as_str().unwrap_or_else(|| panic!("no text '{key}' in {vector}"))
}

/// Bytes of a vector, written in hex.
pub fn bytes(vector: &Value, key: &str) -> Vec<u8> {
    polymarket::from_hex(text(vector, key)).unwrap()
}

/// The key that made a vector.
pub fn key(file: &Value) -> k256::ecdsa::SigningKey {
    k256::ecdsa::SigningKey::from_slice(&polymarket::from_hex(file.as_str().unwrap()).unwrap()).unwrap()
}
