//! What owners hear of their orders and trades, by websocket; the same objects are what REST lists.

use crate::base::{hash_text, seconds};
use crate::catalogue::outcome_name;
use crate::faults::Fault;
use crate::orders::Placed;
use crate::trades::{Party, Trade};
use crate::venue::Venue;
use schemas::{MarketId, OrderId, Outcome, TokenId};
use serde_json::{Value, json};
use std::collections::BTreeSet;

impl Venue {
    /// An order as REST lists it.
    pub(crate) fn order_json(&self, placed: &Placed) -> Value {
        json!({
            "id": placed.id(),
            "status": placed.status.word(),
            "owner": placed.key,
            "maker_address": placed.order.maker,
            "market": self.catalogue.condition_text(placed.token.market()),
            "asset_id": self.catalogue.token_text(placed.token),
            "side": placed.order.side.to_string(),
            "original_size": placed.original_size(),
            "size_matched": placed.matched.to_string(),
            "price": placed.price.to_string(),
            "outcome": outcome_name(placed.token),
            "expiration": placed.terms.expiration_s.to_string(),
            "order_type": placed.terms.order_type.as_str(),
            "associate_trades": placed.trades,
            "created_at": seconds(placed.created),
        })
    }

    /// Tells an order's owner what happened to it.
    pub(crate) fn tell_order(&mut self, number: OrderId, kind: &str) {
        let Some(placed) = self.orders.get(number) else { return };
        let (key, market) = (placed.key.clone(), placed.token.market());
        if self.sockets.owners(&key, market).is_empty() {
            return;
        }
        let mut event = self.order_json(placed);
        event["event_type"] = json!("order");
        event["type"] = json!(kind);
        event["order_owner"] = json!(key);
        event["created_at"] = json!(seconds(placed.created).to_string());
        event["timestamp"] = json!(seconds(self.now).to_string());
        self.inform(&key, market, &event);
    }

    /// Tells everybody who has a part in a trade how far it is.
    pub(crate) fn tell_trade(&mut self, at: usize) {
        let Some(trade) = self.trades.at(at) else { return };
        let owners: BTreeSet<String> =
            trade.parties().filter(|(p, _)| p.order.is_some()).map(|(p, _)| p.key.clone()).collect();
        let market = trade.market();
        for key in owners {
            let Some(trade) = self.trades.at(at).filter(|_| !self.sockets.owners(&key, market).is_empty()) else {
                continue;
            };
            let mut event = self.trade_json(trade, &key);
            event["event_type"] = json!("trade");
            event["type"] = json!("TRADE");
            event["status"] = json!(trade.stage.word());
            event["trade_owner"] = json!(key);
            event["timestamp"] = json!(seconds(self.now).to_string());
            event["matchtime"] = event["match_time"].clone();
            self.inform(&key, market, &event);
        }
    }

    /// A trade as its part of `key` is listed.
    pub(crate) fn trade_json(&self, trade: &Trade, key: &str) -> Value {
        let taker = &trade.taker;
        let is_taker = taker.order.is_some() && taker.key == key;
        let makers: Vec<Value> = trade.makers.iter().map(|m| self.maker_json(m)).collect();
        let prefix = if self.settings.long_trade_status { "TRADE_STATUS_" } else { "" };
        // The chain knows a transaction once it is mined.
        let hash = trade.transaction.as_ref().filter(|_| trade.stage.word() != "MATCHED").map(hash_text);
        json!({
            "id": trade.id,
            "taker_order_id": hash_text(&taker.hash),
            "market": self.catalogue.condition_text(trade.market()),
            "asset_id": self.catalogue.token_text(taker.token),
            "side": taker.side.to_string(),
            "size": taker.size.to_string(),
            "price": taker.price.to_string(),
            "fee_rate_bps": self.fee_rate_bps(taker.token),
            "status": format!("{prefix}{}", trade.stage.word()),
            "match_time": seconds(trade.matched).to_string(),
            "last_update": seconds(trade.updated).to_string(),
            "outcome": outcome_name(taker.token),
            "bucket_index": 0,
            "owner": taker.key,
            "maker_address": taker.wallet,
            "transaction_hash": hash.unwrap_or_default(),
            "trader_side": if is_taker { "TAKER" } else { "MAKER" },
            "maker_orders": makers,
        })
    }

    fn maker_json(&self, maker: &Party) -> Value {
        json!({
            "order_id": hash_text(&maker.hash),
            "owner": maker.key,
            "maker_address": maker.wallet,
            "matched_amount": maker.size.to_string(),
            "price": maker.price.to_string(),
            "fee_rate_bps": "0",
            "asset_id": self.catalogue.token_text(maker.token),
            "outcome": outcome_name(maker.token),
            "outcome_index": u8::from(maker.token.outcome() == Outcome::No),
            "side": maker.side.to_string(),
        })
    }

    /// What takers pay, in hundredths of a percent of the schedule's rate.
    fn fee_rate_bps(&self, token: TokenId) -> String {
        self.markets.get(token.market()).map_or(0, |m| m.fee.rate_ppm / 100).to_string()
    }

    /// Sends a user event, with what can go wrong on its way.
    fn inform(&mut self, key: &str, market: MarketId, event: &Value) {
        for session in self.sockets.owners(key, market) {
            if !self.reaches(session, Fault::user_socket_closed, Fault::silent_user_socket)
                || self.dice.hits(Fault::lost_event, &self.faults)
            {
                continue;
            }
            let late = self.dice.hits(Fault::late_event, &self.faults);
            let at = if late { self.now.plus_millis(self.faults.late_event_ms) } else { self.now };
            self.sockets.send(session, at, event.to_string());
            if self.dice.hits(Fault::duplicate_event, &self.faults) {
                self.sockets.send(session, at, event.to_string());
            }
        }
    }
}
