//! Gamma: markets and events to be discovered.

use crate::answer::{Request, Response};
use crate::base::{derived, hash_text, number};
use crate::catalogue::Listing;
use crate::venue::Venue;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use polymarket::Generation;
use projections::markets::Market;
use schemas::{Price, UtcNanos};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

const MARKETS_MAX: usize = 100;
const EVENTS_MAX: usize = 500;

/// A number of a query in micro-units.
fn micro(request: &Request, name: &str) -> Option<i64> {
    polymarket::number::micro_floor(&request.param(name)?).ok()
}

fn time(request: &Request, name: &str) -> Option<UtcNanos> {
    let text = request.param(name)?;
    text.parse().or_else(|_| format!("{text}T00:00:00Z").parse()).ok()
}

/// A market's tags: one that says nothing about its subject, as the real catalogue has them too and in no order, and its
/// category.
fn tags(m: &Market) -> Value {
    let category = &m.listed.category;
    if category.is_empty() {
        return json!([]);
    }
    let slug = category.to_lowercase().replace(' ', "-");
    json!([
        { "id": "101757", "label": "Recurring", "slug": "recurring" },
        { "id": m.category.saturating_add(1).to_string(), "label": category, "slug": slug },
    ])
}

fn has_tag(m: &Market, key: &str, wanted: &str) -> bool {
    tags(m).as_array().is_some_and(|tags| tags.iter().any(|tag| tag[key] == wanted))
}

/// What the markets of a neg-risk event have in common.
pub(crate) fn neg_risk_market(m: &Market) -> String {
    hash_text(&derived(&[b"neg-risk", m.listed.group.as_bytes()]))
}

impl Venue {
    /// A market as Gamma shows it to this request: with its tags only if they are asked for.
    fn gamma_market(&self, listing: &Listing, request: &Request) -> Value {
        let Some(m) = self.markets.get(listing.market) else { return Value::Null };
        let (yes, no) = (listing.market.yes(), listing.market.no());
        let prices = [yes, no].map(|t| self.worth(t).to_string());
        let ids = [yes, no].map(|t| self.catalogue.token_text(t));
        let best = self.best(yes);
        let price = |p: Option<Price>| p.map_or(Value::Null, |p| number(p.0));
        let liquidity = self.liquidity(yes);
        // Arrays travel as JSON inside a string.
        let inside = |texts: &[String]| json!(json!(texts).to_string());
        let is_v3 = listing.domain.generation() == Generation::V3;
        let mut out = json!({
            "id": listing.gamma_id().to_string(),
            "version": if is_v3 { "v2" } else { "v1" },
            "conditionId": hash_text(&listing.condition),
            "questionID": hash_text(&derived(&[b"question", &listing.condition.0])),
            "slug": m.listed.slug, "question": m.listed.question, "groupItemTitle": "", "description": "",
            "category": null, "active": true, "closed": m.resolved.is_some(), "archived": false,
            "acceptingOrders": m.is_open(), "enableOrderBook": true, "negRisk": m.listed.neg_risk,
            "outcomes": json!(["Yes", "No"]).to_string(), "outcomePrices": inside(&prices),
            "volume": "0", "volumeNum": 0, "volume24hr": 0, "volume1wk": 0,
            "liquidity": schemas::Cash(liquidity).to_string(), "liquidityNum": number(liquidity),
            "liquidityClob": number(liquidity),
            "bestBid": price(best.bid.map(|l| l.price)), "bestAsk": price(best.ask.map(|l| l.price)),
            "lastTradePrice": number(self.quotes.get(yes).last_trade.0), "spread": price(self.spread(yes)),
            "oneDayPriceChange": 0, "orderMinSize": number(m.min_size.0), "orderPriceMinTickSize": number(m.tick.0),
            "secondsDelay": 0, "feesEnabled": m.fee.rate_ppm > 0,
            "feeSchedule": {
                "exponent": m.fee.exponent, "rate": number(i64::from(m.fee.rate_ppm)),
                "takerOnly": m.fee.taker_only, "rebateRate": 0,
            },
            "umaResolutionStatus": if m.resolved.is_some() { "resolved" } else { "" },
            "resolutionSource": "", "rewardsMinSize": 0, "rewardsMaxSpread": 0,
            "events": [{ "id": m.group.to_string(), "slug": m.listed.group, "title": m.listed.group }],
        });
        if m.listed.neg_risk {
            out["negRiskMarketID"] = json!(neg_risk_market(m));
        }
        if request.param("include_tag").is_some_and(|asked| asked == "true") {
            out["tags"] = tags(m);
        }
        if is_v3 {
            out["positionIds"] = json!(ids);
        } else {
            out["clobTokenIds"] = inside(&ids);
        }
        if m.listed.ends != UtcNanos::ZERO {
            out["endDate"] = json!(m.listed.ends.to_string());
        }
        if m.resolved.is_some() {
            out["closedTime"] = json!(m.resolved_at.to_string());
        }
        out
    }

    fn fits(&self, listing: &Listing, request: &Request) -> bool {
        let Some(m) = self.markets.get(listing.market) else { return false };
        let any = |name: &str, is: &dyn Fn(&str) -> bool| {
            let wanted = request.params(name);
            let wanted = wanted.iter().flat_map(|w| w.split(',')).filter(|w| !w.is_empty()).collect::<Vec<_>>();
            wanted.is_empty() || wanted.into_iter().any(is)
        };
        let flag = |name: &str, is: bool| request.param(name).is_none_or(|w| w == is.to_string());
        let ids = [listing.market.yes(), listing.market.no()].map(|t| self.catalogue.token_text(t));
        let is_v3 = listing.domain.generation() == Generation::V3;
        let liquidity = self.liquidity(listing.market.yes());
        let ends = m.listed.ends;
        let of_token = |w: &str| ids.iter().any(|id| id == w);
        any("id", &|w| w == listing.gamma_id().to_string())
            && any("slug", &|w| w == m.listed.slug)
            && any("condition_ids", &|w| w.eq_ignore_ascii_case(&hash_text(&listing.condition)))
            && any("clob_token_ids", &|w| !is_v3 && of_token(w))
            && any("position_ids", &|w| is_v3 && of_token(w))
            && any("tag_id", &|w| has_tag(m, "id", w))
            && any("version", &|w| w == if is_v3 { "v2" } else { "v1" })
            && flag("closed", m.resolved.is_some())
            && flag("archived", false)
            && micro(request, "liquidity_num_min").is_none_or(|min| liquidity >= min)
            && micro(request, "liquidity_num_max").is_none_or(|max| liquidity <= max)
            && micro(request, "volume_num_min").is_none_or(|min| min <= 0)
            && time(request, "end_date_min").is_none_or(|min| ends == UtcNanos::ZERO || ends >= min)
            && time(request, "end_date_max").is_none_or(|max| ends != UtcNanos::ZERO && ends <= max)
    }

    /// Gamma's paths. `None` if the path is none of them.
    pub(crate) fn gamma(&self, request: &Request) -> Option<Response> {
        let not_found = || Response::error(404, "id not found");
        let one = |found: Option<Value>| found.map_or_else(not_found, |v| Response::ok(&v));
        let path = request.path.as_str();
        Some(match path {
            "/markets/keyset" => self.keyset(request, "markets", self.gamma_markets(request), MARKETS_MAX),
            "/events/keyset" => self.keyset(request, "events", self.gamma_events(request), EVENTS_MAX),
            "/events" => Response::ok(&Value::Array(offset(request, self.gamma_events(request)))),
            "/tags" | "/series" | "/sports" => Response::ok(&json!([])),
            "/public-search" => {
                let q = request.param("q").unwrap_or_default().to_lowercase();
                let events = self.gamma_events(request).into_iter();
                let found: Vec<Value> = events.filter(|e| e.to_string().to_lowercase().contains(&q)).collect();
                Response::ok(&json!({ "events": found, "tags": [], "profiles": [] }))
            }
            _ => {
                if let Some(slug) = path.strip_prefix("/markets/slug/") {
                    let found = self.catalogue.iter();
                    let mut found = found.filter(|l| self.markets.get(l.market).is_some_and(|m| m.listed.slug == slug));
                    one(found.next().map(|l| self.gamma_market(l, request)))
                } else if let Some(id) = path.strip_prefix("/markets/").filter(|id| !id.starts_with("0x")) {
                    one(self.catalogue.gamma(id).map(|l| self.gamma_market(l, request)))
                } else if let Some(slug) = path.strip_prefix("/events/slug/") {
                    one(self.gamma_events(request).into_iter().find(|e| e["slug"] == slug))
                } else if let Some(id) = path.strip_prefix("/events/") {
                    one(self.gamma_events(request).into_iter().find(|e| e["id"] == id))
                } else {
                    return None;
                }
            }
        })
    }

    /// `GET /markets` in Gamma's old form, told from the CLOB's by its parameters.
    pub(crate) fn gamma_list(&self, request: &Request) -> Response {
        Response::ok(&Value::Array(offset(request, self.gamma_markets(request))))
    }

    fn gamma_markets(&self, request: &Request) -> Vec<Value> {
        let mut all: Vec<&Listing> = self.catalogue.iter().filter(|l| self.fits(l, request)).collect();
        let descending = request.param("ascending").is_none_or(|a| a != "true");
        if request.param("order").is_some_and(|o| o.starts_with("liquidity")) {
            all.sort_by_key(|l| self.liquidity(l.market.yes()));
            if descending {
                all.reverse();
            }
        }
        all.into_iter().map(|l| self.gamma_market(l, request)).collect()
    }

    fn gamma_events(&self, request: &Request) -> Vec<Value> {
        let mut groups: BTreeMap<u32, Vec<&Listing>> = BTreeMap::new();
        for listing in self.catalogue.iter() {
            if let Some(m) = self.markets.get(listing.market) {
                groups.entry(m.group).or_default().push(listing);
            }
        }
        let event = |(id, listings): (u32, Vec<&Listing>)| {
            let first = self.markets.get(listings.first()?.market)?;
            let closed = listings.iter().all(|l| self.markets.get(l.market).is_some_and(|m| m.resolved.is_some()));
            let flag = |name: &str, is: bool| request.param(name).is_none_or(|w| w == is.to_string());
            let named = |name: &str, is: &str| request.param(name).is_none_or(|w| w == is);
            let title = &first.listed.group;
            let tagged = |name: &str, key: &str| request.param(name).is_none_or(|w| has_tag(first, key, &w));
            let fits = flag("closed", closed)
                && named("id", &id.to_string())
                && named("slug", title)
                && tagged("tag_id", "id")
                && tagged("tag_slug", "slug");
            let search = request.param("title_search").unwrap_or_default().to_lowercase();
            if !fits || !title.to_lowercase().contains(&search) {
                return None;
            }
            let mut out = Map::new();
            out.insert("id".to_owned(), json!(id.to_string()));
            for name in ["slug", "ticker", "title"] {
                out.insert(name.to_owned(), json!(title));
            }
            out.insert("active".to_owned(), json!(true));
            out.insert("closed".to_owned(), json!(closed));
            out.insert("negRisk".to_owned(), json!(first.listed.neg_risk));
            out.insert("tags".to_owned(), tags(first));
            out.insert("markets".to_owned(), listings.into_iter().map(|l| self.gamma_market(l, request)).collect());
            Some(Value::Object(out))
        };
        groups.into_iter().filter_map(event).collect()
    }

    /// One page behind a cursor.
    fn keyset(&self, request: &Request, name: &str, all: Vec<Value>, limit_max: usize) -> Response {
        let limit = request.param("limit").and_then(|l| l.parse().ok()).unwrap_or(20usize).clamp(1, limit_max);
        let cursor = request.param("after_cursor").unwrap_or_default();
        let from = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|b| String::from_utf8(b).ok());
        let from = from.and_then(|t| t.parse::<usize>().ok()).unwrap_or(0).min(all.len());
        let end = from.saturating_add(limit).min(all.len());
        let next = (end < all.len()).then(|| URL_SAFE_NO_PAD.encode(end.to_string()));
        let rows: Vec<Value> = all.into_iter().skip(from).take(limit).collect();
        let mut out = Map::new();
        out.insert(name.to_owned(), Value::Array(rows));
        if let Some(next) = next {
            out.insert("next_cursor".to_owned(), json!(next));
        }
        Response::ok(&Value::Object(out))
    }
}

fn offset(request: &Request, all: Vec<Value>) -> Vec<Value> {
    let whole = |name| request.param(name).and_then(|t| t.parse::<usize>().ok());
    let limit = whole("limit").unwrap_or(20).min(EVENTS_MAX);
    all.into_iter().skip(whole("offset").unwrap_or(0)).take(limit).collect()
}
