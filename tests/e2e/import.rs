//! Importing recordings, and trading the logs that come of it.

use crate::command::{arena, fixture, replay};

#[test]
fn the_rebuilt_books_agree_with_the_exchange() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("nhl");
    let input = fixture("polymarket-l2-nhl/ticks.csv.zst");
    let report = arena(&format!("import --json --format polymarket-l2 --input {input} --log {}", log.display()));
    let report = report.expect_code(0).json();
    assert_eq!(report["rows"], 358_112);
    assert_eq!(report["bad_rows"], 0);
    assert_eq!(report["markets"], 6);
    let books = &report["book_agreement"];
    assert_eq!((books["checked"].as_u64(), books["agreed"].as_u64()), (Some(357_274), Some(355_314)));
    assert_eq!(books["checked_after_first_minute"], books["agreed_after_first_minute"]);
    assert_eq!(report["agreement"], "99.451 %");
    replay(&format!("verify {}", log.display())).expect_code(0);
    replay(&format!("check {}", log.display())).expect_code(0);

    // The log trades like the files it was made from.
    let from_log = dir.path().join("a");
    let from_file = dir.path().join("b");
    let a = arena(&format!("backtest --json --recording {} --log {}", log.display(), from_log.display()));
    let b = arena(&format!("backtest --json --format polymarket-l2 --recording {input} --log {}", from_file.display()));
    let (a, b) = (a.expect_code(0).json(), b.expect_code(0).json());
    assert_eq!(a["state_hash"], b["state_hash"]);
    assert_eq!(a["imbalance_micro"], 0);
}

#[test]
fn every_format_becomes_a_clean_log() {
    let dir = tempfile::tempdir().unwrap();
    let cases = [
        ("polymarket-tob", fixture("polymarket-us-tob/compact/quotes.csv.zst"), 56_332),
        ("l2-csv", fixture("bench-stream/stream_head.csv.gz"), 20_000),
        ("binance-futures", fixture("binance-hftbacktest/usdm_btcusdt_head.gz"), 3_000),
    ];
    for (format, input, rows) in cases {
        let log = dir.path().join(format);
        let done = arena(&format!("import --json --format {format} --input {input} --log {}", log.display()));
        let report = done.expect_code(0).json();
        assert_eq!(report["rows"], rows, "{format}");
        let verified = replay(&format!("verify --json {}", log.display())).expect_code(0).json();
        assert_eq!(verified["events"], report["events"], "{format}");
    }
}

#[test]
fn a_log_is_never_imported_over() {
    let dir = tempfile::tempdir().unwrap();
    let input = fixture("bench-stream/stream_head.csv.gz");
    let line = format!("import --format l2-csv --input {input} --log {}", dir.path().display());
    arena(&line).expect_code(0);
    let again = arena(&line).expect_code(2);
    assert!(again.stderr.contains("holds a log already"), "{}", again.stderr);
}
