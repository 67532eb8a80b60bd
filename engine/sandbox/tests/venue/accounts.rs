//! Balances, allowances, heartbeats, keys.

use crate::bot::*;
use sandbox::{Faults, Settings};
use serde_json::json;

#[test]
fn balances_by_kind_of_wallet() {
    let mut venue = venue();
    let mut bot = Bot::new(&mut venue, 1);
    bot.place(&mut venue, buy(52, 10));
    let (_, cash) = bot.ask(&mut venue, "GET", "/balance-allowance?asset_type=COLLATERAL&signature_type=0", b"");
    assert_eq!(cash["balance"], bot.cash(&venue).0.to_string());
    let spender = "0xE111180000d2663C0091e4f400237545B87B996B";
    assert_eq!(cash["allowances"][spender].as_str().map(str::len), Some(78), "without end: {cash}");
    let id = venue.ids(MARKET).unwrap().1[0].clone();
    let path = format!("/balance-allowance?asset_type=CONDITIONAL&signature_type=0&token_id={id}");
    assert_eq!(bot.ask(&mut venue, "GET", &path, b"").1["balance"], "10000000");
    let path = path.replace("CONDITIONAL", "CONDITIONAL-V2");
    assert_eq!(bot.ask(&mut venue, "GET", &path, b"").1["balance"], "0", "the newer ledger knows nothing of it");
    let (_, other) =
        bot.ask(&mut venue, "GET", "/balance-allowance/update?asset_type=COLLATERAL&signature_type=2", b"");
    assert_eq!(other["balance"], "1000000000", "the Safe is another wallet");
}

#[test]
fn positions_of_newer_markets_are_in_a_ledger_of_their_own() {
    let mut venue = sandbox::Venue::new(Settings::default(), Faults::default());
    venue.feed(START, &schemas::event::MarketEvent::Listed(Box::new(listed(3, false))));
    let bot = Bot::new(&mut venue, 1);
    let id = venue.ids(MARKET).unwrap().1[0].clone();
    assert!(venue.give(bot.wallet(), &id, shares(7)));
    let balance = |venue: &mut sandbox::Venue, asset: &str| {
        let path = format!("/balance-allowance?asset_type={asset}&signature_type=0&token_id={id}");
        bot.ask(venue, "GET", &path, b"").1["balance"].clone()
    };
    assert_eq!(balance(&mut venue, "CONDITIONAL-V2"), "7000000");
    assert_eq!(balance(&mut venue, "CONDITIONAL"), "0");
}

#[test]
fn without_allowance_nothing_is_bought() {
    let settings = Settings { welcome: dollars(100), approved: false, ..Settings::default() };
    let mut venue = venue_with(settings, Faults::default());
    let mut bot = Bot::new(&mut venue, 1);
    assert_eq!(bot.refused(&mut venue, buy(40, 10)).1, "not enough balance / allowance");
}

#[test]
fn a_missed_heartbeat_cancels_everything_of_the_key() {
    let mut venue = venue();
    let (mut bot, mut other) = (Bot::new(&mut venue, 1), Bot::new(&mut venue, 2));
    bot.place(&mut venue, buy(40, 10));
    other.place(&mut venue, buy(40, 10));
    let (_, first) = bot.ask(&mut venue, "POST", "/v1/heartbeats", b"{\"heartbeat_id\":\"\"}");
    venue.due(at_s(10));
    let next = json!({ "heartbeat_id": first["heartbeat_id"] }).to_string();
    let (status, second) = bot.ask(&mut venue, "POST", "/v1/heartbeats", next.as_bytes());
    assert_eq!(status, 200, "{second}");
    let (status, stale) = bot.ask(&mut venue, "POST", "/v1/heartbeats", next.as_bytes());
    assert_eq!((status, &stale["error_msg"]), (400, &"Invalid Heartbeat ID".into()));
    assert_eq!(stale["heartbeat_id"], second["heartbeat_id"]);
    let open = |bot: &Bot, venue: &mut sandbox::Venue| bot.ask(venue, "GET", "/data/orders", b"").1["count"].clone();
    venue.due(at_s(24));
    assert_eq!(open(&bot, &mut venue), 1);
    venue.due(at_s(25));
    assert_eq!((open(&bot, &mut venue), open(&other, &mut venue)), (0.into(), 1.into()));
}

#[test]
fn keys_are_listed_deleted_and_made_anew() {
    let mut venue = venue();
    let bot = Bot::new(&mut venue, 1);
    let (_, keys) = bot.ask(&mut venue, "GET", "/auth/api-keys", b"");
    assert_eq!(keys["apiKeys"], json!([bot.credentials.api_key]));
    assert_eq!(bot.ask(&mut venue, "GET", "/auth/ban-status/closed-only", b"").1["closed_only"], false);
    assert_eq!(bot.ask(&mut venue, "DELETE", "/auth/api-key", b"").1, "OK");
    assert_eq!(bot.ask(&mut venue, "GET", "/auth/api-keys", b"").0, 401);
    let (_, new) = answered(&make_key(&mut venue, &bot.key, "POST", "/auth/api-key"));
    assert_ne!(new["apiKey"], bot.credentials.api_key, "a deleted key does not come back");
}

#[test]
fn the_same_seed_gives_the_same_keys() {
    let key = |seed| {
        let mut venue = venue_with(Settings { seed, ..Settings::default() }, Faults::default());
        Bot::new(&mut venue, 1).credentials
    };
    assert_eq!(key(3), key(3));
    assert_ne!(key(3), key(4));
}

#[test]
fn an_older_deposit_wallet_that_is_in_use_is_the_one_that_is_shown() {
    use polymarket::{Order, SignDigest, SignatureType, wallet};
    let mut venue = venue();
    let mut bot = Bot::with_wallet(&mut venue, 1, SignatureType::DepositWallet);
    let balance = |venue: &mut sandbox::Venue, bot: &Bot| {
        let path = "/balance-allowance?asset_type=COLLATERAL&signature_type=3";
        bot.ask(venue, "GET", path, b"").1["balance"].clone()
    };
    let older = wallet::deposit_legacy(bot.key.address());
    let ask = buy(52, 10);
    let order = Order { maker: older, signer: older, ..bot.order(&venue, ask) };
    let body = bot.body_of(&order, ask);
    assert_eq!(bot.ask(&mut venue, "POST", "/order", &body).1["status"], "matched");
    let left = dollars(1_000).0 - 5_200_000 - fee(52, 10).0;
    assert_eq!(balance(&mut venue, &bot), left.to_string());
}
