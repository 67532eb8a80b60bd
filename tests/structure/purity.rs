//! The sources of the pure crates, read for what they may not say.

use super::scanner::scan;
use super::workspace::{Member, PURE, members, root};
use std::fs;
use std::path::{Path, PathBuf};

/// Where floats may be: forecasting and blending happen in logit space, with `libm`, and come out as millionths.
/// Everything that touches money is integer. A path that ends in `/` is a folder; others are the beginning of a name.
const FLOATS_ALLOWED: [&str; 2] = ["engine/core/src/forecast/", "engine/core/src/blend"];

/// All Rust sources under `folder`, in order. `tests` modules in files of their own are left out.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    let mut files = Vec::new();
    for path in entries.into_iter().filter(|p| p.file_stem().is_some_and(|s| s != "tests")) {
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
    files
}

/// Every broken law in a pure crate, as `file:line: ...`.
fn broken(member: &Member, root: &Path) -> Vec<String> {
    let mut wrong = Vec::new();
    for file in sources(&member.folder.join("src")) {
        let name = file.strip_prefix(root).unwrap_or(&file).to_string_lossy().replace('\\', "/");
        let floats_allowed = FLOATS_ALLOWED.iter().any(|allowed| name.starts_with(allowed));
        for f in scan(&fs::read_to_string(&file).unwrap(), floats_allowed) {
            wrong.push(format!("{name}:{}: {} ({})", f.line, f.what, f.law));
        }
    }
    wrong
}

#[test]
fn pure_crates_say_nothing_impure() {
    let members = members();
    let pure = PURE.iter().filter_map(|name| members.get(*name));
    let wrong: Vec<String> = pure.flat_map(|member| broken(member, &root())).collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_sources_are_really_read() {
    let files = sources(&root().join("schemas/src"));
    assert!(files.iter().any(|f| f.ends_with("frame/payload.rs")), "{files:?}");
}

#[test]
fn a_bad_source_is_named_with_file_and_line() {
    let folder = tempfile::tempdir().unwrap();
    let src = folder.path().join("engine/core/src");
    fs::create_dir_all(src.join("forecast")).unwrap();
    fs::write(src.join("lib.rs"), "//! Clean.\nfn f() -> f64 {\n    std::fs::read(\"x\");\n    0.5\n}\n").unwrap();
    fs::write(src.join("forecast/mod.rs"), "fn g() -> f64 { 0.5 }\n").unwrap();
    fs::write(src.join("forecast/tests.rs"), "fn t() { println!(); }\n").unwrap();
    fs::write(src.join("blending.rs"), "fn h() -> f64 { 0.5 }\nuse std::net;\n").unwrap();
    let member = Member { folder: folder.path().join("engine/core"), imports: Default::default() };
    let law = "every decision can be recomputed to the bit";
    let expected = [
        "engine/core/src/blending.rs:2: std::net (no I/O)".to_owned(),
        format!("engine/core/src/lib.rs:2: a float ({law})"),
        "engine/core/src/lib.rs:3: std::fs (no I/O)".to_owned(),
        format!("engine/core/src/lib.rs:4: a float ({law})"),
    ];
    assert_eq!(broken(&member, folder.path()), expected);
}
