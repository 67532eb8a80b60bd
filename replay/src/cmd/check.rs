//! `replay check`: does every decision follow from what came in?

use super::{Global, figures, json, shown};
use crate::audit::{self, Divergence, Report};
use crate::out::Out;
use console::exit::{Code, Failure, Outcome};
use console::output::{Format, plain};
use std::path::Path;

/// Runs it.
pub fn run(global: &Global, log: &Path, out: &mut Out<'_>) -> Outcome {
    let report = audit::check(&crate::events::open(log)?)?;
    match global.format() {
        Format::Json => json(out, &report)?,
        _ => page(global, log, &report, out)?,
    }
    if report.first.is_none() {
        return Ok(Code::Ok);
    }
    if !global.quiet {
        eprintln!(
            "replay: either the log was altered, or another build wrote it: `replay verify` tells damage, and \
             `replay stats` the version of each run"
        );
    }
    Ok(Code::Integrity)
}

fn page(global: &Global, log: &Path, report: &Report, out: &mut Out<'_>) -> Result<(), Failure> {
    let mut t = figures();
    let mut row = |name: &str, value: String| t.row(vec![name.to_owned(), value]);
    row("log", shown(log));
    row("events", report.events.to_string());
    row("decisions recomputed", report.decisions.to_string());
    row("exchange reports recomputed", report.exchange_reports.to_string());
    row("checkpoints recomputed", report.checkpoints.to_string());
    if report.owed > 0 {
        row("decisions not appended yet", format!("{} (the run did not stop cleanly)", report.owed));
    }
    row("state hash", report.state_hash.to_string());
    row("head", format!("{} {}", report.head_seq, report.head_hash));
    row("divergences", report.divergences.to_string());
    out.line(&t.render(global.format()))?;
    let paint = global.paint();
    match &report.first {
        None if global.format() == Format::Table => out.line(&paint.good("0 divergences"))?,
        None => {}
        Some(d) => {
            let what = format!("{} {}", console::words::word(&d.what), d.seq);
            out.line(&format!("{}: the log diverges here", paint.alarm(&what)))?;
            let (found, expected) = around(d);
            out.line(&format!("  the log has    {}", plain(&found)))?;
            out.line(&format!("  recomputed is  {}", plain(&expected)))?;
        }
    }
    Ok(())
}

/// Characters shown before the first difference of two long texts, and behind it.
const BEFORE: usize = 80;
const BEHIND: usize = 160;

/// Both texts of a divergence, cut to where they begin to differ.
fn around(d: &Divergence) -> (String, String) {
    let (found, expected): (Vec<char>, Vec<char>) = (d.found.chars().collect(), d.expected.chars().collect());
    let same = found.iter().zip(&expected).take_while(|(a, b)| a == b).count();
    let cut = |text: &[char]| {
        // The beginning names the kind of event; it stays.
        let head = BEFORE.min(text.len());
        let from = same.saturating_sub(BEFORE / 2).max(head);
        let to = same.saturating_add(BEHIND).max(head).min(text.len());
        let gap = if from > head { " ... " } else { "" };
        let more = if to < text.len() { " ..." } else { "" };
        let middle: String = text.get(from..to).unwrap_or_default().iter().collect();
        format!("{}{gap}{middle}{more}", text[..head].iter().collect::<String>())
    };
    (cut(&found), cut(&expected))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::What;

    #[test]
    fn long_texts_are_cut_around_the_difference() {
        let text = |c: char| format!("{}{c}{}", "a".repeat(1_000), "b".repeat(1_000));
        let divergence = Divergence { seq: 1, what: What::Decision, found: text('x'), expected: text('y') };
        let (found, expected) = around(&divergence);
        assert!(found.contains("axb") && expected.contains("ayb"), "{found} {expected}");
        assert!(found.len() < 400);
        let short = Divergence { found: "nothing".to_owned(), expected: text('y'), ..divergence };
        assert_eq!(around(&short).0, "nothing");
    }
}
