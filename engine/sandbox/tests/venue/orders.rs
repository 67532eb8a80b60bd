//! Orders that are taken: resting, taking, ending.

use crate::bot::*;
use polymarket::OrderType;
use schemas::event::Resolution;

#[test]
fn a_limit_order_rests_is_listed_and_cancelled() {
    let mut venue = venue();
    let mut bot = Bot::new(&mut venue, 1);
    let id = bot.place(&mut venue, buy(40, 10));
    let (_, list) = bot.ask(&mut venue, "GET", "/data/orders", b"");
    assert_eq!((&list["count"], &list["next_cursor"]), (&1.into(), &"LTE=".into()));
    let row = &list["data"][0];
    assert_eq!((&row["id"], &row["status"], &row["price"]), (&id.clone().into(), &"LIVE".into(), &"0.4".into()));
    assert_eq!((&row["original_size"], &row["size_matched"]), (&"10".into(), &"0".into()));
    let body = format!("{{\"orderID\":\"{id}\"}}");
    let (_, gone) = bot.ask(&mut venue, "DELETE", "/order", body.as_bytes());
    assert_eq!(gone["canceled"][0], id);
    let (_, again) = bot.ask(&mut venue, "DELETE", "/order", body.as_bytes());
    assert!(again["not_canceled"][&id].as_str().unwrap().contains("already canceled or matched"));
    let (_, order) = bot.ask(&mut venue, "GET", &format!("/data/order/{id}"), b"");
    assert_eq!(order["status"], "CANCELED");
}

#[test]
fn the_id_is_the_hash_that_the_client_computed() {
    let mut venue = venue();
    let mut bot = Bot::new(&mut venue, 1);
    let ask = buy(40, 10);
    let order = bot.order(&venue, ask);
    let body = bot.body_of(&order, ask);
    let (_, answer) = bot.ask(&mut venue, "POST", "/order", &body);
    assert_eq!(answer["orderID"], format!("0x{}", order.id(&bot.domain)));
    let (status, twice) = bot.ask(&mut venue, "POST", "/order", &body);
    let text = format!("order 0x{} is invalid. Duplicated.", order.id(&bot.domain));
    assert_eq!((status, twice["error"].as_str()), (400, Some(text.as_str())));
}

#[test]
fn a_marketable_order_takes_level_by_level() {
    let mut venue = venue();
    let mut bot = Bot::new(&mut venue, 1);
    let (_, answer) = bot.post(&mut venue, buy(54, 70));
    assert_eq!((&answer["status"], &answer["takingAmount"]), (&"matched".into(), &"70".into()));
    // 60 at 0.52 and 10 at 0.54.
    assert_eq!(answer["makingAmount"], "36.6");
    assert_eq!(answer["tradeIDs"].as_array().unwrap().len(), 2);
    assert_eq!(bot.held(&venue, MARKET.yes()), shares(70));
    let paid = dollars(1_000).0 - bot.cash(&venue).0;
    assert_eq!(paid, 36_600_000 + fee(52, 60).0 + fee(54, 10).0);
    let id = venue.ids(MARKET).unwrap().1[0].clone();
    let (_, book) = get(&mut venue, &format!("/book?token_id={id}"));
    assert_eq!(book["asks"], serde_json::json!([{ "price": "0.54", "size": "15" }]));
}

#[test]
fn both_outcomes_are_one_book() {
    let mut venue = venue();
    let mut bot = Bot::new(&mut venue, 1);
    let no = |ask: Ask| Ask { token: MARKET.no(), ..ask };
    // Buying NO at 0.51 sells YES at 0.49, where 20 are bid.
    let (_, answer) = bot.post(&mut venue, Ask { kind: OrderType::Fak, ..no(buy(51, 20)) });
    assert_eq!((&answer["status"], &answer["makingAmount"]), (&"matched".into(), &"10.2".into()));
    assert_eq!(bot.held(&venue, MARKET.no()), shares(20));
    bot.place(&mut venue, no(buy(47, 8)));
    let ids = venue.ids(MARKET).unwrap().1;
    let (_, yes) = get(&mut venue, &format!("/book?token_id={}", ids[0]));
    let (_, no) = get(&mut venue, &format!("/book?token_id={}", ids[1]));
    let best = |book: &serde_json::Value, side: &str| {
        let level = book[side].as_array().unwrap().last().unwrap().clone();
        (level["price"].as_str().unwrap().to_owned(), level["size"].as_str().unwrap().to_owned())
    };
    // 0.53 YES is what bids 0.47 for NO; better is the recorded 0.52, which is 0.48 for NO.
    assert_eq!(best(&yes, "asks"), ("0.52".to_owned(), "60".to_owned()));
    assert_eq!(best(&no, "bids"), ("0.48".to_owned(), "60".to_owned()));
    assert!(no["bids"].as_array().unwrap().iter().any(|l| l["price"] == "0.47" && l["size"] == "8"));
    assert!(yes["asks"].as_array().unwrap().iter().any(|l| l["price"] == "0.53" && l["size"] == "8"));
}

#[test]
fn two_clients_meet_and_both_are_told_the_same_trade() {
    let mut venue = venue();
    let (mut maker, mut taker) = (Bot::new(&mut venue, 1), Bot::new(&mut venue, 2));
    let resting = maker.place(&mut venue, buy(50, 10));
    // Selling YES needs YES: buying NO at 0.50 mints a pair with the maker.
    let (_, answer) = taker.post(&mut venue, Ask { token: MARKET.no(), ..buy(50, 10) });
    assert_eq!(answer["status"], "matched");
    assert_eq!((maker.held(&venue, MARKET.yes()), taker.held(&venue, MARKET.no())), (shares(10), shares(10)));
    let trade = answer["tradeIDs"][0].as_str().unwrap().to_owned();
    let seen = |bot: &Bot, venue: &mut sandbox::Venue| {
        let (_, list) = bot.ask(venue, "GET", &format!("/data/trades?id={trade}"), b"");
        list["data"][0].clone()
    };
    let (of_maker, of_taker) = (seen(&maker, &mut venue), seen(&taker, &mut venue));
    assert_eq!((&of_maker["trader_side"], &of_taker["trader_side"]), (&"MAKER".into(), &"TAKER".into()));
    assert_eq!(of_maker["maker_orders"][0]["order_id"], resting);
    assert_eq!(of_maker["taker_order_id"], answer["orderID"]);
    assert_eq!(of_maker["maker_orders"][0]["outcome"], "Yes");
    let (_, order) = maker.ask(&mut venue, "GET", &format!("/data/order/{resting}"), b"");
    assert_eq!((&order["status"], &order["size_matched"]), (&"MATCHED".into(), &"10".into()));
}

#[test]
fn recorded_flow_fills_resting_orders() {
    let mut venue = venue();
    let mut bot = Bot::new(&mut venue, 1);
    let first = bot.place(&mut venue, buy(50, 10));
    let second = bot.place(&mut venue, buy(50, 10));
    venue.feed(at_s(1), &traded(MARKET.yes(), schemas::Side::Sell, 50, 15));
    let matched = |venue: &mut sandbox::Venue, id: &str| {
        bot.ask(venue, "GET", &format!("/data/order/{id}"), b"").1["size_matched"].clone()
    };
    assert_eq!((matched(&mut venue, &first), matched(&mut venue, &second)), ("10".into(), "5".into()));
    let (_, trades) = bot.ask(&mut venue, "GET", "/data/trades", b"");
    assert_eq!(trades["count"], 1, "one trade fills two of our makers: {trades}");
    assert_eq!(trades["data"][0]["maker_orders"].as_array().unwrap().len(), 2);
    assert_eq!(trades["data"][0]["size"], "15");
}

#[test]
fn orders_that_only_take() {
    let mut venue = venue();
    let mut bot = Bot::new(&mut venue, 1);
    let (status, text) = bot.refused(&mut venue, Ask { kind: OrderType::Fok, ..buy(52, 61) });
    assert_eq!(
        (status, text.as_str()),
        (400, "order couldn't be fully filled. FOK orders are fully filled or killed.")
    );
    let (status, text) = bot.refused(&mut venue, Ask { kind: OrderType::Fak, ..buy(51, 10) });
    assert!(status == 400 && text.starts_with("no orders found to match with FAK order."), "{text}");
    let (_, part) = bot.post(&mut venue, Ask { kind: OrderType::Fak, ..buy(52, 100) });
    assert_eq!((&part["status"], &part["takingAmount"]), (&"matched".into(), &"60".into()));
    assert_eq!(bot.ask(&mut venue, "GET", "/data/orders", b"").1["count"], 0, "the rest does not stand");
    let (_, all) = bot.post(&mut venue, Ask { kind: OrderType::Fok, ..buy(54, 25) });
    assert_eq!(all["takingAmount"], "25");
}

#[test]
fn gtd_orders_end_a_minute_early() {
    let mut venue = venue();
    let mut bot = Bot::new(&mut venue, 1);
    let start = u64::try_from(START.as_millis() / 1_000).unwrap();
    let gtd = |s| Ask { kind: OrderType::Gtd, expiration_s: start + s, ..buy(40, 10) };
    assert_eq!(bot.refused(&mut venue, gtd(179)).1, "invalid expiration");
    assert_eq!(bot.refused(&mut venue, Ask { expiration_s: start + 500, ..buy(40, 10) }).1, "invalid expiration");
    let id = bot.place(&mut venue, gtd(180));
    venue.due(at_s(119));
    let status =
        |venue: &mut sandbox::Venue| bot.ask(venue, "GET", &format!("/data/order/{id}"), b"").1["status"].clone();
    assert_eq!(status(&mut venue), "LIVE");
    assert_eq!(venue.next_due(), Some(at_s(120)));
    venue.due(at_s(120));
    assert_eq!(status(&mut venue), "CANCELED_EXPIRED_ORDER");
}

#[test]
fn the_end_of_a_market_pays_and_cancels() {
    let mut venue = venue();
    let mut bot = Bot::new(&mut venue, 1);
    bot.place(&mut venue, Ask { kind: OrderType::Fok, ..buy(52, 10) });
    let id = bot.place(&mut venue, buy(40, 10));
    let before = bot.cash(&venue);
    venue.feed(at_s(10), &resolved(Resolution::Yes));
    assert_eq!(bot.cash(&venue).0 - before.0, 10_000_000);
    let (_, order) = bot.ask(&mut venue, "GET", &format!("/data/order/{id}"), b"");
    assert_eq!(order["status"], "CANCELED_MARKET_RESOLVED");
    let (condition, _) = venue.ids(MARKET).unwrap();
    let (_, market) = get(&mut venue, &format!("/markets/{condition}"));
    assert_eq!((&market["closed"], &market["tokens"][0]["winner"]), (&true.into(), &true.into()));
    assert_eq!(bot.refused(&mut venue, buy(40, 10)).1, "the market is not yet ready to process new orders");
}

#[test]
fn a_batch_answers_leg_by_leg() {
    let mut venue = venue();
    let mut bot = Bot::new(&mut venue, 1);
    let legs: Vec<String> =
        [buy(40, 10), buy(40, 1), buy(41, 10)].map(|ask| String::from_utf8(bot.body(&venue, ask)).unwrap()).to_vec();
    let (status, answers) = bot.ask(&mut venue, "POST", "/orders", format!("[{}]", legs.join(",")).as_bytes());
    assert_eq!((status, answers.as_array().unwrap().len()), (200, 3));
    assert_eq!((&answers[0]["status"], &answers[2]["status"]), (&"live".into(), &"live".into()));
    assert_eq!((&answers[1]["orderID"], &answers[1]["success"]), (&"".into(), &true.into()));
    assert!(answers[1]["errorMsg"].as_str().unwrap().contains("lower than the minimum: 5"));
    let many = format!("[{}]", vec!["{}"; 16].join(","));
    let (status, text) = bot.ask(&mut venue, "POST", "/orders", many.as_bytes());
    assert_eq!((status, &text["error"]), (400, &"Too many orders in payload: 16, max allowed: 15".into()));
    let (_, gone) = bot.ask(&mut venue, "DELETE", "/cancel-all", b"");
    assert_eq!(gone["canceled"].as_array().unwrap().len(), 2);
}

#[test]
fn cancelling_by_market_and_token() {
    let mut venue = venue();
    let (mut bot, mut other) = (Bot::new(&mut venue, 1), Bot::new(&mut venue, 2));
    bot.place(&mut venue, buy(40, 10));
    let no = bot.place(&mut venue, Ask { token: MARKET.no(), ..buy(30, 10) });
    other.place(&mut venue, buy(40, 10));
    let (condition, ids) = venue.ids(MARKET).unwrap();
    let of_token = format!("{{\"asset_id\":\"{}\"}}", ids[1]);
    let (_, gone) = bot.ask(&mut venue, "DELETE", "/cancel-market-orders", of_token.as_bytes());
    assert_eq!(gone["canceled"], serde_json::json!([no]));
    let of_market = format!("{{\"market\":\"{condition}\"}}");
    let (_, gone) = bot.ask(&mut venue, "DELETE", "/cancel-market-orders", of_market.as_bytes());
    assert_eq!(gone["canceled"].as_array().unwrap().len(), 1);
    assert_eq!(other.ask(&mut venue, "GET", "/data/orders", b"").1["count"], 1, "nobody else's order is touched");
}
