//! What the account is worth, marked at the exit side of the book, and how far it has fallen: the inputs of the daily
//! loss and drawdown limits, and the equity curve.
//!
//! A holding is marked at its bid. While that quote cannot be trusted (gap, stale feed, crossed) the last mark stands;
//! while there is no bid at all, the lower of the last mark and the ask. So a feed that breaks does not trip a latched
//! limit by itself; the gate separately values what it cannot see at nothing before it allows new risk
//! ([`Equity::visible`]).
//!
//! Cash that moves without a trade is neither made nor lost. Whatever is measured in dollars is measured from where it was,
//! shifted by what moved. What is measured as a part of a peak keeps its proportion: after a loss of 10 % a withdrawal of half
//! of what is left leaves a loss of 10 %, where a shifted peak would make it 20 % and throw the switch.

use crate::Projection;
use crate::positions::Positions;
use crate::quotes::Quotes;
use schemas::event::{AccountEvent, KillLevel, KillSource, MarketEvent, OrderEvent, SystemEvent};
use schemas::time::NANOS_PER_DAY;
use schemas::{Cash, Envelope, Event, MarketId, Price, Rounding, Size, TokenId, UtcNanos};
use serde::{Deserialize, Serialize};

/// A point of the equity curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Point {
    /// When.
    pub time: UtcNanos,
    /// Worth.
    pub equity: Cash,
}

/// Points kept of the curve; when full, every second one goes and the distance doubles.
const CURVE_MAX: usize = 2_048;
/// First distance between two points.
const CURVE_STEP_NANOS: i64 = 1_000_000_000;
/// Days kept.
const DAYS_MAX: usize = 1_024;

/// Worth, peak, falls.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Equity {
    /// Worth at the last mark.
    pub now: Cash,
    /// The highest it was since a limit that was broken was last released, in proportion to what is there.
    pub peak: Cash,
    /// The deepest fall from any peak, millionths.
    pub max_drawdown_ppm: u32,
    /// The deepest fall from any peak, micro-dollars.
    pub max_drawdown: Cash,
    /// Highest ever, for the deepest fall in dollars.
    high: Cash,
    /// The same in proportion to what is there, for the deepest fall in parts.
    crest: Cash,
    /// Worth when the UTC day began, or when a limit that was broken was released.
    pub day_start: Cash,
    day_ends: i64,
    /// Result of each finished UTC day: its number since the epoch, and what was made.
    pub days: Vec<(i64, Cash)>,
    /// Worth when the UTC day began, whatever was released since.
    day_open: Cash,
    /// The curve.
    pub curve: Vec<Point>,
    curve_step: i64,
    /// What is held, in order of tokens.
    marks: Vec<Mark>,
    open: bool,
    /// A loss limit has thrown the kill switch, and nobody has released it since.
    limit_broken: bool,
    /// Cash that moved without a trade, as far as peaks and starts have taken it.
    moved: Cash,
}

/// A held token, its last mark, and what the holding is worth there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Mark {
    token: TokenId,
    size: Size,
    price: Price,
    worth: Cash,
}

impl Mark {
    fn of(token: TokenId, size: Size, last: Option<Price>, quotes: &Quotes) -> Self {
        let quote = quotes.get(token);
        let price = match (quote.valid && quotes.is_live(token.market()), quote.bid.0 > 0, last) {
            (true, true, _) => quote.bid,
            (true, false, Some(last)) if quote.ask.0 > 0 => last.min(quote.ask),
            (_, _, Some(last)) => last,
            (_, _, None) => quote.bid,
        };
        // A mark that does not fit is an absurd price: it counts for nothing rather than for something.
        let worth = price.notional(size, Rounding::Floor).unwrap_or(Cash::ZERO);
        Self { token, size, price, worth }
    }
}

impl Equity {
    /// Made since the UTC day began, whatever was released since.
    pub fn made_today(&self) -> Cash {
        Cash(self.now.0.saturating_sub(self.day_open.0))
    }

    /// Lost since the UTC day began, or since the limit that this broke was released; 0 if nothing.
    pub fn daily_loss(&self) -> Cash {
        Cash(self.day_start.0.saturating_sub(self.now.0).max(0))
    }

    /// Fallen from the peak, millionths; 0 at the peak.
    pub fn drawdown_ppm(&self) -> u32 {
        fall_ppm(self.peak, self.now)
    }

    /// The last mark of a held token.
    pub fn mark(&self, token: TokenId) -> Option<Price> {
        self.marks.binary_search_by_key(&token, |m| m.token).ok().map(|i| self.marks[i].price)
    }

    /// Worth if everything whose quote cannot be trusted now were worth nothing.
    pub fn visible(&self, positions: &Positions, quotes: &Quotes) -> Cash {
        positions.held_all().fold(positions.cash, |sum, (token, p)| {
            let quote = quotes.get(token);
            let price = if quote.valid && quotes.is_live(token.market()) { quote.bid } else { Price::ZERO };
            let worth = price.notional(p.lot.size, Rounding::Floor).unwrap_or(Cash::ZERO);
            sum.plus(worth).unwrap_or(sum)
        })
    }

    /// Made (or lost) on what is held, at the marks.
    pub fn unrealized(&self, positions: &Positions) -> Cash {
        Cash(self.now.0.saturating_sub(positions.cash.0).saturating_sub(positions.cost().0))
    }

    /// Marks everything that is held. Returns whether there is anything to value: not before the first balance.
    fn mark_all(&mut self, positions: &Positions, quotes: &Quotes) -> bool {
        if positions.opened_with.is_none() {
            return false;
        }
        let marks = positions.held_all().map(|(token, p)| Mark::of(token, p.lot.size, self.mark(token), quotes));
        self.marks = marks.collect();
        true
    }

    /// Marks what is held in one market: nothing else can have moved. Returns whether anything is.
    #[inline]
    fn mark_market(&mut self, market: MarketId, quotes: &Quotes) -> bool {
        let mut held = false;
        for mark in self.marks.iter_mut().filter(|m| m.token.market() == market) {
            held = true;
            *mark = Mark::of(mark.token, mark.size, Some(mark.price), quotes);
        }
        held
    }

    /// Adds up the marks.
    fn revalue(&mut self, positions: &Positions, time: UtcNanos) {
        let worth = self.marks.iter().fold(positions.cash, |sum, m| sum.plus(m.worth).unwrap_or(sum));
        if !self.open {
            self.open = true;
            (self.peak, self.high, self.crest, self.day_start, self.day_open) = (worth, worth, worth, worth, worth);
        }
        self.now = worth;
        self.peak = self.peak.max(worth);
        self.high = self.high.max(worth);
        self.crest = self.crest.max(worth);
        let fallen = Cash(self.high.0.saturating_sub(worth.0));
        self.max_drawdown = self.max_drawdown.max(fallen);
        self.max_drawdown_ppm = self.max_drawdown_ppm.max(fall_ppm(self.crest, worth));
        self.extend_curve(time);
    }

    /// Takes cash that moved without a trade, if the books took it. Returns whether there was any.
    fn take_moved(&mut self, positions: &Positions) -> bool {
        let amount = Cash(positions.moved.0.saturating_sub(self.moved.0));
        if amount == Cash::ZERO || !self.open {
            return false;
        }
        self.moved = positions.moved;
        let (before, after) = (self.now, shifted(self.now, amount));
        for start in [&mut self.high, &mut self.day_start, &mut self.day_open] {
            *start = shifted(*start, amount);
        }
        for peak in [&mut self.peak, &mut self.crest] {
            *peak = in_proportion(*peak, before, after);
        }
        true
    }

    fn extend_curve(&mut self, time: UtcNanos) {
        let step = self.curve_step.max(CURVE_STEP_NANOS);
        if self.curve.last().is_some_and(|p| time.since(p.time) < step) {
            return;
        }
        self.curve.push(Point { time, equity: self.now });
        if self.curve.len() >= CURVE_MAX {
            let mut keep = false;
            self.curve.retain(|_| {
                keep = !keep;
                keep
            });
            self.curve_step = step.saturating_mul(2);
        }
    }

    #[cold]
    fn turn_day(&mut self, time: UtcNanos) {
        if self.open {
            let finished = self.day_ends / NANOS_PER_DAY - 1;
            self.days.push((finished, Cash(self.now.0.saturating_sub(self.day_open.0))));
            if self.days.len() > DAYS_MAX {
                self.days.remove(0);
            }
            self.day_start = self.now;
            self.day_open = self.now;
        }
        self.day_ends = (time.day() + 1).saturating_mul(NANOS_PER_DAY);
    }
}

fn shifted(from: Cash, by: Cash) -> Cash {
    Cash(from.0.saturating_add(by.0))
}

/// A peak that is to `after` what it was to `before`. Rounded down: no fall grows by it.
fn in_proportion(peak: Cash, before: Cash, after: Cash) -> Cash {
    match schemas::money::mul_div(peak.0, after.0, before.0, Rounding::Floor) {
        Ok(scaled) => Cash(scaled),
        // There was nothing that it could be in proportion to.
        Err(_) => shifted(peak, Cash(after.0.saturating_sub(before.0))),
    }
}

fn fall_ppm(from: Cash, to: Cash) -> u32 {
    if from.0 <= 0 || to >= from {
        return 0;
    }
    let fallen = from.0.saturating_sub(to.0);
    schemas::money::mul_div(fallen, schemas::money::MICRO, from.0, Rounding::Floor)
        .map_or(u32::MAX, |ppm| u32::try_from(ppm).unwrap_or(u32::MAX))
}

impl Projection for Equity {
    const NAME: &'static str = "equity";
    type Reads<'a> = (&'a Positions, &'a Quotes);

    #[inline]
    fn apply(&mut self, envelope: &Envelope, (positions, quotes): (&Positions, &Quotes)) {
        if envelope.time.0 >= self.day_ends {
            self.turn_day(envelope.time);
        }
        let moved = match &envelope.event {
            Event::Market(MarketEvent::BookDelta(d)) => self.mark_market(d.token.market(), quotes),
            Event::Market(MarketEvent::Quote(q)) => self.mark_market(q.token.market(), quotes),
            Event::Market(MarketEvent::BookSnapshot(s)) => self.mark_market(s.token.market(), quotes),
            // After a restore, prices that came while the feed was not trusted count.
            Event::Market(MarketEvent::FeedRestored { .. })
            | Event::Order(
                OrderEvent::FillBooked(_) | OrderEvent::FillVoided { .. } | OrderEvent::PositionSettled(_),
            )
            | Event::Account(AccountEvent::BalanceObserved { .. }) => self.mark_all(positions, quotes),
            Event::Account(AccountEvent::CashMoved { .. }) => self.take_moved(positions),
            Event::System(SystemEvent::KillSwitch { level, source }) => {
                if *level != KillLevel::Off {
                    self.limit_broken |= matches!(source, KillSource::DailyLoss | KillSource::Drawdown);
                } else if std::mem::take(&mut self.limit_broken) {
                    // Else the very loss that was released would throw it again.
                    (self.peak, self.day_start) = (self.now, self.now);
                }
                false
            }
            _ => false,
        };
        if moved {
            self.revalue(positions, envelope.time);
        }
    }
}
