//! The venue as it truly is: markets with one book each, the catalogue, and what is answered to a request.

use polymarket::token::to_decimal;
use schemas::{Bytes32, Price, Size, UtcNanos};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The start of every story: 2026-11-22T00:00:00Z.
pub const START_MS: i64 = 1_795_305_600_000;

pub fn at(ms: i64) -> UtcNanos {
    UtcNanos::from_millis(START_MS + ms).unwrap()
}

/// A price in cents.
pub fn cents(n: i64) -> Price {
    Price(n * 10_000)
}

/// One side of a book: sizes in shares by price.
pub type Side = BTreeMap<Price, i64>;

/// A market as it truly is. Its book is that of the first outcome; the other's is its mirror.
#[derive(Clone, Debug)]
pub struct Market {
    pub n: u16,
    pub version: &'static str,
    /// Its tag beside one that says nothing.
    pub category: &'static str,
    /// Its event; empty for none.
    pub event: &'static str,
    pub neg_risk: bool,
    pub volume: i64,
    pub ends: Option<String>,
    pub active: bool,
    pub closed: bool,
    pub accepting: bool,
    pub winner: Option<usize>,
    pub oracle: &'static str,
    pub prices: [&'static str; 2],
    pub tick: Price,
    /// The catalogue and the order book know its tokens.
    pub grown: bool,
    /// The order book knows it.
    pub in_clob: bool,
    pub bids: Side,
    pub asks: Side,
    pub changed_ms: i64,
}

impl Market {
    pub fn new(n: u16) -> Self {
        Self {
            n,
            version: "v1",
            category: "Weather",
            event: "event",
            neg_risk: false,
            volume: 100_000 - i64::from(n),
            ends: None,
            active: true,
            closed: false,
            accepting: true,
            winner: None,
            oracle: "",
            prices: ["0.48", "0.52"],
            tick: cents(1),
            grown: true,
            in_clob: true,
            bids: [(cents(47), 30), (cents(48), 20)].into(),
            asks: [(cents(52), 25), (cents(53), 60)].into(),
            changed_ms: 0,
        }
    }

    pub fn condition(&self) -> Bytes32 {
        let mut id = [0xbd; 32];
        id[30..].copy_from_slice(&self.n.to_be_bytes());
        Bytes32(id)
    }

    pub fn tokens(&self) -> [Bytes32; 2] {
        [0, 1].map(|i| {
            let mut id = [0x11 + i; 32];
            id[30..].copy_from_slice(&self.n.to_be_bytes());
            Bytes32(id)
        })
    }

    pub fn slug(&self) -> String {
        format!("market-{}", self.n)
    }

    fn condition_text(&self) -> String {
        format!("0x{}", self.condition())
    }

    /// The book of an outcome, bids and asks.
    pub fn book(&self, outcome: usize) -> (Side, Side) {
        if outcome == 0 {
            return (self.bids.clone(), self.asks.clone());
        }
        let mirror = |side: &Side| side.iter().map(|(p, s)| (p.complement(), *s)).collect();
        (mirror(&self.asks), mirror(&self.bids))
    }

    /// Sets a level of the first outcome. Returns what a `price_change` frame says.
    pub fn set(&mut self, is_bid: bool, price: Price, size: i64, now_ms: i64) -> Value {
        self.put(is_bid, price, size);
        self.changed_ms = now_ms;
        self.change_frame(&[(is_bid, price, size)])
    }

    /// Changes the book and tells nobody.
    pub fn put(&mut self, is_bid: bool, price: Price, size: i64) {
        let side = if is_bid { &mut self.bids } else { &mut self.asks };
        if size == 0 {
            side.remove(&price)
        } else {
            side.insert(price, size)
        };
    }

    pub fn change_frame(&self, changes: &[(bool, Price, i64)]) -> Value {
        let mut list = Vec::new();
        for outcome in [0, 1] {
            let (bids, asks) = self.book(outcome);
            let best_bid = bids.last_key_value().map_or("0".to_owned(), |(p, _)| p.to_string());
            let best_ask = asks.first_key_value().map_or("1".to_owned(), |(p, _)| p.to_string());
            for (is_bid, price, size) in changes {
                let (is_bid, price) = if outcome == 0 { (*is_bid, *price) } else { (!is_bid, price.complement()) };
                list.push(json!({
                    "asset_id": to_decimal(&self.tokens()[outcome]), "price": price.to_string(), "size": size.to_string(),
                    "side": if is_bid { "BUY" } else { "SELL" }, "hash": "x", "best_bid": best_bid, "best_ask": best_ask,
                }));
            }
        }
        json!({
            "event_type": "price_change", "market": self.condition_text(),
            "timestamp": (START_MS + self.changed_ms).to_string(), "price_changes": list,
        })
    }

    /// The whole book as REST and the socket write it, with its hash.
    pub fn book_json(&self, outcome: usize) -> Value {
        let (bids, asks) = self.book(outcome);
        let level = |(p, s): (&Price, &i64)| json!({ "price": p.to_string(), "size": s.to_string() });
        let mut book = json!({
            "event_type": "book",
            "market": self.condition_text(), "asset_id": to_decimal(&self.tokens()[outcome]),
            "timestamp": (START_MS + self.changed_ms).to_string(),
            "bids": bids.iter().map(level).collect::<Vec<_>>(), "asks": asks.iter().rev().map(level).collect::<Vec<_>>(),
            "min_order_size": "5", "tick_size": self.tick.to_string(), "neg_risk": self.neg_risk,
            "last_trade_price": "",
        });
        book["hash"] = json!(polymarket::book_hash(&book.to_string()).unwrap());
        book
    }

    pub fn tick_frame(&self, outcome: usize, old: Price) -> Value {
        json!({
            "event_type": "tick_size_change", "market": self.condition_text(),
            "asset_id": to_decimal(&self.tokens()[outcome]), "old_tick_size": old.to_string(),
            "new_tick_size": self.tick.to_string(), "timestamp": (START_MS + self.changed_ms).to_string(),
        })
    }

    pub fn best_frame(&self, outcome: usize, bid: Price, ask: Price, ms: i64) -> Value {
        json!({
            "event_type": "best_bid_ask", "market": self.condition_text(),
            "asset_id": to_decimal(&self.tokens()[outcome]), "best_bid": bid.to_string(), "best_ask": ask.to_string(),
            "spread": "0.01", "timestamp": (START_MS + ms).to_string(),
        })
    }

    pub fn resolved_frame(&self, winner: &str) -> Value {
        json!({
            "event_type": "market_resolved", "id": "1", "market": self.condition_text(),
            "assets_ids": self.tokens().map(|t| to_decimal(&t)), "winning_asset_id": winner, "winning_outcome": "",
            "timestamp": (START_MS + self.changed_ms).to_string(),
        })
    }

    /// As the catalogue shows it: lists are JSON inside a string, and tags come if they are asked for.
    pub fn gamma(&self, tagged: bool) -> Value {
        let ids = if self.grown { self.tokens().map(|t| to_decimal(&t)).to_vec() } else { Vec::new() };
        let mut out = json!({
            "id": self.n.to_string(), "version": self.version, "conditionId": self.condition_text(),
            "slug": self.slug(), "question": format!("Question {}?", self.n), "category": null,
            "active": self.active, "closed": self.closed, "acceptingOrders": self.accepting, "enableOrderBook": true,
            "negRisk": self.neg_risk, "outcomes": "[\"Yes\", \"No\"]", "outcomePrices": json!(self.prices).to_string(),
            "volumeNum": self.volume, "liquidityNum": 20_000.5, "umaResolutionStatus": self.oracle,
            "feesEnabled": false,
        });
        if !self.event.is_empty() {
            out["events"] = json!([{ "id": "7", "slug": self.event, "title": self.event }]);
        }
        if self.neg_risk {
            out["negRiskMarketID"] = json!("0xa8a8");
        }
        if tagged {
            out["tags"] = json!([
                { "id": "101757", "label": "Recurring", "slug": "recurring" },
                { "id": "84", "label": self.category, "slug": self.category.to_lowercase() },
            ]);
        }
        if let Some(ends) = &self.ends {
            out["endDate"] = json!(ends);
        }
        if self.version == "v2" {
            out["positionIds"] = json!(ids);
        } else {
            out["clobTokenIds"] = json!(json!(ids).to_string());
        }
        out
    }

    /// `GET /clob-markets/{condition}`.
    pub fn info(&self) -> Value {
        let tokens = self.tokens().map(|t| json!({ "t": to_decimal(&t), "o": "Yes" }));
        json!({
            "c": self.condition_text(), "t": tokens, "mts": 0.01, "mos": 5, "nr": self.neg_risk, "ao": self.accepting,
            "fd": { "r": 0.05, "e": 1, "to": true },
        })
    }

    /// `GET /markets/{condition}`.
    pub fn clob(&self) -> Value {
        let token = |i: usize| {
            json!({
                "token_id": to_decimal(&self.tokens()[i]), "outcome": "", "price": 0.5, "winner": self.winner == Some(i),
            })
        };
        json!({
            "condition_id": self.condition_text(), "enable_order_book": true, "active": self.active,
            "closed": self.closed, "accepting_orders": self.accepting, "minimum_tick_size": 0.01,
            "minimum_order_size": 5, "neg_risk": self.neg_risk, "market_slug": self.slug(), "tokens": [token(0), token(1)],
        })
    }
}

/// Every market of the venue.
#[derive(Clone, Debug, Default)]
pub struct Venue {
    pub markets: Vec<Market>,
    /// The last page of the catalogue leads to itself.
    pub endless: bool,
}

impl Venue {
    pub fn with(n: u16) -> Self {
        Self { markets: (0..n).map(Market::new).collect(), endless: false }
    }

    /// Which market and outcome a token is.
    pub fn token(&self, token: &Bytes32) -> Option<(usize, usize)> {
        let of = |m: &Market| m.tokens().iter().position(|t| t == token);
        self.markets.iter().enumerate().find_map(|(i, m)| Some((i, of(m)?)))
    }

    /// The answer to a request: status and body.
    pub fn answer(&self, target: &str, body: &[u8]) -> (u16, String) {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let params = |name: &str| -> Vec<&str> {
            query.split('&').filter_map(|p| p.split_once('=')).filter(|(n, _)| *n == name).map(|(_, v)| v).collect()
        };
        if path == "/markets/keyset" {
            return (200, self.page(&params).to_string());
        }
        if path == "/books" {
            let asked: Vec<Value> = serde_json::from_slice(body).unwrap();
            let ids = asked.iter().map(|a| Bytes32::from_decimal(a["token_id"].as_str().unwrap()).unwrap());
            let books: Vec<Value> =
                ids.filter_map(|id| self.token(&id)).map(|(m, o)| self.markets[m].book_json(o)).collect();
            return (200, Value::Array(books).to_string());
        }
        let of = |prefix: &str| {
            let condition = path.strip_prefix(prefix).and_then(Bytes32::from_hex)?;
            self.markets.iter().find(|m| m.condition() == condition && m.in_clob)
        };
        match (of("/clob-markets/"), of("/markets/")) {
            (Some(market), _) => (200, market.info().to_string()),
            (_, Some(market)) => (200, market.clob().to_string()),
            _ => (404, json!({ "error": "market not found" }).to_string()),
        }
    }

    /// A page of the catalogue; its cursor is the number of the next entry.
    fn page<'a>(&self, params: &dyn Fn(&str) -> Vec<&'a str>) -> Value {
        let first = |name: &str| params(name).first().copied();
        let from: usize = first("after_cursor").and_then(|c| c.parse().ok()).unwrap_or(0);
        let limit: usize = first("limit").and_then(|c| c.parse().ok()).unwrap_or(20);
        let (slugs, conditions) = (params("slug"), params("condition_ids"));
        let fits = |m: &&Market| {
            first("closed").is_none_or(|c| (c == "true") == m.closed)
                && (slugs.is_empty() || slugs.contains(&m.slug().as_str()))
                && (conditions.is_empty() || conditions.contains(&m.condition_text().as_str()))
                && first("volume_num_min").is_none_or(|min| m.volume >= min.parse::<i64>().unwrap())
        };
        let tagged = first("include_tag") == Some("true");
        let all: Vec<Value> = self.markets.iter().filter(fits).map(|m| m.gamma(tagged)).collect();
        let end = (from + limit).min(all.len());
        let mut out = json!({ "markets": all[from.min(end)..end] });
        if end < all.len() || self.endless {
            out["next_cursor"] = json!(end.to_string());
        }
        out
    }
}

/// What a folded book holds, in the same form.
pub fn folded(book: &projections::book::Book) -> (Side, Side) {
    let side = |side| book.levels(side).map(|l| (l.price, l.size.0 / Size(1_000_000).0)).collect();
    (side(schemas::Side::Buy), side(schemas::Side::Sell))
}
