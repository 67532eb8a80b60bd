//! Orders whose fate is unknown. The same bytes are sent again until the venue says that it has them: it tells orders
//! apart by their hash, so this never makes two of one, while signing a new order could. Source: the simulated order
//! protocol in the project's reliability notes (naive retry doubled 28 % of orders, resending the same bytes none).

use crate::config::Config;
use crate::step::Step;
use projections::State;
use projections::orders::{Order, OrderStatus};
use schemas::event::{KillLevel, OrderEvent, Purpose};
use schemas::{Event, UtcNanos};

/// Waiting grows with each attempt up to this many times the first distance.
const PATIENCE_MAX: u64 = 24;

/// When an order of unknown fate is due to be sent again.
///
/// An entry is not sent again to a venue while the kill switch is on: if the first attempt never arrived, the second would
/// buy; nor is one that is stale, or any while the run is ending. The venue's port looks for it there, and says when it
/// can be given up. The simulated exchange has nobody to look.
pub(crate) fn resend_at(order: &Order, state: &State, config: &Config) -> Option<UtcNanos> {
    let killed = order.plan.purpose == Purpose::Entry && state.kill.level != KillLevel::Off;
    let held_back = config.account.is_some() && (killed || order.is_stale(state.time) || state.kill.stopping);
    if order.status != OrderStatus::Unknown || held_back {
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
            .filter(|o| resend_at(o, self.state, self.config).is_some_and(|at| at <= now))
            .map(|o| (o.id, o.attempts.saturating_add(1)))
            .collect();
        for (order, attempt) in due {
            self.emit(Event::Order(OrderEvent::ResendIntended { order, attempt }));
        }
    }
}
