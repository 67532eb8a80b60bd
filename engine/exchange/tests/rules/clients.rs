//! Clients that are not behind the log: several accounts on one book.

use super::desk::{Desk, M, NO, PROMPT, YES, buy, cents, dollars, fak, order, sell, shares};
use exchange::{AccountId, Incoming};
use schemas::event::{CancelReason, OrderPlan, TradeKey};
use schemas::{Bytes32, OrderId, Side, UtcNanos};

fn desk(paper: &str) -> Desk {
    let mut d = Desk::open(&format!("{PROMPT}{paper}"));
    d.fund(1, dollars(100));
    d.fund(2, dollars(100));
    d
}

fn incoming(number: u32, hash: u8, plan: OrderPlan) -> Incoming {
    Incoming {
        account: AccountId(1),
        order: OrderId(number),
        hash: Bytes32([hash; 32]),
        token: plan.action.token,
        side: plan.action.side,
        price: plan.price,
        size: plan.size,
        tif: plan.tif,
        post_only: plan.post_only,
        expires: UtcNanos::ZERO,
        cause: None,
        cycle: None,
    }
}

/// YES at 50 meets NO at 50: a pair is minted between the two clients.
fn pair(d: &mut Desk) -> (OrderId, OrderId) {
    (d.client(1, buy(50, 10)), d.client(2, order(NO, Side::Buy, 50, 10)))
}

#[test]
fn a_failed_match_is_undone_on_both_sides() {
    // Only the second match is marked; the first is its other side.
    let mut d = desk(r#","fail_every_nth_trade":2"#);
    let (maker, taker) = pair(&mut d);
    assert_eq!((d.held(1, YES), d.held(2, NO)), (shares(10), shares(10)));
    d.until(2_000);
    assert_eq!((d.story(maker)[2].as_str(), d.story(taker)[2].as_str()), ("voided", "voided"));
    for (account, token) in [(1, YES), (2, NO)] {
        assert_eq!((d.held(account, token), d.cash(account)), (shares(0), dollars(100)));
    }
}

#[test]
fn a_match_that_one_side_cannot_undo_stands_for_both() {
    let mut d = desk(r#","fail_every_nth_trade":2"#);
    let (maker, taker) = pair(&mut d);
    // The taker offers on what it got.
    d.client(2, order(NO, Side::Sell, 90, 10));
    d.until(2_000);
    assert_eq!((d.story(maker)[2].as_str(), d.story(taker)[2].as_str()), ("confirmed", "confirmed"));
    assert_eq!((d.held(1, YES), d.held(2, NO)), (shares(10), shares(10)));
}

#[test]
fn a_known_hash_is_refused_and_a_refused_one_is_not_known() {
    let mut d = desk("");
    let now = d.time(0);
    d.exchange.submit(incoming(1, 7, buy(40, 10)), now);
    d.exchange.submit(incoming(2, 7, buy(40, 10)), now);
    d.settle();
    assert_eq!(d.story(OrderId(1)), ["accepted"]);
    assert_eq!(d.story(OrderId(2)), ["rejected: order 07070707 is invalid. Duplicated."]);
    d.exchange.submit(incoming(3, 8, buy(40, 1_000)), now);
    d.settle();
    assert_eq!(d.story(OrderId(3)), ["rejected: not enough balance / allowance"]);
    d.fund(1, dollars(1_000));
    d.exchange.submit(incoming(4, 8, buy(40, 1_000)), now);
    d.settle();
    assert_eq!(d.story(OrderId(4)), ["accepted"]);
}

#[test]
fn whoever_asks_settles_all_of_a_transaction_or_nothing() {
    let mut d = desk("");
    d.ask(40, 10);
    let first = d.client(1, fak(buy(40, 5)));
    let second = d.client(1, fak(buy(40, 5)));
    let keys: Vec<TradeKey> = [first, second].iter().flat_map(|o| d.fills(*o)).map(|f| f.trade).collect();
    // Six of the ten are offered on: neither match alone is more than what is left, both together are.
    d.client(1, sell(90, 6));
    assert!(!d.exchange.settle(&keys, true));
    d.settle();
    assert_eq!((d.story(first)[2].as_str(), d.story(second)[2].as_str()), ("confirmed", "confirmed"));
    assert!(!d.exchange.settle(&keys, true), "what is settled is settled");
    assert_eq!(d.held(1, YES), shares(10));
}

#[test]
fn cash_that_leaves_uncovers_the_newest_orders() {
    let mut d = desk("");
    let old = d.client(1, buy(50, 100));
    let new = d.client(1, buy(50, 100));
    assert_eq!(d.exchange.uncovered(AccountId(1)), None);
    assert!(!d.exchange.withdraw(AccountId(1), dollars(101)), "more than there is stays");
    assert!(d.exchange.withdraw(AccountId(1), dollars(40)));
    assert_eq!(d.exchange.uncovered(AccountId(1)), Some(new));
    let now = d.time(0);
    d.exchange.withdraw_order(AccountId(1), new, CancelReason::NoBalance, now);
    d.settle();
    assert_eq!((d.exchange.uncovered(AccountId(1)), d.exchange.resting(M).len()), (None, 1));
    assert_eq!((d.story(new), d.story(old).len()), (vec!["accepted".to_owned(), "cancelled: NoBalance".to_owned()], 1));
}

#[test]
fn the_shown_book_is_the_recording_less_what_was_taken_and_clients() {
    let mut d = desk("");
    d.ask(55, 10);
    d.bid(45, 7);
    d.client(1, fak(buy(55, 4)));
    d.client(1, buy(45, 5));
    d.client(2, order(NO, Side::Buy, 42, 6));
    let sizes = |d: &Desk, side| {
        let levels = d.exchange.depth(M, side, (&d.state).into());
        levels.iter().map(|l| (l.price, l.size)).collect::<Vec<_>>()
    };
    assert_eq!(sizes(&d, Side::Buy), [(cents(45), shares(12))]);
    assert_eq!(sizes(&d, Side::Sell), [(cents(55), shares(6)), (cents(58), shares(6))]);
    let ask = incoming(90, 90, buy(58, 100));
    assert_eq!(d.exchange.takes(&ask, (&d.state).into()), shares(12));
}
