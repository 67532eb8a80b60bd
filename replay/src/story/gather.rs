//! One walk over the log that collects everything a story needs.

use super::find::Target;
use crate::events;
use crate::index::Index;
use console::exit::Failure;
use eventlog::LogReader;
use projections::Projection;
use projections::health::Health;
use projections::positions::{Lot, Positions};
use schemas::event::{AgentEvent, MarketEvent, MarketListed, Mode, OrderEvent, OrderPlan, SystemEvent};
use schemas::{Cash, Envelope, Event, OrderId, Seq, Size, TokenId, UtcNanos};
use std::collections::{BTreeMap, VecDeque};

/// Ticks of the market shown before a decision.
const TICKS: usize = 5;

/// What a holding was worth in the end, as far as it has one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Holding {
    /// When its first share came.
    pub opened: UtcNanos,
    /// When its last share went.
    pub closed: Option<(u64, UtcNanos)>,
    /// Made or lost, fees deducted, until it was closed or the log ended.
    pub realized: Cash,
    /// Fees paid until then.
    pub fees: Cash,
    /// Shares still held.
    pub size: Size,
    /// What those cost.
    pub cost: Cash,
}

/// Everything a story needs.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// Markets and orders.
    pub index: Index,
    /// What was at stake.
    pub mode: Option<Mode>,
    /// The market's listing.
    pub listed: Option<Envelope>,
    /// The market's last events before the decision.
    pub ticks: VecDeque<Envelope>,
    /// The cycle's start.
    pub started: Option<Envelope>,
    /// What the agents and models said in the cycle.
    pub stages: Vec<Envelope>,
    /// The order.
    pub order: Option<OrderId>,
    /// Its intent and everything about it.
    pub life: Vec<Envelope>,
    /// Other orders of the market while the order's holding was open.
    pub others: BTreeMap<OrderId, Vec<Envelope>>,
    /// The market's end: resolution, settlement, reflection.
    pub ends: Vec<Envelope>,
    /// The holding that the order opened, added to, or sold from; `None` if it never filled.
    pub holding: Option<Holding>,
    /// Made or lost in the market in all.
    pub realized_in_market: Cash,
}

impl Gathered {
    /// Where the decision begins.
    pub fn begins(&self) -> Option<&Envelope> {
        self.started.as_ref().or(self.life.first())
    }

    /// What was ordered.
    pub fn plan(&self) -> Option<OrderPlan> {
        self.order.and_then(|o| self.index.order(o)).map(|o| o.plan)
    }

    /// The listing's fields.
    pub fn listing(&self) -> Option<&MarketListed> {
        match &self.listed.as_ref()?.event {
            Event::Market(MarketEvent::Listed(listed)) => Some(listed),
            _ => None,
        }
    }
}

/// Walks over the whole log.
pub(super) fn gather(reader: &LogReader, target: Target) -> Result<Gathered, Failure> {
    let mut walk = Walk::new(target);
    events::all(reader, Seq::FIRST, |envelope| walk.take(envelope))?;
    walk.found.realized_in_market = walk.positions.realized_in(target.market);
    walk.found.holding = walk.followed.map(|_| walk.holding);
    Ok(walk.found)
}

struct Walk {
    target: Target,
    found: Gathered,
    positions: Positions,
    health: Health,
    holding: Holding,
    /// Where the present (or last) holding of each token began, YES then NO.
    begun: [Option<Begun>; 2],
    /// The beginning of the holding that the order has a part in: it has filled.
    followed: Option<Begun>,
}

impl Walk {
    fn new(target: Target) -> Self {
        Self {
            target,
            found: Gathered { order: target.order, ..Gathered::default() },
            positions: Positions::default(),
            health: Health::default(),
            holding: Holding::default(),
            begun: [None; 2],
            followed: None,
        }
    }

    fn take(&mut self, envelope: &Envelope) {
        match &envelope.event {
            Event::Market(event) => self.take_market(envelope, event),
            Event::Agent(event) => self.take_agent(envelope, event),
            Event::Model(_) if self.is_of_cycle(envelope) => self.found.stages.push(envelope.clone()),
            Event::Order(event) => self.take_order(envelope, event),
            Event::System(SystemEvent::RunStarted(run)) => self.found.mode = Some(run.mode),
            _ => {}
        }
        self.found.index.note(envelope);
        if matches!(envelope.event, Event::Order(_) | Event::Account(_)) {
            self.book(envelope);
        }
    }

    fn is_of_cycle(&self, envelope: &Envelope) -> bool {
        self.target.cycle.is_some() && envelope.cycle == self.target.cycle
    }

    fn take_market(&mut self, envelope: &Envelope, event: &MarketEvent) {
        if event.market() != Some(self.target.market) {
            return;
        }
        match event {
            MarketEvent::Listed(_) => {
                self.found.listed.get_or_insert_with(|| envelope.clone());
            }
            MarketEvent::Resolved { .. } => self.found.ends.push(envelope.clone()),
            _ if self.found.begins().is_none() => {
                if self.found.ticks.len() == TICKS {
                    self.found.ticks.pop_front();
                }
                self.found.ticks.push_back(envelope.clone());
            }
            _ => {}
        }
    }

    fn take_agent(&mut self, envelope: &Envelope, event: &AgentEvent) {
        match event {
            AgentEvent::CycleStarted { .. } if self.is_of_cycle(envelope) => {
                self.found.started = Some(envelope.clone());
            }
            AgentEvent::Reflection(r) if r.market == self.target.market && self.followed.is_some() => {
                self.found.ends.push(envelope.clone());
            }
            _ if self.is_of_cycle(envelope) => self.found.stages.push(envelope.clone()),
            _ => {}
        }
    }

    fn take_order(&mut self, envelope: &Envelope, event: &OrderEvent) {
        if let OrderEvent::Intended(intent) = event {
            if self.is_of_cycle(envelope) && self.found.order.is_none() {
                self.found.order = Some(intent.order);
            }
            let here = intent.market == self.target.market && Some(intent.order) != self.found.order;
            if here && self.is_open() {
                self.found.others.insert(intent.order, Vec::new());
            }
        }
        let Some(order) = envelope.event.order() else {
            if self.followed.is_some() && envelope.event.market() == Some(self.target.market) {
                self.found.ends.push(envelope.clone());
            }
            return;
        };
        if Some(order) == self.found.order {
            self.found.life.push(envelope.clone());
        } else if let Some(events) = self.found.others.get_mut(&order) {
            events.push(envelope.clone());
        }
    }

    /// The order's holding has begun and is not over.
    fn is_open(&self) -> bool {
        self.followed.is_some() && self.holding.closed.is_none()
    }

    /// Keeps the books, to see when the holding begins and ends.
    fn book(&mut self, envelope: &Envelope) {
        let tokens = [self.target.market.yes(), self.target.market.no()];
        let before = tokens.map(|t| self.lot(t));
        self.positions.apply(envelope, &mut self.health);
        for ((token, had), begun) in tokens.into_iter().zip(before).zip(&mut self.begun) {
            let has = self.positions.held(token);
            if had.size == Size::ZERO && has.0 > 0 {
                *begun = Some(Begun { time: envelope.time, realized: had.realized, fees: had.fees });
            }
        }
        let Some(token) = self.found.plan().map(|p| p.action.token) else { return };
        if let Event::Order(OrderEvent::FillBooked(fill)) = &envelope.event
            && Some(fill.order) == self.found.order
            && self.followed.is_none()
        {
            self.followed = self.begun[usize::from(token == self.target.market.no())];
        }
        let Some(begun) = self.followed else { return };
        if self.holding.closed.is_none() || self.is_taken_back(envelope) {
            self.holding = Holding::of(&begun, self.lot(token), envelope);
        }
    }

    fn lot(&self, token: TokenId) -> Lot {
        self.positions.last(token).map(|p| p.lot).unwrap_or_default()
    }

    /// A fill of this story that is voided after the holding was over gives shares back.
    fn is_taken_back(&self, envelope: &Envelope) -> bool {
        let Event::Order(OrderEvent::FillVoided { order, .. }) = &envelope.event else { return false };
        Some(*order) == self.found.order || self.found.others.contains_key(order)
    }
}

/// A token's sums when a holding of it began.
#[derive(Clone, Copy, Debug)]
struct Begun {
    time: UtcNanos,
    realized: Cash,
    fees: Cash,
}

impl Holding {
    fn of(begun: &Begun, lot: Lot, envelope: &Envelope) -> Self {
        let less = |a: Cash, b: Cash| a.minus(b).unwrap_or_default();
        Self {
            opened: begun.time,
            closed: (lot.size == Size::ZERO).then_some((envelope.seq.get(), envelope.time)),
            realized: less(lot.realized, begun.realized),
            fees: less(lot.fees, begun.fees),
            size: lot.size,
            cost: lot.cost,
        }
    }
}
