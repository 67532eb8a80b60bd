//! The exact bytes of an order and its id, computed before anything leaves. On paper these are this project's own
//! canonical bytes; a venue that asks for a signature gets its own from the port that signs, in the same place.

use schemas::event::{MarketListed, OrderIntended, OrderPlan, TimeInForce};
use schemas::{Bytes32, Cash, OrderId, Side};

/// The canonical bytes of an order on the simulated exchange: a fixed layout, big-endian.
pub fn order_bytes(order: OrderId, market: &MarketListed, plan: &OrderPlan, salt: u64) -> Vec<u8> {
    let mut b = Vec::with_capacity(160);
    b.extend_from_slice(b"AAord1");
    b.extend_from_slice(&order.0.to_be_bytes());
    b.extend_from_slice(&market.condition.0);
    b.extend_from_slice(&market.tokens[usize::from(plan.action.token.0 & 1 == 1)].0);
    b.extend_from_slice(&plan.action.token.0.to_be_bytes());
    b.push(u8::from(plan.action.side == Side::Sell));
    b.extend_from_slice(&plan.price.0.to_be_bytes());
    b.extend_from_slice(&plan.size.0.to_be_bytes());
    b.push(match plan.tif {
        TimeInForce::Gtc => 0,
        TimeInForce::Gtd => 1,
        TimeInForce::Fok => 2,
        TimeInForce::Fak => 3,
    });
    b.push(u8::from(plan.post_only));
    b.extend_from_slice(&plan.expires.0.to_be_bytes());
    b.extend_from_slice(&salt.to_be_bytes());
    b
}

/// The salt of an order: from its number, so that deciding again after a crash gives the same bytes. 53 bits, because
/// venues carry it as a JSON number.
fn salt(order: OrderId) -> u64 {
    let hash = blake3::hash(&order.0.to_be_bytes());
    let mut first = [0u8; 8];
    first.copy_from_slice(&hash.as_bytes()[..8]);
    u64::from_be_bytes(first) >> 11
}

pub(crate) fn intended(order: OrderId, market: &MarketListed, plan: &OrderPlan, worst: Cash) -> OrderIntended {
    let salt = salt(order);
    let signed = order_bytes(order, market, plan, salt);
    OrderIntended {
        order,
        market: market.market,
        plan: *plan,
        worst_case_loss: worst,
        salt,
        hash: Bytes32(*blake3::hash(&signed).as_bytes()),
        signed,
    }
}
