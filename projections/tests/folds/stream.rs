//! Streams of events, and a state that is taken past them one by one.

use super::dice::Dice;
use projections::State;
use schemas::event::{AccountEvent, MarketEvent};
use schemas::time::{NANOS_PER_DAY, NANOS_PER_SEC};
use schemas::{Cash, CycleId, Envelope, Event, MarketId, Seq, UtcNanos};

/// 2026-02-01T00:00:00Z.
pub const START: i64 = 20_485 * NANOS_PER_DAY;

/// A state and the end of its log.
pub struct Stream {
    pub state: State,
    pub time: i64,
    pub seq: u64,
}

impl Stream {
    pub fn new() -> Self {
        Self { state: State::new(), time: START, seq: 0 }
    }

    pub fn tell(&mut self, event: Event) -> Envelope {
        self.tell_in(None, event)
    }

    pub fn tell_in(&mut self, cycle: Option<u32>, event: Event) -> Envelope {
        self.seq += 1;
        let envelope = at(self.seq, self.time, cycle, event);
        self.state.apply(&envelope);
        envelope
    }

    pub fn wait(&mut self, nanos: i64) {
        self.time += nanos;
    }
}

pub fn at(seq: u64, time: i64, cycle: Option<u32>, event: Event) -> Envelope {
    Envelope { seq: Seq::new(seq).unwrap(), time: UtcNanos(time), cause: None, cycle: cycle.map(CycleId), event }
}

/// One event a roll, seconds apart, now and then hours. Wild streams jump through time as they like.
pub fn envelopes(rolls: &[u64], wild: bool) -> Vec<Envelope> {
    let mut all = Vec::new();
    let mut time = START;
    if !wild {
        let mut dice = Dice::new(1, false);
        for market in 0..4 {
            let listed = dice.listing(MarketId(market));
            all.push(at(all.len() as u64 + 1, time, None, Event::Market(MarketEvent::Listed(Box::new(listed)))));
        }
        let event = Event::Account(AccountEvent::BalanceObserved { cash: Cash(1_000_000_000) });
        all.push(at(5, time, None, event));
    }
    for roll in rolls {
        let mut dice = Dice::new(*roll, wild);
        time = match dice.below(30) {
            0 => time.saturating_add(7 * 3_600 * NANOS_PER_SEC),
            1..=8 => time,
            n => time.saturating_add(n as i64 * NANOS_PER_SEC / 3),
        };
        if wild && dice.chance(8) {
            time = dice.pick(&[i64::MIN, i64::MIN + 1, -1, 0, i64::MAX - 1, i64::MAX, START]);
        }
        let cycle = if dice.chance(2) { Some(dice.below(6) as u32) } else { None };
        all.push(at(all.len() as u64 + 1, time, cycle, dice.event()));
    }
    all
}

/// The state behind a stream.
pub fn fold(envelopes: &[Envelope]) -> State {
    let mut state = State::new();
    envelopes.iter().for_each(|e| state.apply(e));
    state
}
