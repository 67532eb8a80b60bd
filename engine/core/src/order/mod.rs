//! The exact bytes of an order and its id, computed before anything leaves. Without an account at a venue these are this
//! project's own canonical bytes; with one they are what the venue is posted, but for the signature, which the port that
//! holds the key puts in before the order is logged.

mod signing;
mod venue;

pub use signing::{is_sendable, sign_body};
pub use venue::VenueError;
pub(crate) use venue::named_size;

use crate::config::AccountConfig;
use schemas::event::{MarketListed, OrderIntended, OrderPlan, TimeInForce};
use schemas::{Bytes32, Cash, OrderId, Price, Side, UtcNanos};

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

/// What an order is made of.
pub(crate) struct Making<'a> {
    pub order: OrderId,
    pub market: &'a MarketListed,
    /// The market's grid now; it may be finer than when it was listed.
    pub tick: Price,
    pub plan: &'a OrderPlan,
    pub worst: Cash,
    /// The moment of the decision.
    pub time: UtcNanos,
}

/// The order as it will leave. With an account it is not signed yet.
pub(crate) fn intended(making: &Making<'_>, account: Option<&AccountConfig>) -> Result<OrderIntended, VenueError> {
    let Making { order, market, tick, plan, worst, time } = *making;
    let salt = salt(order);
    let (signed, hash) = match account {
        None => {
            let bytes = order_bytes(order, market, plan, salt);
            let hash = Bytes32(*blake3::hash(&bytes).as_bytes());
            (bytes, hash)
        }
        Some(account) => venue::unsigned(account, market, tick, plan, salt, time)?,
    };
    Ok(OrderIntended { order, market: market.market, plan: *plan, worst_case_loss: worst, salt, hash, signed })
}

/// Whether a recorded intent is the one that is owed: the same order, signed or not.
pub(crate) fn is_owed(owed: &OrderIntended, found: &OrderIntended) -> bool {
    let OrderIntended { order, market, plan, worst_case_loss, salt, hash, signed } = found;
    let same = (*order, *market, plan, *worst_case_loss, *salt, *hash)
        == (owed.order, owed.market, &owed.plan, owed.worst_case_loss, owed.salt, owed.hash);
    same && (*signed == owed.signed || signing::is_signed_form(&owed.signed, signed))
}
