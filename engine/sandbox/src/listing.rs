//! Lists of an API key's orders and trades, balances, and what else clients ask for.

use crate::answer::{Request, Response};
use crate::base::page;
use crate::clients::Key;
use crate::faults::Fault;
use crate::orders::Placed;
use crate::venue::Venue;
use polymarket::{Generation, SignatureType};
use serde_json::{Map, Value, json};

impl Venue {
    /// `GET /data/order/{id}`.
    pub(crate) fn order(&mut self, id: &str, key: &str) -> Response {
        let is_over = |o: &Placed| !o.status.is_open();
        let over = self.orders.by_id(id).is_some_and(is_over);
        let forgotten = over && self.dice.hits(Fault::forgotten_order, &self.faults);
        let found = self.orders.by_id(id).filter(|o| o.key == key && o.is_shown() && !forgotten);
        match found {
            Some(placed) => Response::ok(&self.order_json(placed)),
            None if self.dice.hits(Fault::null_order, &self.faults) => Response::ok(&Value::Null),
            None => Response::missing("order not found"),
        }
    }

    /// `GET /data/orders`: open ones.
    pub(crate) fn list_orders(&self, request: &Request, key: &str) -> Response {
        let named = |name| request.param(name).filter(|t| !t.is_empty());
        let (id, market, token) = (named("id"), named("market"), named("asset_id"));
        let open = self.orders.open().filter(|o| o.key == key && o.is_shown());
        let fits = |o: &&Placed| {
            id.as_ref().is_none_or(|id| o.id().eq_ignore_ascii_case(id))
                && market.as_ref().is_none_or(|m| *m == self.catalogue.condition_text(o.token.market()))
                && token.as_ref().is_none_or(|t| *t == self.catalogue.token_text(o.token))
        };
        let rows = open.filter(fits).map(|o| self.order_json(o)).collect();
        Response::ok(&page(rows, request.param("next_cursor").as_deref()))
    }

    /// `GET /data/trades`: those a key has a part in, newest first.
    pub(crate) fn list_trades(&self, request: &Request, key: &str) -> Response {
        let named = |name| request.param(name).filter(|t| !t.is_empty());
        let (id, market, token, maker) = (named("id"), named("market"), named("asset_id"), named("maker_address"));
        let time = |name| named(name).and_then(|t| t.parse::<i64>().ok());
        let (before, after) = (time("before"), time("after"));
        let mine = self.trades.iter().rev().filter(|t| t.parties().any(|(p, _)| p.order.is_some() && p.key == key));
        let fits = |t: &&crate::trades::Trade| {
            let at = crate::base::seconds(t.matched);
            let has = |text: &str| t.parties().any(|(p, _)| p.wallet.to_string().eq_ignore_ascii_case(text));
            t.listed <= self.now
                && id.as_ref().is_none_or(|id| *id == t.id)
                && market.as_ref().is_none_or(|m| *m == self.catalogue.condition_text(t.market()))
                && token.as_ref().is_none_or(|a| t.parties().any(|(p, _)| *a == self.catalogue.token_text(p.token)))
                && maker.as_ref().is_none_or(|m| has(m))
                && before.is_none_or(|b| at < b)
                && after.is_none_or(|a| at > a)
        };
        let rows = mine.filter(fits).map(|t| self.trade_json(t, key)).collect();
        Response::ok(&page(rows, request.param("next_cursor").as_deref()))
    }

    /// `GET /balance-allowance`.
    pub(crate) fn balance(&mut self, request: &Request, key: &Key) -> Response {
        let kind = request.param("signature_type").and_then(|t| t.parse::<u8>().ok()).unwrap_or(0);
        let Ok(kind) = SignatureType::try_from(kind) else { return Response::bad("invalid signature_type") };
        let wallet = self.clients.wallet_of(key.owner, kind);
        let account = self.account_of(wallet);
        let chain = self.settings.chain;
        let spenders = [(Generation::V2, false), (Generation::V2, true), (Generation::V3, false)];
        let spenders = spenders.into_iter().filter_map(|(g, n)| Some((g, chain.exchange(g, n).ok()?)));
        let mut allowances = Map::new();
        let balance = match request.param("asset_type").as_deref() {
            Some("COLLATERAL") | None => {
                for (_, spender) in spenders {
                    let text = self.chain.allowance_text(wallet, spender, &self.settings);
                    allowances.insert(spender.to_string(), json!(text));
                }
                self.exchange.account(account).map_or(0, |a| a.cash.0)
            }
            Some(asset @ ("CONDITIONAL" | "CONDITIONAL-V2")) => {
                let id = request.param("token_id").unwrap_or_default();
                let Some(token) = self.catalogue.token(&id) else { return Response::bad("invalid token_id") };
                for (generation, spender) in spenders {
                    let may = self.chain.is_operator(generation, wallet, spender, &self.settings);
                    let text = if may { crate::polygon::unlimited_text() } else { "0".to_owned() };
                    allowances.insert(spender.to_string(), json!(text));
                }
                // Two ledgers: one knows nothing of what the other holds.
                let listing = self.catalogue.get(token.market());
                let is_v3 = listing.is_some_and(|l| l.domain.generation() == Generation::V3);
                let held = self.exchange.account(account).map_or(0, |a| a.shares(token).0);
                if is_v3 == (asset == "CONDITIONAL-V2") { held } else { 0 }
            }
            Some(_) => return Response::bad("invalid asset_type"),
        };
        Response::ok(&json!({ "balance": balance.max(0).to_string(), "allowances": allowances }))
    }

    /// `POST /orders-scoring` and `GET /order-scoring`: nothing earns rewards here.
    pub(crate) fn scoring(&self, request: &Request) -> Response {
        if request.method == "GET" {
            return Response::ok(&json!({ "scoring": false }));
        }
        let ids = request.json();
        let ids = ids.as_ref().and_then(Value::as_array).cloned().unwrap_or_default();
        let all: Map<String, Value> =
            ids.iter().filter_map(Value::as_str).map(|id| (id.to_owned(), json!(false))).collect();
        Response::ok(&Value::Object(all))
    }
}
