//! Inputs that cannot be opened as what they are said to be.

use super::reading::{MARKETS, QUOTES, STREAM, TICKS, TOKENS, fixture, read, text};
use venues::recording::{Format, ImportError, Input, Recording};

const ROW: &str = "0,1000,0,price_change,BUY,0.31,198,0.31,0.39\n";

fn refused(format: Format, inputs: Vec<Input>) -> ImportError {
    Recording::open(format, inputs).map(|_| ()).unwrap_err()
}

fn tokens_refused(tokens: &str) -> String {
    let inputs = vec![text("ticks.csv", &format!("{TICKS}{ROW}")), text("tokens.json", tokens)];
    let error = refused(Format::PolymarketL2, inputs);
    assert!(matches!(&error, ImportError::BadTable { file, .. } if file == "tokens.json"), "{error}");
    error.to_string()
}

#[test]
fn another_format_is_named() {
    let lines = "5 {\"data\":{}}\n";
    let samples = [
        (Format::PolymarketL2, TICKS.to_owned()),
        (Format::PolymarketL2, TOKENS.to_owned()),
        (Format::PolymarketTob, QUOTES.to_owned()),
        (Format::PolymarketTob, MARKETS.to_owned()),
        (Format::PolymarketTob, "market,slug,resolved_yes\n".to_owned()),
        (Format::L2Csv, STREAM.to_owned()),
        (Format::BinanceFutures, lines.to_owned()),
    ];
    for asked in Format::ALL {
        for (is, sample) in samples.iter().filter(|(is, _)| *is != asked) {
            let error = refused(asked, vec![text("some file", sample)]);
            let ImportError::WrongFormat { file, format, found, looks_like, .. } = &error else { panic!("{error}") };
            assert_eq!((file.as_str(), *format, *looks_like), ("some file", asked, Some(*is)), "{error}");
            let start: String = sample.chars().take(9).flat_map(char::escape_debug).collect();
            assert!(found.contains(&start), "{error}");
            assert!(error.to_string().contains(&format!("it looks like {is}")), "{error}");
        }
    }
}

#[test]
fn what_is_no_recording_at_all_is_shown_as_expected_and_found() {
    for asked in Format::ALL {
        for sample in ["price,date\n1,2\n", "\u{1b}[31m\0\0", "[1,2]", "5 {not json}\n", "seq\n"] {
            let error = refused(asked, vec![text("f", sample)]);
            let shown = error.to_string();
            let plain = matches!(&error, ImportError::WrongFormat { looks_like, .. }
                if looks_like.is_none() || sample.starts_with('5'));
            assert!(plain && shown.contains("expected") && !shown.contains('\u{1b}'), "{shown}");
        }
    }
    let error = refused(Format::L2Csv, vec![text("f", "price,date\n")]).to_string();
    assert!(error.contains("'ts_ns,market,kind,side,price,size'") && error.contains("'price,date'"), "{error}");
}

#[test]
fn files_that_are_not_there_or_hold_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let missing = refused(Format::L2Csv, vec![Input::path(path("none.csv"))]);
    assert!(matches!(&missing, ImportError::NotFound { file } if file.ends_with("none.csv")), "{missing}");
    std::fs::write(path("empty.csv"), "").unwrap();
    std::fs::write(path("blank.csv"), "\n\r\n\n").unwrap();
    std::fs::write(path("empty.zst"), zstd::encode_all(&b""[..], 3).unwrap()).unwrap();
    for name in ["empty.csv", "blank.csv", "empty.zst"] {
        let error = refused(Format::L2Csv, vec![Input::path(path(name))]);
        assert!(matches!(&error, ImportError::Empty { file, .. } if file.ends_with(name)), "{error}");
    }
    let error = refused(Format::L2Csv, vec![Input::path(folder.path())]);
    assert!(matches!(&error, ImportError::Unreadable { .. }), "{error}");
    assert!(matches!(refused(Format::L2Csv, vec![]), ImportError::NoInput(Format::L2Csv)));
}

#[test]
fn a_first_line_that_never_ends_is_refused() {
    let error = refused(Format::L2Csv, vec![text("f", &"9".repeat(5 << 20))]);
    assert!(matches!(&error, ImportError::Unreadable { .. }), "{error}");
}

#[test]
fn companions_are_found_beside_a_single_file_or_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let ticks = folder.path().join("any-name.csv");
    std::fs::write(&ticks, format!("{TICKS}{ROW}")).unwrap();
    let error = refused(Format::PolymarketL2, vec![Input::path(&ticks)]);
    assert!(matches!(&error, ImportError::Missing { .. }), "{error}");
    assert!(error.to_string().contains("tokens.json") && error.to_string().contains("any-name.csv"), "{error}");
    std::fs::write(folder.path().join("tokens.json"), TOKENS).unwrap();
    assert_eq!(read(Format::PolymarketL2, vec![Input::path(&ticks)]).unwrap().report.deltas, 1);
    std::fs::write(folder.path().join("tokens.json"), "seq,ts_ms\n").unwrap();
    let error = refused(Format::PolymarketL2, vec![Input::path(&ticks)]);
    assert!(matches!(&error, ImportError::WrongFormat { file, .. } if file.ends_with("tokens.json")), "{error}");
    assert!(matches!(
        refused(Format::PolymarketL2, vec![text("t", TOKENS)]),
        ImportError::Missing { what, .. } if what.contains("ticks")
    ));
    assert!(matches!(
        refused(Format::PolymarketTob, vec![text("q", QUOTES)]),
        ImportError::Missing { what, .. } if what.contains("markets")
    ));
    assert!(matches!(
        refused(Format::PolymarketTob, vec![text("m", "market,slug\n1,a\n")]),
        ImportError::Missing { what, .. } if what.contains("quotes")
    ));
}

#[test]
fn one_part_is_one_file() {
    let error = refused(Format::L2Csv, vec![text("one", STREAM), text("two", STREAM)]);
    assert!(error.to_string().contains("both one and two"), "{error}");
    let markets = vec![text("long", &format!("{MARKETS}1,s,e,q,c,1,,\n")), text("short", "market,slug\n1,s\n")];
    assert!(matches!(refused(Format::PolymarketTob, markets), ImportError::Twice { .. }));
}

#[test]
fn lists_of_tokens_are_checked() {
    let pair = |a: &str, b: &str| format!("{{\"tokens\": [{a},\n{b}]}}");
    let token = |index: u32, id: &str, other: u32| {
        format!("{{\"index\": {index}, \"asset_id\": \"{id}\", \"complement\": {other}}}")
    };
    let (a, b) = (token(0, "11", 1), token(1, "12", 0));
    assert!(tokens_refused("{\"tokens\": [\n{\"index\": 0}]}").contains("line 2"));
    assert!(tokens_refused("{\"tokens\": []}").contains("0 tokens"));
    assert!(tokens_refused(&pair(&a, &token(1, "12", 2))).contains("does not point back"));
    assert!(tokens_refused(&pair(&a, &token(2, "12", 0))).contains("does not point back"));
    assert!(tokens_refused(&pair(&token(0, "11", 0), &b)).contains("does not point back"));
    assert!(tokens_refused(&pair(&a, &token(1, "11", 0))).contains("twice"));
    assert!(tokens_refused(&pair(&a, &token(0, "12", 1))).contains("twice"));
    assert!(tokens_refused(&pair(&a, &token(1, "0x1f", 0))).contains("256-bit"));
    assert!(tokens_refused(&pair(&a, &b.replace('}', ", \"tick\": 0.001}"))).contains("decimal number as text"));
    assert!(tokens_refused(&pair(&a.replace('}', ", \"tick\": \"0\"}"), &b)).contains("price grid"));
    assert!(tokens_refused(&TOKENS[..TOKENS.len() - 1]).contains("line 3"));
}

#[test]
fn tables_of_markets_and_resolutions_are_checked() {
    let refused = |markets: &str, ends: &str| {
        let ends = format!("market,slug,resolved_yes\n{ends}");
        let inputs = vec![text("q", QUOTES), text("m", &format!("{MARKETS}{markets}")), text("r", &ends)];
        refused(Format::PolymarketTob, inputs).to_string()
    };
    let good = "4,s-4,e,q,sports,9,,2026-01-01T00:00:00Z\n";
    for (markets, ends, words) in [
        ("", "", ["m, line 1", "no markets"]),
        ("4,s-4,e\n", "", ["m, line 2", "fields"]),
        ("x,s-4,e,q,sports,9,,\n", "", ["m, line 2", "whole number"]),
        ("4,,e,q,sports,9,,\n", "", ["m, line 2", "slug"]),
        ("4,s-4,e,q,sports,9,,yesterday\n", "", ["m, line 2", "last_ts_utc"]),
        ("4,s-4,e,q,sports,9,,\n4,s-5,e,q,sports,9,,\n", "", ["m, line 3", "twice"]),
        (good, "5,s-4,1\n", ["r, line 2", "market 5"]),
        (good, "4,s-5,1\n", ["r, line 2", "'s-5' here but 's-4'"]),
        (good, "4,s-4,yes\n", ["r, line 2", "neither 0 nor 1"]),
        (good, "4,s-4,1\n4,s-4,1\n", ["r, line 3", "twice"]),
    ] {
        let error = refused(markets, ends);
        assert!(words.iter().all(|w| error.contains(w)), "{error}");
    }
}

#[test]
fn the_shipped_fixtures_are_named_when_asked_for_as_something_else() {
    let error = refused(Format::L2Csv, vec![Input::path(fixture("polymarket-l2-nhl/ticks.csv.zst"))]).to_string();
    assert!(error.contains("it looks like polymarket-l2"), "{error}");
    let error = refused(Format::PolymarketL2, vec![Input::path(fixture("binance-hftbacktest/usdm_btcusdt_head.gz"))]);
    assert!(error.to_string().contains("it looks like binance-futures"), "{error}");
}
