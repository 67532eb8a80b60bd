//! Paper trading and live trading of the same recording: where nothing is slow and nothing breaks they decide and trade
//! alike.

use crate::books::{Told, at_venue, held};
use crate::game::{is_before_the_game, recording};
use crate::play::{Play, keeping};
use engine_core::Config;
use live::engine::{Engine, Start};
use polymarket::SignatureType;
use sandbox::{Faults, Settings, Venue};
use schemas::UtcNanos;
use schemas::event::{FillBooked, Mode, TradeKey};
use std::path::Path;

/// The demo's settings, with an exchange that answers at once and confirms when the venue does.
fn config() -> Config {
    let text = include_str!("../../engine/live/src/cmd/demo/nhl.toml");
    let mut config = live::config::load_text(Path::new("nhl.toml"), text).unwrap().config.core;
    (config.paper.submit_latency_ms, config.paper.report_latency_ms) = (0, 0);
    config.paper.confirm_latency_ms = 5_000;
    config
}

fn on_paper(config: &Config, log: &Path) {
    let mut feed = recording().into_iter().peekable();
    let time = feed.peek().unwrap().0;
    let keeping = keeping();
    let start =
        Start { mode: Mode::Paper, config, keeping: &keeping, feed: String::new(), time, wallet: String::new() };
    let (mut engine, _) = Engine::open(log, &start, None).unwrap();
    let mut last = time;
    for (time, event) in feed {
        engine.feed(time, event).unwrap();
        last = last.max(time);
    }
    engine.run_timers(last.plus_secs(60)).unwrap();
    let now = engine.now();
    engine.stop("the recording ended", true, now).unwrap();
}

fn live(config: &Config, log: &Path) -> Play {
    let mut venue = Venue::new(Settings { impact: false, ..Settings::default() }, Faults::default());
    let mut feed = recording().into_iter().peekable();
    let mut now = UtcNanos::ZERO;
    while let Some((time, event)) = feed.next_if(|(_, event)| is_before_the_game(event)) {
        venue.feed(time, &event);
        now = time;
    }
    let mut play = Play::begin(venue, SignatureType::DepositWallet, config, log, now);
    for (time, event) in feed {
        play.feed(time, &event);
    }
    let end = play.now().plus_secs(60);
    play.pass(end);
    play
}

/// What a list has at the first place where two differ.
fn first_difference<T: PartialEq + std::fmt::Debug>(paper: &[T], live: &[T]) -> Option<String> {
    let at = paper.iter().zip(live).position(|(a, b)| a != b);
    let at = at.or_else(|| (paper.len() != live.len()).then(|| paper.len().min(live.len())))?;
    Some(format!("at {at}: on paper {:?}, live {:?}", paper.get(at), live.get(at)))
}

#[test]
fn live_and_paper_decide_and_trade_alike() {
    let dir = tempfile::tempdir().unwrap();
    let (paper, real) = (dir.path().join("paper"), dir.path().join("live"));
    let config = config();
    on_paper(&config, &paper);
    let play = live(&config, &real);
    let state = play.state().clone();
    let wallet = play.wallet();
    let venue = play.stop();
    let (paper, live) = (Told::of(&paper), Told::of(&real));
    // To the nanosecond and the millionth; only a trade's name is each venue's own.
    let unnamed = |told: &Told| -> Vec<_> {
        told.fills.iter().map(|(time, fill)| (*time, FillBooked { trade: TradeKey(0), ..*fill })).collect()
    };
    assert_eq!(first_difference(&paper.decisions, &live.decisions), None);
    assert_eq!(first_difference(&paper.orders, &live.orders), None);
    assert_eq!(first_difference(&unnamed(&paper), &unnamed(&live)), None);
    for kind in ["order_accepted", "order_rejected", "order_cancelled", "order_expired", "fill_confirmed", "fault"] {
        assert_eq!(paper.count(kind), live.count(kind), "{kind}");
    }
    // Enough of it happened, and each kind of end.
    assert!(live.orders.len() > 25 && live.fills.len() > 20 && live.decisions.len() > 9_000);
    assert!(live.count("order_expired") > 0 && live.count("order_cancelled") > 0 && live.count("order_rejected") > 0);
    let (cash, shares) = at_venue(&venue, wallet);
    assert_eq!((state.positions.cash, held(&state)), (cash, shares));
}
