//! What becomes of a match: confirmed, or undone on every side of it.

use crate::exchange::{Due, Exchange, Match};
use schemas::event::{OrderEvent, TradeKey};
use schemas::{Cash, Event, Rounding, Side, Size, TokenId};
use std::collections::BTreeMap;

impl Due {
    /// The matches that wait here.
    pub(crate) fn matches(&self) -> Vec<Match> {
        match self {
            Self::Confirm(m) => vec![*m],
            Self::ConfirmBoth(maker, taker) => vec![*maker, *taker],
            _ => Vec::new(),
        }
    }
}

impl Exchange {
    /// Sets the confirmation of a match on its way; of two sides if both are clients.
    pub(crate) fn confirm_later(&mut self, maker: Option<Match>, taker: Match) {
        let due = match maker {
            None => Due::Confirm(taker),
            Some(maker) => Due::ConfirmBoth(maker, taker),
        };
        self.wait(self.now.plus_millis(self.settings.confirm_latency_ms), due);
    }

    /// Settles matches now, before their time: those of these keys, each with its other side. If `fails`, all are undone,
    /// unless somebody has passed on what one of them brought; then all are confirmed. Returns whether they were undone.
    pub fn settle(&mut self, keys: &[TradeKey], fails: bool) -> bool {
        let waits: Vec<_> = self
            .inside
            .iter()
            .filter(|(_, due)| due.matches().iter().any(|m| keys.contains(&m.fill.trade)))
            .map(|(at, _)| *at)
            .collect();
        let mut all: Vec<Match> = Vec::new();
        for at in waits {
            all.extend(self.inside.remove(&at).map(|due| due.matches()).unwrap_or_default());
        }
        for m in &mut all {
            m.fails = fails;
        }
        self.confirm(&all)
    }

    /// Matches of one transaction reached the chain, or failed to. Returns whether they failed.
    pub(crate) fn confirm(&mut self, all: &[Match]) -> bool {
        let fails = all.iter().any(|m| m.fails) && self.are_there(all);
        for m in all {
            let (order, trade) = (m.fill.order, m.fill.trade);
            let event = if fails {
                let f = &m.fill;
                if let Some(account) = self.accounts.get_mut(&m.account) {
                    // Taking back what was booked fits whatever booking it fitted.
                    let _ = account.book(f.token, f.side, f.price, f.size, f.fee, -1);
                }
                OrderEvent::FillVoided { order, trade, reason: "transaction failed".to_owned() }
            } else {
                OrderEvent::FillConfirmed { order, trade }
            };
            let at = self.now.plus_millis(self.settings.report_latency_ms);
            self.say_at(at, m.account, None, m.cycle, Event::Order(event));
        }
        fails
    }

    /// Whether every client still has what these matches brought: what it has passed on, or offers, cannot be taken back.
    fn are_there(&self, all: &[Match]) -> bool {
        let mut shares: BTreeMap<(_, TokenId), Size> = BTreeMap::new();
        let mut cash: BTreeMap<_, i64> = BTreeMap::new();
        for m in all {
            let f = &m.fill;
            match f.side {
                Side::Buy => {
                    let sum = shares.entry((m.account, f.token)).or_default();
                    *sum = sum.plus(f.size).unwrap_or(Size(i64::MAX));
                }
                Side::Sell => {
                    let brought = f.price.notional(f.size, Rounding::Floor).unwrap_or(Cash(i64::MAX));
                    let sum = cash.entry(m.account).or_default();
                    *sum = sum.saturating_add(brought.0.saturating_sub(f.fee.0));
                }
            }
        }
        let has_shares = shares.iter().all(|((id, token), size)| {
            self.accounts.get(id).is_some_and(|a| *size <= a.shares(*token).less(self.bound_shares(*id, *token)))
        });
        has_shares
            && cash.iter().all(|(id, sum)| {
                self.accounts.get(id).is_some_and(|a| *sum <= a.cash.0.saturating_sub(self.bound_cash(*id).0))
            })
    }
}
