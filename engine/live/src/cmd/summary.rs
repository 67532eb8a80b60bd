//! What a run came to: one JSON object, or a page for people.

use super::Global;
use console::output::{Format, Table, banner};
use console::words::percent;
use projections::State;
use schemas::event::EstimateSource;
use schemas::{Bytes32, Cash, Prob};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// The figures of a run.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// Which recording.
    pub name: String,
    /// What is at stake.
    pub mode: Option<schemas::event::Mode>,
    /// Whether the feed was read to its end.
    pub complete: bool,
    /// Events in the log.
    pub events: u64,
    /// Decision cycles.
    pub cycles: u64,
    /// Orders intended.
    pub orders: u64,
    /// Fills that stand.
    pub fills: u64,
    /// Proposals the gate refused.
    pub vetoed: u64,
    /// What was put in, dollars: worth at the start, and cash that moved since without a trade.
    pub equity_start: Cash,
    /// Cash that moved since the start without a trade, dollars: in less out.
    pub moved: Cash,
    /// Worth at the end, open positions at the bid, dollars.
    pub equity_end: Cash,
    /// Made or lost on what is closed, fees deducted, dollars.
    pub realized_pnl: Cash,
    /// Made or lost on what is held, dollars.
    pub unrealized_pnl: Cash,
    /// Fees, dollars.
    pub fees: Cash,
    /// Bought and sold, dollars.
    pub volume: Cash,
    /// Deepest fall from a peak, a fraction.
    pub max_drawdown: Prob,
    /// Mean Brier score of the blended forecasts over resolved markets.
    pub brier: Option<Prob>,
    /// The market's own, at the same moments.
    pub brier_market: Option<Prob>,
    /// Markets resolved.
    pub resolved_markets: u32,
    /// Positions settled at resolution.
    pub settled_positions: u64,
    /// Positions still held.
    pub open_positions: usize,
    /// Holdings finished, and of these won.
    pub holdings: u64,
    /// Holdings that made money.
    pub wins: u64,
    /// `opened_with + moved + realized - cash - cost`, micro-dollars: 0 or the books are wrong.
    pub imbalance_micro: i64,
    /// Events that made no sense.
    pub anomalies: u64,
    /// Where the kill switch stands.
    pub kill: schemas::event::KillLevel,
    /// The log.
    pub log: PathBuf,
    /// Its last event.
    pub head_seq: u64,
    /// The chain value there.
    pub head_hash: Bytes32,
    /// The hash of the state.
    pub state_hash: Bytes32,
}

impl Summary {
    /// Of a state and the log it was folded from.
    pub fn of(name: &str, state: &State, log: &Path, head: schemas::frame::Head) -> Self {
        let p = &state.positions;
        let record = state.scores.record(EstimateSource::Blend.name());
        let prob = |ppm: Option<u64>| ppm.and_then(|v| i64::try_from(v).ok()).and_then(Prob::from_ppm);
        Self {
            name: name.to_owned(),
            mode: state.run.mode(),
            complete: state.run.stopped.as_ref().is_some_and(|(_, complete)| *complete),
            events: head.seq,
            cycles: state.decisions.started,
            orders: state.orders.intended,
            fills: p.fills,
            vetoed: state.decisions.vetoed,
            equity_start: p.put_in(),
            moved: p.moved,
            equity_end: state.equity.now,
            realized_pnl: p.realized,
            unrealized_pnl: state.equity.unrealized(p),
            fees: p.fees,
            volume: p.volume,
            max_drawdown: Prob(state.equity.max_drawdown_ppm.min(Prob::ONE.0)),
            brier: prob(record.brier_ppm()),
            brier_market: prob(record.market_brier_ppm()),
            resolved_markets: state.markets.resolved_count(),
            settled_positions: p.settled,
            open_positions: p.held_all().count(),
            holdings: p.trips.count,
            wins: p.trips.wins,
            imbalance_micro: i64::try_from(p.imbalance()).unwrap_or(i64::MAX),
            anomalies: state.health.anomalies,
            kill: state.kill.level,
            log: log.to_owned(),
            head_seq: head.seq,
            head_hash: head.chain,
            state_hash: state.state_hash(),
        }
    }

    /// For people.
    pub fn page(&self, global: &Global) -> String {
        let paint = console::output::Paint::stdout(global.color);
        let change = Cash(self.equity_end.0 - self.equity_start.0);
        let money = |c: Cash| {
            let text = format!("{c:+.2}");
            if c.0 < 0 { paint.bad(&text) } else { paint.good(&text) }
        };
        let mut t = Table::new(&["figure", "value"]);
        let mut row = |name: &str, value: String| t.row(vec![name.to_owned(), value]);
        row("equity", format!("{:.2} -> {:.2} ({change:+.2})", self.equity_start, self.equity_end));
        if self.moved != Cash::ZERO {
            row("moved without a trade", format!("{:+.2}", self.moved));
        }
        row("realized / open", format!("{:+.2} / {:+.2}", self.realized_pnl, self.unrealized_pnl));
        row("fees / volume", format!("{:.2} / {:.2}", self.fees, self.volume));
        row("max drawdown", percent(self.max_drawdown));
        row("cycles / orders / fills", format!("{} / {} / {}", self.cycles, self.orders, self.fills));
        row("refused by risk", self.vetoed.to_string());
        row("holdings won", format!("{} of {}", self.wins, self.holdings));
        row("markets resolved", format!("{} ({} positions settled)", self.resolved_markets, self.settled_positions));
        row("Brier, ours / market", format!("{} / {}", shown(self.brier), shown(self.brier_market)));
        row("kill switch", console::words::word(&self.kill));
        row("events", self.events.to_string());
        row("state hash", self.state_hash.short(16));
        row("log", self.log.display().to_string());
        let head = format!(
            "{} {}: {}",
            banner(self.mode, paint),
            paint.strong(&self.name),
            match self.complete {
                true => money(change),
                // A live run has no end.
                false if self.mode == Some(schemas::event::Mode::Live) => format!("{} so far", money(change)),
                false => "stopped before its end; run again to go on".to_owned(),
            }
        );
        format!("{head}\n{}", t.render(Format::Table))
    }
}

fn shown(p: Option<Prob>) -> String {
    p.map_or("-".to_owned(), |p| format!("{:.4}", schemas::Price(i64::from(p.0))))
}

/// What to try next with a log.
pub fn hints(log: &Path) -> String {
    let log = log.display();
    // Started by cargo, `replay` is not on the path and may not be built yet.
    let replay = if std::env::var_os("CARGO").is_some() { "cargo run --release --bin replay --" } else { "replay" };
    let questions = [
        ("verify", "is every byte of it intact?"),
        ("check", "does every decision follow from what came in?"),
        ("why order:1", "why was order 1 placed, and what became of it?"),
        ("at end", "the state at its end, or at any sequence or time"),
    ];
    questions.map(|(question, answer)| format!("{replay} {question} {log}    # {answer}")).join("\n")
}
