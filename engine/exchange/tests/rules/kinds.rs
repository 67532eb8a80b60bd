//! GTC rests, GTD rests until its time, FAK takes what is there, FOK all or nothing, post-only never takes; what breaks a
//! rule is refused in the venue's words.

use super::desk::{Desk, NO, PROMPT, buy, cents, fak, order, sell, shares};
use schemas::event::{MarketChange, MarketEvent, MarketStatus, OrderPlan, TimeInForce};
use schemas::{MarketId, Price, Side, Size};

fn desk() -> Desk {
    Desk::open(PROMPT)
}

#[test]
fn gtc_takes_what_it_can_and_rests() {
    let mut d = desk();
    d.ask(40, 10);
    let o = d.send(buy(40, 30));
    assert_eq!(d.story(o), ["accepted", "taker 10 at 0.4"]);
    assert_eq!(d.exchange.resting(MarketId(0))[0].remaining, shares(20));
    d.until(86_400_000);
    assert_eq!(d.exchange.resting(MarketId(0)).len(), 1, "until it is cancelled");
    d.cancel(o);
    assert_eq!(d.story(o)[2..], ["confirmed", "cancelled: Operator"]);
    assert!(d.exchange.resting(MarketId(0)).is_empty());
}

#[test]
fn gtd_expires_at_its_time() {
    let mut d = desk();
    let o = d.send(OrderPlan { tif: TimeInForce::Gtd, expires: d.time(300_000), ..buy(40, 30) });
    d.until(299_999);
    assert_eq!(d.story(o), ["accepted"]);
    d.until(300_000);
    assert_eq!(d.story(o), ["accepted", "expired"]);
    assert!(d.exchange.resting(MarketId(0)).is_empty());
}

#[test]
fn gtd_that_is_over_on_arrival_is_refused() {
    let mut d = desk();
    d.until(1_000);
    for expires in [0, 1_000] {
        let o = d.send(OrderPlan { tif: TimeInForce::Gtd, expires: d.time(expires), ..buy(40, 30) });
        assert_eq!(d.story(o), ["rejected: invalid expiration"]);
    }
}

#[test]
fn a_filled_gtd_does_not_expire() {
    let mut d = desk();
    let o = d.send(OrderPlan { tif: TimeInForce::Gtd, expires: d.time(300_000), ..buy(40, 30) });
    d.ask(40, 30);
    d.until(400_000);
    assert_eq!(d.story(o), ["accepted", "maker 30 at 0.4", "confirmed"]);
}

/// The venue refuses what would take and finds nothing.
const NO_MATCH: &str = "rejected: no orders found to match with FAK order. FAK orders are partially filled or killed if no match \
                        is found.";

#[test]
fn fak_takes_what_is_there_and_the_rest_is_cancelled() {
    let mut d = desk();
    d.ask(40, 10);
    d.ask(41, 10);
    d.ask(43, 10);
    let o = d.send(fak(buy(42, 50)));
    assert_eq!(d.story(o), ["accepted", "taker 10 at 0.4", "taker 10 at 0.41", "cancelled: Unfilled"]);
    let o = d.send(fak(buy(42, 50)));
    assert_eq!(d.story(o), [NO_MATCH], "nothing is left");
}

#[test]
fn fok_takes_all_or_nothing() {
    let mut d = desk();
    d.ask(40, 10);
    d.ask(41, 10);
    let all = |size| OrderPlan { tif: TimeInForce::Fok, ..buy(41, size) };
    let o = d.send(all(21));
    assert_eq!(d.story(o), ["rejected: order couldn't be fully filled. FOK orders are fully filled or killed."]);
    let o = d.send(all(20));
    assert_eq!(d.story(o), ["accepted", "taker 10 at 0.4", "taker 10 at 0.41"]);
}

#[test]
fn post_only_is_refused_if_it_would_take() {
    let mut d = desk();
    d.ask(40, 10);
    let o = d.send(OrderPlan { post_only: true, ..buy(40, 10) });
    assert_eq!(d.story(o), ["rejected: invalid post-only order: order crosses book"]);
    let o = d.send(OrderPlan { post_only: true, ..buy(39, 10) });
    assert_eq!(d.story(o), ["accepted"]);
    // Also when it would meet the other outcome of another client.
    d.fund(1, super::desk::dollars(100));
    let o = d.client(1, OrderPlan { post_only: true, ..order(NO, Side::Buy, 61, 10) });
    assert_eq!(d.story(o), ["rejected: invalid post-only order: order crosses book"]);
}

#[test]
fn prices_off_the_grid_are_refused() {
    let mut d = desk();
    for price in [Price(405_000), Price(0), Price(1_000_000), Price(-10_000)] {
        let o = d.send(OrderPlan { price, ..buy(40, 30) });
        assert!(d.story(o)[0].contains("breaks minimum tick size rule: 0.01"), "{:?}", d.story(o));
    }
    // The grid is the present one.
    let change = MarketChange::Tick(Price(1_000));
    d.market(MarketEvent::Changed { market: MarketId(0), change });
    let o = d.send(OrderPlan { price: Price(405_000), ..buy(40, 30) });
    assert_eq!(d.story(o), ["accepted"]);
}

#[test]
fn sizes_below_the_minimum_are_refused() {
    let mut d = desk();
    let small = |n| OrderPlan { size: Size(n), ..buy(40, 0) };
    for n in [4_999_999, 0, -5] {
        let o = d.send(small(n));
        assert!(d.story(o)[0].contains("lower than the minimum: 5"), "{:?}", d.story(o));
    }
    let o = d.send(small(5_000_000));
    assert_eq!(d.story(o), ["accepted"]);
}

#[test]
fn marketable_purchases_below_a_dollar_are_refused() {
    let mut d = desk();
    d.ask(40, 100);
    let o = d.send(fak(buy(40, 2)));
    assert_eq!(d.story(o), ["rejected: invalid amount for a marketable BUY order ($0.8), min size: 1"]);
    let o = d.send(fak(buy(40, 3)));
    assert_eq!(d.story(o), ["accepted", "taker 3 at 0.4"], "the minimum of resting orders does not bind it");
    // A sale may be as small as it likes.
    d.bid(30, 100);
    let o = d.send(fak(sell(30, 1)));
    assert_eq!(d.story(o), ["accepted", "taker 1 at 0.3"]);
}

#[test]
fn markets_that_do_not_trade_take_no_orders() {
    let mut d = desk();
    let resting = d.send(buy(40, 10));
    for status in [MarketStatus::Paused, MarketStatus::Closed] {
        d.market(MarketEvent::Changed { market: MarketId(0), change: MarketChange::Status(status) });
        let o = d.send(buy(40, 10));
        assert_eq!(d.story(o), ["rejected: the market is not yet ready to process new orders"]);
    }
    assert_eq!(d.exchange.resting(MarketId(0))[0].order.order, resting, "what rests stays");
    let o = d.send(OrderPlan { price: cents(40), ..order(MarketId(5).yes(), Side::Buy, 40, 10) });
    assert_eq!(d.story(o), ["rejected: No orderbook exists for the requested token id"]);
}
