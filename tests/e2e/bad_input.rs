//! Mistakes people make: each gets a clear sentence, the right exit code, and loses nothing.

use crate::command::{arena, command, fixture, run};
use std::fs;

const HEADER: &str = "ts_ns,market,kind,side,price,size\n";

#[test]
fn a_missing_file() {
    let dir = tempfile::tempdir().unwrap();
    let done = arena(&format!("import --format l2-csv --input /no/such/file --log {}", dir.path().display()));
    let done = done.expect_code(2);
    assert!(done.stderr.contains("/no/such/file"), "{}", done.stderr);
    assert!(fs::read_dir(dir.path()).unwrap().next().is_none(), "no half log is left behind");
}

#[test]
fn the_wrong_format() {
    let dir = tempfile::tempdir().unwrap();
    let input = fixture("polymarket-l2-nhl/ticks.csv.zst");
    let done = arena(&format!("import --format l2-csv --input {input} --log {}", dir.path().join("x").display()));
    let done = done.expect_code(1);
    assert!(done.stderr.contains("polymarket-l2"), "it says what the file looks like: {}", done.stderr);
    let done = arena(&format!("import --format l3 --input {input} --log {}", dir.path().display())).expect_code(2);
    assert!(done.stderr.contains("l3") && done.stderr.contains("binance-futures"), "{}", done.stderr);
}

#[test]
fn a_bad_row_is_named_by_line_and_the_good_ones_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("rows.csv");
    fs::write(&file, format!("{HEADER}1000,0,D,B,40,100\n2000,0,D,B,forty,100\n3000,0,D,A,60,100\n")).unwrap();
    let log = dir.path().join("log");
    let done = arena(&format!("import --json --format l2-csv --input {} --log {}", file.display(), log.display()));
    let done = done.expect_code(1);
    assert!(done.stderr.contains("rows.csv") && done.stderr.contains('3'), "{}", done.stderr);
    let report = done.json();
    assert_eq!((report["bad_rows"].as_u64(), report["deltas"].as_u64()), (Some(1), Some(2)));
}

#[test]
fn a_truncated_file_keeps_what_came_before() {
    let dir = tempfile::tempdir().unwrap();
    let whole = fs::read(fixture("polymarket-l2-nhl/ticks.csv.zst")).unwrap();
    let cut = dir.path().join("ticks.csv.zst");
    fs::write(&cut, &whole[..whole.len() / 2]).unwrap();
    fs::copy(fixture("polymarket-l2-nhl/tokens.json"), dir.path().join("tokens.json")).unwrap();
    let log = dir.path().join("log");
    let done =
        arena(&format!("import --json --format polymarket-l2 --input {} --log {}", cut.display(), log.display()));
    let done = done.expect_code(1);
    assert!(done.stderr.contains("ticks.csv.zst"), "{}", done.stderr);
    assert!(done.json()["rows"].as_u64().unwrap() > 100_000);
    crate::command::replay(&format!("verify {}", log.display())).expect_code(0);
}

#[test]
fn configuration_mistakes() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("arena.toml");
    for (text, expected) in [
        ("[risk]\nmax_open_positons = 3\n", "did you mean risk.max_open_positions?"),
        ("[risk]\ndaily_loss_limit_usdc = -5\n", "must be more than 0"),
        ("[risk]\nmax_open_positions = \"many\"\n", "max_open_positions"),
        ("[agents]\nforecasters = [\"oracle\"]\n", "oracle"),
        ("risk = \n", ":1:"),
    ] {
        fs::write(&file, text).unwrap();
        let done = arena(&format!("config check -c {}", file.display())).expect_code(4);
        assert!(done.stderr.contains(expected), "{text}: {}", done.stderr);
    }
    arena("config check -c /no/such.toml").expect_code(4);
    let done = command("arena").args(["config", "check"]).env("ARENA__RISK__KELLY", "1").output().unwrap();
    assert_eq!(done.status.code(), Some(4));
    let done = command("arena")
        .args(["config", "show", "--origin"])
        .env("ARENA__RISK__MAX_OPEN_POSITIONS", "7")
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&done.stdout).contains("$ARENA__RISK__MAX_OPEN_POSITIONS"));
}

#[test]
fn the_annotated_configuration_is_the_defaults() {
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../ops/arena.toml");
    let with = arena(&format!("config show --json -c {shipped}")).expect_code(0).stdout;
    let without = arena("config show --json").expect_code(0).stdout;
    assert_eq!(with, without, "ops/arena.toml documents every default as it is");
    // And it names every key there is.
    let text = fs::read_to_string(shipped).unwrap();
    let keys = arena("config show -o csv").expect_code(0).stdout;
    for key in keys.lines().skip(1).filter_map(|l| l.split(',').next()) {
        let name = key.rsplit('.').next().unwrap();
        assert!(text.contains(name), "ops/arena.toml does not mention {key}");
    }
}

#[test]
fn no_log_where_one_is_expected() {
    let dir = tempfile::tempdir().unwrap();
    for line in ["status", "positions", "orders", "trades", "pnl", "kill status"] {
        let done = arena(&format!("{line} --log {}", dir.path().display())).expect_code(2);
        assert!(done.stderr.contains("holds no log") && done.stderr.contains("next:"), "{line}: {}", done.stderr);
    }
    arena("run").expect_code(2);
    arena("run --live --recording /x").expect_code(2);
    arena("trade").expect_code(2);
    let speed = arena(&format!("run --recording {} --speed fast", dir.path().display()));
    assert_ne!(speed.code, 0);
}

#[test]
fn a_data_directory_that_cannot_be_used() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a-file");
    fs::write(&file, "in the way").unwrap();
    let recording = fixture("bench-stream/stream_head.csv.gz");
    let line = format!("import --format l2-csv --input {recording} --log {}", file.join("log").display());
    let done = arena(&line).expect_code(1);
    assert!(done.stderr.contains("a-file"), "{}", done.stderr);
    assert_eq!(fs::read_to_string(&file).unwrap(), "in the way");
}

/// The disk is full in the middle: a clear error, everything acknowledged is there, and with room again it goes on.
#[test]
fn a_full_disk() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("log");
    let recording = fixture("polymarket-us-tob/compact/quotes.csv.zst");
    let line = format!("run --json --format polymarket-tob --recording {recording} --log {}", log.display());
    let arena_path = command("arena").get_program().to_owned();
    // No file may grow beyond 1 MiB; the signal that would end the process is ignored, so writing fails instead.
    let script = format!("trap '' XFSZ; ulimit -f 1024; exec {} {line}", arena_path.to_string_lossy());
    let full = std::process::Command::new("bash").args(["-c", &script]).env("NO_COLOR", "1").output().unwrap();
    let said = String::from_utf8_lossy(&full.stderr).into_owned();
    assert_eq!(full.status.code(), Some(1), "{said}");
    assert!(said.contains("no space left") && said.contains("nothing acknowledged is lost"), "{said}");
    let went_on = arena(&line).expect_code(0).json();
    let fresh = dir.path().join("fresh");
    let line = format!("run --json --format polymarket-tob --recording {recording} --log {}", fresh.display());
    assert_eq!(went_on["state_hash"], arena(&line).expect_code(0).json()["state_hash"]);
}

#[test]
fn a_log_goes_on_with_its_own_recording_only() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("log");
    let run = |format: &str, path: &str| {
        arena(&format!("run -q --format {format} --recording {} --log {}", fixture(path), log.display()))
    };
    run("l2-csv", "bench-stream/stream_head.csv.gz").expect_code(0);
    let other = run("polymarket-tob", "polymarket-us-tob/compact/quotes.csv.zst").expect_code(2);
    assert!(other.stderr.contains("another recording"), "{}", other.stderr);
    run("l2-csv", "bench-stream/stream_head.csv.gz").expect_code(0);
}

#[test]
fn output_that_nobody_reads_is_no_error() {
    let script = format!("{} config show | head -n 1", command("arena").get_program().to_string_lossy());
    let done = std::process::Command::new("bash").args(["-o", "pipefail", "-c", &script]).output().unwrap();
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
    run("arena", &["completions", "bash"]).expect_code(0);
    run("arena", &["man"]).expect_code(0);
    let schema = run("arena", &["config", "schema"]).expect_code(0);
    assert!(serde_json::from_str::<serde_json::Value>(&schema.stdout).is_ok());
}
