//! Every sample with what reads it. A reader gives back all that it read, as text, or what is wrong.

use super::answers::answers;
use super::fixture;
use polymarket::wire::{WireError, data, gamma, market, rest, user};
use serde::Deserialize;
use serde_json::Value;
use std::fmt::Debug;

pub type Reader = fn(&str) -> Result<String, String>;

/// One sample.
pub struct Sample {
    pub name: String,
    pub json: Value,
    pub read: Reader,
}

pub fn shown<T: Debug, E: Debug>(read: Result<T, E>) -> Result<String, String> {
    read.map(|found| format!("{found:?}")).map_err(|e| format!("{e:?}"))
}

/// A list of which each entry must be good.
pub fn all<T: Debug, E: Debug>(read: Result<Vec<Result<T, E>>, WireError>) -> Result<String, String> {
    let entries = read.map_err(|e| format!("{e:?}"))?;
    shown(entries.into_iter().collect::<Result<Vec<_>, _>>())
}

pub fn typed<T: for<'a> Deserialize<'a> + Debug>(text: &str) -> Result<String, String> {
    shown(rest::read::<T>(text))
}

pub fn page<T: for<'a> Deserialize<'a> + Debug>(text: &str) -> Result<String, String> {
    let page = rest::page::<T>(text).map_err(|e| format!("{e:?}"))?;
    all(Ok(page.entries)).map(|entries| format!("{entries} {:?}", page.next))
}

fn gamma_page(text: &str) -> Result<String, String> {
    let page = gamma::markets(text).map_err(|e| format!("{e:?}"))?;
    all(Ok(page.entries)).map(|entries| format!("{entries} {:?}", page.next))
}

fn data_page(text: &str) -> Result<String, String> {
    let page = data::page::<data::Position>(text).map_err(|e| format!("{e:?}"))?;
    all(Ok(page.entries)).map(|entries| format!("{entries} {:?}", page.next))
}

pub fn market_frame(text: &str) -> Result<String, String> {
    match market::decode(text) {
        Ok(market::Frame::Messages(messages)) => {
            // What was read, without the raw text that some carry along.
            all(Ok(messages)).map(|shown| strip_raw(&shown))
        }
        other => Err(format!("{other:?}")),
    }
}

fn user_frame(text: &str) -> Result<String, String> {
    match user::decode(text) {
        Ok(market::Frame::Messages(messages)) => all(Ok(messages)),
        other => Err(format!("{other:?}")),
    }
}

fn book(text: &str) -> Result<String, String> {
    shown(rest::book(text)).map(|shown| strip_raw(&shown))
}

fn books(text: &str) -> Result<String, String> {
    all(rest::books(text)).map(|shown| strip_raw(&shown))
}

/// Cuts `raw: "..."` out of debug output.
fn strip_raw(shown: &str) -> String {
    let mut out = String::new();
    let mut rest = shown;
    while let Some(at) = rest.find(", raw: \"") {
        out.push_str(&rest[..at]);
        let inside = &rest[at + 8..];
        let mut escaped = false;
        let end = inside.find(|c| {
            let ends = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        });
        rest = &inside[end.unwrap() + 1..];
    }
    out + rest
}

/// What reads the answer of this name.
fn rest_reader(name: &str) -> Option<Reader> {
    Some(match name {
        "GET /book" => book,
        "POST /books" => books,
        "GET /midpoint" => |text| shown(rest::midpoint(text)),
        // A price of each token under its id, as `POST /prices` without sides.
        "POST /midpoints" => typed::<std::collections::BTreeMap<String, String>>,
        "GET /price" => |text| shown(rest::price(text)),
        "POST /prices" => |text| shown(rest::prices(text)),
        "GET /spread" => |text| shown(rest::spread(text)),
        "GET /last-trade-price" => |text| shown(rest::last_trade_price(text)),
        "GET /tick-size" => |text| shown(rest::tick_size(text)),
        "GET /neg-risk" => |text| shown(rest::neg_risk(text)),
        "GET /markets-by-token/{id}" => typed::<rest::MarketByToken>,
        "GET /clob-markets/{cond}" => typed::<rest::MarketInfo>,
        "POST /auth/api-key" => |text| {
            let found = rest::credentials(text).map_err(|e| format!("{e:?}"))?;
            Ok(format!("{:?} {:?} {:?}", found.api_key, found.secret.expose(), found.passphrase.expose()))
        },
        "POST /order live" | "POST /order matched" => typed::<rest::OrderAnswer>,
        "POST /orders" => typed::<Vec<rest::OrderAnswer>>,
        "DELETE /orders" => |text| shown(rest::CancelAnswer::read(text)),
        "GET /data/orders" => page::<rest::OrderState>,
        "GET /data/trades" => page::<rest::Trade>,
        "GET /balance-allowance" => |text| shown(rest::BalanceAllowance::read(text)),
        "GET /auth/ban-status/closed-only" => typed::<rest::ClosedOnly>,
        "POST /v1/heartbeats" => typed::<rest::Heartbeat>,
        "POST /v1/heartbeats (400)" => {
            |text| rest::stale_heartbeat(text).map(|id| format!("{id:?}")).ok_or_else(String::new)
        }
        "gamma GET /markets/{id}" => typed::<gamma::Market>,
        "gamma GET /markets/keyset" => gamma_page,
        "data GET /v2/positions" => data_page,
        _ => return None,
    })
}

/// All samples of REST answers and websocket messages.
pub fn samples() -> Vec<Sample> {
    let mut out = answers();
    let rest: Value = serde_json::from_str(&fixture("polymarket-vectors/samples_rest.json")).unwrap();
    for (name, json) in rest["responses"].as_object().unwrap() {
        let read = rest_reader(name).unwrap_or_else(|| panic!("nothing reads '{name}'"));
        out.push(Sample { name: name.clone(), json: json.clone(), read });
    }
    let ws: Value = serde_json::from_str(&fixture("polymarket-vectors/samples_ws.json")).unwrap();
    for (channel, read) in [("market_channel", market_frame as Reader), ("user_channel", user_frame)] {
        for (i, json) in ws[channel].as_array().unwrap().iter().enumerate() {
            let name = format!("{channel} {i} {} {}", json["event_type"], json["type"]);
            out.push(Sample { name, json: json.clone(), read });
        }
    }
    out
}

#[test]
fn every_sample_is_read() {
    let samples = samples();
    assert_eq!(samples.len(), 26 + 16 + answers().len(), "as many as the files' README says");
    for sample in samples {
        let read = (sample.read)(&sample.json.to_string());
        assert!(read.is_ok(), "{}: {read:?}", sample.name);
        // White space between all parts means nothing, and so does a field that nobody knows.
        let pretty = serde_json::to_string_pretty(&sample.json).unwrap();
        assert_eq!((sample.read)(&pretty), read, "{}", sample.name);
        if let Value::Object(map) = &sample.json {
            if sample.name.starts_with("POST /prices") || sample.name.starts_with("POST /midpoints") {
                continue;
            }
            let mut more = map.clone();
            more.insert("a_new_field".to_owned(), serde_json::json!({"of": ["some", {"kind": null}]}));
            assert_eq!((sample.read)(&Value::Object(more).to_string()), read, "{}", sample.name);
        }
    }
}
