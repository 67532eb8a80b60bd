//! `arena cancel-all`: takes every open order back, whether or not an engine runs.
//!
//! A running engine is asked first, so that its log has the cancels before the venue does. What the venue still lists then
//! (of another log, or of an engine that is stuck) is cancelled there directly. Without an engine the venue alone is asked;
//! the next start reconciles. On paper the log is all there is.

use super::Global;
use super::login::Login;
use super::talk::{Talk, good};
use super::wallet::Keys;
use super::who;
use crate::config::{Loaded, RunMode};
use crate::engine::{ControlError, Engine, Request, ask, cancel_open, command_time};
use crate::exit::{Code, Failure, Outcome};
use clap::Args;
use console::output::{Format, plain};
use console::print;
use polymarket::wire::rest::{CancelAnswer, cancel_many_body, cancel_market_body};
use polymarket::wire::user::OrderState;
use schemas::event::Mode;
use schemas::{Bytes32, MarketId};
use serde_json::{Value, json};
use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::time::Duration;
use venues::wire::Method;

/// How often the venue is asked to cancel what it still lists.
const ROUNDS: usize = 5;
/// Between two rounds, so that what was under way has arrived.
const PAUSE: Duration = Duration::from_secs(1);
/// How long a running engine may take with its own cancels.
const ENGINE_LOOKS: usize = 10;
const ENGINE_PAUSE: Duration = Duration::from_millis(500);

/// Arguments.
#[derive(Debug, Args)]
pub struct CancelAllArgs {
    /// Only orders of this market: its slug, or its condition id
    #[arg(long, value_name = "MARKET")]
    pub market: Option<String>,
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
    /// The log of the engine [default: `live`, or on paper `paper`, under the data directory]
    #[arg(long, value_name = "DIR")]
    pub log: Option<PathBuf>,
}

/// What was done.
#[derive(Debug, Default)]
struct Done {
    /// Asked of the engine that runs.
    by_engine: Option<u64>,
    /// Ids that the venue listed at first and lists no more.
    gone: Vec<Bytes32>,
    /// Ids that it still lists.
    left: Vec<Bytes32>,
}

/// Runs it.
pub fn run(global: &Global, args: &CancelAllArgs) -> Outcome {
    let loaded = global.load()?;
    let live = loaded.config.mode == RunMode::Live;
    let log = match &args.log {
        Some(dir) => dir.clone(),
        None => global.data_dir(&loaded)?.join(loaded.config.mode.log_name()),
    };
    if !live {
        return paper(global, args, &loaded, &log);
    }
    confirm(args, &format!("cancel every open order of the account at {}", loaded.config.venue.clob_url))?;
    let by_engine = ask_engine(args, &log)?;
    let mut keys = Keys::new(global, &loaded)?;
    let mut talk = Talk::start(&loaded.config)?;
    let login = Login::new(&mut talk, &mut keys)?;
    let market = args.market.as_deref().map(|text| condition(&mut talk, text)).transpose()?;
    let done = at_venue(&mut talk, &login, market.as_ref(), by_engine)?;
    report(global, &loaded, &done)
}

fn confirm(args: &CancelAllArgs, what: &str) -> Result<(), Failure> {
    if args.yes {
        return Ok(());
    }
    let of = args.market.as_deref().map(|m| format!(", of market {} only", plain(m))).unwrap_or_default();
    eprint!("{what}{of}? [y/N] ");
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    match line.trim() {
        "y" | "Y" | "yes" => Ok(()),
        _ => Err(Failure::new(Code::Usage, "nothing was cancelled").next("answer y, or give --yes in a script")),
    }
}

/// Asks the engine that runs, if one does.
fn ask_engine(args: &CancelAllArgs, log: &Path) -> Result<Option<u64>, Failure> {
    if !eventlog::exists(log) {
        return Ok(None);
    }
    let market = match &args.market {
        // An engine that does not know the market has no order in it.
        Some(text) => match known_market(log, text)? {
            Some(market) => Some(market),
            None => return Ok(None),
        },
        None => None,
    };
    match ask(log, &Request::CancelAll { who: who(), market }) {
        Ok(answer) => Ok(Some(answer["cancelling"].as_u64().unwrap_or(0))),
        Err(ControlError::NotRunning) => Ok(None),
        Err(e) => {
            eprintln!("{e}; the venue is asked directly");
            Ok(None)
        }
    }
}

/// A market of a log by its slug or its condition.
fn known_market(log: &Path, text: &str) -> Result<Option<MarketId>, Failure> {
    let state = super::query::fold(log)?;
    let id = Bytes32::from_hex(text);
    let found = state.markets.iter().find(|m| m.listed.slug == text || Some(m.listed.condition) == id);
    Ok(found.map(|m| m.listed.market))
}

/// A market's condition, asked of the catalogue if a slug is named.
fn condition(talk: &mut Talk, text: &str) -> Result<Bytes32, Failure> {
    if let Some(id) = Bytes32::from_hex(text) {
        return Ok(id);
    }
    let found = super::markets::find(talk, text)?.condition_id;
    found.ok_or_else(|| Failure::new(Code::Error, "the market is too young: it has no condition yet"))
}

/// Cancels at the venue what it lists, until it lists none of it.
fn at_venue(talk: &mut Talk, login: &Login, market: Option<&Bytes32>, by_engine: Option<u64>) -> Result<Done, Failure> {
    let ids = |list: Vec<OrderState>| list.into_iter().map(|o| o.id).collect::<Vec<_>>();
    let first = ids(login.open_orders(talk, market)?);
    let mut all = first.clone();
    let mut open = first;
    if by_engine.is_some() {
        for _ in 0..ENGINE_LOOKS {
            if open.is_empty() {
                break;
            }
            std::thread::sleep(ENGINE_PAUSE);
            // Orders that came since are the engine's next ones: it goes on trading.
            open = ids(login.open_orders(talk, market)?);
            open.retain(|id| all.contains(id));
        }
    }
    for round in 0..ROUNDS {
        if open.is_empty() && (round > 0 || by_engine.is_some()) {
            break;
        }
        // Also when nothing is listed: an order may be on its way into the list.
        let answer = match (market, by_engine) {
            (Some(condition), _) => {
                let body = cancel_market_body(Some(condition), None);
                login.ask(talk, Method::Delete, "/cancel-market-orders", body)
            }
            (None, Some(_)) => {
                let some = open.get(..open.len().min(polymarket::CANCEL_MAX)).unwrap_or_default();
                let body = cancel_many_body(some);
                login.ask(talk, Method::Delete, "/orders", body)
            }
            (None, None) => login.ask(talk, Method::Delete, "/cancel-all", Vec::new()),
        };
        match good(answer, "the cancel") {
            Ok(body) => {
                let read = CancelAnswer::read(&body)
                    .map_err(|e| Failure::new(Code::Error, format!("the answer to the cancel cannot be read: {e}")))?;
                let new = read.canceled.iter().filter(|id| !all.contains(id)).copied().collect::<Vec<_>>();
                all.extend(new);
            }
            // Lost or refused for the moment: what is still listed decides, and the last round says it.
            Err(e) if round + 1 < ROUNDS => eprintln!("{}; again", e.what),
            Err(e) => return Err(e),
        }
        if round > 0 {
            std::thread::sleep(PAUSE);
        }
        open = ids(login.open_orders(talk, market)?);
        if by_engine.is_some() {
            open.retain(|id| all.contains(id));
        } else {
            let new = open.iter().filter(|id| !all.contains(id)).copied().collect::<Vec<_>>();
            all.extend(new);
        }
    }
    let (left, gone) = all.into_iter().partition(|id| open.contains(id));
    Ok(Done { by_engine, gone, left })
}

fn report(global: &Global, loaded: &Loaded, done: &Done) -> Outcome {
    let hex = |list: &[Bytes32]| list.iter().map(|id| Value::String(format!("0x{id}"))).collect::<Vec<_>>();
    if global.format() == Format::Json {
        let answer = json!({
            "cancelled": hex(&done.gone),
            "open": hex(&done.left),
            "engine": done.by_engine.is_some(),
            // What it took back, listed by the venue or not; null if none runs.
            "by_engine": done.by_engine,
        });
        print(&answer.to_string())?;
    } else {
        for id in &done.gone {
            print(&format!("cancelled 0x{id}"))?;
        }
        for id in &done.left {
            print(&format!("STILL OPEN 0x{id}"))?;
        }
        let by_engine = done.by_engine.filter(|taken| *taken > done.gone.len() as u64);
        if let Some(taken) = by_engine {
            print(&format!("the engine took back what it had open: {taken}"))?;
        } else if done.gone.is_empty() && done.left.is_empty() {
            print("no order was open")?;
        }
    }
    if !done.left.is_empty() {
        let what = format!("{} orders are still open at {}", done.left.len(), loaded.config.venue.clob_url);
        return Err(Failure::new(Code::Error, what).next("run it again; polymarket.com can cancel them too"));
    }
    if done.by_engine.is_some() && !global.quiet {
        eprintln!("the engine has them in its log and goes on trading; `arena kill on` stops it");
    }
    Ok(Code::Ok)
}

/// On paper: through the log.
fn paper(global: &Global, args: &CancelAllArgs, loaded: &Loaded, log: &Path) -> Outcome {
    crate::paths::existing_log(log)?;
    let state = super::query::fold(log)?;
    match state.run.mode() {
        Some(Mode::Paper | Mode::Backtest) => {}
        Some(Mode::Live) => {
            return Err(Failure::new(Code::Usage, format!("{} is the log of live trading", log.display()))
                .next("set mode = \"live\": then the orders are cancelled at the venue"));
        }
        _ => {
            return Err(Failure::new(Code::Usage, format!("{} is a recording; it has no orders", log.display())));
        }
    }
    let market = match &args.market {
        Some(text) => Some(known_market(log, text)?.ok_or_else(|| {
            Failure::new(Code::Usage, format!("the log has no market '{}'", plain(text)))
                .next("`arena markets list --log LOG` lists them")
        })?),
        None => None,
    };
    confirm(args, &format!("cancel every open order of {}", log.display()))?;
    let count = match ask(log, &Request::CancelAll { who: who(), market }) {
        Ok(answer) => answer["cancelling"].as_u64().ok_or_else(|| {
            Failure::new(Code::Timeout, format!("the engine did not confirm: {answer}")).next("try again")
        })?,
        Err(ControlError::NotRunning) => {
            let keeping = global.keeping(loaded, "arena cancel-all")?;
            let config = engine_core::Config::from_canonical(&state.run.config).unwrap_or_default();
            let (mut engine, _) = Engine::attach(log, config, &keeping)?;
            let now = command_time(&engine);
            let count = cancel_open(&mut engine, who(), market, now)?;
            engine.close()?;
            count as u64
        }
        Err(e) => return Err(Failure::new(Code::Timeout, e.to_string()).next("try again, or stop the process")),
    };
    if global.format() == Format::Json {
        print(&json!({ "cancelling": count }).to_string())?;
    } else {
        print(&format!("[PAPER] {count} open orders are being cancelled; the exchange answers as the run goes on"))?;
    }
    Ok(Code::Ok)
}
