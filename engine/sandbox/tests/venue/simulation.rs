//! Many days of several clients with every fault on: money is neither made nor lost, no order stands twice, and what a
//! client can learn by asking is what its account holds.

use crate::bot::*;
use polymarket::OrderType;
use sandbox::{Channel, Faults, Rate, Settings, Venue};
use schemas::event::{BookDelta, MarketEvent};
use schemas::money::MICRO;
use schemas::{Side, UtcNanos};
use serde_json::Value;
use std::collections::BTreeSet;

/// A generator of its own: the venue's must not know what clients draw.
struct Draw(u64);

impl Draw {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }

    fn int(&mut self, from: i64, to: i64) -> i64 {
        from + i64::try_from(self.below(u64::try_from(to - from).unwrap())).unwrap()
    }
}

fn everything() -> Faults {
    Faults {
        failed: Rate::Ppm(200_000),
        silent_socket: Rate::Ppm(2_000),
        silent_user_socket: Rate::Ppm(2_000),
        socket_closed: Rate::Ppm(500),
        user_socket_closed: Rate::Ppm(500),
        restart_every_s: 1_200,
        cancel_only_every_s: 1_700,
        disabled_every_s: 2_300,
        ..Faults::all(Rate::Ppm(80_000))
    }
}

/// One run of one seed; everything that was said in it, as one text.
fn run(seed: u64, steps: u64) -> (String, u64) {
    let settings = Settings { seed, welcome: dollars(1_000), ..Settings::default() };
    let mut venue = venue_with(settings, everything());
    let mut draw = Draw(seed);
    let mut bots = Vec::new();
    for n in 1..=3 {
        bots.push(Bot::new(&mut venue, n));
    }
    for bot in &bots {
        let session = venue.open(Channel::User);
        let c = &bot.credentials;
        let frame = serde_json::json!({ "auth": {
            "apiKey": c.api_key, "secret": c.secret.expose(), "passphrase": c.passphrase.expose(),
        }});
        let now = venue.now();
        venue.text(session, &frame.to_string(), now);
    }
    let market = venue.open(Channel::Market);
    let frame = serde_json::json!({ "assets_ids": venue.ids(MARKET).unwrap().1, "custom_feature_enabled": true });
    let now = venue.now();
    venue.text(market, &frame.to_string(), now);
    let mut said = String::new();
    for step in 0..steps {
        let now = START.plus_millis(step * 700 + draw.below(600));
        said.extend(venue.due(now.max(venue.now())).into_iter().map(|(_, text)| text));
        let bot = usize::try_from(draw.below(3)).unwrap();
        match draw.below(10) {
            0..=3 => feed(&mut venue, &mut draw),
            4 => {
                let request = bots[bot].request(&venue, "DELETE", "/cancel-all", "", b"");
                let now = venue.now();
                said += &format!("{:?}", venue.handle(&request, now));
            }
            _ => said += &place(&mut venue, &mut draw, &mut bots[bot]),
        }
    }
    // Whatever is on its way arrives, and whatever waits is settled.
    let end = venue.now().plus_secs(3_600);
    said.extend(venue.due(end).into_iter().map(|(_, text)| text));
    venue.set_faults(Faults::default());
    let trades = check(&mut venue, &bots);
    (said, trades)
}

fn feed(venue: &mut Venue, draw: &mut Draw) {
    let side = if draw.below(2) == 0 { Side::Buy } else { Side::Sell };
    let now = venue.now();
    if draw.below(4) == 0 {
        return venue.feed(now, &traded(MARKET.yes(), side, draw.int(45, 56), draw.int(1, 30)));
    }
    let price = if side == Side::Buy { draw.int(40, 51) } else { draw.int(51, 62) };
    let delta = BookDelta {
        token: MARKET.yes(),
        side,
        price: cents(price),
        size: shares(draw.int(0, 60)),
        stated: None,
        source_time: UtcNanos::ZERO,
    };
    venue.feed(now, &MarketEvent::BookDelta(delta));
}

fn place(venue: &mut Venue, draw: &mut Draw, bot: &mut Bot) -> String {
    let token = if draw.below(2) == 0 { MARKET.yes() } else { MARKET.no() };
    let kind =
        [OrderType::Gtc, OrderType::Gtc, OrderType::Fak, OrderType::Fok][usize::try_from(draw.below(4)).unwrap()];
    let size = draw.int(5, 40);
    let ask = Ask { token, kind, ..buy(draw.int(42, 58), size) };
    let ask = if draw.below(3) == 0 { Ask { side: Side::Sell, ..ask } } else { ask };
    let body = bot.body(venue, ask);
    let request = bot.request(venue, "POST", "/order", "", &body);
    let now = venue.now();
    let answer = venue.handle(&request, now);
    // A client that has no answer sends the same bytes again.
    let again = answer.response().is_none_or(|r| r.status >= 500);
    let second = again.then(|| venue.handle(&request, now));
    format!("{answer:?}{second:?}")
}

/// Every trade that a key's owner can list gives, with the welcome, what the wallet holds; fees are at most the schedule's.
fn check(venue: &mut Venue, bots: &[Bot]) -> u64 {
    let ids = venue.ids(MARKET).unwrap().1;
    let mut count = 0;
    let micro = |v: &Value| polymarket::number::micro(v.as_str().unwrap()).unwrap();
    for bot in bots {
        let (_, list) = bot.ask(venue, "GET", "/data/trades", b"");
        assert_eq!(list["next_cursor"], "LTE=", "all on one page");
        let (mut held, mut spent, mut seen) = ([0i64; 2], 0i64, BTreeSet::new());
        for trade in list["data"].as_array().unwrap() {
            assert!(matches!(trade["status"].as_str(), Some("CONFIRMED" | "FAILED")), "{trade}");
            assert!(seen.insert(trade["id"].to_string()), "a trade is listed once");
            if trade["status"] == "FAILED" {
                continue;
            }
            count += 1;
            let own_makers = trade["maker_orders"].as_array().unwrap().iter();
            let own_makers = own_makers.filter(|m| m["owner"] == bot.credentials.api_key.as_str());
            let mut parts: Vec<(&Value, i64)> = own_makers.map(|m| (m, micro(&m["matched_amount"]))).collect();
            if trade["owner"] == bot.credentials.api_key.as_str() {
                parts.push((trade, micro(&trade["size"])));
            }
            for (part, size) in parts {
                let sign = if part["side"] == "BUY" { 1 } else { -1 };
                held[usize::from(part["asset_id"] == ids[1].as_str())] += sign * size;
                spent += sign * (micro(&part["price"]) * (size / 10_000) / (MICRO / 10_000));
            }
        }
        let has = [bot.held(venue, MARKET.yes()).0, bot.held(venue, MARKET.no()).0];
        assert_eq!(held, has, "positions from trades are those of the account");
        let fees = dollars(1_000).0 - spent - bot.cash(venue).0;
        assert!((0..dollars(200).0).contains(&fees), "what is missing is fees: {fees}");
        let (_, open) = bot.ask(venue, "GET", "/data/orders", b"");
        let ids: Vec<&str> = open["data"].as_array().unwrap().iter().map(|o| o["id"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), ids.iter().collect::<BTreeSet<_>>().len(), "no order stands twice");
    }
    count
}

#[test]
fn every_fault_at_once() {
    let seeds = std::env::var("SANDBOX_SEEDS").ok().and_then(|s| s.parse().ok()).unwrap_or(30);
    let trades: u64 = (0..seeds).map(|seed| run(seed, 400).1).sum();
    assert!(trades > seeds * 20, "{trades} trades settled in {seeds} runs: the runs must trade");
}

#[test]
fn the_same_seed_says_the_same() {
    let (first, again, other) = (run(5, 300).0, run(5, 300).0, run(6, 300).0);
    assert!(first == again && first.len() > 10_000);
    assert_ne!(first, other);
}
