//! The account: start-up, the user channel, lists of open orders, clock and heartbeat.

use super::holds::{Hold, Holds};
use super::money::Money;
use super::trades::Polling;
use super::{Desk, Purpose};
use crate::wire::{Answer, Ask, Host, Method, NoAnswer, Socket};
use polymarket::auth::Secret;
use polymarket::wire::rest;
use polymarket::wire::subscribe;
use polymarket::wire::user::{self, OrderState};
use projections::State;
use schemas::event::{AccountEvent, FaultPolicy, SystemEvent, TradeKey};
use schemas::time::{NANOS_PER_MS, NANOS_PER_SEC};
use schemas::{Bytes32, Event, UtcNanos};
use std::collections::{BTreeMap, BTreeSet};

/// The user channel answers a `PING` that is sent this often, s; without an answer for so long it is dead, s.
const PING_S: u64 = 10;
const SILENT_S: i64 = 30;
/// The list of open orders: asked for again so long after it failed, s, and when nothing more came of it, s.
const LIST_RETRY_S: u64 = 5;
const LIST_GIVEN_UP_S: u64 = 120;
/// The venue cancels everything if it hears no heartbeat for 10 s.
const HEARTBEAT_S: u64 = 5;
const HEARTBEAT_LOST_S: i64 = 10;
const CLOCK_S: u64 = 60;
/// A clock this far off is said; one further off stops new orders, because they carry its time.
const SKEW_SAID_NANOS: i64 = 2 * NANOS_PER_SEC;
const SKEW_HALTS_NANOS: i64 = 5 * NANOS_PER_SEC;
/// Pause before the user channel is opened again, s: doubles up to the last, and begins anew once it stayed open for a
/// minute. So many closings in a row are said.
const REOPEN_LAST_S: u64 = 30;
const STEADY_S: i64 = 60;
const TRIES_SAID: u32 = 4;
/// Every message may be lost: open orders are listed this often anyway, s.
const LIST_EVERY_S: u64 = 300;
/// Pages of a list of open orders: one without an end is none.
const PAGES_MAX: u32 = 100;
/// The venue's time is asked for again so long after no answer came, s, until it came once.
const CLOCK_RETRY_S: u64 = 5;

/// Where the account stands, as far as that is not in the log.
#[derive(Debug, Default)]
pub struct Standing {
    pub(super) started: bool,
    /// Everything the venue said at the start fits the log.
    pub(super) reconciled: bool,
    pub(super) holds: Holds,
    pub(super) trades: Polling,
    /// Fills booked and neither confirmed nor voided, and since when.
    pub(super) unconfirmed: BTreeMap<TradeKey, UtcNanos>,
    orders_round: u64,
    /// The pages of the list of open orders that have come, and the orders on them.
    pages: u32,
    listed: BTreeSet<Bytes32>,
    /// Every entry of them could be read.
    list_is_whole: bool,
    /// The list of open orders came whole once.
    pub(super) orders_listed: bool,
    /// When it is asked for.
    next_list: UtcNanos,
    /// The venue has said what time it is.
    pub(super) time_known: bool,
    /// When it is asked next.
    next_clock: UtcNanos,
    pub(super) money: Money,
    user: UserSocket,
    pub(super) heartbeat: Heartbeat,
    skew_said: bool,
}

#[derive(Debug, Default)]
struct UserSocket {
    open: bool,
    opening: bool,
    tries: u32,
    open_at: UtcNanos,
    opened_at: UtcNanos,
    next_ping: UtcNanos,
    heard_at: UtcNanos,
}

#[derive(Debug, Default)]
pub(super) struct Heartbeat {
    pub(super) off: bool,
    last_id: String,
    next_at: UtcNanos,
    alive_at: UtcNanos,
    asked: bool,
}

impl Desk {
    /// Begins: nothing new is risked before the venue's word and the log agree.
    pub fn start(&mut self, now: UtcNanos, state: &State) {
        self.now = self.now.max(now);
        self.standing.unconfirmed = state.positions.unconfirmed().map(|(_, trade, at)| (trade, at)).collect();
        self.standing.trades.listen_again(state.time);
        self.sent_before_now();
        self.cancel_what_was_to_be(state);
        self.standing.started = true;
        self.hold(Hold::Reconciling);
        self.ask_time();
        self.open_user();
        self.list_orders();
        self.poll_trades_soon();
    }

    /// Whether trading may go on as far as the venue is concerned.
    pub fn is_reconciled(&self) -> bool {
        self.standing.reconciled
    }

    pub(super) fn answered(&mut self, purpose: Purpose, result: Result<Answer, NoAnswer>, state: &State) {
        if !matches!(purpose, Purpose::Time { .. } | Purpose::Wallet { .. }) {
            self.key_heard(&result);
        }
        match purpose {
            Purpose::Post { orders, attempt, alone } => {
                if let Ok(answer) = &result {
                    self.keep_raw("order", &answer.body);
                }
                self.post_answered(&orders, (attempt, alone), result, state);
            }
            Purpose::Cancel { orders } => {
                if let Ok(answer) = &result {
                    self.keep_raw("cancel", &answer.body);
                }
                self.cancel_answered(&orders, result, state);
            }
            Purpose::Look { order, asked } => self.look_answered(order, asked, result, state),
            Purpose::Trades { round } => self.trades_answered(round, result, state),
            Purpose::OpenOrders { round } => self.orders_answered(round, result, state),
            Purpose::Balance { asked } => self.balance_answered(asked, result, state),
            Purpose::Position { token, asked } => self.position_answered((token, asked), result, state),
            Purpose::Refresh { token } => self.refreshed(token, state),
            Purpose::Wallet { round } => self.wallet_answered(round, result, state),
            Purpose::Time { asked } => self.time_answered(asked, result),
            Purpose::Heartbeat => self.heartbeat_answered(result),
        }
    }

    /// What an answer in the account's name says about its API key.
    fn key_heard(&mut self, result: &Result<Answer, NoAnswer>) {
        match result.as_ref().map(|answer| answer.status) {
            Ok(401) => self.hold(Hold::Key),
            Ok(200) => self.release(Hold::Key, "the venue knows the API key"),
            _ => {}
        }
    }

    pub(super) fn look_after_account(&mut self, state: &State) {
        if !self.standing.started {
            return;
        }
        self.look_after_trades();
        self.look_after_user();
        if self.now >= self.standing.next_list {
            self.list_orders();
        }
        if self.now >= self.standing.next_clock {
            self.ask_time();
        }
        self.beat();
        self.look_after_money(state);
        self.settle_worthless(state);
    }

    // The user channel.

    fn open_user(&mut self) {
        self.standing.user.opening = true;
        self.asks.push_back(Ask::Open(Socket::User));
    }

    pub(super) fn user_opened(&mut self) {
        let user = &mut self.standing.user;
        (user.open, user.opening, user.opened_at) = (true, false, self.now);
        (user.heard_at, user.next_ping) = (self.now, self.now.plus_secs(PING_S));
        let hello = subscribe::user(&self.account.credentials, &[]);
        self.asks.push_back(Ask::Say(Socket::User, hello));
        // What was said while nobody listened.
        self.list_orders();
        self.poll_trades_soon();
    }

    pub(super) fn user_closed(&mut self, why: &str) {
        let user = &mut self.standing.user;
        if user.open && self.now.since(user.opened_at) >= STEADY_S * NANOS_PER_SEC {
            user.tries = 0;
        }
        let pause = (1u64 << user.tries.min(5)).min(REOPEN_LAST_S);
        (user.open, user.opening) = (false, false);
        user.tries = user.tries.saturating_add(1);
        user.open_at = self.now.plus_secs(pause);
        if user.tries == TRIES_SAID {
            let text = format!(
                "the user channel was closed {TRIES_SAID} times without staying open, so fills are only asked for: {why}; is \
                 venue.socket_url right? It is tried again"
            );
            self.fault(text);
        }
    }

    fn look_after_user(&mut self) {
        let (now, user) = (self.now, &mut self.standing.user);
        if user.open {
            if now.since(user.heard_at) >= SILENT_S * NANOS_PER_SEC {
                self.asks.push_back(Ask::Close(Socket::User));
                self.user_closed("silent");
            } else if now >= user.next_ping {
                user.next_ping = now.plus_secs(PING_S);
                self.asks.push_back(Ask::Say(Socket::User, Secret::new(subscribe::PING.to_owned())));
            }
        } else if !user.opening && now >= user.open_at {
            self.open_user();
        }
    }

    pub(super) fn user_text(&mut self, text: &str, state: &State) {
        self.standing.user.heard_at = self.now;
        match user::decode(text) {
            Ok(polymarket::wire::market::Frame::Pong) => {}
            Ok(polymarket::wire::market::Frame::Messages(events)) => {
                self.keep_raw("user", text);
                for event in events {
                    match event {
                        Ok(user::Event::Order(order)) => self.order_seen(&order, state),
                        Ok(user::Event::Trade(trade)) => self.trade_seen(&trade, state),
                        Ok(user::Event::Unknown { .. }) => {}
                        Err(bad) => self.undecoded("user channel", &bad.error.to_string(), bad.raw),
                    }
                }
            }
            Err(e) => self.undecoded("user channel", &e.to_string(), text),
        }
    }

    // Lists of open orders.

    fn list_orders(&mut self) {
        let standing = &mut self.standing;
        standing.orders_round += 1;
        standing.next_list = self.now.plus_secs(LIST_GIVEN_UP_S);
        (standing.pages, standing.list_is_whole) = (0, true);
        standing.listed.clear();
        self.ask_orders(rest::CURSOR_START);
    }

    fn ask_orders(&mut self, cursor: &str) {
        self.standing.pages += 1;
        let round = self.standing.orders_round;
        let target = format!("/data/orders?next_cursor={cursor}");
        self.ask(Purpose::OpenOrders { round }, Method::Get, target, Vec::new());
    }

    fn orders_answered(&mut self, round: u64, result: Result<Answer, NoAnswer>, state: &State) {
        if round != self.standing.orders_round {
            return;
        }
        let page = match result {
            Ok(answer) if answer.status == 200 => rest::page::<OrderState>(&answer.body).ok(),
            _ => None,
        };
        let Some(page) = page else { return self.list_failed() };
        for entry in page.entries {
            match entry {
                Ok(order) => {
                    self.standing.listed.insert(order.id);
                    self.order_seen(&order, state);
                }
                Err(bad) => {
                    self.standing.list_is_whole = false;
                    self.undecoded("open orders", &bad.error.to_string(), &bad.raw);
                }
            }
        }
        match page.next {
            Some(cursor) if self.standing.pages < PAGES_MAX => self.ask_orders(&cursor),
            Some(_) => self.list_failed(),
            // What cannot be read may be an order of ours: nothing is risked before the list could be read whole once.
            None if !self.standing.list_is_whole && !self.standing.orders_listed => self.list_failed(),
            None => {
                self.standing.orders_listed = true;
                self.standing.next_list = self.now.plus_secs(LIST_EVERY_S);
                self.list_is_complete(state);
            }
        }
    }

    fn list_failed(&mut self) {
        self.standing.next_list = self.now.plus_secs(LIST_RETRY_S);
    }

    /// An order of the log that is open here and not there is looked for.
    fn list_is_complete(&mut self, state: &State) {
        let standing = &self.standing;
        let missing = self.orders.iter().filter(|(_, order)| !standing.listed.contains(&order.hash));
        let missing: Vec<_> = missing.map(|(id, _)| *id).filter(|id| state.orders.get(*id).is_some()).collect();
        for id in missing {
            self.look_for(id, 0);
        }
    }

    /// An order of our wallet that this log does not know: somebody else trades with it.
    pub(super) fn stranger(&mut self, hash: Bytes32) {
        if self.strangers.insert(hash) {
            let what = format!("order 0x{hash} at the venue is of this wallet and not of this log");
            self.say(None, Event::Account(AccountEvent::ReconcileMismatch { what, expected: 0, observed: 1 }));
        }
    }

    pub(super) fn stranger_trade(&mut self, hash: Bytes32, trade: &user::Trade) {
        // Trades from before this log, in the list that is asked for at the start, are no news.
        let began = self.standing.money.cash_seen.is_some();
        if began && trade.match_time.is_none_or(|at| self.now.since(at) < 600 * NANOS_PER_SEC) {
            self.stranger(hash);
        }
    }

    // The clock.

    fn ask_time(&mut self) {
        let pause = if self.standing.time_known { CLOCK_S } else { CLOCK_RETRY_S };
        self.standing.next_clock = self.now.plus_secs(pause);
        self.ask_openly(Purpose::Time { asked: self.now }, Host::Clob, "/time");
    }

    fn time_answered(&mut self, asked: UtcNanos, result: Result<Answer, NoAnswer>) {
        let read = match result {
            Ok(answer) if answer.status == 200 => rest::server_time(&answer.body).ok(),
            _ => None,
        };
        let Some(venue) = read else { return };
        self.standing.time_known = true;
        self.standing.next_clock = self.now.plus_secs(CLOCK_S);
        // The answer counts whole seconds: on average half a second is gone.
        let middle = asked.0 + self.now.since(asked) / 2;
        self.clock_offset = venue.0 + NANOS_PER_SEC / 2 - middle;
        let skew = self.clock_offset.abs();
        if skew > SKEW_SAID_NANOS && !self.standing.skew_said {
            self.standing.skew_said = true;
            let text = format!("this machine's clock is {} ms off the venue's", self.clock_offset / NANOS_PER_MS);
            let policy = if skew > SKEW_HALTS_NANOS { FaultPolicy::Halted } else { FaultPolicy::Degraded };
            self.note(SystemEvent::Fault { component: "clock".to_owned(), text, policy });
        }
        if skew > SKEW_HALTS_NANOS {
            self.hold(Hold::Clock);
        } else {
            self.release(Hold::Clock, "the clock agrees with the venue's");
        }
    }

    // The heartbeat: the venue cancels our orders if it stops.

    fn beat(&mut self) {
        let (now, heartbeat) = (self.now, &mut self.standing.heartbeat);
        if heartbeat.off {
            return;
        }
        if heartbeat.alive_at == UtcNanos::ZERO {
            heartbeat.alive_at = now;
        }
        if !self.is_heard() {
            self.hold(Hold::Heartbeat);
        }
        let heartbeat = &mut self.standing.heartbeat;
        if !heartbeat.asked && now >= heartbeat.next_at {
            heartbeat.asked = true;
            heartbeat.next_at = now.plus_secs(HEARTBEAT_S);
            let body = rest::heartbeat_body(&heartbeat.last_id);
            self.ask(Purpose::Heartbeat, Method::Post, "/v1/heartbeats".to_owned(), body);
        }
    }

    /// Whether the venue has confirmed a heartbeat lately.
    pub(super) fn is_heard(&self) -> bool {
        self.now.since(self.standing.heartbeat.alive_at) < HEARTBEAT_LOST_S * NANOS_PER_SEC
    }

    fn heartbeat_answered(&mut self, result: Result<Answer, NoAnswer>) {
        let now = self.now;
        let heartbeat = &mut self.standing.heartbeat;
        let before = heartbeat.alive_at;
        heartbeat.asked = false;
        let Ok(answer) = result else { return };
        match answer.status {
            200 => {
                if let Ok(beat) = rest::read::<rest::Heartbeat>(&answer.body) {
                    heartbeat.last_id = beat.heartbeat_id;
                    heartbeat.alive_at = now;
                }
            }
            400 => {
                if let Some(id) = rest::stale_heartbeat(&answer.body) {
                    heartbeat.last_id = id;
                    heartbeat.next_at = now;
                }
            }
            _ => {}
        }
        let back = self.standing.holds.has(Hold::Heartbeat) && self.standing.heartbeat.alive_at == now;
        if back && self.standing.reconciled {
            // Without it the venue has cancelled what was open: everything is compared as at a start.
            (self.standing.reconciled, self.standing.orders_listed) = (false, false);
            self.standing.trades.listen_again(before);
            self.list_orders();
            self.poll_trades_soon();
            self.standing.money.begin_again(now);
        }
    }

    // What is kept as it came.

    pub(super) fn keep_raw(&mut self, channel: &str, text: &str) {
        self.note(SystemEvent::RawKept { channel: channel.to_owned(), text: text.to_owned() });
    }

    pub(super) fn undecoded(&mut self, channel: &str, why: &str, raw: &str) {
        let said = self.faults.unread(channel, why, raw, self.now);
        said.into_iter().for_each(|event| self.note(event));
    }

    /// Says that something is wrong; the desk goes on.
    pub(super) fn fault(&mut self, text: String) {
        let fault = self.faults.fault(text);
        self.note(fault);
    }
}
