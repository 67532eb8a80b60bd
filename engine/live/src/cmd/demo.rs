//! `arena demo`: paper-trades the recordings that ship inside the binary.

use super::Global;
use super::session::Session;
use super::summary::{Summary, hints};
use crate::config::Keeping;
use crate::engine::{Ending, Pace, RecordingFeed};
use crate::exit::{Code, Failure, Outcome};
use clap::Args;
use console::output::Format as Output;
use console::print;
use engine_core::Config;
use eventlog::LogReader;
use schemas::event::Mode;
use std::path::{Path, PathBuf};
use venues::recording::{Format, Input, Recording};

/// Arguments.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Where the logs go; one that was interrupted is gone on with [default: a new folder under the data directory]
    #[arg(long, value_name = "DIR")]
    pub log: Option<PathBuf>,
}

/// A recording inside the binary.
struct Bundled {
    name: &'static str,
    title: &'static str,
    format: Format,
    files: &'static [(&'static str, &'static [u8])],
    config: &'static str,
    events: u64,
}

macro_rules! fixture {
    ($path:literal) => {
        include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/", $path))
    };
}

/// The recordings in the order in which they are traded. Sources and licences: `tests/fixtures/*/README.md`.
static BUNDLED: &[Bundled] = &[
    Bundled {
        name: "nhl",
        title: "Stanley Cup final in play: 12 order books, 20 minutes (Tickscope, MIT)",
        format: Format::PolymarketL2,
        files: &[
            ("ticks.csv.zst", fixture!("polymarket-l2-nhl/ticks.csv.zst")),
            ("tokens.json", fixture!("polymarket-l2-nhl/tokens.json")),
        ],
        config: include_str!("demo/nhl.toml"),
        events: 358_121,
    },
    Bundled {
        name: "resolved",
        title: "549 resolved markets, two weeks of quotes (Polymarket Order Book Dataset, D. Gopalakrishnan, CC BY 4.0, re-encoded)",
        format: Format::PolymarketTob,
        files: &[
            ("quotes.csv.zst", fixture!("polymarket-us-tob/compact/quotes.csv.zst")),
            ("markets.csv", fixture!("polymarket-us-tob/compact/markets.csv")),
            ("resolutions.csv", fixture!("polymarket-us-tob/compact/resolutions.csv")),
        ],
        config: include_str!("demo/resolved.toml"),
        events: 57_433,
    },
];

/// Runs it.
pub fn run(global: &Global, args: &DemoArgs) -> Outcome {
    let dir = match &args.log {
        Some(dir) => dir.clone(),
        None => fresh(&global.data_dir(&global.load()?)?.join("demo"))?,
    };
    let json = global.format() == Output::Json;
    let mut last = None;
    for bundled in BUNDLED {
        let log = dir.join(bundled.name);
        if !global.quiet {
            eprintln!("{}", bundled.title);
        }
        let ending = trade(global, bundled, &log)?;
        let summary = summary(bundled.name, &log)?;
        print(&if json { serde_json::to_string(&summary)? } else { format!("{}\n", summary.page(global)) })?;
        if let Ending::Stopped(reason) = ending {
            eprintln!("stopped by {reason}; `arena demo --log {}` goes on from here", dir.display());
            return Ok(Code::Ok);
        }
        last = Some(log);
    }
    if let Some(log) = last.filter(|_| !json) {
        let first = dir.join(BUNDLED.first().map_or("", |b| b.name));
        print(&format!("Ask the log (the other one is {}):\n{}", log.display(), hints(&first)))?;
    }
    Ok(Code::Ok)
}

/// Trades a recording into a log, from where the log stands.
fn trade(global: &Global, bundled: &Bundled, log: &Path) -> Result<Ending, Failure> {
    if eventlog::exists(log) && super::query::fold(log)?.run.stopped.is_some_and(|(_, complete)| complete) {
        if !global.quiet {
            eprintln!("{} is complete already", log.display());
        }
        return Ok(Ending::FeedEnded);
    }
    let config = config(bundled)?;
    let recording = bundled.open()?;
    let begins = bundled.open()?.find_map(Result::ok).map(|t| t.time).unwrap_or_default();
    let session = Session {
        global,
        log,
        mode: Mode::Paper,
        config: &config,
        // The demonstration ends the same everywhere, however full the disk is.
        keeping: &Keeping { min_free_len: 0, ..global.keeping(&global.load()?, "arena demo")? },
        feed_name: format!("bundled: {}", bundled.title),
        begins,
        expected: Some(bundled.events),
        pace: Pace::Max,
    };
    session.run(Box::new(RecordingFeed::new(recording)))
}

impl Bundled {
    fn open(&self) -> Result<Recording, Failure> {
        let inputs = self.files.iter().map(|(name, bytes)| Input::embedded(name, bytes)).collect();
        super::import::open(self.format, inputs)
    }
}

fn config(bundled: &Bundled) -> Result<Config, Failure> {
    let path = PathBuf::from(format!("<bundled {}.toml>", bundled.name));
    Ok(crate::config::load_text(&path, bundled.config)?.config.core)
}

fn summary(name: &str, log: &Path) -> Result<Summary, Failure> {
    let state = super::query::fold(log)?;
    let head = LogReader::open(log)?.last()?;
    Ok(Summary::of(name, &state, log, head))
}

/// The folder of a new demo; the last one if it was interrupted.
fn fresh(base: &Path) -> Result<PathBuf, Failure> {
    for n in 1..u32::MAX {
        let dir = base.join(format!("{n:04}"));
        let done = |b: &Bundled| {
            let log = dir.join(b.name);
            eventlog::exists(&log)
                && super::query::fold(&log).is_ok_and(|s| s.run.stopped.is_some_and(|(_, complete)| complete))
        };
        if !dir.try_exists()? || !BUNDLED.iter().all(done) {
            return Ok(dir);
        }
    }
    Err(Failure::new(Code::Error, format!("{} is full", base.display())))
}
