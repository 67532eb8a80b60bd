//! Cash and shares as the venue has them, compared with the log's.
//!
//! Cash and every token that the log holds are asked for one by one. What the log does not hold cannot be asked for by
//! name, so the wallet's positions are listed too, and what they name of the log's markets is asked for like the rest. That
//! list comes from an index that is behind by a while, so it only says what to ask for, and is never itself a difference.

use super::holds::Hold;
use super::settlement::awaited_payouts;
use super::{Desk, Purpose};
use crate::wire::{Answer, Host, Method, NoAnswer};
use polymarket::wire::data::{self, Position};
use polymarket::wire::rest::BalanceAllowance;
use projections::State;
use schemas::event::{AccountEvent, CASH_COMPARED, KillLevel};
use schemas::time::NANOS_PER_SEC;
use schemas::{Bytes32, Cash, Event, MarketId, Outcome, Size, TokenId, UtcNanos};
use std::collections::{BTreeMap, BTreeSet};

/// Balances are asked for this often, s: once log and venue agree, and until then.
const MONEY_S: u64 = 60;
const MONEY_RETRY_S: u64 = 5;
/// The wallet's positions are listed this often, s; so long after a list failed; and when nothing more came of one.
const WALLET_S: u64 = 600;
const WALLET_RETRY_S: u64 = 5;
const WALLET_GIVEN_UP_S: u64 = 120;
/// So many failures in a row are said.
const FAILED_SAID: u32 = 4;
/// Rows of a page, the most the venue gives, and pages: a list without an end is none.
const PAGE_ROWS: u32 = 1_000;
const PAGES_MAX: u32 = 100;
/// Fees are rounded in ways the venue does not write down: such a difference is none.
const CASH_TOLERANCE: Cash = Cash(50_000);
/// A hundredth of a share: what the venue's own rounding may leave.
pub(super) const SHARE_TOLERANCE: Size = Size(10_000);

/// What is compared, and how far that is.
#[derive(Debug, Default)]
pub(super) struct Money {
    /// When everything is asked for again.
    next_at: UtcNanos,
    /// Answers to what was asked before count no more: fills have changed since, or everything is compared anew.
    counts_since: UtcNanos,
    /// Cash was the log's when it was last compared.
    cash_agrees: bool,
    /// Tokens compared since the present round of them began. It ends with the last of them: the limits let through so many
    /// requests at a time, and a round that began anew before would ask for the first of them for ever.
    compared: BTreeSet<TokenId>,
    /// When cash was last the log's.
    pub(super) cash_seen: Option<UtcNanos>,
    wallet: Wallet,
    /// What differs, by its name.
    differences: BTreeMap<String, Difference>,
    /// Tokens of which the venue was told to look at the chain again, since the wallet was last listed.
    refreshed: BTreeSet<TokenId>,
    /// Of what the balance could not be read, and how often in a row.
    unread: BTreeMap<String, u32>,
}

/// That the venue has something else than the log.
#[derive(Debug)]
struct Difference {
    /// How much more.
    more: i64,
    /// When that was first seen.
    since: UtcNanos,
    said: bool,
    /// It was said while the switch was on for something else, and a release of that must not hide it.
    hidden: bool,
}

/// The list of the wallet's positions.
#[derive(Debug, Default)]
struct Wallet {
    round: u64,
    pages: u32,
    next_at: UtcNanos,
    /// It came to its end once, or is not wanted.
    came: bool,
    /// Times that it did not, in a row.
    failed: u32,
    /// Tokens on the pages so far, and on the last list that came to its end. Markets are found while lists come, so the
    /// tokens are looked up when they are needed.
    coming: BTreeSet<Bytes32>,
    listed: BTreeSet<Bytes32>,
    /// Lists that came to their end.
    lists: u32,
}

impl Money {
    /// Everything is compared as at a start, by what is asked from now on.
    pub(super) fn begin_again(&mut self, now: UtcNanos) {
        (self.next_at, self.counts_since, self.cash_agrees) = (now, now, false);
        self.compared.clear();
    }

    /// A fill was booked, confirmed or voided.
    pub(super) fn fills_changed(&mut self, now: UtcNanos) {
        self.counts_since = now;
    }

    /// The wallet may hold whatever it does: it is never listed.
    pub(super) fn wallet_is_of_others(&mut self) {
        (self.wallet.came, self.wallet.next_at) = (true, UtcNanos(i64::MAX));
    }
}

impl Desk {
    pub(super) fn look_after_money(&mut self, state: &State) {
        let standing = &mut self.standing;
        if self.now < standing.money.next_at || !standing.trades.is_done() || !standing.orders_listed {
            return;
        }
        let pause = if standing.reconciled { MONEY_S } else { MONEY_RETRY_S };
        standing.money.next_at = self.now.plus_secs(pause);
        if self.uncompared(state).is_empty() {
            self.standing.money.compared.clear();
        }
        let asked = self.now;
        if !self.calls.values().any(|call| matches!(call, Purpose::Balance { .. })) {
            let target = format!("/balance-allowance?{}", self.cash_query());
            self.ask(Purpose::Balance { asked }, Method::Get, target, Vec::new());
        }
        self.ask_positions(state);
        if self.now >= self.standing.money.wallet.next_at {
            self.list_wallet();
        }
    }

    /// What the wallet's list names of the log's markets that are not over.
    fn named(&self, state: &State) -> BTreeSet<TokenId> {
        let listed = &self.standing.money.wallet.listed;
        if listed.is_empty() {
            return BTreeSet::new();
        }
        let open = state.markets.iter().filter(|m| m.listed.venue.takes_orders() && m.resolved.is_none());
        let tokens = open.flat_map(|m| [m.listed.market.yes(), m.listed.market.no()].into_iter().zip(m.listed.tokens));
        tokens.filter(|(_, id)| listed.contains(id)).map(|(token, _)| token).collect()
    }

    /// Everything that is held, and what the list names, without what was compared.
    fn uncompared(&self, state: &State) -> Vec<TokenId> {
        let money = &self.standing.money;
        let held = state.positions.held_all().map(|(token, _)| token);
        let named = self.named(state).into_iter();
        let all: BTreeSet<TokenId> = held.chain(named).filter(|t| token_id(state, *t).is_some()).collect();
        all.into_iter().filter(|token| !money.compared.contains(token)).collect()
    }

    /// Asks for every token that is not compared and not asked for.
    fn ask_positions(&mut self, state: &State) {
        for token in self.uncompared(state) {
            let of_it = |call: &Purpose| match call {
                Purpose::Position { token: t, .. } | Purpose::Refresh { token: Some(t) } => *t == token,
                _ => false,
            };
            if self.calls.values().any(of_it) {
                continue;
            }
            let known = state.positions.get(token).is_some() || self.standing.money.refreshed.contains(&token);
            if let Some(query) = self.balance_query(token, state).filter(|_| known) {
                let purpose = Purpose::Position { token, asked: self.now };
                self.ask(purpose, Method::Get, format!("/balance-allowance?{query}"), Vec::new());
            } else {
                self.refresh(Some(token), state);
            }
        }
    }

    fn balance_query(&self, token: TokenId, state: &State) -> Option<String> {
        let (id, kind) = (token_id(state, token)?, self.account.signature_type);
        let (number, asset) = (polymarket::token::to_decimal(&id), asset_type(state, token));
        Some(format!("asset_type={asset}&token_id={number}&signature_type={kind}"))
    }

    fn cash_query(&self) -> String {
        format!("asset_type=COLLATERAL&signature_type={}", self.account.signature_type)
    }

    /// The venue keeps what it saw last of a balance: it is told to look at the chain again, for cash or for a token.
    fn refresh(&mut self, token: Option<TokenId>, state: &State) {
        let query = match token {
            Some(token) => self.balance_query(token, state),
            None => Some(self.cash_query()),
        };
        if let Some(query) = query {
            let target = format!("/balance-allowance/update?{query}");
            self.ask(Purpose::Refresh { token }, Method::Get, target, Vec::new());
        }
    }

    /// Whether the venue has looked or not, the balance is asked for next.
    pub(super) fn refreshed(&mut self, token: Option<TokenId>, state: &State) {
        if let Some(token) = token {
            self.standing.money.refreshed.insert(token);
            self.ask_positions(state);
        }
    }

    /// Whether the venue's balances must be the log's: nothing is matched that the chain does not have yet, and no order's
    /// fate is unknown.
    fn is_settled(&self, state: &State) -> bool {
        let known = |o: &projections::orders::Order| {
            o.status == projections::orders::OrderStatus::Live
                && self.orders.get(&o.id).is_none_or(|order| !order.misses_fills(o))
        };
        self.standing.unconfirmed.is_empty() && self.said.is_empty() && state.orders.open().all(known)
    }

    pub(super) fn balance_answered(&mut self, asked: UtcNanos, result: Result<Answer, NoAnswer>, state: &State) {
        // Orders carry the time, so how far it is off must be known before any is placed.
        let counts = asked >= self.standing.money.counts_since && self.standing.time_known;
        let Some(found) = self.read_balance("cash", result).filter(|_| counts) else { return };
        let (cash, books) = (Cash(found.balance_micro()), state.positions.cash);
        // What is redeemed may be in before its shares are seen to be gone.
        let awaited = awaited_payouts(state);
        if state.positions.opened_with.is_none() {
            self.say(None, Event::Account(AccountEvent::BalanceObserved { cash }));
        } else if !self.is_settled(state) {
            self.standing.money.cash_agrees = false;
            return;
        } else if cash.0 < books.0.saturating_sub(CASH_TOLERANCE.0)
            || cash.0 > books.0.saturating_add(awaited.0).saturating_add(CASH_TOLERANCE.0)
        {
            if !state.kill.mismatch
                && let Some(difference) = self.standing.money.differences.get_mut(CASH_COMPARED)
            {
                // A release of the switch explains nothing: what still differs is said again.
                difference.said = false;
            }
            self.standing.money.cash_agrees = false;
            if self.is_new(CASH_COMPARED, (books.0, cash.0), CASH_TOLERANCE.0) {
                self.refresh(None, state);
            }
            self.say_difference(CASH_COMPARED, (books.0, cash.0), state);
            return;
        }
        self.standing.money.differences.remove(CASH_COMPARED);
        self.standing.money.cash_seen = Some(self.now);
        self.standing.money.cash_agrees = true;
        self.begin_trading(state);
    }

    pub(super) fn position_answered(
        &mut self,
        (token, asked): (TokenId, UtcNanos),
        result: Result<Answer, NoAnswer>,
        state: &State,
    ) {
        let counts = asked >= self.standing.money.counts_since && self.is_settled(state);
        let name = format!("shares of token {}", token.0);
        let Some(found) = self.read_balance(&name, result).filter(|_| counts) else { return };
        let (observed, expected) = (Size(found.balance_micro()), state.positions.held(token));
        let (what, figures) = (format!("{name}, micro-shares"), (expected.0, observed.0));
        if expected > Size::ZERO && self.is_payable(token, state) {
            self.paid_out(token, expected, observed, state);
        } else if observed.0.abs_diff(expected.0) <= SHARE_TOLERANCE.0.unsigned_abs() || is_over(state, token.market())
        {
            self.standing.money.differences.remove(&what);
        } else if self.is_new(&what, figures, SHARE_TOLERANCE.0) {
            return self.refresh(Some(token), state);
        } else if !self.say_difference(&what, figures, state) {
            return;
        }
        self.standing.money.compared.insert(token);
        self.begin_trading(state);
    }

    /// Trading begins when everything was compared. Shares that differ throw the switch, and a person may release that.
    fn begin_trading(&mut self, state: &State) {
        let money = &self.standing.money;
        if !money.cash_agrees || !money.wallet.came || !self.uncompared(state).is_empty() {
            return;
        }
        self.standing.reconciled = true;
        self.release(Hold::Reconciling, "the venue and the log agree");
        if self.is_heard() {
            self.release(Hold::Heartbeat, "the venue confirms heartbeats, and it and the log agree");
        }
    }

    /// Whether nothing was known to differ by so much. It is looked at again in a moment, and trades are listed before: the
    /// venue's balances may be behind its trades, and we behind both.
    fn is_new(&mut self, what: &str, (expected, observed): (i64, i64), tolerance: i64) -> bool {
        let (now, more) = (self.now, observed.saturating_sub(expected));
        let money = &mut self.standing.money;
        if let Some(known) =
            money.differences.get_mut(what).filter(|d| d.more.abs_diff(more) <= tolerance.unsigned_abs())
        {
            known.more = more;
            return false;
        }
        let difference = Difference { more, since: now, said: false, hidden: false };
        money.differences.insert(what.to_owned(), difference);
        money.next_at = money.next_at.min(now.plus_secs(MONEY_RETRY_S));
        self.poll_trades_soon();
        true
    }

    /// Says a difference once. Whether it is one by now: it was there for some seconds, and trades were listed
    /// since it was first seen.
    fn say_difference(&mut self, what: &str, (expected, observed): (i64, i64), state: &State) -> bool {
        let is_off = state.kill.level == KillLevel::Off;
        let Some(since) = self.standing.money.differences.get(what).map(|d| d.since) else { return false };
        let is_soon = self.now.since(since) < MONEY_RETRY_S as i64 * NANOS_PER_SEC;
        if is_soon || !self.trades_began_since(since) {
            let money = &mut self.standing.money;
            money.next_at = money.next_at.min(self.now.plus_secs(MONEY_RETRY_S));
            return false;
        }
        let Some(difference) = self.standing.money.differences.get_mut(what) else { return false };
        if !difference.said || (difference.hidden && is_off) {
            (difference.said, difference.hidden) = (true, !is_off);
            let what = what.to_owned();
            self.say(None, Event::Account(AccountEvent::ReconcileMismatch { what, expected, observed }));
        }
        true
    }

    /// A balance; that none can be read for a while is said.
    fn read_balance(&mut self, of: &str, result: Result<Answer, NoAnswer>) -> Option<BalanceAllowance> {
        let read = match result {
            Ok(answer) if answer.status == 200 => BalanceAllowance::read(&answer.body).map_err(|e| e.to_string()),
            Ok(answer) => Err(format!("HTTP status {}", answer.status)),
            Err(NoAnswer::NotSent(_)) => return None,
            Err(e) => Err(e.to_string()),
        };
        match read {
            Ok(found) => {
                self.standing.money.unread.remove(of);
                Some(found)
            }
            Err(why) => {
                let unread = self.standing.money.unread.entry(of.to_owned()).or_default();
                *unread = unread.saturating_add(1);
                if *unread == FAILED_SAID {
                    self.fault(format!("the venue does not say how much {of} there is: {why}; it is asked again"));
                }
                None
            }
        }
    }

    // The wallet's positions.

    fn list_wallet(&mut self) {
        let wallet = &mut self.standing.money.wallet;
        wallet.round += 1;
        wallet.pages = 0;
        wallet.next_at = self.now.plus_secs(WALLET_GIVEN_UP_S);
        wallet.coming.clear();
        self.ask_wallet("");
    }

    fn ask_wallet(&mut self, cursor: &str) {
        let wallet = &mut self.standing.money.wallet;
        wallet.pages += 1;
        let (round, user) = (wallet.round, self.account.maker);
        let mut target = format!("/v2/positions?user={user}&limit={PAGE_ROWS}");
        if !cursor.is_empty() {
            target.push_str("&cursor=");
            target.push_str(&crate::http::encoded(cursor));
        }
        self.ask_openly(Purpose::Wallet { round }, Host::Data, &target);
    }

    pub(super) fn wallet_answered(&mut self, round: u64, result: Result<Answer, NoAnswer>, state: &State) {
        if round != self.standing.money.wallet.round {
            return;
        }
        let page = match result {
            Ok(answer) if answer.status == 200 => data::page::<Position>(&answer.body).map_err(|e| e.to_string()),
            Ok(answer) => Err(format!("HTTP status {}", answer.status)),
            Err(e) => Err(e.to_string()),
        };
        let page = match page {
            Ok(page) => page,
            Err(why) => return self.wallet_failed(&why),
        };
        if !page.entries.is_empty() && page.entries.iter().all(Result::is_err) {
            return self.wallet_failed("nothing on a page of it can be read");
        }
        for entry in page.entries {
            match entry {
                // Of what is over nothing can be lost any more.
                Ok(row) if row.current_size.0 <= SHARE_TOLERANCE.0 || row.status.starts_with("REDEEMABLE") => {}
                Ok(row) => _ = self.standing.money.wallet.coming.insert(row.token_id),
                // Said, and no reason to hold a start back for ever: combinations of markets have rows of other forms.
                Err(bad) => self.undecoded("the wallet's positions", &bad.error.to_string(), &bad.raw),
            }
        }
        match page.next {
            Some(cursor) if self.standing.money.wallet.pages < PAGES_MAX => self.ask_wallet(&cursor),
            Some(_) => self.wallet_failed(&format!("no end after {PAGES_MAX} pages")),
            None => self.wallet_listed(state),
        }
    }

    fn wallet_failed(&mut self, why: &str) {
        let wallet = &mut self.standing.money.wallet;
        wallet.next_at = self.now.plus_secs(WALLET_RETRY_S);
        wallet.failed = wallet.failed.saturating_add(1);
        if wallet.failed == FAILED_SAID && !wallet.came {
            self.fault(format!(
                "the wallet's positions could not be listed {FAILED_SAID} times, and nothing new is risked before they are: \
                 {why}; is venue.data_url right? It is tried again"
            ));
        }
    }

    fn wallet_listed(&mut self, state: &State) {
        let money = &mut self.standing.money;
        money.refreshed.clear();
        let wallet = &mut money.wallet;
        wallet.next_at = self.now.plus_secs(WALLET_S);
        (wallet.came, wallet.failed, wallet.lists) = (true, 0, wallet.lists.saturating_add(1));
        wallet.listed = std::mem::take(&mut wallet.coming);
        let (listed, lists) = (&wallet.listed, wallet.lists);
        let known = state.markets.iter().flat_map(|m| m.listed.tokens).filter(|id| listed.contains(id)).count();
        let others = listed.len().saturating_sub(known);
        // With the first list the markets are not all found yet.
        if others > 0 && lists == 2 {
            self.fault(format!(
                "the wallet also has {others} positions in markets that this log does not list: no limit counts them, and no \
                 agent sells them"
            ));
        }
        self.ask_positions(state);
        self.begin_trading(state);
    }
}

fn is_over(state: &State, market: MarketId) -> bool {
    state.markets.get(market).is_some_and(|m| m.resolved.is_some())
}

fn token_id(state: &State, token: TokenId) -> Option<Bytes32> {
    let market = state.markets.get(token.market())?;
    Some(market.listed.tokens[usize::from(token.outcome() == Outcome::No)])
}

/// Under which name the venue's ledger of a token is asked.
fn asset_type(state: &State, token: TokenId) -> &'static str {
    let is_v3 = state.markets.get(token.market()).is_some_and(|m| m.listed.protocol == 3);
    if is_v3 { "CONDITIONAL-V2" } else { "CONDITIONAL" }
}
