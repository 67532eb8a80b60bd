//! Clients that are not behind a log: who calls asks, lets time pass, and takes what is to be said.

use crate::account::AccountId;
use crate::exchange::{Due, Exchange, Market};
use crate::liquidity::recorded;
use crate::order::Incoming;
use schemas::event::{CancelReason, Level};
use schemas::{Cash, MarketId, OrderId, Price, Side, Size, TokenId, UtcNanos};
use std::collections::BTreeMap;

impl Exchange {
    /// Opens an account, or tops it up.
    pub fn fund(&mut self, id: AccountId, cash: Cash) {
        let account = self.accounts.entry(id).or_default();
        account.cash = account.cash.plus(cash).unwrap_or(account.cash);
    }

    /// Gives shares to an account.
    pub fn give(&mut self, id: AccountId, token: TokenId, size: Size) {
        self.accounts.entry(id).or_default().give(token, size);
    }

    /// Takes cash out of an account, if it has so much. What open orders bind does not count: see [`Self::uncovered`].
    pub fn withdraw(&mut self, id: AccountId, cash: Cash) -> bool {
        let Some(account) = self.accounts.get_mut(&id).filter(|a| cash.0 >= 0 && cash <= a.cash) else { return false };
        account.cash = Cash(account.cash.0 - cash.0);
        true
    }

    /// Takes shares out of an account, if it has so many.
    pub fn take(&mut self, id: AccountId, token: TokenId, size: Size) -> bool {
        let Some(account) = self.accounts.get_mut(&id).filter(|a| size.0 >= 0 && size <= a.shares(token)) else {
            return false;
        };
        account.give(token, Size(-size.0));
        true
    }

    /// The newest resting order of an account that what it has does not cover any more.
    pub fn uncovered(&self, id: AccountId) -> Option<OrderId> {
        let account = self.accounts.get(&id)?;
        let short = |order: &Incoming| match order.side {
            Side::Buy => self.bound_cash(id) > account.cash,
            Side::Sell => self.bound_shares(id, order.token) > account.shares(order.token),
        };
        let own = self.resting.values().flatten().filter(|r| r.order.account == id && short(&r.order));
        own.max_by_key(|r| r.arrival).map(|r| r.order.order)
    }

    /// Sends an order. It arrives after the configured latency: [`Self::advance`].
    pub fn submit(&mut self, order: Incoming, now: UtcNanos) {
        self.wait(now.plus_millis(self.settings.submit_latency_ms), Due::Arrive { order, again: false });
    }

    /// Cancels an order at once. Nothing happens if it does not rest.
    pub fn withdraw_order(&mut self, account: AccountId, order: OrderId, reason: CancelReason, now: UtcNanos) {
        self.now = self.now.max(now);
        self.cancel(account, order, reason, None);
    }

    /// What the recording has on one side of a market's YES book, best first, whatever clients took of it.
    pub fn recorded_depth(&self, id: MarketId, side: Side, market: Market<'_>) -> Vec<Level> {
        let limit = if side == Side::Buy { Price(i64::MIN) } else { Price(i64::MAX) };
        recorded(market.books, market.quotes, id, side, limit, self.settings.assumed_depth_shares)
    }

    /// What stands on one side of a market's YES book for those who arrive now, best first: what clients left of the
    /// recording, and their own orders.
    pub fn depth(&self, id: MarketId, side: Side, market: Market<'_>) -> Vec<Level> {
        let mut sizes: BTreeMap<Price, Size> = BTreeMap::new();
        for level in self.recorded_depth(id, side, market) {
            add(&mut sizes, level.price, self.liquidity.left(id, side, level));
        }
        for r in self.resting(id).iter().filter(|r| r.order.book_side() == side) {
            add(&mut sizes, r.order.book_price(), r.remaining);
        }
        let levels = sizes.into_iter().map(|(price, size)| Level { price, size });
        if side == Side::Buy { levels.rev().collect() } else { levels.collect() }
    }
}

fn add(sizes: &mut BTreeMap<Price, Size>, price: Price, size: Size) {
    if size.0 > 0 {
        let sum = sizes.entry(price).or_default();
        *sum = sum.plus(size).unwrap_or(*sum);
    }
}
