//! From a tick to an order: which market, which outcome, how much, at what price, and when not.

use super::floor::Floor;
use super::market::{M, NO, YES, book, cents, dollars, listed, quote, shares, trade};
use super::settings::eager;
use engine_core::{Config, order_bytes};
use schemas::event::{
    Action, AgentEvent, CancelReason, Confidence, CycleTrigger, EstimateSource, MarketChange, MarketEvent,
    MarketStatus, NoDecisionReason, Purpose, Style, TimeInForce, Verdict,
};
use schemas::money::MICRO;
use schemas::{Bytes32, CycleId, Event, OrderId, Price, Prob, Side, Size};

fn floor(config: &Config, rate_ppm: u32) -> Floor {
    let mut f = Floor::open(config);
    f.tick(1, listed(M, rate_ppm));
    f
}

/// Everyone wants to buy YES at 49 or 51.
fn for_yes() -> MarketEvent {
    book(YES, (49, 10_000), (51, 100))
}

/// Everyone wants to sell it.
fn for_no() -> MarketEvent {
    book(YES, (49, 100), (51, 10_000))
}

#[test]
fn a_tick_leads_to_an_order_in_one_chain() {
    let mut f = floor(&eager(), 0);
    let mark = f.mark();
    f.tick(1, for_yes());
    let chain = [
        "book_snapshot",
        "cycle_started",
        "research_estimate",
        "research_estimate",
        "proposal_made",
        "risk_verdict",
        "order_planned",
        "order_intended",
    ];
    assert_eq!(f.kinds(mark)[..8], chain);
    for pair in f.log[mark..mark + 8].windows(2) {
        assert_eq!(pair[1].cause, Some(pair[0].seq), "each stage answers the one before");
        assert_eq!((pair[1].cycle, pair[1].time), (Some(CycleId(1)), pair[0].time));
    }
    let Event::Agent(AgentEvent::ResearchEstimate(first)) = &f.log[mark + 2].event else { panic!() };
    let Event::Agent(AgentEvent::ResearchEstimate(second)) = &f.log[mark + 3].event else { panic!() };
    assert_eq!(first.source, EstimateSource::Offline("microstructure/1".to_owned()));
    assert_eq!(second.source, EstimateSource::Blend);
    f.wait(5);
    assert!(f.state().positions.held(YES).0 > 0);
    assert_eq!(f.state().health.anomalies, 0);
    f.assert_agrees_with_the_exchange();
}

#[test]
fn the_size_is_a_part_of_kelly_on_the_cost_with_its_fee() {
    let mut config = eager();
    config.risk.max_single_trade_usdc = dollars(1_000);
    config.risk.max_position_size_usdc = dollars(1_000);
    let mut f = floor(&config, 20_000);
    f.tick(1, for_yes());
    let p = &f.proposals(0)[0];
    // 0.02 x 0.51 x 0.49 on top of 0.51.
    assert_eq!((p.action, p.price, p.cost), (Action { token: YES, side: Side::Buy }, cents(51), Price(515_000)));
    assert_eq!(p.edge.0, i64::from(p.blended.0) - 515_000);
    let kelly = (i64::from(p.blended.0) - 515_000) * MICRO / (MICRO - 515_000);
    assert_eq!(i64::from(p.kelly_ppm), kelly);
    let stake = 1_000 * kelly / 4;
    let lots = stake * MICRO / 515_000 / 10_000;
    // The venue counts what takes in whole cents, and cuts the shares they buy to four decimals.
    let dollars = lots * 5_100 / 10_000 * 10_000;
    assert_eq!(p.size, Size(dollars * MICRO / 510_000 / 100 * 100));
    assert!(p.size > shares(5));
    assert_eq!(f.verdicts(0)[0].verdict, Verdict::Approve);
    assert_eq!(f.intents(0)[0].plan.size, p.size);
}

#[test]
fn no_is_bought_with_the_chance_of_no() {
    let mut f = floor(&eager(), 20_000);
    f.tick(1, for_no());
    let p = &f.proposals(0)[0];
    assert_eq!(
        (p.action, p.price),
        (Action { token: NO, side: Side::Buy }, cents(51)),
        "one dollar less the bid of YES"
    );
    assert!(p.blended < Prob::HALF, "the numbers are about YES");
    let chance = MICRO - i64::from(p.blended.0);
    assert_eq!(p.edge.0, chance - p.cost.0);
    assert_eq!(i64::from(p.kelly_ppm), (chance - p.cost.0) * MICRO / (MICRO - p.cost.0));
    f.wait(5);
    assert!(f.state().positions.held(NO).0 > 0 && f.state().positions.held(YES).0 == 0);
    f.assert_agrees_with_the_exchange();
}

#[test]
fn yes_and_no_are_mirror_images() {
    let (mut a, mut b) = (floor(&eager(), 20_000), floor(&eager(), 20_000));
    a.tick(1, for_yes());
    b.tick(1, for_no());
    let (yes, no) = (&a.proposals(0)[0], &b.proposals(0)[0]);
    assert_eq!(yes.blended.0.abs_diff(no.blended.complement().0), 0);
    assert_eq!((yes.size, yes.edge, yes.kelly_ppm, yes.cost), (no.size, no.edge, no.kelly_ppm, no.cost));
}

#[test]
fn the_plan_of_a_taker() {
    let mut f = floor(&eager(), 0);
    f.tick(1, for_yes());
    let plan = f.intents(0)[0].plan;
    assert_eq!(
        (plan.purpose, plan.style, plan.tif, plan.post_only),
        (Purpose::Entry, Style::Taker, TimeInForce::Fak, false)
    );
    assert_eq!((plan.price, plan.expires.0), (cents(51), 0));
    // 15 % above and 10 % below 51 cents.
    assert_eq!((plan.target, plan.stop), (Price(586_500), Price(459_000)));
}

#[test]
fn where_taking_has_no_edge_an_order_rests() {
    let mut f = floor(&eager(), 20_000);
    f.tick(1, book(YES, (46, 1_000), (55, 100)));
    let (p, plan) = (&f.proposals(0)[0], f.intents(0)[0].plan);
    assert_eq!(
        (p.style, p.price, p.cost),
        (Style::Maker, cents(47), cents(47)),
        "one better than the bid, without a fee"
    );
    assert_eq!((plan.tif, plan.post_only), (TimeInForce::Gtd, true));
    assert_eq!(plan.expires, f.log[1].time.plus_secs(0).max(f.proposals_time()).plus_secs(300));
    f.tick(1, book(YES, (45, 1_000), (47, 1_000)));
    assert!(f.state().positions.held(YES).0 > 0, "a seller met it");
    assert_eq!(f.state().positions.fees.0, 0);
}

impl Floor {
    fn proposals_time(&self) -> schemas::UtcNanos {
        let made = |e: &&schemas::Envelope| matches!(e.event, Event::Agent(AgentEvent::ProposalMade(_)));
        self.log.iter().find(made).unwrap().time
    }
}

#[test]
fn a_narrow_spread_is_joined_not_narrowed() {
    let mut config = eager();
    config.risk.min_edge_threshold = cents(3);
    let mut f = floor(&config, 0);
    f.tick(1, book(YES, (49, 10_000), (51, 100)));
    assert_eq!(f.proposals(0)[0].price, cents(49), "two ticks apart");
}

#[test]
fn takers_come_before_makers() {
    let mut f = floor(&eager(), 0);
    f.tick(1, for_yes());
    assert_eq!(f.proposals(0)[0].style, Style::Taker);
    let mut config = eager();
    config.execution.allow_maker = false;
    let mut f = floor(&config, 20_000);
    f.tick(1, book(YES, (46, 1_000), (55, 100)));
    assert_eq!(f.refusals(0), [NoDecisionReason::NoEdge]);
}

#[test]
fn a_fee_can_eat_the_edge() {
    let mut config = eager();
    config.execution.allow_maker = false;
    for (rate, orders) in [(0, 1), (200_000, 0)] {
        let mut f = floor(&config, rate);
        f.tick(1, for_yes());
        assert_eq!(f.intents(0).len(), orders, "at {rate} ppm");
    }
}

#[test]
fn every_way_to_decide_nothing() {
    let mut nobody = eager();
    nobody.agents.forecasters.clear();
    let mut f = floor(&nobody, 0);
    f.tick(1, for_yes());
    assert_eq!(f.refusals(0), [NoDecisionReason::NoModel]);
    // Without sizes there is no depth to read, and without bars no drift.
    let mut abstaining = eager();
    abstaining.agents.forecasters = vec!["microstructure".to_owned(), "momentum".to_owned()];
    let mut f = floor(&abstaining, 0);
    f.tick(1, quote(YES, 49, 51));
    assert_eq!(f.refusals(0), [NoDecisionReason::AllAbstained]);
    assert_eq!(
        f.kinds(0).iter().filter(|k| **k == "research_estimate").count(),
        2,
        "both were heard, no blend was made"
    );
    let mut f = floor(&eager(), 0);
    f.tick(1, book(YES, (49, 100), (51, 100)));
    assert_eq!(f.refusals(0), [NoDecisionReason::NoEdge]);
    let mut poor = eager();
    poor.paper.starting_cash_usdc = dollars(10);
    let mut f = floor(&poor, 0);
    f.tick(1, for_yes());
    assert_eq!(f.refusals(0), [NoDecisionReason::TooSmall]);
    assert!(f.intents(0).is_empty());
    assert_eq!(f.state().decisions.open_count(), 0, "every cycle ends");
}

#[test]
fn one_who_abstains_does_not_silence_the_others() {
    let mut config = eager();
    config.agents.forecasters = vec!["momentum".to_owned(), "microstructure".to_owned()];
    let mut f = floor(&config, 0);
    f.tick(1, for_yes());
    assert_eq!(f.intents(0).len(), 1);
}

#[test]
fn a_market_is_looked_at_once_an_interval() {
    let mut config = eager();
    config.agents.loop_interval_seconds = 60;
    config.agents.price_move_trigger = cents(3);
    let mut f = floor(&config, 0);
    let looks = |f: &Floor| {
        let trigger = |e: &schemas::Envelope| match &e.event {
            Event::Agent(AgentEvent::CycleStarted { trigger, .. }) => Some(*trigger),
            _ => None,
        };
        f.log.iter().filter_map(trigger).collect::<Vec<_>>()
    };
    f.tick(1, quote(YES, 49, 51));
    f.tick(59, quote(YES, 49, 51));
    assert_eq!(looks(&f), [CycleTrigger::Interval], "the second one comes too early");
    f.tick(1, quote(YES, 49, 51));
    assert_eq!(looks(&f).len(), 2);
    f.tick(5, quote(YES, 53, 55));
    assert_eq!(looks(&f).len(), 2, "never closer than a tenth of the interval");
    f.tick(1, quote(YES, 53, 55));
    assert_eq!(looks(&f), [CycleTrigger::Interval, CycleTrigger::Interval, CycleTrigger::PriceMove]);
    f.tick(10, quote(YES, 54, 56));
    assert_eq!(looks(&f).len(), 3, "one cent is no move");
}

#[test]
fn markets_that_are_not_wanted_are_not_looked_at() {
    let changes: [fn(&mut Config); 3] = [
        |c| c.markets.categories = vec!["sports".to_owned()],
        |c| c.markets.exclude_categories = vec!["politics".to_owned()],
        |c| c.markets.exclude_categories = vec!["POLITICS".to_owned()],
    ];
    for change in changes {
        let mut config = eager();
        change(&mut config);
        let mut f = floor(&config, 0);
        f.tick(1, for_yes());
        assert!(!f.kinds(0).contains(&"cycle_started"));
    }
    let mut config = eager();
    config.markets.categories = vec!["sports".to_owned(), "Politics".to_owned()];
    let mut f = floor(&config, 0);
    f.tick(1, for_yes());
    assert!(f.kinds(0).contains(&"cycle_started"), "their case means nothing");
    let mut f = floor(&eager(), 0);
    f.tick(1, MarketEvent::Changed { market: M, change: MarketChange::Status(MarketStatus::Paused) });
    f.tick(1, for_yes());
    assert!(!f.kinds(0).contains(&"cycle_started"));
}

#[test]
fn a_market_with_little_at_its_best_prices_is_not_looked_at() {
    let mut config = eager();
    config.markets.min_top_size = shares(100);
    let mut f = floor(&config, 0);
    let looked = |f: &mut Floor, event| {
        let mark = f.mark();
        f.tick(20, event);
        f.kinds(mark).contains(&"cycle_started")
    };
    assert!(!looked(&mut f, book(YES, (49, 10_000), (51, 99))), "little is for sale");
    assert!(!looked(&mut f, book(YES, (49, 99), (51, 10_000))), "little is wanted");
    let mut f = floor(&config, 0);
    assert!(looked(&mut f, quote(YES, 48, 52)), "of a source that states no sizes nothing is known");
    let mut f = floor(&config, 0);
    assert!(looked(&mut f, book(YES, (49, 10_000), (51, 100))));
    f.wait(5);
    assert!(f.state().positions.held(YES).0 > 0);
    assert!(looked(&mut f, book(YES, (49, 50), (51, 50))), "what is held is looked after");
}

#[test]
fn one_view_is_expressed_once() {
    let mut f = floor(&eager(), 20_000);
    f.tick(1, book(YES, (46, 1_000), (55, 100)));
    let mark = f.mark();
    f.tick(20, book(YES, (46, 1_000), (55, 100)));
    assert_eq!(
        (f.refusals(mark), f.cancels(mark).len()),
        (vec![NoDecisionReason::AlreadyIn], 0),
        "the order still rests"
    );
    f.tick(1, book(YES, (45, 1_000), (47, 1_000)));
    assert!(f.state().positions.held(YES).0 > 0);
    let mark = f.mark();
    f.tick(30, book(YES, (46, 1_000), (48, 100)));
    assert_eq!(f.refusals(mark), [NoDecisionReason::AlreadyIn], "now a position does");
    assert!(f.intents(mark).is_empty());
}

#[test]
fn an_entry_that_the_view_no_longer_supports_is_cancelled() {
    let mut f = floor(&eager(), 20_000);
    f.tick(1, book(YES, (46, 1_000), (55, 100)));
    let mark = f.mark();
    f.tick(20, book(YES, (40, 100), (49, 1_000)));
    assert_eq!(f.cancels(mark), [(OrderId(1), CancelReason::ViewChanged)]);
    f.wait(1);
    assert!(f.state().orders.none_open());
    f.assert_agrees_with_the_exchange();
}

#[test]
fn an_intent_holds_the_exact_bytes_and_their_hash() {
    let mut f = floor(&eager(), 0);
    f.tick(1, for_yes());
    let intent = &f.intents(0)[0];
    let market = &f.state().markets.get(M).unwrap().listed;
    let bytes = order_bytes(intent.order, market, &intent.plan, intent.salt);
    assert_eq!(intent.signed, bytes);
    assert_eq!(intent.hash, Bytes32(*blake3::hash(&bytes).as_bytes()));
    assert!(intent.salt < 1 << 53, "venues carry it as a JSON number");
    // Anything that is part of an order is part of its bytes.
    let plan = intent.plan;
    let other = [
        order_bytes(OrderId(2), market, &plan, intent.salt),
        order_bytes(intent.order, market, &plan, intent.salt + 1),
        order_bytes(intent.order, market, &schemas::event::OrderPlan { price: cents(50), ..plan }, intent.salt),
        order_bytes(intent.order, market, &schemas::event::OrderPlan { size: shares(7), ..plan }, intent.salt),
        order_bytes(intent.order, market, &schemas::event::OrderPlan { tif: TimeInForce::Fok, ..plan }, intent.salt),
        order_bytes(intent.order, market, &schemas::event::OrderPlan { post_only: true, ..plan }, intent.salt),
        order_bytes(intent.order, market, &schemas::event::OrderPlan { expires: f.now(), ..plan }, intent.salt),
        order_bytes(
            intent.order,
            market,
            &schemas::event::OrderPlan { action: Action { token: NO, side: Side::Buy }, ..plan },
            intent.salt,
        ),
        order_bytes(
            intent.order,
            market,
            &schemas::event::OrderPlan { action: Action { token: YES, side: Side::Sell }, ..plan },
            intent.salt,
        ),
    ];
    for (i, a) in other.iter().enumerate() {
        assert!(*a != bytes && other.iter().skip(i + 1).all(|b| a != b), "variant {i}");
    }
}

#[test]
fn worst_case_is_what_the_order_can_cost() {
    let mut f = floor(&eager(), 20_000);
    f.tick(1, for_yes());
    let intent = &f.intents(0)[0];
    let fee = f.state().markets.get(M).unwrap().fee.taker_fee(cents(51), intent.plan.size).unwrap();
    let cost = cents(51).notional(intent.plan.size, schemas::Rounding::Ceil).unwrap().plus(fee).unwrap();
    assert_eq!(intent.worst_case_loss, cost);
    f.wait(5);
    assert_eq!(f.state().positions.cost(), cost, "it filled at its limit");
}

#[test]
fn confidence_comes_from_evidence() {
    let mut config = eager();
    config.risk.min_confidence = Prob(600_000);
    let mut f = floor(&config, 0);
    f.tick(1, for_yes());
    assert_eq!(f.proposals(0)[0].confidence, Confidence::Low);
    assert_eq!(f.verdicts(0)[0].verdict, Verdict::Veto);
    // Trades that go the same way as the book.
    f.tick(11, trade(YES, Side::Buy, 51, 300));
    let mark = f.mark();
    f.tick(1, for_yes());
    assert_eq!((f.proposals(mark)[0].confidence, f.verdicts(mark)[0].verdict), (Confidence::Medium, Verdict::Approve));
}

#[test]
fn nothing_is_decided_while_importing() {
    let mut f = Floor::open(&eager());
    let import = super::floor::run_started(&eager(), schemas::event::Mode::Import);
    f.tell(import);
    f.tick(1, listed(M, 0));
    f.tick(1, for_yes());
    assert!(!f.kinds(0).contains(&"cycle_started"));
    assert_eq!(f.core.next_timer(), None);
}
