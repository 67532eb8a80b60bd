//! Books as the venue shows them, and what is published when one changes. One book stands behind both outcomes: what bids
//! for YES at a price offers NO at the rest of the dollar.

use crate::base::{derived, hash_text};
use crate::catalogue::outcome_name;
use crate::faults::Fault;
use crate::frames;
use crate::sockets::Shown;
use crate::venue::Venue;
use exchange::own_price;
use schemas::event::{BookDelta, Level, MarketChange, MarketEvent, Top};
use schemas::{MarketId, Outcome, Price, Side, Size, TokenId};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Best bid and ask of a token, where there are any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Best {
    pub bid: Option<Level>,
    pub ask: Option<Level>,
}

impl Venue {
    /// One side of a token's book, best first.
    pub(crate) fn side(&self, token: TokenId, side: Side) -> Vec<Level> {
        if let Some(book) = self.books.get(token).filter(|_| !self.settings.impact) {
            return book.levels(side).collect();
        }
        let is_no = token.outcome() == Outcome::No;
        let of = if is_no { side.other() } else { side };
        let levels = self.depth(token.market(), of);
        levels.into_iter().map(|l| Level { price: own_price(token, l.price), size: l.size }).collect()
    }

    /// One side of a market's YES book, best first, as it is shown.
    fn depth(&self, market: MarketId, side: Side) -> Vec<Level> {
        match self.settings.impact {
            true => self.exchange.depth(market, side, self.market()),
            false => self.exchange.recorded_depth(market, side, self.market()),
        }
    }

    pub(crate) fn best(&self, token: TokenId) -> Best {
        Best { bid: self.side(token, Side::Buy).first().copied(), ask: self.side(token, Side::Sell).first().copied() }
    }

    /// The price of the last trade as text; empty if there was none.
    pub(crate) fn last_trade(&self, token: TokenId) -> String {
        let price = self.quotes.get(token).last_trade;
        if price.0 > 0 { price.to_string() } else { String::new() }
    }

    /// A whole book, with its hash.
    pub(crate) fn book(&self, token: TokenId) -> Option<frames::Book> {
        let market = self.markets.get(token.market())?;
        let levels = |side| {
            let best_last = self.side(token, side).into_iter().rev();
            best_last.map(|l| frames::Level { price: l.price.to_string(), size: l.size.to_string() }).collect()
        };
        let mut book = frames::Book {
            market: self.catalogue.condition_text(token.market()),
            asset_id: self.catalogue.token_text(token),
            timestamp: self.now.as_millis().to_string(),
            hash: String::new(),
            bids: levels(Side::Buy),
            asks: levels(Side::Sell),
            min_order_size: market.min_size.to_string(),
            tick_size: market.tick.to_string(),
            neg_risk: market.listed.neg_risk,
            last_trade_price: self.last_trade(token),
            event_type: None,
        };
        book.hash = polymarket::book_hash(&frames::text(&book))?;
        Some(book)
    }

    /// The same as an event.
    pub(crate) fn book_event(&self, token: TokenId) -> Option<frames::Book> {
        Some(frames::Book { event_type: Some("book"), ..self.book(token)? })
    }

    fn shown_now(&self, market: MarketId) -> Shown {
        let levels = |side| {
            let depth = self.depth(market, side);
            depth.into_iter().map(|l| (l.price, l.size)).collect()
        };
        Shown { bids: levels(Side::Buy), asks: levels(Side::Sell) }
    }

    /// Somebody begins to listen to a market.
    pub(crate) fn watch(&mut self, market: MarketId) {
        if !self.sockets.is_watched(market) {
            let shown = self.shown_now(market);
            self.sockets.shown.insert(market, shown);
        }
    }

    /// What a recorded event makes to be published. `traded`: trades of clients that it led to.
    pub(crate) fn publish(&mut self, event: &MarketEvent, traded: Vec<usize>) {
        match event {
            MarketEvent::BookDelta(d) if !self.settings.impact => self.publish_recorded(d),
            MarketEvent::BookSnapshot(s) if !self.settings.impact => self.publish_token(s.token),
            MarketEvent::Trade(t) if !self.settings.impact => {
                self.publish_trade(t.token, t.aggressor, t.price, t.size, None);
            }
            MarketEvent::BookDelta(d) if traded.is_empty() && self.exchange.resting(d.token.market()).is_empty() => {
                self.publish_change(d.token.market());
            }
            MarketEvent::BookSnapshot(s) => self.publish_book(s.token.market()),
            MarketEvent::Trade(t) => {
                self.publish_trade(t.token, t.aggressor, t.price, t.size, None);
                self.publish_change(t.token.market());
            }
            MarketEvent::Changed { market, change: MarketChange::Tick(tick) } => self.publish_tick(*market, *tick),
            MarketEvent::Resolved { market, .. } => self.publish_resolved(*market),
            MarketEvent::Listed(listed) => self.publish_new(listed.market),
            _ => {
                if let Some(market) = event.market() {
                    self.publish_change(market);
                }
            }
        }
        self.publish_changes(traded);
    }

    /// Publishes the markets that clients changed, and trades of clients.
    pub(crate) fn publish_changes(&mut self, traded: Vec<usize>) {
        if !self.settings.impact {
            return self.dirty.clear();
        }
        let mut touched = BTreeSet::new();
        for at in traded {
            let Some(trade) = self.trades.at(at) else { continue };
            let (taker, hash) = (trade.taker.clone(), trade.transaction);
            touched.insert(taker.token.market());
            let hash = hash.as_ref().map(hash_text);
            // A trade that the recording made is published as the recording has it.
            if taker.order.is_some() {
                self.publish_trade(taker.token, taker.side, taker.price, taker.size, hash);
            }
        }
        let dirty = std::mem::take(&mut self.dirty);
        for market in dirty.union(&touched).copied() {
            self.publish_change(market);
            if touched.contains(&market) {
                self.publish_book(market);
            }
        }
    }

    /// The levels of one market that are other than last published.
    fn publish_change(&mut self, market: MarketId) {
        let Some(before) = self.sockets.shown.get(&market) else { return };
        let now = self.shown_now(market);
        let mut changes = differences(&before.bids, &now.bids, Side::Buy);
        changes.extend(differences(&before.asks, &now.asks, Side::Sell));
        if changes.is_empty() {
            return;
        }
        let best = |s: &Shown| (s.bids.last_key_value().map(|l| *l.0), s.asks.first_key_value().map(|l| *l.0));
        let moved = best(before) != best(&now);
        self.sockets.shown.insert(market, now);
        if self.dice.hits(Fault::lost_change, &self.faults) {
            return;
        }
        let frame = self.change_frame(market, self.mirrored(market, &changes));
        self.broadcast(market, false, frames::text(&frame));
        if moved {
            for token in [market.yes(), market.no()] {
                let frame = self.best_frame(token);
                self.broadcast(market, true, frame.to_string());
            }
        }
    }

    /// A change exactly as it was recorded: of one token, with the best prices that were stated with it.
    fn publish_recorded(&mut self, d: &BookDelta) {
        if !self.sockets.is_watched(d.token.market()) || self.dice.hits(Fault::lost_change, &self.faults) {
            return;
        }
        let shown = self.best(d.token);
        let stated = |side: fn(&Top) -> Price, shown: Option<Level>| match &d.stated {
            Some(top) => Some(side(top)).filter(|p| p.0 > 0),
            None => shown.map(|l| l.price),
        };
        let best = (stated(|t| t.bid, shown.bid), stated(|t| t.ask, shown.ask));
        let change = self.change(d.token, d.side, d.price, d.size, best, 1);
        let frame = self.change_frame(d.token.market(), vec![change]);
        self.broadcast(d.token.market(), false, frames::text(&frame));
    }

    /// The same changes of both outcomes.
    fn mirrored(&self, market: MarketId, changes: &[(Side, Price, Size)]) -> Vec<frames::Change> {
        let mut list = Vec::new();
        for token in [market.yes(), market.no()] {
            let best = self.best(token);
            let best = (best.bid.map(|l| l.price), best.ask.map(|l| l.price));
            for (side, at, size) in changes {
                let side = if token.outcome() == Outcome::No { side.other() } else { *side };
                list.push(self.change(token, side, own_price(token, *at), *size, best, changes.len()));
            }
        }
        list
    }

    fn change(
        &self,
        token: TokenId,
        side: Side,
        price: Price,
        size: Size,
        best: (Option<Price>, Option<Price>),
        of: usize,
    ) -> frames::Change {
        // Nobody can recompute the hash of a change, so it only has to be another each time.
        let seed = [self.now.0.to_be_bytes(), (of as u64).to_be_bytes()].concat();
        let hash = derived(&[b"change", &seed, self.catalogue.token_text(token).as_bytes()]).short(40);
        let text = |price: Option<Price>, empty: &str| price.map_or(empty.to_owned(), |p| p.to_string());
        frames::Change {
            asset_id: self.catalogue.token_text(token),
            price: price.to_string(),
            size: size.to_string(),
            side: side.to_string(),
            hash,
            best_bid: text(best.0, "0"),
            best_ask: text(best.1, "1"),
        }
    }

    fn change_frame(&self, market: MarketId, price_changes: Vec<frames::Change>) -> frames::PriceChanges {
        let market = self.catalogue.condition_text(market);
        let timestamp = self.now.as_millis().to_string();
        frames::PriceChanges { market, price_changes, timestamp, event_type: "price_change" }
    }

    fn best_frame(&self, token: TokenId) -> Value {
        let best = self.best(token);
        let (bid, ask) = (best.bid.map_or(Price::ZERO, |l| l.price), best.ask.map_or(Price::ONE, |l| l.price));
        json!({
            "event_type": "best_bid_ask",
            "market": self.catalogue.condition_text(token.market()),
            "asset_id": self.catalogue.token_text(token),
            "best_bid": bid.to_string(),
            "best_ask": ask.to_string(),
            "spread": Price(ask.0 - bid.0).to_string(),
            "timestamp": self.now.as_millis().to_string(),
        })
    }

    /// The whole book of both outcomes.
    fn publish_book(&mut self, market: MarketId) {
        if !self.sockets.is_watched(market) {
            return;
        }
        let shown = self.shown_now(market);
        self.sockets.shown.insert(market, shown);
        self.publish_token(market.yes());
        self.publish_token(market.no());
    }

    /// The whole book of one outcome, to those who listen to it.
    fn publish_token(&mut self, token: TokenId) {
        let now = self.now;
        for session in self.sockets.listeners(token.market(), false) {
            if self.sockets.wants(session, token)
                && let Some(book) = self.book_event(token)
            {
                self.sockets.send(session, now, frames::text(&book));
            }
        }
    }

    fn publish_trade(&mut self, token: TokenId, side: Side, price: Price, size: Size, hash: Option<String>) {
        let frame = json!({
            "event_type": "last_trade_price",
            "market": self.catalogue.condition_text(token.market()),
            "asset_id": self.catalogue.token_text(token),
            "price": price.to_string(),
            "size": size.to_string(),
            "side": side.to_string(),
            "fee_rate_bps": "0",
            "transaction_hash": hash.unwrap_or_default(),
            "timestamp": self.now.as_millis().to_string(),
        });
        self.broadcast(token.market(), false, frame.to_string());
    }

    fn publish_tick(&mut self, market: MarketId, tick: Price) {
        // The projection has the new grid already; the old one was told on each book before.
        let old = self.ticks.insert(market, tick).or(self.markets.get(market).map(|m| m.listed.tick));
        for token in [market.yes(), market.no()] {
            let frame = json!({
                "event_type": "tick_size_change",
                "market": self.catalogue.condition_text(market),
                "asset_id": self.catalogue.token_text(token),
                "old_tick_size": old.unwrap_or(tick).to_string(),
                "new_tick_size": tick.to_string(),
                "timestamp": self.now.as_millis().to_string(),
            });
            self.broadcast(market, false, frame.to_string());
        }
        self.publish_book(market);
    }

    fn publish_resolved(&mut self, market: MarketId) {
        let winner = self.markets.get(market).and_then(|m| m.resolved);
        let winner =
            [market.yes(), market.no()].into_iter().find(|t| winner.is_some_and(|r| r.payout(*t) == Price::ONE));
        let mut frame = self.about(market);
        frame["event_type"] = json!("market_resolved");
        frame["winning_asset_id"] = json!(winner.map(|t| self.catalogue.token_text(t)).unwrap_or_default());
        frame["winning_outcome"] = json!(winner.map_or("", outcome_name));
        self.broadcast(market, true, frame.to_string());
    }

    fn publish_new(&mut self, market: MarketId) {
        if self.catalogue.get(market).is_none() {
            return;
        }
        let mut frame = self.about(market);
        frame["event_type"] = json!("new_market");
        let now = self.now;
        for session in self.sockets.custom() {
            self.sockets.send(session, now, frame.to_string());
        }
    }

    /// What both kinds of news about a market say.
    fn about(&self, market: MarketId) -> Value {
        let Some((listing, m)) = self.catalogue.get(market).zip(self.markets.get(market)) else { return json!({}) };
        let ids = [market.yes(), market.no()].map(|t| self.catalogue.token_text(t));
        let listed = &m.listed;
        json!({
            "id": listing.gamma_id().to_string(), "question": listed.question, "slug": listed.slug,
            "description": "", "market": hash_text(&listing.condition), "condition_id": hash_text(&listing.condition),
            "assets_ids": ids, "clob_token_ids": ids, "outcomes": ["Yes", "No"], "active": m.is_open(),
            "event_message": {
                "id": m.group.to_string(), "ticker": listed.group, "slug": listed.group, "title": listed.group,
                "description": "",
            },
            "order_price_min_tick_size": m.tick.to_string(), "tags": [listed.category],
            "timestamp": self.now.as_millis().to_string(),
        })
    }

    fn broadcast(&mut self, market: MarketId, custom: bool, text: String) {
        let now = self.now;
        for session in self.sockets.listeners(market, custom) {
            if self.reaches(session, Fault::socket_closed, Fault::silent_socket) {
                self.sockets.send(session, now, text.clone());
            }
        }
    }
}

fn differences(before: &BTreeMap<Price, Size>, now: &BTreeMap<Price, Size>, side: Side) -> Vec<(Side, Price, Size)> {
    let new = now.iter().filter(|(price, size)| before.get(*price) != Some(*size)).map(|(p, s)| (side, *p, *s));
    let gone = before.keys().filter(|price| !now.contains_key(*price)).map(|p| (side, *p, Size::ZERO));
    new.chain(gone).collect()
}
