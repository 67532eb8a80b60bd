//! Reading a whole recording, and small ones made by hand.

use schemas::event::MarketEvent;
use std::path::PathBuf;
use venues::recording::{Format, ImportError, ImportReport, Input, Problem, Recording, Timed};

pub const TICKS: &str = "seq,recv_ts_ms,token,event,side,price,size,best_bid,best_ask\n";
pub const TOKENS: &str = r#"{"event": "A game", "tokens": [
 {"index": 0, "asset_id": "1001", "complement": 1, "question": "Home wins"},
 {"index": 1, "asset_id": "1002", "complement": 0}]}"#;
pub const QUOTES: &str = "seq,ts_ms,market,best_bid,best_ask\n";
pub const MARKETS: &str = "market,slug,event,question,category,n_polls_in_window,first_ts_utc,last_ts_utc\n";
pub const STREAM: &str = "ts_ns,market,kind,side,price,size\n";

/// A file of the shipped fixtures.
pub fn fixture(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures")).join(name)
}

/// Everything a recording says.
#[derive(Debug)]
pub struct Read {
    pub events: Vec<Timed>,
    pub problems: Vec<Problem>,
    pub report: ImportReport,
}

impl Read {
    /// Only the events that fit.
    pub fn only<T>(&self, pick: impl Fn(&MarketEvent) -> Option<T>) -> Vec<T> {
        self.events.iter().filter_map(|t| pick(&t.event)).collect()
    }

    /// The events without their times.
    pub fn said(&self) -> Vec<&MarketEvent> {
        self.events.iter().map(|t| &t.event).collect()
    }
}

/// Reads to the end; holds on the way what holds for every recording.
pub fn read(format: Format, inputs: Vec<Input>) -> Result<Read, ImportError> {
    let mut recording = Recording::open(format, inputs)?;
    let mut out = Read { events: Vec::new(), problems: Vec::new(), report: ImportReport::default() };
    for item in recording.by_ref() {
        match item {
            Ok(timed) => {
                let before = out.events.last().map(|t: &Timed| t.time);
                assert!(before.is_none_or(|b| b <= timed.time), "time steps back at {timed:?}");
                out.events.push(timed);
            }
            Err(problem) => out.problems.push(problem),
        }
    }
    assert!(recording.next().is_none(), "a recording that ended speaks again");
    out.report = recording.report().clone();
    assert_eq!(out.report.bad_rows + out.report.broken_files, out.problems.len() as u64);
    assert_eq!(out.report.first_time, out.events.first().map(|t| t.time));
    assert_eq!(out.report.last_time, out.events.last().map(|t| t.time));
    Ok(out)
}

/// Text as an input.
pub fn text(name: &str, text: &str) -> Input {
    Input::bytes(name, text.as_bytes().to_vec())
}

/// A small recording of Polymarket ticks.
pub fn ticks(rows: &str) -> Read {
    read(Format::PolymarketL2, vec![text("ticks.csv", &format!("{TICKS}{rows}")), text("tokens.json", TOKENS)]).unwrap()
}

/// A small measuring stream.
pub fn stream(rows: &str) -> Read {
    read(Format::L2Csv, vec![text("stream.csv", &format!("{STREAM}{rows}"))]).unwrap()
}

/// Small Binance files, named a, b, ...
pub fn binance(files: &[&str]) -> Read {
    let named = files.iter().zip('a'..).map(|(lines, name)| text(&name.to_string(), lines));
    read(Format::BinanceFutures, named.collect()).unwrap()
}

/// File and line of bad rows, and a word that their reasons must contain.
pub fn assert_bad(read: &Read, expected: &[(&str, u64, &str)]) {
    let found: Vec<_> = read.problems.iter().collect();
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for (problem, (at, number, word)) in found.iter().zip(expected) {
        let Problem::BadRow { file, line, reason } = problem else { panic!("{problem:?}") };
        assert_eq!((file.as_str(), *line), (*at, *number), "{problem}");
        assert!(reason.contains(word), "{problem} does not say '{word}'");
    }
}
