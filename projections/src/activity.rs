//! How much was done lately: orders in the last minute, entries and fees in the last day.

use crate::Projection;
use schemas::event::{OrderEvent, Purpose, TradeKey};
use schemas::time::{NANOS_PER_DAY, NANOS_PER_SEC};
use schemas::{Cash, Envelope, Event, OrderId, UtcNanos};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Sliding windows over our own activity. Old entries leave as new ones come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    orders: VecDeque<UtcNanos>,
    entries: VecDeque<(UtcNanos, Cash)>,
    fees: VecDeque<(UtcNanos, OrderId, TradeKey, Cash)>,
}

const MINUTE: i64 = 60 * NANOS_PER_SEC;

impl Activity {
    /// Orders intended in the minute before `now`.
    pub fn orders_last_minute(&self, now: UtcNanos) -> u32 {
        let n = self.orders.iter().rev().take_while(|t| now.since(**t) < MINUTE).count();
        u32::try_from(n).unwrap_or(u32::MAX)
    }

    /// What the entries of the day before `now` could lose: turnover.
    pub fn turnover_last_day(&self, now: UtcNanos) -> Cash {
        sum(self.entries.iter().rev().take_while(|e| now.since(e.0) < NANOS_PER_DAY).map(|e| e.1))
    }

    /// Fees of the day before `now`.
    pub fn fees_last_day(&self, now: UtcNanos) -> Cash {
        sum(self.fees.iter().rev().take_while(|e| now.since(e.0) < NANOS_PER_DAY).map(|e| e.3))
    }
}

fn sum(amounts: impl Iterator<Item = Cash>) -> Cash {
    amounts.fold(Cash::ZERO, |a, b| a.plus(b).unwrap_or(Cash(i64::MAX)))
}

impl Projection for Activity {
    const NAME: &'static str = "activity";
    type Reads<'a> = ();

    #[inline]
    fn apply(&mut self, envelope: &Envelope, (): ()) {
        let Event::Order(event) = &envelope.event else { return };
        let now = envelope.time;
        match event {
            OrderEvent::Intended(intent) => {
                self.orders.push_back(now);
                while self.orders.front().is_some_and(|t| now.since(*t) >= MINUTE) {
                    self.orders.pop_front();
                }
                if intent.plan.purpose == Purpose::Entry {
                    self.entries.push_back((now, intent.worst_case_loss));
                }
                while self.entries.front().is_some_and(|e| now.since(e.0) >= NANOS_PER_DAY) {
                    self.entries.pop_front();
                }
            }
            OrderEvent::FillBooked(fill) => {
                self.fees.push_back((now, fill.order, fill.trade, fill.fee));
                while self.fees.front().is_some_and(|e| now.since(e.0) >= NANOS_PER_DAY) {
                    self.fees.pop_front();
                }
            }
            OrderEvent::FillVoided { order, trade, .. } => {
                self.fees.retain(|(_, o, t, _)| (o, t) != (order, trade));
            }
            _ => {}
        }
    }
}
