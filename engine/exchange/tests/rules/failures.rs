//! Faults that can be configured: answers that are lost, and matches that do not settle.

use super::desk::{Desk, M, PROMPT, YES, buy, cents, dollars, fak, sell, shares};
use projections::orders::OrderStatus;
use schemas::event::OrderPlan;

/// Every second answer is lost: first on the way back, then on the way there, in turn.
fn forgetful() -> Desk {
    Desk::open(&format!(r#"{PROMPT},"lose_every_nth_answer":2"#))
}

#[test]
fn a_lost_answer_leaves_the_order_at_the_exchange() {
    let mut d = forgetful();
    let answered = d.send(buy(40, 10));
    let lost = d.send(buy(40, 10));
    assert_eq!((d.story(answered), d.story(lost)), (vec!["accepted".to_owned()], vec!["unknown".to_owned()]));
    assert_eq!(d.exchange.resting(M).len(), 2, "it is there all the same");
    d.resend(lost);
    assert_eq!(d.story(lost), ["unknown", "accepted"]);
    assert_eq!(d.exchange.resting(M).len(), 2, "the same bytes never make a second order");
    assert_eq!(d.state.orders.get(lost).unwrap().status, OrderStatus::Live);
}

#[test]
fn a_lost_request_leaves_nothing_and_the_same_bytes_bring_it() {
    let mut d = forgetful();
    for _ in 0..3 {
        d.send(buy(40, 10));
    }
    let lost = d.send(buy(40, 10));
    assert_eq!((d.story(lost), d.exchange.resting(M).len()), (vec!["unknown".to_owned()], 3));
    d.until(60_000);
    assert_eq!(d.exchange.resting(M).len(), 3);
    d.resend(lost);
    assert_eq!((d.story(lost), d.exchange.resting(M).len()), (vec!["unknown".to_owned(), "accepted".to_owned()], 4));
    d.resend(lost);
    assert_eq!((d.story(lost).len(), d.exchange.resting(M).len()), (3, 4));
}

#[test]
fn a_fill_tells_what_the_lost_answer_did_not() {
    let mut d = forgetful();
    d.ask(40, 100);
    d.send(fak(buy(40, 10)));
    let lost = d.send(fak(buy(40, 10)));
    assert_eq!(d.story(lost), ["unknown", "taker 10 at 0.4"]);
    assert_eq!(d.state.orders.get(lost).unwrap().status, OrderStatus::Filled);
    d.resend(lost);
    assert_eq!(d.filled(lost), shares(10), "and is not filled again");
    assert_eq!((d.held(0, YES), d.state.positions.held(YES)), (shares(20), shares(20)));
}

#[test]
fn a_refusal_that_was_lost_is_said_again_when_asked() {
    let mut d = forgetful();
    d.send(buy(40, 10));
    let lost = d.send(OrderPlan { price: cents(0), ..buy(40, 10) });
    assert_eq!(d.story(lost), ["unknown"]);
    d.resend(lost);
    assert!(d.story(lost)[1].starts_with("rejected: "), "{:?}", d.story(lost));
}

#[test]
fn resending_what_was_never_unknown_changes_nothing() {
    let mut d = Desk::open(PROMPT);
    d.ask(40, 10);
    let o = d.send(buy(40, 30));
    d.resend(o);
    assert_eq!(d.story(o), ["accepted", "taker 10 at 0.4", "accepted"]);
    assert_eq!((d.held(0, YES), d.exchange.resting(M)[0].remaining), (shares(10), shares(20)));
}

#[test]
fn a_match_that_does_not_settle_is_voided() {
    let mut d = Desk::with_fee(&format!(r#"{PROMPT},"fail_every_nth_trade":2"#), 30_000);
    d.ask(40, 10);
    d.ask(41, 10);
    let o = d.send(fak(buy(41, 20)));
    assert_eq!(d.state.positions.held(YES), shares(20));
    d.until(2_000);
    assert_eq!(d.story(o)[1..], ["taker 10 at 0.4", "taker 10 at 0.41", "confirmed", "voided"]);
    let p = &d.state.positions;
    assert_eq!((p.held(YES), d.held(0, YES)), (shares(10), shares(10)));
    assert_eq!((p.cash, p.fees, p.imbalance()), (d.cash(0), d.fills(o)[0].fee, 0));
    assert_eq!(d.cash(0), dollars(996).minus(d.fills(o)[0].fee).unwrap());
}

#[test]
fn an_order_ends_when_the_rest_of_it_fills_behind_a_voided_match() {
    let mut d = Desk::open(&format!(r#"{PROMPT},"fail_every_nth_trade":1"#));
    let o = d.send(buy(40, 10));
    d.ask(40, 4);
    d.until(5_000);
    assert_eq!(d.story(o), ["accepted", "maker 4 at 0.4", "voided"]);
    d.ask(39, 6);
    assert!(d.exchange.resting(M).is_empty());
    assert!(d.state.orders.none_open(), "the log knows that nothing of it rests");
}

#[test]
fn a_voided_sale_brings_the_shares_back() {
    let mut d = Desk::open(&format!(r#"{PROMPT},"fail_every_nth_trade":2"#));
    d.ask(40, 10);
    d.send(fak(buy(40, 10)));
    d.until(3_000);
    d.bid(50, 10);
    d.send(fak(sell(50, 10)));
    assert_eq!(d.state.positions.held(YES), shares(0));
    d.until(6_000);
    assert_eq!((d.state.positions.held(YES), d.held(0, YES)), (shares(10), shares(10)));
    assert_eq!((d.state.positions.cash, d.cash(0)), (dollars(996), dollars(996)));
}

#[test]
fn what_was_passed_on_cannot_be_taken_back() {
    let mut d = Desk::open(&format!(r#"{PROMPT},"fail_every_nth_trade":3"#));
    d.ask(40, 30);
    d.bid(35, 30);
    d.send(fak(buy(40, 10)));
    d.send(fak(sell(35, 10)));
    let third = d.send(fak(buy(40, 10)));
    d.send(fak(sell(35, 10)));
    d.until(5_000);
    assert_eq!(d.story(third)[2..], ["confirmed"], "its shares are sold");
    assert_eq!((d.held(0, YES), d.state.positions.held(YES)), (shares(0), shares(0)));
    assert_eq!((d.cash(0), d.state.positions.cash), (dollars(999), dollars(999)));
}
