//! Worth, falls and days against formulas over the whole history.

use super::dice::Dice;
use super::stream::{START, Stream, envelopes};
use projections::State;
use proptest::prelude::*;
use schemas::event::{
    AccountEvent, FeedScope, FillBooked, KillLevel, KillSource, Liquidity, MarketEvent, OrderEvent, Quote, SystemEvent,
    Top, TradeKey,
};
use schemas::time::{NANOS_PER_DAY, NANOS_PER_SEC};
use schemas::{Cash, Envelope, Event, OrderId, Price, Side, Size, TokenId, UtcNanos};
use std::collections::BTreeMap;

/// Every worth there ever was, and every release of the limits.
#[derive(Default)]
struct Twin {
    marks: BTreeMap<TokenId, i64>,
    /// Day and worth. Cash that moves without a trade is told as if it had been there from the beginning.
    history: Vec<(i64, i64)>,
    /// The same worths; here what moves makes every one before larger or smaller by the same factor.
    scaled: Vec<i64>,
    moved: i64,
    /// How much of the history was there, and the day.
    releases: Vec<(usize, i64)>,
    /// A loss limit has thrown the switch since the last release.
    broken: bool,
    /// The day of every event so far.
    days: Vec<i64>,
}

impl Twin {
    fn touched(event: &Event, state: &State) -> bool {
        let held = |t: TokenId| [t, t.complement()].iter().any(|t| state.positions.held(*t).0 > 0);
        match event {
            Event::Market(MarketEvent::BookDelta(d)) => held(d.token),
            Event::Market(MarketEvent::BookSnapshot(s)) => held(s.token),
            Event::Market(MarketEvent::Quote(q)) => held(q.token),
            Event::Order(e) => {
                matches!(e, OrderEvent::FillBooked(_) | OrderEvent::FillVoided { .. } | OrderEvent::PositionSettled(_))
            }
            Event::Account(AccountEvent::BalanceObserved { .. }) => true,
            Event::Market(MarketEvent::FeedRestored { .. }) => true,
            _ => false,
        }
    }

    fn take(&mut self, e: &Envelope, state: &State, repeated: bool) {
        let day = e.time.0.div_euclid(NANOS_PER_DAY);
        if repeated {
            return;
        }
        self.days.push(day);
        match &e.event {
            Event::System(SystemEvent::KillSwitch { level: KillLevel::Off, .. }) => {
                let broken = std::mem::take(&mut self.broken);
                self.releases.extend(broken.then_some((self.history.len(), day)));
            }
            Event::System(SystemEvent::KillSwitch { source: KillSource::DailyLoss | KillSource::Drawdown, .. }) => {
                self.broken = true;
            }
            _ => {}
        }
        if let Event::Account(AccountEvent::CashMoved { .. }) = &e.event {
            return self.move_cash(day, state.positions.moved.0);
        }
        if state.positions.opened_with.is_none() || !Self::touched(&e.event, state) {
            return;
        }
        let mut worth = i128::from(state.positions.cash.0);
        let mut marks = BTreeMap::new();
        for token in (0..8).map(TokenId) {
            let size = state.positions.held(token).0;
            if size == 0 {
                continue;
            }
            let q = state.quotes.get(token);
            let last = self.marks.get(&token).copied();
            let trusted = q.valid && state.quotes.is_live(token.market());
            let mark = if trusted && q.bid.0 > 0 {
                q.bid.0
            } else if trusted && q.ask.0 > 0 && last.is_some() {
                last.unwrap().min(q.ask.0)
            } else {
                last.unwrap_or(q.bid.0)
            };
            marks.insert(token, mark);
            worth += i128::from(mark) * i128::from(size) / 1_000_000;
        }
        self.marks = marks;
        self.push(day, i64::try_from(worth).unwrap());
    }

    fn push(&mut self, day: i64, worth: i64) {
        self.history.push((day, worth));
        self.scaled.push(worth);
    }

    fn move_cash(&mut self, day: i64, moved: i64) {
        let amount = moved - std::mem::replace(&mut self.moved, moved);
        if amount == 0 {
            return;
        }
        let before = i128::from(self.worth(self.history.len()));
        self.history.iter_mut().for_each(|(_, worth)| *worth += amount);
        for worth in &mut self.scaled {
            *worth = match before {
                ..=0 => *worth + amount,
                _ => i64::try_from(i128::from(*worth) * (before + i128::from(amount)) / before).unwrap(),
            };
        }
        self.push(day, self.worth(self.history.len()));
    }

    fn worth(&self, upto: usize) -> i64 {
        self.history[..upto].last().map_or(0, |h| h.1)
    }

    fn same(&self, state: &State) -> Result<(), TestCaseError> {
        let e = &state.equity;
        let Some(first) = self.history.first() else {
            prop_assert_eq!(e.now, Cash::ZERO);
            return Ok(());
        };
        let now = self.worth(self.history.len());
        prop_assert_eq!(e.now, Cash(now));
        let release = self.releases.iter().rev().find(|(n, _)| *n > 0);
        // The highest since the last release.
        let from = release.map_or(0, |(n, _)| n - 1);
        let peak = *self.scaled[from..].iter().max().unwrap();
        prop_assert_eq!(e.peak, Cash(peak));
        let fall =
            |high: i64, low: i64| if high > 0 { i128::from(high - low) * 1_000_000 / i128::from(high) } else { 0 };
        prop_assert_eq!(i128::from(e.drawdown_ppm()), fall(peak, now).min(i128::from(u32::MAX)));
        // The deepest fall ever, from any high before.
        let (mut high, mut deepest) = (first.1, 0);
        for (_, w) in &self.history {
            high = high.max(*w);
            deepest = deepest.max(high - w);
        }
        prop_assert_eq!(e.max_drawdown, Cash(deepest));
        // The day begins with the last worth of the days before, or at a release.
        let today = *self.days.last().unwrap();
        let before = self.history.iter().filter(|h| h.0 < today).count();
        let opened = self.history[before.max(1) - 1].1;
        let start = match release {
            Some((n, day)) if *day == today => self.worth(*n),
            _ => opened,
        };
        prop_assert_eq!(e.day_start, Cash(start));
        prop_assert_eq!(e.daily_loss(), Cash((start - now).max(0)));
        let mut results = Vec::new();
        let mut days = self.days.clone();
        days.dedup();
        for day in days.into_iter().filter(|d| *d < today && first.0 <= *d) {
            let end = self.history.iter().filter(|h| h.0 <= day).count();
            let begin = self.history.iter().filter(|h| h.0 < day).count().max(1);
            results.push((day, Cash(self.worth(end) - self.worth(begin))));
        }
        prop_assert_eq!(&e.days, &results);
        Ok(())
    }
}

proptest! {
    #[test]
    fn every_event(rolls in prop::collection::vec(any::<u64>(), 0..250)) {
        let (mut state, mut twin) = (State::new(), Twin::default());
        for envelope in envelopes(&rolls, false) {
            let repeated = match &envelope.event {
                Event::Order(OrderEvent::FillBooked(f)) => state.orders.knows_fill(f),
                _ => false,
            };
            state.apply(&envelope);
            twin.take(&envelope, &state, repeated);
            twin.same(&state)?;
            // What cannot be seen is worth nothing to the gate, and never more than it is marked at by a live quote.
            let hidden: i64 = state.positions.held_all()
                .filter(|(t, _)| !(state.quotes.get(*t).valid && state.quotes.is_live(t.market())))
                .count() as i64;
            let visible = state.equity.visible(&state.positions, &state.quotes);
            if hidden == state.positions.held_all().count() as i64 {
                prop_assert_eq!(visible, state.positions.cash);
            }
        }
    }
}

pub fn quote(bid: i64, ask: i64) -> Event {
    let top = Top { bid: Price(bid * 10_000), ask: Price(ask * 10_000) };
    let (token, none) = (TokenId(0), Size::ZERO);
    Event::Market(MarketEvent::Quote(Quote { token, top, bid_size: none, ask_size: none, source_time: UtcNanos::ZERO }))
}

/// A hundred dollars, of which a hundred shares at 40 cents were bought.
pub fn holding() -> Stream {
    let mut s = Stream::new();
    s.tell(Event::Account(AccountEvent::BalanceObserved { cash: Cash(100_000_000) }));
    s.tell(quote(40, 42));
    s.tell(Event::Order(OrderEvent::FillBooked(Box::new(FillBooked {
        order: OrderId(1),
        trade: TradeKey(1),
        token: TokenId(0),
        side: Side::Buy,
        price: Price(400_000),
        size: Size(100_000_000),
        fee: Cash::ZERO,
        liquidity: Liquidity::Maker,
    }))));
    s
}

pub fn dollars(n: i64) -> Cash {
    Cash(n * 1_000_000)
}

#[test]
fn the_day_begins_at_utc_midnight_with_what_was_there_before() {
    let mut s = holding();
    s.time = START + NANOS_PER_DAY - 1;
    s.tell(quote(30, 32));
    assert_eq!((s.state.equity.daily_loss(), s.state.equity.now), (dollars(10), dollars(90)));
    s.wait(1);
    s.tell(quote(25, 27));
    assert_eq!(s.state.equity.day_start, dollars(90), "the tick that opens the day counts to the day it opens");
    assert_eq!(s.state.equity.daily_loss(), dollars(5));
    assert_eq!(s.state.equity.days, [(START / NANOS_PER_DAY, dollars(-10))]);
    // Midnight passes without a tick in this market, too.
    s.wait(3 * NANOS_PER_DAY);
    s.tell(Event::System(SystemEvent::OperatorCommand {
        who: String::new(),
        command: schemas::event::OperatorCommand::Note(String::new()),
    }));
    assert_eq!((s.state.equity.daily_loss(), s.state.equity.days.len()), (Cash::ZERO, 2));
}

#[test]
fn a_release_resets_what_limits_measure_from_but_not_the_record() {
    let mut s = holding();
    s.tell(quote(20, 22));
    assert_eq!((s.state.equity.daily_loss(), s.state.equity.drawdown_ppm()), (dollars(20), 200_000));
    let switch = |level, source| Event::System(SystemEvent::KillSwitch { level, source });
    s.tell(switch(KillLevel::CancelAll, KillSource::Operator));
    s.tell(switch(KillLevel::Off, KillSource::Operator));
    assert_eq!(s.state.equity.daily_loss(), dollars(20), "what no limit has thrown is no release of one");
    s.tell(switch(KillLevel::NoNewRisk, KillSource::DailyLoss));
    s.tell(switch(KillLevel::Off, KillSource::Operator));
    assert_eq!((s.state.equity.daily_loss(), s.state.equity.drawdown_ppm()), (Cash::ZERO, 0));
    assert_eq!(s.state.equity.made_today(), dollars(-20));
    assert_eq!((s.state.equity.max_drawdown, s.state.equity.max_drawdown_ppm), (dollars(20), 200_000));
    s.time = START + NANOS_PER_DAY;
    s.tell(quote(20, 22));
    assert_eq!(s.state.equity.days[0].1, dollars(-20), "the result of the day is what it was");
}

#[test]
fn a_mark_stands_while_its_quote_cannot_be_trusted() {
    let mut s = holding();
    s.tell(Event::Market(MarketEvent::FeedStale { scope: FeedScope::All }));
    s.tell(quote(5, 6));
    assert_eq!(s.state.equity.now, dollars(100));
    assert_eq!(s.state.equity.visible(&s.state.positions, &s.state.quotes), dollars(60), "the gate sees only cash");
    s.tell(quote(38, 39));
    s.tell(Event::Market(MarketEvent::FeedRestored { scope: FeedScope::All }));
    assert_eq!(s.state.equity.now, dollars(98), "what came meanwhile counts as soon as it is trusted");
    s.tell(quote(40, 42));
    s.tell(quote(30, 29));
    assert_eq!(s.state.equity.now, dollars(100), "crossed");
    s.tell(quote(0, 35));
    assert_eq!(s.state.equity.now, dollars(95), "without a bid, the lower of the last mark and the ask");
    s.tell(quote(38, 39));
    assert_eq!(s.state.equity.now, dollars(98));
}

#[test]
fn the_curve_stays_bounded() {
    let mut s = holding();
    for n in 0..10_000 {
        s.wait(NANOS_PER_SEC);
        s.tell(quote(30 + Dice::new(n, false).below(20) as i64, 60));
    }
    let curve = &s.state.equity.curve;
    assert!(curve.len() < 2_048 && curve.len() > 500, "{}", curve.len());
    assert!(curve.windows(2).all(|w| w[0].time < w[1].time));
}
