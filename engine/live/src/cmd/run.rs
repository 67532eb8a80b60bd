//! `arena run`: trade, on paper from a recording.

use super::Global;
use super::session::Session;
use super::summary::Summary;
use crate::config::RunMode;
use crate::engine::{Ending, Feed, LogFeed, Pace, RecordingFeed};
use crate::exit::{Code, Failure, Outcome};
use clap::Args;
use console::output::Format as Output;
use console::print;
use eventlog::LogReader;
use schemas::UtcNanos;
use schemas::event::Mode;
use std::path::{Path, PathBuf};
use venues::recording::{Format, Input};

/// Arguments.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// What to trade: a log made by `arena import`, or recorded files together with --format
    #[arg(long, num_args = 1.., value_name = "PATH")]
    pub recording: Vec<PathBuf>,
    /// What the recorded files are: polymarket-l2, polymarket-tob, l2-csv, binance-futures
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<String>,
    /// The run's own log; one that exists is gone on with [default: `paper` under the data directory]
    #[arg(long, value_name = "DIR")]
    pub log: Option<PathBuf>,
    /// How many recorded seconds pass in a second: a whole number, or `max` [default: max]
    #[arg(long, value_name = "N|max")]
    pub speed: Option<String>,
    /// Trade for real: needs mode = "live" in the configuration, too, and a confirmation
    #[arg(long)]
    pub live: bool,
    /// With --live: do everything, sign every order, and post none
    #[arg(long, requires = "live")]
    pub dry_run: bool,
    /// With --live, instead of being asked: the address of the wallet that trades
    #[arg(long, requires = "live", value_name = "ADDRESS")]
    pub confirm: Option<String>,
}

/// Runs it.
pub fn run(global: &Global, args: &RunArgs) -> Outcome {
    let loaded = global.load()?;
    if args.live {
        if !args.recording.is_empty() || args.format.is_some() || args.speed.is_some() {
            return Err(Failure::new(Code::Usage, "--live trades for real, not a recording").next(
                "leave out --recording, --format and --speed; or leave out --live to trade the recording on paper",
            ));
        }
        return super::live::run(global, args, &loaded);
    }
    if loaded.config.mode == RunMode::Live {
        return Err(Failure::new(Code::Usage, "the configuration says mode = \"live\", but --live is not given")
            .next("add --live to trade for real, or set mode = \"paper\""));
    }
    let (mut feed, name) = open_feed(&args.recording, args.format.as_deref())?;
    let log = match &args.log {
        Some(dir) => dir.clone(),
        None => global.data_dir(&loaded)?.join(RunMode::Paper.log_name()),
    };
    let begins = first_time(feed.as_mut())?;
    let (feed, _) = open_feed(&args.recording, args.format.as_deref())?;
    let session = Session {
        global,
        log: &log,
        mode: Mode::Paper,
        config: &loaded.config.core,
        keeping: &global.keeping(&loaded, "arena run")?,
        feed_name: name,
        begins,
        expected: None,
        pace: pace(args.speed.as_deref().unwrap_or("max"))?,
    };
    let ending = session.run(feed)?;
    report(global, &log, &ending)
}

/// Prints what a run came to.
pub fn report(global: &Global, log: &Path, ending: &Ending) -> Outcome {
    let state = super::query::fold(log)?;
    let name = log.file_name().map_or_else(|| "run".to_owned(), |n| n.to_string_lossy().into_owned());
    let summary = Summary::of(&name, &state, log, LogReader::open(log)?.last()?);
    if global.format() == Output::Json {
        print(&serde_json::to_string(&summary)?)?;
    } else {
        print(&summary.page(global))?;
    }
    if let Ending::Stopped(reason) = ending
        && !global.quiet
    {
        eprintln!("stopped by {reason}; the same command goes on from here");
    }
    Ok(Code::Ok)
}

/// Opens a recording, whatever it is, and says what it is.
pub fn open_feed(paths: &[PathBuf], format: Option<&str>) -> Result<(Box<dyn Feed>, String), Failure> {
    let name = paths.iter().map(|p| p.display().to_string()).collect::<Vec<_>>().join(", ");
    match (paths, format) {
        ([], _) => Err(Failure::new(Code::Usage, "there is nothing to trade on")
            .next("name a recording: `arena run --recording LOG`, or try `arena demo`")),
        ([log], None) => {
            crate::paths::existing_log(log)?;
            Ok((Box::new(LogFeed::open(log)?), format!("log {name}")))
        }
        (_, None) => Err(Failure::new(Code::Usage, "several paths are recorded files, and --format says which")),
        (files, Some(format)) => {
            let format: Format =
                format.parse().map_err(|e: venues::recording::FormatError| Failure::new(Code::Usage, e.to_string()))?;
            let recording = super::import::open(format, files.iter().map(Input::path).collect())?;
            Ok((Box::new(RecordingFeed::new(recording)), format!("{format}: {name}")))
        }
    }
}

/// When a feed begins.
pub fn first_time(feed: &mut dyn Feed) -> Result<UtcNanos, Failure> {
    match feed.next_event()? {
        Some(timed) => Ok(timed.time),
        None => {
            Err(Failure::new(Code::Error, "the recording holds no market events").next("was the right file named?"))
        }
    }
}

fn pace(text: &str) -> Result<Pace, Failure> {
    match text.trim_end_matches('x') {
        "max" | "ma" => Ok(Pace::Max),
        number => match number.parse::<u32>() {
            Ok(n) if n > 0 => Ok(Pace::Times(n)),
            _ => Err(Failure::new(Code::Usage, format!("--speed {text}: a whole number from 1, or max, is expected"))),
        },
    }
}
