//! The commands, one file each. Flags shared by all are here.

pub mod at;
pub mod check;
pub mod show;
pub mod stats;
pub mod verify;
pub mod why;

use crate::out::Out;
use crate::place;
use clap::{Args, Parser, Subcommand};
use console::exit::{Failure, Outcome};
use console::output::{ColorWhen, Format, Paint, Table};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Ask the log: is it intact, what is in it, what was the state, does every decision follow, why was this order placed.
///
/// Nothing is ever changed. Exit codes: 0 done, 1 failed, 2 wrong usage or not found, 7 the log is damaged or does not
/// add up.
#[derive(Debug, Parser)]
#[command(name = "replay", version, propagate_version = true, max_term_width = 110)]
pub struct Cli {
    /// Shared flags.
    #[command(flatten)]
    pub global: Global,
    /// What to ask.
    #[command(subcommand)]
    pub command: Cmd,
}

/// Flags of every command.
#[derive(Clone, Debug, Args)]
pub struct Global {
    /// Write data as JSON (same as `-o json`)
    #[arg(long, global = true)]
    pub json: bool,
    /// How tables are written
    #[arg(short, long, global = true, value_enum, default_value_t)]
    pub output: Format,
    /// When to use colours
    #[arg(long, global = true, value_enum, default_value_t)]
    pub color: ColorWhen,
    /// Say nothing but results and errors
    #[arg(short, long, global = true)]
    pub quiet: bool,
}

impl Global {
    /// How data is written, `--json` included.
    pub fn format(&self) -> Format {
        if self.json { Format::Json } else { self.output }
    }

    /// Colours for standard output.
    pub fn paint(&self) -> Paint {
        Paint::stdout(self.color)
    }
}

/// A log named once.
#[derive(Debug, Args)]
pub struct LogArgs {
    /// The log's directory
    #[arg(value_name = "LOG")]
    pub place: Option<PathBuf>,
    /// The log's directory, named as a flag
    #[arg(long, value_name = "DIR")]
    pub log: Option<PathBuf>,
}

impl LogArgs {
    /// The log.
    pub fn dir(&self) -> Result<PathBuf, Failure> {
        place::log(self.place.as_deref(), self.log.as_deref())
    }
}

/// The questions.
#[derive(Debug, Subcommand)]
pub enum Cmd {
    /// Is every byte intact? Chain, segments, both copies, anchor, signatures, snapshots
    Verify(verify::VerifyArgs),
    /// What is in it: events by kind, sizes, time span, runs
    Stats(LogArgs),
    /// The events themselves, filtered
    Show(show::ShowArgs),
    /// The state at a sequence, a time, or the end
    At(at::AtArgs),
    /// Does every decision follow from what came in?
    Check(LogArgs),
    /// Why an order, a cycle or an event came about, and what became of it
    Why(why::WhyArgs),
}

/// Answers a question.
pub fn run(cli: &Cli, out: &mut Out<'_>) -> Outcome {
    let global = &cli.global;
    let answered = match &cli.command {
        Cmd::Verify(args) => verify::run(global, args, out),
        Cmd::Stats(args) => stats::run(global, &args.dir()?, out),
        Cmd::Show(args) => show::run(global, args, out),
        Cmd::At(args) => at::run(global, args, out),
        Cmd::Check(args) => check::run(global, &args.dir()?, out),
        Cmd::Why(args) => why::run(global, args, out),
    };
    // What was found out before a failure is shown before it.
    out.flush()?;
    answered
}

/// A table of two columns, for figures.
fn figures() -> Table {
    Table::new(&["figure", "value"])
}

/// Prints a value as one line of JSON.
fn json(out: &mut Out<'_>, value: &impl Serialize) -> Result<(), Failure> {
    out.line(&serde_json::to_string(value)?)
}

/// Prints a heading for people, nothing for programs.
fn heading(global: &Global, out: &mut Out<'_>, text: &str) -> Result<(), Failure> {
    match global.format() {
        Format::Table => out.line(&global.paint().strong(text)),
        Format::Markdown => out.line(&format!("\n**{text}**\n")),
        Format::Csv | Format::Json => Ok(()),
    }
}

/// Prints a table, or nothing if it is empty.
fn table(global: &Global, out: &mut Out<'_>, title: &str, t: &Table) -> Result<(), Failure> {
    if t.is_empty() {
        return Ok(());
    }
    heading(global, out, title)?;
    out.line(&t.render(global.format()))
}

/// A path as JSON and people see it.
fn shown(dir: &Path) -> String {
    dir.display().to_string()
}
