//! The commands, one file each. Flags shared by all are here.

pub mod account;
pub mod backtest;
pub mod backup;
pub mod cancel_all;
pub mod config;
pub mod demo;
pub mod doctor;
pub mod drill;
pub mod import;
pub mod kill;
mod live;
pub mod livetest;
mod login;
pub mod maintain;
pub mod man;
pub mod markets;
pub mod pnl;
pub mod query;
pub mod restore;
pub mod run;
pub mod sandbox;
mod session;
pub mod signer;
pub mod summary;
mod talk;
mod target;
pub mod verify;
pub mod wallet;

use crate::config::{Keeping, Loaded, load};
use crate::exit::{Failure, Outcome};
use clap::{Args, CommandFactory, Parser, Subcommand};
use console::output::{ColorWhen, Format, Paint};
use std::path::{Path, PathBuf};

/// LLM agents that trade prediction markets. Everything that happened is an event in a log; everything else is a fold.
///
/// Exit codes: 0 done, 1 failed, 2 wrong usage or not found, 3 not running, 4 configuration, 5 timed out, 6 halted by a
/// risk limit, 7 the log is damaged or does not add up.
#[derive(Debug, Parser)]
#[command(name = "arena", version, propagate_version = true, max_term_width = 110)]
pub struct Cli {
    /// Shared flags.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Cmd,
}

/// Flags of every command.
#[derive(Clone, Debug, Args)]
pub struct Global {
    /// A configuration file; later ones override earlier ones
    #[arg(short, long, global = true, value_name = "FILE")]
    pub config: Vec<PathBuf>,
    /// Where logs are kept
    #[arg(long, global = true, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Write data as JSON (same as `-o json`)
    #[arg(long, global = true)]
    pub json: bool,
    /// How tables are written
    #[arg(short, long, global = true, value_enum, default_value_t)]
    pub output: Format,
    /// When to use colours
    #[arg(long, global = true, value_enum, default_value_t)]
    pub color: ColorWhen,
    /// Say more (repeat for more still)
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Say nothing but results and errors
    #[arg(short, long, global = true)]
    pub quiet: bool,
}

impl Global {
    /// How tables are written, `--json` included.
    pub fn format(&self) -> Format {
        if self.json { Format::Json } else { self.output }
    }

    /// Colours for standard error, where people read.
    pub fn paint(&self) -> Paint {
        Paint::stderr(self.color)
    }

    /// The configuration: files, then environment.
    pub fn load(&self) -> Result<Loaded, Failure> {
        Ok(load(&self.config, std::env::vars())?)
    }

    /// The data directory.
    pub fn data_dir(&self, loaded: &Loaded) -> Result<PathBuf, Failure> {
        crate::paths::data_dir(self.data_dir.as_deref(), loaded.config.data_dir.as_deref())
    }

    /// How a log is kept: as configured, with the signing key of the data directory.
    pub fn keeping(&self, loaded: &Loaded, owner: &str) -> Result<Keeping, Failure> {
        Ok(loaded.config.log.keeping(owner, || self.data_dir(loaded).ok())?)
    }

    /// The log a command is about: the one named, else that of the configured mode in the data directory.
    pub fn log(&self, named: Option<&Path>) -> Result<PathBuf, Failure> {
        match named {
            Some(dir) => Ok(dir.to_owned()),
            None => {
                let loaded = self.load()?;
                Ok(self.data_dir(&loaded)?.join(loaded.config.mode.log_name()))
            }
        }
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Cmd {
    /// Paper-trade the bundled recordings: no keys, no network
    Demo(demo::DemoArgs),
    /// Trade: on paper from a recording, or, with `--live`, for real
    Run(run::RunArgs),
    /// Replay a recording as a venue that speaks Polymarket's protocol, for any bot
    Sandbox(sandbox::SandboxArgs),
    /// Turn recorded files into a log
    Import(import::ImportArgs),
    /// Trade a recorded log as fast as it goes and report
    Backtest(backtest::BacktestArgs),
    /// What the engine is doing, or was when it stopped
    Status(query::LogArgs),
    /// What is held
    Positions(query::LogArgs),
    /// Orders: open, and recently closed
    Orders(query::OrdersArgs),
    /// Fills, from the log
    Trades(query::LogArgs),
    /// Profit and loss: by day, by market, in all
    Pnl(query::LogArgs),
    /// Check, show or describe the configuration
    Config(config::ConfigArgs),
    /// The kill switch: set it, release it, look at it
    Kill(kill::KillArgs),
    /// Cash that moved without a trade: tell the books, so that they and the venue agree again
    Account(account::AccountArgs),
    /// Take every open order back, whether or not an engine runs
    CancelAll(cancel_all::CancelAllArgs),
    /// Markets: those that are followed, a search, the terms of one
    Markets(markets::MarketsArgs),
    /// Look at everything that trading needs, and name the cause of what does not work
    ///
    /// One line a check, ok, warn, FAIL or skip. Ends with 0 if nothing stops trading in the configured mode, else with 1.
    /// Places no order; `arena livetest` does.
    Doctor,
    /// Place one order far from the market for real, see it, and take it back
    Livetest(livetest::LivetestArgs),
    /// Is every byte of a log, or of a backup, as it was written?
    Verify(verify::VerifyArgs),
    /// Back up a log: everything acknowledged by now, also while an engine writes it
    Backup(backup::BackupArgs),
    /// The backups at a target
    Backups(backup::ListArgs),
    /// Make a log of a backup, checked before it gets its name
    Restore(restore::RestoreArgs),
    /// Prove that the newest backup restores to the same state as the log
    Drill(drill::DrillArgs),
    /// Seal, compress, prune what is archived, mend the hot copy, check
    Maintain(maintain::MaintainArgs),
    /// The wallet: its key's file, its addresses, what it has; permissions, withdrawals, redeeming
    Wallet(wallet::WalletArgs),
    /// Sign for an engine, in a process of its own and by a policy
    Signer(signer::SignerArgs),
    /// Shell completions, to standard output
    Completions {
        /// For which shell
        shell: clap_complete::Shell,
    },
    /// Manual pages: `arena` to standard output, or all into a directory
    Man {
        /// Where to write one page a command
        dir: Option<PathBuf>,
    },
}

/// Runs a command.
pub fn run(cli: Cli) -> Outcome {
    let global = &cli.global;
    // A signer says what it signed, unless it is told to be quiet.
    trace(global, if matches!(cli.command, Cmd::Signer(_)) { 1 } else { 0 });
    match cli.command {
        Cmd::Demo(args) => demo::run(global, &args),
        Cmd::Run(args) => run::run(global, &args),
        Cmd::Sandbox(args) => sandbox::run(global, &args),
        Cmd::Import(args) => import::run(global, &args),
        Cmd::Backtest(args) => backtest::run(global, &args),
        Cmd::Status(args) => query::status(global, &args),
        Cmd::Positions(args) => query::positions(global, &args),
        Cmd::Orders(args) => query::orders(global, &args),
        Cmd::Trades(args) => query::trades(global, &args),
        Cmd::Pnl(args) => pnl::run(global, &args),
        Cmd::Config(args) => config::run(global, &args),
        Cmd::Kill(args) => kill::run(global, &args),
        Cmd::Account(args) => account::run(global, &args),
        Cmd::CancelAll(args) => cancel_all::run(global, &args),
        Cmd::Markets(args) => markets::run(global, &args),
        Cmd::Doctor => doctor::run(global),
        Cmd::Livetest(args) => livetest::run(global, &args),
        Cmd::Verify(args) => verify::run(global, &args),
        Cmd::Backup(args) => backup::run(global, &args),
        Cmd::Backups(args) => backup::list(global, &args),
        Cmd::Restore(args) => restore::run(global, &args),
        Cmd::Drill(args) => drill::run(global, &args),
        Cmd::Maintain(args) => maintain::run(global, &args),
        Cmd::Wallet(args) => wallet::run(global, &args),
        Cmd::Signer(args) => signer::run(global, &args),
        Cmd::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "arena", &mut script);
            console::print_bytes(&script)
        }
        Cmd::Man { dir } => man::run(dir.as_deref(), Cli::command()),
    }
}

/// Who gives a command, for the record.
fn who() -> String {
    std::env::var("USER").unwrap_or_else(|_| "operator".to_owned())
}

fn trace(global: &Global, verbose_min: u8) {
    let level = match (global.quiet, global.verbose.max(verbose_min)) {
        (true, _) => "error",
        (false, 0) => "warn",
        (false, 1) => "info",
        (false, 2) => "debug",
        (false, _) => "trace",
    };
    let filter = tracing_subscriber::EnvFilter::try_from_env("ARENA_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(level));
    let layer = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).without_time();
    let layer = layer.with_ansi(global.paint().is_on());
    // A second call (tests in one process) keeps the first.
    let _ = layer.try_init();
}
