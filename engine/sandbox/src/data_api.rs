//! The Data API: positions and trades of wallets, in its new envelope and in the old lists.

use crate::answer::{Request, Response};
use crate::base::{hash_text, number, seconds};
use crate::catalogue::outcome_name;
use crate::trades::Stage;
use crate::venue::Venue;
use polymarket::Address;
use schemas::{Cash, Outcome, Price, Rounding, Size, TokenId};
use serde_json::{Value, json};

/// The market that a list is narrowed to: documents and official clients name it differently.
fn asked_condition(request: &Request) -> Option<String> {
    ["condition", "condition_id", "market"].iter().find_map(|name| request.param(name))
}

struct Held {
    token: TokenId,
    size: Size,
    cost: Cash,
    fees: Cash,
}

impl Venue {
    /// The Data API's paths. `None` if the path is none of them.
    pub(crate) fn data_api(&self, request: &Request) -> Option<Response> {
        let old = match request.path.as_str() {
            "/v2/positions" | "/v2/trades" | "/v2/value" => false,
            "/positions" | "/trades" | "/value" => true,
            _ => return None,
        };
        let user: Option<Address> = request.param("user").and_then(|u| u.parse().ok());
        let Some(user) = user else { return Some(Response::bad("user is required")) };
        let rows = match request.path.trim_start_matches("/v2") {
            "/positions" => self.positions(user, request, old),
            "/trades" => self.wallet_trades(user, request, old),
            _ => {
                let worth = |h: &Held| self.worth(h.token).notional(h.size, Rounding::Floor).unwrap_or_default().0;
                let sum = self.held(user).iter().map(worth).fold(0i64, i64::saturating_add);
                vec![json!({ "user": user, "value": number(sum) })]
            }
        };
        if old {
            return Some(Response::ok(&Value::Array(rows)));
        }
        let asked = request.param("limit").and_then(|t| t.parse().ok()).unwrap_or(100usize);
        // A cursor has its list's own size of pages, whatever is asked for with it.
        let cursor = request.param("cursor");
        let place = cursor.as_deref().and_then(|text| text.split_once('.'));
        let place = place.and_then(|(from, limit)| Some((from.parse::<usize>().ok()?, limit.parse().ok()?)));
        if cursor.is_some() && place.is_none() {
            return Some(Response::bad("invalid cursor"));
        }
        let (from, limit) = place.unwrap_or((0, asked));
        let limit = limit.clamp(1, 1_000);
        let end = from.saturating_add(limit);
        let more = end < rows.len();
        let rows: Vec<Value> = rows.into_iter().skip(from).take(limit).collect();
        let next = more.then(|| format!("{end}.{limit}"));
        Some(Response::ok(&json!({ "data": rows, "pagination": { "has_more": more, "next_cursor": next } })))
    }

    fn held(&self, wallet: Address) -> Vec<Held> {
        let Some(id) = self.clients.account(wallet) else { return Vec::new() };
        let Some(account) = self.exchange.account(id) else { return Vec::new() };
        let held = account.holdings().map(|(token, size)| {
            let (_, cost, fees) = self.cost_of(id, token);
            Held { token, size, cost, fees }
        });
        held.collect()
    }

    fn positions(&self, wallet: Address, request: &Request, old: bool) -> Vec<Value> {
        let condition = asked_condition(request);
        let held = self
            .held(wallet)
            .into_iter()
            .filter(|h| condition.as_ref().is_none_or(|c| *c == self.catalogue.condition_text(h.token.market())));
        held.filter_map(|h| self.position(wallet, &h, old)).collect()
    }

    fn position(&self, wallet: Address, h: &Held, old: bool) -> Option<Value> {
        let m = self.markets.get(h.token.market())?;
        let average = schemas::money::mul_div(h.cost.0, schemas::money::MICRO, h.size.0.max(1), Rounding::HalfEven);
        let average = average.map(Price).unwrap_or_default();
        let price = self.worth(h.token);
        let value = price.notional(h.size, Rounding::Floor).unwrap_or_default();
        let gain = value.0.saturating_sub(h.cost.0);
        let index = u8::from(h.token.outcome() == Outcome::No);
        let ended = m.resolved.is_some();
        let (token, condition) = (self.catalogue.token_text(h.token), self.catalogue.condition_text(h.token.market()));
        let opposite = self.catalogue.token_text(h.token.complement());
        let (title, slug, outcome) = (&m.listed.question, &m.listed.slug, outcome_name(h.token));
        if old {
            return Some(json!({
                "proxyWallet": wallet, "asset": token, "conditionId": condition, "size": number(h.size.0),
                "avgPrice": number(average.0), "initialValue": number(h.cost.0), "currentValue": number(value.0),
                "cashPnl": number(gain), "realizedPnl": 0, "curPrice": number(price.0), "redeemable": ended,
                "mergeable": false, "negativeRisk": m.listed.neg_risk, "title": title, "slug": slug,
                "outcome": outcome, "outcomeIndex": index, "oppositeAsset": opposite,
                "oppositeOutcome": outcome_name(h.token.complement()), "percentPnl": 0, "totalBought": number(h.size.0),
                "percentRealizedPnl": 0, "icon": "", "eventSlug": m.listed.group, "endDate": "",
            }));
        }
        let total = h.cost.0.saturating_add(h.fees.0);
        Some(json!({
            "proxy_wallet": wallet, "token_id": token, "condition_id": condition, "current_size": number(h.size.0),
            "total_size": number(h.size.0), "avg_price": number(average.0), "entry_cost_usdc": number(h.cost.0),
            "entry_fees_usdc": number(h.fees.0), "total_cost_usdc": number(total), "current_price": number(price.0),
            "current_value": number(value.0), "realized_pnl": 0, "unrealized_pnl": number(gain),
            "total_pnl": number(gain), "percent_pnl": 0, "percent_realized_pnl": 0,
            "status": if ended { "REDEEMABLE" } else { "OPEN" }, "redeemable": ended, "mergeable": false,
            "negative_risk": m.listed.neg_risk, "archived": false, "verified": true, "title": title, "slug": slug,
            "outcome": outcome, "outcome_index": index, "opposite_token_id": opposite,
        }))
    }

    fn wallet_trades(&self, wallet: Address, request: &Request, old: bool) -> Vec<Value> {
        let condition = asked_condition(request);
        let mut rows = Vec::new();
        for trade in self.trades.iter().rev().filter(|t| t.stage != Stage::Failed) {
            if condition.as_ref().is_some_and(|c| *c != self.catalogue.condition_text(trade.market())) {
                continue;
            }
            let Some(m) = self.markets.get(trade.market()) else { continue };
            for (party, _) in trade.parties().filter(|(p, _)| p.order.is_some() && p.wallet == wallet) {
                let names = if old {
                    ["proxyWallet", "asset", "conditionId", "transactionHash", "outcomeIndex"]
                } else {
                    ["proxy_wallet", "token_id", "condition_id", "transaction_hash", "outcome_index"]
                };
                let mut row = json!({
                    "side": party.side.to_string(), "size": number(party.size.0), "price": number(party.price.0),
                    "timestamp": seconds(trade.matched), "title": m.listed.question, "slug": m.listed.slug,
                    "outcome": outcome_name(party.token),
                });
                row[names[0]] = json!(wallet);
                row[names[1]] = json!(self.catalogue.token_text(party.token));
                row[names[2]] = json!(self.catalogue.condition_text(trade.market()));
                row[names[3]] = json!(trade.transaction.as_ref().map(hash_text).unwrap_or_default());
                row[names[4]] = json!(u8::from(party.token.outcome() == Outcome::No));
                rows.push(row);
            }
        }
        rows
    }
}
