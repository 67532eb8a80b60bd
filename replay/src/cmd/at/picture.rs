//! A state as data.

use crate::fold::Folded;
use crate::limits::{self, Use};
use engine_core::Config;
use projections::State;
use projections::kill::Kill;
use projections::orders::Order;
use projections::quotes::TokenQuote;
use schemas::event::{Level, Mode, StateHash};
use schemas::{Bytes32, Cash, MarketId, OrderId, Outcome, Price, Prob, Rounding, Side, Size, UtcNanos};
use serde::Serialize;
use std::path::Path;

/// Everything that `replay at` says.
#[derive(Clone, Debug, Serialize)]
pub struct Picture {
    /// The log.
    pub log: String,
    /// The last event it includes.
    pub seq: u64,
    /// Its time.
    pub time: UtcNanos,
    /// The snapshot the fold went on from.
    pub snapshot: Option<u64>,
    /// Who writes the log.
    pub run: RunInfo,
    /// What was made and lost.
    pub pnl: Pnl,
    /// What is held.
    pub positions: Vec<Holding>,
    /// Orders that may still fill.
    pub orders: Vec<Order>,
    /// Limits over all markets; empty before a run with a readable configuration started.
    pub limits: Vec<Use>,
    /// The kill switch.
    pub kill: Kill,
    /// Best prices where something is held or ordered.
    pub quotes: Vec<Top>,
    /// The whole book that was asked for.
    pub book: Option<Depth>,
    /// Cycles, orders, fills and what made no sense.
    pub counts: Counts,
    /// One value for the whole state.
    pub state_hash: Bytes32,
    /// The hash of each projection.
    pub parts: Vec<StateHash>,
}

/// Who writes the log.
#[derive(Clone, Debug, Serialize)]
pub struct RunInfo {
    /// What is at stake.
    pub mode: Option<Mode>,
    /// The engine's version.
    pub version: Option<String>,
    /// Where market data comes from.
    pub feed: Option<String>,
    /// The configuration of the last start.
    pub config_hash: Option<Bytes32>,
    /// How often a process started.
    pub starts: u64,
    /// Why it stopped, if it did.
    pub stopped: Option<String>,
    /// Market events so far.
    pub feed_events: u64,
}

/// What was made and lost, dollars.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Pnl {
    /// Worth.
    pub equity: Cash,
    /// What was put in: worth at the start, and cash that moved since without a trade.
    pub equity_start: Cash,
    /// Cash that moved since the start without a trade: in less out.
    pub moved: Cash,
    /// Cash.
    pub cash: Cash,
    /// On what is closed.
    pub realized: Cash,
    /// On what is held, at the marks.
    pub open: Cash,
    /// Fees paid.
    pub fees: Cash,
    /// Lost since the UTC day began.
    pub daily_loss: Cash,
    /// Fallen from the peak, a fraction.
    pub drawdown: Prob,
    /// The deepest fall, a fraction.
    pub max_drawdown: Prob,
}

/// A position.
#[derive(Clone, Debug, Serialize)]
pub struct Holding {
    /// The market.
    pub market: MarketId,
    /// Its name.
    pub name: String,
    /// Which outcome.
    pub outcome: Outcome,
    /// Shares.
    pub size: Size,
    /// What a share cost, fees included.
    pub average_cost: Price,
    /// What all of it cost.
    pub cost: Cash,
    /// The mark.
    pub mark: Price,
    /// Worth at the mark.
    pub value: Cash,
    /// Value less cost.
    pub open_pnl: Cash,
    /// Since when.
    pub since: UtcNanos,
    /// The order that last bought.
    pub order: OrderId,
}

/// Best prices of a market's YES token.
#[derive(Clone, Debug, Serialize)]
pub struct Top {
    /// The market.
    pub market: MarketId,
    /// Its name.
    pub name: String,
    /// The quote.
    #[serde(flatten)]
    pub quote: TokenQuote,
    /// Its feed is not declared stale.
    pub live: bool,
}

/// A whole book.
#[derive(Clone, Debug, Serialize)]
pub struct Depth {
    /// The market.
    pub market: MarketId,
    /// Its name.
    pub name: String,
    /// Each token of which a book is known.
    pub tokens: Vec<TokenDepth>,
}

/// One token's book, best prices first.
#[derive(Clone, Debug, Serialize)]
pub struct TokenDepth {
    /// Which outcome.
    pub outcome: Outcome,
    /// It agrees with the venue's own best prices.
    pub agrees: bool,
    /// Bids.
    pub bids: Vec<Level>,
    /// Asks.
    pub asks: Vec<Level>,
}

/// How much of everything.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Counts {
    /// Markets listed.
    pub markets: usize,
    /// Markets resolved.
    pub resolved: u32,
    /// Cycles started.
    pub cycles: u64,
    /// Proposals refused.
    pub vetoed: u64,
    /// Orders intended.
    pub orders: u64,
    /// Fills that stand.
    pub fills: u64,
    /// Events that made no sense.
    pub anomalies: u64,
}

impl Picture {
    /// Of a state, with the book of a market if one is asked for.
    pub fn of(log: &Path, folded: &Folded, book: Option<MarketId>) -> Self {
        let state = &folded.state;
        let parts = state.parts();
        let config = Config::from_canonical(&state.run.config).ok().filter(|_| state.positions.opened_with.is_some());
        Self {
            log: log.display().to_string(),
            seq: state.seq,
            time: state.time,
            snapshot: folded.snapshot,
            run: run_info(state),
            pnl: pnl(state),
            positions: holdings(state),
            orders: state.orders.open().cloned().collect(),
            limits: config.map(|c| limits::in_use(state, &c)).unwrap_or_default(),
            kill: state.kill.clone(),
            quotes: tops(state),
            book: book.map(|m| depth(state, m)),
            counts: Counts {
                markets: state.markets.len(),
                resolved: state.markets.resolved_count(),
                cycles: state.decisions.started,
                vetoed: state.decisions.vetoed,
                orders: state.orders.intended,
                fills: state.positions.fills,
                anomalies: state.health.anomalies,
            },
            state_hash: State::hash_of_parts(&parts),
            parts,
        }
    }
}

fn run_info(state: &State) -> RunInfo {
    let started = state.run.started.as_ref();
    RunInfo {
        mode: state.run.mode(),
        version: started.map(|r| r.version.clone()),
        feed: started.map(|r| r.feed.clone()),
        config_hash: started.map(|r| r.config_hash),
        starts: state.run.starts,
        stopped: state.run.stopped.as_ref().map(|(reason, _)| reason.clone()),
        feed_events: state.run.feed_events,
    }
}

fn pnl(state: &State) -> Pnl {
    let (p, e) = (&state.positions, &state.equity);
    Pnl {
        equity: e.now,
        equity_start: p.put_in(),
        moved: p.moved,
        cash: p.cash,
        realized: p.realized,
        open: e.unrealized(p),
        fees: p.fees,
        daily_loss: e.daily_loss(),
        drawdown: Prob(e.drawdown_ppm().min(Prob::ONE.0)),
        max_drawdown: Prob(e.max_drawdown_ppm.min(Prob::ONE.0)),
    }
}

fn name(state: &State, market: MarketId) -> String {
    console::words::market_name(state, market)
}

fn holdings(state: &State) -> Vec<Holding> {
    let one = |(token, p): (schemas::TokenId, &projections::positions::Position)| {
        let mark = state.equity.mark(token).unwrap_or_default();
        let value = mark.notional(p.lot.size, Rounding::Floor).unwrap_or_default();
        Holding {
            market: token.market(),
            name: name(state, token.market()),
            outcome: token.outcome(),
            size: p.lot.size,
            average_cost: p.average_cost(),
            cost: p.lot.cost,
            mark,
            value,
            open_pnl: Cash(value.0.saturating_sub(p.lot.cost.0)),
            since: p.opened_at,
            order: p.order,
        }
    };
    state.positions.held_all().map(one).collect()
}

fn tops(state: &State) -> Vec<Top> {
    let held = state.positions.held_all().map(|(t, _)| t.market());
    let mut markets: Vec<MarketId> = held.chain(state.orders.open().map(|o| o.market)).collect();
    markets.sort_unstable();
    markets.dedup();
    let one = |market: MarketId| Top {
        market,
        name: name(state, market),
        quote: state.quotes.get(market.yes()),
        live: state.quotes.is_live(market),
    };
    markets.into_iter().map(one).collect()
}

fn depth(state: &State, market: MarketId) -> Depth {
    let one = |token: schemas::TokenId| {
        let book = state.books.get(token)?;
        let (bids, asks): (Vec<Level>, Vec<Level>) =
            (book.levels(Side::Buy).collect(), book.levels(Side::Sell).collect());
        let seen = !(bids.is_empty() && asks.is_empty());
        seen.then_some(TokenDepth { outcome: token.outcome(), agrees: book.agrees, bids, asks })
    };
    let tokens = [market.yes(), market.no()].into_iter().filter_map(one).collect();
    Depth { market, name: name(state, market), tokens }
}
