//! What is held of markets that are over: worth nothing, or paid out when it is redeemed.
//!
//! The venue redeems by itself for wallets that allow it; others redeem with `arena wallet redeem`. Either way the shares
//! are gone from the wallet then, and that is how it is seen.

use super::Desk;
use projections::State;
use schemas::event::{OrderEvent, PositionSettled};
use schemas::{Cash, Event, Price, Rounding, Size, TokenId};

/// A balance of less is none: what the venue's own rounding may leave.
const DUST: Size = Size(10_000);

impl Desk {
    /// What a share of a token pays, if its market is over and nothing can change the position any more.
    fn payout(&self, token: TokenId, state: &State) -> Option<Price> {
        let market = token.market();
        let resolution = state.markets.get(market)?.resolved?;
        let quiet = state.orders.open_in(market).next().is_none()
            && !state.positions.unconfirmed().any(|(t, _)| t.market() == market);
        quiet.then(|| resolution.payout(token))
    }

    /// Whether a token waits to be redeemed.
    pub(super) fn is_payable(&self, token: TokenId, state: &State) -> bool {
        self.payout(token, state).is_some_and(|payout| payout > Price::ZERO)
    }

    /// Whether cash may come in that the log does not expect yet, or has come in.
    pub(super) fn awaits_payout(&self, state: &State) -> bool {
        let is_over = |token: TokenId| state.markets.get(token.market()).is_some_and(|m| m.resolved.is_some());
        state.positions.held_all().any(|(token, _)| is_over(token))
    }

    /// Positions that lost are over at once: nothing comes of them.
    pub(super) fn settle_worthless(&mut self, state: &State) {
        if !self.said.is_empty() {
            return;
        }
        let lost = state.positions.held_all().filter(|(token, _)| self.payout(*token, state) == Some(Price::ZERO));
        let lost: Vec<(TokenId, Size)> = lost.map(|(token, p)| (token, p.lot.size)).collect();
        for (token, size) in lost {
            self.settled(token, size, Price::ZERO, Cash::ZERO);
        }
    }

    /// What the venue says is left of a position that pays.
    pub(super) fn paid_out(&mut self, token: TokenId, size: Size, left: Size, state: &State) {
        let Some(payout) = self.payout(token, state).filter(|_| left <= DUST) else { return };
        if let Ok(cash) = payout.notional(size, Rounding::Floor) {
            self.settled(token, size, payout, cash);
        }
    }

    fn settled(&mut self, token: TokenId, size: Size, payout: Price, cash: Cash) {
        let settled = PositionSettled { token, size, payout, cash };
        self.say(None, Event::Order(OrderEvent::PositionSettled(Box::new(settled))));
    }
}
