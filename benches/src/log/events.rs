//! The events that logs are filled with: 19 of 20 are ticks of the generated stream, the rest what an engine adds to
//! them, one order after another.

use crate::SHARES;
use crate::generator::Ticks;
use crate::stream::SEED;
use crate::tick::Tick;
use schemas::event::{
    Action, AgentEvent, CycleTrigger, FillBooked, Liquidity, OrderEvent, OrderIntended, OrderPlan, Purpose, Style,
    TimeInForce, TradeKey,
};
use schemas::money::MICRO;
use schemas::{Bytes32, Cash, CycleId, Event, OrderId, Price, Record, Side, Size, UtcNanos};

/// One event of so many is no tick.
const OWN_EVERY: u64 = 20;
/// Events in the life of an order here.
const LIFE: u64 = 5;
/// Bytes of a signed order.
const SIGNED_LEN: usize = 320;

/// Records without an end: the same ones every time.
pub struct Records {
    ticks: Ticks,
    made: u64,
    last: Option<Tick>,
}

impl Default for Records {
    fn default() -> Self {
        Self { ticks: Ticks::new(SEED), made: 0, last: None }
    }
}

impl Records {
    /// Those behind a sequence, so that a log goes on where it ended.
    pub fn behind(seq: u64) -> Self {
        let mut records = Self::default();
        for _ in 0..seq {
            records.next();
        }
        records
    }

    /// The next `n` of them.
    pub fn batch(&mut self, n: usize) -> Vec<Record> {
        self.take(n).collect()
    }

    /// The next `total` of them in batches of `n`; the last batch may be shorter.
    pub fn batches(&mut self, total: u64, n: usize) -> impl Iterator<Item = Vec<Record>> {
        let full = n.max(1) as u64;
        (0..total.div_ceil(full)).map(move |i| self.batch(full.min(total - i * full) as usize))
    }
}

impl Iterator for Records {
    type Item = Record;

    fn next(&mut self) -> Option<Record> {
        let seq = self.made + 1;
        self.made = seq;
        match self.last {
            Some(tick) if seq.is_multiple_of(OWN_EVERY) => Some(own(seq, tick)),
            _ => {
                let tick = self.ticks.next()?;
                self.last = Some(tick);
                Some(Record { time: tick.time(), cause: 0, cycle: CycleId(0), event: Event::Market(tick.event()) })
            }
        }
    }
}

/// What the engine says at this place of the log, about the market of the last tick.
fn own(seq: u64, tick: Tick) -> Record {
    let nth = seq / OWN_EVERY - 1;
    let number = u32::try_from(nth / LIFE + 1).unwrap_or(u32::MAX);
    let (order, trade) = (OrderId(number), TradeKey(u128::from(seq)));
    let (market, price, size) = (tick.market(), Price(i64::from(tick.cents) * 10_000), Size(SHARES * MICRO));
    let event = match nth % LIFE {
        0 => Event::Agent(AgentEvent::CycleStarted { market, trigger: CycleTrigger::PriceMove }),
        1 => Event::Order(OrderEvent::Intended(Box::new(intent(order, tick, price, size)))),
        2 => Event::Order(OrderEvent::Accepted { order }),
        3 => Event::Order(OrderEvent::FillBooked(Box::new(FillBooked {
            order,
            trade,
            token: market.yes(),
            side: Side::Buy,
            price,
            size,
            fee: Cash(1),
            liquidity: Liquidity::Maker,
        }))),
        _ => Event::Order(OrderEvent::FillConfirmed { order, trade }),
    };
    Record { time: tick.time(), cause: seq - 1, cycle: CycleId(number), event }
}

fn intent(order: OrderId, tick: Tick, price: Price, size: Size) -> OrderIntended {
    let plan = OrderPlan {
        action: Action { token: tick.market().yes(), side: Side::Buy },
        purpose: Purpose::Entry,
        style: Style::Maker,
        price,
        size,
        tif: TimeInForce::Gtc,
        post_only: true,
        expires: UtcNanos::ZERO,
        stop: Price::ZERO,
        target: Price::ZERO,
    };
    // Signatures do not compress, so neither do these bytes.
    let mut signed = vec![0; SIGNED_LEN];
    blake3::Hasher::new().update(&order.0.to_le_bytes()).finalize_xof().fill(&mut signed);
    let hash = Bytes32(*blake3::hash(&signed).as_bytes());
    let salt = u64::from(order.0);
    OrderIntended { order, market: tick.market(), plan, worst_case_loss: Cash(MICRO), salt, hash, signed }
}

/// What a reader adds up, so that two readers that did the same work say the same number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Sum {
    /// Events.
    pub events: u64,
    /// Their times, causes and cycles.
    pub total: u64,
}

impl Sum {
    /// Adds an event.
    #[inline]
    pub fn take_in(&mut self, time: i64, cause: u64, cycle: u32) {
        self.events += 1;
        self.total = self.total.wrapping_add(time.cast_unsigned()).wrapping_add(cause).wrapping_add(u64::from(cycle));
    }
}

impl std::ops::Add for Sum {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { events: self.events + other.events, total: self.total.wrapping_add(other.total) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nineteen_of_twenty_are_ticks_and_time_never_steps_back() {
        let records: Vec<Record> = Records::default().take(10_000).collect();
        let ticks = records.iter().filter(|r| matches!(r.event, Event::Market(_))).count();
        assert_eq!(ticks, 9_500);
        assert!(records.is_sorted_by_key(|r| r.time));
        assert_eq!(records[..100], Records::default().batch(100));
        assert_eq!(records[500..600], Records::behind(500).batch(100));
        let in_batches: Vec<Record> = Records::default().batches(10_000, 333).flatten().collect();
        assert_eq!(records, in_batches);
    }
}
