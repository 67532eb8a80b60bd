//! The life of an order.

use super::{of_token, plan};
use crate::index::Index;
use console::words::word;
use schemas::OrderId;
use schemas::event::OrderEvent;

pub(super) fn describe(event: &OrderEvent, index: &Index) -> String {
    let named = |order: &OrderId| match index.order(*order) {
        Some(o) => format!("order {order} ({} {} at {})", super::action(o.plan.action), o.plan.size, o.plan.price),
        None => format!("order {order}"),
    };
    match event {
        OrderEvent::Intended(i) => format!(
            "order {}: {}, at most ${} lost, {} bytes, hash {}",
            i.order,
            plan(&i.plan),
            i.worst_case_loss,
            i.signed.len(),
            i.hash.short(12)
        ),
        OrderEvent::Accepted { order } => format!("{} accepted", named(order)),
        OrderEvent::Rejected { order, reason } => format!("{} refused: {reason}", named(order)),
        OrderEvent::Unknown { order, reason } => format!("{}: fate unknown, {reason}", named(order)),
        OrderEvent::ResendIntended { order, attempt } => format!("{}: sent again, attempt {attempt}", named(order)),
        OrderEvent::FillBooked(f) => format!(
            "order {}: {} {} {} at {}, {}, fee ${}, trade {}",
            f.order,
            f.side,
            f.size,
            f.token.outcome(),
            f.price,
            word(&f.liquidity),
            f.fee,
            f.trade
        ),
        OrderEvent::FillConfirmed { order, trade } => format!("order {order}: trade {trade} is final"),
        OrderEvent::FillVoided { order, trade, reason } => {
            format!("order {order}: trade {trade} did not settle, {reason}")
        }
        OrderEvent::CancelIntended { order, reason } => format!("{}: cancel ({})", named(order), word(reason)),
        OrderEvent::Cancelled { order, reason } => format!("{} cancelled ({})", named(order), word(reason)),
        OrderEvent::Expired { order } => format!("{} expired", named(order)),
        OrderEvent::PositionSettled(s) => {
            format!("{} of {} paid {} each: ${}", s.size, of_token(s.token), s.payout, s.cash)
        }
    }
}
