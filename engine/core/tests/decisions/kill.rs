//! The kill switch: who throws it, what each level does, that it holds over restarts, and how it is let go.

use super::floor::{Floor, run_started};
use super::market::{M, NO, YES, book, cents, dollars, listed, quote, shares};
use super::settings::{eager, watchful};
use engine_core::Config;
use schemas::event::{
    AccountEvent, CancelReason, ExitReason, FeedScope, KillLevel, KillSource, MarketEvent, Mode, MoveKind,
    OperatorCommand, OrderEvent, SystemEvent,
};
use schemas::{Cash, Event, MarketId, OrderId, Price, Side, Size, UtcNanos};

/// Three markets at 49 to 51.
fn floor(config: &Config) -> Floor {
    let mut f = Floor::scripted(config);
    for m in 0..3 {
        f.tick(0, listed(MarketId(m), 0));
        f.tick(0, book(MarketId(m).yes(), (49, 1_000), (51, 1_000)));
    }
    f
}

/// Held in two markets, an entry and a sale open.
fn busy() -> (Floor, OrderId, OrderId) {
    let mut f = floor(&watchful());
    f.hold(YES, cents(50), shares(20));
    f.hold(MarketId(1).no(), cents(50), shares(30));
    let entry = f.intend(MarketId(2).yes(), Side::Buy, cents(40), shares(10));
    let sale = f.intend(YES, Side::Sell, cents(60), shares(5));
    f.accept(entry);
    f.accept(sale);
    (f, entry, sale)
}

#[test]
fn no_new_risk_cancels_entries_and_lets_exits_go() {
    let (mut f, entry, sale) = busy();
    let mark = f.mark();
    f.kill(KillLevel::NoNewRisk);
    assert_eq!(f.cancels(mark), [(entry, CancelReason::Kill)]);
    assert!(!f.order(sale).cancelling);
    f.tick(1, book(MarketId(1).yes(), (59, 1_000), (61, 1_000)));
    assert_eq!(f.exits(mark), [(MarketId(1).no(), ExitReason::Stop, shares(30))]);
}

#[test]
fn cancel_all_cancels_everything_also_what_is_accepted_later() {
    let (mut f, entry, sale) = busy();
    let under_way = f.intend(MarketId(2).no(), Side::Buy, cents(40), shares(10));
    let mark = f.mark();
    f.kill(KillLevel::CancelAll);
    let all = [entry, sale, under_way].map(|o| (o, CancelReason::Kill));
    assert_eq!(f.cancels(mark), all);
    // A cancel is out for it already.
    f.accept(under_way);
    assert_eq!(f.cancels(mark), all);
    f.tick(1, book(MarketId(1).yes(), (59, 1_000), (61, 1_000)));
    assert_eq!(f.exits(mark), [], "nothing may cross either");
    // One that nobody cancelled yet.
    let late = f.intend(MarketId(2).no(), Side::Buy, cents(40), shares(10));
    f.accept(late);
    assert_eq!(f.cancels(mark)[3..], [(late, CancelReason::Kill)]);
}

#[test]
fn an_order_that_had_to_be_sent_again_is_cancelled_again() {
    for level in [KillLevel::NoNewRisk, KillLevel::CancelAll] {
        let mut f = floor(&watchful());
        let order = f.intend(YES, Side::Buy, cents(40), shares(10));
        f.lose(order);
        f.kill(level);
        f.wait(10);
        assert_eq!(f.resends(0), [(order, 2)]);
        let mark = f.mark();
        // The first cancel found nothing; the second bytes brought the order to the book.
        f.accept(order);
        assert_eq!(f.cancels(mark).len(), 1, "at {level:?}");
    }
}

#[test]
fn flatten_closes_everything_in_one_step() {
    let (mut f, entry, sale) = busy();
    f.cancelled(sale);
    let mark = f.mark();
    f.tell(Event::System(SystemEvent::OperatorCommand {
        who: "operator".to_owned(),
        command: OperatorCommand::Kill(KillLevel::Flatten),
    }));
    assert_eq!(f.cancels(mark), [(entry, CancelReason::Kill)]);
    // The sale that was cancelled is too recent for another try of the same token.
    assert_eq!(f.exits(mark), [(MarketId(1).no(), ExitReason::Flatten, shares(30))]);
    f.tick(10, quote(YES, 49, 51));
    assert_eq!(f.exits(mark)[1..], [(YES, ExitReason::Flatten, shares(20))]);
}

#[test]
fn numbers_never_repeat_when_several_cycles_start_in_one_step() {
    let mut f = floor(&watchful());
    for m in 0..3 {
        f.hold(MarketId(m).yes(), cents(50), shares(20));
        f.hold(MarketId(m).no(), cents(50), shares(10));
    }
    let mark = f.mark();
    f.kill(KillLevel::Flatten);
    let intents = f.intents(mark);
    assert_eq!(intents.len(), 6);
    let first = intents[0].order.0;
    assert_eq!(intents.iter().map(|i| i.order.0).collect::<Vec<_>>(), (first..first + 6).collect::<Vec<_>>());
    let mut hashes: Vec<_> = intents.iter().map(|i| i.hash).collect();
    hashes.sort();
    hashes.dedup();
    assert_eq!(hashes.len(), 6);
    let cycles: Vec<u32> =
        f.log[mark..].iter().filter(|e| e.event.kind().name() == "cycle_started").map(|e| e.cycle.unwrap().0).collect();
    assert_eq!(cycles, (cycles[0]..cycles[0] + 6).collect::<Vec<_>>());
    // Each chain is complete before the next begins.
    let order: Vec<u32> = f.log[mark..].iter().filter_map(|e| e.cycle).map(|c| c.0).collect();
    assert!(order.is_sorted(), "{order:?}");
    let mut sold: Vec<_> = f.exits(mark).iter().map(|(t, ..)| t.0).collect();
    sold.sort_unstable();
    assert_eq!(sold, [0, 1, 2, 3, 4, 5]);
}

#[test]
fn it_is_latched() {
    let mut f = Floor::open(&eager());
    f.tick(1, listed(M, 0));
    f.kill(KillLevel::NoNewRisk);
    let mut f = Floor::restart(&f.log);
    f.tell(run_started(&eager(), Mode::Paper));
    assert_eq!((f.state().kill.level, f.state().kill.source), (KillLevel::NoNewRisk, Some(KillSource::Operator)));
    let mark = f.mark();
    f.tick(1, book(YES, (49, 10_000), (51, 100)));
    assert!(f.intents(mark).is_empty() && !f.kinds(mark).contains(&"cycle_started"));
    f.kill(KillLevel::Off);
    f.tick(1, book(YES, (49, 10_000), (51, 100)));
    assert_eq!(f.intents(mark).len(), 1);
}

#[test]
fn a_daily_loss_throws_it() {
    let mut c = watchful();
    c.risk.daily_loss_limit_usdc = dollars(5);
    let mut f = floor(&c);
    f.hold(YES, cents(50), shares(100));
    let entry = f.intend(MarketId(2).yes(), Side::Buy, cents(40), shares(10));
    let mark = f.mark();
    f.tick(1, book(YES, (46, 1_000), (51, 1_000)));
    assert_eq!(f.state().kill.level, KillLevel::Off, "four dollars");
    f.tick(1, book(YES, (45, 1_000), (51, 1_000)));
    assert_eq!((f.state().kill.level, f.state().kill.source), (KillLevel::CancelAll, Some(KillSource::DailyLoss)));
    assert_eq!(f.cancels(mark), [(entry, CancelReason::Kill)]);
    assert_eq!(f.exits(mark), [], "the stop was reached too, but at this level nothing is sent");
    f.tick(1, book(YES, (40, 1_000), (51, 1_000)));
    assert_eq!(f.state().kill.trips, 1, "once is enough");
}

#[test]
fn a_new_day_does_not_let_it_go() {
    let mut c = watchful();
    c.risk.daily_loss_limit_usdc = dollars(5);
    let mut f = floor(&c);
    f.hold(YES, cents(50), shares(100));
    f.tick(1, book(YES, (40, 1_000), (51, 1_000)));
    f.tick(86_400, book(YES, (49, 1_000), (51, 1_000)));
    assert_eq!(f.state().equity.daily_loss(), Cash::ZERO);
    assert_eq!(f.state().kill.level, KillLevel::CancelAll);
}

#[test]
fn a_drawdown_throws_it_over_several_days() {
    let mut c = watchful();
    c.risk.max_drawdown_pct = Cash(2_000_000);
    c.exit.max_hold_hours = 1_000;
    c.risk.kill_level_on_limit = KillLevel::Flatten;
    c.exit.stop_loss_pct = schemas::Prob::ONE;
    let mut f = floor(&c);
    f.hold(YES, cents(49), shares(100));
    for bid in [43, 36, 30] {
        f.tick(86_400, book(YES, (bid, 1_000), (51, 1_000)));
        assert_eq!(f.state().kill.level, KillLevel::Off, "{bid}");
    }
    let mark = f.mark();
    f.tick(86_400, book(YES, (29, 1_000), (51, 1_000)));
    assert_eq!((f.state().kill.level, f.state().kill.source), (KillLevel::Flatten, Some(KillSource::Drawdown)));
    assert_eq!(f.exits(mark), [(YES, ExitReason::Flatten, shares(100))]);
}

#[test]
fn a_loss_that_a_fill_makes_throws_it_too() {
    let mut c = watchful();
    c.risk.daily_loss_limit_usdc = dollars(5);
    let mut f = floor(&c);
    f.hold(YES, cents(49), shares(100));
    let sale = f.intend(YES, Side::Sell, cents(44), shares(100));
    f.fill(sale, shares(100));
    assert_eq!(f.state().kill.source, Some(KillSource::DailyLoss));
}

#[test]
fn a_settlement_for_nothing_throws_it_too() {
    let mut c = watchful();
    c.risk.daily_loss_limit_usdc = dollars(5);
    let mut f = floor(&c);
    f.hold(YES, cents(49), shares(20));
    f.tick(1, super::market::resolved(M, schemas::event::Resolution::No));
    assert_eq!(f.state().kill.level, KillLevel::Off);
    let (size, payout, cash) = (shares(20), schemas::Price::ZERO, Cash::ZERO);
    let settled = schemas::event::PositionSettled { token: YES, size, payout, cash };
    let mark = f.mark();
    f.tell(Event::Order(OrderEvent::PositionSettled(Box::new(settled))));
    assert_eq!(f.kinds(mark), ["position_settled", "reflection", "kill_switch"]);
    assert_eq!(f.state().kill.source, Some(KillSource::DailyLoss));
}

/// The gate leaves room for no more than what may be lost, so one entry cannot throw it.
#[test]
fn an_entry_cannot_lose_more_than_the_day_allows() {
    let mut c = eager();
    c.risk.daily_loss_limit_usdc = dollars(5);
    c.execution.allow_maker = false;
    let mut f = Floor::open(&c);
    f.tick(1, listed(M, 0));
    f.tick(1, book(YES, (49, 10_000), (51, 100)));
    f.wait(5);
    f.tick(1, super::market::resolved(M, schemas::event::Resolution::No));
    f.wait(5);
    assert!(f.kinds(0).contains(&"position_settled"));
    let lost = f.state().equity.daily_loss();
    assert!(lost.0 > 4_900_000 && lost < dollars(5), "{lost}");
    assert_eq!(f.state().kill.level, KillLevel::Off);
    f.assert_agrees_with_the_exchange();
}

#[test]
fn a_release_measures_from_now_on() {
    let mut c = watchful();
    c.risk.daily_loss_limit_usdc = dollars(5);
    c.exit.stop_loss_pct = schemas::Prob::ONE;
    let mut f = floor(&c);
    f.hold(YES, cents(49), shares(100));
    f.tick(1, book(YES, (43, 1_000), (51, 1_000)));
    assert_eq!(f.state().kill.level, KillLevel::CancelAll);
    f.kill(KillLevel::Off);
    assert_eq!((f.state().kill.level, f.state().equity.daily_loss()), (KillLevel::Off, Cash::ZERO));
    f.tick(1, book(YES, (42, 1_000), (51, 1_000)));
    assert_eq!(f.state().kill.level, KillLevel::Off, "the loss it was released from does not throw it again");
    f.tick(1, book(YES, (38, 1_000), (51, 1_000)));
    assert_eq!((f.state().kill.level, f.state().kill.trips), (KillLevel::CancelAll, 2), "five more do");
}

#[test]
fn a_feed_that_breaks_does_not_throw_it() {
    let mut c = watchful();
    c.risk.daily_loss_limit_usdc = dollars(5);
    let mut f = floor(&c);
    f.hold(YES, cents(50), shares(100));
    f.tick(1, MarketEvent::FeedStale { scope: FeedScope::All });
    f.tick(1, MarketEvent::FeedGap { scope: FeedScope::All, lost: 0 });
    f.tick(1, book(YES, (0, 0), (0, 0)));
    f.tick(1, book(YES, (45, 10), (40, 10)));
    f.tick(1, book(NO, (0, 0), (51, 10)));
    assert_eq!((f.state().kill.level, f.state().equity.daily_loss().0 < 5_000_000), (KillLevel::Off, true));
    // When it can be trusted again, what it says counts at once.
    f.tick(1, book(YES, (40, 10), (51, 10)));
    assert_eq!(f.state().kill.level, KillLevel::Off);
    f.tick(1, MarketEvent::FeedRestored { scope: FeedScope::All });
    assert_eq!(f.state().kill.level, KillLevel::CancelAll);
}

#[test]
fn books_that_differ_from_the_venue_stop_new_risk() {
    let mut f = floor(&watchful());
    let mismatch = AccountEvent::ReconcileMismatch { what: "cash".to_owned(), expected: 1, observed: 2 };
    f.tell(Event::Account(mismatch.clone()));
    assert_eq!((f.state().kill.level, f.state().kill.source), (KillLevel::NoNewRisk, Some(KillSource::Reconcile)));
    assert!(f.state().kill.mismatch);
    f.kill(KillLevel::Flatten);
    f.tell(Event::Account(mismatch));
    assert_eq!(f.state().kill.level, KillLevel::Flatten, "it is not lowered");
    f.kill(KillLevel::Off);
    assert!(!f.state().kill.mismatch);
}

fn moved(amount: Cash) -> Event {
    let kind = if amount < Cash::ZERO { MoveKind::Withdrawal } else { MoveKind::Deposit };
    Event::Account(AccountEvent::CashMoved { amount, kind, who: "operator".to_owned(), note: String::new() })
}

#[test]
fn a_withdrawal_throws_no_limit_and_a_deposit_hides_none() {
    let mut c = watchful();
    c.paper.starting_cash_usdc = dollars(100);
    c.risk.daily_loss_limit_usdc = dollars(8);
    c.risk.max_drawdown_pct = Cash(7_000_000);
    c.exit.stop_loss_pct = schemas::Prob::ONE;
    let mut f = floor(&c);
    f.hold(YES, cents(50), shares(100));
    f.tick(1, book(YES, (45, 1_000), (51, 1_000)));
    assert_eq!((f.state().equity.now, f.state().kill.level), (dollars(95), KillLevel::Off));
    // Far more than the limits, up to all cash that there is.
    for amount in [dollars(-30), dollars(-20), dollars(1_000), dollars(-1_000)] {
        f.tell(moved(amount));
        f.tick(1, book(YES, (45, 1_000), (51, 1_000)));
        assert_eq!(f.state().kill.level, KillLevel::Off);
        assert_eq!(f.state().equity.daily_loss(), dollars(5));
    }
    assert_eq!((f.state().equity.now, f.state().health.anomalies), (dollars(45), 0));
    f.tell(moved(dollars(1_000)));
    f.tick(1, book(YES, (42, 1_000), (51, 1_000)));
    assert_eq!(f.state().kill.source, Some(KillSource::DailyLoss), "eight dollars are eight dollars");
}

#[test]
fn a_run_can_start_with_it_thrown() {
    let mut c = eager();
    c.risk.kill_switch = true;
    let f = Floor::open(&c);
    assert_eq!(f.state().kill.level, KillLevel::NoNewRisk);
}

#[test]
fn the_operator_cancels_all_without_the_switch() {
    let (mut f, entry, sale) = busy();
    let mark = f.mark();
    let command = OperatorCommand::CancelAll;
    f.tell(Event::System(SystemEvent::OperatorCommand { who: "operator".to_owned(), command }));
    assert_eq!(f.cancels(mark), [entry, sale].map(|o| (o, CancelReason::Operator)));
    assert_eq!(f.state().kill.level, KillLevel::Off);
}

fn command(f: &mut Floor, command: OperatorCommand) {
    f.tell(Event::System(SystemEvent::OperatorCommand { who: "operator".to_owned(), command }));
}

#[test]
fn the_operator_cancels_one_market() {
    let (mut f, entry, sale) = busy();
    let mark = f.mark();
    command(&mut f, OperatorCommand::CancelMarket(M));
    assert_eq!(f.cancels(mark), [(sale, CancelReason::Operator)]);
    command(&mut f, OperatorCommand::CancelMarket(M));
    assert_eq!(f.cancels(mark).len(), 1, "one that is being cancelled is not cancelled again");
    assert!(!f.order(entry).cancelling);
}

#[test]
fn a_test_order_rests_and_is_small_and_alone() {
    let test = |price, size, wait_s: i64| {
        let mut f = floor(&watchful());
        f.kill(KillLevel::NoNewRisk);
        let (mark, expires) = (f.mark(), UtcNanos(f.now().0 + wait_s * 1_000_000_000));
        command(&mut f, OperatorCommand::TestOrder { token: YES, price, size, expires });
        let intents = f.intents(mark);
        (f, intents)
    };
    let (mut f, placed) = test(cents(1), shares(5), 300);
    assert_eq!(placed.len(), 1, "the switch at no new risk lets it pass");
    assert!(placed[0].plan.post_only && placed[0].plan.action.side == Side::Buy);
    assert_eq!((placed[0].plan.price, placed[0].worst_case_loss), (cents(1), Cash(50_000)));
    // One at a time.
    let (mark, expires) = (f.mark(), f.now().plus_secs(300));
    command(&mut f, OperatorCommand::TestOrder { token: NO, price: cents(1), size: shares(5), expires });
    assert_eq!(f.intents(mark).len(), 0);
    for (price, size, wait_s) in [
        (Price(15_000), shares(5), 300),
        (cents(1), shares(1), 300),
        (cents(50), shares(11), 300),
        (cents(1), shares(5), 0),
        (Price(i64::MAX), Size(i64::MAX), 300),
    ] {
        assert_eq!(test(price, size, wait_s).1.len(), 0, "{price} {size} {wait_s}");
    }
    let mut f = floor(&watchful());
    f.kill(KillLevel::CancelAll);
    let (mark, expires) = (f.mark(), f.now().plus_secs(300));
    command(&mut f, OperatorCommand::TestOrder { token: YES, price: cents(1), size: shares(5), expires });
    assert_eq!(f.intents(mark).len(), 0);
}

#[test]
fn a_market_with_something_held_is_still_looked_at() {
    let mut f = floor(&eager());
    f.hold(YES, cents(50), shares(20));
    f.kill(KillLevel::NoNewRisk);
    let mark = f.mark();
    f.tick(20, book(YES, (49, 100), (50, 2_000)));
    assert_eq!(f.exits(mark), [(YES, ExitReason::EdgeGone, shares(20))], "an exit is no new risk");
    f.tick(1, book(MarketId(2).yes(), (49, 10_000), (51, 100)));
    assert_eq!(f.intents(mark).len(), 1);
}

#[test]
fn an_expired_order_needs_no_cancel() {
    let mut f = floor(&watchful());
    let order = f.intend(YES, Side::Buy, cents(40), shares(10));
    f.tell(Event::Order(OrderEvent::Expired { order }));
    let mark = f.mark();
    f.kill(KillLevel::CancelAll);
    assert_eq!(f.cancels(mark), []);
    assert_ne!(f.now(), UtcNanos::ZERO);
}

#[test]
fn a_run_that_ends_orders_nothing_more_and_leaves_nothing_open() {
    let config = eager();
    let mut f = floor(&config);
    f.hold(YES, cents(50), shares(20));
    f.hold(MarketId(1).no(), cents(50), shares(30));
    let entry = f.intend(MarketId(2).yes(), Side::Buy, cents(40), shares(10));
    let under_way = f.intend(MarketId(2).no(), Side::Buy, cents(40), shares(10));
    f.accept(entry);
    let mark = f.mark();
    command(&mut f, OperatorCommand::Stop);
    assert_eq!(f.cancels(mark), [entry, under_way].map(|o| (o, CancelReason::Shutdown)));
    f.cancelled(entry);
    f.cancelled(under_way);
    // Each of these would lead to orders: a view, a stop, a time that is over.
    let tempt = |f: &mut Floor| {
        f.tick(20, book(MarketId(2).yes(), (49, 10_000), (51, 100)));
        f.tick(20, book(YES, (49, 100), (50, 2_000)));
        f.tick(20, book(MarketId(1).yes(), (59, 1_000), (61, 1_000)));
        f.wait(40 * 86_400);
    };
    tempt(&mut f);
    assert_eq!(f.kinds(mark).iter().filter(|k| **k == "cycle_started").count(), 0);
    assert_eq!((f.intents(mark).len(), f.exits(mark)), (0, vec![]));
    // An answer that is late, and one that never came.
    let late = f.intend(MarketId(2).no(), Side::Buy, cents(40), shares(10));
    f.accept(late);
    assert_eq!(f.cancels(mark).last(), Some(&(late, CancelReason::Shutdown)));
    assert_eq!(f.state().kill.level, KillLevel::Off, "it is no kill switch");
    // The switch does not undo it; the next run does.
    f.kill(KillLevel::NoNewRisk);
    f.kill(KillLevel::Off);
    tempt(&mut f);
    assert_eq!(f.intents(mark).len(), 0);
    f.tell(run_started(&config, Mode::Paper));
    tempt(&mut f);
    assert!(!f.intents(mark).is_empty() && !f.exits(mark).is_empty());
}
