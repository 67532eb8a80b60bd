//! Answers that the vectors have no sample of: real ones, and written ones where none was published.

use super::fixture;
use super::readers::{Sample, all, page, shown, typed};
use polymarket::wire::{Page, WireError, data, gamma, list, rest};
use serde_json::{Value, json};
use std::fmt::Debug;

fn whole_page<T: Debug>(read: Result<Page<T>, WireError>) -> Result<String, String> {
    let page = read.map_err(|e| format!("{e:?}"))?;
    all(Ok(page.entries)).map(|entries| format!("{entries} {:?}", page.next))
}

fn real(name: &str) -> Value {
    serde_json::from_str(&fixture(&format!("polymarket-gamma/{name}.json"))).unwrap()
}

/// One of each.
pub fn answers() -> Vec<Sample> {
    let markets = real("clob_markets_page");
    let event = real("carlos_gamma_event")[0].clone();
    let wallet = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
    let trade = json!({
        "proxy_wallet": wallet, "token_id": "7", "condition_id": format!("0x{}", "bd".repeat(32)), "side": "SELL",
        "size": 10.5, "price": 0.57, "timestamp": 1_795_305_600, "transaction_hash": format!("0x{}", "ee".repeat(32)),
        "title": "Q?", "slug": "q", "outcome": "Yes", "outcome_index": 0,
    });
    let of = |name: &str, json: Value, read| Sample { name: name.to_owned(), json, read };
    vec![
        of("GET /markets/{condition}", markets["data"][0].clone(), typed::<rest::ClobMarket>),
        of("GET /markets", json!({ "data": [markets["data"][5]], "next_cursor": "MTAw" }), page::<rest::ClobMarket>),
        of("GET /version", json!({ "version": 2 }), |text| shown(rest::server_version(text))),
        of("GET /prices-history", real("hugompt_clob_prices_history"), |text| shown(rest::history(text))),
        of(
            "GET /auth/api-keys",
            json!({ "apiKeys": ["00000000-0000-0000-0000-000000000001"] }),
            typed::<rest::ApiKeys>,
        ),
        of(
            "GET /api/geoblock",
            json!({ "blocked": true, "ip": "203.0.113.7", "country": "US", "region": "NY" }),
            typed::<rest::Geoblock>,
        ),
        of("gamma GET /events/{id}", event.clone(), typed::<gamma::Event>),
        of("gamma GET /events/keyset", json!({ "events": [event], "next_cursor": "opaque" }), |text| {
            whole_page(gamma::events(text))
        }),
        of(
            "data GET /v2/trades",
            json!({ "data": [trade], "pagination": { "has_more": true, "next_cursor": "opaque" } }),
            |text| whole_page(data::page::<data::Trade>(text)),
        ),
        of("data GET /positions", real("hugompt_data_positions"), |text| all(list::<data::PositionV1>(text))),
        of("data GET /trades", real("hugompt_data_trades"), |text| all(list::<data::TradeV1>(text))),
    ]
}
