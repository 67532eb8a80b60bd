//! Giving up positions: target, stop, time, and what the kill switch flattens. Code decides these, no model is asked.

use crate::config::Config;
use crate::step::Step;
use projections::decisions::CycleEnd;
use projections::positions::Position;
use projections::quotes::TokenQuote;
use schemas::event::{
    Action, AgentEvent, Confidence, CycleTrigger, ExitReason, KillLevel, NoDecisionReason, Proposal, Purpose, Style,
};
use schemas::money::{MICRO, mul_div};
use schemas::{CycleId, Event, MarketId, Outcome, Price, Prob, Rounding, Side, Size, TokenId, UtcNanos};

/// The venue's size grid: hundredths of a share. Source: Polymarket order amounts, two decimals at every tick.
pub(crate) const LOT: Size = Size(10_000);

/// When a position has been held long enough.
pub(crate) fn hold_ends(position: &Position, config: &Config) -> UtcNanos {
    position.opened_at.plus_secs(u64::from(config.exit.max_hold_hours).saturating_mul(3_600))
}

/// Where the target and the stop of a holding lie, from its average cost. The target stays below one dollar.
pub(crate) fn bounds(cost: Price, tick: Price, config: &Config) -> (Price, Price) {
    let part = |fraction: Prob| mul_div(cost.0, i64::from(fraction.0), MICRO, Rounding::Ceil).unwrap_or(0);
    let target = Price(cost.0.saturating_add(part(config.exit.profit_target_pct)).min(MICRO.saturating_sub(tick.0)));
    let stop = Price(cost.0.saturating_sub(part(config.exit.stop_loss_pct)).max(0));
    (target, stop)
}

impl Step<'_> {
    /// Starts exit cycles for what must be given up in a market. Returns whether one started.
    pub fn consider_exits(&mut self, market: MarketId) -> bool {
        let mut started = false;
        for token in [market.yes(), market.no()] {
            if let Some(reason) = self.exit_due(token).filter(|_| self.may_exit(token)) {
                let cycle = self.new_cycle();
                let trigger = CycleTrigger::Exit(reason);
                self.emit_in(Some(cycle), Event::Agent(AgentEvent::CycleStarted { market, trigger }));
                started = true;
            }
        }
        started
    }

    /// The same in every market where something is held.
    pub fn consider_all_exits(&mut self) {
        let mut markets: Vec<MarketId> = self.state.positions.held_all().map(|(t, _)| t.market()).collect();
        markets.dedup();
        for market in markets {
            self.consider_exits(market);
        }
    }

    /// Why a token must be given up, whether or not a sale may be tried now.
    fn exit_due(&self, token: TokenId) -> Option<ExitReason> {
        let position = self.state.positions.get(token).filter(|p| p.lot.size >= LOT)?;
        let quote = self.state.quotes.get(token);
        if !quote.valid || quote.bid.0 <= 0 {
            return None;
        }
        if self.state.kill.level == KillLevel::Flatten {
            return Some(ExitReason::Flatten);
        }
        let tick = self.state.markets.get(token.market())?.tick;
        let (target, stop) = bounds(position.average_cost(), tick, self.config);
        match quote.bid {
            bid if bid >= target => Some(ExitReason::Target),
            bid if bid <= stop => Some(ExitReason::Stop),
            _ if self.now() >= hold_ends(position, self.config) => Some(ExitReason::Time),
            _ => None,
        }
    }

    /// Whether a sale of a token may be tried now: the market trades, nothing is under way, the last try is long enough
    /// ago, and the kill switch allows orders that give up risk.
    fn may_exit(&self, token: TokenId) -> bool {
        let market = token.market();
        let open = self.state.markets.get(market).is_some_and(projections::markets::Market::is_open);
        if !open || !self.state.kill.lets_exit() || !self.state.quotes.is_live(market) {
            return false;
        }
        if self.state.decisions.is_busy(market) {
            return false;
        }
        let sale = |o: &projections::orders::Order| o.plan.action == Action { token, side: Side::Sell };
        if self.state.orders.open().any(sale) {
            return false;
        }
        let pause = u64::from(self.config.exit.retry_seconds);
        let passed = |tried: UtcNanos| self.now() >= tried.plus_secs(pause);
        // Only the last few closed orders and cycles can be this recent.
        let last = self.state.orders.closed().rev().take(64).find(|o| sale(o));
        let refused = self.state.decisions.recent().rev().take(64).find(|c| {
            let proposed = c.proposal.as_ref().map(|p| p.action);
            c.end == Some(CycleEnd::Vetoed) && proposed == Some(Action { token, side: Side::Sell })
        });
        last.is_none_or(|o| passed(o.updated_at)) && refused.is_none_or(|c| passed(c.started_at))
    }

    /// An exit cycle has started: propose the sale, or say why there is none.
    pub fn propose_exit(&mut self, cycle: CycleId, market: MarketId, reason: ExitReason) {
        let free = |t: TokenId| self.state.positions.held(t).less(self.state.orders.selling(t));
        // The event that started the cycle names the market only; of two outcomes held, it means the one that is due.
        let due = |t: &TokenId| free(*t) >= LOT && self.exit_due(*t) == Some(reason);
        let held = [market.yes(), market.no()].into_iter().find(due);
        let Some(token) = held else {
            return self.no_decision(cycle, market, NoDecisionReason::NothingHeld);
        };
        match self.sale(token, reason) {
            Some(proposal) => {
                self.emit_in(Some(cycle), Event::Agent(AgentEvent::ProposalMade(Box::new(proposal))));
            }
            None => self.no_decision(cycle, market, NoDecisionReason::NoPrice),
        }
    }

    /// The proposal to sell all of a token at the bid, or a little below it.
    pub fn sale(&self, token: TokenId, reason: ExitReason) -> Option<Proposal> {
        let position = self.state.positions.get(token)?;
        let market = self.state.markets.get(token.market())?;
        let quote = self.state.quotes.get(token);
        if quote.bid.0 <= 0 {
            return None;
        }
        let slip = market.tick.0.saturating_mul(i64::from(self.config.execution.exit_slippage_ticks));
        let price = Price(quote.bid.0.saturating_sub(slip)).floor_to(market.tick).max(market.tick);
        let proceeds = net_of_fee(quote, market.fee)?;
        let yes = self.state.quotes.get(token.market().yes());
        let market_price = yes.probability().unwrap_or(Prob::HALF);
        let blended = self.state.decisions.look(token.market()).blend.unwrap_or(market_price);
        let chance = if token.outcome() == Outcome::Yes { blended } else { blended.complement() };
        Some(Proposal {
            market: token.market(),
            action: Action { token, side: Side::Sell },
            purpose: Purpose::Exit(reason),
            style: Style::Taker,
            estimate: blended,
            market_price,
            blended,
            price,
            cost: proceeds,
            edge: Price(proceeds.0 - chance.as_price().0),
            size: position.lot.size.less(self.state.orders.selling(token)).floor_to(LOT),
            kelly_ppm: 0,
            confidence: Confidence::High,
        })
    }
}

/// What selling one share at the bid brings after the fee.
pub(crate) fn net_of_fee(quote: TokenQuote, fee: schemas::event::FeeSchedule) -> Option<Price> {
    let fee = fee.taker_fee(quote.bid, Size(MICRO)).ok()?;
    Some(Price(quote.bid.0.saturating_sub(fee.0)))
}
