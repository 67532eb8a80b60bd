//! `arena sandbox`: a recording as a venue that speaks Polymarket's protocol.

use super::Global;
use super::run::open_feed;
use crate::engine::Feed;
use crate::exit::{Code, Failure, Outcome};
use clap::{Args, ValueEnum};
use sandbox::server::{Clock, Options, ServeError, Speed, serve};
use sandbox::{Faults, Settings};
use schemas::Cash;
use std::io::Read;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use tokio::signal::unix::{SignalKind, signal};

/// Arguments.
#[derive(Debug, Args)]
pub struct SandboxArgs {
    /// What to replay: a log made by `arena import`, or recorded files together with --format
    #[arg(long = "log", alias = "recording", required = true, num_args = 1.., value_name = "PATH")]
    pub log: Vec<PathBuf>,
    /// What the recorded files are: polymarket-l2, polymarket-tob, l2-csv, binance-futures
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<String>,
    /// Where it answers; 0 takes a free port and says which
    #[arg(long, default_value_t = 8_137)]
    pub port: u16,
    /// At which address; others than loopback let anyone in the network trade here
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST), value_name = "ADDRESS")]
    pub listen: IpAddr,
    /// How many recorded seconds pass in a second: a whole number, `max`, or `hand` (by POST /sandbox/step)
    #[arg(long, default_value = "1", value_name = "N|max|hand")]
    pub speed: String,
    /// Whose time clients see: this machine's, which they sign with, or the recording's
    #[arg(long, value_enum, default_value_t = ClockArg::Real)]
    pub clock: ClockArg,
    /// So many seconds of the recording are there from the start, so that books are full
    #[arg(long, default_value_t = 0, value_name = "SECONDS")]
    pub warm_up: u64,
    /// What goes wrong: a JSON file, see ops/sandbox-faults.json
    #[arg(long, value_name = "FILE")]
    pub faults: Option<PathBuf>,
    /// How the venue is: a JSON file, see ops/sandbox-settings.json; what is given by flags counts more
    #[arg(long, value_name = "FILE")]
    pub settings: Option<PathBuf>,
    /// Of everything that is left to chance [default: 0]
    #[arg(long)]
    pub seed: Option<u64>,
    /// Cash of a wallet, as ADDRESS=DOLLARS; may be repeated
    #[arg(long, value_name = "ADDRESS=USD")]
    pub fund: Vec<String>,
    /// Cash that every wallet finds when the venue first hears of it [default: 0]
    #[arg(long, value_name = "USD")]
    pub welcome: Option<Cash>,
    /// Wallets must approve the exchanges by transactions first
    #[arg(long)]
    pub unapproved: bool,
    /// The venue says that it takes no orders from here, and takes none
    #[arg(long)]
    pub geoblocked: bool,
    /// Every account may only sell what it has
    #[arg(long)]
    pub closed_only: bool,
    /// The venue's clock is so many seconds ahead of this machine's; behind, if negative [default: 0]
    #[arg(long, allow_negative_numbers = true, value_name = "SECONDS")]
    pub clock_ahead: Option<i64>,
    /// The sandbox's own log: a new directory
    #[arg(long, value_name = "DIR")]
    pub record: Option<PathBuf>,
}

/// Whose time it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ClockArg {
    /// This machine's.
    Real,
    /// The recording's.
    Recorded,
}

/// Runs it.
pub fn run(global: &Global, args: &SandboxArgs) -> Outcome {
    let (mut feed, name) = open_feed(&args.log, args.format.as_deref())?;
    let token = token()?;
    let options = options(args, name, token.clone())?;
    if !args.listen.is_loopback() && !global.quiet {
        eprintln!("arena: {} is not loopback: anyone who reaches it can trade here", args.listen);
    }
    let events = std::iter::from_fn(move || next(feed.as_mut()));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let ready = |at: SocketAddr| {
        // The first line that anyone reads, also a script: flushed by itself, as stdout may be a pipe.
        let text = if global.format() == console::output::Format::Json {
            serde_json::json!({ "url": format!("http://{at}"), "admin_token": token }).to_string()
        } else {
            format!(
                "[PAPER] sandbox at http://{at} (CLOB), /gamma-api, /data-api, /relayer, /rpc; ws://{at}/ws/market, \
                 /ws/user\nadmin token: {token}"
            )
        };
        _ = console::print(&text);
    };
    runtime.block_on(serve(options, Box::new(events), ready, stopped())).map_err(failure)?;
    Ok(Code::Ok)
}

fn next(feed: &mut dyn Feed) -> Option<Result<(schemas::UtcNanos, schemas::event::MarketEvent), String>> {
    match feed.next_event() {
        Ok(timed) => timed.map(|t| Ok((t.time, t.event))),
        Err(e) => Some(Err(e.to_string())),
    }
}

fn options(args: &SandboxArgs, feed_name: String, admin_token: String) -> Result<Options, Failure> {
    let speed: Speed =
        args.speed.parse().map_err(|e: sandbox::server::SpeedError| Failure::new(Code::Usage, e.to_string()))?;
    if let Some(dir) = args.record.as_deref().filter(|dir| eventlog::exists(dir)) {
        return Err(Failure::new(Code::Usage, format!("{} holds a log already", dir.display()))
            .next("name a new directory with --record; a log is never overwritten"));
    }
    let fund = args.fund.iter().map(|text| funded(text)).collect::<Result<_, _>>()?;
    Ok(Options {
        listen: SocketAddr::new(args.listen, args.port),
        speed,
        clock: if args.clock == ClockArg::Real { Clock::Real } else { Clock::Recorded },
        warm_up_s: args.warm_up,
        settings: settings(args)?,
        faults: args.faults.as_deref().map(faults).transpose()?.unwrap_or_default(),
        fund,
        record: args.record.clone(),
        admin_token,
        feed_name,
    })
}

fn funded(text: &str) -> Result<(polymarket::Address, Cash), Failure> {
    let wrong = |why: String| {
        Failure::new(Code::Usage, format!("--fund {}: {why}", text.escape_debug())).next("write ADDRESS=DOLLARS")
    };
    let (wallet, cash) = text.split_once('=').ok_or_else(|| wrong("there is no =".to_owned()))?;
    let wallet = wallet.parse().map_err(|e: polymarket::AddressError| wrong(e.to_string()))?;
    Ok((wallet, cash.parse().map_err(|e: schemas::MoneyError| wrong(e.to_string()))?))
}

fn text_of(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path)
        .map_err(|e| Failure::new(Code::Usage, format!("{} cannot be read: {e}", path.display())))
}

/// The file's settings, and before them what flags say.
fn settings(args: &SandboxArgs) -> Result<Settings, Failure> {
    let read = |path: &PathBuf| {
        Settings::from_json(&text_of(path)?).map_err(|e| {
            Failure::new(Code::Config, format!("{}: {e}", path.display()))
                .next("ops/sandbox-settings.json names every setting")
        })
    };
    let file = args.settings.as_ref().map(read).transpose()?.unwrap_or_default();
    let settings = Settings {
        seed: args.seed.unwrap_or(file.seed),
        welcome: args.welcome.unwrap_or(file.welcome),
        approved: file.approved && !args.unapproved,
        geoblocked: file.geoblocked || args.geoblocked,
        closed_only: file.closed_only || args.closed_only,
        clock_ahead_s: args.clock_ahead.unwrap_or(file.clock_ahead_s),
        ..file
    };
    settings.check().map_err(|e| Failure::new(Code::Usage, e.to_string()))?;
    Ok(settings)
}

fn faults(path: &Path) -> Result<Faults, Failure> {
    serde_json::from_str(&text_of(path)?).map_err(|e| {
        Failure::new(Code::Config, format!("{}: {e}", path.display())).next("ops/sandbox-faults.json names every fault")
    })
}

/// 128 random bits of the system: whoever reads this terminal may administer.
fn token() -> Result<String, Failure> {
    let mut bytes = [0; 16];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(polymarket::hex(&bytes)[2..].to_owned())
}

async fn stopped() {
    let kinds = [SignalKind::interrupt(), SignalKind::terminate()];
    let [Ok(mut interrupt), Ok(mut terminate)] = kinds.map(signal) else {
        // Without signals it runs until it is killed.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

fn failure(e: ServeError) -> Failure {
    match e {
        ServeError::Log(e) => e.into(),
        ServeError::Listen { .. } => Failure::new(Code::Usage, e.to_string()),
        other => Failure::new(Code::Error, other.to_string()),
    }
}
