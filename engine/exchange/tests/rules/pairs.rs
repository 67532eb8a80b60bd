//! One book a market: two purchases of opposite outcomes mint a pair, two sales merge one, and a pair costs one dollar.

use super::desk::{Desk, NO, PROMPT, YES, buy, dollars, order, sell, shares};
use schemas::event::{Liquidity, Resolution};
use schemas::{Cash, Side};

fn two_clients() -> Desk {
    let mut d = Desk::open(PROMPT);
    d.fund(1, dollars(100));
    d.fund(2, dollars(100));
    d
}

#[test]
fn two_purchases_mint_a_pair_for_one_dollar() {
    let mut d = two_clients();
    let yes = d.client(1, buy(40, 10));
    let no = d.client(2, order(NO, Side::Buy, 65, 10));
    assert_eq!(d.story(yes), ["accepted", "maker 10 at 0.4"]);
    assert_eq!(d.story(no), ["accepted", "taker 10 at 0.6"], "at the price of the one who waited");
    assert_eq!((d.held(1, YES), d.held(2, NO)), (shares(10), shares(10)));
    assert_eq!((d.cash(1), d.cash(2)), (dollars(96), dollars(94)), "ten dollars for ten pairs");
}

#[test]
fn two_sales_merge_a_pair_for_one_dollar() {
    let mut d = two_clients();
    d.client(1, buy(40, 10));
    d.client(2, order(NO, Side::Buy, 60, 10));
    let yes = d.client(1, sell(45, 10));
    let no = d.client(2, order(NO, Side::Sell, 50, 10));
    assert_eq!(d.story(yes)[..2], ["accepted", "maker 10 at 0.45"]);
    assert_eq!(d.story(no)[..2], ["accepted", "taker 10 at 0.55"]);
    assert_eq!((d.held(1, YES), d.held(2, NO)), (shares(0), shares(0)));
    assert_eq!((d.cash(1), d.cash(2)), (Cash(100_500_000), Cash(99_500_000)));
}

#[test]
fn purchases_that_do_not_add_up_to_a_dollar_do_not_meet() {
    let mut d = two_clients();
    let yes = d.client(1, buy(40, 10));
    let no = d.client(2, order(NO, Side::Buy, 59, 10));
    assert_eq!((d.story(yes), d.story(no)), (vec!["accepted".to_owned()], vec!["accepted".to_owned()]));
}

#[test]
fn shares_change_hands_between_clients() {
    let mut d = two_clients();
    d.client(1, buy(40, 10));
    d.client(2, order(NO, Side::Buy, 60, 10));
    d.client(1, sell(50, 10));
    let o = d.client(2, buy(50, 6));
    assert_eq!(d.fills(o)[0].liquidity, Liquidity::Taker);
    assert_eq!((d.held(1, YES), d.held(2, YES), d.held(2, NO)), (shares(4), shares(6), shares(10)));
}

#[test]
fn one_of_each_is_worth_a_dollar_whatever_happens() {
    for resolution in [Resolution::Yes, Resolution::No, Resolution::Split] {
        let mut d = two_clients();
        d.client(1, buy(40, 10));
        d.client(2, order(NO, Side::Buy, 60, 10));
        d.resolve(resolution);
        assert_eq!(d.cash(1).plus(d.cash(2)).unwrap(), dollars(200), "{resolution:?}");
    }
}
