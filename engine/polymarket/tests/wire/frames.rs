//! The frames of clients, written and read.

use super::fixture;
use polymarket::auth::{Credentials, Secret};
use polymarket::token;
use polymarket::wire::subscribe::{self, Request};
use schemas::Bytes32;
use serde_json::Value;

#[test]
fn as_the_official_client_sends_them() {
    let json: Value = serde_json::from_str(&fixture("polymarket-vectors/samples_ws.json")).unwrap();
    let frames = json["client_frames"].as_object().unwrap();
    let token_of = |name: &str| token::from_decimal(frames[name]["assets_ids"][0].as_str().unwrap()).unwrap();
    let credentials = Credentials {
        api_key: "00000000-0000-0000-0000-000000000001".to_owned(),
        secret: Secret::new("\u{2026}".to_owned()),
        passphrase: Secret::new("\u{2026}".to_owned()),
    };
    let user = subscribe::user(&credentials, &[Bytes32([0xbd; 32])]);
    let mut ours = vec![
        ("market_initial", subscribe::market(&[token_of("market_initial")])),
        ("market_add", subscribe::market_add(&[token_of("market_add")])),
        ("market_remove", subscribe::market_remove(&[token_of("market_remove")])),
        ("user_initial", user.expose().to_owned()),
    ];
    for (name, frame) in &ours {
        assert_eq!(&serde_json::from_str::<Value>(frame).unwrap(), &frames[*name], "{name}");
    }
    ours.push(("ping", subscribe::PING.to_owned()));
    assert_eq!(
        (ours.len() + 1, frames["ping"].as_str()),
        (frames.len(), Some(subscribe::PING)),
        "and the venue's pong"
    );
    let read: Vec<Request> = ours.iter().map(|(_, frame)| subscribe::request(frame).unwrap()).collect();
    let custom = |name| Request::Market { tokens: vec![token_of(name)], custom: true, initial_dump: true };
    assert_eq!(read[0], custom("market_initial"));
    assert_eq!(read[1], custom("market_add"));
    assert_eq!(read[2], Request::Unsubscribe(vec![token_of("market_remove")]));
    let conditions = vec![format!("0x{}", "bd".repeat(32))];
    assert_eq!(read[3], Request::User { credentials: credentials.clone(), conditions });
    assert_eq!(read[4], Request::Ping);
    assert!(
        !serde_json::from_str::<Value>(subscribe::user(&credentials, &[]).expose())
            .unwrap()
            .as_object()
            .unwrap()
            .contains_key("markets")
    );
}

#[test]
fn what_is_no_request() {
    for wrong in [
        "",
        "PONG",
        "{}",
        "[]",
        r#"{"type":"user"}"#,
        r#"{"type":"weather"}"#,
        r#"{"type":"market","assets_ids":["x"]}"#,
    ] {
        assert!(subscribe::request(wrong).is_err(), "{wrong}");
    }
    // The Rust client's first frame.
    let rust = r#"{"type":"market","operation":"subscribe","markets":[],"assets_ids":["7"],"initial_dump":true}"#;
    assert!(matches!(subscribe::request(rust), Ok(Request::Market { custom: false, .. })));
    let e = subscribe::request(r#"{"type":"user","auth":{"apiKey":"k","secret":"CANARY","passphrase":["CANARY"]}}"#)
        .unwrap_err();
    assert!(!format!("{e} {e:?}").contains("CANARY"), "{e:?}");
}
