//! What the venue holds against an account, and refusals that no order deserves.

use crate::answer::Response;
use crate::faults::Fault;
use crate::venue::Venue;
use exchange::Incoming;
use polymarket::Address;
use schemas::Side;
use serde::{Deserialize, Serialize};

/// Whether an account or a wallet may trade.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It may.
    #[default]
    Normal,
    /// It may only sell what it has.
    ClosedOnly,
    /// It may not; what stands may be cancelled.
    Banned,
}

/// Refusals of any order: nothing of it is kept. Behind "match delayed" there would be an order, so that is no such one.
const ANY: [(Fault, u16, &str); 2] = [
    (Fault::not_ready, 400, "the market is not yet ready to process new orders"),
    (Fault::cancelled_on_chain, 400, "order canceled in the CTF exchange contract"),
];

/// Refusals of orders that take.
const TAKING: [(Fault, u16, &str); 2] = [
    (Fault::rounding_error, 500, "the trade contains rounding issues"),
    (
        Fault::price_discrepancy,
        500,
        "the price of the taker's order has a discrepancy greater than allowed with the worst maker order",
    ),
];

impl Venue {
    /// The worse of what is held against an account and its wallet.
    pub(crate) fn standing(&self, owner: Address, maker: Address) -> Standing {
        let of = |who| self.settings.standing.get(&who).copied().unwrap_or_default();
        let by_all = if self.settings.closed_only { Standing::ClosedOnly } else { Standing::Normal };
        of(owner).max(of(maker)).max(by_all)
    }

    /// Whether this account may place such an order.
    pub(crate) fn may_trade(&self, owner: Address, maker: Address, side: Side) -> Result<(), Response> {
        match self.standing(owner, maker) {
            Standing::Banned => Err(Response::bad(&format!("'{maker}' address banned"))),
            Standing::ClosedOnly if side == Side::Buy => {
                Err(Response::bad(&format!("'{maker}' address in closed only mode")))
            }
            Standing::Normal | Standing::ClosedOnly => Ok(()),
        }
    }

    /// The refusals of an order that was found good.
    pub(crate) fn refuses_anyway(&mut self, incoming: &Incoming) -> Result<(), Response> {
        let takes = self.exchange.takes(incoming, self.market()).0 > 0;
        let taking = TAKING.iter().filter(|_| takes);
        for (fault, status, text) in ANY.iter().chain(taking) {
            if self.dice.hits(*fault, &self.faults) {
                return Err(Response::error(*status, text));
            }
        }
        Ok(())
    }
}
