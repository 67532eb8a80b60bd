//! The way of a trade to the chain.

use crate::bot::*;
use polymarket::OrderType;
use sandbox::{Channel, Faults, Rate, Settings, Venue};
use serde_json::Value;

fn settings() -> Settings {
    Settings { welcome: dollars(1_000), ..Settings::default() }
}

/// Trade states that a user socket hears of within `secs`.
fn heard(venue: &mut Venue, secs: u64) -> Vec<String> {
    let until = venue.now().plus_secs(secs);
    let texts = venue.due(until);
    let trades = texts.iter().filter_map(|(_, t)| serde_json::from_str::<Value>(t).ok());
    trades.filter(|v| v["event_type"] == "trade").map(|v| v["status"].as_str().unwrap().to_owned()).collect()
}

fn listen(venue: &mut Venue, bot: &Bot) {
    let session = venue.open(Channel::User);
    let c = &bot.credentials;
    let frame = serde_json::json!({ "type": "user", "auth": {
        "apiKey": c.api_key, "secret": c.secret.expose(), "passphrase": c.passphrase.expose(),
    }});
    let now = venue.now();
    venue.text(session, &frame.to_string(), now);
}

#[test]
fn matched_mined_confirmed() {
    let mut venue = venue();
    let mut bot = Bot::new(&mut venue, 1);
    listen(&mut venue, &bot);
    let (_, answer) = bot.post(&mut venue, Ask { kind: OrderType::Fok, ..buy(52, 10) });
    let path = format!("/data/trades?id={}", answer["tradeIDs"][0].as_str().unwrap());
    let state = |venue: &mut Venue| bot.ask(venue, "GET", &path, b"").1["data"][0].clone();
    let row = state(&mut venue);
    assert_eq!((&row["status"], &row["transaction_hash"]), (&"MATCHED".into(), &"".into()), "{row}");
    assert_eq!(heard(&mut venue, 2), ["MATCHED", "MINED"]);
    assert_eq!(state(&mut venue)["transaction_hash"], answer["transactionsHashes"][0]);
    assert_eq!(heard(&mut venue, 3), ["CONFIRMED"]);
    assert_eq!(heard(&mut venue, 1_000), Vec::<String>::new(), "nothing comes after the end");
}

#[test]
fn a_failed_trade_gives_everything_back_on_both_sides() {
    let faults = Faults { failed: Rate::ALWAYS, retrying: Rate::ALWAYS, ..Faults::default() };
    let mut venue = venue_with(settings(), faults);
    let (mut maker, mut taker) = (Bot::new(&mut venue, 1), Bot::new(&mut venue, 2));
    listen(&mut venue, &maker);
    maker.place(&mut venue, buy(50, 10));
    taker.place(&mut venue, Ask { token: MARKET.no(), ..buy(50, 10) });
    assert_eq!(maker.held(&venue, MARKET.yes()), shares(10));
    assert_eq!(heard(&mut venue, 10), ["MATCHED", "RETRYING", "FAILED"]);
    for (bot, token) in [(&maker, MARKET.yes()), (&taker, MARKET.no())] {
        assert_eq!((bot.held(&venue, token), bot.cash(&venue)), (shares(0), dollars(1_000)));
    }
}

#[test]
fn what_was_passed_on_cannot_be_taken_back() {
    let faults = Faults { failed: Rate::Every { every: 1 }, ..Faults::default() };
    let mut venue = venue_with(settings(), faults);
    let (mut first, mut second) = (Bot::new(&mut venue, 1), Bot::new(&mut venue, 2));
    first.place(&mut venue, Ask { kind: OrderType::Fok, ..buy(52, 10) });
    // What was bought is offered on: the first trade cannot be undone while that stands.
    first.place(&mut venue, sell(53, 10));
    second.place(&mut venue, buy(10, 5));
    venue.due(at_s(5));
    assert_eq!(first.held(&venue, MARKET.yes()), shares(10));
    let (_, trades) = first.ask(&mut venue, "GET", "/data/trades", b"");
    assert_eq!(trades["data"][0]["status"], "CONFIRMED");
}

#[test]
fn a_delayed_order_says_so_and_is_matched_later() {
    let mut venue = venue_with(settings(), Faults { delayed: Rate::ALWAYS, ..Faults::default() });
    let mut bot = Bot::new(&mut venue, 1);
    let (_, answer) = bot.post(&mut venue, buy(52, 10));
    assert_eq!((&answer["status"], &answer["makingAmount"]), (&"delayed".into(), &"".into()));
    let id = answer["orderID"].as_str().unwrap().to_owned();
    let status = |venue: &mut Venue| bot.ask(venue, "GET", &format!("/data/order/{id}"), b"").1["status"].clone();
    assert_eq!(status(&mut venue), "DELAYED");
    venue.due(at_s(3));
    assert_eq!((status(&mut venue), bot.held(&venue, MARKET.yes())), ("MATCHED".into(), shares(10)));
}

/// A client whose order for ten at 0.52 is delayed, and that order's id.
fn delayed(faults: Faults, kind: OrderType) -> (Venue, Bot, String) {
    let mut venue = venue_with(settings(), Faults { delayed: Rate::ALWAYS, ..faults });
    let mut bot = Bot::new(&mut venue, 1);
    let id = bot.place(&mut venue, Ask { kind, ..buy(52, 10) });
    (venue, bot, id)
}

fn order(venue: &mut Venue, bot: &Bot, id: &str) -> (u16, Value) {
    let (status, body) = bot.ask(venue, "GET", &format!("/data/order/{id}"), b"");
    (status, body["status"].clone())
}

fn open(venue: &mut Venue, bot: &Bot) -> Value {
    bot.ask(venue, "GET", "/data/orders", b"").1["count"].clone()
}

#[test]
fn a_hidden_order_is_nowhere_until_its_delay_is_over() {
    let hides = Faults { hidden_while_delayed: Rate::ALWAYS, ..Faults::default() };
    let (mut venue, bot, id) = delayed(hides, OrderType::Gtc);
    assert_eq!((order(&mut venue, &bot, &id).0, open(&mut venue, &bot)), (404, 0.into()));
    venue.set_faults(Faults { null_order: Rate::ALWAYS, ..*venue.faults() });
    assert_eq!(order(&mut venue, &bot, &id), (200, Value::Null));
    venue.due(at_s(3));
    assert_eq!(order(&mut venue, &bot, &id), (200, "MATCHED".into()));
}

#[test]
fn a_hidden_order_can_be_cancelled() {
    let hides = Faults { hidden_while_delayed: Rate::ALWAYS, ..Faults::default() };
    let (mut venue, bot, id) = delayed(hides, OrderType::Gtc);
    let (_, gone) = bot.ask(&mut venue, "DELETE", "/cancel-all", b"");
    assert_eq!(gone["canceled"], serde_json::json!([id]));
    venue.due(at_s(3));
    assert_eq!((order(&mut venue, &bot, &id).1, bot.held(&venue, MARKET.yes())), ("CANCELED".into(), shares(0)));
}

#[test]
fn an_order_that_finds_nobody_when_its_delay_is_over_rests_as_unmatched() {
    let (mut venue, bot, id) = delayed(Faults { unmatched: Rate::ALWAYS, ..Faults::default() }, OrderType::Gtc);
    venue.due(at_s(3));
    assert_eq!((order(&mut venue, &bot, &id).1, open(&mut venue, &bot)), ("UNMATCHED".into(), 1.into()));
    assert_eq!(bot.held(&venue, MARKET.yes()), shares(0));
    venue.due(at_s(6));
    assert_eq!((order(&mut venue, &bot, &id).1, bot.held(&venue, MARKET.yes())), ("MATCHED".into(), shares(10)));
}

#[test]
fn an_unmatched_order_is_cancelled_before_it_is_tried_again() {
    let (mut venue, bot, id) = delayed(Faults { unmatched: Rate::ALWAYS, ..Faults::default() }, OrderType::Gtc);
    venue.due(at_s(3));
    bot.ask(&mut venue, "DELETE", "/cancel-all", b"");
    venue.due(at_s(9));
    assert_eq!((order(&mut venue, &bot, &id).1, bot.held(&venue, MARKET.yes())), ("CANCELED".into(), shares(0)));
}

#[test]
fn an_order_that_only_takes_ends_unmatched() {
    let (mut venue, bot, id) = delayed(Faults { unmatched: Rate::ALWAYS, ..Faults::default() }, OrderType::Fak);
    listen(&mut venue, &bot);
    let texts = venue.due(at_s(3));
    let end: Value = serde_json::from_str(&texts[0].1).unwrap();
    assert_eq!((&end["type"], &end["status"]), (&"CANCELLATION".into(), &"UNMATCHED".into()));
    venue.due(at_s(60));
    assert_eq!((open(&mut venue, &bot), bot.held(&venue, MARKET.yes())), (0.into(), shares(0)));
    assert_eq!(order(&mut venue, &bot, &id).1, "UNMATCHED");
}

#[test]
fn a_trade_is_listed_only_some_seconds_after_its_order_is_gone() {
    let mut venue = venue_with(settings(), Faults { late_trade_list: Rate::ALWAYS, ..Faults::default() });
    let mut bot = Bot::new(&mut venue, 1);
    let (_, answer) = bot.post(&mut venue, buy(52, 10));
    let trade = answer["tradeIDs"][0].as_str().unwrap().to_owned();
    let id = answer["orderID"].as_str().unwrap().to_owned();
    let listed = |venue: &mut Venue| bot.ask(venue, "GET", &format!("/data/trades?id={trade}"), b"").1["count"].clone();
    assert_eq!((listed(&mut venue), open(&mut venue, &bot)), (0.into(), 0.into()));
    assert_eq!(order(&mut venue, &bot, &id).1, "MATCHED", "the order knows of it");
    venue.due(START.plus_millis(3_999));
    assert_eq!(listed(&mut venue), 0);
    venue.due(at_s(4));
    assert_eq!(listed(&mut venue), 1);
}

#[test]
fn an_order_that_is_over_may_be_forgotten() {
    let mut venue = venue_with(settings(), Faults { forgotten_order: Rate::ALWAYS, ..Faults::default() });
    let mut bot = Bot::new(&mut venue, 1);
    let (resting, taken) = (bot.place(&mut venue, buy(40, 10)), bot.place(&mut venue, buy(52, 10)));
    assert_eq!(order(&mut venue, &bot, &resting), (200, "LIVE".into()));
    assert_eq!(order(&mut venue, &bot, &taken).0, 404);
}
