//! `arena livetest`: one order that rests far from the market, seen, and taken back: the whole way of an order, with the time
//! of each step.
//!
//! It goes through an engine with a log of its own, so that also here an order is durable before it leaves, and a crash in
//! between leaves a log that knows it. Each test has a new log, under `livetest` in the data directory: a balance that
//! changed between two tests is then nobody's mismatch.

mod bench;
mod target;

use super::Global;
use super::live::{confirm, core_config, geoblock, only_live};
use super::login::Login;
use super::talk::Talk;
use super::wallet::{Keys, dollars};
use crate::config::Loaded;
use crate::engine::{Clock, Engine, Polymarket, Start, WallClock, ask};
use crate::exit::{Code, Failure, Outcome};
use bench::Bench;
use clap::Args;
use console::output::{Format, Table, banner, plain};
use console::print;
use polymarket::wire::rest::{BalanceAllowance, ClosedOnly, read};
use schemas::event::Mode;
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;
use target::Target;
use venues::polymarket::desk::{Account, Desk};
use venues::polymarket::feed::{Feed, Settings, Wanted};

/// Arguments.
#[derive(Debug, Args)]
pub struct LivetestArgs {
    /// In this market: slug, condition id or number [default: the one with the most volume that suits]
    #[arg(long, value_name = "MARKET")]
    pub market: Option<String>,
    /// Instead of being asked: the address of the wallet that trades
    #[arg(long, value_name = "ADDRESS")]
    pub confirm: Option<String>,
}

/// Runs it.
pub fn run(global: &Global, args: &LivetestArgs) -> Outcome {
    let loaded = global.load()?;
    only_live(&loaded, "a livetest places a real order")?;
    let data_dir = global.data_dir(&loaded)?;
    nobody_trades(&data_dir.join("live"))?;
    geoblock(global, &loaded, false)?;
    let mut keys = Keys::new(global, &loaded)?;
    let signer = keys.order_signer()?;
    let (address, maker) = (signer.address(), loaded.config.wallet.maker(signer.address()));
    let began = WallClock.now();
    let mut talk = Talk::start(&loaded.config)?;
    let login = Login::new(&mut talk, &mut keys)?;
    let logged_in = WallClock.now();
    drop(keys);
    let target = Target::find(&mut talk, &loaded, args.market.as_deref())?;
    check_account(&mut talk, &login, &loaded, &target)?;
    if !global.quiet {
        eprintln!(
            "one order, post-only: buy {} {} of '{}' at {} ({} in all; the best bid is {}), cancelled at once",
            target.size,
            target.outcome(),
            plain(&target.listed.slug),
            target.price,
            target.cost,
            target.best_bid,
        );
    }
    confirm(global, args.confirm.as_deref(), maker, "place and cancel this order for real")?;

    let kind = loaded.config.wallet.account.signature_type();
    let mut config = core_config(&loaded, address);
    // Nothing but the test's order, which the switch lets pass.
    config.risk.kill_switch = true;
    let log = data_dir.join("livetest").join(began.to_string().replace(':', "-"));
    let account =
        Account { signer: address, maker, signature_type: u8::from(kind), credentials: login.credentials.clone() };
    // A feed that follows nothing: without prices nothing is decided but what is asked for.
    let feed = Feed::new(Settings { wanted: Wanted::default(), record_raw: false });
    let api_key = login.credentials.api_key.clone();
    let chain = loaded.config.wallet.chain;
    let venue = Polymarket::new(Desk::new(account).for_one_order(), feed, Arc::clone(&signer), chain, api_key, false);
    let start = Start {
        mode: Mode::Live,
        config: &config,
        keeping: &global.keeping(&loaded, "arena livetest")?,
        feed: format!("a test at {}", loaded.config.venue.clob_url),
        time: WallClock.now(),
        wallet: maker.to_string(),
    };
    std::fs::create_dir_all(&log)?;
    let (engine, _) = Engine::open(&log, &start, Some(Box::new(venue)))?;
    let mut bench = Bench::new(engine, talk, login);
    bench.step("logged in", logged_in.since(began));
    let result = bench.test(&target);
    // Whatever happened, nothing of it stays.
    let cleared = bench.clear();
    let steps = bench.steps();
    let order = bench.order();
    bench.end()?;
    report(global, &log, &target, order, &steps)?;
    result?;
    cleared?;
    if !global.quiet {
        eprintln!("orders reach the venue, are seen, and can be taken back; the log is {}", log.display());
    }
    Ok(Code::Ok)
}

/// An engine that trades with the account would take the test's order for a stranger's, and stop.
fn nobody_trades(log: &std::path::Path) -> Result<(), Failure> {
    let running = || Failure::new(Code::Usage, format!("an engine trades on {}", log.display()));
    let next = "stop it first: it would take the test's order for somebody else's and throw its kill switch";
    if ask(log, &crate::engine::Request::View).is_ok() {
        return Err(running().next(next));
    }
    match eventlog::owner(log) {
        Ok(Some(owner)) => Err(Failure::new(Code::Usage, format!("{} is used by {owner}", log.display())).next(next)),
        _ => Ok(()),
    }
}

/// Enough money, a permission, and an account that may buy.
fn check_account(talk: &mut Talk, login: &Login, loaded: &Loaded, target: &Target) -> Result<(), Failure> {
    let unread = |e: &dyn std::fmt::Display| Failure::new(Code::Error, format!("the account cannot be read: {e}"));
    let body = login.get(talk, "/auth/ban-status/closed-only")?;
    if read::<ClosedOnly>(&body).map_err(|e| unread(&e))?.closed_only {
        return Err(Failure::new(Code::Usage, "the account may only close positions: it can place no such order")
            .next("ask the venue's support why"));
    }
    let open = login.open_orders(talk, None)?;
    if !open.is_empty() {
        // Once used, the venue's dead man's switch cancels everything of the API key when the test has ended.
        return Err(Failure::new(Code::Usage, format!("{} orders of the account are open", open.len()))
            .next("they would be cancelled with the end of the test; `arena cancel-all` cancels them now"));
    }
    let kind = u8::from(loaded.config.wallet.account.signature_type());
    let body = login.get(talk, &format!("/balance-allowance?asset_type=COLLATERAL&signature_type={kind}"))?;
    let found = BalanceAllowance::read(&body).map_err(|e| unread(&e))?;
    let cost = target.cost.0;
    let has = |micro: i64| dollars(u64::try_from(micro).unwrap_or(0));
    if found.balance_micro() < cost {
        let what =
            format!("the account has {} pUSD, the test's order needs {}", has(found.balance_micro()), target.cost);
        return Err(Failure::new(Code::Usage, what).next("deposit first; `arena doctor` says where money is"));
    }
    if found.allowance_micro(&target.exchange) < cost {
        let what = format!("the exchange {} may not take pUSD of the account", target.exchange);
        return Err(Failure::new(Code::Usage, what).next("`arena wallet approve`, or enable trading on polymarket.com"));
    }
    Ok(())
}

fn report(
    global: &Global,
    log: &PathBuf,
    target: &Target,
    order: Option<schemas::Bytes32>,
    steps: &[(&'static str, i64)],
) -> Result<(), Failure> {
    let ms = |nanos: i64| nanos / schemas::time::NANOS_PER_MS;
    if global.format() == Format::Json {
        let steps: Vec<_> = steps.iter().map(|(name, took)| json!({ "step": name, "ms": ms(*took) })).collect();
        let order = order.map(|id| format!("0x{id}"));
        print(&json!({ "market": target.listed.slug, "order": order, "log": log, "steps": steps }).to_string())?;
        return Ok(());
    }
    let mut table = Table::new(&["step", "ms"]).numbers(&["ms"]);
    for (name, took) in steps {
        table.row(vec![(*name).to_owned(), ms(*took).to_string()]);
    }
    print(&format!("{} {}", banner(Some(Mode::Live), console::output::Paint::stdout(global.color)), log.display()))?;
    print(&table.render(global.format()))?;
    Ok(())
}
