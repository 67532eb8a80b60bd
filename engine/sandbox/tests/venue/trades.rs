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
