//! The life of an order.

use super::super::variants::*;
use super::agent::plan;
use super::values::*;
use super::{each, nest, unnest};
use proptest::prelude::*;
use proptest::sample::select;
use schemas::Event;
use schemas::event::*;

fn say(event: impl Strategy<Value = OrderEvent> + 'static) -> BoxedStrategy<Event> {
    event.prop_map(Event::Order).boxed()
}

pub fn intended() -> BoxedStrategy<Event> {
    let intent = each!(OrderIntended {
        order: order(),
        market: market(),
        plan: plan(),
        worst_case_loss: cash(),
        salt: any::<u64>(),
        hash: hash(),
        signed: bytes(),
    });
    say(intent.prop_map(|e| OrderEvent::Intended(Box::new(e))))
}

pub fn accepted() -> BoxedStrategy<Event> {
    say(each!(OrderEvent::Accepted { order: order() }))
}

pub fn rejected() -> BoxedStrategy<Event> {
    say(each!(OrderEvent::Rejected { order: order(), reason: text() }))
}

pub fn unknown() -> BoxedStrategy<Event> {
    say(each!(OrderEvent::Unknown { order: order(), reason: text() }))
}

pub fn resend_intended() -> BoxedStrategy<Event> {
    say(each!(OrderEvent::ResendIntended { order: order(), attempt: any::<u16>() }))
}

pub fn fill_booked() -> BoxedStrategy<Event> {
    let fill = each!(FillBooked {
        order: order(),
        trade: trade_key(),
        token: token(),
        side: side(),
        price: price(),
        size: size(),
        fee: cash(),
        liquidity: select(LIQUIDITIES),
    });
    say(fill.prop_map(|e| OrderEvent::FillBooked(Box::new(e))))
}

pub fn fill_confirmed() -> BoxedStrategy<Event> {
    say(each!(OrderEvent::FillConfirmed { order: order(), trade: trade_key() }))
}

pub fn fill_voided() -> BoxedStrategy<Event> {
    say(each!(OrderEvent::FillVoided { order: order(), trade: trade_key(), reason: text() }))
}

pub fn cancel_intended() -> BoxedStrategy<Event> {
    say(each!(OrderEvent::CancelIntended { order: order(), reason: select(CANCEL_REASONS) }))
}

pub fn cancelled() -> BoxedStrategy<Event> {
    say(each!(OrderEvent::Cancelled { order: order(), reason: select(CANCEL_REASONS) }))
}

pub fn expired() -> BoxedStrategy<Event> {
    say(each!(OrderEvent::Expired { order: order() }))
}

pub fn position_settled() -> BoxedStrategy<Event> {
    let settled = each!(PositionSettled { token: token(), size: size(), payout: price(), cash: cash() });
    say(settled.prop_map(|e| OrderEvent::PositionSettled(Box::new(e))))
}
