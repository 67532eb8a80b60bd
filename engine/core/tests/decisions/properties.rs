//! Random markets through the whole loop: whatever happens, no limit is broken and the books are those of the exchange.

use super::floor::{Floor, at};
use super::market::{book, cents, listed, quote, resolved, trade};
use super::settings::eager;
use engine_core::Config;
use exchange::AccountId;
use proptest::prelude::*;
use schemas::event::{
    FeedScope, KillLevel, MarketChange, MarketEvent, MarketStatus, OperatorCommand, OrderEvent, Purpose, Resolution,
    SystemEvent,
};
use schemas::money::MICRO;
use schemas::{Cash, Envelope, Event, MarketId, Price, Prob, Rounding, Side, Size};
use std::collections::{BTreeMap, BTreeSet};

pub const MARKETS: u32 = 4;

/// Something from outside.
#[derive(Clone, Debug)]
pub enum Input {
    Market(i64, MarketEvent),
    Operator(OperatorCommand),
}

fn market_event() -> impl Strategy<Value = MarketEvent> {
    let side = prop_oneof![Just(10i64), Just(100), Just(2_000)];
    let one = (0..MARKETS, any::<bool>(), 5..90i64, 1..6i64, side.clone(), side, 0..1_000u32);
    one.prop_map(|(m, no, bid, spread, bids, asks, kind)| {
        let m = MarketId(m);
        let token = if no && kind % 4 == 0 { m.no() } else { m.yes() };
        match kind {
            0..=599 => book(token, (bid, bids), (bid + spread, asks)),
            600..=719 => quote(token, bid, bid + spread),
            720..=919 => trade(token, if no { Side::Buy } else { Side::Sell }, bid, bids),
            920..=934 => MarketEvent::FeedGap { scope: FeedScope::Market(m), lost: 1 },
            935..=944 => MarketEvent::FeedStale { scope: FeedScope::All },
            945..=964 => MarketEvent::FeedRestored { scope: FeedScope::All },
            965..=979 => MarketEvent::Changed {
                market: m,
                change: MarketChange::Status(if no { MarketStatus::Paused } else { MarketStatus::Open }),
            },
            980..=989 => {
                MarketEvent::Changed { market: m, change: MarketChange::Tick(if no { cents(1) } else { Price(5_000) }) }
            }
            _ => resolved(m, if no { Resolution::No } else { Resolution::Yes }),
        }
    })
}

/// Prices that wander: each book near the one before, so that positions are held for a while.
fn walk() -> impl Strategy<Value = Vec<Input>> {
    let step = prop_oneof![
        30 => (1..20_000i64, market_event()).prop_map(|(ms, e)| Input::Market(ms, e)),
        1 => (30_000_000..90_000_000i64, market_event()).prop_map(|(ms, e)| Input::Market(ms, e)),
        1 => prop_oneof![
            Just(OperatorCommand::Kill(KillLevel::Off)),
            Just(OperatorCommand::Kill(KillLevel::NoNewRisk)),
            Just(OperatorCommand::Kill(KillLevel::Flatten)),
            Just(OperatorCommand::CancelAll),
        ].prop_map(Input::Operator),
    ];
    prop::collection::vec(step, 1..120)
}

pub fn inputs() -> impl Strategy<Value = Vec<Input>> {
    walk()
}

pub fn config() -> impl Strategy<Value = Config> {
    let faults = prop_oneof![3 => Just(0u32), 1 => 2..5u32];
    let latency = prop_oneof![Just(0u32), Just(50), Just(3_000)];
    (faults.clone(), faults, latency.clone(), latency, 1..4u32, 2..6u32, 20..200i64, any::<bool>()).prop_map(
        |(lose, fail, submit, report, open, rate, dollars, maker)| {
            let mut c = eager();
            c.agents.forecasters = engine_core::forecast::NAMES.iter().map(|n| (*n).to_owned()).collect();
            c.paper.lose_every_nth_answer = lose;
            c.paper.fail_every_nth_trade = fail;
            c.paper.submit_latency_ms = submit;
            c.paper.report_latency_ms = report;
            c.paper.assumed_depth_shares = Size(50_000_000);
            c.risk.max_open_positions = open;
            c.risk.max_orders_per_minute = rate;
            c.risk.max_single_trade_usdc = Cash(dollars * MICRO / 2);
            c.risk.max_position_size_usdc = Cash(dollars * MICRO);
            c.risk.max_portfolio_risk_pct = Cash(12_000_000);
            c.risk.max_correlation_exposure = Prob(700_000);
            c.risk.daily_loss_limit_usdc = Cash(40_000_000);
            c.execution.allow_maker = maker;
            c.exit.max_hold_hours = 6;
            c
        },
    )
}

/// An engine that is about to see the first input.
pub fn opened(config: &Config) -> Floor {
    let mut f = Floor::open(config);
    for m in 0..MARKETS {
        f.feed(at(1), listed(MarketId(m), if m % 2 == 0 { 20_000 } else { 0 }));
    }
    f
}

pub fn take(f: &mut Floor, input: &Input) {
    match input {
        Input::Market(ms, event) => f.feed(f.now().plus_millis(*ms as u64), event.clone()),
        Input::Operator(command) => {
            let (who, command) = ("operator".to_owned(), command.clone());
            f.tell(Event::System(SystemEvent::OperatorCommand { who, command }));
        }
    }
}

/// Holds every order intent of a log against the limits, from the state just before it was intended.
fn intents_keep_the_limits(log: &[Envelope], config: &Config) -> Result<(), TestCaseError> {
    let r = &config.risk;
    let mut state = projections::State::new();
    let mut sent: Vec<i64> = Vec::new();
    let mut numbers = BTreeSet::new();
    let mut cycles = BTreeSet::new();
    for e in log {
        if e.event.kind().name() == "cycle_started" {
            prop_assert!(cycles.insert(e.cycle), "cycle {:?} twice", e.cycle);
        }
        if let Event::Order(OrderEvent::Intended(i)) = &e.event {
            prop_assert!(numbers.insert(i.order) && numbers.insert(schemas::OrderId(u32::MAX - i.order.0)));
            sent.retain(|t| e.time.0 - t < 60_000_000_000);
            sent.push(e.time.0);
            // Exits may use the rate three times over, so that entries never use up the room to get out.
            let rate =
                if i.plan.purpose == Purpose::Entry { r.max_orders_per_minute } else { r.max_orders_per_minute * 3 };
            prop_assert!(sent.len() <= rate as usize, "order rate");
            let unknown = state.orders.open_in(i.market).any(|o| o.status == projections::orders::OrderStatus::Unknown);
            prop_assert!(!unknown, "beside an order of unknown fate");
            prop_assert!(i.plan.price.on_grid(state.markets.get(i.market).unwrap().tick));
            if i.plan.purpose == Purpose::Entry {
                entry_keeps_the_limits(&state, i, config)?;
            } else {
                let token = i.plan.action.token;
                let others = state.orders.open().filter(|o| o.plan.action == i.plan.action).count();
                prop_assert_eq!(others, 0, "two exits at once");
                prop_assert!(i.plan.size <= state.positions.held(token), "more than is held");
                prop_assert!(state.kill.level != KillLevel::CancelAll);
            }
        }
        state.apply(e);
        prop_assert_eq!(state.positions.imbalance(), 0);
    }
    Ok(())
}

fn entry_keeps_the_limits(
    state: &projections::State,
    i: &schemas::event::OrderIntended,
    config: &Config,
) -> Result<(), TestCaseError> {
    let r = &config.risk;
    let mut at_risk: BTreeMap<MarketId, i64> = BTreeMap::new();
    for (t, p) in state.positions.held_all() {
        *at_risk.entry(t.market()).or_default() += p.lot.cost.0;
    }
    let reserved: i64 = state.orders.open().map(|o| o.reserved().0).sum();
    for o in state.orders.open().filter(|o| o.plan.action.side == Side::Buy) {
        *at_risk.entry(o.market).or_default() += o.reserved().0;
    }
    *at_risk.entry(i.market).or_default() += i.worst_case_loss.0;
    let all: i64 = at_risk.values().sum();
    let same_event: i64 = at_risk.iter().filter(|(m, _)| m.0 / 2 == i.market.0 / 2).map(|(_, c)| c).sum();
    let portfolio = state.equity.now.part(r.max_portfolio_risk_pct.0, 100_000_000, Rounding::Ceil).unwrap().0;
    prop_assert_eq!(state.kill.level, KillLevel::Off);
    prop_assert!(i.worst_case_loss <= r.max_single_trade_usdc);
    prop_assert!(at_risk[&i.market] <= r.max_position_size_usdc.0, "position");
    prop_assert!(all <= portfolio, "portfolio: {} of {}", all, portfolio);
    prop_assert!(same_event * MICRO <= portfolio * i64::from(r.max_correlation_exposure.0) + MICRO, "event");
    // What is too small to be sold is no position.
    let dust = |m: &MarketId| {
        let held = [m.yes(), m.no()].map(|t| state.positions.held(t).0);
        *m != i.market && held.iter().all(|size| *size < 10_000) && !state.orders.open().any(|o| o.market == *m)
    };
    let open = at_risk.keys().filter(|m| !dust(m)).count();
    prop_assert!(open <= r.max_open_positions as usize, "open positions");
    prop_assert!(reserved + i.worst_case_loss.0 <= state.positions.cash.0, "cash");
    let loss = state.equity.daily_loss().0 + i.worst_case_loss.0;
    prop_assert!(loss <= r.daily_loss_limit_usdc.0, "daily loss: {}", loss);
    prop_assert!(state.quotes.get(i.plan.action.token).is_two_sided() && state.quotes.is_live(i.market));
    prop_assert!(state.markets.get(i.market).unwrap().is_open());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn no_limit_is_ever_broken(config in config(), inputs in inputs()) {
        let mut f = opened(&config);
        for input in &inputs {
            take(&mut f, input);
            prop_assert_eq!(f.state().decisions.open_count(), 0, "every chain is complete");
        }
        intents_keep_the_limits(&f.log, &config)?;
        // When everything under way has arrived, the books are those of the exchange.
        f.wait(600);
        prop_assert!(f.state().orders.open().all(|o| o.status == projections::orders::OrderStatus::Live));
        let account = f.exchange.as_ref().unwrap().account(AccountId::ENGINE).unwrap();
        let p = &f.state().positions;
        prop_assert_eq!((p.imbalance(), p.cash), (0, account.cash));
        let held: Vec<_> = p.held_all().map(|(t, p)| (t, p.lot.size)).collect();
        prop_assert_eq!(held, account.holdings().collect::<Vec<_>>());
        prop_assert_eq!(f.state().health.anomalies, 0, "{:?}", f.state().health.last);
        prop_assert!(p.cash >= Cash::ZERO);
        let resting: usize = (0..MARKETS).map(|m| f.exchange.as_ref().unwrap().resting(MarketId(m)).len()).sum();
        prop_assert_eq!(resting, f.state().orders.open().count(), "what is open in the log rests at the exchange");
    }
}

/// The streams of these tests do lead to everything that the limits are there for.
#[test]
fn the_streams_are_worth_testing() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let mut seen: BTreeMap<&'static str, usize> = BTreeMap::new();
    let mut exits = BTreeSet::new();
    for _ in 0..200 {
        let config = config().new_tree(&mut runner).unwrap().current();
        let inputs = inputs().new_tree(&mut runner).unwrap().current();
        let mut f = opened(&config);
        inputs.iter().for_each(|i| take(&mut f, i));
        f.kinds(0).into_iter().for_each(|k| *seen.entry(k).or_default() += 1);
        exits.extend(f.exits(0).into_iter().map(|(_, reason, _)| reason));
    }
    for kind in [
        "order_intended",
        "order_unknown",
        "resend_intended",
        "fill_booked",
        "fill_confirmed",
        "fill_voided",
        "cancel_intended",
        "order_cancelled",
        "order_expired",
        "position_settled",
        "reflection",
        "kill_switch",
    ] {
        assert!(seen.get(kind).is_some_and(|n| *n > 5), "{kind}: {seen:?}");
    }
    assert_eq!(exits.len(), 5, "{exits:?}");
}
