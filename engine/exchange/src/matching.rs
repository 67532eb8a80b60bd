//! Matching: the rules of the crate's documentation, one function each.

use crate::exchange::{Exchange, Market, Match};
use crate::liquidity::{best, recorded};
use crate::order::{Incoming, Resting, own_price};
use schemas::event::{CancelReason, FeeSchedule, Level, OrderEvent, TimeInForce};
use schemas::money::MICRO;
use schemas::{Cash, Event, MarketId, Price, Rounding, Side, Size, TokenId};

/// A marketable purchase below one dollar is refused.
const MARKETABLE_MIN: Cash = Cash(MICRO);

/// One thing an arriving order can take.
enum Offer {
    Recorded(Level),
    Client { arrival: u64, price: Price },
}

impl Exchange {
    /// Why an order is refused, in the venue's words; `None` if it is taken.
    pub(crate) fn refusal(&self, order: &Incoming, market: Market<'_>) -> Option<String> {
        let Some(m) = market.markets.get(order.token.market()) else {
            return Some("No orderbook exists for the requested token id".to_owned());
        };
        if !m.is_open() {
            return Some("the market is not yet ready to process new orders".to_owned());
        }
        let id = order.hash.short(8);
        if !order.price.on_grid(m.tick) {
            return Some(format!(
                "order {id} is invalid. Price ({}) breaks minimum tick size rule: {}",
                order.price, m.tick
            ));
        }
        let takes_only = order.tif.takes_at_once();
        if order.size.0 <= 0 || (!takes_only && order.size < m.min_size) {
            return Some(format!(
                "order {id} is invalid. Size ({}) lower than the minimum: {}",
                order.size, m.min_size
            ));
        }
        if order.tif == TimeInForce::Gtd && order.expires <= self.now {
            return Some("invalid expiration".to_owned());
        }
        if takes_only && order.side == Side::Buy {
            let notional = order.price.notional(order.size, Rounding::Ceil).unwrap_or(Cash::ZERO);
            if notional < MARKETABLE_MIN {
                return Some(format!("invalid amount for a marketable BUY order (${notional}), min size: 1"));
            }
        }
        if !self.covers(order, m.fee) {
            return Some("not enough balance / allowance".to_owned());
        }
        if takes_only {
            let takes = self.takes(order, market);
            if takes.0 <= 0 && order.tif == TimeInForce::Fak {
                return Some(
                    "no orders found to match with FAK order. FAK orders are partially filled or killed if no match is \
                     found."
                        .to_owned(),
                );
            }
            if takes < order.size && order.tif == TimeInForce::Fok {
                return Some("order couldn't be fully filled. FOK orders are fully filled or killed.".to_owned());
            }
        }
        if order.post_only && !self.offers(order, market).is_empty() {
            return Some("invalid post-only order: order crosses book".to_owned());
        }
        None
    }

    fn covers(&self, order: &Incoming, fee: FeeSchedule) -> bool {
        let Some(account) = self.accounts.get(&order.account) else { return false };
        match order.side {
            Side::Sell => {
                let bound = self.bound_shares(order.account, order.token);
                bound.plus(order.size).is_ok_and(|s| s <= account.shares(order.token))
            }
            Side::Buy => {
                let bound = self.bound_cash(order.account);
                order.cost(order.size, fee).and_then(|c| c.plus(bound)).is_ok_and(|c| c <= account.cash)
            }
        }
    }

    /// An accepted order takes what it can and rests, or ends.
    pub(crate) fn match_incoming(&mut self, order: Incoming, market: Market<'_>) {
        let offers = self.offers(&order, market);
        let fee = market.markets.get(order.token.market()).map(|m| m.fee).unwrap_or_default();
        let mut remaining = order.size;
        for offer in offers {
            if remaining.0 <= 0 {
                break;
            }
            let size = Size(self.left(&offer, &order).0.min(remaining.0));
            if size.0 > 0 {
                self.trade(&order, &offer, size, fee);
                remaining = remaining.less(size);
            }
        }
        if remaining.0 <= 0 {
            return;
        }
        if order.tif.takes_at_once() {
            let reason = CancelReason::Unfilled;
            return self.say(&order, Event::Order(OrderEvent::Cancelled { order: order.order, reason }));
        }
        let ahead = self.recorded_at(&order, market);
        self.rest(order, remaining, ahead);
    }

    /// What an order could take at its limit now.
    pub fn takes(&self, order: &Incoming, market: Market<'_>) -> Size {
        let offers = self.offers(order, market);
        offers.iter().fold(Size::ZERO, |sum, o| sum.plus(self.left(o, order)).unwrap_or(Size(i64::MAX)))
    }

    /// What an order could take, best first; at one price the recording before clients.
    fn offers(&self, order: &Incoming, market: Market<'_>) -> Vec<Offer> {
        let id = order.token.market();
        let side = order.book_side().other();
        let limit = order.book_price();
        let depth = self.settings.assumed_depth_shares;
        let levels = recorded(market.books, market.quotes, id, side, limit, depth);
        let mut all: Vec<(Price, u64, Offer)> = levels
            .into_iter()
            .filter(|l| self.liquidity.left(id, side, *l).0 > 0)
            .map(|l| (l.price, 0, Offer::Recorded(l)))
            .collect();
        let meets = |p: Price| if side == Side::Sell { p <= limit } else { p >= limit };
        for r in self.resting(id).iter().filter(|r| r.order.book_side() == side && meets(r.order.book_price())) {
            let price = r.order.book_price();
            all.push((price, r.arrival, Offer::Client { arrival: r.arrival, price }));
        }
        match side {
            Side::Sell => all.sort_by_key(|(p, n, _)| (*p, *n)),
            Side::Buy => all.sort_by_key(|(p, n, _)| (std::cmp::Reverse(*p), *n)),
        }
        all.into_iter().map(|(_, _, o)| o).collect()
    }

    fn left(&self, offer: &Offer, order: &Incoming) -> Size {
        let id = order.token.market();
        match offer {
            Offer::Recorded(level) => self.liquidity.left(id, order.book_side().other(), *level),
            Offer::Client { arrival, .. } => {
                self.resting(id).iter().find(|r| r.arrival == *arrival).map_or(Size::ZERO, |r| r.remaining)
            }
        }
    }

    fn trade(&mut self, order: &Incoming, offer: &Offer, size: Size, fee: FeeSchedule) {
        let id = order.token.market();
        let (price, maker) = match offer {
            Offer::Recorded(level) => {
                self.liquidity.take(id, order.book_side().other(), *level, size);
                (level.price, None)
            }
            Offer::Client { arrival, price } => (*price, self.fill_resting(id, *arrival, size)),
        };
        let own = own_price(order.token, price);
        // A fee that does not fit belongs to a size that does not fit; it was refused before.
        let fee = fee.taker_fee(own, size).unwrap_or(Cash::ZERO);
        let taker = self.fill(order, own, size, fee, false);
        self.confirm_later(maker, taker);
    }

    /// Fills a resting order against the recording.
    fn fill_from_recording(&mut self, market: MarketId, arrival: u64, size: Size) {
        if let Some(maker) = self.fill_resting(market, arrival, size) {
            self.confirm_later(None, maker);
        }
    }

    /// Fills a resting order at its own price, as maker.
    fn fill_resting(&mut self, market: MarketId, arrival: u64, size: Size) -> Option<Match> {
        let list = self.resting.get_mut(&market)?;
        let i = list.iter().position(|r| r.arrival == arrival)?;
        let size = Size(size.0.min(list[i].remaining.0));
        list[i].remaining = list[i].remaining.less(size);
        let order = list[i].order;
        if list[i].remaining.0 <= 0 {
            list.remove(i);
        }
        if list.is_empty() {
            self.resting.remove(&market);
        }
        Some(self.fill(&order, order.price, size, Cash::ZERO, true))
    }

    /// The recorded size at an order's own price, on its own side: what is ahead of it.
    fn recorded_at(&self, order: &Incoming, market: Market<'_>) -> Size {
        let (side, price) = (order.book_side(), order.book_price());
        let depth = self.settings.assumed_depth_shares;
        let levels = recorded(market.books, market.quotes, order.token.market(), side, price, depth);
        levels.into_iter().find(|l| l.price == price).map_or(Size::ZERO, |l| l.size)
    }

    /// A recorded level changed. Both tokens of a market report the same book, so only one of them counts.
    pub(crate) fn on_level(&mut self, token: TokenId, side: Side, price: Price, size: Size, market: Market<'_>) {
        let id = token.market();
        let yes_speaks = market.books.get(id.yes()).is_some_and(|b| b.bid().is_some() || b.ask().is_some());
        if yes_speaks && token != id.yes() {
            return;
        }
        let (side, price) = if token == id.yes() { (side, price) } else { (side.other(), price.complement()) };
        self.liquidity.restate(id, side, price, size);
        let Some(list) = self.resting.get_mut(&id) else { return };
        for r in list.iter_mut().filter(|r| r.order.book_side() == side && r.order.book_price() == price) {
            r.ahead = Size(r.ahead.0.min(size.0));
        }
        self.meet_crossing(id, market);
    }

    /// A quote without depth changed.
    pub(crate) fn on_quote(&mut self, id: MarketId, market: Market<'_>) {
        let quote = market.quotes.get(id.yes());
        self.liquidity.requote(id, Side::Buy, quote.bid);
        self.liquidity.requote(id, Side::Sell, quote.ask);
        self.meet_crossing(id, market);
    }

    /// A whole book was stated: every level of which something is taken has a new size.
    pub(crate) fn restate_all(&mut self, id: MarketId, market: Market<'_>) {
        let depth = self.settings.assumed_depth_shares;
        for (side, price) in self.liquidity.levels(id) {
            let levels = recorded(market.books, market.quotes, id, side, price, depth);
            let size = levels.into_iter().find(|l| l.price == price).map_or(Size::ZERO, |l| l.size);
            self.liquidity.restate(id, side, price, size);
        }
    }

    /// A whole book was stated: nobody can be further back than what is recorded.
    pub(crate) fn recap_queue(&mut self, id: MarketId, market: Market<'_>) {
        let caps: Vec<(u64, Size)> =
            self.resting(id).iter().map(|r| (r.arrival, self.recorded_at(&r.order, market))).collect();
        let Some(list) = self.resting.get_mut(&id) else { return };
        for (arrival, cap) in caps {
            if let Some(r) = list.iter_mut().find(|r| r.arrival == arrival) {
                r.ahead = Size(r.ahead.0.min(cap.0));
            }
        }
    }

    /// Whether recorded liquidity stands at the price of a resting order of the other side, or better.
    fn is_crossed(&self, id: MarketId, market: Market<'_>) -> bool {
        let best = |side| best(market.books, market.quotes, id, side);
        let (bid, ask) = (best(Side::Buy), best(Side::Sell));
        self.resting(id).iter().any(|r| match r.order.book_side() {
            Side::Buy => ask.is_some_and(|ask| ask <= r.order.book_price()),
            Side::Sell => bid.is_some_and(|bid| bid >= r.order.book_price()),
        })
    }

    /// Recorded liquidity that crosses a resting order would have met it: it fills it.
    pub(crate) fn meet_crossing(&mut self, id: MarketId, market: Market<'_>) {
        // Nearly every change crosses nothing, and finding that out must not cost a sorted copy.
        if !self.is_crossed(id, market) {
            return;
        }
        let depth = self.settings.assumed_depth_shares;
        for arrival in self.by_priority(id) {
            let Some(r) = self.resting(id).iter().find(|r| r.arrival == arrival).cloned() else { continue };
            let side = r.order.book_side().other();
            let levels = recorded(market.books, market.quotes, id, side, r.order.book_price(), depth);
            let mut remaining = r.remaining;
            for level in levels {
                let size = Size(self.liquidity.left(id, side, level).0.min(remaining.0));
                if size.0 <= 0 {
                    continue;
                }
                self.liquidity.take(id, side, level, size);
                self.fill_from_recording(id, arrival, size);
                remaining = remaining.less(size);
            }
        }
    }

    /// A recorded trade: it reaches resting orders that are better than its price, and those at its price once the queue
    /// ahead of them is used up.
    pub(crate) fn on_trade(&mut self, token: TokenId, aggressor: Side, price: Price, size: Size) {
        let id = token.market();
        if self.resting(id).is_empty() {
            return;
        }
        // In the YES book: buying NO hits the bids.
        let yes = token == id.yes();
        let (aggressor, price) = if yes { (aggressor, price) } else { (aggressor.other(), price.complement()) };
        let hit = aggressor.other();
        let mut budget = size;
        for arrival in self.by_priority(id) {
            let Some(r) = self.resting(id).iter().find(|r| r.arrival == arrival) else { continue };
            if budget.0 <= 0 || r.order.book_side() != hit {
                continue;
            }
            let own = r.order.book_price();
            let better = if hit == Side::Buy { own > price } else { own < price };
            if !better && own != price {
                continue;
            }
            let ahead = if better { Size::ZERO } else { r.ahead };
            let reaches = Size(budget.less(ahead).0.min(r.remaining.0));
            if !better {
                self.shorten_queue(id, arrival, size);
            }
            if reaches.0 > 0 {
                budget = budget.less(reaches);
                self.fill_from_recording(id, arrival, reaches);
            }
        }
    }

    fn shorten_queue(&mut self, id: MarketId, arrival: u64, by: Size) {
        let list = self.resting.get_mut(&id);
        if let Some(r) = list.and_then(|l| l.iter_mut().find(|r| r.arrival == arrival)) {
            r.ahead = r.ahead.less(by);
        }
    }

    /// Resting orders of a market: bids from the highest, asks from the lowest, each price by arrival.
    fn by_priority(&self, id: MarketId) -> Vec<u64> {
        let rank = |r: &Resting| match r.order.book_side() {
            Side::Buy => (0, -r.order.book_price().0),
            Side::Sell => (1, r.order.book_price().0),
        };
        let mut all: Vec<_> = self.resting(id).iter().map(|r| (rank(r), r.arrival)).collect();
        all.sort_unstable();
        all.into_iter().map(|(_, arrival)| arrival).collect()
    }
}
