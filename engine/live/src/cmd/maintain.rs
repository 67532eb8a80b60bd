//! `arena maintain`: what is done to a log now and then. Each step says what it did, or why it did not.

use super::Global;
use super::target::{Bar, existing, own_key};
use crate::config::Keeping;
use crate::exit::{Code, Failure, Outcome, backup_failure};
use backup::Trust;
use clap::Args;
use console::integrity::public_key;
use console::output::{Format, Table};
use console::print;
use eventlog::{LogError, LogReader, PublicKey, maintain};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Arguments.
#[derive(Debug, Args)]
pub struct MaintainArgs {
    /// The log [default: the paper log of the data directory]
    #[arg(long, value_name = "DIR")]
    pub log: Option<PathBuf>,
    /// Delete segments that the newest backup at this target holds; each is read back from there first
    #[arg(long, value_name = "TARGET")]
    pub prune_archived: Option<String>,
    /// How many of the newest segments stay when archived ones are deleted
    #[arg(long, value_name = "N", default_value_t = 64, requires = "prune_archived")]
    pub keep_segments: usize,
    /// The key that must have signed that backup [default: this machine's own]
    #[arg(long, value_name = "HEX", value_parser = public_key, requires = "prune_archived")]
    pub public_key: Option<PublicKey>,
    /// Build the hot copy anew, even if nothing is wrong with it
    #[arg(long)]
    pub rebuild_hot: bool,
    /// Delete the damaged files that repairs have set aside
    #[arg(long)]
    pub remove_damaged: bool,
    /// Recompute the one chain of the whole log in the check
    #[arg(long)]
    pub deep: bool,
}

/// How a step ended.
enum Ending {
    Done(String),
    /// Not now, and nobody asked for it by name.
    Left(String),
    Failed(Failure),
}

/// A step and what became of it.
struct Step {
    name: &'static str,
    outcome: Ending,
}

/// Runs it.
pub fn run(global: &Global, args: &MaintainArgs) -> Outcome {
    let log = existing(global, args.log.as_deref())?;
    let keeping = global.keeping(&global.load()?, "arena maintain")?;
    let owner = maintain::owner(&log)?;
    let mut steps = vec![Step { name: "seal", outcome: seal(&log, &keeping, owner.as_deref()) }];
    let mut step = |name, outcome| steps.push(Step { name, outcome });
    if args.rebuild_hot {
        step("rebuild the hot copy", asked(maintain::rebuild_hot(&log, &keeping.writer), |_| "built anew".to_owned()));
    }
    step("compress", compress(&log, keeping.writer.plain_segments));
    if let Some(target) = &args.prune_archived {
        step("prune", prune(global, args, &log, target).unwrap_or_else(Ending::Failed));
    }
    if args.remove_damaged {
        step("remove damaged files", asked(maintain::remove_set_aside(&log), |gone| format!("{} removed", gone.len())));
    }
    step("check", check(global, args, &log).unwrap_or_else(Ending::Failed));
    show(global, &log, steps)
}

/// A step that was asked for by name: not being able to is a failure.
fn asked<T>(result: Result<T, LogError>, words: impl FnOnce(T) -> String) -> Ending {
    match result {
        Ok(value) => Ending::Done(words(value)),
        Err(e) => Ending::Failed(e.into()),
    }
}

fn seal(log: &Path, keeping: &Keeping, owner: Option<&str>) -> Ending {
    if let Some(owner) = owner {
        return Ending::Left(format!("{owner} is writing the log and seals what it writes"));
    }
    match maintain::seal(log, &keeping.writer) {
        Ok(report) if report.notes.is_empty() => Ending::Done("everything is sealed".to_owned()),
        Ok(report) => {
            let notes: Vec<String> = report.notes.iter().map(ToString::to_string).collect();
            Ending::Done(format!("everything is sealed; repaired: {}", notes.join("; ")))
        }
        // It came a moment ago.
        Err(LogError::Busy { owner, .. } | LogError::Locked { owner }) => {
            Ending::Left(format!("{owner} is writing the log and seals what it writes"))
        }
        Err(e) => Ending::Failed(e.into()),
    }
}

fn compress(log: &Path, plain: usize) -> Ending {
    match maintain::compress(log, plain) {
        Ok(()) => Ending::Done(format!("every segment but the newest {plain}")),
        Err(LogError::Busy { owner, .. } | LogError::Locked { owner }) => {
            Ending::Left(format!("{owner} is at work on the segments"))
        }
        Err(e) => Ending::Failed(e.into()),
    }
}

/// Deletes what an archive holds for certain.
fn prune(global: &Global, args: &MaintainArgs, log: &Path, target: &str) -> Result<Ending, Failure> {
    let key = args.public_key.or_else(|| own_key(global)).ok_or_else(|| {
        Failure::new(Code::Usage, "no key to hold the backup's signature against").next("name it with --public-key")
    })?;
    let store = backup::store::open(target).map_err(backup_failure)?;
    let mut bar = Bar::new(global);
    let archived = backup::archived(&*store, log, Trust(Some(key)), args.keep_segments, &mut bar);
    drop(bar);
    let archived = archived.map_err(backup_failure)?;
    let because = archived.because.map(|b| format!("; no more, because {b}")).unwrap_or_default();
    if archived.upto == 0 {
        return Ok(Ending::Left(format!("nothing to delete{because}")));
    }
    Ok(match maintain::prune(log, archived.upto) {
        Ok(gone) if gone.is_empty() => Ending::Left(format!("nothing to delete{because}")),
        Ok(gone) => Ending::Done(format!(
            "{} segments up to event {} deleted, backup {} has them{because}",
            gone.len(),
            archived.upto,
            archived.backup
        )),
        Err(e @ LogError::MustKeep { .. }) => Ending::Left(e.to_string()),
        Err(e) => Ending::Failed(e.into()),
    })
}

fn check(global: &Global, args: &MaintainArgs, log: &Path) -> Result<Ending, Failure> {
    let segments = LogReader::open(log).and_then(|r| r.segments()).unwrap_or_default();
    let mut bar = Bar::new(global);
    backup::Progress::begin(&mut bar, "checking", segments.iter().map(|s| s.file_len).sum());
    let options = eventlog::VerifyOptions { deep: args.deep, ..Default::default() };
    let report = eventlog::verify_with(log, &options, &mut |bytes| backup::Progress::advance(&mut bar, bytes));
    drop(bar);
    let report = report?;
    let Some(worst) = report.findings.iter().max_by_key(|f| f.severity) else {
        return Ok(Ending::Done(format!(
            "intact: {} events in {} segments and the journal, hot copy {}",
            report.events + report.pruned_events,
            report.segments,
            report.hot
        )));
    };
    let what = format!("{} findings, the worst: {}", report.findings.len(), worst.text);
    Ok(Ending::Failed(Failure::new(Code::Integrity, what).next("`arena verify` shows all of them")))
}

fn show(global: &Global, log: &Path, steps: Vec<Step>) -> Outcome {
    let word = |outcome: &Ending| match outcome {
        Ending::Done(text) => ("done", text.clone()),
        Ending::Left(text) => ("left", text.clone()),
        Ending::Failed(failure) => ("failed", failure.what.clone()),
    };
    if global.format() == Format::Json {
        let steps: Vec<_> = steps
            .iter()
            .map(|s| {
                let (state, text) = word(&s.outcome);
                json!({ "step": s.name, "state": state, "text": text })
            })
            .collect();
        print(&json!({ "log": log.display().to_string(), "steps": steps }).to_string())?;
    } else {
        let mut t = Table::new(&["step", "state", "what"]);
        for s in &steps {
            let (state, text) = word(&s.outcome);
            t.row(vec![s.name.to_owned(), state.to_owned(), text]);
        }
        print(&t.render(global.format()))?;
    }
    let failures = steps.into_iter().filter_map(|s| match s.outcome {
        Ending::Failed(failure) => Some(failure),
        _ => None,
    });
    // The gravest gives the exit code.
    failures.max_by_key(|f| f.code as u8).map_or(Ok(Code::Ok), Err)
}
