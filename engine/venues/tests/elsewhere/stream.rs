//! Kalshi's websocket: subscribed, counted, lost, and opened again; what it does not bring is read by requests.

use super::kalshi::{Kalshi, wanted};
use super::stage::{Reply, Stage, Wire, gap};
use polymarket::auth::Headers;
use schemas::event::{MarketEvent, Trade};
use schemas::{MarketId, Price, Side, Size, UtcNanos};
use serde_json::{Value, json};
use venues::feeds::ReadOnlyFeed;
use venues::kalshi::feed::{Feed, Settings};
use venues::kalshi::{KeyError, SignsHandshake};
use venues::wire::{Socket, Tell};

struct Signer(bool);

impl SignsHandshake for Signer {
    fn headers(&self, now: UtcNanos) -> Result<Headers, KeyError> {
        if !self.0 {
            return Err(KeyError::Sign("broken".to_owned()));
        }
        let millis = now.as_millis().to_string();
        Ok(Headers::new([("KALSHI-ACCESS-KEY", "id".to_owned()), ("KALSHI-ACCESS-TIMESTAMP", millis)]))
    }
}

fn stage(signs: bool) -> (Kalshi, Stage) {
    let key: Option<Box<dyn SignsHandshake>> = Some(Box::new(Signer(signs)));
    let settings = Settings { wanted: wanted(), reads_per_second: 10, book_every_ms: 1_000, key };
    let feeds: Vec<Box<dyn ReadOnlyFeed>> = vec![Box::new(Feed::new(settings))];
    let (venue, mut stage) = (Kalshi::default(), Stage::new(feeds));
    stage.run(3_000, |target| venue.reply(target));
    (venue, stage)
}

const BOOKS: u64 = 7;

/// Opens the websocket and answers its subscriptions; the books of both markets come as messages 1 and 2.
fn subscribed() -> (Kalshi, Stage) {
    let (venue, mut stage) = stage(true);
    assert_eq!(stage.said(), [Wire::Opened]);
    stage.tell(Tell::Opened(Socket::Kalshi));
    answer_subscriptions(&venue, &mut stage, BOOKS);
    stage.heard();
    (venue, stage)
}

/// Lets the feed subscribe, answers with the numbers `sid` and `sid + 1`, and sends both books.
fn answer_subscriptions(venue: &Kalshi, stage: &mut Stage, sid: u64) {
    stage.run(100, |target| venue.reply(target));
    let said = stage.said();
    for wire in &said {
        let Wire::Said(command) = wire else { continue };
        if command["cmd"] != "subscribe" {
            continue;
        }
        assert_eq!(command["params"]["market_tickers"], json!(["KXELONMARS-98", "KXELONMARS-97"]));
        let channel = command["params"]["channels"][0].as_str().unwrap();
        let number = if channel == "orderbook_delta" { sid } else { sid + 1 };
        let msg = json!({"channel": channel, "sid": number});
        stage.text(&json!({"id": command["id"], "type": "subscribed", "msg": msg}));
    }
    assert!(said.iter().any(|w| matches!(w, Wire::Said(c) if c["cmd"] == "subscribe")), "{said:?}");
    stage.text(&book(sid, 1, "KXELONMARS-98"));
    stage.text(&book(sid, 2, "KXELONMARS-97"));
}

fn book(sid: u64, seq: u64, ticker: &str) -> Value {
    json!({"type": "orderbook_snapshot", "sid": sid, "seq": seq, "msg": {"market_ticker": ticker,
        "yes_dollars_fp": [["0.2200", "10.00"]], "no_dollars_fp": [["0.7500", "4.00"]]}})
}

fn delta(sid: u64, seq: u64, price: &str, change: &str, side: &str) -> Value {
    json!({"type": "orderbook_delta", "sid": sid, "seq": seq, "msg": {"market_ticker": "KXELONMARS-98",
        "price_dollars": price, "delta_fp": change, "side": side, "ts_ms": 1_780_272_001_000_i64}})
}

#[test]
fn the_websocket_takes_over_and_changes_reach_both_tokens() {
    let (venue, mut stage) = subscribed();
    let market = MarketId(0);
    stage.text(&delta(BOOKS, 3, "0.2200", "-4.00", "yes"));
    stage.text(&delta(BOOKS, 4, "0.7600", "1.50", "no"));
    let events = stage.heard();
    let changes: Vec<_> = events
        .iter()
        .map(|e| if let MarketEvent::BookDelta(d) = e { (d.token, d.side, d.price, d.size) } else { panic!("{e:?}") })
        .collect();
    let size = |n: i64| Size(n * 10_000);
    assert_eq!(
        changes,
        [
            (market.yes(), Side::Buy, Price(220_000), size(600)),
            (market.no(), Side::Sell, Price(780_000), size(600)),
            (market.no(), Side::Buy, Price(760_000), size(150)),
            (market.yes(), Side::Sell, Price(240_000), size(150)),
        ]
    );
    let quote = stage.state.quotes.get(market.yes());
    assert_eq!((quote.bid, quote.ask, quote.is_two_sided()), (Price(220_000), Price(240_000), true));
    // Nothing is read by requests but how the markets stand.
    stage.asked.clear();
    stage.run(9_000, |target| venue.reply(target));
    assert!(stage.asked.iter().all(|(_, t)| !t.contains("orderbook") && !t.contains("trades")), "{:?}", stage.asked);
    stage.text(&json!({"type": "trade", "sid": BOOKS + 1, "seq": 1, "msg": {"market_ticker": "KXELONMARS-97",
        "trade_id": "t", "yes_price_dollars": "0.2400", "count_fp": "3.00", "taker_side": "yes"}}));
    let (token, source_time) = (MarketId(1).yes(), UtcNanos::ZERO);
    let trade = Trade { token, aggressor: Side::Buy, price: Price(240_000), size: Size(3_000_000), source_time };
    assert_eq!(stage.heard(), [MarketEvent::Trade(trade)]);
}

#[test]
fn a_missing_message_puts_every_book_in_doubt_and_subscribes_anew() {
    let (venue, mut stage) = subscribed();
    stage.run(6_000, |target| venue.reply(target));
    stage.said();
    stage.text(&delta(BOOKS, 6, "0.2200", "1.00", "yes"));
    assert_eq!(stage.heard(), [gap(0, 3), gap(1, 3)]);
    assert!(!stage.state.quotes.get(MarketId(0).yes()).valid);
    // What still comes on the old subscription counts for nothing.
    stage.text(&delta(BOOKS, 7, "0.2200", "1.00", "yes"));
    assert_eq!(stage.heard(), []);
    answer_subscriptions(&venue, &mut stage, 20);
    assert!(stage.state.quotes.get(MarketId(0).yes()).is_two_sided());
    stage.heard();
    // Again at once: that is more than chance.
    stage.text(&delta(20, 9, "0.2200", "1.00", "yes"));
    assert_eq!(stage.said().last(), Some(&Wire::Closed));
    stage.run(900, |target| venue.reply(target));
    assert!(!stage.said().contains(&Wire::Opened), "not at once");
    stage.run(10_000, |target| venue.reply(target));
    assert_eq!(stage.said(), [Wire::Opened]);
}

#[test]
fn a_change_that_does_not_fit_is_a_gap() {
    for bad in [delta(BOOKS, 3, "0.2200", "-10.01", "yes"), delta(BOOKS, 3, "0.3300", "-1.00", "no")] {
        let (venue, mut stage) = subscribed();
        stage.run(6_000, |target| venue.reply(target));
        stage.text(&bad);
        assert_eq!(stage.heard(), [gap(0, 0), gap(1, 0)]);
    }
}

#[test]
fn a_message_that_cannot_be_read_is_missed_by_the_next_one() {
    let (venue, mut stage) = subscribed();
    stage.run(6_000, |target| venue.reply(target));
    let mut bad = delta(BOOKS, 3, "0.2200", "1.00", "yes");
    bad["msg"]["side"] = json!("maybe");
    stage.text(&bad);
    assert!(stage.faults().iter().any(|f| f.contains("kalshi websocket")));
    stage.text(&delta(BOOKS, 4, "0.2200", "1.00", "yes"));
    assert_eq!(stage.heard(), [gap(0, 1), gap(1, 1)]);
}

#[test]
fn while_it_is_gone_books_are_read_and_it_is_opened_again_with_growing_pauses() {
    let (venue, mut stage) = subscribed();
    stage.tell(Tell::Closed(Socket::Kalshi, "gone".to_owned()));
    assert_eq!(stage.heard(), [gap(0, 0), gap(1, 0)]);
    stage.run(500, |target| venue.reply(target));
    assert!(stage.state.quotes.get(MarketId(0).yes()).is_two_sided(), "read by requests");
    let mut opened = Vec::new();
    for _ in 0..500 {
        stage.run(100, |target| venue.reply(target));
        if stage.said().contains(&Wire::Opened) {
            opened.push(stage.now);
            stage.tell(Tell::Closed(Socket::Kalshi, "HTTP error: 401".to_owned()));
        }
    }
    let pauses: Vec<i64> = opened.windows(2).map(|w| w[1].since(w[0]) / 1_000_000_000).collect();
    assert_eq!(pauses, [2, 4, 8, 16]);
}

#[test]
fn a_silent_websocket_is_asked_and_then_closed() {
    let (venue, mut stage) = subscribed();
    stage.run(29_000, |target| venue.reply(target));
    let said = stage.said();
    let asks = |w: &&Wire| matches!(w, Wire::Said(c) if c["cmd"] == "list_subscriptions");
    assert_eq!((said.iter().filter(asks).count(), said.contains(&Wire::Closed)), (2, false));
    stage.text(&json!({"id": 99, "type": "error", "msg": {"code": 5, "msg": "Unknown command"}}));
    stage.run(25_000, |target| venue.reply(target));
    assert!(!stage.said().contains(&Wire::Closed), "any answer shows that it lives");
    stage.run(6_000, |target| venue.reply(target));
    assert!(stage.said().contains(&Wire::Closed));
}

#[test]
fn a_refused_subscription_and_a_key_that_cannot_sign_wait_for_long_and_are_said_once() {
    let (venue, mut stage) = stage(true);
    stage.said();
    stage.tell(Tell::Opened(Socket::Kalshi));
    stage.run(100, |target| venue.reply(target));
    let said = stage.said();
    let Some(Wire::Said(command)) = said.first() else { panic!("{said:?}") };
    stage.log.clear();
    stage.text(&json!({"id": command["id"], "type": "error", "msg": {"code": 9, "msg": "No\u{7}"}}));
    stage.run(290_000, |target| venue.reply(target));
    let said = stage.said();
    assert!(said.contains(&Wire::Closed) && !said.contains(&Wire::Opened), "{said:?}");
    let faults = stage.faults();
    assert!(faults.len() == 1 && faults[0].contains("code 9: No\\u{7}"), "{faults:?}");
    let (_, mut stage) = self::stage(false);
    assert!(!stage.said().contains(&Wire::Opened));
    assert_eq!(stage.faults(), ["kalshi websocket: cannot sign: broken"]);
}

#[test]
fn without_a_key_there_is_no_websocket() {
    let venue = Kalshi::default();
    let mut stage = Stage::new(super::kalshi::feed(wanted(), 10));
    stage.run(10_000, |target: &str| -> Reply { venue.reply(target) });
    assert_eq!(stage.said(), []);
}
