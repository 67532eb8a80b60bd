//! `arena kill`: the kill switch. Goes to the running engine, or straight into the log when none runs; either way it is an
//! event, it is latched, and only a person releases it.

use super::Global;
use crate::engine::{ControlError, Engine, KILL_DEFAULT, Request, ask, command_time, operator};
use crate::exit::{Code, Failure, Outcome};
use crate::paths::existing_log;
use clap::{Args, Subcommand, ValueEnum};
use console::print;
use projections::State;
use schemas::event::{KillLevel, Mode, OperatorCommand};
use std::path::{Path, PathBuf};

/// Arguments.
#[derive(Debug, Args)]
pub struct KillArgs {
    /// What to do.
    #[command(subcommand)]
    pub what: What,
    /// The log [default: the paper log of the data directory]
    #[arg(long, global = true, value_name = "DIR")]
    pub log: Option<PathBuf>,
}

/// How far it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Level {
    /// No new risk; exits go on
    NoNewRisk,
    /// And every open order is cancelled
    CancelAll,
    /// And every position is closed
    Flatten,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum What {
    /// Throw it
    On {
        /// How far it goes [default: cancel-all]
        #[arg(long, value_enum)]
        level: Option<Level>,
    },
    /// Release it
    Off,
    /// Where it stands; exit code 6 if it is thrown
    Status,
}

/// Runs it.
pub fn run(global: &Global, args: &KillArgs) -> Outcome {
    let log = global.log(args.log.as_deref())?;
    existing_log(&log)?;
    let level = match args.what {
        What::Status => return status(global, &log),
        What::Off => KillLevel::Off,
        What::On { level: None } => KILL_DEFAULT,
        What::On { level: Some(Level::NoNewRisk) } => KillLevel::NoNewRisk,
        What::On { level: Some(Level::CancelAll) } => KillLevel::CancelAll,
        What::On { level: Some(Level::Flatten) } => KillLevel::Flatten,
    };
    let who = super::who();
    let reached = match ask(&log, &Request::Kill { who: who.clone(), level }) {
        Ok(answer) => serde_json::from_value(answer["kill"].clone()).map_err(|_| {
            Failure::new(Code::Timeout, format!("the engine did not confirm: {answer}")).next("try again")
        })?,
        Err(ControlError::NotRunning) => set(global, &log, who, level)?,
        Err(e) => return Err(Failure::new(Code::Timeout, e.to_string()).next("try again, or stop the process")),
    };
    show(global, reached)?;
    Ok(Code::Ok)
}

/// What a thrown switch does not do while no engine runs, if there is anything.
fn nobody_acts(log: &Path, state: &State, level: KillLevel) -> Option<String> {
    let (open, held) = (state.orders.open().count(), state.positions.held_all().count());
    let what = match level {
        KillLevel::Flatten if open + held > 0 => {
            format!("nothing is cancelled or sold before the next run ({open} open orders, {held} positions)")
        }
        KillLevel::CancelAll if open > 0 => format!("nothing is cancelled before the next run ({open} open orders)"),
        _ => return None,
    };
    let live = state.run.mode() == Some(Mode::Live);
    let next = if live && open > 0 { "; `arena cancel-all` takes orders back now" } else { "" };
    Some(format!("no engine runs on {}: {what}{next}", log.display()))
}

/// Writes the command into a log that no engine owns at the moment.
fn set(global: &Global, log: &Path, who: String, level: KillLevel) -> Result<KillLevel, Failure> {
    let state = super::query::fold(log)?;
    if state.run.config.is_empty() || state.run.mode() == Some(Mode::Import) {
        return Err(Failure::new(Code::Usage, format!("{} is a recording; nothing trades on it", log.display())));
    }
    let keeping = global.keeping(&global.load()?, "arena kill")?;
    let (mut engine, _) =
        Engine::attach(log, engine_core::Config::from_canonical(&state.run.config).unwrap_or_default(), &keeping)?;
    let now = command_time(&engine);
    engine.tell(operator(who, OperatorCommand::Kill(level)), now)?;
    let reached = engine.state().kill.level;
    if let Some(text) = nobody_acts(log, engine.state(), level).filter(|_| !global.quiet) {
        eprintln!("{text}");
    }
    engine.close()?;
    Ok(reached)
}

fn status(global: &Global, log: &Path) -> Outcome {
    let kill = super::query::fold(log)?.kill;
    show(global, kill.level)?;
    if !global.quiet
        && let Some(source) = kill.source
    {
        eprintln!("thrown by {} at {}", console::words::word(&source), kill.since);
    }
    Ok(if kill.level == KillLevel::Off { Code::Ok } else { Code::Halted })
}

fn show(global: &Global, level: KillLevel) -> Outcome {
    if global.format() == console::output::Format::Json {
        return print(&serde_json::json!({ "kill": level }).to_string());
    }
    print(&console::words::word(&level))
}
