//! Files that a released version has frozen.

use std::fs;
use std::path::{Path, PathBuf};

fn place(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The bytes of a golden file, `path` from the crate's folder.
pub fn golden(path: &str) -> Vec<u8> {
    fs::read(place(path)).unwrap_or_else(|e| panic!("cannot read {path}: {e}; see schemas/golden/README.md"))
}

/// The same; with `BLESS_GOLDEN=1` they become `now` first.
pub fn frozen(path: &str, now: &[u8]) -> Vec<u8> {
    if std::env::var_os("BLESS_GOLDEN").is_some_and(|v| v == "1") {
        fs::create_dir_all(place(path).parent().unwrap()).unwrap();
        fs::write(place(path), now).unwrap();
    }
    golden(path)
}

/// Refuses bytes that are not those of the golden file, and says where they begin to differ.
pub fn same_as_frozen(path: &str, now: &[u8]) -> Vec<u8> {
    let frozen = frozen(path, now);
    let differs = frozen.iter().zip(now).position(|(a, b)| a != b);
    assert!(
        frozen == now,
        "this build does not write {path} any more (first difference at {differs:?}, {} bytes frozen, {} now): the \
         layout of a version changed, and that is a new version; see schemas/golden/README.md",
        frozen.len(),
        now.len()
    );
    frozen
}
