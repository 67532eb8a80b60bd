//! Indicators against floating-point formulas over the list of all closes.

use super::stream::Stream;
use projections::indicators::{CLOSES, Indicator};
use proptest::prelude::*;
use schemas::event::{MarketEvent, Quote, Top, Trade};
use schemas::time::NANOS_PER_SEC;
use schemas::{Event, MarketId, Price, Side, Size, TokenId, UtcNanos};

const BAR: i64 = 60 * NANOS_PER_SEC;

#[derive(Clone, Copy, Debug)]
enum Tick {
    /// A mid price in cents, and no price when it is 0.
    Mid(i64),
    Trade {
        no: bool,
        buy: bool,
        shares: i64,
    },
}

fn ticks() -> impl Strategy<Value = Vec<(i64, Tick)>> {
    let tick = prop_oneof![
        4 => (1..99i64).prop_map(Tick::Mid),
        1 => Just(Tick::Mid(0)),
        2 => (any::<bool>(), any::<bool>(), 1..500i64).prop_map(|(no, buy, shares)| Tick::Trade { no, buy, shares }),
    ];
    let wait = prop_oneof![6 => 0..90i64, 1 => 600..20_000i64];
    prop::collection::vec((wait, tick), 0..150)
}

/// What happened, bar by bar: the price that stood when each bar closed, and signed volume in between.
#[derive(Default)]
struct Naive {
    mid: f64,
    closes: Vec<f64>,
    flow: f64,
    volume: f64,
    bar: Option<i64>,
}

impl Naive {
    fn at(&mut self, time: i64) {
        let now = time.div_euclid(BAR);
        let passed = now - *self.bar.get_or_insert(now);
        self.bar = Some(now);
        for _ in 0..passed.min(200) {
            if self.mid > 0.0 {
                self.closes.push(self.mid);
                self.flow *= 0.75;
                self.volume *= 0.75;
            }
        }
    }

    fn ema(&self, n: f64) -> f64 {
        let mut closes = self.closes.iter();
        let first = *closes.next().unwrap_or(&0.0);
        closes.fold(first, |ema, c| ema + (c - ema) * 2.0 / (n + 1.0))
    }

    fn wilder(&self, f: fn(f64) -> f64) -> f64 {
        self.closes.windows(2).fold(0.0, |avg, w| avg + (f(w[1] - w[0]) - avg) / 14.0)
    }

    fn signal(&self) -> f64 {
        let mut signal = 0.0;
        for n in 2..=self.closes.len() {
            let part = Self { closes: self.closes[..n].to_vec(), ..Self::default() };
            signal += (part.ema(12.0) - part.ema(26.0) - signal) * 0.2;
        }
        signal
    }

    fn same(&self, i: &Indicator) -> Result<(), TestCaseError> {
        prop_assert_eq!(i.bars as usize, self.closes.len());
        prop_assert_eq!(i.mid as f64, self.mid);
        // Integers lose less than one unit a step, and every average forgets it again.
        let near = |found: i64, expected: f64, within: f64| (found as f64 - expected).abs() <= within;
        for (ema, n) in i.ema.into_iter().zip([9.0, 21.0, 50.0]) {
            prop_assert!(near(ema, self.ema(n), 60.0), "EMA {}: {} against {}", n, ema, self.ema(n));
        }
        prop_assert!(near(i.macd(), self.ema(12.0) - self.ema(26.0), 60.0));
        prop_assert!(near(i.volatility, self.wilder(f64::abs), 30.0));
        prop_assert!(near(i.flow, self.flow, 10.0), "flow {} against {}", i.flow, self.flow);
        prop_assert!(near(i.volume, self.volume, 10.0));
        let (gain, loss) = (self.wilder(|c| c.max(0.0)), self.wilder(|c| (-c).max(0.0)));
        if gain + loss > 1e5 {
            prop_assert!(near(i64::from(i.rsi_ppm()), 1e6 * gain / (gain + loss), 1_000.0));
        }
        for back in 0..CLOSES + 2 {
            let expected = (back < CLOSES).then(|| self.closes.iter().rev().nth(back)).flatten();
            prop_assert_eq!(i.close(back).map(|c| c as f64), expected.copied());
        }
        Ok(())
    }
}

proptest! {
    #[test]
    fn every_bar(ticks in ticks()) {
        let (mut s, mut naive) = (Stream::new(), Naive::default());
        s.wait(17 * NANOS_PER_SEC);
        for (wait, tick) in ticks {
            s.wait(wait * NANOS_PER_SEC);
            naive.at(s.time);
            match tick {
                Tick::Mid(cents) => {
                    let (bid, ask) = if cents == 0 { (0, 0) } else { (cents * 10_000 - 5_000, cents * 10_000 + 5_000) };
                    let top = Top { bid: Price(bid), ask: Price(ask) };
                    let (token, none) = (TokenId(0), Size::ZERO);
                    let quote = Quote { token, top, bid_size: none, ask_size: none, source_time: UtcNanos::ZERO };
                    s.tell(Event::Market(MarketEvent::Quote(quote)));
                    if cents > 0 {
                        naive.mid = cents as f64 * 1e7;
                    }
                }
                Tick::Trade { no, buy, shares } => {
                    let token = if no { MarketId(0).no() } else { MarketId(0).yes() };
                    let (aggressor, size) = (if buy { Side::Buy } else { Side::Sell }, Size(shares * 1_000_000));
                    let trade = Trade { token, aggressor, price: Price(500_000), size, source_time: UtcNanos::ZERO };
                    s.tell(Event::Market(MarketEvent::Trade(trade)));
                    naive.flow += if buy != no { size.0 as f64 } else { -size.0 as f64 };
                    naive.volume += size.0 as f64;
                }
            }
            naive.same(&s.state.indicators.get(MarketId(0)))?;
        }
        prop_assert!((s.state.indicators.get(MarketId(0)).macd_signal as f64 - naive.signal()).abs() < 200.0);
    }
}
