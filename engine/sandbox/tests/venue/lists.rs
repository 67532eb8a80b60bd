//! What everybody may read: the CLOB's public part, Gamma, the Data API.

use crate::bot::*;
use sandbox::{Faults, Settings, Venue};
use schemas::MarketId;
use schemas::event::{MarketEvent, MarketListed};
use serde_json::json;

#[test]
fn prices_of_a_token() {
    let mut venue = venue();
    let id = venue.ids(MARKET).unwrap().1[0].clone();
    let mut ask = |path: &str| get(&mut venue, &format!("{path}token_id={id}")).1;
    assert_eq!(ask("/price?side=BUY&"), json!({ "price": "0.49" }));
    assert_eq!(ask("/price?side=sell&"), json!({ "price": "0.52" }));
    assert_eq!(ask("/midpoint?"), json!({ "mid": "0.505" }));
    assert_eq!(ask("/spread?"), json!({ "spread": "0.03" }));
    assert_eq!(ask("/tick-size?").to_string(), "{\"minimum_tick_size\":0.01}");
    assert_eq!(ask("/neg-risk?"), json!({ "neg_risk": false }));
    assert_eq!(ask("/last-trade-price?")["side"], "");
    let (status, body) = get(&mut venue, "/book?token_id=5");
    assert_eq!((status, &body["error"]), (404, &"No orderbook exists for the requested token id".into()));
    assert_eq!(get(&mut venue, "/version").1, json!({ "version": 2 }));
    assert_eq!(get(&mut venue, "/time").1, START.as_millis() / 1_000);
    assert_eq!(get(&mut venue, "/ok").1, "OK");
}

#[test]
fn markets_of_other_venues_in_a_recording_are_not_this_ones() {
    let mut venue = venue();
    let elsewhere = MarketId(1);
    let of_kalshi = MarketListed {
        market: elsewhere,
        venue: schemas::event::Venue::Kalshi,
        condition: schemas::Bytes32([7; 32]),
        tokens: [schemas::Bytes32([8; 32]), schemas::Bytes32([9; 32])],
        ..listed(2, false)
    };
    venue.feed(START, &MarketEvent::Listed(Box::new(of_kalshi)));
    assert!(venue.ids(elsewhere).is_none() && venue.ids(MARKET).is_some());
    let (_, all) = get(&mut venue, "/markets/keyset?limit=10");
    assert_eq!(all["markets"].as_array().unwrap().len(), 1);
}

#[test]
fn many_tokens_at_once() {
    let mut venue = venue();
    let ids = venue.ids(MARKET).unwrap().1;
    let mut post = |path: &str, body: serde_json::Value| {
        let request = sandbox::Request {
            method: "POST".to_owned(),
            path: path.to_owned(),
            body: body.to_string().into_bytes(),
            ..sandbox::Request::default()
        };
        let now = venue.now();
        answered(&venue.handle(&request, now)).1
    };
    let both = json!([{ "token_id": ids[0] }, { "token_id": ids[1] }]);
    assert_eq!(post("/books", both.clone()).as_array().unwrap().len(), 2);
    assert_eq!(post("/midpoints", both.clone())[&ids[1]], "0.495");
    assert_eq!(post("/spreads", both)[&ids[0]], "0.03");
    let prices =
        post("/prices", json!([{ "token_id": ids[0], "side": "BUY" }, { "token_id": ids[0], "side": "SELL" }]));
    assert_eq!(prices[&ids[0]], json!({ "BUY": "0.49", "SELL": "0.52" }));
    assert_eq!(post("/books", json!({ "a": 1 }))["error"], "Invalid payload");
}

#[test]
fn a_market_in_each_of_its_forms() {
    let mut venue = venue();
    let (condition, ids) = venue.ids(MARKET).unwrap();
    let (_, compact) = get(&mut venue, &format!("/clob-markets/{condition}"));
    assert_eq!((&compact["mts"], &compact["mos"]), (&json!(0.01), &json!(5)));
    assert_eq!(compact["fd"], json!({ "r": 0.05, "e": 1, "to": true }));
    let (_, by_token) = get(&mut venue, &format!("/markets-by-token/{}", ids[1]));
    assert_eq!((&by_token["condition_id"], &by_token["primary_token_id"]), (&json!(condition), &json!(ids[0])));
    let (_, list) = get(&mut venue, "/sampling-markets?next_cursor=MA==");
    assert_eq!((&list["count"], &list["data"][0]["tokens"][1]["token_id"]), (&1.into(), &json!(ids[1])));
    let (_, gamma) = get(&mut venue, "/gamma-api/markets/500001");
    assert_eq!(gamma["clobTokenIds"], json!(json!(ids).to_string()), "JSON in a string");
    assert_eq!((&gamma["outcomePrices"], &gamma["version"]), (&"[\"0.505\",\"0.495\"]".into(), &"v1".into()));
    assert_eq!(get(&mut venue, "/markets/0x00").0, 404);
}

fn many(protocol: u8) -> Venue {
    let mut venue = Venue::new(Settings::default(), Faults::default());
    for n in 0..45u32 {
        let market = MarketListed {
            market: MarketId(n),
            slug: format!("m{n}"),
            group: format!("event {}", n / 3),
            tokens: [schemas::Bytes32::ZERO; 2],
            condition: schemas::Bytes32::ZERO,
            ..listed(protocol, false)
        };
        venue.feed(START, &MarketEvent::Listed(Box::new(market)));
    }
    venue
}

#[test]
fn gamma_pages_and_filters() {
    let mut venue = many(2);
    let (mut cursor, mut seen) = (String::new(), Vec::new());
    loop {
        let path = format!("/gamma-api/markets/keyset?limit=20&closed=false&after_cursor={cursor}");
        let (_, page) = get(&mut venue, &path);
        seen.extend(page["markets"].as_array().unwrap().iter().map(|m| m["slug"].as_str().unwrap().to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(seen, (0..45).map(|n| format!("m{n}")).collect::<Vec<_>>());
    let (_, closed) = get(&mut venue, "/markets/keyset?closed=true");
    assert_eq!(closed["markets"], json!([]));
    let (condition, ids) = venue.ids(MarketId(7)).unwrap();
    for query in [format!("condition_ids={condition}"), format!("clob_token_ids={}", ids[1]), "slug=m7".to_owned()] {
        let (_, page) = get(&mut venue, &format!("/gamma-api/markets?{query}"));
        assert_eq!((page.as_array().unwrap().len(), &page[0]["slug"]), (1, &"m7".into()), "{query}");
    }
    let (_, events) = get(&mut venue, "/gamma-api/events/keyset?limit=10");
    assert_eq!((events["events"].as_array().unwrap().len(), events["next_cursor"].is_string()), (10, true));
    assert_eq!(events["events"][0]["markets"].as_array().unwrap().len(), 3);
}

#[test]
fn gamma_has_tags_for_those_who_ask_and_no_category() {
    let mut venue = many(2);
    let (_, plain) = get(&mut venue, "/gamma-api/markets/keyset?limit=1");
    let market = &plain["markets"][0];
    assert_eq!((&market["category"], market.get("tags")), (&json!(null), None));
    let (_, asked) = get(&mut venue, "/gamma-api/markets/keyset?limit=1&include_tag=true");
    let labels: Vec<&str> =
        asked["markets"][0]["tags"].as_array().unwrap().iter().map(|t| t["label"].as_str().unwrap()).collect();
    assert_eq!(labels, ["Recurring", "weather"]);
    let (_, events) = get(&mut venue, "/gamma-api/events/keyset?limit=1&tag_slug=weather");
    assert_eq!(events["events"][0]["tags"][1]["slug"], "weather", "an event has them anyway");
    for nothing in ["events/keyset?tag_slug=sports", "markets/keyset?tag_id=77"] {
        let (_, page) = get(&mut venue, &format!("/gamma-api/{nothing}"));
        assert!(page.as_object().unwrap().values().all(|v| *v == json!([])), "{nothing}: {page}");
    }
}

#[test]
fn markets_of_the_new_protocol_have_positions_and_their_own_domain() {
    let mut venue = many(3);
    let (_, gamma) = get(&mut venue, "/gamma-api/markets/slug/m0");
    assert_eq!((&gamma["version"], gamma["positionIds"].as_array().map(Vec::len)), (&"v2".into(), Some(2)));
    let mut bot = Bot::new(&mut venue, 1);
    venue.fund(bot.wallet(), dollars(100));
    assert_eq!(bot.refused(&mut venue, buy(40, 10)).1, "Invalid order payload", "signed for domain version 2");
    bot.domain = polymarket::Domain::exchange(&polymarket::Chain::POLYGON, polymarket::Generation::V3, false).unwrap();
    bot.place(&mut venue, buy(40, 10));
}

#[test]
fn positions_and_trades_of_a_wallet() {
    let mut venue = venue();
    let mut bot = Bot::new(&mut venue, 1);
    bot.place(&mut venue, buy(52, 10));
    let wallet = bot.wallet();
    let (_, page) = get(&mut venue, &format!("/data-api/v2/positions?user={wallet}"));
    let row = &page["data"][0];
    assert_eq!(
        (&row["current_size"], &row["avg_price"], &row["entry_cost_usdc"]),
        (&json!(10), &json!(0.52), &json!(5.2))
    );
    assert_eq!(page["pagination"], json!({ "has_more": false, "next_cursor": null }));
    let (_, old) = get(&mut venue, &format!("/data-api/positions?user={wallet}"));
    assert_eq!((&old[0]["size"], &old[0]["conditionId"]), (&json!(10), &json!(venue.ids(MARKET).unwrap().0)));
    let (_, trades) = get(&mut venue, &format!("/data-api/v2/trades?user={wallet}"));
    assert_eq!((&trades["data"][0]["side"], &trades["data"][0]["size"]), (&"BUY".into(), &json!(10)));
    assert_eq!(get(&mut venue, "/data-api/v2/positions").0, 400);
}

#[test]
fn history_is_kept_by_the_minute() {
    let mut venue = venue();
    for n in 0..5 {
        venue.feed(at_s(60 * n), &snapshot(&[level(40 + i64::try_from(n).unwrap(), 10)], &[level(60, 10)]));
    }
    let id = venue.ids(MARKET).unwrap().1[0].clone();
    let (_, all) = get(&mut venue, &format!("/prices-history?market={id}&interval=1h"));
    let prices: Vec<f64> = all["history"].as_array().unwrap().iter().map(|p| p["p"].as_f64().unwrap()).collect();
    assert_eq!(prices, [0.5, 0.505, 0.51, 0.515, 0.52]);
    let (_, some) = get(&mut venue, &format!("/prices-history?market={id}&interval=max&fidelity=2"));
    assert_eq!(some["history"].as_array().unwrap().len(), 3);
}
