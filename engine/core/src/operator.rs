//! The kill switch: who throws it, what each level does, and how it is released.

use crate::core::Step;
use projections::orders::{Order, OrderStatus};
use schemas::event::{
    AccountEvent, CancelReason, KillLevel, KillSource, Mode, OperatorCommand, OrderEvent, Purpose, SystemEvent,
};
use schemas::money::mul_div;
use schemas::{Event, MarketId, OrderId, Rounding};

impl Step<'_> {
    /// A process started: the configured kill switch, and what a crash left without an answer.
    pub fn on_start(&mut self) {
        if self.config.risk.kill_switch && self.state.kill.level == KillLevel::Off {
            self.throw(KillLevel::NoNewRisk, KillSource::Operator);
        }
        // On paper the exchange is folded from the same log and answers by itself.
        if self.state.run.mode() == Some(Mode::Live) {
            let silent: Vec<OrderId> =
                self.state.orders.open().filter(|o| o.status == OrderStatus::Intended).map(|o| o.id).collect();
            for order in silent {
                let reason = "the process ended before an answer came".to_owned();
                self.emit(Event::Order(OrderEvent::Unknown { order, reason }));
            }
        }
    }

    pub fn on_command(&mut self, command: &OperatorCommand) {
        match command {
            OperatorCommand::Kill(level) => self.throw(*level, KillSource::Operator),
            OperatorCommand::CancelAll => self.cancel_where(CancelReason::Operator, |_| true),
            OperatorCommand::Note(_) => {}
        }
    }

    pub fn on_account(&mut self, event: &AccountEvent) {
        if matches!(event, AccountEvent::ReconcileMismatch { .. }) && self.state.kill.level == KillLevel::Off {
            self.throw(KillLevel::NoNewRisk, KillSource::Reconcile);
        }
    }

    /// Throws the switch if a loss limit is broken. Returns whether it did.
    pub fn watch_limits(&mut self) -> bool {
        let level = self.config.risk.kill_level_on_limit;
        if self.state.kill.level >= level {
            return false;
        }
        let equity = &self.state.equity;
        let source = if equity.daily_loss() >= self.config.risk.daily_loss_limit_usdc {
            KillSource::DailyLoss
        } else if i64::from(equity.drawdown_ppm()) * 100 >= self.config.risk.max_drawdown_pct.0 {
            KillSource::Drawdown
        } else {
            return false;
        };
        self.throw(level, source);
        true
    }

    fn throw(&mut self, level: KillLevel, source: KillSource) {
        self.emit(Event::System(SystemEvent::KillSwitch { level, source }));
    }

    /// The switch was thrown: entries go at every level, all orders from `CancelAll` on, positions at `Flatten`.
    pub fn on_kill(&mut self, level: KillLevel) {
        self.cancel_where(CancelReason::Kill, |o| level >= KillLevel::CancelAll || o.plan.purpose == Purpose::Entry);
        if level == KillLevel::Flatten {
            let mut markets: Vec<MarketId> = self.state.positions.held_all().map(|(t, _)| t.market()).collect();
            markets.dedup();
            for market in markets {
                self.consider_exits(market);
            }
        }
    }

    pub fn cancel_where(&mut self, reason: CancelReason, wanted: impl Fn(&Order) -> bool) {
        let orders: Vec<OrderId> =
            self.state.orders.open().filter(|o| !o.cancelling && wanted(o)).map(|o| o.id).collect();
        for order in orders {
            self.emit(Event::Order(OrderEvent::CancelIntended { order, reason }));
        }
    }

    pub fn on_order(&mut self, event: &OrderEvent) {
        match event {
            // An answer that comes after the switch was thrown: the order must go all the same.
            OrderEvent::Accepted { order } if self.state.kill.level >= KillLevel::CancelAll => {
                let id = *order;
                self.cancel_where(CancelReason::Kill, |o| o.id == id);
            }
            // A cancel that overtook an order which had to be sent again found nothing to cancel.
            OrderEvent::Accepted { order } => {
                let id = *order;
                if self.state.orders.get(id).is_some_and(|o| o.cancelling && o.attempts > 1 && !o.status.is_final()) {
                    let reason = CancelReason::ViewChanged;
                    self.emit(Event::Order(OrderEvent::CancelIntended { order: id, reason }));
                }
            }
            OrderEvent::FillBooked(_) | OrderEvent::FillVoided { .. } => {
                self.watch_limits();
            }
            OrderEvent::PositionSettled(settled) => {
                self.reflect(settled);
                self.watch_limits();
            }
            _ => {}
        }
    }
}

/// The share of `total` that `pct` percent (in millionths of a percent) makes.
pub(crate) fn percent_of(total: schemas::Cash, pct: schemas::Cash) -> schemas::Cash {
    mul_div(total.0, pct.0, 100_000_000, Rounding::Floor).map_or(schemas::Cash::ZERO, schemas::Cash)
}
