//! Orders whose fate is unknown. The same bytes are sent again until the venue says that it has them: it tells orders
//! apart by their hash, so this never makes two of one, while signing a new order could. Source: the simulated order
//! protocol in the project's reliability notes (naive retry doubled 28 % of orders, resending the same bytes none).

use crate::config::Config;
use crate::step::Step;
use projections::orders::{Order, OrderStatus};
use schemas::event::OrderEvent;
use schemas::{Event, UtcNanos};

/// Waiting grows with each attempt up to this many times the first distance.
const PATIENCE_MAX: u64 = 24;

/// When an order of unknown fate is due to be sent again.
pub(crate) fn resend_at(order: &Order, config: &Config) -> Option<UtcNanos> {
    if order.status != OrderStatus::Unknown {
        return None;
    }
    let doublings = u32::from(order.attempts.saturating_sub(1)).min(5);
    let factor = (1u64 << doublings).min(PATIENCE_MAX);
    Some(order.updated_at.plus_secs(u64::from(config.execution.unknown_resend_seconds).saturating_mul(factor)))
}

impl Step<'_> {
    pub fn resend_unknown(&mut self) {
        let now = self.now();
        let due: Vec<_> = self
            .state
            .orders
            .open()
            .filter(|o| resend_at(o, self.config).is_some_and(|at| at <= now))
            .map(|o| (o.id, o.attempts.saturating_add(1)))
            .collect();
        for (order, attempt) in due {
            self.emit(Event::Order(OrderEvent::ResendIntended { order, attempt }));
        }
    }
}
