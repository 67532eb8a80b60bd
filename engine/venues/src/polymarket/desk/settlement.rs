//! What is held of markets that are over: worth nothing, or paid out when it is redeemed.
//!
//! The venue redeems by itself for wallets that allow it; others redeem with `arena wallet redeem`. Either way the shares
//! are gone from the wallet then, and that is how it is seen.

use super::Desk;
use projections::State;
use projections::positions::Position;
use schemas::event::{OrderEvent, PositionSettled};
use schemas::{Cash, Event, Price, Rounding, Size, TokenId};

/// A balance of less is none: what the venue's own rounding may leave.
const DUST: Size = Size(10_000);
/// Balances are looked at once a minute.
const LOOKS_BEFORE_SAID: u32 = 15;

/// What everything held of markets that are over will pay.
pub(super) fn awaited_payouts(state: &State) -> Cash {
    let pays = |(token, p): (TokenId, &Position)| {
        let resolution = state.markets.get(token.market())?.resolved?;
        resolution.payout(token).notional(p.lot.size, Rounding::Ceil).ok()
    };
    state.positions.held_all().filter_map(pays).fold(Cash::ZERO, |sum, cash| sum.plus(cash).unwrap_or(sum))
}

impl Desk {
    /// What a share of a token pays, if its market is over and nothing can change the position any more.
    fn payout(&self, token: TokenId, state: &State) -> Option<Price> {
        let market = token.market();
        let resolution = state.markets.get(market)?.resolved?;
        let quiet = state.orders.open_in(market).next().is_none()
            && !state.positions.unconfirmed().any(|(t, ..)| t.market() == market);
        quiet.then(|| resolution.payout(token))
    }

    /// Whether a token waits to be redeemed.
    pub(super) fn is_payable(&self, token: TokenId, state: &State) -> bool {
        self.payout(token, state).is_some_and(|payout| payout > Price::ZERO)
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
        let Some(payout) = self.payout(token, state) else { return };
        if left > DUST {
            return self.still_there(token, left);
        }
        self.unredeemed.remove(&token);
        if let Ok(cash) = payout.notional(size, Rounding::Floor) {
            self.settled(token, size, payout, cash);
        }
    }

    /// Somebody has to redeem it: that is said once, when the venue had its time to do it by itself.
    fn still_there(&mut self, token: TokenId, left: Size) {
        let looks = self.unredeemed.entry(token).or_default();
        *looks = looks.saturating_add(1);
        if *looks == LOOKS_BEFORE_SAID {
            let text = format!(
                "{left} shares of token {} won and wait to be redeemed; if the venue does not do it for this wallet, \
                 `arena wallet redeem` does",
                token.0
            );
            self.fault(text);
        }
    }

    fn settled(&mut self, token: TokenId, size: Size, payout: Price, cash: Cash) {
        let settled = PositionSettled { token, size, payout, cash };
        self.say(None, Event::Order(OrderEvent::PositionSettled(Box::new(settled))));
    }
}
