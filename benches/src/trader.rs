//! This engine with the strategy: every event goes through all projections and the simulated exchange; orders are
//! intents, answers and fills are events, and all of it can be in a log.

use crate::error::MeasureError;
use crate::stream::{Stream, listing};
use crate::tape::Tape;
use crate::tick::Tick;
use crate::{ACT_EVERY, Outcome, SHARES};
use engine_core::{Config, order_bytes};
use exchange::Exchange;
use projections::State;
use schemas::event::{
    Action, CancelReason, Mode, OrderEvent, OrderIntended, OrderPlan, Purpose, RunStarted, Style, SystemEvent,
    TimeInForce, TimerKind,
};
use schemas::money::MICRO;
use schemas::{Bytes32, Cash, CycleId, Envelope, Event, MarketId, Price, Prob, Rounding, Seq, Side, Size, UtcNanos};

/// State, exchange and, if there is one, log.
pub struct Trader {
    state: State,
    exchange: Exchange,
    tape: Option<Tape>,
    next: Seq,
    ticks: usize,
    mids: i64,
}

/// The configuration of the measured run: no latencies, enough cash for every order, and a core that would decide
/// nothing by itself, because the strategy decides.
pub fn config() -> Config {
    let mut config = Config::default();
    config.agents.loop_interval_seconds = u32::MAX;
    config.agents.price_move_trigger = Price::ONE;
    config.exit.profit_target_pct = Prob::ONE;
    config.exit.stop_loss_pct = Prob::ONE;
    config.exit.max_hold_hours = 24 * 365;
    config.risk.daily_loss_limit_usdc = Cash(1_000_000 * MICRO);
    config.paper.starting_cash_usdc = Cash(1_000_000 * MICRO);
    config.paper.submit_latency_ms = 0;
    config.paper.report_latency_ms = 0;
    config.paper.confirm_latency_ms = 0;
    config
}

/// The event that begins a run.
pub fn run_started(config: &Config, mode: Mode) -> Result<Event, MeasureError> {
    let config = config.canonical()?;
    Ok(Event::System(SystemEvent::RunStarted(Box::new(RunStarted {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        mode,
        config_hash: Config::hash(&config),
        config,
        seed: 0,
        wallet: String::new(),
        feed: "bench".to_owned(),
    }))))
}

impl Trader {
    /// Begins a run; with a tape, everything is logged.
    pub fn begin(stream: &Stream, tape: Option<Tape>) -> Result<Self, MeasureError> {
        let (state, exchange) = (State::new(), Exchange::new());
        let mut trader = Self { state, exchange, tape, next: Seq::FIRST, ticks: 0, mids: 0 };
        let time = stream.ticks.first().map_or(UtcNanos::ZERO, |t| t.time());
        trader.input(time, None, None, run_started(&config(), Mode::Backtest)?)?;
        trader.hear(time)?;
        for market in 0..stream.markets() {
            trader.input(time, None, None, Event::Market(listing(market)))?;
        }
        Ok(trader)
    }

    /// Takes the next tick, and acts if it is time to.
    #[inline]
    pub fn tick(&mut self, tick: Tick) -> Result<(), MeasureError> {
        let (time, market) = (tick.time(), tick.market());
        self.run_timers(time)?;
        self.input(time, None, None, Event::Market(tick.event()))?;
        self.hear(time)?;
        let quote = self.state.quotes.get(market.yes());
        if let Some(mid) = quote.mid() {
            self.mids += mid.0;
        }
        self.ticks += 1;
        if self.ticks.is_multiple_of(ACT_EVERY) {
            self.act(time, market, quote.bid)?;
        }
        Ok(())
    }

    /// The final state.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Makes everything durable, and says what the run came to.
    pub fn finish(&mut self) -> Result<Outcome, MeasureError> {
        self.run_timers(self.state.time)?;
        if let Some(tape) = &mut self.tape {
            tape.commit()?;
        }
        let bought = self.state.positions.held_all().map(|(_, p)| p.lot.size.0).sum();
        let events = self.ticks as u64;
        Ok(Outcome {
            events,
            own_events: self.state.seq.saturating_sub(events),
            fills: self.state.positions.fills,
            micro_shares: bought,
            mids: self.mids,
            state_hash: String::new(),
        })
    }

    /// State and exchange, for going on in another way.
    pub fn into_parts(self) -> (State, Exchange) {
        (self.state, self.exchange)
    }

    /// Closes the log, if there is one, and gives the state away.
    pub fn close(self) -> Result<State, MeasureError> {
        if let Some(tape) = self.tape {
            tape.close()?;
        }
        Ok(self.state)
    }

    /// Lets the exchange do at their time what falls due before the next event.
    fn run_timers(&mut self, until: UtcNanos) -> Result<(), MeasureError> {
        while let Some(due) = self.exchange.next_due().filter(|due| *due <= until) {
            let timer = SystemEvent::TimerFired { timer: TimerKind::Exchange, due };
            let time = due.max(self.state.time);
            self.input(time, None, None, Event::System(timer))?;
            self.hear(time)?;
        }
        Ok(())
    }

    /// Takes what the exchange has to say by now.
    fn hear(&mut self, now: UtcNanos) -> Result<(), MeasureError> {
        while let Some(report) = self.exchange.report_due(now).cloned() {
            self.input(now, report.cause, report.cycle, report.event)?;
        }
        Ok(())
    }

    #[inline]
    fn input(
        &mut self,
        time: UtcNanos,
        cause: Option<Seq>,
        cycle: Option<CycleId>,
        event: Event,
    ) -> Result<(), MeasureError> {
        let envelope = self.fold(time, cause, cycle, event);
        self.exchange.apply(&envelope, (&self.state).into())?;
        match &mut self.tape {
            Some(tape) => tape.push(envelope),
            None => Ok(()),
        }
    }

    #[inline]
    fn fold(&mut self, time: UtcNanos, cause: Option<Seq>, cycle: Option<CycleId>, event: Event) -> Envelope {
        let envelope = Envelope { seq: self.next, time, cause, cycle, event };
        self.state.apply(&envelope);
        self.next = self.next.next();
        envelope
    }

    /// Replaces the market's order by one at the best bid. The intents are durable before the exchange sees them.
    fn act(&mut self, time: UtcNanos, market: MarketId, bid: Price) -> Result<(), MeasureError> {
        let cause = self.state.last_seq();
        let mut step = Vec::with_capacity(2);
        let resting = self.state.orders.open_in(market).next().map(|o| o.id);
        if let Some(order) = resting {
            let cancel = OrderEvent::CancelIntended { order, reason: CancelReason::Replaced };
            step.push(self.fold(time, cause, None, Event::Order(cancel)));
        }
        if let Some(intent) = self.intent(market, bid) {
            step.push(self.fold(time, cause, None, Event::Order(OrderEvent::Intended(Box::new(intent)))));
        }
        if let Some(tape) = &mut self.tape {
            tape.push_durably(&step)?;
        }
        for envelope in &step {
            self.exchange.apply(envelope, (&self.state).into())?;
        }
        Ok(())
    }

    fn intent(&self, market: MarketId, bid: Price) -> Option<OrderIntended> {
        let listed = &self.state.markets.get(market)?.listed;
        let order = self.state.orders.next_id();
        let size = Size(SHARES * MICRO);
        let plan = OrderPlan {
            action: Action { token: market.yes(), side: Side::Buy },
            purpose: Purpose::Entry,
            style: Style::Maker,
            price: bid,
            size,
            tif: TimeInForce::Gtc,
            post_only: false,
            expires: UtcNanos::ZERO,
            stop: Price::ZERO,
            target: Price::ZERO,
        };
        let salt = u64::from(order.0);
        let signed = order_bytes(order, listed, &plan, salt);
        Some(OrderIntended {
            order,
            market,
            plan,
            worst_case_loss: bid.notional(size, Rounding::Ceil).ok()?,
            salt,
            hash: Bytes32(*blake3::hash(&signed).as_bytes()),
            signed,
        })
    }
}

/// Runs the whole stream. The state hash is left out: it is not part of what is timed.
pub fn run(stream: &Stream, tape: Option<Tape>) -> Result<(Trader, Outcome), MeasureError> {
    let mut trader = Trader::begin(stream, tape)?;
    for tick in &stream.ticks {
        trader.tick(*tick)?;
    }
    let outcome = trader.finish()?;
    Ok((trader, outcome))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::{Fold, replay};
    use crate::tape::Copies;
    use schemas::frame::Check;

    #[test]
    fn memory_log_and_replay_end_in_one_state() {
        let stream = Stream::generated(40_000);
        let (memory, without) = run(&stream, None).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let (logged, with) = run(&stream, Some(Tape::create(dir.path(), Copies::JournalAndHot).unwrap())).unwrap();
        assert_eq!(without, with);
        assert!(without.fills >= 20 && without.micro_shares > 200 * MICRO, "{without:?}");
        let hash = memory.state().state_hash();
        assert_eq!(hash, logged.close().unwrap().state_hash());
        for check in [Check::Crc, Check::Full] {
            let (state, events) = replay(dir.path(), check, Fold::All).unwrap();
            assert_eq!(state.state_hash(), hash);
            assert_eq!(events, with.events + with.own_events);
        }
    }
}
