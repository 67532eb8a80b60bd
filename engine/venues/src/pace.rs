//! How fast a venue is asked: a fixed distance between requests, a few under way at once, and growing pauses when it says
//! that it is too much, or says nothing. Reading elsewhere must never take anything from trading here.

use crate::wire::{Answer, Ask, Call, CallId, Host, Method, NoAnswer};
use schemas::UtcNanos;
use schemas::time::NANOS_PER_SEC;
use std::collections::{BTreeMap, VecDeque};

/// Requests that may be under way at once.
const UNDER_WAY_MAX: usize = 4;
/// The longest pause that is taken by itself, s.
const PAUSE_LAST_S: u64 = 64;
/// The longest pause that a venue is granted if it asks for one, s.
const ASKED_PAUSE_LAST_S: u64 = 600;

/// The pace at which one venue is asked.
#[derive(Clone, Debug)]
pub(crate) struct Pace {
    distance: i64,
    next: UtcNanos,
    under_way: usize,
    failures: u32,
}

impl Pace {
    /// At most so many requests a second; none is taken for one.
    pub fn per_second(requests: u32) -> Self {
        let distance = NANOS_PER_SEC / i64::from(requests.max(1));
        Self { distance, next: UtcNanos::ZERO, under_way: 0, failures: 0 }
    }

    /// Whether a request may go out now.
    pub fn is_ready(&self, now: UtcNanos) -> bool {
        self.under_way < UNDER_WAY_MAX && now >= self.next
    }

    /// A request goes out.
    pub fn asked(&mut self, now: UtcNanos) {
        self.under_way += 1;
        self.next = self.next.max(now.plus(self.distance));
    }

    /// A request is answered, or will not be.
    pub fn answered(&mut self, result: &Result<Answer, NoAnswer>, now: UtcNanos) {
        self.under_way = self.under_way.saturating_sub(1);
        let status = result.as_ref().map_or(0, |answer| answer.status);
        if status != 0 && status != 429 && status < 500 {
            self.failures = 0;
            return;
        }
        let own = (1u64 << self.failures.min(6)).min(PAUSE_LAST_S);
        self.failures = self.failures.saturating_add(1);
        let asked = result.as_ref().ok().and_then(retry_after).unwrap_or(0).min(ASKED_PAUSE_LAST_S);
        self.next = self.next.max(now.plus_secs(own.max(asked)));
    }
}

/// How long an answer is waited for.
const TIMEOUT_MS: u64 = 15_000;
/// So many names a feed has for its requests.
const NAMES: u64 = 1 << 60;

/// The requests of one feed: what each was for, at one pace, and what is to be asked of the network.
#[derive(Debug)]
pub(crate) struct Calls<P> {
    host: Host,
    first: u64,
    last: u64,
    open: BTreeMap<CallId, P>,
    pace: Pace,
    asks: VecDeque<Ask>,
}

impl<P> Calls<P> {
    /// Requests to a host, named from `first` up, so that those of different feeds are never taken for each other.
    pub fn new(host: Host, first: u64, per_second: u32) -> Self {
        let (open, asks) = (BTreeMap::new(), VecDeque::new());
        Self { host, first, last: first, open, pace: Pace::per_second(per_second), asks }
    }

    /// Whether a request is one of these.
    pub fn owns(&self, id: CallId) -> bool {
        (self.first..self.first.saturating_add(NAMES)).contains(&id.0)
    }

    /// Whether a request may go out now.
    pub fn is_ready(&self, now: UtcNanos) -> bool {
        self.pace.is_ready(now)
    }

    /// Reads a path.
    pub fn get(&mut self, purpose: P, target: String, now: UtcNanos) {
        self.pace.asked(now);
        self.last += 1;
        let id = CallId(self.last);
        self.open.insert(id, purpose);
        let (host, method, headers, body) = (self.host, Method::Get, None, Vec::new());
        self.asks.push_back(Ask::Call(Call { id, host, method, target, headers, body, timeout_ms: TIMEOUT_MS }));
    }

    /// What an answer is for, and the answer if it is a good one.
    pub fn take(&mut self, id: CallId, result: Result<Answer, NoAnswer>, now: UtcNanos) -> Option<(P, Option<Answer>)> {
        let purpose = self.open.remove(&id)?;
        self.pace.answered(&result, now);
        Some((purpose, result.ok().filter(|answer| answer.status == 200)))
    }

    /// Something else is asked of the network.
    pub fn ask(&mut self, ask: Ask) {
        self.asks.push_back(ask);
    }

    /// What is to be asked of the network, in order.
    pub fn drain(&mut self) -> Vec<Ask> {
        self.asks.drain(..).collect()
    }
}

/// What the venue wants, in seconds. Dates are not read: the own pause is then taken.
fn retry_after(answer: &Answer) -> Option<u64> {
    let found = answer.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("retry-after"));
    found.and_then(|(_, value)| value.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&str, &str)]) -> Result<Answer, NoAnswer> {
        let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        Ok(Answer { status, headers, body: String::new() })
    }

    #[test]
    fn never_more_than_so_many_a_second() {
        let mut pace = Pace::per_second(10);
        let mut asked = 0;
        for ms in 0..3_000 {
            let now = UtcNanos::from_millis(ms).unwrap();
            if pace.is_ready(now) {
                pace.asked(now);
                pace.answered(&answer(200, &[]), now);
                asked += 1;
            }
        }
        assert_eq!(asked, 30);
    }

    #[test]
    fn few_are_under_way() {
        let mut pace = Pace::per_second(10);
        let mut now = UtcNanos::ZERO;
        while pace.is_ready(now) {
            pace.asked(now);
            now = now.plus_secs(1);
        }
        assert_eq!(now, UtcNanos::from_secs(4).unwrap());
        pace.answered(&answer(404, &[]), now);
        assert!(pace.is_ready(now));
    }

    #[test]
    fn pauses_grow_and_end_with_a_good_answer() {
        let mut pace = Pace::per_second(10);
        let mut now = UtcNanos::ZERO;
        let mut pauses = Vec::new();
        for _ in 0..8 {
            pace.asked(now);
            pace.answered(&answer(429, &[]), now);
            let before = now;
            while !pace.is_ready(now) {
                now = now.plus_millis(500);
            }
            pauses.push(now.since(before) / NANOS_PER_SEC);
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 64]);
        pace.asked(now);
        pace.answered(&answer(200, &[]), now);
        assert!(pace.is_ready(now.plus_secs(1)));
        pace.asked(now);
        pace.answered(&answer(503, &[("Retry-After", "120")]), now);
        assert!(!pace.is_ready(now.plus_secs(119)) && pace.is_ready(now.plus_secs(120)));
        pace.answered(&Err(NoAnswer::Lost("x".to_owned())), now.plus_secs(120));
        assert!(!pace.is_ready(now.plus_secs(121)));
    }
}
