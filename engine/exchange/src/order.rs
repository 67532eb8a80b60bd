//! Orders as the exchange sees them, and their translation into the one YES book.

use crate::account::AccountId;
use schemas::event::{FeeSchedule, OrderPlan, TimeInForce};
use schemas::{
    Bytes32, Cash, CycleId, MoneyError, OrderId, Outcome, Price, Rounding, Seq, Side, Size, TokenId, UtcNanos,
};
use serde::{Deserialize, Serialize};

/// An order as a client sends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incoming {
    /// The client.
    pub account: AccountId,
    /// The client's number of it.
    pub order: OrderId,
    /// Its hash: what tells orders apart.
    pub hash: Bytes32,
    /// The token it names.
    pub token: TokenId,
    /// Buy or sell.
    pub side: Side,
    /// Its limit, in the token's own price.
    pub price: Price,
    /// Its size.
    pub size: Size,
    /// How long it stands.
    pub tif: TimeInForce,
    /// Refused rather than taking.
    pub post_only: bool,
    /// End of a GTD order.
    pub expires: UtcNanos,
    /// The event that sent it.
    pub cause: Option<Seq>,
    /// The cycle it belongs to.
    pub cycle: Option<CycleId>,
}

impl Incoming {
    pub(crate) fn of(plan: &OrderPlan, account: AccountId, order: OrderId, hash: Bytes32) -> Self {
        Self {
            account,
            order,
            hash,
            token: plan.action.token,
            side: plan.action.side,
            price: plan.price,
            size: plan.size,
            tif: plan.tif,
            post_only: plan.post_only,
            expires: plan.expires,
            cause: None,
            cycle: None,
        }
    }

    /// Which side of the YES book it joins: buying YES and selling NO bid.
    pub fn book_side(&self) -> Side {
        if (self.side == Side::Buy) == (self.token.outcome() == Outcome::Yes) { Side::Buy } else { Side::Sell }
    }

    /// Its limit as a YES price.
    pub fn book_price(&self) -> Price {
        own_price(self.token, self.price)
    }

    /// What a purchase of `size` can cost at its limit; nothing for sales.
    pub fn cost(&self, size: Size, fee: FeeSchedule) -> Result<Cash, MoneyError> {
        match self.side {
            Side::Sell => Ok(Cash::ZERO),
            Side::Buy if self.post_only => self.price.notional(size, Rounding::Ceil),
            Side::Buy => self.price.notional(size, Rounding::Ceil)?.plus(fee.taker_fee(self.price, size)?),
        }
    }
}

/// A YES price as the price of `token`, and back: the two are complements for NO.
pub fn own_price(token: TokenId, price: Price) -> Price {
    match token.outcome() {
        Outcome::Yes => price,
        Outcome::No => price.complement(),
    }
}

/// An order on the book.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resting {
    /// As it came.
    pub order: Incoming,
    /// What is not filled.
    pub remaining: Size,
    /// Recorded liquidity that was there first.
    pub ahead: Size,
    /// Arrival number.
    pub arrival: u64,
}
