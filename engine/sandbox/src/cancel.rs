//! Cancelling: one, many, of a market, all.

use crate::answer::{Request, Response};
use crate::buckets::Kind;
use crate::clients::Key;
use crate::gate::Asked;
use crate::venue::Venue;
use schemas::Event;
use schemas::OrderId;
use schemas::event::{CancelReason, OrderEvent};
use serde_json::{Map, Value, json};

const CANCEL_MAX: usize = polymarket::CANCEL_MAX;
const NOT_FOUND: &str = "order can't be found - already canceled or matched";

impl Venue {
    /// `DELETE /order`, `/orders`, `/cancel-all`, `/cancel-market-orders`.
    pub(crate) fn cancel(&mut self, request: &Request, id: &str, key: &Key) -> Response {
        if let Err(refusal) = self.gate(Asked::Cancel) {
            return refusal;
        }
        let body = request.json();
        let named: Option<Vec<String>> = match (request.path.as_str(), &body) {
            ("/order", Some(body)) => body.get("orderID").and_then(Value::as_str).map(|id| vec![id.to_owned()]),
            ("/orders", Some(Value::Array(ids))) => {
                ids.iter().map(|id| id.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
            }
            ("/order" | "/orders", _) => None,
            _ => Some(self.own_open(id, request.path == "/cancel-market-orders", body.as_ref())),
        };
        let Some(named) = named else { return Response::bad("Invalid order payload") };
        if named.len() > CANCEL_MAX && request.path == "/orders" {
            return Response::bad(&format!("Too many orders in payload, max allowed: {CANCEL_MAX}"));
        }
        if request.path == "/order" && named.iter().any(|id| schemas::Bytes32::from_hex(id).is_none()) {
            return Response::bad("Invalid orderID");
        }
        let by_id = matches!(request.path.as_str(), "/order" | "/orders");
        let cost = if by_id { named.len().max(1) } else { 1 };
        let level = match self.buckets.take(key.owner, Kind::Cancel, cost, &self.settings, self.now) {
            Ok(level) => level,
            Err(level) => return level.refusal(),
        };
        let (mut canceled, mut not, mut numbers) = (Vec::new(), Map::new(), Vec::new());
        for name in named {
            match self.orders.by_id(&name).filter(|o| o.key == id && o.status.is_open()) {
                Some(placed) if !numbers.contains(&placed.number) => {
                    numbers.push(placed.number);
                    canceled.push(placed.id());
                }
                Some(_) => {}
                None => drop(not.insert(name, json!(NOT_FOUND))),
            }
        }
        self.cancel_numbers(&numbers, "CANCELED");
        if !by_id {
            self.buckets.owe(key.owner, numbers.len());
        }
        level.on(Response::ok(&json!({ "canceled": canceled, "not_canceled": not })))
    }

    /// Ids of a key's open orders, of one market or token if the body names one.
    fn own_open(&self, key: &str, by_market: bool, body: Option<&Value>) -> Vec<String> {
        let named =
            |name| body.and_then(|b| b.get(name)).and_then(Value::as_str).filter(|t| !t.is_empty() && by_market);
        let (market, token) = (named("market"), named("asset_id"));
        let market = market.map(|m| self.catalogue.condition(m).map(|l| l.market));
        let token = token.map(|t| self.catalogue.token(t));
        let own = self.orders.open().filter(|o| o.key == key);
        let own = own.filter(|o| market.is_none_or(|m| m == Some(o.token.market())));
        own.filter(|o| token.is_none_or(|t| t == Some(o.token))).map(|o| o.id()).collect()
    }

    /// Takes orders off the book; `word` is their end.
    pub(crate) fn cancel_numbers(&mut self, numbers: &[OrderId], word: &'static str) {
        for number in numbers {
            let Some(placed) = self.orders.get(*number) else { continue };
            let (account, waits) = (placed.account, placed.status.waits());
            self.record(Event::Order(OrderEvent::CancelIntended { order: *number, reason: CancelReason::Operator }));
            self.ending.insert(*number, word);
            if waits {
                self.end_order(*number, word);
            } else {
                self.exchange.withdraw_order(account, *number, CancelReason::Operator, self.now);
            }
        }
        self.after_change();
    }

    /// Orders that their wallet does not cover any more are cancelled, newest first.
    pub(crate) fn cancel_uncovered(&mut self, account: exchange::AccountId) {
        while let Some(number) = self.exchange.uncovered(account) {
            self.cancel_numbers(&[number], "CANCELED_NOT_ENOUGH_BALANCE");
            if self.orders.get(number).is_some_and(|o| o.status.is_open()) {
                return; // It could not be cancelled; asking again would not end.
            }
        }
    }
}
