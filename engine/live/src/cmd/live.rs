//! `arena run --live`: real money.

use super::Global;
use super::login::Login;
use super::run::{RunArgs, report};
use super::session::show;
use super::talk::Talk;
use super::wallet::Keys;
use crate::config::{Loaded, RunMode};
use crate::engine::{Clock, ControlServer, Engine, LiveDriver, Polymarket, Progress, Start, WallClock};
use crate::exit::{Code, Failure, Outcome};
use console::output::{banner, plain};
use crossbeam::channel::bounded;
use engine_core::AccountConfig;
use polymarket::auth::Credentials;
use polymarket::{Address, SignatureType};
use schemas::Bytes32;
use schemas::event::Mode;
use signer::OrderSigner;
use std::sync::Arc;
use std::time::Duration;
use venues::feeds::ReadOnlyFeed;
use venues::polymarket::desk::{Account, Desk};
use venues::polymarket::feed::Feed;

const COMMANDS_WAITING: usize = 64;
/// How long the page that knows where we are may take.
const GEOBLOCK_TIMEOUT: Duration = Duration::from_secs(5);

/// Runs it.
pub fn run(global: &Global, args: &RunArgs, loaded: &Loaded) -> Outcome {
    only_live(loaded, "--live is given")?;
    let wallet = &loaded.config.wallet;
    geoblock(global, loaded, args.dry_run)?;
    let mut keys = Keys::new(global, loaded)?;
    let signer = keys.order_signer()?;
    let maker = wallet.maker(signer.address());
    if !args.dry_run {
        confirm(global, args.confirm.as_deref(), maker, "trade for real with this wallet")?;
    }
    let elsewhere = elsewhere(loaded)?;
    let mut talk = Talk::start(&loaded.config)?;
    let credentials = Login::new(&mut talk, &mut keys)?.credentials;
    // From here on nobody needs the password.
    drop(keys);
    let net = talk.into_net();
    let kind = wallet.account.signature_type();
    let config = core_config(loaded, signer.address());
    let log = match &args.log {
        Some(dir) => dir.clone(),
        None => global.data_dir(loaded)?.join(if args.dry_run { "dry-run" } else { RunMode::Live.log_name() }),
    };
    if args.dry_run && eventlog::exists(&log) && !super::query::fold(&log)?.orders.none_open() {
        return Err(Failure::new(
            Code::Usage,
            format!("{} has open orders, which a dry run would not touch", log.display()),
        )
        .next("leave out --log: dry runs have a log of their own"));
    }
    let venue = venue_of(args, loaded, signer, maker, kind, credentials).reading(elsewhere);
    let clock = WallClock;
    let start = Start {
        mode: Mode::Live,
        config: &config,
        keeping: &global.keeping(loaded, "arena run --live")?,
        feed: format!("Polymarket at {}", loaded.config.venue.clob_url),
        time: clock.now(),
        wallet: maker.to_string(),
    };
    let (mut engine, repairs) = Engine::open(&log, &start, Some(Box::new(venue)))?;
    let say = |text: &str| {
        if !global.quiet {
            eprintln!("{} {}", banner(Some(Mode::Live), global.paint()), plain(text));
        }
    };
    repairs.notes.iter().for_each(|note| say(&format!("log repaired: {note}")));
    let what = if args.dry_run { "DRY RUN, every order is signed and none posted," } else { "trading" };
    say(&format!("{what} with {maker} at {}; stop with Ctrl-C", loaded.config.venue.clob_url));
    engine.start_venue(clock.now())?;
    let (sender, commands) = bounded(COMMANDS_WAITING);
    let _control =
        ControlServer::start(&log, sender).map_err(|e| Failure::new(Code::Error, format!("no control socket: {e}")))?;
    let progress = Progress::default();
    let shown = show(global, Mode::Live, if args.dry_run { " DRY RUN" } else { "" }, None, &progress);
    let ended = LiveDriver { engine, net, commands, progress: progress.clone(), clock }.run();
    shown.end();
    report(global, &log, &ended?)?;
    let left = progress.view().open_orders;
    if left > 0 {
        let what =
            format!("{left} orders may still be open at the venue: it did not say in time that they are cancelled");
        return Err(Failure::new(Code::Timeout, what).next("`arena cancel-all` takes them back"));
    }
    Ok(Code::Ok)
}

fn venue_of(
    args: &RunArgs,
    loaded: &Loaded,
    signer: Arc<dyn OrderSigner>,
    maker: Address,
    kind: SignatureType,
    credentials: Credentials,
) -> Polymarket {
    let api_key = credentials.api_key.clone();
    let desk = Desk::new(Account { signer: signer.address(), maker, signature_type: u8::from(kind), credentials });
    let desk = if args.dry_run { desk.for_a_dry_run() } else { desk };
    let feed = Feed::new(loaded.config.venue.feed(&loaded.config.core));
    Polymarket::new(desk, feed, signer, loaded.config.wallet.chain, api_key, args.dry_run)
}

/// The feeds of venues that are only read.
fn elsewhere(loaded: &Loaded) -> Result<Vec<Box<dyn ReadOnlyFeed>>, Failure> {
    let key_failure = |e: venues::kalshi::KeyError| {
        Failure::new(Code::Config, e.to_string())
            .next("section [kalshi] names the key; without one it is read by requests")
    };
    let kalshi = loaded.config.kalshi.feed().map_err(key_failure)?;
    Ok([kalshi, loaded.config.manifold.feed()].into_iter().flatten().collect())
}

/// What decisions depend on, with the account that orders are made for.
pub(super) fn core_config(loaded: &Loaded, signer: Address) -> engine_core::Config {
    let wallet = &loaded.config.wallet;
    let account = AccountConfig {
        chain_id: wallet.chain,
        signature_type: wallet.account.signature_type(),
        signer,
        maker: wallet.maker(signer),
        builder: Bytes32::ZERO,
    };
    engine_core::Config { account: Some(account), ..loaded.config.core.clone() }
}

/// Fails if the venue takes no orders from here. Not knowing is no reason not to trade: the venue itself refuses then.
pub(super) fn geoblock(global: &Global, loaded: &Loaded, only_warn: bool) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let address = &loaded.config.venue.geoblock_url;
    let found = runtime.block_on(venues::reach::geoblock(address, GEOBLOCK_TIMEOUT));
    let warn = |text: &str| {
        if !global.quiet {
            eprintln!("{} {}", banner(Some(Mode::Live), global.paint()), plain(text));
        }
    };
    match found {
        Ok(place) if place.blocked => {
            let what = format!("the venue takes no orders from here: it sees {}", place_name(&place));
            if only_warn {
                warn(&what);
                return Ok(());
            }
            Err(Failure::new(Code::Error, format!("{what}. Nothing new is placed")).next(
                "trade from where the venue allows it; `arena cancel-all` and `arena run --live --dry-run` still work",
            ))
        }
        Ok(_) => Ok(()),
        Err(why) => {
            warn(&format!("whether the venue takes orders from here is not known: {why}"));
            Ok(())
        }
    }
}

/// A place in words.
pub(super) fn place_name(place: &polymarket::wire::rest::Geoblock) -> String {
    let part = |text: &str| plain(&text.chars().take(60).collect::<String>());
    let (country, region, ip) = (part(&place.country), part(&place.region), part(&place.ip));
    match region.is_empty() {
        true => format!("country {country} (address {ip})"),
        false => format!("country {country}, region {region} (address {ip})"),
    }
}

/// Real money needs a person's word: typed, or, for a service, the whole address in an argument.
pub(super) fn confirm(global: &Global, word: Option<&str>, maker: Address, what: &str) -> Result<(), Failure> {
    match word {
        Some(text) if text.eq_ignore_ascii_case(&maker.to_string()) => Ok(()),
        Some(_) => {
            Err(Failure::new(Code::Usage, format!("--confirm does not name the wallet that would trade, {maker}")))
        }
        None => {
            let marker = banner(Some(Mode::Live), global.paint());
            eprintln!("{marker} This trades REAL MONEY of {maker}, within the limits of the configuration.");
            let end: String = maker.to_string().chars().rev().take(4).collect::<Vec<_>>().into_iter().rev().collect();
            super::wallet::confirm(&end, what)
        }
    }
}

/// That real money is meant stands in the configuration too.
pub(super) fn only_live(loaded: &Loaded, what: &str) -> Result<(), Failure> {
    if loaded.config.mode == RunMode::Live {
        return Ok(());
    }
    Err(Failure::new(Code::Usage, format!("{what}, but the configuration says mode = \"paper\""))
        .next("set mode = \"live\" in the configuration too, if real money is meant"))
}
