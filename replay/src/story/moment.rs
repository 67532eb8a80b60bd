//! What was known when a decision was taken: the state behind the event before it.

use super::node::Node;
use crate::fold;
use console::exit::Failure;
use console::words::word;
use eventlog::LogReader;
use projections::State;
use projections::indicators::{Indicator, SCALE};
use schemas::{MarketId, Outcome, Price, Prob, Size, TokenId};
use serde_json::json;

/// Quote, indicators, what was held, and the account.
pub(super) fn nodes(reader: &LogReader, upto: u64, market: MarketId) -> Result<Vec<Node>, Failure> {
    let folded = fold::to(reader, upto, false)?;
    let state = &folded.state;
    let mut nodes = vec![quote(state, market.yes()), quote(state, market.no())];
    nodes.push(indicators(state.indicators.get(market)));
    nodes.extend([market.yes(), market.no()].into_iter().filter_map(|t| held(state, t)));
    nodes.push(account(state));
    nodes.push(Node::text("folded", &format!("state behind event {}, folded from {}", state.seq, folded.origin())));
    Ok(nodes)
}

fn quote(state: &State, token: TokenId) -> Node {
    let q = state.quotes.get(token);
    let side = |price: Price, size: Size| match (price.0 > 0, size.0 > 0) {
        (false, _) => "-".to_owned(),
        (true, false) => price.to_string(),
        (true, true) => format!("{price} x {size}"),
    };
    let name = token.outcome();
    let mut text = format!("{name} {} / {}", side(q.bid, q.bid_size), side(q.ask, q.ask_size));
    if let (Some(mid), Some(spread)) = (q.mid(), q.spread()) {
        text.push_str(&format!(", mid {mid}, spread {spread}"));
    }
    if q.last_trade.0 > 0 {
        text.push_str(&format!(", last trade {}", q.last_trade));
    }
    if !q.valid || !state.quotes.is_live(token.market()) {
        text.push_str(", not to be trusted");
    }
    let what = if name == Outcome::Yes { "quote_yes" } else { "quote_no" };
    Node::text(what, &text).with(json!(q))
}

fn indicators(i: Indicator) -> Node {
    let price = |nanos: i64| Price(nanos / SCALE);
    let [fast, middle, slow] = i.ema.map(price);
    let rsi = Prob(i.rsi_ppm());
    let text = match i.bars {
        0 => "no indicator bar is closed yet".to_owned(),
        bars => format!(
            "{bars} bars: EMA 9/21/50 {fast}/{middle}/{slow}, RSI {rsi}, MACD {} signal {}, move a bar {}, flow {} of {}",
            price(i.macd()),
            price(i.macd_signal),
            price(i.volatility),
            Size(i.flow),
            Size(i.volume)
        ),
    };
    let data = json!({
        "bars": i.bars,
        "ema": i.ema.map(price),
        "rsi": rsi,
        "macd": price(i.macd()),
        "macd_signal": price(i.macd_signal),
        "volatility": price(i.volatility),
        "flow": Size(i.flow),
        "volume": Size(i.volume),
    });
    Node::text("indicators", &text).with(data)
}

fn held(state: &State, token: TokenId) -> Option<Node> {
    let p = state.positions.get(token)?;
    let text = format!(
        "held: {} {} for ${}, {} each, since {}, last bought by order {}",
        p.lot.size,
        token.outcome(),
        p.lot.cost,
        p.average_cost(),
        p.opened_at,
        p.order
    );
    let data = json!({ "token": token, "size": p.lot.size, "cost": p.lot.cost, "average_cost": p.average_cost(),
        "opened_at": p.opened_at, "order": p.order });
    Some(Node::text("held", &text).with(data))
}

fn account(state: &State) -> Node {
    let (e, p) = (&state.equity, &state.positions);
    let open = state.orders.open().count();
    let text = format!(
        "equity ${:.2}, cash ${:.2}, {open} open orders, ${:.2} lost today, kill switch {}",
        e.now,
        p.cash,
        e.daily_loss(),
        word(&state.kill.level)
    );
    let data = json!({ "equity": e.now, "cash": p.cash, "open_orders": open, "daily_loss": e.daily_loss(),
        "kill": state.kill.level });
    Node::text("account", &text).with(data)
}
