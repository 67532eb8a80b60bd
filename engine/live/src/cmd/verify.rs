//! `arena verify`: is every byte of a log, or of a backup, as it was written? For a log the same as `replay verify`.

use super::Global;
use super::target::{Bar, ChoiceArgs, OpenArgs, say_who_signed};
use crate::exit::{Code, Failure, Outcome, backup_failure};
use backup::{Trust, VerifyOptions, VerifyReport};
use clap::Args;
use console::integrity::{Depth, Look, check};
use console::output::{Format, Paint, Table, plain};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Arguments.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// A log's directory, or the target of backups [default: the paper log of the data directory]
    #[arg(value_name = "PLACE", conflicts_with = "log")]
    pub place: Option<String>,
    /// The log, named as a flag
    #[arg(long, value_name = "DIR")]
    pub log: Option<PathBuf>,
    /// How much is checked.
    #[command(flatten)]
    pub depth: Depth,
    /// Of a target: which backup.
    #[command(flatten)]
    pub choice: ChoiceArgs,
    /// Of a target: how it is opened.
    #[command(flatten)]
    pub open: OpenArgs,
}

/// Runs it.
pub fn run(global: &Global, args: &VerifyArgs) -> Outcome {
    match &args.place {
        Some(place) if backup::store::is_url(place) || !eventlog::exists(Path::new(place)) => {
            verify_backup(global, args, place)
        }
        Some(place) => verify_log(global, args, Path::new(place)),
        None => verify_log(global, args, &global.log(args.log.as_deref())?),
    }
}

fn verify_log(global: &Global, args: &VerifyArgs, log: &Path) -> Outcome {
    crate::paths::existing_log(log)?;
    let look = Look { format: global.format(), paint: Paint::stdout(global.color), quiet: global.quiet };
    let (text, code) = check("arena", log, &args.depth, look)?;
    console::print(&text)?;
    Ok(code)
}

fn verify_backup(global: &Global, args: &VerifyArgs, target: &str) -> Outcome {
    let store = backup::store::open(target).map_err(backup_failure)?;
    let options = VerifyOptions {
        store: &*store,
        log_id: args.open.log_id,
        choice: args.choice.choice(),
        trust: Trust(args.depth.public_key),
        opener: args.open.opener()?,
        deep: args.depth.deep,
    };
    let mut bar = Bar::new(global);
    let done = backup::verify(options, &mut bar);
    drop(bar);
    let report = done.map_err(|e| neither(e, target))?;
    say_who_signed(global, args.depth.public_key.is_some(), &report.signed_by);
    show(global, &report)?;
    let Some(first) = report.faults.into_iter().next() else { return Ok(Code::Ok) };
    Err(Failure { code: Code::Integrity, ..backup_failure(first) })
}

/// What is no backup may have been meant as a log.
fn neither(e: backup::BackupError, place: &str) -> Failure {
    match e {
        backup::BackupError::NotABackup { reason, .. } => {
            Failure::new(Code::Usage, format!("{place} is neither a log nor a target of backups: {reason}"))
                .next("name a log's directory, or the directory that `arena backup` was given")
        }
        e => backup_failure(e),
    }
}

fn show(global: &Global, report: &VerifyReport) -> Outcome {
    let m = &report.manifest;
    let faults: Vec<String> = report.faults.iter().map(ToString::to_string).collect();
    if global.format() == Format::Json {
        return console::print(
            &json!({
                "backup": m.id,
                "log_id": m.log_id,
                "clean": faults.is_empty(),
                "head_seq": m.head.seq,
                "head_hash": m.head.chain,
                "objects": m.objects.len(),
                "good": report.good,
                "closed": report.closed,
                "signed_by": report.signed_by,
                "findings": faults,
            })
            .to_string(),
        );
    }
    let mut t = Table::new(&["figure", "value"]);
    let mut row = |name: &str, value: String| t.row(vec![name.to_owned(), value]);
    row("backup", m.id.clone());
    row("log", m.log_id.clone());
    row("head", format!("{} {}", m.head.seq, m.head.chain));
    row("objects", format!("{}, {} bytes", m.objects.len(), m.stored_len()));
    row("good", report.good.to_string());
    if report.closed > 0 {
        row("not opened", format!("{}: encrypted, only their stored bytes were checked", report.closed));
    }
    row("signed by", report.signed_by.clone());
    row("findings", faults.len().to_string());
    console::print(&t.render(global.format()))?;
    let paint = Paint::stdout(global.color);
    for fault in &faults {
        console::print(&format!("{}: {}", paint.alarm("BAD"), plain(fault)))?;
    }
    if faults.is_empty() && global.format() == Format::Table {
        console::print(&paint.good("intact"))?;
    }
    Ok(Code::Ok)
}
