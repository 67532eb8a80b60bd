//! What later events refer to by number only: markets by their listing, orders by their intent.

use console::output::plain;
use projections::State;
use projections::orders::Order;
use schemas::event::{MarketEvent, ModelEvent, OrderEvent, OrderIntended, OrderPlan};
use schemas::{CycleId, Envelope, Event, MarketId, OrderId};
use std::collections::BTreeMap;

/// An order, as far as a line about it needs it.
#[derive(Clone, Copy, Debug)]
pub struct Placed {
    /// Its market.
    pub market: MarketId,
    /// The cycle that decided it.
    pub cycle: CycleId,
    /// What was ordered.
    pub plan: OrderPlan,
}

/// Names of markets, orders by number.
#[derive(Clone, Debug, Default)]
pub struct Index {
    markets: BTreeMap<MarketId, Named>,
    orders: BTreeMap<OrderId, Placed>,
    calls: BTreeMap<u32, MarketId>,
}

#[derive(Clone, Debug)]
struct Named {
    slug: String,
    question: String,
}

/// How a market is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MarketWanted {
    /// By its number.
    Id(MarketId),
    /// By a text in its slug or question, lower case.
    Text(String),
}

impl std::str::FromStr for MarketWanted {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(text.parse().map_or_else(|_| Self::Text(text.to_lowercase()), |n| Self::Id(MarketId(n))))
    }
}

impl std::fmt::Display for MarketWanted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Id(id) => write!(f, "{id}"),
            Self::Text(text) => write!(f, "'{}'", plain(text)),
        }
    }
}

impl Index {
    /// What a state knows.
    pub fn of(state: &State) -> Self {
        let mut index = Self::default();
        for market in state.markets.iter() {
            let listed = &market.listed;
            index.name(listed.market, &listed.slug, &listed.question);
        }
        let placed = |o: &Order| (o.id, Placed { market: o.market, cycle: o.cycle, plan: o.plan });
        index.orders = state.orders.closed().chain(state.orders.open()).map(placed).collect();
        index
    }

    /// Takes note of what an event introduces.
    pub fn note(&mut self, envelope: &Envelope) {
        match &envelope.event {
            Event::Market(MarketEvent::Listed(listed)) => self.name(listed.market, &listed.slug, &listed.question),
            Event::Order(OrderEvent::Intended(intent)) => self.place(envelope, intent),
            Event::Model(ModelEvent::Requested(request)) => {
                self.calls.insert(request.call, request.market);
            }
            _ => {}
        }
    }

    fn name(&mut self, market: MarketId, slug: &str, question: &str) {
        let named = Named { slug: slug.to_owned(), question: question.to_owned() };
        self.markets.entry(market).or_insert(named);
    }

    fn place(&mut self, envelope: &Envelope, intent: &OrderIntended) {
        let placed = Placed { market: intent.market, cycle: envelope.cycle.unwrap_or_default(), plan: intent.plan };
        self.orders.insert(intent.order, placed);
    }

    /// An order.
    pub fn order(&self, order: OrderId) -> Option<&Placed> {
        self.orders.get(&order)
    }

    /// The market an event is about, by what it says or by what it refers to.
    pub fn market_of(&self, event: &Event) -> Option<MarketId> {
        if let Some(market) = event.market() {
            return Some(market);
        }
        let call = match event {
            Event::Model(ModelEvent::Replied(e)) => Some(e.call),
            Event::Model(ModelEvent::Failed(e)) => Some(e.call),
            Event::Model(ModelEvent::Rejected { call, .. }) => Some(*call),
            _ => None,
        };
        let asked = call.and_then(|c| self.calls.get(&c).copied());
        asked.or_else(|| event.order().and_then(|o| self.order(o)).map(|o| o.market))
    }

    /// A market's name, safe for a terminal and not too long.
    pub fn market_name(&self, market: MarketId) -> String {
        let Some(named) = self.markets.get(&market) else { return format!("market {market}") };
        let name = if named.question.is_empty() { &named.slug } else { &named.question };
        plain(&name.chars().take(60).collect::<String>())
    }

    /// Whether a market is one that is asked for.
    pub fn is_wanted(&self, market: MarketId, wanted: &MarketWanted) -> bool {
        match wanted {
            MarketWanted::Id(id) => *id == market,
            MarketWanted::Text(text) => self.markets.get(&market).is_some_and(|n| {
                n.slug.to_lowercase().contains(text.as_str()) || n.question.to_lowercase().contains(text.as_str())
            }),
        }
    }

    /// Every market that is asked for, in order.
    pub fn wanted<'a>(&'a self, wanted: &'a MarketWanted) -> impl Iterator<Item = MarketId> + 'a {
        self.markets.keys().copied().filter(move |m| self.is_wanted(*m, wanted))
    }
}
