//! Kalshi's feed without a key: markets are found, books read, silence and ends noticed.

use super::samples::recorded;
use super::stage::{Reply, Stage, ok, status};
use projections::markets::Market;
use schemas::event::{BookSnapshot, FeedScope, Level, MarketChange, MarketEvent, MarketStatus, Resolution, Venue};
use schemas::time::NANOS_PER_SEC;
use schemas::{Bytes32, MarketId, Price, Side, Size};
use serde_json::{Value, json};
use venues::feeds::ReadOnlyFeed;
use venues::kalshi::feed::{Feed, Settings, Wanted};
use venues::wire::{Answer, NoAnswer};

pub fn feed(wanted: Wanted, reads_per_second: u32) -> Vec<Box<dyn ReadOnlyFeed>> {
    vec![Box::new(Feed::new(Settings { wanted, reads_per_second, book_every_ms: 1_000, key: None }))]
}

pub fn wanted() -> Wanted {
    Wanted { max_markets: 2, series: vec!["KXELONMARS".to_owned()], ..Wanted::default() }
}

/// The recorded market under other names.
pub fn market(ticker: &str, volume: i64) -> Value {
    let mut market = recorded("event_single")["markets"][0].clone();
    (market["ticker"], market["volume_24h"]) = (json!(ticker), json!(volume));
    market
}

pub fn series() -> Value {
    json!({"series": {"ticker": "KXELONMARS", "category": "World", "fee_type": "quadratic", "fee_multiplier": 0.5}})
}

/// A small Kalshi: what it says to each path.
pub struct Kalshi {
    pub markets: Vec<Value>,
    pub series: Value,
    pub book: Value,
    pub trades: Value,
    pub active: bool,
}

impl Default for Kalshi {
    fn default() -> Self {
        Self {
            markets: vec![market("KXELONMARS-99", 5), market("KXELONMARS-98", 700), market("KXELONMARS-97", 70)],
            series: series(),
            book: json!({"orderbook_fp": {"yes_dollars": [["0.06", "10.00"]], "no_dollars": [["0.93", "2.50"]]}}),
            trades: json!({"trades": [], "cursor": ""}),
            active: true,
        }
    }
}

impl Kalshi {
    pub fn reply(&self, target: &str) -> Reply {
        let path = target.split('?').next().unwrap();
        match path {
            "/exchange/status" => ok(&json!({"exchange_active": true, "trading_active": self.active})),
            "/markets/trades" => ok(&self.trades),
            "/markets" => {
                let named = target.split_once("tickers=").map(|(_, list)| list);
                let has = |m: &&Value| named.is_none_or(|n| n.split(',').any(|t| Some(t) == m["ticker"].as_str()));
                let markets: Vec<&Value> = self.markets.iter().filter(has).collect();
                ok(&json!({"markets": markets, "cursor": ""}))
            }
            _ if path.starts_with("/series/") => ok(&self.series),
            _ if path.ends_with("/orderbook") => ok(&self.book),
            other => panic!("nobody may ask for {other}"),
        }
    }
}

fn listed(stage: &Stage) -> Vec<&Market> {
    stage.state.markets.iter().collect()
}

fn snapshots(events: &[MarketEvent]) -> Vec<&BookSnapshot> {
    let mut found = Vec::new();
    for event in events {
        if let MarketEvent::BookSnapshot(snapshot) = event {
            found.push(snapshot.as_ref());
        }
    }
    found
}

fn level(price: i64, size: i64) -> Level {
    Level { price: Price(price), size: Size(size) }
}

#[test]
fn the_most_traded_are_listed_and_their_books_are_those_of_both_tokens() {
    let venue = Kalshi::default();
    let mut stage = Stage::new(feed(wanted(), 10));
    stage.run(3_000, |target| venue.reply(target));
    let markets = listed(&stage);
    let slugs: Vec<&str> = markets.iter().map(|m| m.listed.slug.as_str()).collect();
    assert_eq!(slugs, ["KXELONMARS-98", "KXELONMARS-97"], "by volume, and no more than two");
    let first = &markets[0].listed;
    assert_eq!((first.venue, first.protocol, first.category.as_str()), (Venue::Kalshi, 0, "World"));
    assert_eq!((first.tick, first.min_size, first.fee.rate_ppm), (Price(10_000), Size(1_000_000), 35_000));
    assert_eq!((first.group.as_str(), first.question.contains("Mars")), ("KXELONMARS-99", true));
    let ids: std::collections::BTreeSet<Bytes32> =
        markets.iter().flat_map(|m| [m.listed.condition, m.listed.tokens[0], m.listed.tokens[1]]).collect();
    assert!(ids.len() == 6 && !ids.contains(&Bytes32::ZERO));
    let events = stage.heard();
    let books = snapshots(&events);
    assert_eq!(books.len(), 4, "read several times, said once");
    let of = |token| books.iter().find(|b| b.token == token).unwrap();
    let (yes, no) = (of(MarketId(0).yes()), of(MarketId(0).no()));
    assert_eq!((&yes.bids[..], &yes.asks[..]), (&[level(60_000, 10_000_000)][..], &[level(70_000, 2_500_000)][..]));
    assert_eq!((&no.bids[..], &no.asks[..]), (&[level(930_000, 2_500_000)][..], &[level(940_000, 10_000_000)][..]));
    let quote = stage.state.quotes.get(MarketId(0).yes());
    assert!(quote.is_two_sided());
    assert_eq!(stage.state.quotes.feed_time.0, 0, "what is heard here says nothing about where we trade");
}

#[test]
fn a_book_is_said_again_only_when_it_changed() {
    let mut venue = Kalshi::default();
    let mut stage = Stage::new(feed(wanted(), 10));
    stage.run(3_000, |target| venue.reply(target));
    stage.heard();
    stage.run(3_000, |target| venue.reply(target));
    assert_eq!(stage.heard(), []);
    venue.book["orderbook_fp"]["yes_dollars"] = json!([["0.05", "1.00"]]);
    stage.run(1_500, |target| venue.reply(target));
    let events = stage.heard();
    assert_eq!(snapshots(&events).len(), 4);
    assert_eq!(stage.state.quotes.get(MarketId(1).yes()).bid, Price(50_000));
}

#[test]
fn words_and_tickers_choose() {
    let mut venue = Kalshi::default();
    venue.markets[1]["title"] = json!("Something else");
    let mut all = wanted();
    (all.max_markets, all.words) = (5, vec!["MARS".to_owned()]);
    let mut stage = Stage::new(feed(all, 10));
    stage.run(2_000, |target| venue.reply(target));
    assert_eq!(listed(&stage).len(), 2);
    let named = Wanted { max_markets: 5, tickers: vec!["KXELONMARS-98".to_owned()], ..Wanted::default() };
    let mut stage = Stage::new(feed(named, 10));
    stage.run(2_000, |target| venue.reply(target));
    assert_eq!(listed(&stage)[0].listed.slug, "KXELONMARS-98");
    // Combinations of other markets are left out.
    let parlays = recorded("markets_list");
    let mut stage = Stage::new(feed(wanted(), 10));
    stage.run(2_000, |target| if target.starts_with("/markets?") { ok(&parlays) } else { venue.reply(target) });
    assert!(listed(&stage).is_empty());
}

#[test]
fn a_fee_that_is_not_understood_keeps_a_market_out() {
    let mut venue = Kalshi::default();
    venue.series["series"]["fee_type"] = json!("flat");
    let mut stage = Stage::new(feed(wanted(), 10));
    stage.run(400_000, |target| venue.reply(target));
    assert!(listed(&stage).is_empty());
    let faults = stage.faults();
    assert!(faults.len() == 1 && faults[0].contains("the fee type 'flat' is not known here"), "{faults:?}");
}

#[test]
fn never_more_requests_than_are_allowed_and_fewer_when_told_so() {
    let venue = Kalshi::default();
    let mut stage = Stage::new(feed(wanted(), 3));
    stage.run(20_000, |target| venue.reply(target));
    for (at, _) in &stage.asked {
        let within = stage.asked.iter().filter(|(t, _)| t.since(*at) >= 0 && t.since(*at) < NANOS_PER_SEC).count();
        assert!(within <= 3, "{within} in a second");
    }
    let before = stage.asked.len();
    assert!(before > 40, "{before}");
    // Too many: 1, 2, 4, 8 seconds of silence.
    let mut refused = 0;
    stage.run(15_500, |_| {
        refused += 1;
        status(429)
    });
    assert_eq!(refused, 5, "one each at 0, 1, 3, 7 and 15 seconds");
    let told = Answer { status: 429, headers: vec![("retry-after".to_owned(), "100".to_owned())], body: String::new() };
    stage.run(17_000, |_| Some(Ok(told.clone())));
    let before = stage.asked.len();
    stage.run(95_000, |target| venue.reply(target));
    assert_eq!(stage.asked.len(), before);
}

#[test]
fn silence_is_said_and_its_end_too() {
    let venue = Kalshi::default();
    let mut stage = Stage::new(feed(wanted(), 10));
    stage.run(3_000, |target| venue.reply(target));
    stage.heard();
    stage.run(60_000, |_| Some(Err(NoAnswer::Lost("gone".to_owned()))));
    let stale = |m| MarketEvent::FeedStale { scope: FeedScope::Market(MarketId(m)) };
    assert_eq!(stage.heard(), [stale(0), stale(1)]);
    assert!(!stage.state.quotes.is_live(MarketId(0)));
    stage.run(130_000, |target| venue.reply(target));
    let restored = |m| MarketEvent::FeedRestored { scope: FeedScope::Market(MarketId(m)) };
    let heard = stage.heard();
    assert!(heard.contains(&restored(0)) && heard.contains(&restored(1)) && heard.len() == 2, "{heard:?}");
    assert!(stage.state.quotes.is_live(MarketId(0)));
}

#[test]
fn an_answer_that_is_nothing_is_kept_once_and_changes_nothing() {
    let venue = Kalshi::default();
    let mut stage = Stage::new(feed(wanted(), 10));
    stage.run(3_000, |target| venue.reply(target));
    let before = stage.state.books.clone();
    stage.log.clear();
    stage.run(10_000, |target| {
        if target.contains("orderbook") { ok(&json!({"orderbook": {"yes": [[6, 10]]}})) } else { venue.reply(target) }
    });
    assert_eq!(stage.state.books, before);
    let faults = stage.faults();
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(faults[0].contains("kalshi book: the field 'yes_dollars' is missing"), "{faults:?}");
}

#[test]
fn pauses_closings_and_results_come_from_the_state_of_the_market() {
    let mut venue = Kalshi::default();
    let mut stage = Stage::new(feed(wanted(), 10));
    stage.run(3_000, |target| venue.reply(target));
    venue.active = false;
    stage.run(125_000, |target| venue.reply(target));
    assert!(listed(&stage).iter().all(|m| m.status == MarketStatus::Paused));
    let asked = stage.asked.len();
    stage.run(30_000, |target| venue.reply(target));
    assert!(stage.asked.len() - asked < 5, "nobody reads books that do not move");
    venue.active = true;
    stage.run(125_000, |target| venue.reply(target));
    assert!(listed(&stage).iter().all(|m| m.status == MarketStatus::Open));
    stage.heard();
    // Determined is not the end: it can be disputed.
    (venue.markets[1]["status"], venue.markets[1]["result"]) = (json!("determined"), json!("yes"));
    (venue.markets[2]["price_ranges"], venue.markets[2]["price_level_structure"]) = (Value::Null, json!("deci_cent"));
    stage.run(65_000, |target| venue.reply(target));
    let heard = stage.heard();
    let closed = MarketEvent::Changed { market: MarketId(0), change: MarketChange::Status(MarketStatus::Closed) };
    let finer = MarketEvent::Changed { market: MarketId(1), change: MarketChange::Tick(Price(1_000)) };
    assert!(heard.contains(&closed) && heard.contains(&finer), "{heard:?}");
    assert!(heard.iter().all(|e| !matches!(e, MarketEvent::Resolved { .. })));
    assert!(stage.state.quotes.get(MarketId(1).yes()).is_two_sided(), "the book was read anew");
    venue.markets[1]["status"] = json!("finalized");
    (venue.markets[2]["status"], venue.markets[2]["result"]) = (json!("settled"), json!("scalar"));
    venue.markets[2]["settlement_value_dollars"] = json!("0.3700");
    stage.log.clear();
    stage.run(65_000, |target| venue.reply(target));
    assert_eq!(listed(&stage)[0].resolved, Some(Resolution::Yes));
    assert_eq!((listed(&stage)[1].resolved, listed(&stage)[1].status), (None, MarketStatus::Closed));
    let faults = stage.faults();
    assert!(faults.iter().any(|f| f.contains("scalar") && f.contains("0.37")), "{faults:?}");
}

#[test]
fn half_a_dollar_is_a_split() {
    let mut venue = Kalshi::default();
    let mut stage = Stage::new(feed(wanted(), 10));
    stage.run(3_000, |target| venue.reply(target));
    (venue.markets[1]["status"], venue.markets[1]["result"]) = (json!("settled"), json!("void"));
    venue.markets[1]["settlement_value_dollars"] = json!("0.5000");
    stage.run(65_000, |target| venue.reply(target));
    assert_eq!(listed(&stage)[0].resolved, Some(Resolution::Split));
}

#[test]
fn a_restart_goes_on_with_the_same_markets_and_notices_new_fees() {
    let mut venue = Kalshi::default();
    let mut stage = Stage::new(feed(wanted(), 10));
    stage.run(3_000, |target| venue.reply(target));
    venue.series["series"]["fee_multiplier"] = json!(1);
    venue.series["series"]["fee_type"] = json!("quadratic_with_maker_fees");
    let mut stage = stage.restart(feed(wanted(), 10));
    stage.run(3_000, |target| venue.reply(target));
    assert_eq!(listed(&stage).len(), 2, "nothing is listed twice");
    let fee = listed(&stage)[0].fee;
    assert_eq!((fee.rate_ppm, fee.taker_only), (70_000, false));
    assert!(stage.heard().iter().any(|e| matches!(e, MarketEvent::BookSnapshot(_))), "and books are read anew");
}

#[test]
fn trades_are_news_once() {
    let mut trades = recorded("trades_list");
    trades["trades"].as_array_mut().unwrap().iter_mut().for_each(|t| t["ticker"] = json!("KXELONMARS-98"));
    let mut venue = Kalshi { trades, ..Kalshi::default() };
    let mut stage = Stage::new(feed(wanted(), 10));
    stage.run(5_000, |target| venue.reply(target));
    let is_trade = |e: &MarketEvent| matches!(e, MarketEvent::Trade(_));
    assert!(!stage.heard().iter().any(is_trade), "what happened before is no news");
    let mut new = venue.trades["trades"][0].clone();
    (new["trade_id"], new["count_fp"], new["created_time"]) =
        (json!("next"), json!("2.50"), json!("2026-06-01T00:00:09.5Z"));
    venue.trades["trades"].as_array_mut().unwrap().insert(0, new);
    stage.run(65_000, |target| venue.reply(target));
    let heard = stage.heard();
    let trades: Vec<_> = heard.iter().filter(|e| is_trade(e)).collect();
    let [MarketEvent::Trade(trade)] = trades[..] else { panic!("{trades:?}") };
    assert_eq!((trade.token, trade.aggressor), (MarketId(0).no(), Side::Buy));
    assert_eq!((trade.price, trade.size), (Price(940_000), Size(2_500_000)));
}
