//! Official clients against the sandbox: they are installed from their package index, and believe they talk to the venue.
//!
//! The script beside this file does the work and prints what each client found; here that is held against what must be.
//! Where the index cannot be reached nothing can be tried; that is said loudly, and is a failure where `CI` is set.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What the script ends with if nothing could be installed.
const NO_INDEX: i32 = 77;

/// The built commands: beside the folder of this test.
fn binaries() -> PathBuf {
    let exe = std::env::current_exe().expect("this test's own path");
    let dir = exe.parent().and_then(Path::parent).expect("target folder").to_owned();
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args(["build", "--quiet", "--locked", "--bins"])
        // With what `ops/test.sh` builds, a test target among it: else features differ, and everything is built twice.
        .args(["--workspace", "--exclude", "arena-benches", "--test", "interop"])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .status()
        .expect("cargo");
    assert!(built.success(), "the commands do not build");
    dir
}

/// Findings of each client by step, and the sandbox's own log.
fn findings(stdout: &str) -> (BTreeMap<String, BTreeMap<String, Value>>, PathBuf) {
    let (mut all, mut client, mut log) = (BTreeMap::<_, BTreeMap<_, _>>::new(), String::new(), PathBuf::new());
    for line in stdout.lines() {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("not JSON ({e}): {line}"));
        if let Some(name) = line["client"].as_str() {
            client = name.to_owned();
        } else if let Some(dir) = line["log"].as_str() {
            log = dir.into();
        } else if let Some(step) = line["step"].as_str() {
            all.entry(client.clone()).or_default().insert(step.to_owned(), line.clone());
        }
    }
    (all, log)
}

/// Runs one of the scripts over the bundled recording. `None`: there is no index to install from.
fn run(script: &str, binaries: &Path) -> Option<String> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("interop");
    std::fs::create_dir_all(&folder).unwrap();
    let output = Command::new("sh")
        .arg(here.join("interop").join(script))
        .arg(binaries.join("arena"))
        .arg(here.join("fixtures/polymarket-l2-nhl/ticks.csv.zst"))
        .arg(&folder)
        .stdin(Stdio::null())
        .output()
        .expect("sh");
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if output.status.code() == Some(NO_INDEX) {
        assert!(
            std::env::var_os("CI").is_none(),
            "the package index cannot be reached, and here it must be:\n{stderr}"
        );
        eprintln!("\n*** SKIPPED: the package index cannot be reached; no official client was tried. ***\n{stderr}");
        return None;
    }
    assert!(output.status.success(), "stdout:\n{stdout}\nstderr:\n{stderr}");
    Some(stdout.into_owned())
}

#[test]
fn python_clients_trade_on_the_sandbox() {
    let binaries = binaries();
    let Some(stdout) = run("python.sh", &binaries) else { return };
    let (found, log) = findings(&stdout);
    standalone(&found["standalone"]);
    unified(&found["unified"]);
    for question in [["verify"].as_slice(), &["stats"]] {
        let answer = Command::new(binaries.join("replay")).args(question).arg(&log).output().expect("replay");
        let text = String::from_utf8_lossy(&answer.stderr);
        assert!(answer.status.success(), "replay {question:?} of the sandbox's log: {text}");
    }
}

#[test]
#[ignore = "needs node and builds some hundred crates: --include-ignored runs it"]
fn the_npm_and_the_rust_client_trade_on_the_sandbox() {
    let Some(stdout) = run("others.sh", &binaries()) else { return };
    let (found, _) = findings(&stdout);
    typescript(&found["typescript"]);
    rust(&found["rust"]);
}

fn is_id(id: &Value) -> bool {
    id.as_str().is_some_and(|id| id.len() == 66 && id.starts_with("0x"))
}

fn standalone(step: &BTreeMap<String, Value>) {
    assert_eq!(step["key"]["same"], true, "a derived key is the created one");
    let id = &step["limit"]["id"];
    assert!(is_id(id) && step["limit"]["status"] == "live", "{:?}", step["limit"]);
    assert_eq!(step["list"]["ids"], json!([id]));
    assert_eq!((&step["cancel"]["canceled"], &step["cancel"]["left"]), (&json!([id]), &json!(0)));
    assert_eq!((&step["market"]["status"], &step["market"]["trades"]), (&json!("matched"), &json!(1)));
    assert_eq!(step["trades"]["ids"], step["trades"]["posted"]);
    assert_eq!(step["trades"]["sides"], json!(["TAKER"]));
    let refusal = step["refused"]["error"].as_str().expect("a refusal");
    assert!(refusal.contains("status_code=400") && refusal.contains("Size (1) lower than the minimum: 5"), "{refusal}");
    assert_eq!((&step["cancel_all"]["canceled"], &step["heartbeat"]["given"]), (&json!(1), &json!(true)));
}

fn unified(step: &BTreeMap<String, Value>) {
    assert_eq!(step["key"]["known"], json!([step["key"]["key"]]));
    let id = &step["limit"]["id"];
    assert!(is_id(id) && step["limit"]["status"] == "live", "{:?}", step["limit"]);
    assert_eq!((&step["list"]["ids"], &step["cancel"]["canceled"]), (&json!([id]), &json!([id])));
    assert_eq!(step["market"]["status"], "matched");
    assert_eq!(step["trades"]["ids"], step["trades"]["posted"]);
    assert_eq!(step["positions"]["tokens"].as_array().map(Vec::len), Some(1), "{:?}", step["positions"]);
    assert_eq!(step["gamma"]["markets"], 6);
    let seen = |socket: &str, kind: &str| step[socket]["seen"][kind].as_u64().unwrap_or(0);
    for kind in ["MarketBookEvent", "MarketPriceChangeEvent"] {
        assert!(seen("market_socket", kind) > 0, "{:?}", step["market_socket"]);
    }
    for kind in ["UserOrderEvent", "UserTradeEvent"] {
        assert!(seen("user_socket", kind) > 0, "{:?}", step["user_socket"]);
    }
}

fn typescript(step: &BTreeMap<String, Value>) {
    assert_eq!(step["key"]["same"], true, "a derived key is the created one");
    let id = &step["limit"]["id"];
    assert!(is_id(id) && step["limit"]["status"] == "live", "{:?}", step["limit"]);
    assert_eq!((&step["list"]["ids"], &step["cancel"]["canceled"]), (&json!([id]), &json!([id])));
    assert_eq!((&step["market"]["status"], &step["market"]["trades"]), (&json!("matched"), &json!(1)));
    assert_eq!(step["trades"]["ids"], step["trades"]["posted"]);
    assert_eq!(step["cancel_all"]["canceled"], 1);
}

fn rust(step: &BTreeMap<String, Value>) {
    assert_eq!(step["key"]["keys"], true);
    assert!(is_id(&step["limit"]["id"]) && step["limit"]["success"] == true, "{:?}", step["limit"]);
    assert_eq!((&step["list"]["count"], &step["cancel"]["canceled"]), (&json!(1), &json!(1)));
    assert_eq!((&step["market"]["status"], &step["market"]["trades"]), (&json!("Matched"), &json!(1)));
    assert_eq!(step["trades"]["count"], 1);
    assert_eq!((&step["market_socket"]["book"], &step["user_socket"]["event"]), (&json!(true), &json!(true)));
    assert_eq!(step["cancel_all"]["canceled"], 0, "none is left");
}
