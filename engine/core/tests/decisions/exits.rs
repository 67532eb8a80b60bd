//! Giving up positions: target, stop, time, an edge that is gone, and the switch; each once, and of the right outcome.

use super::floor::Floor;
use super::market::{M, NO, YES, book, cents, listed, shares};
use super::settings::{eager, watchful};
use engine_core::Config;
use schemas::event::{
    CancelReason, ExitReason, FeedScope, KillLevel, MarketChange, MarketEvent, MarketStatus, NoDecisionReason,
    OrderEvent, Style, TimeInForce, Verdict,
};
use schemas::{Event, MarketId, Price, Prob, Side, Size};

/// A hundred shares of YES at 50 cents, bid at 49. The target is 57.5, the stop 45.
fn holding(config: &Config) -> Floor {
    let mut f = Floor::scripted(config);
    f.tick(1, listed(M, 0));
    f.tick(0, book(YES, (49, 1_000), (51, 1_000)));
    f.hold(YES, cents(50), shares(100));
    f
}

fn at_bid(bid: i64) -> MarketEvent {
    book(YES, (bid, 1_000), (bid + 2, 1_000))
}

#[test]
fn the_target() {
    let mut f = holding(&watchful());
    let mark = f.mark();
    f.tick(1, at_bid(57));
    assert_eq!(f.exits(mark), []);
    f.tick(1, at_bid(58));
    assert_eq!(f.exits(mark), [(YES, ExitReason::Target, shares(100))]);
    let plan = f.intents(mark)[0].plan;
    assert_eq!((plan.action.side, plan.tif, plan.style), (Side::Sell, TimeInForce::Fak, Style::Taker));
    assert_eq!(plan.price, cents(56), "two ticks below the bid");
    assert_eq!(f.intents(mark)[0].worst_case_loss.0, 0);
}

#[test]
fn the_stop() {
    let mut f = holding(&watchful());
    let mark = f.mark();
    f.tick(1, at_bid(46));
    assert_eq!(f.exits(mark), []);
    f.tick(1, at_bid(45));
    assert_eq!(f.exits(mark), [(YES, ExitReason::Stop, shares(100))]);
}

#[test]
fn bounds_are_measured_from_the_cost_with_its_fees() {
    let mut f = Floor::open(&{
        let mut c = eager();
        c.risk.max_single_trade_usdc = schemas::Cash(5_000_000);
        c.execution.allow_maker = false;
        c
    });
    f.tick(1, listed(M, 20_000));
    f.tick(1, book(YES, (49, 10_000), (51, 100)));
    let plan = f.intents(0)[0].plan;
    f.wait(1);
    let average = f.state().positions.get(YES).unwrap().average_cost();
    assert!(average >= Price(514_990), "{average}");
    assert_eq!((plan.target, plan.stop), (Price(592_250), Price(463_500)), "15 % above and 10 % below 51.5 cents");
}

#[test]
fn time_runs_out_without_a_tick() {
    let mut c = watchful();
    c.exit.max_hold_hours = 2;
    let mut f = holding(&c);
    let mark = f.mark();
    f.wait(2 * 3_600 - 1);
    assert_eq!(f.exits(mark), []);
    f.wait(1);
    f.until(f.now().plus(3_600 * 2 * 1_000_000_000));
    assert_eq!(f.exits(mark), [(YES, ExitReason::Time, shares(100))]);
    assert_eq!(f.kinds(mark)[0], "timer_fired");
}

#[test]
fn the_edge_is_gone() {
    let mut c = eager();
    // Far bounds: only the view speaks.
    c.exit.profit_target_pct = Prob::ONE;
    c.exit.stop_loss_pct = Prob::ONE;
    let mut f = holding(&c);
    let mark = f.mark();
    f.tick(20, book(YES, (49, 1_000), (51, 1_000)));
    assert_eq!(f.refusals(mark), [NoDecisionReason::AlreadyIn], "worth as much as it brings");
    // Everyone sells: a share is worth less than the bid pays, by more than half a cent.
    f.tick(20, book(YES, (49, 100), (50, 2_000)));
    assert_eq!(f.exits(mark), [(YES, ExitReason::EdgeGone, shares(100))]);
    let p = f.proposals(mark).pop().unwrap();
    assert!(p.edge.0 >= 5_000, "a sale brings {} more than holding is worth", p.edge);
}

#[test]
fn there_is_never_a_second_sale_beside_the_first() {
    let mut f = holding(&watchful());
    let mark = f.mark();
    for _ in 0..20 {
        f.tick(1, at_bid(40));
    }
    assert_eq!(f.exits(mark).len(), 1, "its answer has not come");
    let sale = f.intents(mark)[0].order;
    f.accept(sale);
    f.fill(sale, shares(30));
    f.tick(20, at_bid(40));
    assert_eq!(f.exits(mark).len(), 1, "the rest of it may still fill");
    f.cancelled(sale);
    f.tick(5, at_bid(40));
    assert_eq!(f.exits(mark).len(), 1, "too soon for another try");
    f.tick(5, at_bid(40));
    assert_eq!(f.exits(mark)[1..], [(YES, ExitReason::Stop, shares(70))]);
}

#[test]
fn a_sale_of_unknown_fate_blocks_another() {
    let mut f = holding(&watchful());
    let mark = f.mark();
    f.tick(1, at_bid(40));
    let sale = f.intents(mark)[0].order;
    f.lose(sale);
    for _ in 0..5 {
        f.tick(15, at_bid(40));
    }
    assert_eq!(f.exits(mark).len(), 1);
    f.tell(Event::Order(OrderEvent::Rejected { order: sale, reason: "no".to_owned() }));
    f.tick(15, at_bid(40));
    assert_eq!(f.exits(mark).len(), 2);
}

#[test]
fn a_sale_that_the_gate_refused_is_not_proposed_at_every_tick() {
    let mut f = holding(&watchful());
    let entry = f.intend(YES, Side::Buy, cents(40), shares(10));
    f.lose(entry);
    let mark = f.mark();
    for _ in 0..10 {
        f.tick(1, at_bid(40));
    }
    assert_eq!(f.verdicts(mark).iter().map(|v| v.verdict).collect::<Vec<_>>(), [Verdict::Veto]);
    f.accept(entry);
    f.tick(1, at_bid(40));
    assert_eq!(f.exits(mark).len(), 1);
}

#[test]
fn what_still_buys_is_cancelled_before_a_sale() {
    let mut f = holding(&watchful());
    let entry = f.intend(YES, Side::Buy, cents(40), shares(10));
    let elsewhere = f.intend(MarketId(3).yes(), Side::Buy, cents(40), shares(10));
    let mark = f.mark();
    f.tick(1, at_bid(45));
    assert_eq!(f.cancels(mark), [(entry, CancelReason::Replaced)]);
    let kinds = f.kinds(mark);
    let place = |kind| kinds.iter().position(|k| *k == kind).unwrap();
    assert!(place("cancel_intended") < place("order_intended"));
    assert!(!f.order(elsewhere).cancelling);
}

#[test]
fn of_two_outcomes_held_the_right_one_is_sold() {
    let mut f = holding(&watchful());
    f.tick(0, book(NO, (49, 1_000), (51, 1_000)));
    f.hold(NO, cents(50), shares(40));
    let mark = f.mark();
    f.tick(1, book(NO, (44, 1_000), (46, 1_000)));
    assert_eq!(f.exits(mark), [(NO, ExitReason::Stop, shares(40))], "YES has no reason to go");
    f.tick(1, at_bid(60));
    assert_eq!(f.exits(mark)[1..], [(YES, ExitReason::Target, shares(100))]);
}

#[test]
fn two_outcomes_that_are_due_together_go_together() {
    let mut c = watchful();
    c.exit.max_hold_hours = 1;
    let mut f = holding(&c);
    f.tick(0, book(NO, (49, 1_000), (51, 1_000)));
    f.hold(NO, cents(50), shares(40));
    let mark = f.mark();
    f.until(f.now().plus(3_600 * 1_000_000_000));
    assert_eq!(f.exits(mark), [(YES, ExitReason::Time, shares(100)), (NO, ExitReason::Time, shares(40))]);
    assert_eq!(f.refusals(mark), [], "no cycle was started in vain");
}

#[test]
fn nothing_is_sold_on_prices_that_cannot_be_trusted() {
    let spoil: [fn(&mut Floor); 4] = [
        |f| f.tick(0, MarketEvent::FeedStale { scope: FeedScope::Market(M) }),
        |f| f.tick(0, MarketEvent::FeedStale { scope: FeedScope::All }),
        |f| f.tick(0, MarketEvent::Changed { market: M, change: MarketChange::Status(MarketStatus::Paused) }),
        |f| f.kill(KillLevel::CancelAll),
    ];
    for (n, spoil) in spoil.into_iter().enumerate() {
        let mut f = holding(&watchful());
        spoil(&mut f);
        let mark = f.mark();
        f.tick(1, at_bid(40));
        assert_eq!(f.exits(mark), [], "case {n}");
    }
    let mut f = holding(&watchful());
    let mark = f.mark();
    f.tick(1, book(YES, (0, 0), (51, 1_000)));
    f.tick(1, book(YES, (45, 1_000), (40, 1_000)));
    assert_eq!(f.exits(mark), [], "no bid, and a crossed book");
}

#[test]
fn dust_is_left_alone() {
    let mut f = Floor::scripted(&watchful());
    f.tick(1, listed(M, 0));
    f.tick(0, book(YES, (49, 1_000), (51, 1_000)));
    f.hold(YES, cents(50), Size(9_999));
    let mark = f.mark();
    f.tick(1, at_bid(40));
    assert_eq!(f.exits(mark), []);
    f.hold(YES, cents(50), Size(15_000));
    f.tick(1, at_bid(40));
    assert_eq!(f.exits(mark), [(YES, ExitReason::Stop, Size(20_000))], "what fits the venue's grid");
}

#[test]
fn no_sale_goes_below_one_tick() {
    let mut f = Floor::scripted(&watchful());
    f.tick(1, listed(M, 0));
    f.tick(0, book(YES, (49, 1_000), (51, 1_000)));
    f.hold(YES, cents(50), shares(10));
    f.tick(1, book(YES, (1, 1_000), (2, 1_000)));
    assert_eq!(f.intents(0)[0].plan.price, cents(1));
}

#[test]
fn the_whole_way_through_the_exchange() {
    let mut c = eager();
    c.execution.allow_maker = false;
    let mut f = Floor::open(&c);
    f.tick(1, listed(M, 20_000));
    f.tick(1, book(YES, (49, 10_000), (51, 100)));
    f.wait(5);
    let held = f.state().positions.held(YES);
    assert!(held.0 > 0);
    let mark = f.mark();
    f.tick(1, book(YES, (62, 1_000), (64, 1_000)));
    f.wait(5);
    // Sales are in hundredths of a share: less than one of them may stay.
    let sold = Size(held.0 / 10_000 * 10_000);
    assert_eq!(f.exits(mark), [(YES, ExitReason::Target, sold)]);
    assert_eq!(f.state().positions.held(YES), held.less(sold));
    assert!(f.state().positions.realized.0 > 0);
    f.assert_agrees_with_the_exchange();
}

#[test]
fn a_holding_whose_time_ends_with_another_timer_is_not_forgotten() {
    let mut c = eager();
    c.exit.max_hold_hours = 1;
    c.execution.order_ttl_seconds = 3_600;
    let mut f = Floor::open(&c);
    f.tick(1, listed(M, 0));
    f.tick(0, listed(MarketId(1), 20_000));
    // One is bought and one rests, in the same moment: the first is held for an hour, the second expires after one.
    f.tick(1, book(YES, (49, 10_000), (51, 100)));
    f.tick(0, book(MarketId(1).yes(), (46, 1_000), (55, 100)));
    f.wait(0);
    assert!(f.state().positions.held(YES).0 > 0);
    assert_eq!(f.state().orders.open().count(), 1);
    let mark = f.mark();
    f.wait(3_600);
    assert!(f.kinds(mark).contains(&"order_expired"));
    assert_eq!(f.exits(mark).iter().map(|e| (e.0, e.1)).collect::<Vec<_>>(), [(YES, ExitReason::Time)]);
}
