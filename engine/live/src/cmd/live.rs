//! `arena run --live`: real money.

use super::Global;
use super::run::{RunArgs, report};
use super::session::show;
use crate::config::{Loaded, RunMode};
use crate::engine::{Clock, ControlServer, Engine, LiveDriver, Polymarket, Progress, Start, WallClock};
use crate::exit::{Code, Failure, Outcome};
use console::output::{banner, plain};
use crossbeam::channel::bounded;
use engine_core::AccountConfig;
use polymarket::auth::{Credentials, l1_headers};
use polymarket::wire::rest;
use polymarket::{Address, SignatureType};
use schemas::Bytes32;
use schemas::event::Mode;
use schemas::time::NANOS_PER_SEC;
use signer::OrderSigner;
use std::sync::Arc;
use std::time::Duration;
use venues::feeds::ReadOnlyFeed;
use venues::polymarket::desk::{Account, Desk};
use venues::polymarket::feed::Feed;
use venues::polymarket::net::Net;
use venues::polymarket::wire::{Answer, Ask, Call, CallId, Host, Method, Tell};

const COMMANDS_WAITING: usize = 64;
/// How long the venue may take to answer a login.
const LOGIN_TIMEOUT: Duration = Duration::from_secs(20);
/// Derives the same API key each time.
const KEY_NONCE: u64 = 0;

/// Runs it.
pub fn run(global: &Global, args: &RunArgs, loaded: &Loaded) -> Outcome {
    if loaded.config.mode != RunMode::Live {
        return Err(Failure::new(Code::Usage, "--live is given, but the configuration says mode = \"paper\"")
            .next("set mode = \"live\" in the configuration too, if real money is meant"));
    }
    let wallet = &loaded.config.wallet;
    let signer: Arc<dyn OrderSigner> = Arc::from(super::wallet::order_signer(global, loaded)?);
    let maker = wallet.maker(signer.address());
    if !args.dry_run {
        confirm(global, args, maker)?;
    }
    let elsewhere = elsewhere(loaded)?;
    let net = Net::start(&loaded.config.hosts()).map_err(|e| Failure::new(Code::Config, e.to_string()))?;
    let credentials = log_in(&net, signer.as_ref())?;
    let kind = wallet.account.signature_type();
    let mut config = loaded.config.core.clone();
    config.account = Some(AccountConfig {
        chain_id: wallet.chain,
        signature_type: kind,
        signer: signer.address(),
        maker,
        builder: Bytes32::ZERO,
    });
    let log = match &args.log {
        Some(dir) => dir.clone(),
        None => global.data_dir(loaded)?.join("live"),
    };
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
    say(&format!("trading with {maker} at {}; stop with Ctrl-C", loaded.config.venue.clob_url));
    engine.start_venue(clock.now())?;
    let (sender, commands) = bounded(COMMANDS_WAITING);
    let _control =
        ControlServer::start(&log, sender).map_err(|e| Failure::new(Code::Error, format!("no control socket: {e}")))?;
    let progress = Progress::default();
    let shown = show(global, Mode::Live, None, &progress);
    let ended = LiveDriver { engine, net, commands, progress, clock }.run();
    shown.end();
    report(global, &log, &ended?)
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

/// Real money needs a person's word: typed, or, for a service, the whole address in an argument.
fn confirm(global: &Global, args: &RunArgs, maker: Address) -> Result<(), Failure> {
    match &args.confirm {
        Some(text) if text.eq_ignore_ascii_case(&maker.to_string()) => Ok(()),
        Some(_) => {
            Err(Failure::new(Code::Usage, format!("--confirm does not name the wallet that would trade, {maker}")))
        }
        None => {
            let marker = banner(Some(Mode::Live), global.paint());
            eprintln!("{marker} This trades REAL MONEY of {maker}, within the limits of the configuration.");
            let end: String = maker.to_string().chars().rev().take(4).collect::<Vec<_>>().into_iter().rev().collect();
            super::wallet::confirm(&end, "trade for real with this wallet")
        }
    }
}

/// Makes or derives the API key of the wallet.
fn log_in(net: &Net, signer: &dyn OrderSigner) -> Result<Credentials, Failure> {
    let mut id = 0;
    let mut ask = |method: Method, target: &str, headers| {
        id += 1;
        let (host, body, timeout_ms) = (Host::Clob, Vec::new(), 10_000);
        net.ask(Ask::Call(Call { id: CallId(id), host, method, target: target.to_owned(), headers, body, timeout_ms }));
        wait(net, CallId(id))
    };
    let time = ask(Method::Get, "/time", None)?;
    let venue = rest::server_time(&time.body)
        .map_err(|e| Failure::new(Code::Error, format!("the venue's time cannot be read: {e}")))?;
    let seconds = u64::try_from(venue.0 / NANOS_PER_SEC).unwrap_or(0);
    let signature = signer.sign_l1(seconds, KEY_NONCE).map_err(super::wallet::sign_failure)?;
    let headers = || Some(l1_headers(&signer.address(), &signature, seconds, KEY_NONCE));
    let mut answer = ask(Method::Post, "/auth/api-key", headers())?;
    if answer.status != 200 {
        // It exists already.
        answer = ask(Method::Get, "/auth/derive-api-key", headers())?;
    }
    if answer.status != 200 {
        let what = format!("the venue gives no API key: status {}", answer.status);
        return Err(
            Failure::new(Code::Error, what).next("`arena wallet show` shows which address asks; is it registered?")
        );
    }
    rest::credentials(&answer.body).map_err(|e| Failure::new(Code::Error, format!("no API key: {e}")))
}

fn wait(net: &Net, id: CallId) -> Result<Answer, Failure> {
    match net.tells().recv_timeout(LOGIN_TIMEOUT) {
        Ok(Tell::Answer(found, Ok(answer))) if found == id => Ok(answer),
        Ok(Tell::Answer(_, Err(e))) => Err(Failure::new(Code::Error, format!("the venue cannot be reached: {e}"))
            .next("check the network and section [venue] of the configuration")),
        _ => Err(Failure::new(Code::Timeout, "the venue did not answer")),
    }
}
