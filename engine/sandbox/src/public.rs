//! What the CLOB tells everybody.

use crate::answer::{Request, Response};
use crate::base::{hash_text, number, page, seconds};
use crate::catalogue::{Listing, outcome_name};
use crate::frames;
use crate::gamma::neg_risk_market;
use crate::venue::Venue;
use schemas::money::MICRO;
use schemas::{Price, Side, TokenId, UtcNanos};
use serde_json::{Map, Value, json};

fn no_book() -> Response {
    Response::missing("No orderbook exists for the requested token id")
}

fn is_buy(side: &str) -> Option<bool> {
    match side.to_ascii_uppercase().as_str() {
        "BUY" => Some(true),
        "SELL" => Some(false),
        _ => None,
    }
}

/// Time as the venue writes it in fields for people.
fn iso(at: UtcNanos) -> Value {
    if at == UtcNanos::ZERO { Value::Null } else { json!(at.to_string()) }
}

impl Venue {
    fn asked_token(&self, request: &Request) -> Result<TokenId, Response> {
        let id = request.param("token_id").unwrap_or_default();
        self.catalogue.token(&id).ok_or_else(no_book)
    }

    /// Tokens of a body `[{"token_id": ..}]`, each with its object.
    fn asked_tokens(&self, request: &Request) -> Result<Vec<(TokenId, String, Value)>, Response> {
        let Some(Value::Array(list)) = request.json() else { return Err(Response::bad("Invalid payload")) };
        let named = |v: Value| {
            let id = v.get("token_id").and_then(Value::as_str)?.to_owned();
            Some((self.catalogue.token(&id)?, id, v))
        };
        Ok(list.into_iter().filter_map(named).collect())
    }

    /// A GET that names a token.
    pub(crate) fn of_token(&self, request: &Request) -> Result<Response, Response> {
        let token = self.asked_token(request)?;
        let market = self.markets.get(token.market()).ok_or_else(no_book)?;
        let value = match request.path.as_str() {
            "/book" => return self.book(token).map(|book| Response::ok(&book)).ok_or_else(no_book),
            "/price" => {
                let side = is_buy(&request.param("side").unwrap_or_default());
                let buy = side.ok_or_else(|| Response::bad("Invalid side"))?;
                json!({ "price": self.price(token, buy).unwrap_or(Price::ZERO).to_string() })
            }
            "/midpoint" => json!({ "mid": self.mid(token).ok_or_else(no_book)?.to_string() }),
            "/spread" => json!({ "spread": self.spread(token).ok_or_else(no_book)?.to_string() }),
            "/last-trade-price" => self.last(token),
            "/tick-size" => json!({ "minimum_tick_size": number(market.tick.0) }),
            "/neg-risk" => json!({ "neg_risk": market.listed.neg_risk }),
            "/fee-rate" => json!({ "base_fee": 0 }),
            _ => return Err(Response::missing("not found")),
        };
        Ok(Response::ok(&value))
    }

    /// A POST that names many.
    pub(crate) fn of_tokens(&self, request: &Request) -> Result<Response, Response> {
        let asked = self.asked_tokens(request)?;
        let text = |price: Option<Price>| price.unwrap_or(Price::ZERO).to_string();
        let mut map: Map<String, Value> = Map::new();
        let value = match request.path.as_str() {
            "/books" => {
                let books: Vec<frames::Book> = asked.iter().filter_map(|(t, ..)| self.book(*t)).collect();
                return Ok(Response::ok(&books));
            }
            "/last-trades-prices" => {
                let last = |(token, id, _): &(TokenId, String, Value)| {
                    let mut value = self.last(*token);
                    value["token_id"] = json!(id);
                    value
                };
                Value::Array(asked.iter().map(last).collect())
            }
            "/prices" => {
                for (token, id, asked) in asked {
                    let side = asked.get("side").and_then(Value::as_str).unwrap_or_default().to_ascii_uppercase();
                    let sides = map.entry(id).or_insert_with(|| json!({}));
                    for word in ["BUY", "SELL"].into_iter().filter(|w| side.is_empty() || side == *w) {
                        sides[word] = json!(text(self.price(token, word == "BUY")));
                    }
                }
                Value::Object(map)
            }
            "/midpoints" => {
                map.extend(asked.into_iter().map(|(t, id, _)| (id, json!(text(self.mid(t))))));
                Value::Object(map)
            }
            "/spreads" => {
                map.extend(asked.into_iter().map(|(t, id, _)| (id, json!(text(self.spread(t))))));
                Value::Object(map)
            }
            _ => return Err(Response::missing("not found")),
        };
        Ok(Response::ok(&value))
    }

    /// The best bid for `buy`, as the venue's own `side=BUY` means the price at which bids stand; else the best ask.
    fn price(&self, token: TokenId, buy: bool) -> Option<Price> {
        let best = self.best(token);
        if buy { best.bid } else { best.ask }.map(|l| l.price)
    }

    pub(crate) fn mid(&self, token: TokenId) -> Option<Price> {
        let best = self.best(token);
        let (bid, ask) = (best.bid?.price, best.ask?.price);
        Some(Price(bid.0 + (ask.0 - bid.0) / 2))
    }

    pub(crate) fn spread(&self, token: TokenId) -> Option<Price> {
        let best = self.best(token);
        Some(Price(best.ask?.price.0 - best.bid?.price.0))
    }

    fn last(&self, token: TokenId) -> Value {
        let price = self.last_trade(token);
        let side = if price.is_empty() { "" } else { "BUY" };
        json!({ "price": if price.is_empty() { "0.5".to_owned() } else { price }, "side": side })
    }

    /// What one share of a token is worth: at the end what it pays, before the middle of the book or the last trade.
    pub(crate) fn worth(&self, token: TokenId) -> Price {
        if let Some(end) = self.markets.get(token.market()).and_then(|m| m.resolved) {
            return end.payout(token);
        }
        self.mid(token).unwrap_or(self.quotes.get(token).last_trade)
    }

    /// `GET /prices-history`.
    pub(crate) fn prices_history(&self, request: &Request) -> Result<Response, Response> {
        let id = request.param("market").unwrap_or_default();
        let token = self.catalogue.token(&id).ok_or_else(no_book)?;
        let whole = |name| request.param(name).and_then(|t| t.parse::<i64>().ok());
        let now = seconds(self.now);
        let back = match request.param("interval").as_deref() {
            Some("1h") => 3_600,
            Some("6h") => 21_600,
            Some("1d") => 86_400,
            Some("1w") => 604_800,
            Some("1m") => 2_592_000,
            _ => now,
        };
        let (from, to) = (whole("startTs").unwrap_or(now - back), whole("endTs").unwrap_or(now));
        let step = whole("fidelity").unwrap_or(1).clamp(1, 100_000) * 60;
        let points = self.history.of(token, from, to, step);
        let points: Vec<Value> = points.into_iter().map(|(t, p)| json!({ "t": t, "p": number(p.0) })).collect();
        Ok(Response::ok(&json!({ "history": points })))
    }

    fn listing(&self, condition: &str) -> Result<&Listing, Response> {
        self.catalogue.condition(condition).ok_or_else(|| Response::missing("market not found"))
    }

    /// `GET /markets` and its short and sampling forms.
    pub(crate) fn list_markets(&self, request: &Request) -> Response {
        let sampling = request.path.contains("sampling");
        let open = |l: &&Listing| !sampling || self.markets.get(l.market).is_some_and(|m| m.is_open());
        let rows = self.catalogue.iter().filter(open).map(|l| self.market_json(l)).collect();
        Response::ok(&page(rows, request.param("next_cursor").as_deref()))
    }

    /// `GET /markets/{condition}`.
    pub(crate) fn one_market(&self, condition: &str) -> Result<Response, Response> {
        Ok(Response::ok(&self.market_json(self.listing(condition)?)))
    }

    fn market_json(&self, listing: &Listing) -> Value {
        let Some(m) = self.markets.get(listing.market) else { return Value::Null };
        let tokens: Vec<Value> = [listing.market.yes(), listing.market.no()]
            .into_iter()
            .map(|t| {
                json!({
                    "token_id": self.catalogue.token_text(t), "outcome": outcome_name(t),
                    "price": number(self.worth(t).0),
                    "winner": m.resolved.is_some_and(|r| r.payout(t) == Price::ONE),
                })
            })
            .collect();
        let neg_risk = if m.listed.neg_risk { neg_risk_market(m) } else { String::new() };
        json!({
            "enable_order_book": true, "active": true, "closed": m.resolved.is_some(), "archived": false,
            "accepting_orders": m.is_open(), "accepting_order_timestamp": null,
            "minimum_order_size": number(m.min_size.0), "minimum_tick_size": number(m.tick.0),
            "condition_id": hash_text(&listing.condition), "question_id": hash_text(&listing.condition),
            "question": m.listed.question, "description": "", "market_slug": m.listed.slug,
            "end_date_iso": iso(m.listed.ends), "game_start_time": null, "seconds_delay": 0,
            "fpmm": "", "maker_base_fee": 0, "taker_base_fee": 0, "notifications_enabled": false,
            "neg_risk": m.listed.neg_risk, "neg_risk_market_id": neg_risk, "neg_risk_request_id": "",
            "icon": "", "image": "", "is_50_50_outcome": false,
            "rewards": { "rates": null, "min_size": 0, "max_spread": 0 },
            "tokens": tokens, "tags": [m.listed.category],
        })
    }

    /// `GET /markets-by-token/{id}`.
    pub(crate) fn market_by_token(&self, id: &str) -> Result<Response, Response> {
        let token = self.catalogue.token(id).ok_or_else(|| Response::missing("market not found"))?;
        let market = token.market();
        Ok(Response::ok(&json!({
            "condition_id": self.catalogue.condition_text(market),
            "primary_token_id": self.catalogue.token_text(market.yes()),
            "secondary_token_id": self.catalogue.token_text(market.no()),
        })))
    }

    /// `GET /clob-markets/{condition}`.
    pub(crate) fn clob_market(&self, condition: &str) -> Result<Response, Response> {
        let listing = self.listing(condition)?;
        let m = self.markets.get(listing.market).ok_or_else(|| Response::missing("market not found"))?;
        let tokens = [listing.market.yes(), listing.market.no()]
            .map(|t| json!({ "t": self.catalogue.token_text(t), "o": outcome_name(t) }));
        Ok(Response::ok(&json!({
            "c": hash_text(&listing.condition), "t": tokens,
            "mts": number(m.tick.0), "mos": number(m.min_size.0), "nr": m.listed.neg_risk,
            "fd": { "r": number(i64::from(m.fee.rate_ppm)), "e": m.fee.exponent, "to": m.fee.taker_only },
            "mbf": 0, "tbf": 0, "ao": m.is_open(), "sd": 0, "gst": null, "itode": false, "r": null,
        })))
    }

    /// A whole book's liquidity in dollars, for Gamma.
    pub(crate) fn liquidity(&self, token: TokenId) -> i64 {
        let levels = self.side(token, Side::Buy).into_iter().chain(self.side(token, Side::Sell));
        let sum = levels.fold(0i128, |sum, l| sum + i128::from(l.price.0) * i128::from(l.size.0) / i128::from(MICRO));
        i64::try_from(sum).unwrap_or(i64::MAX)
    }
}
