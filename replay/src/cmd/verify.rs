//! `replay verify`: is every byte of the log as it was written?

use super::{Global, figures, json, shown};
use crate::out::Out;
use console::exit::{Code, Failure, Outcome};
use console::output::{Format, plain};
use eventlog::{Severity, VerifyReport};
use serde_json::json;
use std::path::Path;

/// Runs it.
pub fn run(global: &Global, log: &Path, out: &mut Out<'_>) -> Outcome {
    crate::events::open_or_broken(log)?;
    let report = eventlog::verify(log)?;
    match global.format() {
        Format::Json => json(out, &as_json(log, &report))?,
        _ => page(global, log, &report, out)?,
    }
    let next = match report.findings.iter().map(|f| f.severity).max() {
        None => return Ok(Code::Ok),
        Some(Severity::Repairable) => "nothing acknowledged is lost: the next `arena run`, or any writer, repairs it",
        Some(Severity::Fatal) => "no writer will open this log: restore the named files from a backup",
    };
    if !global.quiet {
        eprintln!("replay: {next}");
    }
    Ok(Code::Integrity)
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Repairable => "repairable",
        Severity::Fatal => "fatal",
    }
}

fn as_json(log: &Path, report: &VerifyReport) -> serde_json::Value {
    let findings: Vec<_> =
        report.findings.iter().map(|f| json!({ "severity": severity(f.severity), "text": f.text })).collect();
    json!({
        "log": shown(log),
        "clean": report.is_clean(),
        "events": report.events,
        "frames": report.frames,
        "journal_bytes": report.journal_bytes,
        "hot_bytes": report.hot_bytes,
        "hot": report.hot,
        "head_seq": report.head.seq,
        "head_hash": report.head.chain,
        "findings": findings,
    })
}

fn page(global: &Global, log: &Path, report: &VerifyReport, out: &mut Out<'_>) -> Result<(), Failure> {
    let mut t = figures();
    let mut row = |name: &str, value: String| t.row(vec![name.to_owned(), value]);
    row("log", shown(log));
    row("events", report.events.to_string());
    row("frames", report.frames.to_string());
    row("journal bytes", report.journal_bytes.to_string());
    row("hot copy bytes", report.hot_bytes.to_string());
    row("hot copy", report.hot.clone());
    row("head", format!("{} {}", report.head.seq, report.head.chain));
    row("findings", report.findings.len().to_string());
    out.line(&t.render(global.format()))?;
    let paint = global.paint();
    for finding in &report.findings {
        let mark = match finding.severity {
            Severity::Repairable => paint.bad("repairable"),
            Severity::Fatal => paint.alarm("FATAL"),
        };
        out.line(&format!("{mark}: {}", plain(&finding.text)))?;
    }
    if report.is_clean() && global.format() == Format::Table {
        out.line(&paint.good("intact"))?;
    }
    Ok(())
}
