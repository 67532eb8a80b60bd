//! One of each thing that is sent, with who reads it; and what the recorded ones are read as.

use polymarket::wire::WireError;
use schemas::{Outcome, Price, Prob, Size, UtcNanos};
use serde_json::{Value, json};
use std::fmt::Debug;
use venues::kalshi::wire::rest::{self, Phase, Ruling};
use venues::kalshi::wire::stream::{self, Message};
use venues::manifold::wire;

/// A text that is sent, and what it is read as, in words.
pub struct Sample {
    pub name: &'static str,
    pub json: Value,
    pub read: fn(&str) -> Result<String, WireError>,
}

pub fn recorded(name: &str) -> Value {
    let path = format!("{}/../../tests/fixtures/kalshi-api/{name}_response.json", env!("CARGO_MANIFEST_DIR"));
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    file["response"].clone()
}

fn shown<T: Debug>(value: T) -> String {
    format!("{value:?}")
}

fn page<T: Debug>(page: rest::Page<'_, T>) -> Result<String, WireError> {
    let entries = page.entries.into_iter().map(|e| e.map_err(|(e, _)| e)).collect::<Result<Vec<T>, _>>()?;
    Ok(shown((entries, page.next)))
}

pub fn book_now() -> Value {
    json!({"orderbook_fp": {
        "yes_dollars": [["0.0100", "7.00"], ["0.4500", "120.00"]],
        "no_dollars": [["0.5300", "20.50"]],
    }})
}

pub fn manifold_market() -> Value {
    json!({
        "id": "5pcLg2QtSA", "slug": "will-it-rain", "question": "Will it rain?", "outcomeType": "BINARY",
        "mechanism": "cpmm-1", "probability": 0.989_999_999_999_999_9, "p": 0.7097329828350025, "totalLiquidity": 1000,
        "pool": {"NO": 13598.155947854511, "YES": 335.84750101757936}, "volume": 16215.438491348315,
        "closeTime": 1_791_162_158_205_i64, "lastUpdatedTime": 1_788_000_000_123_i64, "isResolved": false,
        "url": "https://manifold.markets/someone/will-it-rain", "token": "MANA",
    })
}

pub fn messages() -> [(&'static str, Value); 7] {
    [
        ("subscribed", json!({"id": 1, "type": "subscribed", "msg": {"channel": "orderbook_delta", "sid": 4}})),
        ("error", json!({"id": 1, "type": "error", "msg": {"code": 9, "msg": "Authentication required"}})),
        (
            "snapshot",
            json!({"type": "orderbook_snapshot", "sid": 4, "seq": 1, "msg": {
                "market_ticker": "KXTEST-1", "market_id": "9b0f6b43",
                "yes_dollars_fp": [["0.0800", "300.00"], ["0.2200", "333.00"]],
                "no_dollars_fp": [["0.5400", "20.00"]],
            }}),
        ),
        (
            "delta",
            json!({"type": "orderbook_delta", "sid": 4, "seq": 2, "msg": {
                "market_ticker": "KXTEST-1", "market_id": "9b0f6b43", "price_dollars": "0.2200",
                "delta_fp": "-54.00", "side": "yes", "ts": "2026-02-14T15:30:00Z",
            }}),
        ),
        (
            "ticker",
            json!({"type": "ticker", "sid": 5, "msg": {
                "market_ticker": "KXTEST-1", "price_dollars": "0.1200", "yes_bid_dollars": "0.1100",
                "yes_ask_dollars": "0.1200", "ts": 1_732_579_880, "Clock": 6_598_272_994_i64,
            }}),
        ),
        (
            "trade",
            json!({"type": "trade", "sid": 6, "seq": 42, "msg": {
                "trade_id": "f851595a", "market_ticker": "KXTEST-1", "yes_price_dollars": "0.5500",
                "no_price_dollars": "0.4500", "count_fp": "10.50", "taker_side": "no", "ts_ms": 1_707_667_200_123_i64,
            }}),
        ),
        ("ok", json!({"id": 9, "sid": 4, "seq": 3, "type": "ok", "msg": {"market_tickers": ["KXTEST-1"]}})),
    ]
}

pub fn samples() -> Vec<Sample> {
    let mut settled = manifold_market();
    (settled["isResolved"], settled["resolution"], settled["resolutionProbability"]) =
        (json!(true), json!("MKT"), json!(0.37));
    let mut all = vec![
        Sample { name: "markets", json: recorded("markets_list"), read: |t| page(rest::markets(t)?) },
        Sample { name: "market", json: recorded("market_single"), read: |t| rest::market(t).map(shown) },
        Sample { name: "series", json: recorded("series_single"), read: |t| rest::series(t).map(shown) },
        Sample { name: "trades", json: recorded("trades_list"), read: |t| page(rest::trades(t)?) },
        Sample { name: "status", json: recorded("exchange_status"), read: |t| rest::exchange_status(t).map(shown) },
        Sample { name: "empty book", json: recorded("orderbook"), read: |t| rest::book(t).map(shown) },
        Sample { name: "book", json: book_now(), read: |t| rest::book(t).map(shown) },
        Sample { name: "manifold market", json: manifold_market(), read: |t| wire::market(t).map(shown) },
        Sample { name: "manifold settled", json: settled, read: |t| wire::market(t).map(shown) },
    ];
    all.extend(messages().map(|(name, json)| Sample { name, json, read: |t| stream::decode(t).map(shown) }));
    all
}

fn micro(price: i64, size: i64) -> (Price, Size) {
    (Price(price), Size(size))
}

#[test]
fn recorded_markets() {
    let text = recorded("markets_list").to_string();
    let page = rest::markets(&text).unwrap();
    assert!(page.next.unwrap().starts_with("CgwIyeGVywYQ0Lvs2QMSL0tY"));
    let markets: Vec<_> = page.entries.into_iter().map(Result::unwrap).collect();
    assert_eq!(markets.len(), 5);
    for market in &markets {
        assert!(market.is_binary && market.is_combination && market.phase == Phase::Open);
        assert_eq!((market.tick, &market.result, market.settlement), (Price(1_000), &None, None));
        assert_eq!(market.close_time.unwrap().to_string(), "2026-01-27T01:15:00Z");
    }
    let single = rest::market(&recorded("market_single").to_string()).unwrap();
    assert_eq!(single.ticker, "KXMVENFLSINGLEGAME-S202513E70FA7695-688BECB3826");
    assert_eq!(single, markets[0]);
    let event = recorded("event_single");
    let market = rest::market(&json!({"market": event["markets"][0]}).to_string()).unwrap();
    assert_eq!((market.ticker.as_str(), market.tick, market.is_combination), ("KXELONMARS-99", Price(10_000), false));
    assert_eq!(market.title, "Will Elon Musk visit Mars before Aug 1, 2099?");
}

#[test]
fn recorded_series_trades_status_and_book() {
    let series = rest::series(&recorded("series_single").to_string()).unwrap();
    let named = (series.ticker.as_str(), series.category.as_str(), series.fee_type.as_str());
    assert_eq!((named, series.fee_multiplier.as_str()), (("CO2", "Climate and Weather", "quadratic"), "1"));
    let text = recorded("trades_list").to_string();
    let trades: Vec<_> = rest::trades(&text).unwrap().entries.into_iter().map(Result::unwrap).collect();
    assert_eq!(trades.len(), 5);
    assert_eq!((trades[0].taker, trades[0].yes_price, trades[0].count), (Outcome::No, Price(60_000), Size(1_000_000)));
    assert_eq!(trades[0].time.to_string(), "2026-01-12T15:00:20.897212Z");
    let status = rest::exchange_status(&recorded("exchange_status").to_string()).unwrap();
    assert!(status.exchange_active && status.trading_active);
    let empty = rest::book(&recorded("orderbook").to_string()).unwrap();
    assert!(empty.yes.is_empty() && empty.no.is_empty());
}

#[test]
fn books_in_dollars_only() {
    let book = rest::book(&book_now().to_string()).unwrap();
    let levels = |side: &[venues::kalshi::wire::WireLevel]| side.iter().map(|l| (l.0, l.1)).collect::<Vec<_>>();
    assert_eq!(levels(&book.yes), [micro(10_000, 7_000_000), micro(450_000, 120_000_000)]);
    assert_eq!(levels(&book.no), [micro(530_000, 20_500_000)]);
    let cents = json!({"orderbook": {"yes": [[45, 100]], "no": null}});
    assert_eq!(rest::book(&cents.to_string()), Err(WireError::Missing("yes_dollars")), "not an empty book");
    let twice = json!({"orderbook_fp": {"yes_dollars": [["0.45", "1"], ["0.450", "2"]], "no_dollars": []}});
    assert!(rest::book(&twice.to_string()).is_err());
    for price in ["0", "1", "1.01", "-0.1", "0.1234567"] {
        let bad = json!({"orderbook_fp": {"yes_dollars": [[price, "1"]], "no_dollars": []}});
        assert!(rest::book(&bad.to_string()).is_err(), "{price}");
    }
    let turned = json!({"orderbook_fp": {"use_yes_price": true, "yes_dollars": [], "no_dollars": []}});
    assert!(rest::book(&turned.to_string()).is_err(), "a book that is read the wrong way round");
}

#[test]
fn grids_and_rulings() {
    let base = recorded("event_single")["markets"][0].clone();
    let market = |change: &[(&str, Value)]| {
        let mut json = base.clone();
        change.iter().for_each(|(key, value)| json[*key] = value.clone());
        rest::market(&json!({ "market": json }).to_string())
    };
    let tapered = json!([
        {"start": "0.0000", "end": "0.1000", "step": "0.0010"}, {"start": "0.1000", "end": "0.9000", "step": "0.0100"},
        {"start": "0.9000", "end": "1.0000", "step": "0.0010"},
    ]);
    assert_eq!(market(&[("price_ranges", tapered)]).unwrap().tick, Price(1_000), "the finest");
    let none = ("price_ranges", Value::Null);
    assert_eq!(market(std::slice::from_ref(&none)).unwrap().tick, Price(10_000));
    assert!(market(&[none.clone(), ("price_level_structure", json!("another"))]).is_err());
    assert!(market(&[none, ("price_level_structure", json!(""))]).is_err());
    for (status, phase) in [
        ("active", Phase::Open),
        ("inactive", Phase::Waiting),
        ("determined", Phase::Closed),
        ("finalized", Phase::Settled),
    ] {
        assert_eq!(market(&[("status", json!(status))]).unwrap().phase, phase);
    }
    assert_eq!(market(&[("result", json!("no"))]).unwrap().result, Some(Ruling::For(Outcome::No)));
    assert_eq!(market(&[("result", json!("void"))]).unwrap().result, Some(Ruling::Other("void".to_owned())));
    let paid = market(&[("settlement_value_dollars", json!("0.3700"))]).unwrap();
    assert_eq!(paid.settlement, Some(Price(370_000)));
}

#[test]
fn messages_of_the_websocket() {
    let read: Vec<Message> = messages().iter().map(|(_, json)| stream::decode(&json.to_string()).unwrap()).collect();
    assert_eq!(read[0], Message::Subscribed { id: 1, channel: "orderbook_delta".to_owned(), sid: 4 });
    let text = "Authentication required".to_owned();
    assert_eq!(read[1], Message::Error { id: Some(1), code: 9, text });
    let Message::Book { sid: 4, seq: 1, ticker, sides } = &read[2] else { panic!("{:?}", read[2]) };
    assert_eq!((ticker.as_str(), sides.yes.len(), sides.no[0].0), ("KXTEST-1", 2, Price(540_000)));
    let Message::Delta { sid: 4, seq: 2, delta } = &read[3] else { panic!("{:?}", read[3]) };
    assert_eq!((delta.side, delta.price, delta.change), (Outcome::Yes, Price(220_000), Size(-54_000_000)));
    assert_eq!(delta.time.to_string(), "2026-02-14T15:30:00Z");
    let Message::Ticker(ticker) = &read[4] else { panic!("{:?}", read[4]) };
    assert_eq!((ticker.yes_bid, ticker.yes_ask), (Some(Price(110_000)), Some(Price(120_000))));
    assert_eq!((ticker.last, ticker.time), (Some(Price(120_000)), UtcNanos::from_secs(1_732_579_880).unwrap()));
    let Message::Trade(trade) = &read[5] else { panic!("{:?}", read[5]) };
    assert_eq!((trade.taker, trade.yes_price, trade.count), (Outcome::No, Price(550_000), Size(10_500_000)));
    assert_eq!(trade.time.as_millis(), 1_707_667_200_123);
    assert_eq!(read[6], Message::Other { sid: Some(4), seq: Some(3), kind: "ok".to_owned() });
    let cents = json!({"type": "orderbook_snapshot", "sid": 1, "seq": 1,
        "msg": {"market_ticker": "X", "yes": [[45, 100]], "no_dollars_fp": []}});
    assert_eq!(stream::decode(&cents.to_string()), Err(WireError::Missing("yes_dollars")));
    let one_sided = json!({"type": "orderbook_snapshot", "sid": 1, "seq": 1,
        "msg": {"market_ticker": "X", "yes_dollars_fp": [["0.4500", "1.00"]]}});
    assert!(matches!(stream::decode(&one_sided.to_string()), Ok(Message::Book { .. })));
}

#[test]
fn markets_of_manifold() {
    let market = wire::market(&manifold_market().to_string()).unwrap();
    assert_eq!((market.probability, market.ruling), (Some(Prob(990_000)), None));
    assert_eq!(market.close_time.unwrap().as_millis(), 1_791_162_158_205);
    assert_eq!(market.updated.as_millis(), 1_788_000_000_123);
    let with = |change: &[(&str, Value)]| {
        let mut json = manifold_market();
        change.iter().for_each(|(key, value)| json[*key] = value.clone());
        wire::market(&json.to_string())
    };
    let ruling = |word: &str, p: Value| {
        with(&[("isResolved", json!(true)), ("resolution", json!(word)), ("resolutionProbability", p)]).unwrap().ruling
    };
    assert_eq!(ruling("YES", json!(0.99)), Some(wire::Ruling::Yes));
    assert_eq!(ruling("CANCEL", Value::Null), Some(wire::Ruling::Cancelled));
    assert_eq!(ruling("MKT", json!(0.37)), Some(wire::Ruling::Part(Some(Prob(370_000)))));
    // A year in which nobody is left to be told.
    assert_eq!(with(&[("closeTime", json!(1e18 as i64))]).unwrap().close_time, None);
    assert!(with(&[("probability", json!(1.5))]).is_err() && with(&[("probability", Value::Null)]).is_err());
    let many = with(&[("outcomeType", json!("MULTIPLE_CHOICE")), ("probability", Value::Null)]).unwrap();
    assert!(!many.is_binary && many.probability.is_none());
    let list = format!("[{}, {{\"id\": 7}}]", manifold_market());
    let read = wire::markets(&list).unwrap();
    assert!(read[0].is_ok() && read[1].as_ref().unwrap_err().1 == "{\"id\": 7}");
}
