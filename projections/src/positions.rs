//! Cash, positions, and what was made or lost: average cost, fees included, exact to the micro-dollar.
//!
//! At every event `opened_with + realized = cash + cost of all positions` holds to the unit ([`Positions::imbalance`]).
//! A fill is provisional until confirmed; voiding one gives the books that would have been without it, because the
//! provisional fills of a token are kept and folded again.

use crate::Projection;
use crate::health::Health;
use schemas::event::{AccountEvent, FillBooked, OrderEvent, PositionSettled, TradeKey};
use schemas::money::mul_div;
use schemas::{
    Cash, CycleId, Envelope, Event, MarketId, MoneyError, OrderId, Price, Rounding, Side, Size, TokenId, UtcNanos,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The sums of one token after some fills.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lot {
    /// Shares held.
    pub size: Size,
    /// What they cost, fees included.
    pub cost: Cash,
    /// Made (or lost, negative) by selling, fees deducted.
    pub realized: Cash,
    /// Fees paid.
    pub fees: Cash,
    /// Cash in less cash out.
    pub cash: Cash,
}

impl Lot {
    /// The lot after one more fill.
    fn after(self, fill: &Provisional) -> Result<Self, MoneyError> {
        let mut lot = self;
        lot.fees = lot.fees.plus(fill.fee)?;
        match fill.side {
            Side::Buy => {
                let paid = fill.price.notional(fill.size, Rounding::Ceil)?.plus(fill.fee)?;
                lot.size = lot.size.plus(fill.size)?;
                lot.cost = lot.cost.plus(paid)?;
                lot.cash = lot.cash.minus(paid)?;
            }
            Side::Sell => {
                let sold = Size(fill.size.0.min(lot.size.0));
                let received = fill.price.notional(fill.size, Rounding::Floor)?.minus(fill.fee)?;
                let share = match lot.size.0 {
                    0 => Cash::ZERO,
                    held => mul_div(lot.cost.0, sold.0, held, Rounding::HalfEven).map(Cash)?,
                };
                lot.size = lot.size.less(sold);
                lot.cost = lot.cost.minus(share)?;
                lot.cash = lot.cash.plus(received)?;
                lot.realized = lot.realized.plus(received.minus(share)?)?;
            }
        }
        Ok(lot)
    }
}

/// A fill that may still be voided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Provisional {
    order: OrderId,
    trade: TradeKey,
    side: Side,
    price: Price,
    size: Size,
    fee: Cash,
    confirmed: bool,
}

/// One token's position.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The present sums.
    pub lot: Lot,
    /// The sums of what is final.
    base: Lot,
    /// Fills after `base`, in order.
    provisional: Vec<Provisional>,
    /// When the present holding began.
    pub opened_at: UtcNanos,
    /// The order that last bought.
    pub order: OrderId,
    /// The cycle that last bought.
    pub cycle: CycleId,
    /// Realized when the present holding began: the difference is what the holding brought.
    realized_before: Cash,
    /// Fees paid when the present holding began.
    fees_before: Cash,
    /// The largest cost the present holding had.
    invested: Cash,
}

impl Position {
    /// What a share cost on average, fees included; 0 if none is held.
    pub fn average_cost(&self) -> Price {
        mul_div(self.lot.cost.0, schemas::money::MICRO, self.lot.size.0, Rounding::Ceil).map_or(Price::ZERO, Price)
    }

    fn refold(&mut self) -> Result<(), MoneyError> {
        self.lot = self.provisional.iter().try_fold(self.base, |lot, fill| lot.after(fill))?;
        Ok(())
    }

    /// Moves the confirmed fills at the front into the base: they cannot be voided any more.
    fn settle_front(&mut self) -> Result<(), MoneyError> {
        let n = self.provisional.iter().take_while(|f| f.confirmed).count();
        for fill in self.provisional.drain(..n) {
            self.base = self.base.after(&fill)?;
        }
        Ok(())
    }
}

/// Counts over finished holdings: from the first share to none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trips {
    /// Holdings finished.
    pub count: u64,
    /// That brought more than they cost.
    pub wins: u64,
    /// What those brought.
    pub gross_win: Cash,
    /// What the others lost, positive.
    pub gross_loss: Cash,
    /// Largest win.
    pub best: Cash,
    /// Largest loss, negative.
    pub worst: Cash,
    /// Time held, all together, in seconds.
    pub held_seconds: i64,
    /// Cost of all of them, at their largest.
    pub invested: Cash,
    /// On YES tokens.
    pub yes: u64,
    /// Wins on YES tokens.
    pub yes_wins: u64,
}

/// Cash and positions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Positions {
    /// Cash now. Reservations of open orders are not deducted.
    pub cash: Cash,
    /// The first balance the venue reported; `None` until it did.
    pub opened_with: Option<Cash>,
    /// Made or lost on what is sold or settled, fees deducted.
    pub realized: Cash,
    /// Fees paid.
    pub fees: Cash,
    /// Shares bought and sold, in dollars: gross turnover.
    pub volume: Cash,
    /// Fills that stand.
    pub fills: u64,
    /// Of those, as maker.
    pub maker_fills: u64,
    /// Positions settled at resolution.
    pub settled: u64,
    /// Settled for nothing.
    pub settled_worthless: u64,
    /// Finished holdings.
    pub trips: Trips,
    tokens: BTreeMap<TokenId, Position>,
    /// Tokens of which something is held, in order: every tick looks here, so it is kept apart from the past ones.
    holding: Vec<TokenId>,
    by_market: BTreeMap<MarketId, Cash>,
}

impl Positions {
    /// Shares held of a token.
    pub fn held(&self, token: TokenId) -> Size {
        self.tokens.get(&token).map_or(Size::ZERO, |p| p.lot.size)
    }

    /// A position that is held.
    pub fn get(&self, token: TokenId) -> Option<&Position> {
        self.tokens.get(&token).filter(|p| p.lot.size.0 > 0)
    }

    /// The last holding of a token, whether or not anything is left of it.
    pub fn last(&self, token: TokenId) -> Option<&Position> {
        self.tokens.get(&token)
    }

    /// Everything held, by token.
    pub fn held_all(&self) -> impl Iterator<Item = (TokenId, &Position)> {
        self.holding.iter().filter_map(|t| self.get(*t).map(|p| (*t, p)))
    }

    /// Whether anything is held in a market; cheap enough for every tick.
    #[inline]
    pub fn touches(&self, market: MarketId) -> bool {
        self.holding.iter().any(|t| t.market() == market)
    }

    /// What all positions cost, fees included.
    pub fn cost(&self) -> Cash {
        self.held_all().fold(Cash::ZERO, |sum, (_, p)| sum.plus(p.lot.cost).unwrap_or(Cash(i64::MAX)))
    }

    /// Realized result by market.
    pub fn realized_by_market(&self) -> impl Iterator<Item = (MarketId, Cash)> + '_ {
        self.by_market.iter().map(|(m, c)| (*m, *c))
    }

    /// Realized result of one market.
    pub fn realized_in(&self, market: MarketId) -> Cash {
        self.by_market.get(&market).copied().unwrap_or(Cash::ZERO)
    }

    /// `opened_with + realized - cash - cost`: zero, always, or the books are wrong.
    pub fn imbalance(&self) -> i128 {
        let opened = self.opened_with.map_or(0, |c| i128::from(c.0));
        let cost: i128 = self.held_all().map(|(_, p)| i128::from(p.lot.cost.0)).sum();
        opened + i128::from(self.realized.0) - i128::from(self.cash.0) - cost
    }

    /// Replaces a token's sums, keeping the totals in step.
    fn shift(&mut self, token: TokenId, before: Lot, after: Lot) -> Result<(), MoneyError> {
        match (self.holding.binary_search(&token), after.size.0 > 0) {
            (Err(i), true) => self.holding.insert(i, token),
            (Ok(i), false) => {
                self.holding.remove(i);
            }
            _ => {}
        }
        self.cash = self.cash.plus(after.cash.minus(before.cash)?)?;
        self.fees = self.fees.plus(after.fees.minus(before.fees)?)?;
        let gained = after.realized.minus(before.realized)?;
        self.realized = self.realized.plus(gained)?;
        if gained != Cash::ZERO {
            let market = self.by_market.entry(token.market()).or_default();
            *market = market.plus(gained)?;
        }
        Ok(())
    }

    fn book(&mut self, envelope: &Envelope, fill: &FillBooked) -> Result<bool, MoneyError> {
        let position = self.tokens.entry(fill.token).or_default();
        if position.provisional.iter().any(|f| f.trade == fill.trade && f.order == fill.order) {
            return Ok(true);
        }
        let before = position.lot;
        let new = Provisional {
            order: fill.order,
            trade: fill.trade,
            side: fill.side,
            price: fill.price,
            size: fill.size,
            fee: fill.fee,
            confirmed: false,
        };
        let after = before.after(&new)?;
        if fill.side == Side::Sell && fill.size > before.size {
            return Ok(false); // Selling what is not held: the venue and the books differ.
        }
        position.provisional.push(new);
        position.lot = after;
        if before.size == Size::ZERO {
            position.opened_at = envelope.time;
            position.realized_before = before.realized;
            position.fees_before = before.fees;
            position.invested = Cash::ZERO;
        }
        if fill.side == Side::Buy {
            position.order = fill.order;
            position.cycle = envelope.cycle.unwrap_or_default();
            position.invested = position.invested.max(after.cost);
        }
        self.shift(fill.token, before, after)?;
        self.volume = self.volume.plus(fill.price.notional(fill.size, Rounding::HalfEven)?)?;
        self.fills += 1;
        self.maker_fills += u64::from(fill.liquidity == schemas::event::Liquidity::Maker);
        if after.size == Size::ZERO {
            self.finish_trip(envelope.time, fill.token)?;
        }
        Ok(true)
    }

    fn confirm(&mut self, order: OrderId, trade: TradeKey) -> Result<bool, MoneyError> {
        for position in self.tokens.values_mut() {
            if let Some(fill) = position.provisional.iter_mut().find(|f| f.trade == trade && f.order == order) {
                fill.confirmed = true;
                position.settle_front()?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn void(&mut self, order: OrderId, trade: TradeKey) -> Result<bool, MoneyError> {
        let place = self.tokens.iter().find_map(|(token, p)| {
            let i = p.provisional.iter().position(|f| f.trade == trade && f.order == order)?;
            Some((*token, i))
        });
        let Some((token, i)) = place else { return Ok(false) };
        let Some(position) = self.tokens.get_mut(&token) else { return Ok(false) };
        let before = position.lot;
        position.provisional.remove(i);
        position.refold()?;
        let after = position.lot;
        self.fills = self.fills.saturating_sub(1);
        self.shift(token, before, after)?;
        Ok(true)
    }

    fn settle(&mut self, envelope: &Envelope, settled: &PositionSettled) -> Result<bool, MoneyError> {
        let Some(position) = self.tokens.get_mut(&settled.token) else { return Ok(false) };
        if position.lot.size != settled.size {
            return Ok(false);
        }
        let before = position.lot;
        let mut after = before;
        after.size = Size::ZERO;
        after.cost = Cash::ZERO;
        after.cash = before.cash.plus(settled.cash)?;
        after.realized = before.realized.plus(settled.cash.minus(before.cost)?)?;
        position.lot = after;
        position.base = after;
        position.provisional.clear();
        self.shift(settled.token, before, after)?;
        self.settled += 1;
        self.settled_worthless += u64::from(settled.payout == Price::ZERO);
        self.finish_trip(envelope.time, settled.token)?;
        Ok(true)
    }

    fn finish_trip(&mut self, time: UtcNanos, token: TokenId) -> Result<(), MoneyError> {
        let Some(position) = self.tokens.get(&token) else { return Ok(()) };
        let made = position.lot.realized.minus(position.realized_before)?;
        let held = time.since(position.opened_at) / schemas::time::NANOS_PER_SEC;
        let trips = &mut self.trips;
        trips.count += 1;
        trips.invested = trips.invested.plus(position.invested)?;
        trips.held_seconds = trips.held_seconds.saturating_add(held);
        let yes = token.outcome() == schemas::Outcome::Yes;
        trips.yes += u64::from(yes);
        if made.0 > 0 {
            trips.wins += 1;
            trips.yes_wins += u64::from(yes);
            trips.gross_win = trips.gross_win.plus(made)?;
        } else {
            trips.gross_loss = trips.gross_loss.minus(made)?;
        }
        trips.best = trips.best.max(made);
        trips.worst = trips.worst.min(made);
        Ok(())
    }

    fn take(&mut self, envelope: &Envelope) -> Result<bool, MoneyError> {
        match &envelope.event {
            Event::Order(OrderEvent::FillBooked(fill)) => self.book(envelope, fill),
            Event::Order(OrderEvent::FillConfirmed { order, trade }) => self.confirm(*order, *trade),
            Event::Order(OrderEvent::FillVoided { order, trade, .. }) => self.void(*order, *trade),
            Event::Order(OrderEvent::PositionSettled(settled)) => self.settle(envelope, settled),
            Event::Account(AccountEvent::BalanceObserved { cash }) => {
                if self.opened_with.is_none() {
                    self.opened_with = Some(*cash);
                    self.cash = self.cash.plus(*cash)?;
                }
                Ok(true)
            }
            _ => Ok(true),
        }
    }
}

impl Projection for Positions {
    const NAME: &'static str = "positions";
    type Reads<'a> = &'a mut Health;

    #[inline]
    fn apply(&mut self, envelope: &Envelope, health: &mut Health) {
        if !matches!(envelope.event, Event::Order(_) | Event::Account(_)) {
            return;
        }
        match self.take(envelope) {
            Ok(true) => {}
            Ok(false) => health.anomaly(envelope, "does not fit the position"),
            Err(e) => health.anomaly(envelope, &e.to_string()),
        }
    }
}
