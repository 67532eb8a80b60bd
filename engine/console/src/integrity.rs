//! `replay verify` and `arena verify`: is every byte of a log as it was written, and is it the history that was signed?

use crate::exit::{Code, Failure};
use crate::output::{Format, Paint, Table, plain};
use clap::Args;
use eventlog::{LogReader, PublicKey, Severity, VerifyOptions, VerifyReport, hex, verify_with};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};
use std::io::IsTerminal;
use std::path::Path;

/// How much is checked.
#[derive(Clone, Debug, Default, Args)]
pub struct Depth {
    /// Also recompute the one chain of the whole log out of the sealed segments, and hold every signed checkpoint
    /// against it
    #[arg(long)]
    pub deep: bool,
    /// Only this key may have signed checkpoints: 66 hex digits, as `verify` shows them
    #[arg(long, value_name = "HEX", value_parser = public_key)]
    pub public_key: Option<PublicKey>,
}

/// Reads a public key in SEC1 compressed form.
pub fn public_key(text: &str) -> Result<PublicKey, String> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let bytes: Option<Vec<u8>> =
        (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok()).collect();
    let bytes = bytes.and_then(|b| PublicKey::try_from(b).ok());
    bytes.ok_or_else(|| "a public key has 66 hex digits; `replay verify` shows the one of a log".to_owned())
}

/// How the report is shown.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Table, JSON, ...
    pub format: Format,
    /// Colours of data.
    pub paint: Paint,
    /// No progress bar, no advice.
    pub quiet: bool,
}

/// Checks a log. Returns what was found, as it is to be printed, and how the command ends.
pub fn check(program: &str, log: &Path, depth: &Depth, look: Look) -> Result<(String, Code), Failure> {
    let bar = progress(log, look.quiet);
    let options = VerifyOptions { deep: depth.deep, public_key: depth.public_key };
    let report = verify_with(log, &options, &mut |bytes| bar.inc(bytes));
    bar.finish_and_clear();
    let report = report?;
    let text = match look.format {
        Format::Json => as_json(log, &report, depth.deep).to_string(),
        _ => page(log, &report, look),
    };
    let next = match report.findings.iter().map(|f| f.severity).max() {
        None => return Ok((text, Code::Ok)),
        Some(Severity::Repairable) => "nothing acknowledged is lost: the next `arena run`, or any writer, repairs it",
        Some(Severity::Fatal) => {
            "no writer will open this log: restore the named files, or all of it with `arena restore`"
        }
    };
    if !look.quiet {
        eprintln!("{program}: {next}");
    }
    Ok((text, Code::Integrity))
}

/// A bar over the bytes of the sealed segments: the rest is small.
fn progress(log: &Path, quiet: bool) -> ProgressBar {
    // A log that is damaged has no length to go by; the check itself says what is wrong.
    let segments = LogReader::open(log).and_then(|reader| reader.segments()).unwrap_or_default();
    if quiet || segments.is_empty() || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let len = segments.iter().map(|s| s.file_len).sum();
    let style = ProgressStyle::with_template("checking [{bar:40}] {bytes}/{total_bytes}  {bytes_per_sec}  {eta} left");
    let bar = ProgressBar::with_draw_target(Some(len), ProgressDrawTarget::stderr_with_hz(12));
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> "));
    bar
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Repairable => "repairable",
        Severity::Fatal => "fatal",
    }
}

fn as_json(log: &Path, report: &VerifyReport, deep: bool) -> Value {
    let findings: Vec<_> =
        report.findings.iter().map(|f| json!({ "severity": severity(f.severity), "text": f.text })).collect();
    json!({
        "log": log.display().to_string(),
        "clean": report.is_clean(),
        "deep": deep,
        "events": report.events,
        "frames": report.frames,
        "segments": report.segments,
        "segment_bytes": report.segment_bytes,
        "pruned_events": report.pruned_events,
        "journal_bytes": report.journal_bytes,
        "hot_bytes": report.hot_bytes,
        "hot": report.hot,
        "checkpoints": report.checkpoints,
        "signed_by": report.signed_by.iter().map(|key| hex(key)).collect::<Vec<_>>(),
        "head_seq": report.head.seq,
        "head_hash": report.head.chain,
        "findings": findings,
    })
}

fn page(log: &Path, report: &VerifyReport, look: Look) -> String {
    let mut t = Table::new(&["figure", "value"]);
    let mut row = |name: &str, value: String| t.row(vec![name.to_owned(), value]);
    row("log", log.display().to_string());
    row("events", report.events.to_string());
    row("frames", report.frames.to_string());
    row("segments", format!("{}, {} bytes", report.segments, report.segment_bytes));
    if report.pruned_events > 0 {
        row("archived and deleted", format!("events 1 to {}", report.pruned_events));
    }
    row("journal bytes", report.journal_bytes.to_string());
    row("hot copy bytes", report.hot_bytes.to_string());
    row("hot copy", report.hot.clone());
    row("signed checkpoints", report.checkpoints.to_string());
    for key in &report.signed_by {
        row("signed by", hex(key));
    }
    row("head", format!("{} {}", report.head.seq, report.head.chain));
    row("findings", report.findings.len().to_string());
    let mut lines = vec![t.render(look.format)];
    for finding in &report.findings {
        let mark = match finding.severity {
            Severity::Repairable => look.paint.bad("repairable"),
            Severity::Fatal => look.paint.alarm("FATAL"),
        };
        lines.push(format!("{mark}: {}", plain(&finding.text)));
    }
    if report.is_clean() && look.format == Format::Table {
        lines.push(look.paint.good("intact"));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::public_key;

    #[test]
    fn keys_are_read_or_refused() {
        let text = format!("0x02{}", "ab".repeat(32));
        assert_eq!(public_key(&text).map(|key| (key[0], key[32])), Ok((2, 0xab)));
        for wrong in ["", "02", "zz", &"ab".repeat(34), "é"] {
            assert!(public_key(wrong).is_err(), "{wrong}");
        }
    }
}
