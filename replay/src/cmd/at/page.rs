//! A state as people read it.

use super::picture::{Depth, Picture, TokenDepth, Top};
use crate::cmd::{Global, figures, table};
use crate::limits;
use crate::out::Out;
use console::exit::Failure;
use console::output::{Format, Table, banner, plain};
use console::words::{market_name, percent, put_in, word};
use projections::State;
use schemas::event::Level;
use schemas::{Price, Size};

/// Prints it, table by table.
pub fn print(global: &Global, picture: &Picture, state: &State, out: &mut Out<'_>) -> Result<(), Failure> {
    if global.format() == Format::Table {
        let head = banner(picture.run.mode, global.paint());
        out.line(&format!("{head} {} at {}, {}", picture.log, picture.seq, picture.time))?;
    }
    table(global, out, "run", &run(picture))?;
    table(global, out, "profit and loss", &pnl(picture))?;
    table(global, out, "positions", &positions(picture))?;
    table(global, out, "open orders", &orders(picture, state))?;
    table(global, out, "limits", &limit_table(picture))?;
    table(global, out, "best prices", &tops(&picture.quotes))?;
    if let Some(book) = &picture.book {
        depth(global, book, out)?;
    }
    table(global, out, "state hash", &hashes(picture))
}

fn run(picture: &Picture) -> Table {
    let (run, counts) = (&picture.run, &picture.counts);
    let mut t = figures();
    let mut row = |name: &str, value: String| t.row(vec![name.to_owned(), value]);
    let from = match picture.snapshot {
        Some(seq) => format!("the snapshot at {seq}"),
        None => "the first event".to_owned(),
    };
    row("folded from", from);
    row("mode", run.mode.map_or("no run started".to_owned(), |m| word(&m)));
    row("version", run.version.clone().unwrap_or_default());
    row("feed", format!("{} ({} events)", run.feed.clone().unwrap_or_default(), run.feed_events));
    row("configuration", run.config_hash.map(|h| h.short(16)).unwrap_or_default());
    row("starts", run.starts.to_string());
    row("stopped", run.stopped.clone().unwrap_or_else(|| "no".to_owned()));
    row("markets", format!("{}, {} resolved", counts.markets, counts.resolved));
    row("cycles / refused", format!("{} / {}", counts.cycles, counts.vetoed));
    row("orders / fills", format!("{} / {}", counts.orders, counts.fills));
    row("events without sense", counts.anomalies.to_string());
    t
}

fn pnl(picture: &Picture) -> Table {
    let p = &picture.pnl;
    let mut t = figures();
    let mut row = |name: &str, value: String| t.row(vec![name.to_owned(), value]);
    row("equity", format!("{:.2} ({})", p.equity, put_in(p.equity_start, p.moved)));
    row("cash", format!("{:.2}", p.cash));
    row("realized / open", format!("{:+.2} / {:+.2}", p.realized, p.open));
    row("fees", format!("{:.2}", p.fees));
    row("lost today", format!("{:.2}", p.daily_loss));
    row("drawdown, now / deepest", format!("{} / {}", percent(p.drawdown), percent(p.max_drawdown)));
    t
}

fn positions(picture: &Picture) -> Table {
    let columns = ["market", "name", "outcome", "size", "average_cost", "mark", "cost", "value", "open_pnl", "since"];
    let mut t = Table::new(&columns).numbers(&["market", "size", "average_cost", "mark", "cost", "value", "open_pnl"]);
    for h in &picture.positions {
        t.row(vec![
            h.market.to_string(),
            h.name.clone(),
            h.outcome.to_string(),
            h.size.to_string(),
            format!("{:.4}", h.average_cost),
            h.mark.to_string(),
            format!("{:.2}", h.cost),
            format!("{:.2}", h.value),
            format!("{:+.2}", h.open_pnl),
            h.since.to_string(),
        ]);
    }
    t
}

fn orders(picture: &Picture, state: &State) -> Table {
    let columns = ["order", "market", "name", "side", "outcome", "price", "size", "filled", "status", "purpose"];
    let mut t = Table::new(&columns).numbers(&["order", "market", "price", "size", "filled"]);
    for o in &picture.orders {
        t.row(vec![
            o.id.to_string(),
            o.market.to_string(),
            market_name(state, o.market),
            o.plan.action.side.to_string(),
            o.plan.action.token.outcome().to_string(),
            o.plan.price.to_string(),
            o.plan.size.to_string(),
            o.filled.to_string(),
            format!("{}{}", word(&o.status), if o.cancelling { ", cancelling" } else { "" }),
            word(&o.plan.purpose),
        ]);
    }
    t
}

fn limit_table(picture: &Picture) -> Table {
    let mut t = Table::new(&["limit", "used", "allowed", "part"]).numbers(&["used", "allowed", "part"]);
    for u in &picture.limits {
        let part = u.percent().map_or("-".to_owned(), |p| format!("{p} %"));
        let part = if u.is_reached() { format!("{part} REACHED") } else { part };
        let amount = |v| limits::amount(u.limit, v);
        t.row(vec![word(&u.limit), amount(u.used), amount(u.allowed), part]);
    }
    let kill = &picture.kill;
    let since = kill.source.map(|s| format!("by {} at {}", word(&s), kill.since)).unwrap_or_default();
    t.row(vec!["kill_switch".to_owned(), word(&kill.level), "off".to_owned(), since]);
    if let Some(reason) = &kill.halted {
        t.row(vec!["halted".to_owned(), reason.clone(), String::new(), String::new()]);
    }
    if kill.mismatch {
        let what = "venue and books differ".to_owned();
        t.row(vec!["reconcile".to_owned(), what, String::new(), String::new()]);
    }
    t
}

fn tops(quotes: &[Top]) -> Table {
    let columns = ["market", "name", "bid", "bid_size", "ask", "ask_size", "last_trade", "time", "trusted"];
    let mut t = Table::new(&columns).numbers(&["market", "bid", "bid_size", "ask", "ask_size", "last_trade"]);
    for top in quotes {
        let q = &top.quote;
        let price = |p: Price| if p.0 > 0 { p.to_string() } else { "-".to_owned() };
        let size = |s: Size| if s.0 > 0 { s.to_string() } else { "-".to_owned() };
        t.row(vec![
            top.market.to_string(),
            top.name.clone(),
            price(q.bid),
            size(q.bid_size),
            price(q.ask),
            size(q.ask_size),
            price(q.last_trade),
            q.time.to_string(),
            if q.valid && top.live { "yes" } else { "no" }.to_owned(),
        ]);
    }
    t
}

fn depth(global: &Global, book: &Depth, out: &mut Out<'_>) -> Result<(), Failure> {
    if book.tokens.is_empty() && global.format() == Format::Table {
        out.line(&format!("no book of market {} is known here: its feed states best prices only", book.market))?;
    }
    for token in &book.tokens {
        let doubt = if token.agrees { "" } else { ", in doubt" };
        let title = format!("book of market {} {}, {}{doubt}", book.market, token.outcome, plain(&book.name));
        table(global, out, &title, &levels(token))?;
    }
    Ok(())
}

fn levels(token: &TokenDepth) -> Table {
    let columns = ["bid_size", "bid", "ask", "ask_size"];
    let mut t = Table::new(&columns).numbers(&columns);
    let cell = |l: Option<&Level>| l.map(|l| (l.price.to_string(), l.size.to_string())).unwrap_or_default();
    for i in 0..token.bids.len().max(token.asks.len()) {
        let ((bid, bid_size), (ask, ask_size)) = (cell(token.bids.get(i)), cell(token.asks.get(i)));
        t.row(vec![bid_size, bid, ask, ask_size]);
    }
    t
}

fn hashes(picture: &Picture) -> Table {
    let mut t = Table::new(&["part", "hash"]);
    t.row(vec!["all".to_owned(), picture.state_hash.to_string()]);
    for part in &picture.parts {
        t.row(vec![part.name.clone(), part.hash.to_string()]);
    }
    t
}
