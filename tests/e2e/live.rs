//! `arena run --live` against `arena sandbox`, both real processes over loopback, on a recorded game.

use super::command::{Done, arena, command, fixture, replay};
use super::purse::Purse;
use super::world::World;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::Duration;

/// Account 0 of Anvil.
const KEY: &str = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
pub const ADDRESS: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";

/// A child that does not outlive its test.
struct Kept(Child);

impl Drop for Kept {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub struct Sandbox {
    _child: Kept,
    url: String,
}

pub fn sandbox(recording: &str, faults: Option<&str>) -> Sandbox {
    let mut command = command("arena");
    command.args(["sandbox", "--log", recording, "--port", "0", "--speed", "20", "--warm-up", "120", "--json"]);
    command.args(["--welcome", "10000"]);
    if let Some(file) = faults {
        command.args(["--faults", file]);
    }
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let said: Value = serde_json::from_str(&line).unwrap();
    Sandbox { _child: Kept(child), url: said["url"].as_str().unwrap().to_owned() }
}

impl Sandbox {
    /// The body of an answer to a plain request.
    fn get(&self, path: &str) -> Value {
        let host = self.url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(host).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let body = text.split_once("\r\n\r\n").unwrap().1;
        serde_json::from_str(&body[body.find('{').unwrap()..=body.rfind('}').unwrap()]).unwrap()
    }
}

/// A wallet, its policy, and a configuration that trades at the sandbox.
pub fn purse(sandbox: &Sandbox) -> Purse {
    let purse = Purse::of("eoa", World::polygon());
    purse.wallet("import", KEY).expect_code(0);
    let policy = std::fs::read_to_string(fixture("../../ops/signer-policy.toml")).unwrap();
    let policy = policy.replace("max_order_usdc = 25", "max_order_usdc = 100");
    let policy = purse.private("policy.toml", &policy.replace("max_day_usdc = 500", "max_day_usdc = 50000"));
    let url = &sandbox.url;
    let config = format!(
        "mode = \"live\"\n{game}\n[wallet]\npolicy = \"{}\"\npassword_file = \"{}\"\n\
         [venue]\nclob_url = \"{url}\"\ngamma_url = \"{url}/gamma-api\"\ndata_url = \"{url}/data-api\"\n\
         socket_url = \"{}/ws\"\nmin_liquidity_usdc = \"0\"\nmin_volume_usdc = \"0\"\n",
        policy.display(),
        purse.path("password").display(),
        url.replacen("http", "ws", 1),
        game = std::fs::read_to_string(fixture("../../engine/live/src/cmd/demo/nhl.toml")).unwrap(),
    );
    purse.private("arena.toml", &config);
    purse
}

/// Trades for some seconds and stops by SIGINT.
pub fn trade(purse: &Purse, seconds: u64, more: &[&str]) -> Done {
    let mut command = command("arena");
    command.args(["-c", purse.path("arena.toml").to_str().unwrap(), "--data-dir"]).arg(purse.path("data"));
    command.args(["run", "--live", "--json"]).args(more).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    for _ in 0..seconds * 20 {
        if child.try_wait().unwrap().is_some() {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let _ = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    let output = child.wait_with_output().unwrap();
    Done {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

pub fn recording() -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("recording").display().to_string();
    let input = fixture("polymarket-l2-nhl/ticks.csv.zst");
    arena(&format!("import --format polymarket-l2 --input {input} --log {log}")).expect_code(0);
    (dir, log)
}

pub fn count(log: &str, kind: &str) -> usize {
    replay(&format!("show {log} --kind {kind}")).expect_code(0).stdout.lines().count()
}

#[test]
fn live_mode_trades_at_the_sandbox_and_its_log_says_what_the_venue_says() {
    let (_dir, recording) = recording();
    let sandbox = sandbox(&recording, None);
    let purse = purse(&sandbox);
    // Without the word of a person nothing is sent.
    let refused = trade(&purse, 5, &["--confirm", "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"]).expect_code(2);
    assert!(refused.stderr.contains("does not name the wallet"), "{}", refused.stderr);
    trade(&purse, 40, &["--confirm", ADDRESS]).expect_code(0);
    let log = purse.path("data/live").display().to_string();
    assert!(count(&log, "order_intended") > 0 && count(&log, "fill_booked") > 0);
    assert_eq!(count(&log, "fault"), 0, "{}", replay(&format!("show {log} --kind fault")).stdout);
    // Every decision follows from what came in, also here; and the log is whole.
    replay(&format!("check {log}")).expect_code(0);
    replay(&format!("verify {log} --deep")).expect_code(0);
    // What it believes to hold is what the venue says it holds.
    let held = arena(&format!("positions --log {log} --json")).expect_code(0).json();
    let there = sandbox.get(&format!("/data-api/v2/positions?user={ADDRESS}"));
    let sizes = |list: &Value, key: &str| {
        let number = |v: &Value| (v.as_str().map_or_else(|| v.as_f64().unwrap(), |t| t.parse().unwrap()) * 1e6).round();
        let mut all: Vec<i64> = list.as_array().unwrap().iter().map(|p| number(&p[key]) as i64).collect();
        all.retain(|size| *size > 0);
        all.sort_unstable();
        all
    };
    assert_eq!(sizes(&held, "size"), sizes(&there["data"], "current_size"));
    // No byte of the key or the password is in the log.
    for (name, secret) in [("key", &KEY[2..]), ("password", super::purse::PASSWORD)] {
        let found = std::process::Command::new("grep").args(["-rqa", secret, &log]).status().unwrap();
        assert_eq!(found.code(), Some(1), "the {name} is in the log");
    }
}

#[test]
fn a_dry_run_signs_and_posts_nothing() {
    let (_dir, recording) = recording();
    let sandbox = sandbox(&recording, None);
    let purse = purse(&sandbox);
    trade(&purse, 25, &["--dry-run"]).expect_code(0);
    let log = purse.path("data/live").display().to_string();
    let intended = count(&log, "order_intended");
    assert!(intended > 0);
    assert_eq!(count(&log, "order_rejected"), intended);
    assert_eq!(count(&log, "order_accepted"), 0);
    replay(&format!("check {log}")).expect_code(0);
}
