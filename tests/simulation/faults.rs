//! The live engine at a venue where everything goes wrong: answers and requests are lost, late, doubled, refused without
//! reason, sockets fall silent, trades fail, windows close; and the engine's own process and network die now and then.
//! Whatever happens, no order is doubled, no fill is lost, and in the end log and venue say the same.
//!
//! `SIMULATION_SEEDS=1000 cargo test --release -p arena-tests --test simulation faults` is the long form; `SIMULATION_SEED=n`
//! runs one and keeps its log; `SIMULATION_FAULTS='{"failed":0}'` says of some faults how often they are, to find those it takes.

use crate::books::{Told, at_venue, held};
use crate::game::{is_before_the_game, recording};
use crate::market::{Crowd, Draw, START};
use crate::play::Play;
use engine_core::Config;
use eventlog::LogReader;
use polymarket::SignatureType;
use projections::health::Health;
use projections::orders::OrderStatus;
use sandbox::{Faults, Rate, Settings, Venue};
use schemas::event::{FillBooked, MarketEvent, OrderEvent, OrderIntended};
use schemas::{Bytes32, Event, OrderId, Size, UtcNanos};
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZero;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Simulated time with faults, s, and behind it without.
const STORM_S: u64 = 1_200;
const CALM_S: u64 = 900;

/// Stories that once went wrong: an order that rested was ended by an answer from before it was taken; a purchase that was
/// voided behind a sale left shares in the books.
const FOUND: [u64; 2] = [650, 981];

/// Quick looks, small edges: it is to trade.
const CONFIG: &str = r#"
[agents]
loop_interval_seconds = 5
price_move_trigger = "0.01"
forecast_weight = 1
[data]
indicator_bar_seconds = 15
[execution]
maker_min_view = "0.004"
[risk]
min_edge_threshold = "0.002"
min_confidence = "0.4"
max_orders_per_minute = 60
daily_loss_limit_usdc = "5000"
max_drawdown_pct = "90"
max_turnover_usdc = "100000"
max_fees_usdc = "2000"
[exit]
stop_loss_pct = "0.2"
profit_target_pct = "0.1"
"#;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|s| s.parse().ok())
}

fn config() -> Config {
    let mut config = live::config::load_text(Path::new("storm.toml"), CONFIG).unwrap().config.core;
    config.performance.checkpoint_every_events = 5_000;
    config
}

/// A storm, with some faults as whoever asks for them wants them.
fn everything() -> Faults {
    let mut all = serde_json::to_value(storm()).unwrap();
    let others = std::env::var("SIMULATION_FAULTS").unwrap_or_else(|_| "{}".to_owned());
    let others: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&others).unwrap();
    others.into_iter().for_each(|(name, rate)| all[name] = rate);
    serde_json::from_value(all).unwrap()
}

fn storm() -> Faults {
    Faults {
        failed: Rate::Ppm(100_000),
        silent_socket: Rate::Ppm(300),
        silent_user_socket: Rate::Ppm(5_000),
        socket_closed: Rate::Ppm(200),
        user_socket_closed: Rate::Ppm(10_000),
        hidden_while_delayed: Rate::Ppm(500_000),
        null_order: Rate::Ppm(500_000),
        late_trade_list: Rate::Ppm(200_000),
        unmatched: Rate::Ppm(300_000),
        forgotten_order: Rate::Ppm(300_000),
        lost_change: Rate::Ppm(2_000),
        restart_every_s: 700,
        restart_for_s: 20,
        post_only_for_s: 30,
        cancel_only_every_s: 900,
        cancel_only_for_s: 30,
        disabled_every_s: 1_100,
        disabled_for_s: 20,
        ..Faults::all(Rate::Ppm(50_000))
    }
}

/// What happened in a story.
#[derive(Default)]
struct Tally {
    orders: u64,
    fills: u64,
    unknown: u64,
    voided: u64,
    kills: u64,
}

impl Tally {
    fn add(&mut self, other: &Self) {
        self.orders += other.orders;
        self.fills += other.fills;
        self.unknown += other.unknown;
        self.voided += other.voided;
        self.kills += other.kills;
    }
}

/// Accounts of every type trade, each in its own stories.
fn kind(seed: u64) -> SignatureType {
    match seed % 4 {
        0 => SignatureType::Eoa,
        1 => SignatureType::Proxy,
        2 => SignatureType::Safe,
        _ => SignatureType::DepositWallet,
    }
}

/// What happens at the venue without us: made up, or as it was.
enum Markets {
    Crowd(Crowd),
    Game(std::iter::Peekable<std::vec::IntoIter<(UtcNanos, MarketEvent)>>),
}

impl Markets {
    /// One story of ten is told over the recorded game.
    fn of(seed: u64) -> Self {
        if seed % 10 == 7 { Self::Game(recording().into_iter().peekable()) } else { Self::Crowd(Crowd::new(seed)) }
    }

    /// What the venue knows before anybody trades, and when that is.
    fn opening(&mut self) -> (UtcNanos, Vec<MarketEvent>) {
        match self {
            Self::Crowd(crowd) => (START, crowd.opening()),
            Self::Game(events) => {
                let start = events.peek().unwrap().0;
                let known = std::iter::from_fn(|| events.next_if(|(_, event)| is_before_the_game(event)));
                (start, known.map(|(_, event)| event).collect())
            }
        }
    }

    /// What happens up to a time.
    fn news(&mut self, time: UtcNanos) -> Vec<(UtcNanos, MarketEvent)> {
        match self {
            Self::Crowd(crowd) => crowd.next().into_iter().map(|event| (time, event)).collect(),
            Self::Game(events) => std::iter::from_fn(|| events.next_if(|(at, _)| *at <= time)).collect(),
        }
    }

    fn resolve(&mut self) -> Option<MarketEvent> {
        if let Self::Crowd(crowd) = self { crowd.resolve() } else { None }
    }

    fn refine(&mut self) -> Option<MarketEvent> {
        if let Self::Crowd(crowd) = self { crowd.refine() } else { None }
    }
}

fn story(seed: u64) -> Tally {
    // The log of a story that is told alone stays, to be asked what happened.
    let mut dir = tempfile::Builder::new().prefix("story-").tempdir().unwrap();
    dir.disable_cleanup(number("SIMULATION_SEED").is_some());
    let log = dir.path().join("log");
    let mut draw = Draw::new(seed ^ 0xdead);
    let mut markets = Markets::of(seed);
    let mut venue = Venue::new(Settings { seed, record: true, ..Settings::default() }, Faults::default());
    let (start, known) = markets.opening();
    known.iter().for_each(|event| venue.feed(start, event));
    let mut play = Play::begin(venue, kind(seed), &config(), &log, start);
    play.pass(start.plus_secs(10));
    play.venue.set_faults(everything());
    let mut kills = 0;
    let end = start.plus_secs(10 + STORM_S);
    while play.now() < end {
        let time = play.now().plus_millis(200 + draw.below(1_500));
        for (at, event) in markets.news(time) {
            play.feed(at.max(play.now()), &event);
        }
        match draw.below(400) {
            0 => {
                kills += 1;
                play.kill(draw.below(20_000));
            }
            1 | 2 => play.cut(),
            3 => play.link.down_until = play.now().plus_millis(draw.below(15_000)),
            4 if draw.once_in(4) => markets.resolve().iter().for_each(|event| play.feed(time, event)),
            5 if draw.once_in(4) => markets.refine().iter().for_each(|event| play.feed(time, event)),
            _ => {}
        }
        play.pass(time.max(play.now()));
    }
    play.venue.set_faults(Faults::default());
    let end = play.now().plus_secs(CALM_S);
    while play.now() < end {
        let time = play.now().plus_millis(1_000);
        markets.news(time).iter().for_each(|(at, event)| play.feed((*at).max(play.now()), event));
        play.pass(time);
    }
    play.kill_switch();
    // An order whose fate is unknown is not sent again now; it is given up once it can no longer arrive.
    let end = play.now().plus_secs(600);
    play.pass(end);
    check(seed, play, &log, kills)
}

/// Log and venue, held against each other.
fn check(seed: u64, mut play: Play, log: &Path, kills: u64) -> Tally {
    let recorded: Vec<Event> = play.venue.take_recorded().into_iter().map(|r| r.event).collect();
    let state = play.state().clone();
    let wallet = play.wallet();
    let venue = play.stop();
    let told = Told::of(log);
    let story = format!("seed {seed}");
    // Every order's fate is known, and none is left open anywhere.
    let open: Vec<_> = state.orders.open().map(|o| (o.id, o.status)).collect();
    assert_eq!(open, [], "{story}");
    let unknown = state.orders.closed().filter(|o| o.status == OrderStatus::Unknown).count();
    assert_eq!(unknown, 0, "{story}");
    let there = venue.accounts().into_iter().find(|a| a.wallet == wallet).unwrap();
    assert_eq!(there.open_orders, Vec::<String>::new(), "{story}");
    // Each order was decided once, and the venue knows no other.
    let mut cycles = BTreeSet::new();
    let hashes: BTreeMap<Bytes32, OrderId> = told.intents.iter().map(|i| (i.hash, i.order)).collect();
    assert_eq!(hashes.len(), told.intents.len(), "{story}: two orders of one hash");
    assert!(told.cycles.iter().all(|c| cycles.insert(*c)), "{story}: a cycle ordered twice");
    // By order: what the venue says was filled, and what the log says.
    let theirs = filled(&recorded, |number, map: &BTreeMap<OrderId, Bytes32>| map.get(&number).copied());
    for (hash, size) in &theirs {
        let order = hashes.get(hash).unwrap_or_else(|| panic!("{story}: the venue has an order that the log has not"));
        let intent = told.intents.iter().find(|i| i.order == *order).unwrap();
        assert!(*size <= intent.plan.size, "{story}: order {order:?} was filled twice");
    }
    let mut ours: BTreeMap<Bytes32, Size> = BTreeMap::new();
    for (hash, order) in &hashes {
        let size = told.filled.get(order).copied().unwrap_or_default();
        if size.0 > 0 {
            ours.insert(*hash, size);
        }
    }
    let theirs: BTreeMap<Bytes32, Size> = theirs.into_iter().filter(|(_, size)| size.0 > 0).collect();
    assert_eq!(ours, theirs, "{story}: fills");
    // What is reserved for an order is free once it is over.
    let hasty: Vec<OrderId> = told.intents.iter().filter(|i| is_hasty(&told, i)).map(|i| i.order).collect();
    assert_eq!(hasty, [], "{story}: over before all that they traded was booked");
    // Positions and cash.
    let (cash, shares) = at_venue(&venue, wallet);
    assert_eq!(held(&state), shares, "{story}: positions");
    assert_eq!(state.positions.cash, cash, "{story}: cash");
    assert_eq!((state.positions.imbalance(), &state.health), (0, &Health::default()), "{story}");
    // And every decision follows from what came in.
    let report = replay::audit::check(&LogReader::open(log).unwrap()).unwrap();
    assert!(report.first.is_none(), "{story}: {:?}", report.first);
    let count = |kind| told.count(kind);
    Tally {
        orders: count("order_intended"),
        fills: count("fill_booked"),
        unknown: count("order_unknown"),
        voided: count("fill_voided"),
        kills,
    }
}

/// Whether fills of all of an order were booked, the last of them behind the order's end.
fn is_hasty(told: &Told, intent: &OrderIntended) -> bool {
    let of_it = |f: &&(UtcNanos, FillBooked)| f.1.order == intent.order;
    let sum: i64 = told.fills.iter().filter(of_it).map(|(_, f)| f.size.0).sum();
    let last = told.fills.iter().rposition(|f| of_it(&f));
    let at_end = told.ended.get(&intent.order);
    sum >= intent.plan.size.0 && last.zip(at_end).is_some_and(|(last, at_end)| last >= *at_end)
}

/// What is filled and not voided of each order, from events of the venue's own log.
fn filled(
    events: &[Event],
    name: impl Fn(OrderId, &BTreeMap<OrderId, Bytes32>) -> Option<Bytes32>,
) -> BTreeMap<Bytes32, Size> {
    let (mut names, mut sizes, mut trades) = (BTreeMap::new(), BTreeMap::<Bytes32, Size>::new(), BTreeMap::new());
    for event in events {
        let Event::Order(event) = event else { continue };
        match event {
            OrderEvent::Intended(intent) => {
                names.insert(intent.order, intent.hash);
            }
            OrderEvent::FillBooked(fill) => {
                trades.insert((fill.order, fill.trade), fill.size);
                let size = sizes.entry(name(fill.order, &names).unwrap()).or_default();
                *size = size.plus(fill.size).unwrap();
            }
            OrderEvent::FillVoided { order, trade, .. } => {
                let size = sizes.entry(name(*order, &names).unwrap()).or_default();
                *size = Size(size.0 - trades.remove(&(*order, *trade)).unwrap().0);
            }
            _ => {}
        }
    }
    sizes
}

/// Tells all stories, as many at once as there are cores. Their sum, and those that went wrong: one does not end the others.
fn tell(seeds: &[u64]) -> (Tally, Vec<u64>) {
    let next = AtomicUsize::new(0);
    let told = Mutex::new((Tally::default(), Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, NonZero::get) {
            scope.spawn(|| {
                while let Some(seed) = seeds.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let result = std::panic::catch_unwind(|| story(*seed));
                    let (sum, failed) = &mut *told.lock().unwrap();
                    match result {
                        Ok(tally) => sum.add(&tally),
                        Err(_) => failed.push(*seed),
                    }
                }
            });
        }
    });
    told.into_inner().unwrap()
}

#[test]
fn no_order_is_doubled_and_no_fill_is_lost() {
    let seeds: Vec<u64> = match number("SIMULATION_SEED") {
        Some(one) => vec![one],
        None => match number("SIMULATION_SEEDS") {
            Some(n) => (0..n).collect(),
            None => (0..20).chain(FOUND).collect(),
        },
    };
    let (sum, failed) = tell(&seeds);
    assert!(failed.is_empty(), "SIMULATION_SEED=n tells one alone and keeps its log; wrong were {failed:?}");
    let Tally { orders, fills, unknown, voided, kills } = sum;
    println!(
        "{} stories: {orders} orders, {fills} fills, {unknown} orders of unknown fate, {voided} fills voided, {kills} kills",
        seeds.len()
    );
    let n = seeds.len() as u64;
    assert!(n < 5 || (orders > n * 20 && fills > n * 10), "the stories must trade");
    assert!(n < 5 || (unknown > n && voided > n / 2 && kills > n), "the faults must happen");
}
