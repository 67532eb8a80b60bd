//! The exchange as a whole: what arrives when, what is said when, and how the log delivers it.

use crate::account::{Account, AccountId};
use crate::liquidity::Liquidity;
use crate::order::{Incoming, Resting};
use crate::settings::Settings;
use projections::State;
use projections::books::Books;
use projections::markets::Markets;
use projections::quotes::Quotes;
use schemas::event::{
    AccountEvent, CancelReason, FillBooked, MarketEvent, OrderEvent, Resolution, SystemEvent, TradeKey,
};
use schemas::{
    Bytes32, Cash, CycleId, Envelope, Event, MarketId, OrderId, Price, Rounding, Seq, Side, Size, TokenId, UtcNanos,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The market data the exchange matches against: projections that have taken the same event already.
#[derive(Clone, Copy)]
pub struct Market<'a> {
    /// Listings, grids, fees.
    pub markets: &'a Markets,
    /// Books.
    pub books: &'a Books,
    /// Quotes.
    pub quotes: &'a Quotes,
}

impl<'a> From<&'a State> for Market<'a> {
    fn from(state: &'a State) -> Self {
        Self { markets: &state.markets, books: &state.books, quotes: &state.quotes }
    }
}

/// Something the exchange has to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// To whom.
    pub account: AccountId,
    /// The event it answers.
    pub cause: Option<Seq>,
    /// The cycle it belongs to.
    pub cycle: Option<CycleId>,
    /// What.
    pub event: Event,
}

/// The log holds another report than the exchange makes from the same events.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at sequence {seq} the log has {found}, the simulated exchange says {expected}")]
pub struct Divergence {
    /// Where.
    pub seq: u64,
    /// What the log has.
    pub found: String,
    /// What the exchange says.
    pub expected: String,
}

/// What is on its way to the exchange, or waits inside it for a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Due {
    Arrive {
        order: Incoming,
        again: bool,
    },
    Cancel {
        account: AccountId,
        order: OrderId,
        reason: CancelReason,
        cause: Option<Seq>,
    },
    Expire {
        account: AccountId,
        order: OrderId,
    },
    Confirm(Match),
    /// Two clients met: both sides are confirmed, or neither.
    ConfirmBoth(Match, Match),
}

/// A match that is not confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Match {
    pub account: AccountId,
    pub fill: FillBooked,
    pub fails: bool,
    pub cycle: Option<CycleId>,
}

/// The simulated exchange.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    pub(crate) settings: Settings,
    pub(crate) accounts: BTreeMap<AccountId, Account>,
    /// Resting orders by market, in order of arrival.
    pub(crate) resting: BTreeMap<MarketId, Vec<Resting>>,
    pub(crate) liquidity: Liquidity,
    pub(crate) seen: BTreeSet<Bytes32>,
    sent: BTreeMap<OrderId, Incoming>,
    pub(crate) inside: BTreeMap<(UtcNanos, u64), Due>,
    outbox: BTreeMap<(UtcNanos, u64), Report>,
    pub(crate) now: UtcNanos,
    counter: u64,
    matches: u64,
    answers: u64,
    opened: bool,
}

impl Exchange {
    /// Before the first event.
    pub fn new() -> Self {
        Self::default()
    }

    /// With settings of its own, without the engine's account: nothing of it comes from a log.
    pub fn with_settings(settings: Settings) -> Self {
        Self { settings, ..Self::default() }
    }

    /// What a client has.
    pub fn account(&self, id: AccountId) -> Option<&Account> {
        self.accounts.get(&id)
    }

    /// Resting orders of a market, in order of arrival.
    pub fn resting(&self, market: MarketId) -> &[Resting] {
        self.resting.get(&market).map_or(&[], Vec::as_slice)
    }

    /// When the exchange next needs to be woken: something arrives, ends, is confirmed, or is to be said.
    pub fn next_due(&self) -> Option<UtcNanos> {
        let inside = self.inside.first_key_value().map(|(k, _)| k.0);
        let outbox = self.outbox.first_key_value().map(|(k, _)| k.0);
        inside.into_iter().chain(outbox).min()
    }

    /// The next thing to be said, if its time has come. Appending it to the log, and applying it, delivers it.
    pub fn report_due(&self, now: UtcNanos) -> Option<&Report> {
        self.outbox.first_key_value().filter(|(k, _)| k.0 <= now).map(|(_, report)| report)
    }

    /// Takes what is to be said to a client that is not behind a log.
    pub fn take_report(&mut self, now: UtcNanos) -> Option<Report> {
        self.report_due(now)?;
        self.outbox.pop_first().map(|(_, report)| report)
    }

    /// Takes the exchange past one event of the log. The projections must have taken it before.
    pub fn apply(&mut self, envelope: &Envelope, market: Market<'_>) -> Result<(), Divergence> {
        // A report that is delivered was due before anything that this moment brings.
        let delivered = match &envelope.event {
            Event::Order(e) => !is_request(e),
            // A person's word, not the exchange's.
            Event::Account(AccountEvent::CashMoved { .. }) => false,
            Event::Account(_) => true,
            _ => false,
        };
        if delivered {
            self.deliver(envelope)?;
        }
        self.advance(envelope.time, market);
        match &envelope.event {
            Event::Market(event) => self.on_market(event, market),
            Event::Order(event) => self.on_request(envelope, event),
            Event::Account(AccountEvent::CashMoved { amount, .. }) => self.move_cash(*amount, envelope.seq),
            Event::System(SystemEvent::RunStarted(run)) => {
                self.settings = Settings::from_config(&run.config);
                self.open(envelope.time);
            }
            Event::System(SystemEvent::ConfigChanged { config, .. }) => self.settings = Settings::from_config(config),
            _ => {}
        }
        Ok(())
    }

    /// Lets time pass: what has arrived, ended or settled by `now` happens, in order.
    pub fn advance(&mut self, now: UtcNanos, market: Market<'_>) {
        while let Some(entry) = self.inside.first_entry()
            && entry.key().0 <= now
        {
            let ((at, _), due) = entry.remove_entry();
            self.now = self.now.max(at);
            match due {
                Due::Arrive { order, again } => self.arrive(order, again, market),
                Due::Cancel { account, order, reason, cause } => self.cancel(account, order, reason, cause),
                Due::Expire { account, order } => self.expire(account, order),
                Due::Confirm(m) => _ = self.confirm(&[m]),
                Due::ConfirmBoth(maker, taker) => _ = self.confirm(&[maker, taker]),
            }
        }
        self.now = self.now.max(now);
    }

    fn deliver(&mut self, envelope: &Envelope) -> Result<(), Divergence> {
        let expected = self.outbox.first_key_value().filter(|(k, _)| k.0 <= envelope.time).map(|(_, r)| r);
        let matches = expected
            .is_some_and(|r| r.event == envelope.event && r.cause == envelope.cause && r.cycle == envelope.cycle);
        if matches {
            self.outbox.pop_first();
            return Ok(());
        }
        Err(Divergence {
            seq: envelope.seq.get(),
            found: format!("{:?}", envelope.event),
            expected: expected.map_or("nothing".to_owned(), |r| format!("{:?}", r.event)),
        })
    }

    fn open(&mut self, now: UtcNanos) {
        if self.opened {
            return;
        }
        self.opened = true;
        let cash = self.settings.starting_cash_usdc;
        self.accounts.insert(AccountId::ENGINE, Account::with_cash(cash));
        let event = Event::Account(AccountEvent::BalanceObserved { cash });
        self.now = self.now.max(now);
        self.say_at(now, AccountId::ENGINE, None, None, event);
    }

    /// The engine's cash moves without a trade. Orders that are not covered any more go, as at the venue.
    fn move_cash(&mut self, amount: Cash, cause: Seq) {
        if let Some(account) = self.accounts.get_mut(&AccountId::ENGINE) {
            account.cash = account.cash.plus(amount).unwrap_or(account.cash);
        }
        while let Some(order) = self.uncovered(AccountId::ENGINE) {
            self.cancel(AccountId::ENGINE, order, CancelReason::NoBalance, Some(cause));
        }
    }

    fn on_request(&mut self, envelope: &Envelope, event: &OrderEvent) {
        let at = envelope.time.plus_millis(self.settings.submit_latency_ms);
        match event {
            OrderEvent::Intended(intent) => {
                let mut order = Incoming::of(&intent.plan, AccountId::ENGINE, intent.order, intent.hash);
                (order.cause, order.cycle) = (Some(envelope.seq), envelope.cycle);
                self.sent.insert(order.order, order);
                self.wait(at, Due::Arrive { order, again: false });
            }
            OrderEvent::ResendIntended { order, .. } => {
                if let Some(order) = self.sent.get(order).copied() {
                    self.wait(at, Due::Arrive { order, again: true });
                }
            }
            OrderEvent::CancelIntended { order, reason } => {
                let (account, cause) = (AccountId::ENGINE, Some(envelope.seq));
                self.wait(at, Due::Cancel { account, order: *order, reason: *reason, cause });
            }
            _ => {}
        }
    }

    fn on_market(&mut self, event: &MarketEvent, market: Market<'_>) {
        if self.resting.is_empty() && self.liquidity.is_empty() && !matches!(event, MarketEvent::Resolved { .. }) {
            return;
        }
        match event {
            MarketEvent::BookDelta(d) => self.on_level(d.token, d.side, d.price, d.size, market),
            MarketEvent::BookSnapshot(s) => {
                self.restate_all(s.token.market(), market);
                self.recap_queue(s.token.market(), market);
                self.meet_crossing(s.token.market(), market);
            }
            MarketEvent::Quote(q) => self.on_quote(q.token.market(), market),
            MarketEvent::Trade(t) => self.on_trade(t.token, t.aggressor, t.price, t.size),
            MarketEvent::Resolved { market: id, resolution } => self.resolve(*id, *resolution),
            _ => {}
        }
    }

    /// A client's order has arrived.
    fn arrive(&mut self, order: Incoming, again: bool, market: Market<'_>) {
        if self.seen.contains(&order.hash) {
            // The same bytes again: proof that we have it, never a second order.
            if again {
                self.say(&order, Event::Order(OrderEvent::Accepted { order: order.order }));
            } else {
                let reason = format!("order {} is invalid. Duplicated.", order.hash.short(8));
                self.say(&order, Event::Order(OrderEvent::Rejected { order: order.order, reason }));
            }
            return;
        }
        let n = self.settings.lose_every_nth_answer;
        self.answers += u64::from(!again && order.account == AccountId::ENGINE);
        let lost = !again && n > 0 && order.account == AccountId::ENGINE && self.answers.is_multiple_of(n);
        if lost {
            let reason = "no answer before the time-out".to_owned();
            self.say(&order, Event::Order(OrderEvent::Unknown { order: order.order, reason }));
            if (self.answers / n).is_multiple_of(2) {
                return; // Lost on the way there; otherwise only the answer is lost.
            }
        }
        self.seen.insert(order.hash);
        match self.refusal(&order, market) {
            Some(reason) => {
                if !lost {
                    self.say(&order, Event::Order(OrderEvent::Rejected { order: order.order, reason }));
                }
                if lost || order.account != AccountId::ENGINE {
                    self.seen.remove(&order.hash); // Nothing was kept, so asking again is answered again.
                }
            }
            None => {
                if !lost {
                    self.say(&order, Event::Order(OrderEvent::Accepted { order: order.order }));
                }
                self.match_incoming(order, market);
            }
        }
    }

    pub(crate) fn cancel(&mut self, account: AccountId, id: OrderId, reason: CancelReason, cause: Option<Seq>) {
        if let Some(resting) = self.unrest(account, id) {
            let mut order = resting.order;
            order.cause = cause;
            self.say(&order, Event::Order(OrderEvent::Cancelled { order: id, reason }));
        }
    }

    fn expire(&mut self, account: AccountId, id: OrderId) {
        if let Some(resting) = self.unrest(account, id) {
            self.say(&resting.order, Event::Order(OrderEvent::Expired { order: id }));
        }
    }

    fn unrest(&mut self, account: AccountId, id: OrderId) -> Option<Resting> {
        for (market, list) in &mut self.resting {
            if let Some(i) = list.iter().position(|r| r.order.account == account && r.order.order == id) {
                let (market, found) = (*market, list.remove(i));
                if list.is_empty() {
                    self.resting.remove(&market);
                }
                return Some(found);
            }
        }
        None
    }

    fn resolve(&mut self, market: MarketId, resolution: Resolution) {
        // Whatever is matched is on chain before the outcome is.
        let pending: Vec<_> = self
            .inside
            .iter()
            .filter(|(_, d)| d.matches().first().is_some_and(|m| m.fill.token.market() == market))
            .map(|(k, _)| *k)
            .collect();
        for key in pending {
            if let Some(due) = self.inside.remove(&key) {
                _ = self.confirm(&due.matches());
            }
        }
        for r in self.resting.remove(&market).unwrap_or_default() {
            let reason = CancelReason::MarketResolved;
            self.say(&r.order, Event::Order(OrderEvent::Cancelled { order: r.order.order, reason }));
        }
        self.liquidity.forget(market);
        let at = self.now.plus_millis(self.settings.report_latency_ms);
        let mut paid = Vec::new();
        for (id, account) in &mut self.accounts {
            for token in [market.yes(), market.no()] {
                let payout = resolution.payout(token);
                if let Ok((size, cash)) = account.settle(token, payout)
                    && size.0 > 0
                {
                    paid.push((*id, schemas::event::PositionSettled { token, size, payout, cash }));
                }
            }
        }
        for (id, settled) in paid {
            self.say_at(at, id, None, None, Event::Order(OrderEvent::PositionSettled(Box::new(settled))));
        }
    }

    pub(crate) fn wait(&mut self, at: UtcNanos, due: Due) {
        self.counter += 1;
        self.inside.insert((at.max(self.now), self.counter), due);
    }

    /// Says something about an order, after the time it takes to be heard.
    pub(crate) fn say(&mut self, order: &Incoming, event: Event) {
        let at = self.now.plus_millis(self.settings.report_latency_ms);
        self.say_at(at, order.account, order.cause, order.cycle, event);
    }

    pub(crate) fn say_at(
        &mut self,
        at: UtcNanos,
        account: AccountId,
        cause: Option<Seq>,
        cycle: Option<CycleId>,
        event: Event,
    ) {
        self.counter += 1;
        self.outbox.insert((at, self.counter), Report { account, cause, cycle, event });
    }

    /// Books a fill on the account and says so. Whoever calls sets its confirmation on the way.
    pub(crate) fn fill(&mut self, order: &Incoming, price: Price, size: Size, fee: Cash, maker: bool) -> Match {
        self.matches += 1;
        let fill = FillBooked {
            order: order.order,
            trade: TradeKey(u128::from(self.matches)),
            token: order.token,
            side: order.side,
            price,
            size,
            fee,
            liquidity: if maker { schemas::event::Liquidity::Maker } else { schemas::event::Liquidity::Taker },
        };
        if let Some(account) = self.accounts.get_mut(&order.account) {
            // The order was accepted because the account covers it at its limit; a fill is never worse.
            let _ = account.book(order.token, order.side, price, size, fee, 1);
        }
        self.say(order, Event::Order(OrderEvent::FillBooked(Box::new(fill))));
        let n = self.settings.fail_every_nth_trade;
        let fails = n > 0 && self.matches.is_multiple_of(n);
        Match { account: order.account, fill, fails, cycle: order.cycle }
    }

    pub(crate) fn rest(&mut self, order: Incoming, remaining: Size, ahead: Size) {
        self.counter += 1;
        let arrival = self.counter;
        if order.expires.0 > 0 {
            self.wait(order.expires, Due::Expire { account: order.account, order: order.order });
        }
        let resting = Resting { order, remaining, ahead, arrival };
        self.resting.entry(order.token.market()).or_default().push(resting);
    }

    /// Cash a client has bound in resting purchases.
    pub(crate) fn bound_cash(&self, account: AccountId) -> Cash {
        let orders = self.resting.values().flatten().filter(|r| r.order.account == account);
        let bound = orders
            .filter(|r| r.order.side == Side::Buy)
            .map(|r| r.order.price.notional(r.remaining, Rounding::Ceil).unwrap_or(Cash(i64::MAX)));
        bound.fold(Cash::ZERO, |a, b| a.plus(b).unwrap_or(Cash(i64::MAX)))
    }

    /// Shares a client has bound in resting sales.
    pub(crate) fn bound_shares(&self, account: AccountId, token: TokenId) -> Size {
        let sales = self
            .resting(token.market())
            .iter()
            .filter(|r| r.order.account == account && r.order.token == token && r.order.side == Side::Sell);
        sales.fold(Size::ZERO, |a, r| a.plus(r.remaining).unwrap_or(Size(i64::MAX)))
    }
}

/// What we send; everything else about orders is what the exchange says.
fn is_request(event: &OrderEvent) -> bool {
    matches!(event, OrderEvent::Intended(_) | OrderEvent::ResendIntended { .. } | OrderEvent::CancelIntended { .. })
}
