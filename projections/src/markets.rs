//! What is known about every market: its listing, its present grid and fee, whether it trades, how it ended.

use crate::Projection;
use schemas::event::{FeeSchedule, MarketChange, MarketEvent, MarketListed, MarketStatus, Resolution};
use schemas::{Envelope, Event, MarketId, Price, Prob, Size, UtcNanos};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One market.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Market {
    /// As it was listed.
    pub listed: MarketListed,
    /// Present price grid.
    pub tick: Price,
    /// Present smallest order.
    pub min_size: Size,
    /// Present fee.
    pub fee: FeeSchedule,
    /// Whether it trades.
    pub status: MarketStatus,
    /// How it ended.
    pub resolved: Option<Resolution>,
    /// When it ended.
    pub resolved_at: UtcNanos,
    /// Number of its event, from 0 in order of appearance.
    pub group: u32,
    /// Number of its category, from 0 in order of appearance.
    pub category: u32,
    /// The chance of YES as a venue without an order book puts it; `None` if it never said.
    pub signal: Option<Signal>,
}

/// What a venue without an order book says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signal {
    /// The chance of YES.
    pub probability: Prob,
    /// When it came in.
    pub time: UtcNanos,
}

impl Market {
    /// Whether orders make sense.
    pub fn is_open(&self) -> bool {
        self.status == MarketStatus::Open && self.resolved.is_none()
    }
}

/// Every market of the log, by number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Markets {
    list: Vec<Market>,
    groups: BTreeMap<String, u32>,
    categories: BTreeMap<String, u32>,
    resolved: u32,
}

impl Markets {
    /// One market; `None` if the log has not listed it.
    pub fn get(&self, id: MarketId) -> Option<&Market> {
        self.list.get(id.index())
    }

    /// All markets in the order they were listed.
    pub fn iter(&self) -> impl Iterator<Item = &Market> {
        self.list.iter()
    }

    /// How many are listed.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether none is listed.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether orders can go to where a market is. A market that is not listed counts as one of our own.
    #[inline]
    pub fn takes_orders(&self, id: MarketId) -> bool {
        self.get(id).is_none_or(|m| m.listed.venue.takes_orders())
    }

    /// How many are resolved.
    pub fn resolved_count(&self) -> u32 {
        self.resolved
    }

    /// The name of a category by its number.
    pub fn category_name(&self, number: u32) -> &str {
        self.categories.iter().find(|(_, n)| **n == number).map_or("", |(name, _)| name)
    }

    fn list(&mut self, listed: &MarketListed) {
        // Numbers are given out in order; a repeated listing (a second run over the same feed) changes nothing.
        if listed.market.index() != self.list.len() {
            return;
        }
        let group = number_of(&mut self.groups, &listed.group);
        let category = number_of(&mut self.categories, &listed.category);
        self.list.push(Market {
            tick: listed.tick,
            min_size: listed.min_size,
            fee: listed.fee,
            status: MarketStatus::Open,
            resolved: None,
            resolved_at: UtcNanos::ZERO,
            group,
            category,
            signal: None,
            listed: listed.clone(),
        });
    }
}

fn number_of(names: &mut BTreeMap<String, u32>, name: &str) -> u32 {
    let next = u32::try_from(names.len()).unwrap_or(u32::MAX);
    *names.entry(name.to_owned()).or_insert(next)
}

impl Projection for Markets {
    const NAME: &'static str = "markets";
    type Reads<'a> = ();

    fn apply(&mut self, envelope: &Envelope, (): ()) {
        let Event::Market(event) = &envelope.event else { return };
        match event {
            MarketEvent::Listed(listed) => self.list(listed),
            MarketEvent::Changed { market, change } => {
                let Some(m) = self.list.get_mut(market.index()) else { return };
                match *change {
                    MarketChange::Tick(tick) => m.tick = tick,
                    MarketChange::Status(status) => m.status = status,
                    MarketChange::Fee(fee) => m.fee = fee,
                    MarketChange::MinSize(size) => m.min_size = size,
                }
            }
            MarketEvent::Resolved { market, resolution } => {
                let Some(m) = self.list.get_mut(market.index()) else { return };
                if m.resolved.is_none() {
                    m.resolved = Some(*resolution);
                    m.resolved_at = envelope.time;
                    m.status = MarketStatus::Closed;
                    self.resolved += 1;
                }
            }
            MarketEvent::Probability { market, probability, .. } => {
                let Some(m) = self.list.get_mut(market.index()) else { return };
                m.signal = Some(Signal { probability: *probability, time: envelope.time });
            }
            _ => {}
        }
    }
}
