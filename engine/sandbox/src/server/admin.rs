//! What an administrator may do: let the recording go on by hand, switch faults, settings and modes, change the grid of a
//! market or end it, look at everything.

use super::ServeError;
use super::owner::Owner;
use crate::gate::Mode;
use crate::{ByHand, ByHandError, Faults, Rate, Standing};
use polymarket::Address;
use schemas::event::Resolution;
use schemas::{Cash, Price, UtcNanos};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// An order of an administrator.
pub(super) enum Order {
    Step(Step),
    Faults(Option<Box<Faults>>),
    State(Change),
    /// Settings that are to be others; `None` asks.
    Settings(Option<Value>),
    Market(OfMarket),
}

/// How far the recording goes on: so many events, or so many seconds of its own time.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Step {
    events: usize,
    seconds: u64,
}

/// What is changed, if anything.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Change {
    mode: Option<Mode>,
    geoblocked: Option<bool>,
    closed_only: Option<bool>,
    clock_ahead_s: Option<i64>,
    /// Dollars by wallet.
    fund: BTreeMap<Address, Cash>,
    /// What is from now on held against accounts or wallets.
    standing: BTreeMap<Address, Standing>,
}

/// What happens to a market.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OfMarket {
    /// Its condition, one of its tokens, or its slug.
    market: String,
    tick: Option<Price>,
    resolve: Option<Resolution>,
}

/// Reads an order from a path and a body. An empty body asks without changing.
pub(super) fn read(path: &str, body: &[u8]) -> Result<Option<Order>, serde_json::Error> {
    let empty = body.iter().all(u8::is_ascii_whitespace);
    Ok(Some(match path {
        "/sandbox/step" if empty => Order::Step(Step { events: 1, seconds: 0 }),
        "/sandbox/step" => Order::Step(serde_json::from_slice(body)?),
        "/sandbox/faults" if empty => Order::Faults(None),
        "/sandbox/faults" => Order::Faults(Some(Box::new(serde_json::from_slice(body)?))),
        "/sandbox/state" if empty => Order::State(Change::default()),
        "/sandbox/state" => Order::State(serde_json::from_slice(body)?),
        "/sandbox/settings" if empty => Order::Settings(None),
        "/sandbox/settings" => Order::Settings(Some(serde_json::from_slice(body)?)),
        "/sandbox/market" => Order::Market(serde_json::from_slice(body)?),
        _ => return Ok(None),
    }))
}

impl Owner {
    pub(super) fn obey(&mut self, order: Order) -> Result<(u16, Value), ServeError> {
        Ok(match order {
            Order::Step(step) => {
                let mut fed = self.feed_until(UtcNanos(i64::MAX), step.events)?;
                if step.seconds > 0 {
                    let until = self.there.plus_secs(step.seconds);
                    fed += self.feed_until(until, usize::MAX)?;
                    self.there = until;
                }
                let now = self.venue_now();
                self.send_due(now);
                (200, json!({ "fed": fed, "now": now, "recording": self.there, "ended": self.is_at_end() }))
            }
            Order::Faults(faults) => {
                if let Some(faults) = faults {
                    self.venue.set_faults(*faults);
                }
                (200, json!({ "faults": self.venue.faults(), "always": Rate::ALWAYS }))
            }
            Order::State(change) => {
                if let Some(mode) = change.mode {
                    self.venue.set_mode(mode);
                }
                let settings = self.venue.settings_mut();
                settings.geoblocked = change.geoblocked.unwrap_or(settings.geoblocked);
                settings.closed_only = change.closed_only.unwrap_or(settings.closed_only);
                settings.clock_ahead_s = change.clock_ahead_s.unwrap_or(settings.clock_ahead_s);
                settings.standing.extend(change.standing);
                for (wallet, cash) in change.fund {
                    self.venue.fund(wallet, cash);
                }
                let body = json!({
                    "now": self.venue_now(), "recording": self.there, "fed": self.fed, "ended": self.is_at_end(),
                    "accounts": self.venue.accounts(), "faults": self.venue.faults(),
                });
                (200, body)
            }
            Order::Settings(change) => match change.map(|c| self.venue.settings().changed(c)).transpose() {
                Ok(changed) => {
                    if let Some(changed) = changed {
                        *self.venue.settings_mut() = changed;
                    }
                    (200, json!({ "settings": self.venue.settings() }))
                }
                Err(e) => (400, json!({ "error": e.to_string() })),
            },
            Order::Market(order) => match self.change_market(&order) {
                Ok(()) => {
                    let now = self.venue_now();
                    self.send_due(now);
                    (200, json!({ "market": order.market, "now": now }))
                }
                Err(e @ ByHandError::Unknown(_)) => (404, json!({ "error": e.to_string() })),
                Err(e) => (400, json!({ "error": e.to_string() })),
            },
        })
    }

    /// The grid first: a market that is over has none to change.
    fn change_market(&mut self, order: &OfMarket) -> Result<(), ByHandError> {
        let now = self.venue_now();
        if order.tick.is_none() && order.resolve.is_none() {
            return Err(ByHandError::Nothing);
        }
        if let Some(tick) = order.tick {
            self.venue.by_hand(&order.market, ByHand::Tick(tick), now)?;
        }
        if let Some(resolution) = order.resolve {
            self.venue.by_hand(&order.market, ByHand::Resolve(resolution), now)?;
        }
        Ok(())
    }
}
