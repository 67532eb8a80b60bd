//! Frames of the venue's two websockets. What is read is held against a slow reading of the same text.

use crate::forge::changes::{Input, change};
use polymarket::wire::market::{self, Event, Frame, Level};
use polymarket::wire::user;
use schemas::{Bytes32, Price, Side, Size};
use serde_json::Value;

/// A message of every kind.
const SAMPLES: &str = include_str!("../../tests/fixtures/polymarket-vectors/samples_ws.json");

/// The first byte says whether the rest is a frame, or changes to a sound one.
fn text(input: &[u8], channel: &str) -> String {
    thread_local!(static SOUND: Value = serde_json::from_str(SAMPLES).unwrap());
    let mut input = Input::new(input);
    let how = input.byte();
    if how & 3 == 0 {
        return String::from_utf8_lossy(input.rest()).into_owned();
    }
    let mut bytes = SOUND
        .with(|sound| {
            let all = sound[channel].as_array().unwrap();
            let one = &all[usize::from(how >> 2) % all.len()];
            if how & 3 == 1 { Value::Array(vec![one.clone(), all[0].clone()]).to_string() } else { one.to_string() }
        })
        .into_bytes();
    change(&mut bytes, &mut input, 24);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The messages of a frame by another reader. `None` if it is not JSON.
fn slowly(text: &str) -> Option<Vec<Value>> {
    match serde_json::from_str(text).ok()? {
        Value::Array(list) => Some(list),
        one => Some(vec![one]),
    }
}

/// A frame of the market channel.
pub fn market(input: &[u8]) {
    let text = text(input, "market_channel");
    let slow = slowly(&text);
    let Ok(Frame::Messages(messages)) = market::decode(&text) else {
        let all_objects = slow.is_some_and(|list| list.iter().all(Value::is_object));
        assert!(!all_objects || text.contains("[[[["), "sound JSON was refused: {text}");
        return;
    };
    for (i, message) in messages.into_iter().enumerate() {
        let Ok(event) = message else { continue };
        let slow = slow.as_ref().map(|list| &list[i]);
        match event {
            Event::Book(book) => {
                assert!(book.bids.windows(2).all(|pair| pair[0].price > pair[1].price));
                assert!(book.asks.windows(2).all(|pair| pair[0].price < pair[1].price));
                book.bids.iter().chain(&book.asks).for_each(level);
                _ = book.hash_matches();
                if let Some(slow) = slow {
                    same_levels(&book.bids, &slow["bids"]);
                    same_levels(&book.asks, &slow["asks"]);
                }
            }
            Event::PriceChange(changes) => {
                for (i, change) in changes.changes.iter().enumerate() {
                    assert!(change.price.0 > 0 && change.price < Price::ONE && change.size.0 >= 0);
                    let Some(slow) = slow.map(|slow| &slow["price_changes"][i]) else { continue };
                    same(&slow["price"], change.price);
                    same(&slow["size"], change.size);
                    let side = slow["side"].as_str().map(str::to_ascii_uppercase);
                    assert_eq!(side.as_deref() == Some("BUY"), change.side == Side::Buy);
                    if let Some(id) = slow["asset_id"].as_str().filter(|id| !id.starts_with("0x")) {
                        assert_eq!(Bytes32::from_decimal(id), Some(change.token));
                    }
                }
            }
            Event::LastTrade(trade) => {
                if let Some(slow) = slow {
                    same(&slow["price"], trade.price);
                    same(&slow["size"], trade.size);
                }
            }
            _ => {}
        }
    }
}

fn level(level: &Level) {
    assert!(level.price.0 > 0 && level.price < Price::ONE && level.size.0 > 0);
}

/// The levels that have shares, in any order.
fn same_levels(ours: &[Level], slow: &Value) {
    let with_shares = slow.as_array().unwrap().iter().filter(|level| {
        let size = level["size"].as_str().and_then(|text| text.parse::<Size>().ok());
        size.is_none_or(|size| size.0 > 0)
    });
    // A size that is a number, or written in a way that only one of the two reads, may be nothing.
    assert!(ours.len() <= with_shares.count());
}

/// A text says the same amount to both readers, if the slow one can read it.
fn same<T: std::str::FromStr + PartialEq + std::fmt::Debug>(slow: &Value, ours: T) {
    if let Some(amount) = slow.as_str().and_then(|text| text.parse::<T>().ok()) {
        assert_eq!(amount, ours, "{slow}");
    }
}

/// A frame of the user channel.
pub fn user(input: &[u8]) {
    let text = text(input, "user_channel");
    let slow = slowly(&text);
    let Ok(Frame::Messages(messages)) = user::decode(&text) else { return };
    for (i, message) in messages.into_iter().enumerate() {
        let Ok(event) = message else { continue };
        // The other reader refuses a frame for half a surrogate pair or a number beyond its floats, anywhere in it.
        let Some(slow) = slow.as_ref().map(|list| &list[i]) else { continue };
        let hash = |key: &str| slow[key].as_str().and_then(Bytes32::from_hex);
        match event {
            user::Event::Order(order) => {
                assert_eq!(hash("id"), Some(order.id));
                same(&slow["price"], order.price);
                same(&slow["original_size"], order.original_size);
                same(&slow["size_matched"], order.size_matched);
            }
            user::Event::Trade(trade) => {
                assert_eq!(hash("taker_order_id"), Some(trade.taker_order_id));
                same(&slow["price"], trade.price);
                same(&slow["size"], trade.size);
                for (maker, slow) in
                    trade.maker_orders.iter().zip(slow["maker_orders"].as_array().into_iter().flatten())
                {
                    assert_eq!(slow["order_id"].as_str().and_then(Bytes32::from_hex), Some(maker.order_id));
                    same(&slow["matched_amount"], maker.matched_amount);
                }
            }
            user::Event::Unknown { .. } => {}
        }
    }
}
