//! The kill switch: who throws it, what each level does, and how it is released.

use crate::order;
use crate::step::Step;
use crate::venues::may_trade;
use projections::markets::Market;
use projections::orders::{Order, OrderStatus};
use schemas::event::{
    AccountEvent, Action, CancelReason, KillLevel, KillSource, Mode, OperatorCommand, OrderEvent, OrderPlan, Purpose,
    Style, SystemEvent, TimeInForce,
};
use schemas::{Cash, Event, OrderId, Price, Rounding, Side, Size, TokenId, UtcNanos};

/// The most that a test order may cost.
const TEST_ORDER_MAX: Cash = Cash(5_000_000);

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
            OperatorCommand::CancelMarket(market) => {
                self.cancel_where(CancelReason::Operator, |o| o.market == *market);
            }
            OperatorCommand::TestOrder { token, price, size, expires } => {
                self.test_order(*token, *price, *size, *expires);
            }
            OperatorCommand::Stop => self.cancel_where(CancelReason::Shutdown, |_| true),
            OperatorCommand::Note(_) => {}
        }
    }

    /// Places what an operator asks for to see that orders arrive. It may only rest, costs at most a few dollars, and is the
    /// only order there is; anything else is not placed. The switch at `NoNewRisk` lets it pass: a person asks for it by
    /// name, and it is not meant to trade.
    fn test_order(&mut self, token: TokenId, price: Price, size: Size, expires: UtcNanos) {
        let tradable = |m: &&Market| m.is_open() && may_trade(self.config, m);
        let Some(market) = self.state.markets.get(token.market()).filter(tradable) else { return };
        let Ok(worst) = price.notional(size, Rounding::Ceil) else { return };
        let stopped = self.state.kill.lets_nothing_stand() || self.state.kill.halted.is_some();
        let fits = price.on_grid(market.tick) && size >= market.min_size && worst <= TEST_ORDER_MAX;
        if stopped || !fits || expires <= self.now() || !self.state.orders.none_open() {
            return;
        }
        let plan = OrderPlan {
            action: Action { token, side: Side::Buy },
            purpose: Purpose::Entry,
            style: Style::Maker,
            price,
            size,
            tif: TimeInForce::Gtd,
            post_only: true,
            expires,
            stop: Price::ZERO,
            target: Price::ZERO,
        };
        let order = self.state.orders.next_id();
        let making =
            order::Making { order, market: &market.listed, tick: market.tick, plan: &plan, worst, time: self.now() };
        if let Ok(intent) = order::intended(&making, self.config.account.as_ref()) {
            self.emit(Event::Order(OrderEvent::Intended(Box::new(intent))));
        }
    }

    pub fn on_account(&mut self, event: &AccountEvent) {
        if matches!(event, AccountEvent::ReconcileMismatch { .. }) && self.state.kill.level == KillLevel::Off {
            self.throw(KillLevel::NoNewRisk, KillSource::Reconcile);
        }
    }

    /// What room the disk has left is for exits.
    pub fn on_disk_low(&mut self) {
        if self.state.kill.level == KillLevel::Off {
            self.throw(KillLevel::NoNewRisk, KillSource::Fault);
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
        if level == KillLevel::Off && self.state.kill.level == KillLevel::Off {
            return;
        }
        self.emit(Event::System(SystemEvent::KillSwitch { level, source }));
    }

    /// The switch was thrown: entries go at every level, all orders from `CancelAll` on, positions at `Flatten`.
    pub fn on_kill(&mut self, level: KillLevel) {
        self.cancel_where(CancelReason::Kill, |o| level >= KillLevel::CancelAll || o.plan.purpose == Purpose::Entry);
        if level == KillLevel::Flatten {
            self.consider_all_exits();
        }
    }

    pub fn cancel_where(&mut self, reason: CancelReason, wanted: impl Fn(&Order) -> bool) {
        let orders: Vec<OrderId> =
            self.state.orders.open().filter(|o| !o.cancelling && wanted(o)).map(|o| o.id).collect();
        for order in orders {
            self.emit(Event::Order(OrderEvent::CancelIntended { order, reason }));
        }
    }

    /// An answer that comes after the switch was thrown, or the run told to end: the order must go all the same. And a
    /// cancel that overtook an order which had to be sent again found nothing to cancel.
    fn on_accepted(&mut self, id: OrderId) {
        let kill = &self.state.kill;
        let killed = kill.lets_nothing_stand();
        let reason = match killed {
            true if kill.stopping => CancelReason::Shutdown,
            true => CancelReason::Kill,
            false => CancelReason::ViewChanged,
        };
        let open = self.state.orders.get(id).filter(|o| !o.status.is_final());
        if open.is_some_and(|o| if o.cancelling { o.attempts > 1 } else { killed }) {
            self.emit(Event::Order(OrderEvent::CancelIntended { order: id, reason }));
        }
    }

    pub fn on_order(&mut self, event: &OrderEvent) {
        match event {
            OrderEvent::Accepted { order } => self.on_accepted(*order),
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
