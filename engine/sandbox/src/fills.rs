//! What the exchange says, made into trades and the fates of orders.

use crate::base::{derived, uuid};
use crate::faults::Fault;
use crate::orders::Status;
use crate::trades::{Party, Stage, Trade};
use crate::venue::{Timer, Venue};
use polymarket::Address;
use schemas::event::{CancelReason, FillBooked, Liquidity, OrderEvent};
use schemas::{Cash, Event, OrderId, Rounding, Side, Size};

/// A trade in the making: the matches of one taker at one price, or of several makers with the recording.
struct Open {
    trade: Trade,
    by_client: Option<OrderId>,
}

impl Venue {
    /// Takes everything the exchange has to say. `placing` is the order that is being placed, which is told of by its
    /// answer. Returns the trades that happened, by their place.
    pub(crate) fn take_reports(&mut self, placing: Option<OrderId>) -> Vec<usize> {
        let (mut open, mut maker): (Vec<Open>, Option<FillBooked>) = (Vec::new(), None);
        while let Some(report) = self.exchange.take_report(self.now) {
            self.record(report.event.clone());
            if let Some(placed) = report.event.order().and_then(|n| self.orders.get(n)) {
                self.dirty.insert(placed.token.market());
            }
            let Event::Order(event) = report.event else { continue };
            match event {
                OrderEvent::FillBooked(fill) if fill.liquidity == Liquidity::Maker => {
                    if let Some(before) = maker.replace(*fill) {
                        self.with_recording(&mut open, &before);
                    }
                }
                // Whoever was just filled as a maker is the other side of this.
                OrderEvent::FillBooked(fill) => self.with_taker(&mut open, &fill, maker.take()),
                OrderEvent::Rejected { order, reason } => drop(self.refusals.insert(order, reason)),
                OrderEvent::Cancelled { order, reason } => self.ended(order, reason, placing),
                OrderEvent::Expired { order } => self.end_order(order, "CANCELED_EXPIRED_ORDER"),
                OrderEvent::FillConfirmed { trade, .. } => self.settled(trade, Stage::Confirmed),
                OrderEvent::FillVoided { trade, .. } => self.settled(trade, Stage::Failed),
                _ => {}
            }
        }
        if let Some(last) = maker.take() {
            self.with_recording(&mut open, &last);
        }
        open.into_iter().map(|o| self.begin(o.trade, placing)).collect()
    }

    fn ended(&mut self, order: OrderId, reason: CancelReason, placing: Option<OrderId>) {
        let word = self.ending.remove(&order).unwrap_or(match reason {
            CancelReason::MarketResolved => "CANCELED_MARKET_RESOLVED",
            CancelReason::NoBalance => "CANCELED_NOT_ENOUGH_BALANCE",
            _ => "CANCELED",
        });
        if placing == Some(order) {
            return self.orders.change(order, |o| o.status = Status::Ended(word));
        }
        self.end_order(order, word);
    }

    /// An order stands no more.
    pub(crate) fn end_order(&mut self, order: OrderId, word: &'static str) {
        self.ending.remove(&order);
        if self.orders.get(order).is_some_and(|o| o.status.is_open()) {
            self.orders.change(order, |o| o.status = Status::Ended(word));
            self.tell_order(order, "CANCELLATION");
        }
    }

    fn party(&self, fill: &FillBooked) -> Party {
        let placed = self.orders.get(fill.order);
        Party {
            order: Some(fill.order),
            hash: placed.map(|o| o.hash).unwrap_or_default(),
            token: fill.token,
            side: fill.side,
            price: fill.price,
            size: fill.size,
            fee: fill.fee,
            key: placed.map(|o| o.key.clone()).unwrap_or_default(),
            wallet: placed.map(|o| o.order.maker).unwrap_or_default(),
        }
    }

    /// Somebody of the recording on the other side of a fill.
    fn somebody(&self, fill: &FillBooked) -> Party {
        let name = derived(&[b"somebody", &fill.trade.0.to_be_bytes(), &self.settings.seed.to_be_bytes()]);
        let mut wallet = Address::ZERO;
        wallet.0.copy_from_slice(&name.0[12..]);
        Party {
            order: None,
            hash: name,
            token: fill.token,
            side: fill.side.other(),
            price: fill.price,
            size: fill.size,
            fee: Cash::ZERO,
            key: uuid(&name),
            wallet,
        }
    }

    /// A client's order took: a trade of its own for each price, with all makers there.
    fn with_taker(&mut self, open: &mut Vec<Open>, fill: &FillBooked, maker: Option<FillBooked>) {
        self.note(fill);
        let mut keys = vec![fill.trade];
        let other = match &maker {
            None => self.somebody(fill),
            Some(maker) => {
                self.note(maker);
                keys.push(maker.trade);
                self.party(maker)
            }
        };
        let same = open.iter_mut().find(|o| o.by_client == Some(fill.order) && o.trade.taker.price == fill.price);
        if let Some(same) = same {
            let taker = &mut same.trade.taker;
            taker.size = taker.size.plus(fill.size).unwrap_or(taker.size);
            taker.fee = taker.fee.plus(fill.fee).unwrap_or(taker.fee);
            same.trade.add_maker(other);
            return same.trade.keys.extend(keys);
        }
        let taker = self.party(fill);
        let trade = self.new_trade(taker, other, keys, open.len());
        open.push(Open { trade, by_client: Some(fill.order) });
    }

    /// The recording took from a client's resting order; orders at one price share the trade.
    fn with_recording(&mut self, open: &mut Vec<Open>, fill: &FillBooked) {
        self.note(fill);
        let maker = self.party(fill);
        let same = open.iter_mut().find(|o| {
            let of = o.trade.makers.first();
            o.by_client.is_none()
                && of.is_some_and(|m| m.token == fill.token && m.price == fill.price && m.side == fill.side)
        });
        if let Some(same) = same {
            let taker = &mut same.trade.taker;
            taker.size = taker.size.plus(fill.size).unwrap_or(taker.size);
            same.trade.add_maker(maker);
            return same.trade.keys.push(fill.trade);
        }
        let taker = self.somebody(fill);
        let trade = self.new_trade(taker, maker, vec![fill.trade], open.len());
        open.push(Open { trade, by_client: None });
    }

    fn new_trade(&self, taker: Party, maker: Party, keys: Vec<schemas::event::TradeKey>, n: usize) -> Trade {
        let number = (self.trades.len() + n).to_be_bytes();
        Trade {
            id: uuid(&derived(&[b"trade", &number, &self.settings.seed.to_be_bytes()])),
            taker,
            makers: vec![maker],
            stage: Stage::Matched,
            matched: self.now,
            updated: self.now,
            listed: self.now,
            transaction: None,
            keys,
        }
    }

    /// A fill counts for its order.
    fn note(&mut self, fill: &FillBooked) {
        let rounding = if fill.side == Side::Buy { Rounding::Ceil } else { Rounding::Floor };
        let dollars = fill.price.notional(fill.size, rounding).unwrap_or_default();
        self.orders.change(fill.order, |o| {
            o.matched = o.matched.plus(fill.size).unwrap_or(o.matched);
            o.dollars = o.dollars.plus(dollars).unwrap_or(o.dollars);
            if o.matched >= o.size {
                o.status = Status::Matched;
            }
        });
    }

    /// A trade begins: orders know it, owners hear of it, and its way to the chain is drawn.
    fn begin(&mut self, mut trade: Trade, placing: Option<OrderId>) -> usize {
        let ids: Vec<OrderId> = trade.parties().filter_map(|(p, _)| p.order).collect();
        trade.transaction = Some(derived(&[b"transaction", trade.id.as_bytes()]));
        if self.dice.hits(Fault::late_trade_list, &self.faults) {
            trade.listed = self.now.plus_millis(self.faults.late_trade_list_ms);
        }
        let id = trade.id.clone();
        let at = self.trades.add(trade);
        for order in ids {
            self.orders.change(order, |o| {
                if !o.trades.contains(&id) {
                    o.trades.push(id.clone());
                }
            });
            if placing != Some(order) {
                self.tell_order(order, "UPDATE");
            }
        }
        self.tell_trade(at);
        let (mined, confirmed) = (self.settings.mined_ms, self.settings.confirmed_ms);
        let mut stages = Vec::new();
        if self.dice.hits(Fault::retrying, &self.faults) {
            stages.push((mined, Stage::Retrying));
        }
        if self.dice.hits(Fault::failed, &self.faults) {
            stages.push((mined, Stage::Failed));
        } else {
            stages.extend([(mined, Stage::Mined), (confirmed, Stage::Confirmed)]);
        }
        let first = stages.first().map_or(0, |s| s.0);
        self.wait(first, Timer::Trade { at, stages });
        at
    }

    /// The next stage of a trade has come.
    pub(crate) fn next_stage(&mut self, at: usize, mut stages: Vec<(u64, Stage)>) {
        if stages.is_empty() || self.trades.at(at).is_none_or(|t| t.stage.is_final()) {
            return;
        }
        let (_, stage) = stages.remove(0);
        let keys = self.trades.at(at).map(|t| t.keys.clone()).unwrap_or_default();
        match stage {
            // The exchange reports every match of it, and those reports set the trade's stage.
            Stage::Confirmed => _ = self.exchange.settle(&keys, false),
            Stage::Failed => _ = self.exchange.settle(&keys, true),
            _ => self.stage(at, stage),
        }
        if stage.is_final() {
            return self.after_change();
        }
        if let Some((ms, _)) = stages.first() {
            let ms = *ms;
            self.wait(ms, Timer::Trade { at, stages });
        }
    }

    /// A match was settled by the exchange.
    fn settled(&mut self, key: schemas::event::TradeKey, stage: Stage) {
        let Some(at) = self.trades.of_key(key) else { return };
        if self.trades.at(at).is_some_and(|t| !t.stage.is_final()) {
            self.stage(at, stage);
        }
    }

    fn stage(&mut self, at: usize, stage: Stage) {
        let now = self.now;
        if let Some(trade) = self.trades.at_mut(at) {
            trade.stage = stage;
            trade.updated = now;
        }
        self.tell_trade(at);
    }

    /// Shares and dollars of a wallet's position, from its trades that did not fail.
    pub(crate) fn cost_of(&self, account: exchange::AccountId, token: schemas::TokenId) -> (Size, Cash, Cash) {
        let (mut size, mut cost, mut fees) = (0i64, 0i64, 0i64);
        for trade in self.trades.iter().filter(|t| t.stage != Stage::Failed) {
            for (party, _) in trade.parties().filter(|(p, _)| p.token == token) {
                let own = party.order.and_then(|n| self.orders.get(n)).is_some_and(|o| o.account == account);
                if !own {
                    continue;
                }
                let dollars = party.price.notional(party.size, Rounding::HalfEven).unwrap_or_default().0;
                fees = fees.saturating_add(party.fee.0);
                match party.side {
                    Side::Buy => {
                        size = size.saturating_add(party.size.0);
                        cost = cost.saturating_add(dollars);
                    }
                    // What is sold leaves at its average cost.
                    Side::Sell if size > 0 => {
                        let part = i128::from(cost) * i128::from(party.size.0) / i128::from(size);
                        cost = cost.saturating_sub(i64::try_from(part).unwrap_or(cost));
                        size = size.saturating_sub(party.size.0);
                    }
                    Side::Sell => {}
                }
            }
        }
        (Size(size.max(0)), Cash(cost.max(0)), Cash(fees))
    }
}
