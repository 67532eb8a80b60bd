//! `arena pnl`: profit and loss by day, by market, and in all.

use super::Global;
use super::query::{LogArgs, fold, table};
use crate::exit::Outcome;
use console::output::{Format, Table};
use console::print;
use console::words::market_name;
use projections::State;
use schemas::time::NANOS_PER_DAY;
use schemas::{Cash, UtcNanos};

/// Runs it.
pub fn run(global: &Global, args: &LogArgs) -> Outcome {
    let state = fold(&global.log(args.log.as_deref())?)?;
    let today = state.equity.made_today();
    if global.format() == Format::Json {
        return print(&json(&state, today).to_string());
    }
    let mut days = Table::new(&["day", "pnl"]).numbers(&["pnl"]);
    for (day, made) in &state.equity.days {
        days.row(vec![date(*day), format!("{made:+.2}")]);
    }
    days.row(vec![format!("{} (so far)", date(state.time.day())), format!("{today:+.2}")]);
    table(global, &days, "no days")?;
    let mut markets = Table::new(&["market", "name", "realized"]).numbers(&["market", "realized"]);
    for (market, made) in state.positions.realized_by_market() {
        markets.row(vec![market.to_string(), market_name(&state, market), format!("{made:+.2}")]);
    }
    table(global, &markets, "nothing closed yet")?;
    let p = &state.positions;
    let columns = ["realized", "open", "fees", "moved", "equity"];
    let mut all = Table::new(&columns).numbers(&columns);
    all.row(vec![
        format!("{:+.2}", p.realized),
        format!("{:+.2}", state.equity.unrealized(p)),
        format!("{:.2}", p.fees),
        format!("{:+.2}", p.moved),
        format!("{:.2}", state.equity.now),
    ]);
    table(global, &all, "")
}

fn json(state: &State, today: Cash) -> serde_json::Value {
    let p = &state.positions;
    let days: Vec<_> =
        state.equity.days.iter().map(|(day, made)| serde_json::json!({ "day": date(*day), "pnl": made })).collect();
    let markets: Vec<_> = p
        .realized_by_market()
        .map(|(m, made)| serde_json::json!({ "market": m, "name": market_name(state, m), "realized": made }))
        .collect();
    serde_json::json!({
        "days": days,
        "today": today,
        "markets": markets,
        "realized_pnl": p.realized,
        "unrealized_pnl": state.equity.unrealized(p),
        "fees": p.fees,
        "equity": state.equity.now,
        "equity_start": p.put_in(),
        "moved": p.moved,
    })
}

/// A day number as a date.
fn date(day: i64) -> String {
    let text = UtcNanos(day.saturating_mul(NANOS_PER_DAY)).to_string();
    text.chars().take(10).collect()
}
