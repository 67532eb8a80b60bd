//! What the log says was ordered and filled, and what the venue says.

use eventlog::LogReader;
use polymarket::Address;
use polymarket::token::to_decimal;
use projections::State;
use sandbox::Venue;
use schemas::event::{AgentEvent, FillBooked, OrderEvent, OrderIntended, OrderPlan};
use schemas::frame::Check;
use schemas::{Cash, CycleId, Event, OrderId, Outcome, Seq, Size, TokenId, UtcNanos};
use std::collections::BTreeMap;
use std::path::Path;

/// What a log tells of orders, in its order.
#[derive(Default)]
pub struct Told {
    /// Each intent: when, and what was planned.
    pub orders: Vec<(UtcNanos, OrderId, OrderPlan)>,
    /// The same, whole.
    pub intents: Vec<OrderIntended>,
    /// The cycle of each.
    pub cycles: Vec<CycleId>,
    /// What is filled of each order, and was not voided.
    pub filled: BTreeMap<OrderId, Size>,
    /// Each fill that was booked.
    pub fills: Vec<(UtcNanos, FillBooked)>,
    /// Of each order that was cancelled or expired: how many fills, of whatever order, were booked before.
    pub ended: BTreeMap<OrderId, usize>,
    /// Everything that agents thought and decided.
    pub decisions: Vec<(UtcNanos, AgentEvent)>,
    pub events: BTreeMap<&'static str, u64>,
}

impl Told {
    /// Reads a log.
    pub fn of(log: &Path) -> Self {
        let mut told = Self::default();
        let mut frame = Vec::new();
        let mut stream = LogReader::open(log).unwrap().events(Seq::FIRST, Check::Full).unwrap();
        while stream.next_frame(&mut frame).unwrap() {
            for envelope in frame.drain(..) {
                *told.events.entry(envelope.event.kind().name()).or_default() += 1;
                match envelope.event {
                    Event::Order(OrderEvent::Intended(o)) => {
                        told.orders.push((envelope.time, o.order, o.plan));
                        told.cycles.extend(envelope.cycle);
                        told.intents.push(*o);
                    }
                    Event::Order(OrderEvent::FillBooked(fill)) => {
                        told.fills.push((envelope.time, *fill));
                        let size = told.filled.entry(fill.order).or_default();
                        *size = size.plus(fill.size).unwrap();
                    }
                    Event::Order(OrderEvent::Cancelled { order, .. } | OrderEvent::Expired { order }) => {
                        told.ended.insert(order, told.fills.len());
                    }
                    Event::Order(OrderEvent::FillVoided { order, trade, .. }) => {
                        let fill = told.fills.iter().find(|(_, f)| f.order == order && f.trade == trade).unwrap().1;
                        let size = told.filled.entry(order).or_default();
                        *size = Size(size.0 - fill.size.0);
                    }
                    Event::Agent(agent) => told.decisions.push((envelope.time, agent)),
                    _ => {}
                }
            }
        }
        told
    }

    pub fn count(&self, kind: &str) -> u64 {
        self.events.get(kind).copied().unwrap_or(0)
    }
}

/// What a wallet holds by the log, in the venue's names.
pub fn held(state: &State) -> BTreeMap<String, Size> {
    let name = |token: TokenId| {
        let market = state.markets.get(token.market()).unwrap();
        to_decimal(&market.listed.tokens[usize::from(token.outcome() == Outcome::No)])
    };
    state.positions.held_all().map(|(t, p)| (name(t), p.lot.size)).filter(|(_, size)| size.0 > 0).collect()
}

/// What a wallet has at the venue.
pub fn at_venue(venue: &Venue, wallet: Address) -> (Cash, BTreeMap<String, Size>) {
    let own = venue.accounts().into_iter().find(|a| a.wallet == wallet).unwrap();
    (own.cash, own.shares.into_iter().filter(|(_, size)| size.0 > 0).collect())
}
