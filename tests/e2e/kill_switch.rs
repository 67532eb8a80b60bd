//! The kill switch outlives restarts and only a person releases it.

use crate::command::{arena, fixture, replay};

#[test]
fn it_is_latched_over_restarts() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("arena.toml");
    std::fs::write(&config, "[risk]\nkill_switch = true\n").unwrap();
    let recording = fixture("polymarket-us-tob/compact/quotes.csv.zst");
    let log = dir.path().join("log");
    let run = |config: &str| {
        let line =
            format!("run --json {config} --format polymarket-tob --recording {recording} --log {}", log.display());
        arena(&line).expect_code(0).json()
    };
    let first = run(&format!("-c {}", config.display()));
    assert_eq!((&first["orders"], &first["kill"]), (&0.into(), &"no_new_risk".into()));

    // Without the setting it is still thrown: a restart is not a release.
    arena(&format!("kill status --log {}", log.display())).expect_code(6);
    let off = arena(&format!("kill off --json --log {}", log.display())).expect_code(0).json();
    assert_eq!(off["kill"], "off");
    arena(&format!("kill status --log {}", log.display())).expect_code(0);
    let flat = arena(&format!("kill on --level flatten --json --log {}", log.display())).expect_code(0).json();
    assert_eq!(flat["kill"], "flatten");
    arena(&format!("status --log {}", log.display())).expect_code(6);
    replay(&format!("check {}", log.display())).expect_code(0);
    let shown = replay(&format!("show --json --kind operator_command {}", log.display())).expect_code(0);
    assert_eq!(shown.json_lines().len(), 2, "who asked for what is in the log");
}

#[test]
fn a_recording_has_no_kill_switch() {
    let dir = tempfile::tempdir().unwrap();
    let input = fixture("bench-stream/stream_head.csv.gz");
    arena(&format!("import --format l2-csv --input {input} --log {}", dir.path().display())).expect_code(0);
    let refused = arena(&format!("kill on --log {}", dir.path().display())).expect_code(2);
    assert!(refused.stderr.contains("recording"), "{}", refused.stderr);
}
