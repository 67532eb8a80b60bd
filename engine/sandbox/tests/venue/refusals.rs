//! Refusals in the venue's words.

use crate::bot::*;
use polymarket::SignatureType;
use sandbox::{Faults, Mode, Settings, Standing};
use schemas::Side;
use serde_json::Value;

#[test]
fn price_size_and_balance() {
    let mut venue = venue();
    let mut bot = Bot::new(&mut venue, 1);
    let off_grid = Ask { price: schemas::Price(405_000), ..buy(40, 10) };
    let (status, text) = bot.refused(&mut venue, off_grid);
    assert!(status == 400 && text.ends_with("Price (0.405) breaks minimum tick size rule: 0.01"), "{text}");
    let (_, text) = bot.refused(&mut venue, buy(40, 4));
    assert!(text.starts_with("order 0x") && text.ends_with("Size (4) lower than the minimum: 5"), "{text}");
    assert_eq!(bot.refused(&mut venue, buy(50, 3_000)).1, "not enough balance / allowance");
    assert_eq!(bot.refused(&mut venue, sell(60, 10)).1, "not enough balance / allowance");
    let tiny = Ask { kind: polymarket::OrderType::Fak, ..buy(52, 1) };
    assert_eq!(bot.refused(&mut venue, tiny).1, "invalid amount for a marketable BUY order ($0.52), min size: 1");
    let crossing = Ask { post_only: true, ..buy(52, 10) };
    assert_eq!(bot.refused(&mut venue, crossing).1, "invalid post-only order: order crosses book");
    bot.place(&mut venue, buy(40, 2_400));
    assert_eq!(bot.refused(&mut venue, buy(40, 200)).1, "not enough balance / allowance", "open orders bind cash");
}

#[test]
fn owner_signer_and_signature() {
    let mut venue = venue();
    let (mut bot, other) = (Bot::new(&mut venue, 1), Bot::new(&mut venue, 2));
    let ask = buy(40, 10);
    let error = |(status, body): (u16, Value)| (status, body["error"].as_str().unwrap().to_owned());
    let body = bot.body(&venue, ask);
    let (status, text) = error(other.ask(&mut venue, "POST", "/order", &body));
    assert_eq!((status, text.as_str()), (400, "the order owner has to be the owner of the API KEY"));
    // Another's order under one's own key.
    let order = bot.order(&venue, ask);
    let signature = polymarket::order_signature(&order, &bot.domain, &bot.key).unwrap();
    let body = polymarket::post_body(&order, &signature, &other.credentials.api_key, &polymarket::Terms::GTC);
    let (_, text) = error(other.ask(&mut venue, "POST", "/order", &body));
    assert_eq!(text, "the order signer address has to be the address of the API KEY");
    // A signature of other terms.
    let cheaper = polymarket::Order { maker_amount: order.maker_amount / 2, ..order };
    let body = polymarket::post_body(&cheaper, &signature, &bot.credentials.api_key, &polymarket::Terms::GTC);
    assert_eq!(error(bot.ask(&mut venue, "POST", "/order", &body)).1, "Invalid order payload");
    // A wallet that is not theirs.
    let strange = polymarket::Order { maker: other.wallet(), signature_type: SignatureType::Proxy, ..order };
    let body = bot.body_of(&strange, ask);
    let (_, text) = error(bot.ask(&mut venue, "POST", "/order", &body));
    assert_eq!(text, "maker address not allowed, please use the deposit wallet flow");
    let mut v1: Value = serde_json::from_slice(&body).unwrap();
    let wire = v1["order"].as_object_mut().unwrap();
    wire.remove("timestamp");
    wire.insert("nonce".to_owned(), "0".into());
    let (_, text) = error(bot.ask(&mut venue, "POST", "/order", v1.to_string().as_bytes()));
    assert_eq!(text, "order_version_mismatch");
    let (status, text) = error(bot.ask(&mut venue, "POST", "/order", b"{\"order\":7}"));
    assert_eq!((status, text.as_str()), (400, "Invalid order payload"));
}

#[test]
fn all_four_kinds_of_wallet_trade() {
    let mut venue = venue();
    for (i, kind) in
        [SignatureType::Eoa, SignatureType::Proxy, SignatureType::Safe, SignatureType::DepositWallet].iter().enumerate()
    {
        let mut bot = Bot::with_wallet(&mut venue, 10 + u8::try_from(i).unwrap(), *kind);
        bot.place(&mut venue, buy(40, 10));
        assert_eq!(bot.cash(&venue), dollars(1_000), "{kind:?} has an account of its own");
    }
    let settings = Settings { deposit_wallets_only: true, welcome: dollars(100), ..Settings::default() };
    let mut venue = venue_with(settings, Faults::default());
    let mut old = Bot::new(&mut venue, 1);
    assert!(old.refused(&mut venue, buy(40, 10)).1.contains("please use the deposit wallet flow"));
    Bot::with_wallet(&mut venue, 2, SignatureType::DepositWallet).place(&mut venue, buy(40, 10));
}

#[test]
fn who_is_not_known() {
    let mut venue = venue();
    let bot = Bot::new(&mut venue, 1);
    let (status, body) = get(&mut venue, "/data/orders");
    assert_eq!((status, &body["error"]), (401, &"Unauthorized/Invalid api key".into()));
    let now = venue.now();
    let mut request = bot.request(&venue, "GET", "/data/orders", "", b"");
    assert_eq!(answered(&venue.handle(&request, now)).0, 200);
    request.path = "/data/trades".to_owned();
    assert_eq!(answered(&venue.handle(&request, now)).0, 401, "signed for another path");
    let old = bot.request(&venue, "GET", "/data/orders", "", b"");
    assert_eq!(answered(&venue.handle(&old, now.plus_secs(61))).0, 401, "signed too long ago");
    let (status, body) = answered(&make_key(&mut venue, &bot.key, "POST", "/auth/api-key"));
    assert_eq!((status, &body["error"]), (400, &"Could not create api key".into()));
    let (_, body) = answered(&make_key(&mut venue, &bot.key, "GET", "/auth/derive-api-key"));
    assert_eq!(body["apiKey"], bot.credentials.api_key);
    let strange = k256::ecdsa::SigningKey::from_slice(&[9; 32]).unwrap();
    let (status, _) = answered(&make_key(&mut venue, &strange, "GET", "/auth/derive-api-key"));
    assert_eq!(status, 400);
}

#[test]
fn modes_refuse_what_they_say() {
    let mut venue = venue();
    let mut bot = Bot::new(&mut venue, 1);
    let id = bot.place(&mut venue, buy(40, 10));
    venue.set_mode(Mode::Restarting);
    assert_eq!(bot.refused(&mut venue, buy(40, 10)).0, 425);
    venue.set_mode(Mode::PostOnly);
    let (status, body) = bot.post(&mut venue, buy(40, 10));
    assert_eq!((status, &body["code"]), (503, &"post_only_mode".into()));
    bot.place(&mut venue, Ask { post_only: true, ..buy(40, 10) });
    venue.set_mode(Mode::Disabled);
    assert_eq!(bot.refused(&mut venue, buy(40, 10)).0, 503);
    venue.set_mode(Mode::CancelOnly);
    assert!(bot.refused(&mut venue, buy(40, 10)).1.contains("cancel-only"));
    let body = format!("[\"{id}\"]");
    assert_eq!(bot.ask(&mut venue, "DELETE", "/orders", body.as_bytes()).1["canceled"][0], id);
}

#[test]
fn a_signer_has_a_bucket() {
    let mut venue = venue();
    let mut bot = Bot::new(&mut venue, 1);
    for n in 0..60 {
        let (status, body) = bot.post(&mut venue, buy(10, 5));
        assert_eq!(status, 200, "order {n}: {body}");
    }
    let body = bot.body(&venue, buy(10, 5));
    let request = bot.request(&venue, "POST", "/order", "", &body);
    let now = venue.now();
    let answer = venue.handle(&request, now);
    let response = answer.response().unwrap();
    let header = |name: &str| response.headers.iter().find(|(n, _)| *n == name).map(|(_, v)| v.as_str());
    assert_eq!((response.status, header("Poly-RateLimit-Remaining")), (429, Some("0")));
    assert_eq!((header("Retry-After"), header("Poly-RateLimit-Tier")), (Some("1"), Some("Standard")));
    assert_eq!(venue.handle(&request, now.plus_secs(1)).response().unwrap().status, 200);
}

#[test]
fn posted_json_truncated_or_of_wrong_types_is_refused() {
    let mut venue = venue();
    let mut bot = Bot::new(&mut venue, 1);
    let body = bot.body(&venue, Ask { side: Side::Buy, ..buy(40, 10) });
    // The bucket would empty otherwise, and hide what is asked here.
    for cut in 0..body.len() {
        let (status, answer) = bot.ask(&mut venue, "POST", "/order", &body[..cut]);
        assert_eq!((status, &answer["error"]), (400, &"Invalid order payload".into()), "cut at {cut}");
        let later = venue.now().plus_millis(100);
        venue.due(later);
    }
    let whole: Value = serde_json::from_slice(&body).unwrap();
    for name in whole["order"].as_object().unwrap().keys() {
        for wrong in [Value::Null, Value::Bool(true), serde_json::json!([]), "x".into(), (-1).into()] {
            let mut bad = whole.clone();
            bad["order"][name] = wrong.clone();
            let (status, _) = bot.ask(&mut venue, "POST", "/order", bad.to_string().as_bytes());
            let harmless = matches!(name.as_str(), "metadata" | "builder" | "expiration");
            assert!(status == 400 || (status == 404 && name == "tokenId") || harmless, "{name} {wrong}: {status}");
            let later = venue.now().plus_millis(100);
            venue.due(later);
        }
    }
}

#[test]
fn a_place_and_an_account_that_may_not_trade() {
    let mut venue = venue();
    let mut bot = Bot::new(&mut venue, 1);
    let resting = bot.place(&mut venue, buy(40, 10));
    assert_eq!(get(&mut venue, "/api/geoblock").1["blocked"], false);
    venue.settings_mut().geoblocked = true;
    assert_eq!(get(&mut venue, "/api/geoblock").1["blocked"], true);
    let (status, text) = bot.refused(&mut venue, buy(40, 10));
    assert_eq!((status, text.as_str()), (403, "Trading restricted in your region"));
    let cancel = format!("{{\"orderID\":\"{resting}\"}}");
    let (status, answer) = bot.ask(&mut venue, "DELETE", "/order", cancel.as_bytes());
    assert_eq!((status, &answer["canceled"][0]), (200, &Value::from(resting)), "cancelling works from anywhere");
    venue.settings_mut().geoblocked = false;
    venue.settings_mut().closed_only = true;
    assert_eq!(bot.ask(&mut venue, "GET", "/auth/ban-status/closed-only", b"").1["closed_only"], true);
    let (status, text) = bot.refused(&mut venue, buy(40, 10));
    assert!(status == 400 && text.ends_with("address in closed only mode"), "{text}");
}

#[test]
fn a_clock_that_is_ahead_counts_for_signed_times_too() {
    let mut venue = venue();
    let bot = Bot::new(&mut venue, 1);
    let seconds = |venue: &mut sandbox::Venue| get(venue, "/time").1.as_i64().unwrap();
    let before = seconds(&mut venue);
    venue.settings_mut().clock_ahead_s = 30;
    assert_eq!(seconds(&mut venue), before + 30);
    assert_eq!(bot.ask(&mut venue, "GET", "/auth/api-keys", b"").0, 200);
    venue.settings_mut().clock_ahead_s = 61;
    assert_eq!(bot.ask(&mut venue, "GET", "/auth/api-keys", b"").0, 401);
}

#[test]
fn what_is_held_against_an_account() {
    let mut venue = venue();
    let (mut bot, mut other) = (Bot::new(&mut venue, 1), Bot::new(&mut venue, 2));
    let resting = bot.place(&mut venue, buy(40, 10));
    let wallet = bot.wallet();
    venue.settings_mut().standing.insert(wallet, Standing::Banned);
    let (status, text) = bot.refused(&mut venue, buy(40, 10));
    assert_eq!((status, text), (400, format!("'{wallet}' address banned")));
    let body = format!("{{\"orderID\":\"{resting}\"}}");
    assert_eq!(bot.ask(&mut venue, "DELETE", "/order", body.as_bytes()).1["canceled"][0], resting);
    other.place(&mut venue, buy(52, 10));
    let wallet = other.wallet();
    venue.settings_mut().standing.insert(wallet, Standing::ClosedOnly);
    assert!(other.refused(&mut venue, buy(40, 10)).1.ends_with("address in closed only mode"));
    other.place(&mut venue, sell(60, 10));
    let closed_only = |bot: &Bot, venue: &mut sandbox::Venue| {
        bot.ask(venue, "GET", "/auth/ban-status/closed-only", b"").1["closed_only"].clone()
    };
    assert_eq!((closed_only(&bot, &mut venue), closed_only(&other, &mut venue)), (false.into(), true.into()));
}

#[test]
fn refusals_that_no_order_deserves() {
    let settings = || Settings { welcome: dollars(1_000), ..Settings::default() };
    let always = sandbox::Rate::ALWAYS;
    let refused = |faults: Faults, ask: Ask| {
        let mut venue = venue_with(settings(), faults);
        let mut bot = Bot::new(&mut venue, 1);
        let said = bot.refused(&mut venue, ask);
        venue.due(at_s(60));
        assert_eq!(bot.held(&venue, MARKET.yes()), shares(0), "{said:?} is kept");
        venue.set_faults(Faults::default());
        assert_eq!(bot.ask(&mut venue, "GET", "/data/orders", b"").1["count"], 0);
        said
    };
    let not_ready = Faults { not_ready: always, ..Faults::default() };
    let text = "the market is not yet ready to process new orders".to_owned();
    assert_eq!(refused(not_ready, buy(40, 10)), (400, text));
    let on_chain = Faults { cancelled_on_chain: always, ..Faults::default() };
    assert_eq!(refused(on_chain, buy(40, 10)), (400, "order canceled in the CTF exchange contract".to_owned()));
    let rounding = Faults { rounding_error: always, ..Faults::default() };
    assert_eq!(refused(rounding, buy(52, 10)), (500, "the trade contains rounding issues".to_owned()));
    let discrepancy = Faults { price_discrepancy: always, ..Faults::default() };
    let (status, text) = refused(discrepancy, buy(52, 10));
    assert!(status == 500 && text.starts_with("the price of the taker's order has a discrepancy"), "{text}");
    let mut venue = venue_with(settings(), Faults { rounding_error: always, price_discrepancy: always, ..rounding });
    Bot::new(&mut venue, 1).place(&mut venue, buy(40, 10));
}

#[test]
fn an_order_refused_with_match_delayed_is_matched_all_the_same() {
    let faults = Faults { match_delayed: sandbox::Rate::ALWAYS, ..Faults::default() };
    let mut venue = venue_with(Settings { welcome: dollars(1_000), ..Settings::default() }, faults);
    let mut bot = Bot::new(&mut venue, 1);
    let (status, text) = bot.refused(&mut venue, buy(52, 10));
    assert_eq!((status, text.as_str()), (400, "order match delayed due to market conditions"));
    assert_eq!(bot.held(&venue, MARKET.yes()), shares(0));
    venue.due(at_s(3));
    assert_eq!(bot.held(&venue, MARKET.yes()), shares(10));
}

#[test]
fn buckets_are_as_large_as_they_are_set() {
    let one = sandbox::Limit { per_second: 1, burst: 1 };
    let settings = Settings { welcome: dollars(1_000), order_rate: one, cancel_rate: one, ..Settings::default() };
    let mut venue = venue_with(settings, Faults::default());
    let mut bot = Bot::new(&mut venue, 1);
    bot.place(&mut venue, buy(40, 10));
    assert_eq!(bot.refused(&mut venue, buy(40, 10)), (429, "Too Many Requests".to_owned()));
    assert_eq!(bot.ask(&mut venue, "DELETE", "/cancel-all", b"").0, 200);
    assert_eq!(bot.ask(&mut venue, "DELETE", "/cancel-all", b"").0, 429);
    venue.due(at_s(1));
    bot.place(&mut venue, buy(40, 10));
}
