//! `replay stats`: what is in the log, in numbers.

use super::{Global, figures, json, shown, table};
use crate::events;
use crate::out::Out;
use console::exit::{Code, Failure, Outcome};
use console::output::{Format, Table};
use console::words::word;
use eventlog::LogReader;
use schemas::event::{MarketEvent, Mode, SystemEvent};
use schemas::frame::Check;
use schemas::{Bytes32, Envelope, Event, EventKind, Seq, UtcNanos};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// One process that wrote the log.
#[derive(Clone, Debug, Serialize)]
struct Run {
    seq: u64,
    time: UtcNanos,
    version: String,
    mode: Mode,
    feed: String,
    config_hash: Bytes32,
    /// `None` while it runs, or if it ended without a word.
    stopped: Option<Stop>,
}

#[derive(Clone, Debug, Serialize)]
struct Stop {
    seq: u64,
    time: UtcNanos,
    reason: String,
    complete: bool,
}

/// A file of the log.
#[derive(Clone, Debug, Serialize)]
struct StoredSnapshot {
    upto: u64,
    bytes: u64,
}

/// Everything counted.
#[derive(Clone, Debug, Default, Serialize)]
struct Stats {
    log: String,
    events: u64,
    frames: u64,
    journal_bytes: u64,
    bytes_per_event: u64,
    first_time: Option<UtcNanos>,
    last_time: Option<UtcNanos>,
    span_seconds: i64,
    markets: u64,
    resolved: u64,
    orders: u64,
    checkpoints: u64,
    head_seq: u64,
    head_hash: Bytes32,
    kinds: BTreeMap<&'static str, u64>,
    runs: Vec<Run>,
    snapshots: Vec<StoredSnapshot>,
}

/// Runs it.
pub fn run(global: &Global, log: &Path, out: &mut Out<'_>) -> Outcome {
    let stats = count(&events::open(log)?, log)?;
    match global.format() {
        Format::Json => json(out, &stats)?,
        _ => page(global, &stats, out)?,
    }
    Ok(Code::Ok)
}

fn count(reader: &LogReader, log: &Path) -> Result<Stats, Failure> {
    let mut stats = Stats { log: shown(log), ..Stats::default() };
    let mut stream = reader.events(Seq::FIRST, Check::Crc)?;
    let mut events = Vec::new();
    while stream.next_frame(&mut events)? {
        stats.frames += 1;
        events.iter().for_each(|e| stats.take(e));
    }
    (stats.head_seq, stats.head_hash) = (stream.head().seq, stream.head().chain);
    let of = |kind: EventKind| stats.kinds.get(kind.name()).copied().unwrap_or_default();
    stats.resolved = of(EventKind::MarketResolved);
    stats.orders = of(EventKind::OrderIntended);
    stats.checkpoints = of(EventKind::Checkpoint);
    if let (Some(first), Some(last)) = (stats.first_time, stats.last_time) {
        stats.span_seconds = last.since(first) / schemas::time::NANOS_PER_SEC;
    }
    stats.journal_bytes = files(&log.join("journal"))?.iter().map(|(_, bytes)| bytes).sum();
    stats.bytes_per_event = stats.journal_bytes.checked_div(stats.events).unwrap_or(0);
    let upto = |name: &str| u64::from_str_radix(name.strip_prefix("p-")?.strip_suffix(".aap")?, 16).ok();
    let stored = files(&log.join("snapshots"))?.into_iter();
    stats.snapshots = stored.filter_map(|(n, bytes)| Some(StoredSnapshot { upto: upto(&n)?, bytes })).collect();
    Ok(stats)
}

/// Names and lengths of the files of a directory, by name; none if it is not there.
fn files(dir: &Path) -> Result<Vec<(String, u64)>, Failure> {
    let list = match std::fs::read_dir(dir) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other?,
    };
    let mut found = Vec::new();
    for entry in list {
        let entry = entry?;
        let meta = entry.metadata()?;
        if meta.is_file() {
            found.push((entry.file_name().to_string_lossy().into_owned(), meta.len()));
        }
    }
    found.sort();
    Ok(found)
}

impl Stats {
    fn take(&mut self, envelope: &Envelope) {
        self.events += 1;
        self.first_time.get_or_insert(envelope.time);
        self.last_time = Some(envelope.time);
        *self.kinds.entry(envelope.event.kind().name()).or_default() += 1;
        let (seq, time) = (envelope.seq.get(), envelope.time);
        match &envelope.event {
            // A second run over the same feed lists the markets again.
            Event::Market(MarketEvent::Listed(m)) if u64::from(m.market.0) >= self.markets => self.markets += 1,
            Event::System(SystemEvent::RunStarted(run)) => self.runs.push(Run {
                seq,
                time,
                version: run.version.clone(),
                mode: run.mode,
                feed: run.feed.clone(),
                config_hash: run.config_hash,
                stopped: None,
            }),
            Event::System(SystemEvent::RunStopped(stop)) => {
                if let Some(run) = self.runs.last_mut() {
                    run.stopped = Some(Stop { seq, time, reason: stop.reason.clone(), complete: stop.complete });
                }
            }
            _ => {}
        }
    }
}

fn page(global: &Global, stats: &Stats, out: &mut Out<'_>) -> Result<(), Failure> {
    let time = |t: Option<UtcNanos>| t.map_or("-".to_owned(), |t| t.to_string());
    let mut t = figures();
    let mut row = |name: &str, value: String| t.row(vec![name.to_owned(), value]);
    row("log", stats.log.clone());
    row("events", stats.events.to_string());
    row("frames", stats.frames.to_string());
    row("journal bytes", format!("{} ({} an event)", stats.journal_bytes, stats.bytes_per_event));
    row("first", time(stats.first_time));
    row("last", time(stats.last_time));
    row("span", span(stats.span_seconds));
    row("markets", format!("{}, {} resolved", stats.markets, stats.resolved));
    row("orders", stats.orders.to_string());
    row("checkpoints", stats.checkpoints.to_string());
    let snapshots: Vec<String> = stats.snapshots.iter().map(|s| format!("{} ({} bytes)", s.upto, s.bytes)).collect();
    row("snapshots", if snapshots.is_empty() { "none".to_owned() } else { snapshots.join(", ") });
    row("head", format!("{} {}", stats.head_seq, stats.head_hash));
    table(global, out, "log", &t)?;
    table(global, out, "events by kind", &kinds(stats))?;
    table(global, out, "runs", &runs(stats))
}

fn kinds(stats: &Stats) -> Table {
    let mut t = Table::new(&["kind", "speaker", "count", "share"]).numbers(&["count", "share"]);
    for kind in EventKind::ALL {
        let Some(count) = stats.kinds.get(kind.name()) else { continue };
        let hundredths = u128::from(*count) * 10_000 / u128::from(stats.events.max(1));
        let share = format!("{}.{:02} %", hundredths / 100, hundredths % 100);
        t.row(vec![kind.name().to_owned(), kind.speaker().to_owned(), count.to_string(), share]);
    }
    t
}

fn runs(stats: &Stats) -> Table {
    let mut t = Table::new(&["seq", "time", "version", "mode", "feed", "configuration", "ended"]).numbers(&["seq"]);
    for (i, run) in stats.runs.iter().enumerate() {
        let ended = match &run.stopped {
            Some(stop) => {
                format!("{} at {}{}", stop.reason, stop.seq, if stop.complete { "" } else { ", not complete" })
            }
            None if i + 1 < stats.runs.len() => "without a stop".to_owned(),
            None => "not yet, or without a stop".to_owned(),
        };
        t.row(vec![
            run.seq.to_string(),
            run.time.to_string(),
            run.version.clone(),
            word(&run.mode),
            run.feed.clone(),
            run.config_hash.short(12),
            ended,
        ]);
    }
    t
}

/// A length of time in words.
fn span(seconds: i64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    format!("{days} d {hours} h {minutes} min {} s", seconds % 60)
}
