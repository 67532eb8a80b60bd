//! Cash, positions, and what was made or lost: average cost, fees included, exact to the micro-dollar.
//!
//! At every event `put in + realized = cash + cost of all positions` holds to the unit ([`Positions::imbalance`]); what was
//! put in is the first balance and the cash that moved since without a trade.
//! A fill is provisional until confirmed; voiding one gives the books that would have been without it, because the
//! provisional fills of a token are kept and folded again.

use crate::Projection;
use crate::health::Health;
use schemas::event::{AccountEvent, FillBooked, Liquidity, OrderEvent, PositionSettled, TradeKey};
use schemas::money::mul_div;
use schemas::{
    Cash, CycleId, Envelope, Event, MarketId, MoneyError, OrderId, Outcome, Price, Rounding, Side, Size, TokenId,
    UtcNanos,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What one token adds up to after some fills.
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
    /// Shares that were sold and whose purchase was voided behind: the next ones that come in go out for them.
    short: Size,
    /// Shares bought and sold, in dollars.
    volume: Cash,
    fills: u64,
    maker_fills: u64,
    holding: Holding,
    trips: Trips,
}

/// The present holding of a token, or the last one: from the first share to none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Holding {
    opened_at: UtcNanos,
    /// The order that last bought, and its cycle.
    order: OrderId,
    cycle: CycleId,
    /// Realized before it began: the difference is what it brought.
    realized_before: Cash,
    /// The largest cost it had.
    invested: Cash,
}

impl Lot {
    /// The lot after one more fill of a token that pays for `outcome`.
    fn after(self, fill: &Provisional, outcome: Outcome) -> Result<Self, MoneyError> {
        let mut lot = self;
        lot.fees = lot.fees.plus(fill.fee)?;
        lot.volume = lot.volume.plus(fill.price.notional(fill.size, Rounding::HalfEven)?)?;
        lot.fills += 1;
        lot.maker_fills += u64::from(fill.maker);
        match fill.side {
            Side::Buy => {
                let paid = fill.price.notional(fill.size, Rounding::Ceil)?.plus(fill.fee)?;
                lot.cash = lot.cash.minus(paid)?;
                let owed = Size(lot.short.0.min(fill.size.0));
                let spent = match fill.size.0 {
                    0 => Cash::ZERO,
                    size => mul_div(paid.0, owed.0, size, Rounding::HalfEven).map(Cash)?,
                };
                lot.short = lot.short.less(owed);
                lot.realized = lot.realized.minus(spent)?;
                let (kept, cost) = (fill.size.less(owed), paid.minus(spent)?);
                if kept == Size::ZERO {
                    return Ok(lot);
                }
                if lot.size == Size::ZERO {
                    lot.holding.opened_at = fill.time;
                    lot.holding.realized_before = lot.realized;
                    lot.holding.invested = Cash::ZERO;
                }
                lot.size = lot.size.plus(kept)?;
                lot.cost = lot.cost.plus(cost)?;
                (lot.holding.order, lot.holding.cycle) = (fill.order, fill.cycle);
                lot.holding.invested = lot.holding.invested.max(lot.cost);
            }
            Side::Sell => {
                // More than is held is sold only where the purchase behind it was voided.
                let sold = Size(fill.size.0.min(lot.size.0));
                let received = fill.price.notional(fill.size, Rounding::Floor)?.minus(fill.fee)?;
                let share = match lot.size.0 {
                    0 => Cash::ZERO,
                    held => mul_div(lot.cost.0, sold.0, held, Rounding::HalfEven).map(Cash)?,
                };
                let held_before = lot.size;
                lot.size = lot.size.less(sold);
                lot.short = lot.short.plus(fill.size.less(sold))?;
                lot.cost = lot.cost.minus(share)?;
                lot.cash = lot.cash.plus(received)?;
                lot.realized = lot.realized.plus(received.minus(share)?)?;
                if lot.size == Size::ZERO && held_before.0 > 0 {
                    lot.trips = lot.trips.with(&lot.trip(fill.time, outcome));
                }
            }
        }
        Ok(lot)
    }

    /// The lot after its market paid out.
    fn settled(self, cash: Cash, time: UtcNanos, outcome: Outcome) -> Result<Self, MoneyError> {
        let mut lot = self;
        lot.size = Size::ZERO;
        lot.cost = Cash::ZERO;
        lot.cash = lot.cash.plus(cash)?;
        lot.realized = lot.realized.plus(cash.minus(self.cost)?)?;
        lot.trips = lot.trips.with(&lot.trip(time, outcome));
        Ok(lot)
    }

    /// The holding of which nothing is left, as a count of one. These are statistics: what does not fit sticks.
    fn trip(&self, time: UtcNanos, outcome: Outcome) -> Trips {
        let made = self.realized.0.saturating_sub(self.holding.realized_before.0);
        let (won, yes) = (made > 0, outcome == Outcome::Yes);
        Trips {
            count: 1,
            wins: u64::from(won),
            gross_win: Cash(made.max(0)),
            gross_loss: Cash(made.min(0).saturating_neg()),
            best: Cash(made),
            worst: Cash(made),
            held_seconds: time.since(self.holding.opened_at) / schemas::time::NANOS_PER_SEC,
            invested: self.holding.invested,
            yes: u64::from(yes),
            yes_wins: u64::from(won && yes),
        }
    }
}

/// A fill that may still be voided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Provisional {
    order: OrderId,
    cycle: CycleId,
    trade: TradeKey,
    time: UtcNanos,
    side: Side,
    price: Price,
    size: Size,
    fee: Cash,
    maker: bool,
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
}

impl Position {
    /// What a share cost on average, fees included; 0 if none is held.
    pub fn average_cost(&self) -> Price {
        mul_div(self.lot.cost.0, schemas::money::MICRO, self.lot.size.0, Rounding::Ceil).map_or(Price::ZERO, Price)
    }

    fn find(&self, order: OrderId, trade: TradeKey) -> Option<usize> {
        self.provisional.iter().position(|f| f.trade == trade && f.order == order)
    }

    fn hold(&mut self, lot: Lot) {
        self.lot = lot;
        let Holding { opened_at, order, cycle, .. } = lot.holding;
        (self.opened_at, self.order, self.cycle) = (opened_at, order, cycle);
    }

    /// Moves the confirmed fills at the front into the base: they cannot be voided any more.
    fn settle_front(&mut self, outcome: Outcome) -> Result<(), MoneyError> {
        let n = self.provisional.iter().take_while(|f| f.confirmed).count();
        for fill in self.provisional.drain(..n) {
            self.base = self.base.after(&fill, outcome)?;
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

impl Trips {
    /// Both together.
    fn with(&self, other: &Self) -> Self {
        let sum = |a: Cash, b: Cash| Cash(a.0.saturating_add(b.0));
        Self {
            count: self.count + other.count,
            wins: self.wins + other.wins,
            gross_win: sum(self.gross_win, other.gross_win),
            gross_loss: sum(self.gross_loss, other.gross_loss),
            best: self.best.max(other.best),
            worst: self.worst.min(other.worst),
            held_seconds: self.held_seconds.saturating_add(other.held_seconds),
            invested: sum(self.invested, other.invested),
            yes: self.yes + other.yes,
            yes_wins: self.yes_wins + other.yes_wins,
        }
    }
}

/// Cash and positions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Positions {
    /// Cash now. Reservations of open orders are not deducted.
    pub cash: Cash,
    /// The first balance the venue reported; `None` until it did.
    pub opened_with: Option<Cash>,
    /// Cash that moved since without a trade: in less out.
    pub moved: Cash,
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

    /// Fills that were booked, and neither confirmed nor voided so far, with when they were booked.
    pub fn unconfirmed(&self) -> impl Iterator<Item = (TokenId, TradeKey, UtcNanos)> + '_ {
        let fills = self.tokens.iter().flat_map(|(token, p)| p.provisional.iter().map(|f| (*token, f)));
        fills.filter(|(_, f)| !f.confirmed).map(|(token, f)| (token, f.trade, f.time))
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

    /// What was put in: the first balance, and what moved since without a trade. What was made counts from here.
    pub fn put_in(&self) -> Cash {
        Cash(self.opened_with.unwrap_or_default().0.saturating_add(self.moved.0))
    }

    /// `opened_with + moved + realized - cash - cost`: zero, always, or the books are wrong.
    pub fn imbalance(&self) -> i128 {
        let opened = self.opened_with.map_or(0, |c| i128::from(c.0)) + i128::from(self.moved.0);
        let cost: i128 = self.held_all().map(|(_, p)| i128::from(p.lot.cost.0)).sum();
        opened + i128::from(self.realized.0) - i128::from(self.cash.0) - cost
    }

    /// Replaces a token's sums and keeps the totals in step. Nothing changes unless everything fits.
    fn shift(&mut self, token: TokenId, after: Lot) -> Result<(), MoneyError> {
        let before = self.tokens.get(&token).map_or(Lot::default(), |p| p.lot);
        let gained = after.realized.minus(before.realized)?;
        let in_market = self.realized_in(token.market()).plus(gained)?;
        let cash = self.cash.plus(after.cash.minus(before.cash)?)?;
        let fees = self.fees.plus(after.fees.minus(before.fees)?)?;
        let realized = self.realized.plus(gained)?;
        let volume = self.volume.plus(after.volume.minus(before.volume)?)?;
        (self.cash, self.fees, self.realized, self.volume) = (cash, fees, realized, volume);
        if gained != Cash::ZERO {
            self.by_market.insert(token.market(), in_market);
        }
        self.fills = self.fills + after.fills - before.fills;
        self.maker_fills = self.maker_fills + after.maker_fills - before.maker_fills;
        self.tokens.entry(token).or_default().hold(after);
        match (self.holding.binary_search(&token), after.size.0 > 0) {
            (Err(i), true) => self.holding.insert(i, token),
            (Ok(i), false) => {
                self.holding.remove(i);
            }
            _ => {}
        }
        if after.trips != before.trips {
            self.trips = self.tokens.values().fold(Trips::default(), |all, p| all.with(&p.lot.trips));
        }
        Ok(())
    }

    fn book(&mut self, envelope: &Envelope, fill: &FillBooked) -> Result<bool, MoneyError> {
        let position = self.tokens.get(&fill.token);
        if position.is_some_and(|p| p.find(fill.order, fill.trade).is_some()) {
            return Ok(true);
        }
        let before = position.map_or(Lot::default(), |p| p.lot);
        if fill.size.0 <= 0 || fill.price.0 < 0 || (fill.side == Side::Sell && fill.size > before.size) {
            return Ok(false); // Selling what is not held: the venue and the books differ.
        }
        let new = Provisional {
            order: fill.order,
            cycle: envelope.cycle.unwrap_or_default(),
            trade: fill.trade,
            time: envelope.time,
            side: fill.side,
            price: fill.price,
            size: fill.size,
            fee: fill.fee,
            maker: fill.liquidity == Liquidity::Maker,
            confirmed: false,
        };
        self.shift(fill.token, before.after(&new, fill.token.outcome())?)?;
        self.tokens.entry(fill.token).or_default().provisional.push(new);
        Ok(true)
    }

    fn confirm(&mut self, order: OrderId, trade: TradeKey) -> Result<bool, MoneyError> {
        for (token, position) in &mut self.tokens {
            if let Some(i) = position.find(order, trade) {
                position.provisional[i].confirmed = true;
                position.settle_front(token.outcome())?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn void(&mut self, order: OrderId, trade: TradeKey) -> Result<bool, MoneyError> {
        let place = self.tokens.iter().find_map(|(token, p)| Some((*token, p, p.find(order, trade)?)));
        let Some((token, position, i)) = place.filter(|(_, p, i)| !p.provisional[*i].confirmed) else {
            return Ok(false);
        };
        let mut rest = position.provisional.clone();
        rest.remove(i);
        let after = rest.iter().try_fold(position.base, |lot, fill| lot.after(fill, token.outcome()))?;
        self.shift(token, after)?;
        self.tokens.entry(token).or_default().provisional = rest;
        Ok(true)
    }

    fn settle(&mut self, envelope: &Envelope, settled: &PositionSettled) -> Result<bool, MoneyError> {
        let before = self.tokens.get(&settled.token).map_or(Lot::default(), |p| p.lot);
        if before.size != settled.size || settled.size.0 <= 0 {
            return Ok(false);
        }
        let after = before.settled(settled.cash, envelope.time, settled.token.outcome())?;
        self.shift(settled.token, after)?;
        let position = self.tokens.entry(settled.token).or_default();
        position.base = after;
        position.provisional.clear();
        self.settled += 1;
        self.settled_worthless += u64::from(settled.payout == Price::ZERO);
        Ok(true)
    }

    /// Before the account is open its first balance has what moves, and no more can go out than is there.
    fn move_cash(&mut self, amount: Cash) -> Result<bool, MoneyError> {
        let Some(opened) = self.opened_with else { return Ok(false) };
        let (cash, moved) = (self.cash.plus(amount)?, self.moved.plus(amount)?);
        opened.plus(moved)?;
        if amount == Cash::ZERO || (amount < Cash::ZERO && cash < Cash::ZERO) {
            return Ok(false);
        }
        (self.cash, self.moved) = (cash, moved);
        Ok(true)
    }

    fn take(&mut self, envelope: &Envelope) -> Result<bool, MoneyError> {
        match &envelope.event {
            Event::Order(OrderEvent::FillBooked(fill)) => self.book(envelope, fill),
            Event::Order(OrderEvent::FillConfirmed { order, trade }) => self.confirm(*order, *trade),
            Event::Order(OrderEvent::FillVoided { order, trade, .. }) => self.void(*order, *trade),
            Event::Order(OrderEvent::PositionSettled(settled)) => self.settle(envelope, settled),
            Event::Account(AccountEvent::BalanceObserved { cash }) => {
                if self.opened_with.is_none() {
                    self.cash = self.cash.plus(*cash)?;
                    self.opened_with = Some(*cash);
                }
                Ok(true)
            }
            Event::Account(AccountEvent::CashMoved { amount, .. }) => self.move_cash(*amount),
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
