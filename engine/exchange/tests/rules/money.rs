//! Fees and balances.

use super::desk::{Desk, M, NO, PROMPT, YES, buy, dollars, fak, order, sell, shares};
use schemas::event::{AccountEvent, Liquidity, MoveKind, OrderPlan};
use schemas::{Cash, Event, Side};

#[test]
fn takers_pay_by_the_formula_and_makers_nothing() {
    // 3 % of p (1 - p) a share.
    let mut d = Desk::with_fee(PROMPT, 30_000);
    d.ask(40, 100);
    let o = d.send(fak(buy(40, 100)));
    let fill = d.fills(o)[0];
    assert_eq!((fill.fee, fill.liquidity), (Cash(720_000), Liquidity::Taker), "100 x 0.03 x 0.24");
    assert_eq!(d.cash(0), Cash(1_000_000_000 - 40_000_000 - 720_000));
    let o = d.send(sell(50, 50));
    d.bid(50, 50);
    assert_eq!((d.fills(o)[0].fee, d.fills(o)[0].liquidity), (Cash::ZERO, Liquidity::Maker));
    d.bid(49, 100);
    let o = d.send(fak(sell(49, 7)));
    assert_eq!(d.fills(o)[0].fee, Cash(52_480), "7 x 0.03 x 0.2499 = 0.052479, rounded up to 0.00001");
}

#[test]
fn the_fee_of_no_is_that_of_its_own_price() {
    let mut d = Desk::with_fee(PROMPT, 30_000);
    d.bid(90, 100);
    let o = d.send(fak(order(NO, Side::Buy, 10, 100)));
    assert_eq!((d.fills(o)[0].price.0, d.fills(o)[0].fee), (100_000, Cash(270_000)), "100 x 0.03 x 0.09");
}

#[test]
fn a_purchase_must_be_covered_with_its_fee() {
    let mut d = Desk::with_fee(PROMPT, 40_000);
    d.ask(50, 10_000);
    // 0.50 + 0.01 a share: 1,960 cost 999.6 dollars, 1,961 cost 1,000.11.
    let o = d.send(fak(buy(50, 1_961)));
    assert_eq!(d.story(o), ["rejected: not enough balance / allowance"]);
    let o = d.send(fak(buy(50, 1_960)));
    assert_eq!(d.filled(o), shares(1_960));
    assert_eq!(d.cash(0), Cash(400_000));
    let o = d.send(fak(buy(50, 10)));
    assert_eq!(d.story(o), ["rejected: not enough balance / allowance"], "it has run out");
}

#[test]
fn resting_purchases_bind_cash() {
    let mut d = Desk::open(PROMPT);
    let first = d.send(buy(40, 2_000));
    let o = d.send(buy(30, 1_000));
    assert_eq!(d.story(o), ["rejected: not enough balance / allowance"], "800 of 1,000 are bound");
    let o = d.send(buy(20, 1_000));
    assert_eq!(d.story(o), ["accepted"]);
    d.cancel(first);
    let o = d.send(buy(30, 1_000));
    assert_eq!(d.story(o), ["accepted"], "a cancel frees them");
    assert_eq!(d.exchange.resting(M).len(), 2);
}

#[test]
fn sales_without_shares_are_refused() {
    let mut d = Desk::open(PROMPT);
    d.bid(40, 100);
    let o = d.send(fak(sell(40, 10)));
    assert_eq!(d.story(o), ["rejected: not enough balance / allowance"]);
    d.ask(41, 10);
    d.send(fak(buy(41, 10)));
    let resting = d.send(sell(60, 6));
    let o = d.send(fak(sell(40, 5)));
    assert_eq!(d.story(o), ["rejected: not enough balance / allowance"], "six of ten are bound");
    let o = d.send(fak(order(NO, Side::Sell, 40, 5)));
    assert_eq!(d.story(o), ["rejected: not enough balance / allowance"], "the other outcome is not held");
    d.cancel(resting);
    let o = d.send(fak(sell(40, 10)));
    assert_eq!(d.filled(o), shares(10));
    assert_eq!(d.held(0, YES), shares(0));
}

#[test]
fn a_client_without_an_account_can_do_nothing() {
    let mut d = Desk::open(PROMPT);
    d.ask(40, 100);
    let o = d.client(9, fak(buy(40, 10)));
    assert_eq!(d.story(o), ["rejected: not enough balance / allowance"]);
}

#[test]
fn a_purchase_that_fills_below_its_limit_costs_less() {
    let mut d = Desk::open(PROMPT);
    d.ask(30, 10);
    d.send(OrderPlan { ..buy(90, 10) });
    assert_eq!(d.cash(0), dollars(997));
}

#[test]
fn the_books_of_the_log_are_those_of_the_exchange() {
    let mut d = Desk::with_fee(PROMPT, 30_000);
    d.ask(40, 100);
    d.send(fak(buy(40, 33)));
    d.bid(35, 100);
    d.send(fak(sell(35, 11)));
    d.send(order(NO, Side::Buy, 50, 20));
    d.trade(YES, Side::Buy, 50, 20);
    let p = &d.state.positions;
    assert_eq!((p.cash, p.held(YES), p.held(NO)), (d.cash(0), d.held(0, YES), d.held(0, NO)));
    assert_eq!((p.held(NO), p.imbalance()), (shares(20), 0));
}

/// As at the venue.
#[test]
fn cash_that_goes_out_takes_the_newest_purchases_with_it_that_are_not_covered_any_more() {
    let mut d = Desk::open(PROMPT);
    let (first, second, third) = (d.send(buy(40, 1_000)), d.send(buy(30, 1_000)), d.send(buy(20, 1_000)));
    let moved = |amount, kind| {
        let amount = Cash(amount);
        Event::Account(AccountEvent::CashMoved { amount, kind, who: "ada".to_owned(), note: String::new() })
    };
    d.tell(moved(-550_000_000, MoveKind::Withdrawal));
    d.settle();
    assert_eq!(d.cash(0), dollars(450));
    assert_eq!(d.story(first), ["accepted"]);
    for order in [second, third] {
        assert_eq!(d.story(order), ["accepted", "cancelled: NoBalance"]);
    }
    d.tell(moved(150_000_000, MoveKind::Deposit));
    let o = d.send(buy(20, 1_000));
    assert_eq!(d.story(o), ["accepted"]);
}
