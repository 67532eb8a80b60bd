//! Indicators over each market's YES mid price, one value a bar, all in integers (nano-dollars), so that they are equal
//! on every machine.
//!
//! EMA 9, 21 and 50; RSI 14 with Wilder's smoothing; MACD 12/26/9; the mean absolute change a bar as volatility; and the
//! signed volume of trades, which fades by a fourth each bar.

use crate::Projection;
use crate::quotes::Quotes;
use crate::settings::FoldSettings;
use schemas::event::MarketEvent;
use schemas::time::NANOS_PER_SEC;
use schemas::{Envelope, Event, MarketId, Outcome, Price, Side, Size, UtcNanos};
use serde::{Deserialize, Serialize};

/// Nano-dollars in a micro-dollar: the extra digits that smoothing needs.
pub const SCALE: i64 = 1_000;
/// Bars without a change are counted at most this often; afterwards every average has arrived anyway.
const IDLE_BARS_MAX: i64 = 200;
/// No price is higher, nano-dollars: beyond it, averages of absurd prices would not fit.
const MID_MAX: i64 = i64::MAX / 8;
/// Closes kept.
pub const CLOSES: usize = 20;

/// The indicators of one market. Prices are nano-dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Indicator {
    /// Bars closed so far.
    pub bars: u32,
    /// The mid price now.
    pub mid: i64,
    bar_ends: i64,
    /// Averages of the last 9, 21 and 50 bars.
    pub ema: [i64; 3],
    /// Averages of the last 12 and 26 bars.
    macd_parts: [i64; 2],
    /// Average of their difference over 9 bars.
    pub macd_signal: i64,
    gain: i64,
    loss: i64,
    /// Mean absolute change a bar, over about 14 bars.
    pub volatility: i64,
    /// Bought less sold by takers, micro-shares of YES, fading.
    pub flow: i64,
    /// The same, without the sign.
    pub volume: i64,
    closes: [i64; CLOSES],
}

impl Indicator {
    /// MACD: the 12-bar average less the 26-bar one.
    pub fn macd(&self) -> i64 {
        self.macd_parts[0] - self.macd_parts[1]
    }

    /// Relative strength, millionths: 500,000 is neutral.
    pub fn rsi_ppm(&self) -> u32 {
        let all = self.gain + self.loss;
        if all <= 0 {
            return 500_000;
        }
        let ppm = i128::from(self.gain) * 1_000_000 / i128::from(all);
        u32::try_from(ppm).unwrap_or(500_000)
    }

    /// The close `back` bars ago (0 = the last one), if there was one.
    pub fn close(&self, back: usize) -> Option<i64> {
        if back >= CLOSES || back >= self.bars as usize {
            return None;
        }
        Some(self.closes[(self.bars as usize - 1 - back) % CLOSES])
    }

    #[inline]
    fn advance(&mut self, now: i64, bar: i64) {
        if self.bar_ends == 0 {
            self.bar_ends = now.div_euclid(bar).saturating_add(1).saturating_mul(bar);
            return;
        }
        if now < self.bar_ends {
            return;
        }
        let passed = now.saturating_sub(self.bar_ends) / bar + 1;
        for _ in 0..passed.min(IDLE_BARS_MAX) {
            self.close_bar();
        }
        self.bar_ends = self.bar_ends.saturating_add(passed.saturating_mul(bar));
    }

    fn close_bar(&mut self) {
        let close = self.mid;
        if close == 0 {
            return;
        }
        if self.bars == 0 {
            self.ema = [close; 3];
            self.macd_parts = [close; 2];
        } else {
            let change = close - self.closes[(self.bars as usize - 1) % CLOSES];
            for (ema, n) in self.ema.iter_mut().zip([9, 21, 50]) {
                *ema += (close - *ema) * 2 / (n + 1);
            }
            for (ema, n) in self.macd_parts.iter_mut().zip([12, 26]) {
                *ema += (close - *ema) * 2 / (n + 1);
            }
            self.macd_signal += (self.macd() - self.macd_signal) * 2 / 10;
            self.gain += (change.max(0) - self.gain) / 14;
            self.loss += ((-change).max(0) - self.loss) / 14;
            self.volatility += (change.abs() - self.volatility) / 14;
        }
        self.closes[self.bars as usize % CLOSES] = close;
        self.bars = self.bars.saturating_add(1);
        self.flow -= self.flow / 4;
        self.volume -= self.volume / 4;
    }
}

/// Indicators by market.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Indicators {
    list: Vec<Indicator>,
}

const MARKETS_MAX: usize = 1 << 21;

impl Indicators {
    /// The indicators of a market; empty ones if nothing is known.
    pub fn get(&self, market: MarketId) -> Indicator {
        self.list.get(market.index()).copied().unwrap_or_default()
    }

    #[inline]
    fn at(&mut self, market: MarketId) -> Option<&mut Indicator> {
        let i = market.index();
        if i >= self.list.len() {
            if i >= MARKETS_MAX {
                return None;
            }
            self.list.resize_with(i + 1, Indicator::default);
        }
        self.list.get_mut(i)
    }

    #[inline]
    fn price(&mut self, market: MarketId, quotes: &Quotes, time: UtcNanos, bar: i64) {
        let mid: Option<Price> = quotes.get(market.yes()).mid();
        let Some(indicator) = self.at(market) else { return };
        indicator.advance(time.0, bar);
        if let Some(mid) = mid {
            indicator.mid = mid.0.saturating_mul(SCALE).min(MID_MAX);
        }
    }
}

impl Projection for Indicators {
    const NAME: &'static str = "indicators";
    type Reads<'a> = (&'a Quotes, &'a FoldSettings);

    #[inline]
    fn apply(&mut self, envelope: &Envelope, (quotes, settings): (&Quotes, &FoldSettings)) {
        let bar = i64::from(settings.data.indicator_bar_seconds.max(1)) * NANOS_PER_SEC;
        let time = envelope.time;
        let Event::Market(event) = &envelope.event else { return };
        match event {
            MarketEvent::BookDelta(d) => self.price(d.token.market(), quotes, time, bar),
            MarketEvent::BookSnapshot(s) => self.price(s.token.market(), quotes, time, bar),
            MarketEvent::Quote(q) => self.price(q.token.market(), quotes, time, bar),
            MarketEvent::Trade(t) => {
                let Some(indicator) = self.at(t.token.market()) else { return };
                indicator.advance(time.0, bar);
                let Size(size) = t.size;
                // Buying NO is selling YES.
                let up = (t.aggressor == Side::Buy) == (t.token.outcome() == Outcome::Yes);
                indicator.flow = indicator.flow.saturating_add(if up { size } else { size.saturating_neg() });
                indicator.volume = indicator.volume.saturating_add(size);
            }
            _ => {}
        }
    }
}
