//! Where a story is in the log.

use crate::events;
use console::exit::{Code, Failure};
use eventlog::LogReader;
use schemas::event::{AgentEvent, OrderEvent};
use schemas::{CycleId, Event, MarketId, OrderId, Seq};
use std::ops::ControlFlow;

/// A decision and its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// The cycle; `None` for an order that no cycle decided.
    pub cycle: Option<CycleId>,
    /// The order; `None` for a cycle, which may or may not have one.
    pub order: Option<OrderId>,
    /// The market.
    pub market: MarketId,
}

/// The target of an order.
pub(super) fn order(reader: &LogReader, wanted: OrderId) -> Result<Option<Target>, Failure> {
    let mut found = None;
    events::each(reader, Seq::FIRST, |envelope| {
        if let Event::Order(OrderEvent::Intended(intent)) = &envelope.event
            && intent.order == wanted
        {
            found = Some(Target { cycle: envelope.cycle, order: Some(wanted), market: intent.market });
            return Ok(ControlFlow::Break(()));
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(found)
}

/// The target of a cycle.
pub(super) fn cycle(reader: &LogReader, wanted: CycleId) -> Result<Option<Target>, Failure> {
    let mut found = None;
    events::each(reader, Seq::FIRST, |envelope| {
        if let Event::Agent(AgentEvent::CycleStarted { market, .. }) = &envelope.event
            && envelope.cycle == Some(wanted)
        {
            found = Some(Target { cycle: Some(wanted), order: None, market: *market });
            return Ok(ControlFlow::Break(()));
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(found)
}

/// The cycle that decided an order (0 for none); `None` if the log has no such order.
pub fn cycle_of(reader: &LogReader, wanted: OrderId) -> Result<Option<CycleId>, Failure> {
    Ok(order(reader, wanted)?.map(|t| t.cycle.unwrap_or_default()))
}

/// The log has nothing of that number.
pub fn no_such(what: &str, number: u32) -> Failure {
    let kind = if what == "order" { "order_intended" } else { "cycle_started" };
    Failure::new(Code::Usage, format!("the log has no {what} {number}"))
        .next(format!("`replay show LOG --kind {kind}` lists them"))
}
