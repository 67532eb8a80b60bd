//! `arena import`: recorded files become a log.

use super::Global;
use crate::config::Keeping;
use crate::exit::{Code, Failure, Outcome};
use clap::Args;
use eventlog::{LogId, LogWriter, WriterOptions};
use schemas::event::{Mode, RunStarted, RunStopped, SystemEvent};
use schemas::{Bytes32, CycleId, Event, Record, UtcNanos};
use serde::Serialize;
use std::path::{Path, PathBuf};
use venues::recording::{Format, ImportError, ImportReport, Input, Recording};

/// Arguments.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// What the files are: polymarket-l2, polymarket-tob, l2-csv, binance-futures
    #[arg(long, value_name = "FORMAT")]
    pub format: String,
    /// The recorded files, plain, gzip or zstd; what belongs beside them (tokens.json, markets.csv) is found by itself
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    pub input: Vec<PathBuf>,
    /// Where the log goes: a new or empty directory
    #[arg(long, value_name = "DIR")]
    pub log: PathBuf,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Printed<'a> {
    #[serde(flatten)]
    report: &'a ImportReport,
    agreement: Option<String>,
    agreement_after_first_minute: Option<String>,
    events: u64,
    log: &'a Path,
    head_seq: u64,
    head_hash: Bytes32,
}

/// Records of one frame.
const FRAME: usize = 1_024;
/// Bad rows shown one by one.
const SHOWN: u64 = 20;

/// Runs it.
pub fn run(global: &Global, args: &ImportArgs) -> Outcome {
    let format: Format =
        args.format.parse().map_err(|e: venues::recording::FormatError| Failure::new(Code::Usage, e.to_string()))?;
    let inputs = args.input.iter().map(Input::path).collect();
    let mut recording = open(format, inputs)?;
    if eventlog::exists(&args.log) {
        return Err(Failure::new(Code::Usage, format!("{} holds a log already", args.log.display()))
            .next("name a new directory with --log; a log is never overwritten"));
    }
    let source = args.input.iter().map(|p| p.display().to_string()).collect::<Vec<_>>().join(", ");
    let spinner = super::session::spinner(global, "importing");
    let keeping = global.keeping(&global.load()?, "arena import")?;
    let head = write(&mut recording, &args.log, &format!("{format}: {source}"), &keeping, |report| {
        spinner.set_position(report.rows);
    });
    spinner.finish_and_clear();
    let (head, problems) = head?;
    let report = recording.report();
    show(global, report, &args.log, head)?;
    if problems == 0 {
        return Ok(Code::Ok);
    }
    let what = format!(
        "{} bad rows and {} broken files; everything else was imported into {}",
        report.bad_rows,
        report.broken_files,
        args.log.display()
    );
    Err(Failure::new(Code::Error, what).next("mend the rows named above and import again into a new directory"))
}

/// Opens a recording, with the failure that fits.
pub fn open(format: Format, inputs: Vec<Input>) -> Result<Recording, Failure> {
    Recording::open(format, inputs).map_err(|e| {
        let absent = matches!(e, ImportError::NotFound { .. } | ImportError::NoInput { .. });
        let code = if absent { Code::Usage } else { Code::Error };
        Failure::new(code, e.to_string())
    })
}

/// Writes a recording into a new log. Returns its head and the number of problems, each of which was printed.
fn write(
    recording: &mut Recording,
    dir: &Path,
    feed: &str,
    keeping: &Keeping,
    mut progress: impl FnMut(&ImportReport),
) -> Result<(schemas::frame::Head, u64), Failure> {
    // A log is told from another by its source: the same files give the same log, byte for byte.
    let mut log_id: LogId = [0; 16];
    log_id.copy_from_slice(&blake3::hash(format!("import\n{feed}").as_bytes()).as_bytes()[..16]);
    let options = WriterOptions { log_id: Some(log_id), ..keeping.writer.clone() };
    let (mut log, _) = LogWriter::open(dir, &options)?;
    let mut batch: Vec<Record> = Vec::with_capacity(FRAME);
    let (mut problems, mut last) = (0u64, UtcNanos::ZERO);
    let mut begun = false;
    while let Some(item) = recording.next() {
        let timed = match item {
            Ok(timed) => timed,
            Err(problem) => {
                problems += 1;
                if problems <= SHOWN {
                    eprintln!("arena: {problem}");
                } else if problems == SHOWN + 1 {
                    eprintln!("arena: more bad rows are counted, not shown");
                }
                continue;
            }
        };
        if !begun {
            begun = true;
            batch.push(record(timed.time, started(feed)));
        }
        last = timed.time;
        batch.push(record(timed.time, Event::Market(timed.event)));
        if batch.len() >= FRAME {
            log.commit(&batch)?;
            batch.clear();
            progress(recording.report());
        }
    }
    let complete = recording.report().broken_files == 0;
    let stop = RunStopped { reason: "imported".to_owned(), complete };
    batch.push(record(last, Event::System(SystemEvent::RunStopped(Box::new(stop)))));
    log.commit(&batch)?;
    let head = log.head();
    log.close()?;
    Ok((head, problems))
}

fn record(time: UtcNanos, event: Event) -> Record {
    Record { time, cause: 0, cycle: CycleId(0), event }
}

fn started(feed: &str) -> Event {
    Event::System(SystemEvent::RunStarted(Box::new(RunStarted {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        mode: Mode::Import,
        config: "{}".to_owned(),
        config_hash: engine_core::Config::hash("{}"),
        seed: 0,
        wallet: String::new(),
        feed: feed.to_owned(),
    })))
}

fn show(global: &Global, report: &ImportReport, log: &Path, head: schemas::frame::Head) -> Outcome {
    let percent = |agreed: u64, checked: u64| (checked > 0).then(|| percent(agreed, checked));
    let agreement = report.book_agreement.as_ref();
    let printed = Printed {
        report,
        agreement: agreement.and_then(|a| percent(a.agreed, a.checked)),
        agreement_after_first_minute: agreement
            .and_then(|a| percent(a.agreed_after_first_minute, a.checked_after_first_minute)),
        events: head.seq,
        log,
        head_seq: head.seq,
        head_hash: head.chain,
    };
    if global.format() == console::output::Format::Json {
        return console::print(&serde_json::to_string(&printed)?);
    }
    let mut lines = vec![
        format!("{} rows, {} bad, {} markets -> {} events", report.rows, report.bad_rows, report.markets, head.seq),
        format!(
            "{} deltas, {} trades, {} quotes, {} resolved",
            report.deltas, report.trades, report.quotes, report.resolved
        ),
    ];
    if let (Some(first), Some(last)) = (report.first_time, report.last_time) {
        lines.push(format!("{first} .. {last}"));
    }
    if let (Some(a), Some(all)) = (agreement, &printed.agreement) {
        let later = printed.agreement_after_first_minute.as_deref().unwrap_or("-");
        lines.push(format!(
            "books agree with the exchange's stated best on {all} of messages ({later} after the first minute); {} heals removed {} ghost levels",
            a.heals, a.ghost_levels
        ));
    }
    lines.push(format!("log {}, head {} {}", log.display(), head.seq, head.chain.short(16)));
    console::print(&lines.join("\n"))
}

/// Three decimals, rounded down: 100.000 % means all.
fn percent(part: u64, whole: u64) -> String {
    let milli = u128::from(part) * 100_000 / u128::from(whole.max(1));
    format!("{}.{:03} %", milli / 1_000, milli % 1_000)
}
