//! `arena restore`: a log made of a backup.

use super::Global;
use super::target::{Bar, ChoiceArgs, OpenArgs, PinArgs, TargetArgs, say_who_signed};
use crate::exit::{Code, Outcome, backup_failure};
use backup::{RestoreOptions, RestoreReport, Trust};
use clap::Args;
use console::output::{Format, Table, plain};
use console::print;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Arguments.
#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// Where the backups are.
    #[command(flatten)]
    pub target: TargetArgs,
    /// Where the log goes: a directory that is absent or empty
    #[arg(long, value_name = "DIR")]
    pub log: PathBuf,
    /// Which backup.
    #[command(flatten)]
    pub choice: ChoiceArgs,
    /// How it is opened.
    #[command(flatten)]
    pub open: OpenArgs,
    /// Who must have signed it.
    #[command(flatten)]
    pub pin: PinArgs,
    /// Also recompute the one chain of the whole log
    #[arg(long)]
    pub deep: bool,
}

/// Runs it.
pub fn run(global: &Global, args: &RestoreArgs) -> Outcome {
    let store = args.target.open()?;
    let options = RestoreOptions {
        store: &*store,
        log_id: args.open.log_id,
        choice: args.choice.choice(),
        trust: Trust(args.pin.public_key),
        opener: args.open.opener()?,
        log: &args.log,
        deep: args.deep,
    };
    let mut bar = Bar::new(global);
    let done = backup::restore(options, &mut bar);
    drop(bar);
    let report = done.map_err(backup_failure)?;
    say_who_signed(global, args.pin.public_key.is_some(), &report.signed_by);
    show(global, &args.log, &report)
}

fn show(global: &Global, log: &Path, report: &RestoreReport) -> Outcome {
    let v = &report.verified;
    let findings: Vec<&str> = v.findings.iter().map(|f| f.text.as_str()).collect();
    if global.format() == Format::Json {
        return print(
            &json!({
                "log": log.display().to_string(),
                "backup": report.manifest.id,
                "log_id": report.manifest.log_id,
                "head_seq": report.head.seq,
                "head_hash": report.head.chain,
                "segments": v.segments,
                "checkpoints": v.checkpoints,
                "fetched_bytes": report.fetched_len,
                "signed_by": report.signed_by,
                "config": report.config.iter().map(|p| p.display().to_string()).collect::<Vec<_>>(),
                "findings": findings,
            })
            .to_string(),
        );
    }
    let mut t = Table::new(&["figure", "value"]);
    let mut row = |name: &str, value: String| t.row(vec![name.to_owned(), value]);
    row("log", log.display().to_string());
    row("backup", report.manifest.id.clone());
    row("head", format!("{} {}", report.head.seq, report.head.chain));
    row("verified", format!("{} events in {} segments, {} signed checkpoints", v.events, v.segments, v.checkpoints));
    row("fetched", format!("{} bytes", report.fetched_len));
    row("signed by", report.signed_by.clone());
    for path in &report.config {
        row("configuration", path.display().to_string());
    }
    print(&t.render(global.format()))?;
    for finding in findings.iter().filter(|_| !global.quiet) {
        eprintln!("the next start mends: {}", plain(finding));
    }
    Ok(Code::Ok)
}
