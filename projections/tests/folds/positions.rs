//! Cash and positions against a twin that keeps every fill and adds everything up again after each event.

use super::dice::Dice;
use super::stream::Stream;
use projections::positions::Trips;
use proptest::prelude::*;
use schemas::event::{
    AccountEvent, FillBooked, Liquidity, MoveKind, OrderEvent, OrderIntended, PositionSettled, Resolution, TradeKey,
};
use schemas::{Bytes32, Cash, Event, MarketId, OrderId, Outcome, Price, Side, Size, TokenId, UtcNanos};

const OPENED: i64 = 1_000_000_000;
const M: i128 = 1_000_000;

/// Something that counts: a fill that was not refused and not voided, or a settlement.
#[derive(Clone, Copy)]
struct Happening {
    token: TokenId,
    time: i64,
    cycle: u32,
    fill: Option<FillBooked>,
    paid: i128,
    confirmed: bool,
}

/// What one token adds up to.
#[derive(Default)]
struct Sums {
    size: i128,
    short: i128,
    cost: i128,
    realized: i128,
    fees: i128,
    cash: i128,
    volume: i128,
    fills: u64,
    maker_fills: u64,
    opened_at: i64,
    order: u32,
    cycle: u32,
    realized_before: i128,
    invested: i128,
    trips: Vec<(i128, i64, i128)>,
}

fn ceil(n: i128, d: i128) -> i128 {
    (n + d - 1).div_euclid(d)
}

/// To the nearest; ties to the even one.
fn nearest(n: i128, d: i128) -> i128 {
    let low = n.div_euclid(d);
    let (below, above) = (n - low * d, (low + 1) * d - n);
    if below < above || (below == above && low % 2 == 0) { low } else { low + 1 }
}

impl Sums {
    fn of(story: &[Happening], token: TokenId) -> Self {
        let mut s = Self::default();
        for h in story.iter().filter(|h| h.token == token) {
            match &h.fill {
                Some(f) => s.fill(h, f),
                None => {
                    s.cash += h.paid;
                    s.realized += h.paid - s.cost;
                    (s.size, s.cost) = (0, 0);
                    s.end(h.time);
                }
            }
        }
        s
    }

    fn fill(&mut self, h: &Happening, f: &FillBooked) {
        let (price, size, fee) = (i128::from(f.price.0), i128::from(f.size.0), i128::from(f.fee.0));
        self.fees += fee;
        self.volume += nearest(price * size, M);
        self.fills += 1;
        self.maker_fills += u64::from(f.liquidity == Liquidity::Maker);
        if f.side == Side::Buy {
            let paid = ceil(price * size, M) + fee;
            self.cash -= paid;
            // What was sold without having been bought in the end takes from what comes in.
            let owed = size.min(self.short);
            let spent = if size == 0 { 0 } else { nearest(paid * owed, size) };
            self.short -= owed;
            self.realized -= spent;
            if owed == size {
                return;
            }
            if self.size == 0 {
                (self.opened_at, self.realized_before, self.invested) = (h.time, self.realized, 0);
            }
            self.size += size - owed;
            self.cost += paid - spent;
            (self.order, self.cycle) = (f.order.0, h.cycle);
            self.invested = self.invested.max(self.cost);
        } else {
            let received = (price * size).div_euclid(M) - fee;
            let sold = size.min(self.size);
            let share = if self.size == 0 { 0 } else { nearest(self.cost * sold, self.size) };
            let held = self.size > 0;
            self.size -= sold;
            self.short += size - sold;
            self.cost -= share;
            self.cash += received;
            self.realized += received - share;
            if held && self.size == 0 {
                self.end(h.time);
            }
        }
    }

    fn end(&mut self, time: i64) {
        let seconds = (time - self.opened_at) / 1_000_000_000;
        self.trips.push((self.realized - self.realized_before, seconds, self.invested));
    }
}

/// The account as a list of what happened.
#[derive(Default)]
struct Twin {
    story: Vec<Happening>,
    settled: u64,
    worthless: u64,
    refused: u64,
    moved: i128,
}

impl Twin {
    fn held(&self, token: TokenId) -> i128 {
        Sums::of(&self.story, token).size
    }

    fn index(&self, trade: TradeKey) -> Option<usize> {
        let fresh = |i: usize, token| self.story[i..].iter().all(|h| h.token != token || h.fill.is_some());
        (0..self.story.len()).find(|i| {
            let h = &self.story[*i];
            h.fill.is_some_and(|f| f.trade == trade) && fresh(*i, h.token)
        })
    }
}

/// Random fills, each of an order of its own, and what becomes of them.
struct Desk {
    s: Stream,
    twin: Twin,
    fills: Vec<FillBooked>,
}

impl Desk {
    fn new() -> Self {
        let mut s = Stream::new();
        s.tell(Event::Account(AccountEvent::BalanceObserved { cash: Cash(OPENED) }));
        Self { s, twin: Twin::default(), fills: Vec::new() }
    }

    fn fill(&mut self, dice: &mut Dice) {
        let order = OrderId(self.fills.len() as u32 + 1);
        let mut fill = FillBooked {
            order,
            trade: TradeKey(u128::from(order.0)),
            token: TokenId(dice.below(4) as u32),
            ..dice.fill()
        };
        let held = i64::try_from(self.twin.held(fill.token)).unwrap();
        if fill.side == Side::Sell && held > 0 && dice.below(5) > 0 {
            // Mostly what is held, or all of it.
            fill.size = Size(if dice.chance(2) { held } else { fill.size.0.min(held) });
        }
        let cycle = dice.below(9) as u32;
        let plan = schemas::event::OrderPlan { size: fill.size, ..dice.plan() };
        let intent = OrderIntended {
            order,
            market: fill.token.market(),
            plan,
            worst_case_loss: Cash::ZERO,
            salt: 0,
            hash: Bytes32::ZERO,
            signed: Vec::new(),
        };
        self.s.tell(Event::Order(OrderEvent::Intended(Box::new(intent))));
        self.s.tell_in(Some(cycle), Event::Order(OrderEvent::FillBooked(Box::new(fill))));
        self.fills.push(fill);
        if fill.side == Side::Sell && fill.size.0 > held {
            self.twin.refused += 1;
        } else {
            let (token, time) = (fill.token, self.s.time);
            self.twin.story.push(Happening { token, time, cycle, fill: Some(fill), paid: 0, confirmed: false });
        }
    }

    fn later(&mut self, dice: &mut Dice) {
        let Some(fill) = self.fills.get(dice.below(self.fills.len() as u64) as usize).copied() else { return };
        let (order, trade) = (fill.order, fill.trade);
        match dice.below(4) {
            // The venue says it again: that changes nothing, ever.
            0 => {
                self.s.tell(Event::Order(OrderEvent::FillBooked(Box::new(fill))));
            }
            1 => {
                self.s.tell(Event::Order(OrderEvent::FillConfirmed { order, trade }));
                if let Some(i) = self.twin.index(trade) {
                    self.twin.story[i].confirmed = true;
                }
            }
            _ => {
                self.s.tell(Event::Order(OrderEvent::FillVoided { order, trade, reason: String::new() }));
                if let Some(i) = self.twin.index(trade).filter(|i| !self.twin.story[*i].confirmed) {
                    self.twin.story.remove(i);
                }
            }
        }
    }

    fn settle(&mut self, dice: &mut Dice) {
        let token = TokenId(dice.below(4) as u32);
        let size = i64::try_from(self.twin.held(token)).unwrap();
        let payout = dice.pick(&[Resolution::Yes, Resolution::No, Resolution::Split]).payout(token);
        let cash = Cash(i64::try_from(i128::from(payout.0) * i128::from(size) / M).unwrap());
        // Sometimes for a size that is not held: that must not count.
        let wrong = dice.chance(4) || size == 0;
        let size = Size(size + i64::from(wrong));
        self.s.tell(Event::Order(OrderEvent::PositionSettled(Box::new(PositionSettled { token, size, payout, cash }))));
        if !wrong {
            self.twin.settled += 1;
            self.twin.worthless += u64::from(payout == Price::ZERO);
            let (time, paid) = (self.s.time, i128::from(cash.0));
            self.twin.story.push(Happening { token, time, cycle: 0, fill: None, paid, confirmed: true });
        }
    }

    /// Sometimes more than is there, or nothing: that must not count.
    fn move_cash(&mut self, dice: &mut Dice) {
        let amount = dice.pick(&[0, 1, -1, 70_000_000, -50_000_000, -OPENED, -10 * OPENED]);
        self.s.tell(moved(amount));
        let cash = (0..4).map(|t| Sums::of(&self.twin.story, TokenId(t)).cash).sum::<i128>() + self.twin.moved;
        if amount > 0 || (amount < 0 && i128::from(OPENED) + cash + i128::from(amount) >= 0) {
            self.twin.moved += i128::from(amount);
        }
    }

    fn compare(&self) -> Result<(), TestCaseError> {
        let p = &self.s.state.positions;
        prop_assert_eq!(p.imbalance(), 0);
        let all: Vec<(TokenId, Sums)> = (0..4).map(|t| (TokenId(t), Sums::of(&self.twin.story, TokenId(t)))).collect();
        let sum = |f: fn(&Sums) -> i128| all.iter().map(|(_, s)| f(s)).sum::<i128>();
        prop_assert_eq!(i128::from(p.cash.0), i128::from(OPENED) + self.twin.moved + sum(|s| s.cash));
        prop_assert_eq!(i128::from(p.moved.0), self.twin.moved);
        prop_assert_eq!(i128::from(p.put_in().0), i128::from(OPENED) + self.twin.moved);
        prop_assert_eq!(i128::from(p.realized.0), sum(|s| s.realized));
        prop_assert_eq!(i128::from(p.fees.0), sum(|s| s.fees));
        prop_assert_eq!(i128::from(p.volume.0), sum(|s| s.volume));
        prop_assert_eq!(i128::from(p.cost().0), sum(|s| s.cost));
        prop_assert_eq!(i128::from(p.fills), sum(|s| i128::from(s.fills)));
        prop_assert_eq!(i128::from(p.maker_fills), sum(|s| i128::from(s.maker_fills)));
        prop_assert_eq!((p.settled, p.settled_worthless), (self.twin.settled, self.twin.worthless));
        for (token, s) in &all {
            prop_assert_eq!(i128::from(p.held(*token).0), s.size);
            let (held, listed) = (p.get(*token), p.held_all().any(|(t, _)| t == *token));
            prop_assert_eq!((held.is_some(), listed), (s.size > 0, s.size > 0));
            if let Some(position) = held {
                let found = (position.opened_at, position.order.0, position.cycle.0);
                prop_assert_eq!(found, (UtcNanos(s.opened_at), s.order, s.cycle));
                prop_assert_eq!(i128::from(position.average_cost().0), ceil(s.cost * M, s.size));
            }
        }
        for m in [MarketId(0), MarketId(1)] {
            let of = |t: TokenId| all[t.index()].1.realized;
            prop_assert_eq!(i128::from(p.realized_in(m).0), of(m.yes()) + of(m.no()));
            prop_assert_eq!(p.touches(m), p.held(m.yes()).0 > 0 || p.held(m.no()).0 > 0);
        }
        prop_assert_eq!(p.trips, trips(&all));
        Ok(())
    }
}

fn trips(all: &[(TokenId, Sums)]) -> Trips {
    let cash = |v: i128| Cash(i64::try_from(v).unwrap());
    let mut t = Trips::default();
    for (token, sums) in all {
        for (made, seconds, invested) in &sums.trips {
            let (yes, won) = (token.outcome() == Outcome::Yes, *made > 0);
            t.count += 1;
            t.wins += u64::from(won);
            t.gross_win.0 += cash((*made).max(0)).0;
            t.gross_loss.0 -= cash((*made).min(0)).0;
            t.best = t.best.max(cash(*made));
            t.worst = t.worst.min(cash(*made));
            t.held_seconds += seconds;
            t.invested.0 += cash(*invested).0;
            t.yes += u64::from(yes);
            t.yes_wins += u64::from(yes && won);
        }
    }
    t
}

proptest! {
    #[test]
    fn every_order_of_fills_confirmations_voids_and_settlements(rolls in prop::collection::vec(any::<u64>(), 0..90)) {
        let mut desk = Desk::new();
        for roll in rolls {
            let mut dice = Dice::new(roll, false);
            desk.s.wait(dice.below(4_000_000_000) as i64);
            match dice.below(11) {
                0..=4 => desk.fill(&mut dice),
                5..=8 => desk.later(&mut dice),
                9 => desk.move_cash(&mut dice),
                _ => desk.settle(&mut dice),
            }
            desk.compare()?;
        }
    }

    /// The claim of the module: voiding one fill gives the books of a log that never had it.
    #[test]
    fn voiding_a_fill_is_as_if_it_had_never_been(rolls in prop::collection::vec(any::<u64>(), 1..30), which in any::<prop::sample::Index>()) {
        let buys: Vec<FillBooked> = rolls.iter().enumerate().map(|(n, roll)| {
            let fill = Dice::new(*roll, false).fill();
            let trade = TradeKey(n as u128);
            // Purchases and small sales, so that none depends on the voided one.
            let size = if fill.side == Side::Buy { Size(fill.size.0 + 100_000_000) } else { Size(1 + fill.size.0 / 100) };
            FillBooked { order: OrderId(n as u32 + 1), trade, token: TokenId(0), size, ..fill }
        }).collect();
        let void = which.index(buys.len());
        let (mut with, mut without) = (Stream::new(), Stream::new());
        for (n, fill) in buys.iter().enumerate() {
            let event = Event::Order(OrderEvent::FillBooked(Box::new(*fill)));
            with.tell(event.clone());
            if n != void {
                without.tell(event);
            }
            for s in [&mut with, &mut without] {
                s.wait(1_000_000_000);
            }
        }
        // The sales before the first purchase are refused either way; one that needs the voided purchase is skipped.
        prop_assume!(buys[void].side == Side::Sell || buys[..void].iter().any(|f| f.side == Side::Buy));
        let f = buys[void];
        with.tell(Event::Order(OrderEvent::FillVoided { order: f.order, trade: f.trade, reason: String::new() }));
        let (a, b) = (&with.state.positions, &without.state.positions);
        prop_assert_eq!((a.cash, a.realized, a.fees, a.volume), (b.cash, b.realized, b.fees, b.volume));
        prop_assert_eq!((a.fills, a.maker_fills, a.trips), (b.fills, b.maker_fills, b.trips));
        prop_assert_eq!(a.get(TokenId(0)).map(|p| (p.lot, p.opened_at)), b.get(TokenId(0)).map(|p| (p.lot, p.opened_at)));
    }
}

pub fn moved(amount: i64) -> Event {
    let (amount, kind) = (Cash(amount), if amount < 0 { MoveKind::Withdrawal } else { MoveKind::Deposit });
    Event::Account(AccountEvent::CashMoved { amount, kind, who: "ada".to_owned(), note: String::new() })
}

fn fill(order: u32, side: Side, cents: i64, shares: i64, liquidity: Liquidity) -> FillBooked {
    FillBooked {
        order: OrderId(order),
        trade: TradeKey(u128::from(order)),
        token: TokenId(0),
        side,
        price: Price(cents * 10_000),
        size: Size(shares * 1_000_000),
        fee: Cash::ZERO,
        liquidity,
    }
}

fn booked(f: FillBooked) -> Event {
    Event::Order(OrderEvent::FillBooked(Box::new(f)))
}

fn voided(order: u32) -> Event {
    Event::Order(OrderEvent::FillVoided {
        order: OrderId(order),
        trade: TradeKey(u128::from(order)),
        reason: String::new(),
    })
}

#[test]
fn a_voided_sale_counts_neither_as_a_fill_nor_as_a_finished_holding() {
    let mut s = Stream::new();
    s.tell(booked(fill(1, Side::Buy, 40, 10, Liquidity::Maker)));
    s.tell(booked(fill(2, Side::Sell, 50, 10, Liquidity::Maker)));
    assert_eq!((s.state.positions.trips.count, s.state.positions.maker_fills), (1, 2));
    s.tell(voided(2));
    let p = &s.state.positions;
    assert_eq!((p.trips.count, p.trips.wins, p.fills, p.maker_fills), (0, 0, 1, 1));
    assert_eq!((p.volume, p.held(TokenId(0)), p.imbalance()), (Cash(4_000_000), Size(10_000_000), 0));
}

#[test]
fn what_is_confirmed_cannot_be_voided() {
    let mut s = Stream::new();
    s.tell(booked(fill(1, Side::Buy, 40, 10, Liquidity::Taker)));
    s.tell(booked(fill(2, Side::Buy, 40, 10, Liquidity::Taker)));
    s.tell(Event::Order(OrderEvent::FillConfirmed { order: OrderId(2), trade: TradeKey(2) }));
    let before = s.state.health.anomalies;
    s.tell(voided(2));
    assert_eq!(s.state.positions.held(TokenId(0)), Size(20_000_000), "although the one before it is still provisional");
    assert!(s.state.health.anomalies > before);
    s.tell(voided(1));
    assert_eq!(s.state.positions.held(TokenId(0)), Size(10_000_000));
}

#[test]
fn a_balance_reported_again_is_not_booked_again() {
    let mut s = Stream::new();
    for cash in [1_000_000, 999, 5_000_000] {
        s.tell(Event::Account(AccountEvent::BalanceObserved { cash: Cash(cash) }));
    }
    assert_eq!((s.state.positions.cash, s.state.positions.imbalance()), (Cash(1_000_000), 0));
}

/// A purchase that fails after its shares were sold and bought again: what was bought again had been sold.
#[test]
fn a_purchase_that_is_voided_behind_a_sale_takes_the_next_one() {
    let mut s = Stream::new();
    s.tell(Event::Account(AccountEvent::BalanceObserved { cash: Cash(100_000_000) }));
    let fill = |n: u32, side, price| {
        let (order, trade) = (OrderId(n), TradeKey(u128::from(n)));
        let (size, fee, liquidity) = (Size(13_000_000), Cash::ZERO, Liquidity::Maker);
        Event::Order(OrderEvent::FillBooked(Box::new(FillBooked {
            order,
            trade,
            token: TokenId(0),
            side,
            price: Price(price),
            size,
            fee,
            liquidity,
        })))
    };
    s.tell(fill(1, Side::Buy, 560_000));
    s.tell(fill(2, Side::Sell, 600_000));
    s.tell(fill(3, Side::Buy, 500_000));
    assert_eq!(s.state.positions.held(TokenId(0)), Size(13_000_000));
    let (order, trade, reason) = (OrderId(1), TradeKey(1), "failed".to_owned());
    s.tell(Event::Order(OrderEvent::FillVoided { order, trade, reason }));
    assert_eq!(s.state.positions.held(TokenId(0)), Size::ZERO);
    // Sold at 0.60, bought at 0.50.
    assert_eq!((s.state.positions.cash, s.state.positions.realized), (Cash(101_300_000), Cash(1_300_000)));
    assert_eq!(s.state.positions.imbalance(), 0);
}
