//! The order desk: our orders, trades and money at the venue, as a machine without sockets.
//!
//! It is told of intents once they are durable, of what the network heard, and of the time. It answers with requests
//! ([`Desk::asks`]) and with events to be appended ([`Desk::next_said`]). It keeps nothing that the log does not have but
//! what is under way; after a restart it asks the venue.
//!
//! # What became of an order
//!
//! *Refused* is only what the venue refuses at the first attempt in so many words. *Taken* is what it confirms, lists, or
//! has traded, or calls a duplicate. Everything else is *unknown*, keeps its reservation, and is looked up by its hash: in
//! the open orders, and in our trades, because an order that is filled is not open. Not found is no proof that it never
//! came. The core may send the same bytes again at any time; that never makes a second order.
//!
//! # Fills
//!
//! A trade is a fill of ours once for each of our orders in it, known by the trade's id and the order's hash. It is booked
//! when matched, confirmed or voided when the venue says so, and comes many times, in any order, by websocket and by
//! request; only what is new is said.

mod account;
mod holds;
mod money;
mod orders;
mod requests;
mod sending;
mod settlement;
mod trades;

pub use account::Standing;

use super::bucket::Bucket;
use super::faults::Faults;
use crate::wire::{Ask, CallId, Socket, Tell};
use orders::Order;
use polymarket::Address;
use polymarket::auth::Credentials;
use polymarket::wire::rest::Attempt;
use projections::State;
use schemas::event::{SystemEvent, TradeKey};
use schemas::time::NANOS_PER_SEC;
use schemas::{Bytes32, CycleId, Event, OrderId, TokenId, UtcNanos};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Whose orders these are.
#[derive(Clone, Debug)]
pub struct Account {
    /// The key's own address: what requests are signed for.
    pub signer: Address,
    /// The wallet that holds the funds.
    pub maker: Address,
    /// The signature type, as its number: what balances are asked for.
    pub signature_type: u8,
    /// The API key.
    pub credentials: Credentials,
}

/// An event to be appended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The cycle it belongs to.
    pub cycle: Option<CycleId>,
    /// What.
    pub event: Event,
}

/// What a request was for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Purpose {
    Post {
        orders: Vec<(OrderId, Bytes32)>,
        attempt: Attempt,
        /// Every earlier attempt is so long ago that it has arrived or never will.
        alone: bool,
    },
    Cancel {
        orders: Vec<(OrderId, Bytes32)>,
    },
    Look {
        order: OrderId,
        asked: UtcNanos,
    },
    OpenOrders {
        round: u64,
    },
    Trades {
        round: u64,
    },
    Balance {
        asked: UtcNanos,
    },
    Position {
        token: TokenId,
        asked: UtcNanos,
    },
    Refresh {
        token: Option<TokenId>,
    },
    Wallet {
        round: u64,
    },
    Time {
        asked: UtcNanos,
    },
    Heartbeat,
}

/// Our side of the venue.
pub struct Desk {
    account: Account,
    orders: BTreeMap<OrderId, Order>,
    by_hash: BTreeMap<Bytes32, OrderId>,
    calls: BTreeMap<CallId, Purpose>,
    last_call: u64,
    asks: VecDeque<Ask>,
    said: VecDeque<Said>,
    order_bucket: Bucket,
    cancel_bucket: Bucket,
    waiting: sending::Waiting,
    /// Fills whose end was said.
    ended_fills: BTreeSet<TradeKey>,
    /// Winning tokens that are not redeemed yet, and how often that was seen.
    unredeemed: BTreeMap<TokenId, u32>,
    /// Hashes of orders that are ours and not this log's.
    strangers: BTreeSet<Bytes32>,
    standing: Standing,
    faults: Faults,
    /// The venue's clock less ours, ns.
    clock_offset: i64,
    now: UtcNanos,
}

impl Desk {
    /// Before anything is known of the venue.
    pub fn new(account: Account) -> Self {
        Self {
            account,
            orders: BTreeMap::new(),
            by_hash: BTreeMap::new(),
            calls: BTreeMap::new(),
            last_call: 0,
            asks: VecDeque::new(),
            said: VecDeque::new(),
            order_bucket: Bucket::ORDERS,
            cancel_bucket: Bucket::CANCELS,
            waiting: sending::Waiting::default(),
            ended_fills: BTreeSet::new(),
            unredeemed: BTreeMap::new(),
            strangers: BTreeSet::new(),
            standing: Standing::default(),
            faults: Faults::of("venue"),
            clock_offset: 0,
            now: UtcNanos::ZERO,
        }
    }

    /// Follows the account and risks nothing. No heartbeat is sent: when that ends, the venue cancels every order of the API
    /// key, also those of others. Shares that the log did not buy are those of a run for real.
    pub fn for_a_dry_run(mut self) -> Self {
        self.standing.heartbeat.off = true;
        self.for_one_order()
    }

    /// Trades beside another log: shares that this one did not buy are that one's, and the wallet is not listed.
    pub fn for_one_order(mut self) -> Self {
        self.standing.money.wallet_is_of_others();
        self
    }

    /// What is now to be asked of the network, in order.
    pub fn asks(&mut self) -> impl Iterator<Item = Ask> + '_ {
        self.send_waiting();
        self.asks.drain(..)
    }

    /// The next event to be appended. Append it before taking the next: later ones depend on what the state then is.
    pub fn next_said(&mut self) -> Option<Said> {
        self.said.pop_front()
    }

    /// Takes what the network heard.
    pub fn hear(&mut self, tell: Tell, now: UtcNanos, state: &State) {
        self.now = self.now.max(now);
        match tell {
            Tell::Answer(id, result) => {
                let Some(purpose) = self.calls.remove(&id) else { return };
                self.answered(purpose, result, state);
            }
            Tell::Opened(Socket::User) => self.user_opened(),
            Tell::Closed(Socket::User, why) => self.user_closed(&why),
            Tell::Text(Socket::User, text) => self.user_text(&text, state),
            // Not the desk's.
            Tell::Opened(_) | Tell::Closed(..) | Tell::Text(..) => {}
        }
    }

    /// Lets time pass.
    pub fn look(&mut self, now: UtcNanos, state: &State) {
        self.now = self.now.max(now);
        self.end_withheld(state);
        self.look_after_holds();
        self.look_after_orders(state);
        self.look_after_account(state);
        let left_out = self.faults.left_out(self.now);
        left_out.into_iter().for_each(|event| self.note(event));
    }

    fn say(&mut self, cycle: Option<CycleId>, event: Event) {
        self.said.push_back(Said { cycle, event });
    }

    fn note(&mut self, event: SystemEvent) {
        self.say(None, Event::System(event));
    }

    /// The venue's time, Unix seconds.
    fn venue_seconds(&self) -> u64 {
        u64::try_from((self.now.0.saturating_add(self.clock_offset)) / NANOS_PER_SEC).unwrap_or(0)
    }
}
