//! `arena doctor`: looks at everything that trading needs, and names the cause of what does not work.
//!
//! It changes nothing at the venue but what any start of an engine does: it logs in. It places no order; `arena livetest`
//! does.

mod account;
mod chain;
mod hosts;
mod listen;
mod machine;

use super::Global;
use super::login::Login;
use super::talk::Talk;
use super::wallet::Keys;
use crate::config::{Loaded, RunMode};
use crate::exit::{Code, Failure, Outcome};
use console::output::{Format, Paint, plain};
use console::print;
use polymarket::Address;
use serde::Serialize;
use std::path::PathBuf;
use tokio::runtime::Runtime;

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Ok,
    /// It works, and something should be looked at.
    Warn,
    /// It stops trading.
    Fail,
    /// It was not looked at.
    Skip,
}

/// One check.
#[derive(Debug, Serialize)]
struct Check {
    name: &'static str,
    state: State,
    /// What was found.
    what: String,
    /// What to do next.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// The checks so far, each shown as soon as it is done.
struct Doctor<'a> {
    global: &'a Global,
    loaded: &'a Loaded,
    /// Real money is meant: what only live trading needs stops trading if it is missing.
    live: bool,
    data_dir: PathBuf,
    runtime: Runtime,
    checks: Vec<Check>,
}

impl Doctor<'_> {
    fn add(&mut self, name: &'static str, state: State, what: String, next: Option<String>) {
        let check = Check { name, state, what, next };
        if self.global.format() != Format::Json {
            show(self.global, &check);
        }
        self.checks.push(check);
    }

    fn ok(&mut self, name: &'static str, what: impl Into<String>) {
        self.add(name, State::Ok, what.into(), None);
    }

    fn skip(&mut self, name: &'static str, what: impl Into<String>) {
        self.add(name, State::Skip, what.into(), None);
    }

    fn warn(&mut self, name: &'static str, what: impl Into<String>, next: impl Into<String>) {
        self.add(name, State::Warn, what.into(), Some(next.into()));
    }

    /// What stops trading, whatever the mode.
    fn fail(&mut self, name: &'static str, what: impl Into<String>, next: impl Into<String>) {
        self.add(name, State::Fail, what.into(), Some(next.into()));
    }

    /// What stops live trading; on paper it is only worth knowing.
    fn fail_live(&mut self, name: &'static str, what: impl Into<String>, next: impl Into<String>) {
        let state = if self.live { State::Fail } else { State::Warn };
        self.add(name, state, what.into(), Some(next.into()));
    }

    /// A failure of another command's part.
    fn failed(&mut self, name: &'static str, failure: Failure) {
        let state = if self.live { State::Fail } else { State::Warn };
        self.add(name, state, failure.what, failure.next);
    }
}

/// Everything that is known about the account that trades.
struct Known {
    login: Login,
    owner: Address,
}

fn show(global: &Global, check: &Check) {
    let paint = Paint::stdout(global.color);
    let word = match check.state {
        State::Ok => paint.calm("ok  "),
        State::Warn => paint.alarm("warn"),
        State::Fail => paint.alarm("FAIL"),
        State::Skip => "skip".to_owned(),
    };
    // Where nobody listens any more, nobody misses it.
    let _ = print(&format!("{word}  {:<14}  {}", check.name, plain(&check.what)));
    if let Some(next) = &check.next {
        let _ = print(&format!("      {:<14}  next: {}", "", plain(next)));
    }
}

/// Runs it.
pub fn run(global: &Global) -> Outcome {
    let loaded = match global.load() {
        Ok(loaded) => loaded,
        Err(failure) => return no_configuration(global, failure),
    };
    let mut doctor = Doctor {
        global,
        loaded: &loaded,
        live: loaded.config.mode == RunMode::Live,
        data_dir: global.data_dir(&loaded)?,
        runtime: tokio::runtime::Builder::new_current_thread().enable_all().build()?,
        checks: Vec::new(),
    };
    doctor.configuration();
    doctor.data_directory();
    doctor.disk();
    doctor.log();
    doctor.hosts();
    let mut talk = Talk::start(&loaded.config)?;
    let there = doctor.clock(&mut talk);
    doctor.place();
    if there {
        doctor.market_data(&mut talk);
    } else {
        doctor.skip("market data", "the order book cannot be reached");
    }
    let mut keys = Keys::new(global, &loaded)?;
    let owner = doctor.key(&mut keys);
    doctor.policy();
    let known = owner.and_then(|owner| doctor.login(&mut talk, &mut keys, owner, there));
    drop(keys);
    if let Some(known) = &known {
        doctor.standing(&mut talk, known);
    }
    if let Some(owner) = owner {
        doctor.wallet(&mut talk, owner, known.as_ref());
    }
    if let Some(known) = &known {
        doctor.user_channel(&mut talk, known);
    }
    end(global, doctor.live, &doctor.checks)
}

/// Without a configuration there is nothing else to look at.
fn no_configuration(global: &Global, failure: Failure) -> Outcome {
    let Failure { code, what, next } = failure;
    let check = Check { name: "configuration", state: State::Fail, what, next };
    match global.format() {
        Format::Json => {
            print(&serde_json::json!({ "ok": false, "checks": [check] }).to_string())?;
        }
        _ => show(global, &check),
    }
    Ok(code)
}

fn end(global: &Global, live: bool, checks: &[Check]) -> Outcome {
    let count = |state: State| checks.iter().filter(|c| c.state == state).count();
    let (failed, warned) = (count(State::Fail), count(State::Warn));
    if global.format() == Format::Json {
        let mode = if live { "live" } else { "paper" };
        let text = serde_json::json!({ "ok": failed == 0, "mode": mode, "checks": checks }).to_string();
        print(&text)?;
    } else if !global.quiet {
        let mode = if live { "live trading" } else { "paper trading" };
        match (failed, warned) {
            (0, 0) => eprintln!("nothing stands in the way of {mode}"),
            (0, n) => eprintln!("nothing stops {mode}; {n} to look at"),
            (n, _) => eprintln!("{n} of {} checks stop {mode}", checks.len()),
        }
    }
    Ok(if failed == 0 { Code::Ok } else { Code::Error })
}
