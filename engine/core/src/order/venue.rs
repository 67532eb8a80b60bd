//! An order as Polymarket takes it (reference: its order struct and `POST /order`, CLOB V2 and ExchangeV3).

use crate::config::AccountConfig;
use polymarket::amounts::{self, AmountError, Tick};
use polymarket::{Chain, ChainError, Domain, Generation, Order, OrderError, OrderType, SignatureType, Terms};
use schemas::event::{MarketListed, OrderPlan, TimeInForce};
use schemas::time::{NANOS_PER_MS, NANOS_PER_SEC};
use schemas::{Bytes32, Outcome, Price, Side, Size, UtcNanos};

/// Why a plan is no order that the venue would take. Found before anything is signed.
#[derive(Debug, thiserror::Error)]
pub enum VenueError {
    /// The account names a chain that the venue is not on.
    #[error("chain id {0} is not one of the venue's")]
    Chain(u64),
    /// The market is of a generation whose orders this build does not know.
    #[error("the market is of protocol generation {0}, whose orders this build does not know")]
    Generation(u8),
    /// The exchange is not on that chain.
    #[error(transparent)]
    Contract(#[from] ChainError),
    /// Price, size and tick make no amounts.
    #[error(transparent)]
    Amount(#[from] AmountError),
    /// The parts of the order do not fit together.
    #[error(transparent)]
    Order(#[from] OrderError),
    /// The time is before 1970.
    #[error("the order's time does not fit")]
    Time,
}

/// The size that an order of a plan really has at the venue, which counts purchases that take in whole cents; so do the
/// simulated exchange's, or it would trade what the venue does not. At most `size`. Grids that the venue does not have leave
/// it as it is.
pub(crate) fn named_size(tick: Price, side: Side, price: Price, size: Size, takes: bool) -> Size {
    match Tick::new(tick) {
        Ok(tick) if takes && side == Side::Buy => amounts::taking(tick, price, size).unwrap_or(size),
        _ => size,
    }
}

/// The body to be posted, without signature and owner, and the order's id.
pub(super) fn unsigned(
    account: &AccountConfig,
    market: &MarketListed,
    tick: Price,
    plan: &OrderPlan,
    salt: u64,
    time: UtcNanos,
) -> Result<(Vec<u8>, Bytes32), VenueError> {
    let chain = Chain::by_id(account.chain_id).ok_or(VenueError::Chain(account.chain_id))?;
    let generation = match market.protocol {
        2 => Generation::V2,
        3 => Generation::V3,
        other => return Err(VenueError::Generation(other)),
    };
    let order_type = match plan.tif {
        TimeInForce::Gtc => OrderType::Gtc,
        TimeInForce::Gtd => OrderType::Gtd,
        TimeInForce::Fok => OrderType::Fok,
        TimeInForce::Fak => OrderType::Fak,
    };
    let side = plan.action.side;
    let amounts = amounts::exact(Tick::new(tick)?, side, plan.price, plan.size, order_type)?;
    let signer = match account.signature_type {
        SignatureType::DepositWallet => account.maker,
        _ => account.signer,
    };
    let order = Order {
        salt,
        maker: account.maker,
        signer,
        token: market.tokens[usize::from(plan.action.token.outcome() == Outcome::No)],
        maker_amount: amounts.maker,
        taker_amount: amounts.taker,
        side,
        signature_type: account.signature_type,
        timestamp_ms: u64::try_from(time.0 / NANOS_PER_MS).map_err(|_| VenueError::Time)?,
        metadata: Bytes32::ZERO,
        builder: account.builder,
    };
    order.check()?;
    // The venue ends an order a minute before the time it names, and counts whole seconds: it ends no later than planned.
    let expiration_s = match plan.tif {
        TimeInForce::Gtd => {
            let ends = u64::try_from(plan.expires.0 / NANOS_PER_SEC).map_err(|_| VenueError::Time)?;
            ends.saturating_add(polymarket::GTD_EARLY_S)
        }
        _ => 0,
    };
    let terms = Terms { order_type, expiration_s, post_only: plan.post_only, defer_exec: false };
    terms.check()?;
    let id = order.id(&Domain::exchange(chain, generation, market.neg_risk)?);
    Ok((polymarket::post_body(&order, &[], "", &terms), id))
}
