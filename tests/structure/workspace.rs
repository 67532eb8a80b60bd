//! What Cargo knows about this workspace.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The crates whose code is pure: no I/O, clock, randomness, threads or hash order.
pub const PURE: [&str; 5] = ["arena-schemas", "arena-projections", "arena-core", "arena-exchange", "arena-polymarket"];

/// One crate of the workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its folder.
    pub folder: PathBuf,
    /// Crates of the workspace that its code and build script import. What only its tests import is not among them.
    pub imports: BTreeSet<String>,
}

/// The workspace's folder.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// Runs Cargo on this workspace, without the network, and returns what it printed.
pub fn cargo(args: &[&str]) -> String {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let out = Command::new(cargo).args(args).args(["--offline", "--locked"]).current_dir(root()).output().unwrap();
    assert!(out.status.success(), "cargo {args:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

/// Every crate of the workspace, by package name.
pub fn members() -> BTreeMap<String, Member> {
    parse(&cargo(&["metadata", "--format-version", "1", "--no-deps"]))
}

fn parse(metadata: &str) -> BTreeMap<String, Member> {
    let metadata: Value = serde_json::from_str(metadata).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let text = |v: &Value| v.as_str().unwrap().to_owned();
    let names: BTreeSet<String> = packages.iter().map(|p| text(&p["name"])).collect();
    let imports = |package: &Value| {
        let dependencies = package["dependencies"].as_array().unwrap().iter();
        // `kind` is null for a normal dependency, else "build" or "dev".
        let used = dependencies.filter(|d| d["kind"] != "dev").map(|d| text(&d["name"]));
        used.filter(|name| names.contains(name)).collect()
    };
    let folder = |package: &Value| Path::new(&text(&package["manifest_path"])).parent().unwrap().to_path_buf();
    packages.iter().map(|p| (text(&p["name"]), Member { folder: folder(p), imports: imports(p) })).collect()
}

#[test]
fn reads_what_cargo_prints() {
    let metadata = r#"{"packages": [
        {"name": "a", "manifest_path": "/w/a/Cargo.toml", "dependencies": []},
        {"name": "b", "manifest_path": "/w/b/Cargo.toml", "dependencies": [
            {"name": "a", "kind": null}, {"name": "serde", "kind": null}, {"name": "c", "kind": "dev"}]},
        {"name": "c", "manifest_path": "/w/c/Cargo.toml", "dependencies": [{"name": "b", "kind": "build"}]}
    ]}"#;
    let members = parse(metadata);
    let imports = |name: &str| members[name].imports.iter().map(String::as_str).collect::<Vec<_>>();
    assert_eq!((imports("a"), imports("b"), imports("c")), (vec![], vec!["a"], vec!["b"]));
    assert_eq!(members["b"].folder, Path::new("/w/b"));
}

#[test]
fn this_workspace_is_read() {
    let members = members();
    assert!(members.contains_key("arena-schemas") && members.contains_key("arena-tests"), "{members:?}");
}
