//! How much is asked of the venue, and when: every request of both machines passes here on its way to the network.
//!
//! # Rules
//!
//! - Each group of endpoints has a bucket, and so has each host: half of what the venue publishes (per address, ten seconds),
//!   because an address may have other users. The limits per signer, for orders and cancels, are the desk's.
//! - A read that was refused for its rate, or that the venue could not answer (425, 429, 5xx, no answer), closes its group
//!   for half a second, doubling up to half a minute, or as long as `Retry-After` says. Then one request tries; the others
//!   follow when it is answered.
//! - Orders, cancels and heartbeats are never held back by the failures of others. They wait for `Retry-After` alone.
//! - What waits is bounded, in number and time: a private request carries the second at which it was signed. What cannot go
//!   is told to its machine as not sent, and never left this process.

use super::bucket::Bucket;
use crate::wire::{Ask, Call, CallId, Host, Method, NoAnswer, Tell};
use schemas::UtcNanos;
use schemas::time::{NANOS_PER_MS, NANOS_PER_SEC};
use std::collections::{BTreeMap, VecDeque};

/// Requests of one group that may wait.
const WAITING_MAX: usize = 256;
/// How long one may, s.
const WAITING_S: i64 = 10;
/// First pause of a group whose requests fail, ms, and the last.
const PAUSE_FIRST_MS: i64 = 500;
const PAUSE_LAST_MS: i64 = 30_000;
/// No answer is waited for longer than this, s: the network's own time-outs are shorter.
const ANSWER_S: i64 = 130;
/// What the venue may say at most, s.
const RETRY_AFTER_MAX_S: u64 = 600;

/// Endpoints that the venue counts together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    Order,
    Orders,
    Cancel,
    Cancels,
    CancelMarket,
    CancelAll,
    Heartbeat,
    Book,
    Books,
    PricesHistory,
    TickSize,
    OpenOrders,
    Trades,
    Balance,
    BalanceUpdate,
    Keys,
    Clob,
    GammaMarkets,
    GammaEvents,
    Gamma,
    DataPositions,
    DataTrades,
    Data,
}

impl Group {
    /// The group of a request; none for other venues, whose feeds keep a pace of their own.
    fn of(call: &Call) -> Option<Self> {
        let path = call.target.split('?').next().unwrap_or_default();
        let path = path.strip_prefix("/v2").unwrap_or(path);
        Some(match (call.host, call.method, path) {
            (Host::Clob, Method::Post, "/order") => Self::Order,
            (Host::Clob, Method::Post, "/orders") => Self::Orders,
            (Host::Clob, Method::Delete, "/order") => Self::Cancel,
            (Host::Clob, Method::Delete, "/orders") => Self::Cancels,
            (Host::Clob, Method::Delete, "/cancel-market-orders") => Self::CancelMarket,
            (Host::Clob, Method::Delete, "/cancel-all") => Self::CancelAll,
            (Host::Clob, Method::Post, "/v1/heartbeats") => Self::Heartbeat,
            (Host::Clob, _, "/book" | "/price" | "/midpoint") => Self::Book,
            (Host::Clob, _, "/books" | "/prices" | "/midpoints") => Self::Books,
            (Host::Clob, _, "/prices-history") => Self::PricesHistory,
            (Host::Clob, _, "/tick-size") => Self::TickSize,
            (Host::Clob, _, "/data/orders") => Self::OpenOrders,
            (Host::Clob, _, "/data/trades") => Self::Trades,
            (Host::Clob, _, "/balance-allowance") => Self::Balance,
            (Host::Clob, _, "/balance-allowance/update") => Self::BalanceUpdate,
            (Host::Clob, _, path) if path.starts_with("/auth/") || path == "/ok" => Self::Keys,
            (Host::Clob, ..) => Self::Clob,
            (Host::Gamma, _, path) if path.starts_with("/markets") => Self::GammaMarkets,
            (Host::Gamma, _, path) if path.starts_with("/events") => Self::GammaEvents,
            (Host::Gamma, ..) => Self::Gamma,
            (Host::Data, _, "/positions") => Self::DataPositions,
            (Host::Data, _, "/trades") => Self::DataTrades,
            (Host::Data, ..) => Self::Data,
            (Host::Kalshi | Host::Manifold, ..) => return None,
        })
    }

    /// What the venue publishes for ten seconds (section 5 of the protocol notes).
    fn published(self) -> i64 {
        match self {
            Self::Order | Self::Cancel => 5_000,
            Self::Orders | Self::Cancels => 2_000,
            Self::CancelMarket | Self::Book => 1_500,
            Self::CancelAll => 250,
            Self::PricesHistory => 1_000,
            Self::Books | Self::OpenOrders | Self::Trades | Self::GammaEvents => 500,
            Self::GammaMarkets => 300,
            Self::TickSize | Self::Balance | Self::DataTrades => 200,
            Self::DataPositions => 150,
            Self::Keys => 100,
            Self::BalanceUpdate => 50,
            Self::Heartbeat | Self::Clob => 9_000,
            Self::Gamma => 4_000,
            Self::Data => 1_000,
        }
    }

    /// Whether failures make it pause. What gives up risk, or keeps the venue from cancelling, goes on.
    fn pauses(self) -> bool {
        use Group::{Cancel, CancelAll, CancelMarket, Cancels, Heartbeat, Order, Orders};
        !matches!(self, Order | Orders | Cancel | Cancels | CancelMarket | CancelAll | Heartbeat)
    }
}

/// One group's bucket, and what waits for it.
#[derive(Debug)]
struct Gate {
    bucket: Bucket,
    waiting: VecDeque<(Call, UtcNanos)>,
    /// Requests without an answer, by name, and when they went.
    out: BTreeMap<CallId, UtcNanos>,
    failed: u32,
    closed_until: UtcNanos,
}

impl Gate {
    fn new(group: Group) -> Self {
        Self {
            bucket: Bucket::in_ten_seconds(group.published() / 2),
            waiting: VecDeque::new(),
            out: BTreeMap::new(),
            failed: 0,
            closed_until: UtcNanos::ZERO,
        }
    }

    fn is_open(&mut self, now: UtcNanos) -> bool {
        if self.failed > 0 {
            // One that was never answered does not close the gate for good.
            self.out.retain(|_, since| now.since(*since) < ANSWER_S * NANOS_PER_SEC);
        }
        now >= self.closed_until && (self.failed == 0 || self.out.is_empty())
    }

    fn fail(&mut self, now: UtcNanos) {
        let pause = PAUSE_FIRST_MS.saturating_mul(1 << self.failed.min(20)).min(PAUSE_LAST_MS);
        self.failed = self.failed.saturating_add(1);
        self.closed_until = self.closed_until.max(now.plus(pause * NANOS_PER_MS));
    }
}

/// All limits of the venue.
#[derive(Debug)]
pub struct Limits {
    gates: BTreeMap<Group, Gate>,
    hosts: BTreeMap<Host, Bucket>,
    groups: BTreeMap<CallId, Group>,
    ready: Vec<Ask>,
    refused: VecDeque<Tell>,
}

impl Default for Limits {
    fn default() -> Self {
        let hosts = [(Host::Clob, 9_000), (Host::Gamma, 4_000), (Host::Data, 1_000)];
        Self {
            gates: BTreeMap::new(),
            hosts: hosts.map(|(host, published)| (host, Bucket::in_ten_seconds(published / 2))).into(),
            groups: BTreeMap::new(),
            ready: Vec::new(),
            refused: VecDeque::new(),
        }
    }
}

impl Limits {
    /// Takes what a machine asks for. Websockets are not counted here.
    pub fn ask(&mut self, ask: Ask, now: UtcNanos) {
        let Ask::Call(call) = ask else { return self.ready.push(ask) };
        let Some(group) = Group::of(&call) else { return self.ready.push(Ask::Call(call)) };
        let gate = self.gates.entry(group).or_insert_with(|| Gate::new(group));
        if gate.waiting.len() >= WAITING_MAX {
            self.refused.push_back(not_sent(call.id));
        } else {
            gate.waiting.push_back((call, now));
        }
    }

    /// What may go now.
    pub fn ready(&mut self, now: UtcNanos) -> Vec<Ask> {
        let mut ready = std::mem::take(&mut self.ready);
        for (group, gate) in &mut self.gates {
            while let Some((call, since)) = gate.waiting.front() {
                if now.since(*since) >= WAITING_S * NANOS_PER_SEC {
                    self.refused.push_back(not_sent(call.id));
                    gate.waiting.pop_front();
                    continue;
                }
                let Some(host) = self.hosts.get_mut(&call.host) else { break };
                if !gate.is_open(now) || !gate.bucket.take(now) || !host.take(now) {
                    break;
                }
                let Some((call, _)) = gate.waiting.pop_front() else { break };
                gate.out.insert(call.id, now);
                self.groups.insert(call.id, *group);
                ready.push(Ask::Call(call));
            }
        }
        ready
    }

    /// An answer for a machine: what it asked for was not sent.
    pub fn next_refused(&mut self) -> Option<Tell> {
        self.refused.pop_front()
    }

    /// Learns from what the network heard.
    pub fn heed(&mut self, tell: &Tell, now: UtcNanos) {
        let Tell::Answer(id, result) = tell else { return };
        let Some(group) = self.groups.remove(id) else { return };
        let Some(gate) = self.gates.get_mut(&group) else { return };
        gate.out.remove(id);
        match result {
            Ok(answer) => {
                if matches!(answer.status, 425 | 429 | 500..=599) {
                    let wait = answer.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("retry-after"));
                    let seconds: Option<u64> = wait.and_then(|(_, text)| text.trim().parse().ok());
                    if let Some(seconds) = seconds.filter(|_| group.pauses() || answer.status == 429) {
                        let until = now.plus_secs(seconds.min(RETRY_AFTER_MAX_S));
                        gate.closed_until = gate.closed_until.max(until);
                    }
                    if group.pauses() {
                        gate.fail(now);
                    }
                } else {
                    gate.failed = 0;
                }
            }
            Err(_) if group.pauses() => gate.fail(now),
            Err(_) => {}
        }
    }
}

fn not_sent(id: CallId) -> Tell {
    Tell::Answer(id, Err(NoAnswer::NotSent("it waited for the venue's rate limit".to_owned())))
}

#[cfg(test)]
mod tests;
