//! The life of an order: what left, what the venue said, the fills, and how it ended; and what followed it.

use super::gather::Gathered;
use super::node::{Node, Tone};
use crate::index::Index;
use schemas::event::{FillBooked, OrderEvent, OrderIntended};
use schemas::money::{MICRO, mul_div};
use schemas::time::NANOS_PER_MS;
use schemas::{Cash, Envelope, Event, Price, Rounding, Size, UtcNanos};
use serde_json::json;

/// An order's events, its intent first, and a line on how it ended.
pub(super) fn of_order(life: &[Envelope], index: &Index) -> Vec<Node> {
    let Some(first) = life.first() else { return Vec::new() };
    let mut nodes: Vec<Node> = Vec::new();
    for envelope in life {
        let Event::Order(event) = &envelope.event else { continue };
        let mut node = Node::event(envelope, index);
        if !matches!(event, OrderEvent::Intended(_)) {
            node.text = format!("{} {}", after(first.time, envelope.time), node.text);
        }
        match event {
            OrderEvent::Intended(intent) => nodes.push(node.over(intent_facts(intent))),
            OrderEvent::FillConfirmed { .. } => hang(&mut nodes, life, envelope, node),
            OrderEvent::FillVoided { .. } => hang(&mut nodes, life, envelope, node.toned(Tone::Bad)),
            OrderEvent::Rejected { .. } | OrderEvent::Unknown { .. } => nodes.push(node.toned(Tone::Bad)),
            OrderEvent::FillBooked(_) => nodes.push(caused(node).toned(Tone::Good)),
            _ => nodes.push(node),
        }
    }
    nodes.extend(ending(life));
    nodes
}

fn after(intended: UtcNanos, time: UtcNanos) -> String {
    format!("after {} ms,", time.since(intended) / NANOS_PER_MS)
}

fn caused(mut node: Node) -> Node {
    if let Some(cause) = node.cause {
        node.text.push_str(&format!(", because of {cause}"));
    }
    node
}

fn intent_facts(intent: &OrderIntended) -> Vec<Node> {
    let fact = |text: String| Node::text("fact", &text);
    vec![
        fact(format!("hash {}", intent.hash)),
        fact(format!("{} bytes, durable before they left; salt {}", intent.signed.len(), intent.salt)),
        fact(format!("at most ${} can be lost", intent.worst_case_loss)),
    ]
}

/// What became of a fill hangs below the fill.
fn hang(nodes: &mut Vec<Node>, life: &[Envelope], envelope: &Envelope, node: Node) {
    let trade = match &envelope.event {
        Event::Order(OrderEvent::FillConfirmed { trade, .. } | OrderEvent::FillVoided { trade, .. }) => *trade,
        _ => return nodes.push(node),
    };
    let booked = life.iter().find(|e| fill_of(e).is_some_and(|f| f.trade == trade)).map(|e| e.seq.get());
    match nodes.iter_mut().find(|n| n.seq.is_some() && n.seq == booked) {
        Some(fill) => fill.children.push(node),
        None => nodes.push(node),
    }
}

fn fill_of(envelope: &Envelope) -> Option<&FillBooked> {
    match &envelope.event {
        Event::Order(OrderEvent::FillBooked(fill)) => Some(fill),
        _ => None,
    }
}

/// How an order ended, from its fills that stand and the venue's last word.
fn ending(life: &[Envelope]) -> Option<Node> {
    let wanted = life.iter().find_map(|e| match &e.event {
        Event::Order(OrderEvent::Intended(i)) => Some(i.plan.size),
        _ => None,
    })?;
    let is_void = |f: &FillBooked| {
        life.iter().any(|e| matches!(&e.event, Event::Order(OrderEvent::FillVoided { trade, .. }) if *trade == f.trade))
    };
    let (mut size, mut paid, mut fees) = (Size::ZERO, Cash::ZERO, Cash::ZERO);
    for fill in life.iter().filter_map(fill_of).filter(|f| !is_void(f)) {
        size = size.plus(fill.size).unwrap_or(size);
        fees = fees.plus(fill.fee).unwrap_or(fees);
        let notional = fill.price.notional(fill.size, Rounding::HalfEven).unwrap_or_default();
        paid = paid.plus(notional).unwrap_or(paid);
    }
    let end = life.iter().rev().find_map(|e| match &e.event {
        Event::Order(OrderEvent::Rejected { .. }) => Some("refused"),
        Event::Order(OrderEvent::Cancelled { .. }) => Some("cancelled"),
        Event::Order(OrderEvent::Expired { .. }) => Some("expired"),
        _ => None,
    });
    let end = end.unwrap_or(if size >= wanted { "filled" } else { "open when the log ended" });
    let average = mul_div(paid.0, MICRO, size.0, Rounding::HalfEven).ok().map(Price);
    let at = average.map(|a| format!(" at {a} on average, fees ${fees}")).unwrap_or_default();
    let text = format!("in the end: {end}, {size} of {wanted} shares{at}");
    let data = json!({ "end": end, "wanted": wanted, "filled": size, "average_price": average, "fees": fees });
    let tone = if size.0 > 0 { Tone::Good } else { Tone::Plain };
    Some(Node::text("ending", &text).with(data).toned(tone))
}

/// The position's later life: the orders that added to it or sold it, settlement, reflection.
pub(super) fn later(gathered: &Gathered) -> Vec<Node> {
    let index = &gathered.index;
    let mut nodes: Vec<Node> = Vec::new();
    for (order, life) in &gathered.others {
        let mut below = of_order(life, index);
        if below.is_empty() {
            continue;
        }
        let first = below.remove(0);
        let more = Node::text("fact", &format!("`why order:{order}` tells why"));
        nodes.push(Node { children: below.into_iter().chain([more]).collect(), ..first });
    }
    let ends = gathered.ends.iter().filter(|_| gathered.order.is_some());
    nodes.extend(ends.map(|e| Node::event(e, index)));
    nodes.sort_by_key(|n| n.seq);
    nodes
}
