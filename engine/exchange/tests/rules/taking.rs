//! What an arriving order takes: from the best price to its limit, the recording before clients, and nothing twice.

use super::desk::{Desk, NO, PROMPT, YES, buy, dollars, fak, order, sell, shares};
use schemas::Side;
use schemas::event::OrderPlan;

fn desk() -> Desk {
    Desk::open(PROMPT)
}

#[test]
fn best_price_first_and_never_beyond_the_limit() {
    let mut d = desk();
    for (price, size) in [(45, 5), (41, 5), (43, 5), (46, 5)] {
        d.ask(price, size);
    }
    let o = d.send(fak(buy(45, 100)));
    assert_eq!(
        d.story(o),
        ["accepted", "taker 5 at 0.41", "taker 5 at 0.43", "taker 5 at 0.45", "cancelled: Unfilled"]
    );
}

#[test]
fn at_one_price_the_recording_comes_before_clients_and_clients_by_arrival() {
    let mut d = desk();
    for client in [1, 2] {
        d.fund(client, dollars(100));
        // Shares to sell: bought from the recording.
        d.ask(30, 10);
        d.client(client, fak(buy(30, 10)));
        d.ask(30, 0);
    }
    let first = d.client(1, sell(40, 10));
    let second = d.client(2, sell(40, 10));
    d.ask(40, 10);
    let o = d.send(fak(buy(40, 25)));
    assert_eq!(d.fills(o).iter().map(|f| f.size).collect::<Vec<_>>(), [shares(10), shares(10), shares(5)]);
    assert_eq!((d.filled(first), d.filled(second)), (shares(10), shares(5)));
    // A better price of a client comes before the recording.
    d.ask(41, 10);
    let o = d.send(fak(buy(41, 8)));
    assert_eq!(d.story(o), ["accepted", "taker 5 at 0.4", "taker 3 at 0.41"]);
}

#[test]
fn what_is_taken_stays_taken_until_the_recording_shows_it_gone() {
    let mut d = desk();
    d.ask(40, 10);
    let take = |d: &mut Desk, size| {
        let o = d.send(fak(buy(40, size)));
        d.filled(o)
    };
    assert_eq!(take(&mut d, 6), shares(6));
    assert_eq!(take(&mut d, 6), shares(4), "four are left");
    assert_eq!(take(&mut d, 6), shares(0));
    // It grows by three: those are new.
    d.ask(40, 13);
    assert_eq!(take(&mut d, 6), shares(3));
    // It shrinks by five, as the recording hears of our trade: we have taken eight of the eight that are left.
    d.ask(40, 8);
    assert_eq!(take(&mut d, 6), shares(0));
    d.ask(40, 9);
    assert_eq!(take(&mut d, 6), shares(1));
    // It vanishes: the count starts anew.
    d.ask(40, 0);
    d.ask(40, 7);
    assert_eq!(take(&mut d, 10), shares(7));
}

#[test]
fn a_book_stated_anew_does_not_bring_back_what_was_taken() {
    let mut d = desk();
    d.book(YES, &[(30, 10)], &[(40, 10), (41, 10)]);
    let o = d.send(fak(buy(40, 10)));
    assert_eq!(d.filled(o), shares(10));
    d.book(YES, &[(30, 10)], &[(40, 10), (41, 10)]);
    let o = d.send(fak(buy(40, 10)));
    assert_eq!(d.filled(o), shares(0), "the same ten shares");
    d.book(YES, &[(30, 10)], &[(40, 12), (41, 10)]);
    let o = d.send(fak(buy(40, 10)));
    assert_eq!(d.filled(o), shares(2), "two of them new");
    d.book(YES, &[(30, 10)], &[(41, 10)]);
    d.book(YES, &[(30, 10)], &[(40, 10)]);
    let o = d.send(fak(buy(40, 10)));
    assert_eq!(d.filled(o), shares(10), "the level was gone");
}

#[test]
fn a_quote_without_sizes_offers_the_assumed_depth_and_anew_when_its_price_changes() {
    let mut d = Desk::open(&format!(r#"{PROMPT},"assumed_depth_shares":20"#));
    d.quote(38, 40);
    let o = d.send(fak(buy(42, 30)));
    assert_eq!(d.story(o), ["accepted", "taker 20 at 0.4", "cancelled: Unfilled"]);
    d.quote(38, 40);
    let o = d.send(fak(buy(42, 30)));
    assert_eq!(d.filled(o), shares(0), "the same quote again");
    d.quote(37, 40);
    let o = d.send(fak(buy(42, 30)));
    assert_eq!(d.filled(o), shares(0), "the other side moved");
    d.quote(38, 41);
    let o = d.send(fak(buy(42, 30)));
    assert_eq!(d.filled(o), shares(20));
    // NO from the same quote: it sells at 62.
    let o = d.send(fak(order(NO, Side::Buy, 62, 30)));
    assert_eq!(d.story(o), ["accepted", "taker 20 at 0.62", "cancelled: Unfilled"]);
}

#[test]
fn a_crossed_quote_offers_nothing() {
    let mut d = desk();
    d.quote(45, 40);
    let o = d.send(fak(buy(42, 30)));
    assert_eq!(d.filled(o), shares(0));
}

#[test]
fn no_buys_from_the_bids_of_yes() {
    let mut d = desk();
    d.bid(45, 10);
    d.bid(44, 10);
    let o = d.send(fak(order(NO, Side::Buy, 56, 15)));
    assert_eq!(d.story(o), ["accepted", "taker 10 at 0.55", "taker 5 at 0.56"]);
    assert_eq!(d.held(0, NO), shares(15));
    // What NO took, YES cannot sell into any more.
    d.ask(50, 10);
    d.send(fak(buy(50, 10)));
    let o = d.send(fak(sell(40, 10)));
    assert_eq!(d.story(o), ["accepted", "taker 5 at 0.44", "cancelled: Unfilled"]);
}

#[test]
fn a_market_that_records_only_no_trades_both() {
    let mut d = desk();
    d.level(NO, Side::Sell, 55, 10);
    let o = d.send(fak(order(NO, Side::Buy, 55, 4)));
    assert_eq!(d.story(o), ["accepted", "taker 4 at 0.55"]);
    d.level(NO, Side::Buy, 52, 10);
    let o = d.send(fak(buy(48, 20)));
    assert_eq!(d.story(o), ["accepted", "taker 10 at 0.48", "cancelled: Unfilled"], "buying YES sells NO");
}

#[test]
fn when_both_tokens_are_recorded_yes_speaks() {
    let mut d = desk();
    d.ask(40, 10);
    // The same liquidity, told from the other side, and a resting order at its price.
    let o = d.send(OrderPlan { ..buy(39, 10) });
    d.level(NO, Side::Buy, 60, 10);
    d.level(NO, Side::Buy, 61, 10);
    assert_eq!(d.filled(o), shares(0), "the book of NO is not a second book");
    let o = d.send(fak(buy(40, 30)));
    assert_eq!(d.filled(o), shares(10));
}
