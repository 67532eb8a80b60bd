//! What a decision came to.

use super::gather::{Gathered, Holding};
use super::node::{Node, Tone};
use crate::fold;
use console::exit::Failure;
use eventlog::LogReader;
use schemas::{Cash, MarketId, Rounding};
use serde_json::json;

/// The holding that the order had a part in, and the market in all.
pub(super) fn nodes(reader: &LogReader, gathered: &Gathered, market: MarketId) -> Result<Vec<Node>, Failure> {
    let mut nodes = Vec::new();
    match (&gathered.holding, gathered.order) {
        (Some(holding), _) => nodes.extend(of_holding(reader, gathered, holding)?),
        (None, Some(_)) => nodes.push(Node::text("holding", "the order never filled: nothing was made or lost by it")),
        (None, None) => nodes.push(Node::text("holding", "no order was placed: nothing was made or lost")),
    }
    let made = gathered.realized_in_market;
    let text = format!("market {market} in all, to the end of the log: {made:+} dollars realized");
    nodes.push(Node::text("market", &text).with(json!({ "market": market, "realized": made })).toned(tone(made)));
    Ok(nodes)
}

fn tone(made: Cash) -> Tone {
    match made.0 {
        0 => Tone::Plain,
        n if n > 0 => Tone::Good,
        _ => Tone::Bad,
    }
}

fn of_holding(reader: &LogReader, gathered: &Gathered, h: &Holding) -> Result<Vec<Node>, Failure> {
    let (opened, made, fees) = (h.opened, h.realized, h.fees);
    if let Some((seq, time)) = h.closed {
        let text = format!("the holding, {opened} to {time} (event {seq}): {made:+} dollars, ${fees} of fees deducted");
        let data = json!({ "opened": opened, "closed": time, "closed_by": seq, "realized": made, "fees": fees });
        return Ok(vec![Node::text("holding", &text).with(data).toned(tone(made))]);
    }
    let text = format!(
        "the holding, since {opened}, is open: {made:+} dollars realized, {} shares for ${} left",
        h.size, h.cost
    );
    let data =
        json!({ "opened": opened, "closed": null, "realized": made, "fees": fees, "size": h.size, "cost": h.cost });
    let mut nodes = vec![Node::text("holding", &text).with(data)];
    let Some(token) = gathered.plan().map(|p| p.action.token) else { return Ok(nodes) };
    let state = fold::to(reader, reader.last()?.seq, false)?.state;
    if let Some(mark) = state.equity.mark(token) {
        let value = mark.notional(h.size, Rounding::Floor).unwrap_or_default();
        let open = Cash(value.0.saturating_sub(h.cost.0));
        let text = format!("worth ${value} at the last mark of {mark}: {open:+} dollars open");
        let data = json!({ "mark": mark, "value": value, "open": open });
        nodes.push(Node::text("mark", &text).with(data).toned(tone(open)));
    }
    Ok(nodes)
}
