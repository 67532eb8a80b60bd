//! Resting: behind everything recorded at the price, filled by trades and by liquidity that crosses.

use super::desk::{Desk, M, NO, PROMPT, YES, buy, cents, dollars, order, sell, shares};
use schemas::event::{Liquidity, MarketEvent, OrderPlan};
use schemas::{OrderId, Side};

fn desk() -> Desk {
    Desk::open(PROMPT)
}

fn ahead(d: &Desk, order: OrderId) -> i64 {
    d.exchange.resting(M).iter().find(|r| r.order.order == order).unwrap().ahead.0 / 1_000_000
}

#[test]
fn an_order_waits_for_everything_recorded_before_it() {
    let mut d = desk();
    d.bid(40, 100);
    let o = d.send(buy(40, 20));
    assert_eq!(ahead(&d, o), 100);
    d.trade(YES, Side::Sell, 40, 60);
    assert_eq!((ahead(&d, o), d.filled(o)), (40, shares(0)));
    d.trade(YES, Side::Sell, 40, 50);
    assert_eq!(d.story(o), ["accepted", "maker 10 at 0.4"], "forty were ahead, ten reach it");
    d.trade(YES, Side::Sell, 40, 50);
    assert_eq!(d.story(o), ["accepted", "maker 10 at 0.4", "maker 10 at 0.4"]);
    assert!(d.exchange.resting(M).is_empty());
}

#[test]
fn the_queue_is_never_longer_than_the_level_and_cancels_happen_behind() {
    let mut d = desk();
    d.bid(40, 100);
    let o = d.send(buy(40, 20));
    d.bid(40, 150);
    assert_eq!(ahead(&d, o), 100, "who came later is behind");
    d.bid(40, 120);
    assert_eq!(ahead(&d, o), 100, "who left was behind");
    d.bid(40, 70);
    assert_eq!(ahead(&d, o), 70, "nobody else is left");
    d.book(YES, &[(40, 30)], &[]);
    assert_eq!(ahead(&d, o), 30);
    d.book(YES, &[(39, 30)], &[]);
    assert_eq!(ahead(&d, o), 0);
}

#[test]
fn clients_at_one_price_fill_in_order_of_arrival() {
    let mut d = desk();
    d.fund(1, dollars(100));
    let first = d.send(buy(40, 10));
    let second = d.client(1, buy(40, 10));
    d.trade(YES, Side::Sell, 40, 14);
    assert_eq!((d.filled(first), d.filled(second)), (shares(10), shares(4)));
}

#[test]
fn a_better_price_fills_first() {
    let mut d = desk();
    d.fund(1, dollars(100));
    let low = d.client(1, buy(40, 10));
    let high = d.send(buy(41, 10));
    d.trade(YES, Side::Sell, 40, 12);
    assert_eq!((d.filled(high), d.filled(low)), (shares(10), shares(2)));
    assert_eq!(d.fills(high)[0].price, cents(41), "at its own price");
}

#[test]
fn trades_at_better_prices_and_on_the_other_side_pass_by() {
    let mut d = desk();
    let o = d.send(buy(40, 10));
    d.trade(YES, Side::Sell, 41, 100);
    d.trade(YES, Side::Buy, 40, 100);
    d.trade(YES, Side::Buy, 39, 100);
    assert_eq!(d.filled(o), shares(0));
}

#[test]
fn a_trade_through_the_price_fills_in_spite_of_the_queue() {
    let mut d = desk();
    d.bid(40, 100);
    let o = d.send(buy(40, 20));
    d.trade(YES, Side::Sell, 39, 15);
    assert_eq!(d.story(o), ["accepted", "maker 15 at 0.4"], "for the size that traded");
}

#[test]
fn liquidity_that_crosses_fills_at_our_price_as_maker() {
    let mut d = Desk::with_fee(PROMPT, 40_000);
    d.bid(40, 100);
    let o = d.send(buy(40, 20));
    d.ask(38, 15);
    let fill = d.fills(o)[0];
    assert_eq!((fill.price, fill.size, fill.fee.0, fill.liquidity), (cents(40), shares(15), 0, Liquidity::Maker));
    d.ask(38, 15);
    assert_eq!(d.filled(o), shares(15), "the same fifteen cannot fill it again");
    d.ask(38, 17);
    assert_eq!(d.filled(o), shares(17));
    d.ask(40, 50);
    assert_eq!(d.filled(o), shares(20));
}

#[test]
fn a_quote_that_crosses_fills_too() {
    let mut d = Desk::open(&format!(r#"{PROMPT},"assumed_depth_shares":8"#));
    d.quote(40, 44);
    let o = d.send(OrderPlan { post_only: true, ..buy(42, 20) });
    d.quote(40, 43);
    assert_eq!(d.filled(o), shares(0));
    d.quote(40, 42);
    assert_eq!(d.filled(o), shares(8));
    d.quote(40, 41);
    assert_eq!(d.filled(o), shares(16), "another price, another eight");
}

#[test]
fn trades_in_no_reach_orders_in_yes() {
    let mut d = desk();
    let o = d.send(buy(40, 10));
    d.trade(NO, Side::Sell, 60, 10);
    assert_eq!(d.filled(o), shares(0), "selling NO buys YES");
    d.trade(NO, Side::Buy, 60, 6);
    assert_eq!(d.filled(o), shares(6));
    d.trade(NO, Side::Buy, 61, 6);
    assert_eq!(d.filled(o), shares(10));
}

#[test]
fn resting_in_no_waits_in_the_same_book() {
    let mut d = desk();
    d.ask(40, 30);
    let o = d.send(order(NO, Side::Buy, 60, 10));
    assert_eq!(ahead(&d, o), 30, "buying NO at 60 offers YES at 40");
    d.trade(YES, Side::Buy, 40, 35);
    assert_eq!(d.story(o), ["accepted", "maker 5 at 0.6"]);
}

#[test]
fn sales_rest_and_fill_like_purchases() {
    let mut d = desk();
    d.ask(40, 20);
    d.send(super::desk::fak(buy(40, 20)));
    d.ask(40, 0);
    d.ask(50, 30);
    let o = d.send(sell(50, 20));
    assert_eq!(ahead(&d, o), 30);
    d.trade(YES, Side::Buy, 50, 40);
    d.trade(YES, Side::Buy, 52, 4);
    d.bid(51, 3);
    assert_eq!(d.story(o)[1..], ["maker 10 at 0.5", "maker 4 at 0.5", "maker 3 at 0.5"]);
    assert_eq!(d.held(0, YES), shares(3));
}

#[test]
fn markets_do_not_touch_each_other() {
    let mut d = desk();
    d.market(super::desk::listing(schemas::MarketId(1), 0));
    let o = d.send(buy(40, 10));
    d.level(schemas::MarketId(1).yes(), Side::Sell, 30, 100);
    d.trade(schemas::MarketId(1).yes(), Side::Sell, 30, 100);
    d.market(MarketEvent::Resolved { market: schemas::MarketId(1), resolution: schemas::event::Resolution::Yes });
    assert_eq!(d.story(o), ["accepted"]);
}
