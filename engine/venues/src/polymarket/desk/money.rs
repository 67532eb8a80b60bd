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
use schemas::event::{AccountEvent, CASH_COMPARED};
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
}

/// What the log and the venue have.
#[derive(Debug)]
struct Difference {
    expected: i64,
    observed: i64,
    said: bool,
}

/// The list of the wallet's positions.
#[derive(Debug, Default)]
struct Wallet {
    round: u64,
    pages: u32,
    next_at: UtcNanos,
    /// It came to its end once.
    came: bool,
    /// Times that it did not, in a row.
    failed: u32,
    /// Tokens on the pages so far.
    coming: BTreeSet<Bytes32>,
    /// Tokens of the log's markets on the last list that came to its end.
    named: BTreeSet<TokenId>,
    /// That there are others was said.
    others_said: bool,
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
            let kind = self.account.signature_type;
            let target = format!("/balance-allowance?asset_type=COLLATERAL&signature_type={kind}");
            self.ask(Purpose::Balance { asked }, Method::Get, target, Vec::new());
        }
        self.ask_positions(state);
        if self.now >= self.standing.money.wallet.next_at {
            self.list_wallet();
        }
    }

    /// Everything that is held, and what the wallet's list names of markets that are not over, without what was compared.
    fn uncompared(&self, state: &State) -> Vec<TokenId> {
        let money = &self.standing.money;
        let held = state.positions.held_all().map(|(token, _)| token);
        let named = money.wallet.named.iter().copied().filter(|t| !is_over(state, t.market()));
        let all: BTreeSet<TokenId> = held.chain(named).filter(|t| token_id(state, *t).is_some()).collect();
        all.into_iter().filter(|token| !money.compared.contains(token)).collect()
    }

    /// Asks for every token that is not compared and not asked for.
    fn ask_positions(&mut self, state: &State) {
        let (asked, kind) = (self.now, self.account.signature_type);
        for token in self.uncompared(state) {
            let Some(id) = token_id(state, token) else { continue };
            if !self.calls.values().any(|call| matches!(call, Purpose::Position { token: t, .. } if *t == token)) {
                let (number, asset) = (polymarket::token::to_decimal(&id), asset_type(state, token));
                let target = format!("/balance-allowance?asset_type={asset}&token_id={number}&signature_type={kind}");
                self.ask(Purpose::Position { token, asked }, Method::Get, target, Vec::new());
            }
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
        let Some(found) = read_balance(result).filter(|_| counts) else { return };
        let (cash, books) = (Cash(found.balance_micro()), state.positions.cash);
        // What is redeemed may be in before its shares are seen to be gone.
        let awaited = awaited_payouts(state);
        if state.positions.opened_with.is_none() {
            self.say(None, Event::Account(AccountEvent::BalanceObserved { cash }));
        } else if !self.is_settled(state) {
            self.standing.money.cash_agrees = false;
            return;
        } else if !(books.0 - CASH_TOLERANCE.0..=books.0 + awaited.0 + CASH_TOLERANCE.0).contains(&cash.0) {
            if !state.kill.mismatch
                && let Some(difference) = self.standing.money.differences.get_mut(CASH_COMPARED)
            {
                // A release of the switch explains nothing: what still differs is said again.
                difference.said = false;
            }
            self.standing.money.cash_agrees = false;
            self.is_difference(CASH_COMPARED.to_owned(), books.0, cash.0);
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
        let Some(found) = read_balance(result).filter(|_| counts) else { return };
        let (observed, expected) = (Size(found.balance_micro()), state.positions.held(token));
        let what = format!("shares of token {}, micro-shares", token.0);
        if expected > Size::ZERO && self.is_payable(token, state) {
            self.paid_out(token, expected, observed, state);
        } else if observed.0.abs_diff(expected.0) <= SHARE_TOLERANCE.0.unsigned_abs() || is_over(state, token.market())
        {
            self.standing.money.differences.remove(&what);
        } else if !self.is_difference(what, expected.0, observed.0) {
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

    /// Says a difference once, when a second look has found it too: the venue's balances may be behind its trades for a moment.
    /// Whether it is one.
    fn is_difference(&mut self, what: String, expected: i64, observed: i64) -> bool {
        let money = &mut self.standing.money;
        let known = money.differences.get_mut(&what).filter(|d| (d.expected, d.observed) == (expected, observed));
        let Some(difference) = known else {
            money.differences.insert(what, Difference { expected, observed, said: false });
            money.next_at = money.next_at.min(self.now.plus_secs(MONEY_RETRY_S));
            return false;
        };
        if !std::mem::replace(&mut difference.said, true) {
            self.say(None, Event::Account(AccountEvent::ReconcileMismatch { what, expected, observed }));
        }
        true
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
        for entry in page.entries {
            match entry {
                // Of what is over nothing can be lost any more.
                Ok(row) if row.current_size.0 <= SHARE_TOLERANCE.0 || row.status.starts_with("REDEEMABLE") => {}
                Ok(row) => _ = self.standing.money.wallet.coming.insert(row.token_id),
                // It has no token's number, so it cannot be of a market that this log lists.
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
        let wallet = &mut self.standing.money.wallet;
        wallet.next_at = self.now.plus_secs(WALLET_S);
        (wallet.came, wallet.failed) = (true, 0);
        let coming = std::mem::take(&mut wallet.coming);
        let tradable = state.markets.iter().filter(|m| m.listed.venue.takes_orders());
        let tokens =
            tradable.flat_map(|m| [m.listed.market.yes(), m.listed.market.no()].into_iter().zip(m.listed.tokens));
        let named: BTreeMap<Bytes32, TokenId> =
            tokens.filter(|(_, id)| coming.contains(id)).map(|(t, id)| (id, t)).collect();
        let others = coming.len() - named.len();
        wallet.named = named.into_values().collect();
        if others > 0 && !wallet.others_said {
            wallet.others_said = true;
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

fn read_balance(result: Result<Answer, NoAnswer>) -> Option<BalanceAllowance> {
    let answer = result.ok().filter(|a| a.status == 200)?;
    BalanceAllowance::read(&answer.body).ok()
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
