//! What websockets say.

use crate::bot::*;
use sandbox::{Channel, Faults, Rate, SessionId, Settings, Venue};
use schemas::Side;
use schemas::event::{BookDelta, MarketChange, MarketEvent, Resolution};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A market session that listens to both outcomes.
fn listen(venue: &mut Venue) -> SessionId {
    let session = venue.open(Channel::Market);
    let ids = venue.ids(MARKET).unwrap().1;
    let frame = json!({ "type": "market", "assets_ids": ids, "custom_feature_enabled": true });
    let now = venue.now();
    venue.text(session, &frame.to_string(), now);
    session
}

fn said(venue: &mut Venue) -> Vec<Value> {
    let now = venue.now();
    venue.due(now).into_iter().map(|(_, t)| serde_json::from_str(&t).unwrap_or(Value::String(t))).collect()
}

fn kinds(said: &[Value]) -> Vec<&str> {
    said.iter().map(|v| v["event_type"].as_str().unwrap_or("-")).collect()
}

fn delta(token: schemas::TokenId, side: Side, price: i64, size: i64) -> MarketEvent {
    MarketEvent::BookDelta(BookDelta {
        token,
        side,
        price: cents(price),
        size: shares(size),
        stated: None,
        source_time: schemas::UtcNanos::ZERO,
    })
}

/// A client's own book of one token, kept as the protocol says.
#[derive(Default, Debug, PartialEq)]
struct Own {
    bids: BTreeMap<String, String>,
    asks: BTreeMap<String, String>,
}

impl Own {
    fn replace(&mut self, book: &Value) {
        let side = |name: &str| {
            let levels = book[name].as_array().unwrap().iter();
            levels.map(|l| (l["price"].as_str().unwrap().into(), l["size"].as_str().unwrap().into())).collect()
        };
        (self.bids, self.asks) = (side("bids"), side("asks"));
    }

    fn take(&mut self, id: &str, frame: &Value) {
        let frames = frame.as_array().cloned().unwrap_or_else(|| vec![frame.clone()]);
        for frame in frames {
            if frame["event_type"] == "book" && frame["asset_id"] == id {
                self.replace(&frame);
            }
            for change in frame["price_changes"].as_array().into_iter().flatten().filter(|c| c["asset_id"] == id) {
                let side = if change["side"] == "BUY" { &mut self.bids } else { &mut self.asks };
                let price = change["price"].as_str().unwrap().to_owned();
                match change["size"].as_str().unwrap() {
                    "0" => drop(side.remove(&price)),
                    size => drop(side.insert(price, size.to_owned())),
                }
            }
        }
    }
}

#[test]
fn a_book_on_subscribing_then_changes_of_both_outcomes() {
    let mut venue = venue();
    listen(&mut venue);
    let first = said(&mut venue);
    assert_eq!(first[0].as_array().unwrap().len(), 2);
    let yes = &first[0][0];
    assert_eq!(yes["asks"].as_array().unwrap().last().unwrap(), &json!({ "price": "0.52", "size": "60" }));
    assert_eq!(yes["hash"].as_str(), polymarket::book_hash(&yes.to_string()).as_deref());
    venue.feed(at_s(1), &delta(MARKET.yes(), Side::Buy, 50, 7));
    let all = said(&mut venue);
    assert_eq!(kinds(&all), ["price_change", "best_bid_ask", "best_bid_ask"]);
    let changes = all[0]["price_changes"].as_array().unwrap();
    let part = |i: usize| ["side", "price", "size", "best_bid", "best_ask"].map(|f| changes[i][f].as_str().unwrap());
    assert_eq!(part(0), ["BUY", "0.5", "7", "0.5", "0.52"]);
    assert_eq!(part(1), ["SELL", "0.5", "7", "0.48", "0.5"]);
}

#[test]
fn a_client_that_follows_has_the_venues_book() {
    let mut venue = venue();
    let ids = venue.ids(MARKET).unwrap().1;
    listen(&mut venue);
    let mut bots = [Bot::new(&mut venue, 1), Bot::new(&mut venue, 2)];
    let mut own = [Own::default(), Own::default()];
    for step in 0..120u64 {
        let n = i64::try_from(step * 7 % 11).unwrap();
        match step % 4 {
            0 => venue.feed(at_s(step), &delta(MARKET.yes(), Side::Buy, 40 + n, 3 * n)),
            1 => venue.feed(at_s(step), &delta(MARKET.yes(), Side::Sell, 53 + n, 2 * n)),
            2 => drop(bots[0].post(&mut venue, buy(42 + n, 5 + n))),
            _ => drop(bots[1].post(&mut venue, Ask { token: MARKET.no(), ..buy(44 + n, 5) })),
        }
        for frame in said(&mut venue) {
            own.iter_mut().zip(&ids).for_each(|(own, id)| own.take(id, &frame));
        }
        for (own, id) in own.iter().zip(&ids) {
            let mut truth = Own::default();
            truth.replace(&get(&mut venue, &format!("/book?token_id={id}")).1);
            assert_eq!(*own, truth, "after step {step}");
        }
    }
}

#[test]
fn trades_ticks_and_ends_are_told() {
    let mut venue = venue();
    let mut bot = Bot::new(&mut venue, 1);
    listen(&mut venue);
    said(&mut venue);
    bot.place(&mut venue, buy(52, 10));
    let all = said(&mut venue);
    assert_eq!(kinds(&all), ["last_trade_price", "price_change", "book", "book"]);
    assert_eq!((&all[0]["side"], &all[0]["size"]), (&"BUY".into(), &"10".into()));
    let tick = MarketEvent::Changed { market: MARKET, change: MarketChange::Tick(schemas::Price(1_000)) };
    venue.feed(at_s(2), &tick);
    let all = said(&mut venue);
    assert_eq!(kinds(&all), ["tick_size_change", "tick_size_change", "book", "book"]);
    assert_eq!((&all[0]["old_tick_size"], &all[0]["new_tick_size"]), (&"0.01".into(), &"0.001".into()));
    venue.feed(at_s(3), &resolved(Resolution::No));
    let all = said(&mut venue);
    let end = all.iter().find(|v| v["event_type"] == "market_resolved").unwrap();
    assert_eq!(
        (&end["winning_outcome"], &end["winning_asset_id"]),
        (&"No".into(), &json!(venue.ids(MARKET).unwrap().1[1]))
    );
}

#[test]
fn ping_pong_rubbish_and_unsubscribing() {
    let mut venue = venue();
    let session = listen(&mut venue);
    said(&mut venue);
    let now = venue.now();
    venue.text(session, "PING", now);
    venue.text(session, "{", now);
    assert_eq!(said(&mut venue), ["PONG", "INVALID OPERATION"]);
    let ids = venue.ids(MARKET).unwrap().1;
    venue.text(session, &json!({ "operation": "unsubscribe", "assets_ids": ids }).to_string(), now);
    venue.feed(at_s(1), &delta(MARKET.yes(), Side::Buy, 50, 7));
    assert_eq!(said(&mut venue), Vec::<Value>::new());
    venue.close(session);
    venue.text(session, "PING", now);
    assert_eq!(said(&mut venue), Vec::<Value>::new());
}

#[test]
fn a_silent_socket_still_answers_ping() {
    let settings = Settings { welcome: dollars(100), ..Settings::default() };
    let mut venue = venue_with(settings, Faults { silent_socket: Rate::Every { every: 2 }, ..Faults::default() });
    let session = listen(&mut venue);
    said(&mut venue);
    for n in 1..10 {
        venue.feed(at_s(n), &delta(MARKET.yes(), Side::Buy, 40, i64::try_from(n).unwrap()));
    }
    assert_eq!(kinds(&said(&mut venue)), ["price_change"], "it falls silent at the second");
    let now = venue.now();
    venue.text(session, "PING", now);
    assert_eq!(said(&mut venue), ["PONG"]);
    let ids = venue.ids(MARKET).unwrap().1;
    let (_, book) = get(&mut venue, &format!("/book?token_id={}", ids[0]));
    assert!(book["bids"].to_string().contains("\"9\""), "REST knows more: {book}");
}

/// A user session of a client.
fn listen_as(venue: &mut Venue, bot: &Bot) -> SessionId {
    let session = venue.open(Channel::User);
    let c = &bot.credentials;
    let frame = json!({ "auth": {
        "apiKey": c.api_key, "secret": c.secret.expose(), "passphrase": c.passphrase.expose(),
    }});
    let now = venue.now();
    venue.text(session, &frame.to_string(), now);
    session
}

#[test]
fn a_silent_user_socket_still_answers_ping() {
    let settings = Settings { welcome: dollars(100), ..Settings::default() };
    let mut venue = venue_with(settings, Faults { silent_user_socket: Rate::Every { every: 2 }, ..Faults::default() });
    let mut bot = Bot::new(&mut venue, 1);
    let session = listen_as(&mut venue, &bot);
    bot.place(&mut venue, buy(40, 10));
    assert_eq!(said(&mut venue).len(), 1);
    bot.place(&mut venue, buy(41, 10));
    bot.ask(&mut venue, "DELETE", "/cancel-all", b"");
    assert_eq!(said(&mut venue), Vec::<Value>::new(), "it falls silent at the second");
    let now = venue.now();
    venue.text(session, "PING", now);
    assert_eq!(said(&mut venue), ["PONG"]);
    listen_as(&mut venue, &bot);
    bot.place(&mut venue, buy(42, 10));
    assert_eq!(said(&mut venue).len(), 1, "a new one hears");
}

#[test]
fn the_venue_closes_sockets() {
    let settings = Settings { welcome: dollars(100), ..Settings::default() };
    let second = Rate::Every { every: 2 };
    let mut venue =
        venue_with(settings, Faults { socket_closed: second, user_socket_closed: second, ..Faults::default() });
    let mut bot = Bot::new(&mut venue, 1);
    // The first occasion of each is its subscription, the second what it would hear then.
    let (market, user) = (listen(&mut venue), listen_as(&mut venue, &bot));
    said(&mut venue);
    assert_eq!(venue.take_closed(), []);
    bot.place(&mut venue, buy(40, 10));
    assert_eq!(said(&mut venue), Vec::<Value>::new());
    let mut closed = venue.take_closed();
    closed.sort();
    assert_eq!(closed, [market, user]);
    assert_eq!(venue.take_closed(), [], "it is said once");
    let now = venue.now();
    venue.text(user, "PING", now);
    assert_eq!(said(&mut venue), Vec::<Value>::new());
}

#[test]
fn the_venue_closes_a_socket_that_subscribes() {
    let mut venue = venue_with(Settings::default(), Faults { user_socket_closed: Rate::ALWAYS, ..Faults::default() });
    let bot = Bot::new(&mut venue, 1);
    let user = listen_as(&mut venue, &bot);
    assert_eq!(venue.take_closed(), [user]);
}

#[test]
fn users_hear_only_of_their_own() {
    let mut venue = venue();
    let (mut bot, mut other) = (Bot::new(&mut venue, 1), Bot::new(&mut venue, 2));
    let session = venue.open(Channel::User);
    let c = bot.credentials.clone();
    let mut frame = json!({ "type": "user", "markets": [venue.ids(MARKET).unwrap().0], "auth": {
        "apiKey": c.api_key, "secret": "wrong", "passphrase": c.passphrase.expose(),
    }});
    let now = venue.now();
    venue.text(session, &frame.to_string(), now);
    bot.place(&mut venue, buy(40, 10));
    assert_eq!(said(&mut venue), Vec::<Value>::new(), "a wrong secret hears nothing");
    frame["auth"]["secret"] = json!(c.secret.expose());
    venue.text(session, &frame.to_string(), now);
    other.place(&mut venue, buy(40, 10));
    assert_eq!(said(&mut venue), Vec::<Value>::new());
    let id = bot.place(&mut venue, buy(41, 10));
    bot.ask(&mut venue, "DELETE", "/cancel-all", b"");
    let all = said(&mut venue);
    let types: Vec<&str> = all.iter().map(|v| v["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["PLACEMENT", "CANCELLATION", "CANCELLATION"]);
    assert_eq!((&all[0]["id"], &all[0]["status"]), (&json!(id), &"LIVE".into()));
}

#[test]
fn user_events_come_twice_late_or_never() {
    let settings = || Settings { welcome: dollars(1_000), ..Settings::default() };
    let hear = |faults: Faults, secs: u64| {
        let mut venue = venue_with(settings(), faults);
        let mut bot = Bot::new(&mut venue, 1);
        let session = venue.open(Channel::User);
        let c = bot.credentials.clone();
        let frame = json!({ "auth": {
            "apiKey": c.api_key, "secret": c.secret.expose(), "passphrase": c.passphrase.expose(),
        }});
        let now = venue.now();
        venue.text(session, &frame.to_string(), now);
        bot.place(&mut venue, buy(40, 10));
        bot.place(&mut venue, buy(41, 10));
        let prices = venue.due(at_s(secs)).into_iter().map(|(_, t)| serde_json::from_str::<Value>(&t).unwrap());
        prices.map(|v| v["price"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(hear(Faults { duplicate_event: Rate::ALWAYS, ..Faults::default() }, 0), ["0.4", "0.4", "0.41", "0.41"]);
    let late = Faults { late_event: Rate::Every { every: 2 }, ..Faults::default() };
    assert_eq!((hear(late, 0), hear(late, 2)), (vec!["0.4".to_owned()], vec!["0.4".to_owned(), "0.41".to_owned()]));
    assert_eq!(hear(Faults { lost_event: Rate::ALWAYS, ..Faults::default() }, 9), Vec::<String>::new());
}
