//! `replay why`: why something came about, and what became of it.

use super::{Global, json};
use crate::out::Out;
use crate::story::{self, NoSubject, Subject};
use crate::{events, place};
use clap::Args;
use console::exit::{Code, Failure, Outcome};
use console::output::{Format, plain};
use std::path::PathBuf;

/// Arguments.
#[derive(Debug, Args)]
pub struct WhyArgs {
    /// order:N, cycle:N, seq:N, or a number: an order if there is one, else a sequence; before or behind the log
    #[arg(value_name = "WHAT")]
    pub first: Option<String>,
    /// The log's directory
    #[arg(value_name = "LOG")]
    pub second: Option<String>,
    /// The log's directory, named as a flag
    #[arg(long, value_name = "DIR")]
    pub log: Option<PathBuf>,
}

/// Runs it.
pub fn run(global: &Global, args: &WhyArgs, out: &mut Out<'_>) -> Outcome {
    let (first, second) = (args.first.as_deref(), args.second.as_deref());
    let (what, log) = place::subject_and_log("WHAT", first, second, args.log.as_deref())?;
    let subject: Subject = what.parse().map_err(|e: NoSubject| Failure::new(Code::Usage, plain(&e.to_string())))?;
    let tree = matches!(global.format(), Format::Table | Format::Json);
    if !tree {
        let what = "a story is a tree, not a table";
        return Err(Failure::new(Code::Usage, what).next("leave out --output, or use --json"));
    }
    let story = story::tell(&events::open(&log)?, subject)?;
    match global.format() {
        Format::Json => json(out, &story)?,
        _ => out.line(&story.page(global.paint()))?,
    }
    Ok(Code::Ok)
}
