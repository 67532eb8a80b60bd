//! How what a person says gets into the log: through the engine that runs on it, else straight.

use crate::cmd::{Global, query};
use crate::engine::{CashMove, ControlError, Engine, Moved, Request, ask, command_time, move_cash};
use crate::exit::{Code, Failure, Outcome};
use console::output::{Format, Paint, banner};
use console::words::word;
use schemas::Cash;
use schemas::event::{KillLevel, KillSource, Mode};
use std::path::Path;

/// Records it durably.
pub(in crate::cmd) fn record(global: &Global, log: &Path, said: &CashMove) -> Result<Moved, Failure> {
    match ask(log, &Request::MoveCash(said.clone())) {
        Ok(answer) => match (&answer["moved"], answer["refused"].as_str()) {
            (_, Some(why)) => Err(refused(why)),
            (moved, None) => serde_json::from_value(moved.clone()).map_err(|_| {
                Failure::new(Code::Timeout, format!("the engine did not confirm: {answer}"))
                    .next("`replay show --kind cash_moved LOG` shows whether it is recorded")
            }),
        },
        Err(ControlError::NotRunning) => at_rest(global, log, said),
        Err(e) => Err(Failure::new(Code::Timeout, e.to_string())
            .next("`replay show --kind cash_moved LOG` shows whether it is recorded; then try again")),
    }
}

/// Writes it into a log that no engine owns at the moment.
fn at_rest(global: &Global, log: &Path, said: &CashMove) -> Result<Moved, Failure> {
    let state = query::fold(log)?;
    if state.run.config.is_empty() || state.run.mode() == Some(Mode::Import) {
        return Err(Failure::new(Code::Usage, format!("{} is a recording; it has no account", log.display())));
    }
    let keeping = global.keeping(&global.load()?, "arena account")?;
    let config = engine_core::Config::from_canonical(&state.run.config).unwrap_or_default();
    let (mut engine, _) = Engine::attach(log, config, &keeping)?;
    let now = command_time(&engine);
    let result = move_cash(&mut engine, said.clone(), now)?;
    engine.close()?;
    result.map_err(|e| refused(&e.to_string()))
}

fn refused(why: &str) -> Failure {
    Failure::new(Code::Usage, format!("{why}; nothing was recorded"))
}

/// Says what the books have now.
pub(super) fn show(global: &Global, log: &Path, said: &CashMove, moved: &Moved) -> Outcome {
    if global.format() == Format::Json {
        let answer = serde_json::json!({
            "amount": said.amount, "kind": said.kind, "note": said.note, "cash": moved.cash, "reserved": moved.reserved,
            "kill": moved.kill, "kill_source": moved.kill_source, "log": log.display().to_string(),
        });
        console::print(&answer.to_string())?;
    } else {
        let (marker, kind) = (banner(moved.mode, Paint::stdout(global.color)), word(&said.kind));
        let what = format!("{marker} {:+} ({kind}) is in the books: {} of cash", said.amount, moved.cash);
        console::print(&what)?;
    }
    if !global.quiet {
        hints(moved).iter().for_each(|hint| eprintln!("{hint}"));
    }
    Ok(Code::Ok)
}

/// What else a person should know.
fn hints(moved: &Moved) -> Vec<String> {
    let mut hints = Vec::new();
    if moved.cash < moved.reserved {
        let what = format!("open orders may take {} of the {} that is left", moved.reserved, moved.cash);
        hints.push(format!("{what}: the venue cancels what is not covered"));
    }
    if moved.kill != KillLevel::Off && moved.kill_source == Some(KillSource::Reconcile) {
        let level = word(&moved.kill);
        hints.push(format!("the kill switch is {level}, thrown by the comparison: `arena kill off` releases it"));
    }
    hints
}

/// The command that records it, to be typed by a person.
pub(in crate::cmd) fn command_of(log: &Path, amount: Cash, kind: &str, note: &str) -> String {
    format!("arena account move --amount {amount:+} --kind {kind} --note '{note}' --log '{}'", log.display())
}
