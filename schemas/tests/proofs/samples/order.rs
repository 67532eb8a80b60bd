//! The life of an order.

use super::agent::plan;
use super::{cancel_reasons, hash};
use schemas::event::*;
use schemas::{Cash, Event, MarketId, OrderId, Price, Side, Size, TokenId};

const TRADE: TradeKey = TradeKey(0x0123_4567_89ab_cdef_fedc_ba98_7654_3210);

fn fill(order: u32, liquidity: Liquidity) -> FillBooked {
    FillBooked {
        order: OrderId(order),
        trade: TRADE,
        token: TokenId(4),
        side: Side::Buy,
        price: Price(389_000),
        size: Size(12_500_000),
        fee: Cash(89_210),
        liquidity,
    }
}

/// Twelve kinds.
pub fn samples() -> Vec<Event> {
    let mut events = vec![
        OrderEvent::Intended(Box::new(OrderIntended {
            order: OrderId(1),
            market: MarketId(2),
            plan: plan(),
            worst_case_loss: Cash(7_942_740),
            salt: 0xfedc_ba98_7654_3210,
            hash: hash(0xc0),
            signed: b"\x00the exact bytes\xff".to_vec(),
        })),
        OrderEvent::Accepted { order: OrderId(2) },
        OrderEvent::Rejected { order: OrderId(3), reason: "not enough balance / allowance".to_owned() },
        OrderEvent::Unknown { order: OrderId(4), reason: "connection reset".to_owned() },
        OrderEvent::ResendIntended { order: OrderId(5), attempt: 2 },
        OrderEvent::FillBooked(Box::new(fill(6, Liquidity::Maker))),
        OrderEvent::FillBooked(Box::new(fill(7, Liquidity::Taker))),
        OrderEvent::FillConfirmed { order: OrderId(8), trade: TRADE },
        OrderEvent::FillVoided { order: OrderId(9), trade: TradeKey(u128::MAX), reason: "FAILED".to_owned() },
    ];
    events.extend(
        (10..).zip(cancel_reasons()).map(|(n, reason)| OrderEvent::CancelIntended { order: OrderId(n), reason }),
    );
    events.extend((20..).zip(cancel_reasons()).map(|(n, reason)| OrderEvent::Cancelled { order: OrderId(n), reason }));
    events.push(OrderEvent::Expired { order: OrderId(30) });
    events.push(OrderEvent::PositionSettled(Box::new(PositionSettled {
        token: TokenId(4),
        size: Size(12_500_001),
        payout: Price::ONE,
        cash: Cash(12_500_002),
    })));
    events.into_iter().map(Event::Order).collect()
}
