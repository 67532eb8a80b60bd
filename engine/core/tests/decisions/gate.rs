//! Every limit of the gate, one by one: what it refuses, or how far it shrinks an entry.

use super::floor::Floor;
use super::market::{M, NO, YES, book, cents, dollars, listed, listing, quote, shares};
use super::settings::watchful;
use engine_core::{Config, risk};
use schemas::event::{
    Action, BudgetPeriod, Confidence, FeedScope, KillLevel, Limit, LimitCheck, MarketChange, MarketEvent, MarketStatus,
    ModelEvent, ModelReplied, OrderEvent, Proposal, Purpose, RiskVerdict, Style, SystemEvent, TokenUsage, Verdict,
};
use schemas::{Cash, Event, MarketId, Price, Prob, Side, Size, TokenId};

/// A thousand dollars, three markets at 49 to 51, and limits that nothing here comes near.
fn wide() -> Config {
    let mut c = watchful();
    c.risk.max_single_trade_usdc = dollars(900);
    c.risk.max_position_size_usdc = dollars(900);
    c.risk.daily_loss_limit_usdc = dollars(900);
    c.risk.max_drawdown_pct = Cash(90_000_000);
    c.risk.max_orders_per_minute = 100;
    c
}

fn floor(config: &Config) -> Floor {
    let mut f = Floor::scripted(config);
    for m in 0..3 {
        f.tick(0, listed(MarketId(m), 20_000));
        f.tick(0, book(MarketId(m).yes(), (49, 1_000), (51, 1_000)));
    }
    f
}

/// A hundred shares of YES at 51 cents: 51.50 dollars with the fee.
fn entry() -> Proposal {
    Proposal {
        market: M,
        action: Action { token: YES, side: Side::Buy },
        purpose: Purpose::Entry,
        style: Style::Taker,
        estimate: Prob(600_000),
        market_price: Prob::HALF,
        blended: Prob(600_000),
        price: cents(51),
        cost: Price(515_000),
        edge: Price(85_000),
        size: shares(100),
        kelly_ppm: 100_000,
        confidence: Confidence::High,
    }
}

fn judge(f: &Floor, proposal: &Proposal) -> RiskVerdict {
    risk::judge(f.state(), f.core.config().unwrap(), f.now(), proposal)
}

fn failed(v: &RiskVerdict) -> Vec<Limit> {
    v.checks.iter().filter(|c| !c.pass).map(|c| c.limit).collect()
}

fn check(v: &RiskVerdict, limit: Limit) -> LimitCheck {
    *v.checks.iter().find(|c| c.limit == limit).unwrap()
}

/// Refused, by this limit alone.
fn refused_by(f: &Floor, proposal: &Proposal, limit: Limit) {
    let v = judge(f, proposal);
    assert_eq!((v.verdict, v.size, v.worst_case_loss), (Verdict::Veto, Size::ZERO, Cash::ZERO), "{v:?}");
    assert_eq!(failed(&v), [limit]);
}

/// Shrunk to what costs at most `room`, and not a lot less.
fn shrunk_to(f: &Floor, limit: Limit, room: Cash) {
    let v = judge(f, &entry());
    assert_eq!((v.verdict, failed(&v)), (Verdict::Shrink, vec![limit]), "{v:?}");
    assert!(v.worst_case_loss <= room, "{} of {room}", v.worst_case_loss);
    // A lot with its fee, and the part of a cent that the venue does not count.
    assert!(v.worst_case_loss.0 > room.0 - 20_300, "one more lot would fit: {} of {room}", v.worst_case_loss);
    assert_eq!(v.size.0 % 100, 0);
}

#[test]
fn what_breaks_no_limit_is_approved_as_it_is() {
    let v = judge(&floor(&wide()), &entry());
    assert_eq!((v.verdict, v.size, v.worst_case_loss), (Verdict::Approve, shares(100), Cash(51_499_800)));
    assert_eq!(failed(&v), []);
    let mut looked_at: Vec<Limit> = v.checks.iter().map(|c| c.limit).collect();
    looked_at.sort();
    looked_at.dedup();
    assert_eq!(looked_at.len(), 24, "every limit is looked at, once: {looked_at:?}");
    assert_eq!(v.checks.len(), 24);
}

#[test]
fn kill_switch() {
    for level in [KillLevel::NoNewRisk, KillLevel::CancelAll, KillLevel::Flatten] {
        let mut f = floor(&wide());
        f.kill(level);
        refused_by(&f, &entry(), Limit::KillSwitch);
    }
    let mut f = floor(&wide());
    f.tell(Event::System(SystemEvent::Halted { reason: "disk".to_owned() }));
    refused_by(&f, &entry(), Limit::KillSwitch);
    f.tell(Event::System(SystemEvent::Resumed { reason: "disk".to_owned() }));
    assert_eq!(judge(&f, &entry()).verdict, Verdict::Approve);
}

#[test]
fn market_status() {
    for status in [MarketStatus::Paused, MarketStatus::Closed] {
        let mut f = floor(&wide());
        f.tick(0, MarketEvent::Changed { market: M, change: MarketChange::Status(status) });
        refused_by(&f, &entry(), Limit::MarketStatus);
    }
    let f = floor(&wide());
    refused_by(&f, &Proposal { market: MarketId(9), ..entry() }, Limit::MarketStatus);
}

#[test]
fn stale_data() {
    // Nothing heard for longer than allowed.
    let mut f = floor(&wide());
    f.wait(0);
    let v = risk::judge(f.state(), f.core.config().unwrap(), f.now().plus_secs(30), &entry());
    assert_eq!(v.verdict, Verdict::Approve);
    let v = risk::judge(f.state(), f.core.config().unwrap(), f.now().plus_secs(31), &entry());
    assert_eq!((v.verdict, failed(&v)), (Verdict::Veto, vec![Limit::StaleData]));
    assert_eq!(check(&v, Limit::StaleData).observed, 31_000);
    // Lost messages, and a feed that is declared silent.
    for scope in [FeedScope::All, FeedScope::Market(M)] {
        let mut f = floor(&wide());
        f.tick(0, MarketEvent::FeedStale { scope });
        refused_by(&f, &entry(), Limit::StaleData);
        f.tick(0, MarketEvent::FeedRestored { scope });
        assert_eq!(judge(&f, &entry()).verdict, Verdict::Approve);
        f.tick(0, MarketEvent::FeedGap { scope, lost: 1 });
        assert_eq!(failed(&judge(&f, &entry())), [Limit::StaleData, Limit::Spread], "there is no spread to trust");
        f.tick(0, book(YES, (49, 1_000), (51, 1_000)));
        assert_eq!(judge(&f, &entry()).verdict, Verdict::Approve);
    }
}

#[test]
fn spread() {
    let mut f = floor(&wide());
    f.tick(0, book(YES, (44, 1_000), (55, 1_000)));
    refused_by(&f, &entry(), Limit::Spread);
    f.tick(0, book(YES, (45, 1_000), (55, 1_000)));
    assert_eq!(judge(&f, &entry()).verdict, Verdict::Approve);
}

#[test]
fn price_band() {
    let f = floor(&wide());
    for (price, allowed) in [(cents(1), 20_000), (cents(99), 980_000)] {
        let p = Proposal { price, cost: price, size: shares(200), ..entry() };
        refused_by(&f, &p, Limit::PriceBand);
        assert_eq!(check(&judge(&f, &p), Limit::PriceBand).allowed, allowed);
    }
}

#[test]
fn tick_grid() {
    let f = floor(&wide());
    refused_by(&f, &Proposal { price: Price(515_000), ..entry() }, Limit::TickGrid);
}

#[test]
fn min_size() {
    let f = floor(&wide());
    // A marketable order needs a dollar, a resting one the venue's own minimum.
    refused_by(&f, &Proposal { size: Size(1_960_000), ..entry() }, Limit::MinSize);
    assert_eq!(judge(&f, &Proposal { size: Size(1_970_000), ..entry() }).verdict, Verdict::Approve);
    let maker = Proposal { style: Style::Maker, cost: cents(49), price: cents(49), ..entry() };
    refused_by(&f, &Proposal { size: Size(4_990_000), ..maker.clone() }, Limit::MinSize);
    assert_eq!(judge(&f, &Proposal { size: shares(5), ..maker }).verdict, Verdict::Approve);
}

#[test]
fn what_is_shrunk_below_the_minimum_is_refused() {
    let mut c = wide();
    c.risk.max_single_trade_usdc = Cash(1_000_000);
    let v = judge(&floor(&c), &entry());
    assert_eq!((v.verdict, failed(&v)), (Verdict::Veto, vec![Limit::SingleTrade, Limit::MinSize]));
}

#[test]
fn min_edge() {
    let f = floor(&wide());
    refused_by(&f, &Proposal { edge: Price(9_999), ..entry() }, Limit::MinEdge);
    assert_eq!(judge(&f, &Proposal { edge: Price(10_000), ..entry() }).verdict, Verdict::Approve);
}

#[test]
fn min_confidence() {
    let mut c = wide();
    c.risk.min_confidence = Prob(600_000);
    let f = floor(&c);
    refused_by(&f, &Proposal { confidence: Confidence::Low, ..entry() }, Limit::MinConfidence);
    assert_eq!(judge(&f, &Proposal { confidence: Confidence::Medium, ..entry() }).verdict, Verdict::Approve);
}

#[test]
fn single_trade() {
    let mut c = wide();
    c.risk.max_single_trade_usdc = dollars(20);
    shrunk_to(&floor(&c), Limit::SingleTrade, dollars(20));
}

#[test]
fn position_size() {
    let mut c = wide();
    c.risk.max_position_size_usdc = dollars(60);
    let mut f = floor(&c);
    f.hold(YES, cents(50), shares(40));
    shrunk_to(&f, Limit::PositionSize, dollars(40));
    // The other outcome counts, and so does what is only ordered.
    let mut f = floor(&c);
    f.hold(NO, cents(50), shares(20));
    f.intend(YES, Side::Buy, cents(50), shares(30));
    shrunk_to(&f, Limit::PositionSize, dollars(35));
    // Nothing is left.
    f.intend(YES, Side::Buy, cents(50), shares(70));
    let v = judge(&f, &entry());
    assert_eq!((v.verdict, failed(&v)), (Verdict::Veto, vec![Limit::PositionSize, Limit::MinSize]));
}

#[test]
fn group_exposure() {
    let mut c = wide();
    c.risk.max_correlation_exposure = Prob(50_000);
    let mut f = floor(&c);
    // Markets 0 and 1 are outcomes of one event, market 2 is not. Five percent of a thousand dollars.
    f.hold(MarketId(2).yes(), cents(49), shares(100));
    f.hold(MarketId(1).yes(), cents(49), shares(40));
    shrunk_to(&f, Limit::GroupExposure, Cash(50_000_000 - 19_600_000));
}

#[test]
fn category_exposure() {
    let mut c = wide();
    c.risk.max_category_exposure = Prob(50_000);
    let mut f = floor(&c);
    f.hold(MarketId(2).yes(), cents(49), shares(100));
    f.hold(MarketId(1).yes(), cents(49), shares(40));
    shrunk_to(&f, Limit::CategoryExposure, Cash(50_000_000 - 19_600_000));
}

#[test]
fn portfolio_exposure() {
    let mut c = wide();
    c.risk.max_portfolio_risk_pct = Cash(10_000_000);
    let mut f = floor(&c);
    f.hold(MarketId(2).yes(), cents(49), shares(100));
    shrunk_to(&f, Limit::PortfolioExposure, Cash(51_000_000));
}

#[test]
fn open_positions() {
    let mut c = wide();
    c.risk.max_open_positions = 2;
    let mut f = floor(&c);
    f.hold(MarketId(1).yes(), cents(49), shares(10));
    assert_eq!(judge(&f, &entry()).verdict, Verdict::Approve);
    f.intend(MarketId(2).yes(), Side::Buy, cents(50), shares(10));
    refused_by(&f, &entry(), Limit::OpenPositions);
    // One that is there already may grow.
    let more =
        Proposal { market: MarketId(1), action: Action { token: MarketId(1).yes(), side: Side::Buy }, ..entry() };
    assert_eq!(judge(&f, &more).verdict, Verdict::Approve);
}

#[test]
fn daily_loss() {
    let mut c = wide();
    c.risk.daily_loss_limit_usdc = dollars(50);
    let mut f = floor(&c);
    f.hold(MarketId(2).yes(), cents(49), shares(100));
    f.tick(0, book(MarketId(2).yes(), (29, 1_000), (31, 1_000)));
    // Twenty are lost: with the whole of the order, no more than thirty may follow.
    shrunk_to(&f, Limit::DailyLoss, dollars(30));
}

#[test]
fn what_cannot_be_seen_counts_as_lost() {
    let mut c = wide();
    c.risk.daily_loss_limit_usdc = dollars(50);
    let mut f = floor(&c);
    f.hold(MarketId(2).yes(), cents(49), shares(40));
    f.tick(0, MarketEvent::FeedGap { scope: FeedScope::Market(MarketId(2)), lost: 1 });
    shrunk_to(&f, Limit::DailyLoss, Cash(50_000_000 - 19_600_000));
    assert_eq!(f.state().equity.daily_loss(), Cash::ZERO, "but it throws no switch");
}

#[test]
fn drawdown() {
    let mut c = wide();
    c.risk.max_drawdown_pct = Cash(2_000_000);
    // The switch is thrown at the limit, the gate refuses beyond it: look at the gate alone.
    c.risk.kill_level_on_limit = KillLevel::Off;
    let mut f = floor(&c);
    f.hold(MarketId(2).yes(), cents(49), shares(100));
    f.tick(0, book(MarketId(2).yes(), (29, 1_000), (31, 1_000)));
    assert_eq!(judge(&f, &entry()).verdict, Verdict::Approve, "two percent exactly");
    f.tick(0, book(MarketId(2).yes(), (28, 1_000), (31, 1_000)));
    refused_by(&f, &entry(), Limit::Drawdown);
}

#[test]
fn order_rate() {
    let mut c = wide();
    c.risk.max_orders_per_minute = 3;
    let mut f = floor(&c);
    for _ in 0..3 {
        let order = f.intend(MarketId(1).yes(), Side::Buy, cents(40), shares(5));
        f.cancelled(order);
    }
    refused_by(&f, &entry(), Limit::OrderRate);
    let v = risk::judge(f.state(), f.core.config().unwrap(), f.now().plus_secs(60), &entry());
    assert!(check(&v, Limit::OrderRate).pass, "a minute later");
}

#[test]
fn turnover() {
    let mut c = wide();
    c.risk.max_turnover_usdc = dollars(80);
    let mut f = floor(&c);
    let order = f.intend(MarketId(1).yes(), Side::Buy, cents(50), shares(100));
    f.cancelled(order);
    shrunk_to(&f, Limit::Turnover, dollars(30));
}

#[test]
fn fee_drag() {
    let mut c = wide();
    c.risk.max_fees_usdc = Cash(499_999);
    let mut f = floor(&c);
    let order = f.intend(MarketId(1).yes(), Side::Buy, cents(50), shares(10));
    let fill = schemas::event::FillBooked {
        order,
        trade: schemas::event::TradeKey(1),
        token: MarketId(1).yes(),
        side: Side::Buy,
        price: cents(50),
        size: shares(10),
        fee: Cash(500_000),
        liquidity: schemas::event::Liquidity::Taker,
    };
    f.tell(Event::Order(OrderEvent::FillBooked(Box::new(fill))));
    refused_by(&f, &entry(), Limit::FeeDrag);
}

#[test]
fn balance() {
    let mut c = wide();
    c.paper.starting_cash_usdc = dollars(60);
    let mut f = floor(&c);
    f.intend(MarketId(2).yes(), Side::Buy, cents(50), shares(40));
    let v = judge(&f, &entry());
    // Twenty of sixty dollars are reserved; exposure of all that there is allows no more either.
    assert_eq!(failed(&v), [Limit::PortfolioExposure, Limit::Balance]);
    assert_eq!(v.verdict, Verdict::Shrink);
    assert!(v.worst_case_loss <= dollars(40) && v.worst_case_loss.0 > 39_980_000);
    assert_eq!(check(&v, Limit::Balance).allowed, 60_000_000);
}

#[test]
fn unknown_orders() {
    let mut f = floor(&wide());
    let order = f.intend(YES, Side::Buy, cents(40), shares(5));
    assert_eq!(judge(&f, &entry()).verdict, Verdict::Approve);
    f.lose(order);
    refused_by(&f, &entry(), Limit::UnknownOrders);
    let elsewhere =
        Proposal { market: MarketId(1), action: Action { token: MarketId(1).yes(), side: Side::Buy }, ..entry() };
    assert_eq!(judge(&f, &elsewhere).verdict, Verdict::Approve);
    f.accept(order);
    assert_eq!(judge(&f, &entry()).verdict, Verdict::Approve);
}

#[test]
fn model_budget() {
    let mut c = wide();
    c.costs.daily_llm_budget = dollars(1);
    let mut f = floor(&c);
    let reply = |cost_pico| {
        Event::Model(ModelEvent::Replied(Box::new(ModelReplied {
            call: 1,
            status: 200,
            body: Vec::new(),
            served_model: String::new(),
            usage: TokenUsage::default(),
            cost_pico,
            latency_ms: 1,
        })))
    };
    f.tell(reply(1_000_000_000_000));
    assert_eq!(judge(&f, &entry()).verdict, Verdict::Approve);
    f.tell(reply(1));
    refused_by(&f, &entry(), Limit::ModelBudget);
    let alert = ModelEvent::BudgetAlert { period: BudgetPeriod::Day, spent: dollars(1), budget: dollars(1) };
    f.tell(Event::Model(alert));
}

#[test]
fn time_to_resolution() {
    let mut c = wide();
    c.risk.min_minutes_to_end = 10;
    let mut f = floor(&c);
    let mut ending = listing(MarketId(3), 0);
    ending.ends = f.now().plus_secs(600);
    f.tick(0, MarketEvent::Listed(Box::new(ending)));
    f.tick(0, book(MarketId(3).yes(), (49, 1_000), (51, 1_000)));
    let p = Proposal { market: MarketId(3), action: Action { token: MarketId(3).yes(), side: Side::Buy }, ..entry() };
    assert_eq!(judge(&f, &p).verdict, Verdict::Approve);
    f.tick(1, quote(YES, 49, 51));
    refused_by(&f, &p, Limit::TimeToResolution);
    assert_eq!(judge(&f, &entry()).verdict, Verdict::Approve, "an end that nobody stated is far away");
}

/// A sale of what is held, at the bid.
fn exit(token: TokenId, size: Size) -> Proposal {
    let purpose = Purpose::Exit(schemas::event::ExitReason::Stop);
    Proposal { action: Action { token, side: Side::Sell }, purpose, price: cents(47), size, edge: Price(-1), ..entry() }
}

#[test]
fn what_gives_up_risk_passes_what_guards_against_new_risk() {
    let mut c = wide();
    c.risk.max_drawdown_pct = Cash(100);
    c.exit.stop_loss_pct = Prob::ONE;
    c.risk.daily_loss_limit_usdc = Cash(1);
    c.risk.kill_level_on_limit = KillLevel::NoNewRisk;
    let mut f = floor(&c);
    f.hold(YES, cents(50), shares(10));
    f.tick(0, book(YES, (20, 1_000), (51, 1_000)));
    assert_eq!(f.state().kill.level, KillLevel::NoNewRisk);
    f.tick(0, MarketEvent::FeedStale { scope: FeedScope::All });
    let v = judge(&f, &exit(YES, shares(10)));
    assert_eq!((v.verdict, v.size, v.worst_case_loss), (Verdict::Approve, shares(10), Cash::ZERO), "{v:?}");
}

#[test]
fn a_sale_is_never_more_than_what_is_held_and_free() {
    let mut f = floor(&wide());
    f.hold(YES, cents(50), Size(10_005_000));
    let v = judge(&f, &exit(YES, shares(12)));
    assert_eq!((v.verdict, v.size), (Verdict::Shrink, shares(10)), "on the venue's grid");
    f.intend(YES, Side::Sell, cents(60), shares(4));
    assert_eq!(judge(&f, &exit(YES, shares(10))).size, shares(6));
    f.intend(YES, Side::Sell, cents(60), shares(6));
    refused_by(&f, &exit(YES, shares(10)), Limit::MinSize);
}

#[test]
fn entries_never_use_up_the_room_to_get_out() {
    let mut c = wide();
    c.risk.max_orders_per_minute = 2;
    let mut f = floor(&c);
    f.hold(YES, cents(50), shares(10));
    let mut send = |n| {
        for _ in 0..n {
            let order = f.intend(MarketId(1).yes(), Side::Buy, cents(40), shares(5));
            f.cancelled(order);
        }
        f.clone()
    };
    let full = send(4);
    assert_eq!(failed(&judge(&full, &entry())), [Limit::OrderRate]);
    assert_eq!(judge(&full, &exit(YES, shares(10))).verdict, Verdict::Approve, "the sixth order of a minute");
    refused_by(&send(1), &exit(YES, shares(10)), Limit::OrderRate);
}

#[test]
fn exits_are_refused_where_no_order_may_go() {
    let mut f = floor(&wide());
    f.hold(YES, cents(50), shares(10));
    f.kill(KillLevel::CancelAll);
    refused_by(&f, &exit(YES, shares(10)), Limit::KillSwitch);
    f.kill(KillLevel::Off);
    refused_by(&f, &Proposal { price: Price(475_000), ..exit(YES, shares(10)) }, Limit::TickGrid);
    let order = f.intend(YES, Side::Buy, cents(40), shares(5));
    f.lose(order);
    refused_by(&f, &exit(YES, shares(10)), Limit::UnknownOrders);
    f.accept(order);
    f.tick(0, MarketEvent::Changed { market: M, change: MarketChange::Status(MarketStatus::Paused) });
    refused_by(&f, &exit(YES, shares(10)), Limit::MarketStatus);
}
