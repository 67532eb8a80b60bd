//! Looking at a log: status, positions, orders, trades. All fold the log read-only, so they work whether or not an engine
//! runs on it.

use super::Global;
use crate::engine::View;
use crate::exit::{Code, Failure, Outcome};
use crate::paths::existing_log;
use clap::Args;
use console::output::{Format, Table, banner};
use console::print;
use console::words::{market_name, put_in, word};
use eventlog::LogReader;
use projections::State;
use projections::orders::Order;
use schemas::event::{KillLevel, OrderEvent};
use schemas::frame::Check;
use schemas::{Envelope, Event, Seq};
use std::path::{Path, PathBuf};

/// Which log.
#[derive(Debug, Args)]
pub struct LogArgs {
    /// The log [default: the paper log of the data directory]
    #[arg(long, value_name = "DIR")]
    pub log: Option<PathBuf>,
}

/// Arguments of `orders`.
#[derive(Debug, Args)]
pub struct OrdersArgs {
    /// Which log.
    #[command(flatten)]
    pub log: LogArgs,
    /// Only open ones
    #[arg(long)]
    pub open: bool,
}

/// Folds a log into its state, from the newest usable snapshot on.
pub fn fold(log: &Path) -> Result<State, Failure> {
    existing_log(log)?;
    let reader = LogReader::open(log)?;
    let snapshot = reader.latest_snapshot(None)?.newest;
    let cached = snapshot.as_ref().and_then(|s| s.section("state")).and_then(|b| State::from_snapshot(b).ok());
    let mut state = cached.unwrap_or_default();
    let from = Seq::new(state.seq + 1).unwrap_or(Seq::FIRST);
    each(&reader, from, |envelope| state.apply(envelope))?;
    Ok(state)
}

/// Every event of a log from a sequence on.
pub fn each(reader: &LogReader, from: Seq, mut f: impl FnMut(&Envelope)) -> Result<(), Failure> {
    let mut stream = reader.events(from, Check::Crc)?;
    let mut events = Vec::new();
    while stream.next_frame(&mut events)? {
        events.iter().for_each(&mut f);
    }
    Ok(())
}

/// `arena status`.
pub fn status(global: &Global, args: &LogArgs) -> Outcome {
    let log = global.log(args.log.as_deref())?;
    let view = View::of(&fold(&log)?);
    let running = matches!(crate::engine::ask(&log, &crate::engine::Request::View), Ok(v) if v.get("view").is_some());
    if global.format() == Format::Json {
        let mut json = serde_json::to_value(&view)?;
        json["running"] = running.into();
        json["log"] = log.display().to_string().into();
        print(&json.to_string())?;
    } else {
        let mut t = Table::new(&["figure", "value"]);
        let mut row = |name: &str, value: String| t.row(vec![name.to_owned(), value]);
        let how = match (running, &view.stopped) {
            (true, _) => "running".to_owned(),
            (false, Some(reason)) => format!("stopped: {reason}"),
            (false, None) => "not running; the last run did not stop cleanly".to_owned(),
        };
        row("engine", how);
        row("log", format!("{}, {} events, up to {}", log.display(), view.seq, view.time));
        row("equity", format!("{:.2} ({})", view.equity, put_in(view.equity_start, view.moved)));
        row("cash", format!("{:.2}", view.cash));
        row("realized / open", format!("{:+.2} / {:+.2}", view.realized_pnl, view.unrealized_pnl));
        row("today", format!("{:+.2}", view.today));
        row("max drawdown", console::words::percent(view.max_drawdown));
        row("positions / open orders", format!("{} / {}", view.positions, view.open_orders));
        if view.unknown_orders > 0 {
            row("of unknown fate", format!("{} of the open orders: sent, and not answered", view.unknown_orders));
        }
        row("cycles / orders / fills", format!("{} / {} / {}", view.cycles, view.orders, view.fills));
        row("markets", format!("{}, {} resolved", view.markets, view.resolved_markets));
        row("kill switch", console::words::word(&view.kill));
        row("stopped by", view.stops().as_deref().map_or_else(|| "nothing".to_owned(), console::output::plain));
        if let Some(fault) = &view.last_fault {
            row("last fault", format!("{} (the last of {})", console::output::plain(fault), view.faults));
        }
        print(&format!("{} {}", banner(view.mode, console::output::Paint::stdout(global.color)), log.display()))?;
        print(&t.render(global.format()))?;
    }
    Ok(if view.kill == KillLevel::Off && view.halted.is_none() { Code::Ok } else { Code::Halted })
}

/// `arena positions`.
pub fn positions(global: &Global, args: &LogArgs) -> Outcome {
    let state = fold(&global.log(args.log.as_deref())?)?;
    let columns = ["market", "name", "outcome", "size", "average_cost", "bid", "cost", "value", "open_pnl", "since"];
    let mut t = Table::new(&columns).numbers(&["market", "size", "average_cost", "bid", "cost", "value", "open_pnl"]);
    for (token, p) in state.positions.held_all() {
        let mark = state.equity.mark(token).unwrap_or_default();
        let value = mark.notional(p.lot.size, schemas::Rounding::Floor).unwrap_or_default();
        t.row(vec![
            token.market().to_string(),
            market_name(&state, token.market()),
            token.outcome().to_string(),
            p.lot.size.to_string(),
            format!("{:.4}", p.average_cost()),
            mark.to_string(),
            format!("{:.2}", p.lot.cost),
            format!("{value:.2}"),
            format!("{:+.2}", schemas::Cash(value.0 - p.lot.cost.0)),
            p.opened_at.to_string(),
        ]);
    }
    table(global, &t, "no positions")
}

/// `arena orders`.
pub fn orders(global: &Global, args: &OrdersArgs) -> Outcome {
    let state = fold(&global.log(args.log.log.as_deref())?)?;
    let columns =
        ["order", "market", "name", "side", "outcome", "price", "size", "filled", "status", "purpose", "kind", "time"];
    let mut t = Table::new(&columns).numbers(&["order", "market", "price", "size", "filled"]);
    let closed = state.orders.closed().filter(|_| !args.open);
    let mut all: Vec<&Order> = closed.chain(state.orders.open()).collect();
    all.sort_by_key(|o| o.id);
    for o in all {
        let token = o.plan.action.token;
        t.row(vec![
            o.id.to_string(),
            o.market.to_string(),
            market_name(&state, o.market),
            o.plan.action.side.to_string(),
            token.outcome().to_string(),
            o.plan.price.to_string(),
            o.plan.size.to_string(),
            o.filled.to_string(),
            word(&o.status),
            word(&o.plan.purpose),
            word(&o.plan.tif),
            o.intended_at.to_string(),
        ]);
    }
    table(global, &t, "no orders")
}

/// `arena trades`: every fill of the log, with what became of it.
pub fn trades(global: &Global, args: &LogArgs) -> Outcome {
    let log = global.log(args.log.as_deref())?;
    existing_log(&log)?;
    let columns = ["seq", "time", "order", "market", "side", "outcome", "price", "size", "fee", "liquidity", "state"];
    let mut t = Table::new(&columns).numbers(&["seq", "order", "market", "price", "size", "fee"]);
    let mut rows: Vec<(Envelope, &'static str)> = Vec::new();
    each(&LogReader::open(&log)?, Seq::FIRST, |envelope| {
        let mark = |rows: &mut Vec<(Envelope, &'static str)>, id, key, state| {
            let same = |e: &Envelope| matches!(&e.event, Event::Order(OrderEvent::FillBooked(f)) if f.order == id && f.trade == key);
            if let Some(row) = rows.iter_mut().rev().find(|(e, _)| same(e)) {
                row.1 = state;
            }
        };
        match &envelope.event {
            Event::Order(OrderEvent::FillBooked(_)) => rows.push((envelope.clone(), "booked")),
            Event::Order(OrderEvent::FillConfirmed { order, trade }) => mark(&mut rows, *order, *trade, "confirmed"),
            Event::Order(OrderEvent::FillVoided { order, trade, .. }) => mark(&mut rows, *order, *trade, "voided"),
            _ => {}
        }
    })?;
    for (envelope, state) in &rows {
        let Event::Order(OrderEvent::FillBooked(f)) = &envelope.event else { continue };
        t.row(vec![
            envelope.seq.to_string(),
            envelope.time.to_string(),
            f.order.to_string(),
            f.token.market().to_string(),
            f.side.to_string(),
            f.token.outcome().to_string(),
            f.price.to_string(),
            f.size.to_string(),
            f.fee.to_string(),
            word(&f.liquidity),
            (*state).to_owned(),
        ]);
    }
    table(global, &t, "no fills")
}

/// Prints a table, or says that it is empty.
pub fn table(global: &Global, t: &Table, empty: &str) -> Outcome {
    if t.is_empty() && global.format() == Format::Table {
        eprintln!("{empty}");
        return Ok(Code::Ok);
    }
    print(&t.render(global.format()))
}
