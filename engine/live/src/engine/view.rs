//! What people and other programs see of a running engine: an immutable picture, never the live state.

use console::words::word;
use projections::State;
use projections::orders::OrderStatus;
use schemas::event::{EstimateSource, KillLevel, KillSource, Mode};
use schemas::{Cash, Prob, UtcNanos};
use serde::Serialize;

/// A picture of the state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct View {
    /// The last event.
    pub seq: u64,
    /// Its time.
    pub time: UtcNanos,
    /// What is at stake.
    pub mode: Option<Mode>,
    /// Whether a process writes the log at the moment, as far as the log says.
    pub stopped: Option<String>,
    /// Market events read.
    pub feed_events: u64,
    /// Markets known, and of these resolved.
    pub markets: usize,
    /// Markets resolved.
    pub resolved_markets: u32,
    /// Worth.
    pub equity: Cash,
    /// Cash.
    pub cash: Cash,
    /// What was put in: worth at the start, and cash that moved since without a trade.
    pub equity_start: Cash,
    /// Cash that moved since the start without a trade: in less out.
    pub moved: Cash,
    /// Made or lost on what is closed.
    pub realized_pnl: Cash,
    /// Made or lost on what is held.
    pub unrealized_pnl: Cash,
    /// Fees paid.
    pub fees: Cash,
    /// Made since the UTC day began.
    pub today: Cash,
    /// Lost since the UTC day began.
    pub daily_loss: Cash,
    /// Deepest fall, as a fraction.
    pub max_drawdown: Prob,
    /// Positions held.
    pub positions: usize,
    /// Orders open.
    pub open_orders: usize,
    /// Those among them whose fate is not known: sent, and not answered.
    pub unknown_orders: usize,
    /// Orders ever.
    pub orders: u64,
    /// Fills that stand.
    pub fills: u64,
    /// Cycles started.
    pub cycles: u64,
    /// Proposals refused.
    pub vetoed: u64,
    /// Our Brier score over resolved markets.
    pub brier: Option<Prob>,
    /// The market's own at the same moments.
    pub brier_market: Option<Prob>,
    /// Where the kill switch stands.
    pub kill: KillLevel,
    /// Who threw it.
    pub kill_source: Option<KillSource>,
    /// Halted for another reason.
    pub halted: Option<String>,
    /// Events that made no sense.
    pub anomalies: u64,
    /// How often something around the log was wrong: disk, clock, feed, venue.
    pub faults: u64,
    /// The last time, in words.
    pub last_fault: Option<String>,
}

impl View {
    /// What stops new risk, in words.
    pub fn stops(&self) -> Option<String> {
        let by = |source: &KillSource| format!(", thrown by {}", word(source));
        let by = self.kill_source.as_ref().map(by).unwrap_or_default();
        let switch = (self.kill != KillLevel::Off).then(|| format!("kill switch {}{by}", word(&self.kill)));
        let halt = self.halted.as_ref().map(|why| format!("halted: {why}"));
        let both = [switch, halt].into_iter().flatten().collect::<Vec<_>>();
        (!both.is_empty()).then(|| both.join("; "))
    }

    /// The picture of a state.
    pub fn of(state: &State) -> Self {
        let p = &state.positions;
        let record = state.scores.record(EstimateSource::Blend.name());
        let prob = |ppm: Option<u64>| ppm.and_then(|v| i64::try_from(v).ok()).and_then(Prob::from_ppm);
        Self {
            seq: state.seq,
            time: state.time,
            mode: state.run.mode(),
            stopped: state.run.stopped.as_ref().map(|(reason, _)| reason.clone()),
            feed_events: state.run.feed_events,
            markets: state.markets.len(),
            resolved_markets: state.markets.resolved_count(),
            equity: state.equity.now,
            cash: p.cash,
            equity_start: p.put_in(),
            moved: p.moved,
            realized_pnl: p.realized,
            unrealized_pnl: state.equity.unrealized(p),
            fees: p.fees,
            today: state.equity.made_today(),
            daily_loss: state.equity.daily_loss(),
            max_drawdown: Prob(state.equity.max_drawdown_ppm.min(Prob::ONE.0)),
            positions: p.held_all().count(),
            open_orders: state.orders.open().count(),
            unknown_orders: state.orders.open().filter(|o| o.status == OrderStatus::Unknown).count(),
            orders: state.orders.intended,
            fills: p.fills,
            cycles: state.decisions.started,
            vetoed: state.decisions.vetoed,
            brier: prob(record.brier_ppm()),
            brier_market: prob(record.market_brier_ppm()),
            kill: state.kill.level,
            kill_source: state.kill.source,
            halted: state.kill.halted.clone(),
            anomalies: state.health.anomalies,
            faults: state.run.faults,
            last_fault: state.run.last_fault.as_ref().map(|f| format!("{}: {}", f.component, f.text)),
        }
    }
}
