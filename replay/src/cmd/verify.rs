//! `replay verify`: is every byte of the log as it was written?

use super::{Global, LogArgs};
use crate::out::Out;
use clap::Args;
use console::exit::Outcome;
use console::integrity::{Depth, Look, check};

/// Arguments.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The log.
    #[command(flatten)]
    pub log: LogArgs,
    /// How much is checked.
    #[command(flatten)]
    pub depth: Depth,
}

/// Runs it.
pub fn run(global: &Global, args: &VerifyArgs, out: &mut Out<'_>) -> Outcome {
    let log = args.log.dir()?;
    crate::events::open_or_broken(&log)?;
    let look = Look { format: global.format(), paint: global.paint(), quiet: global.quiet };
    let (text, code) = check("replay", &log, &args.depth, look)?;
    out.line(&text)?;
    Ok(code)
}
