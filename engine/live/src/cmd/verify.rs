//! `arena verify`: is every byte of a log as it was written? The same question as `replay verify`.

use super::Global;
use crate::exit::Outcome;
use clap::Args;
use console::integrity::{Depth, Look, check};
use console::output::Paint;
use std::path::PathBuf;

/// Arguments.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The log [default: the paper log of the data directory]
    #[arg(long, value_name = "DIR")]
    pub log: Option<PathBuf>,
    /// How much is checked.
    #[command(flatten)]
    pub depth: Depth,
}

/// Runs it.
pub fn run(global: &Global, args: &VerifyArgs) -> Outcome {
    let log = global.log(args.log.as_deref())?;
    crate::paths::existing_log(&log)?;
    let look = Look { format: global.format(), paint: Paint::stdout(global.color), quiet: global.quiet };
    let (text, code) = check("arena", &log, &args.depth, look)?;
    console::print(&text)?;
    Ok(code)
}
