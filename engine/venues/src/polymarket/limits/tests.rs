use super::*;
use crate::wire::Answer;

fn at(ms: i64) -> UtcNanos {
    UtcNanos(1_700_000_000_000_000_000 + ms * NANOS_PER_MS)
}

fn call(id: u64, host: Host, method: Method, target: &str) -> Call {
    let target = target.to_owned();
    Call { id: CallId(id), host, method, target, headers: None, body: Vec::new(), timeout_ms: 1_000 }
}

fn answer(id: CallId, status: u16, headers: &[(&str, &str)]) -> Tell {
    let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    Tell::Answer(id, Ok(Answer { status, headers, body: String::new() }))
}

fn sent(limits: &mut Limits, ms: i64) -> Vec<CallId> {
    let ids = limits.ready(at(ms)).into_iter().map(|ask| match ask {
        Ask::Call(call) => call.id,
        other => panic!("{other:?}"),
    });
    ids.collect()
}

#[test]
fn endpoints_are_counted_as_the_venue_counts_them() {
    let group = |host, method, target| Group::of(&call(0, host, method, target)).unwrap();
    assert_eq!(group(Host::Clob, Method::Get, "/book?token_id=1"), Group::Book);
    assert_eq!(group(Host::Clob, Method::Post, "/books"), Group::Books);
    assert_eq!(group(Host::Clob, Method::Post, "/order"), Group::Order);
    assert_eq!(group(Host::Clob, Method::Delete, "/order"), Group::Cancel);
    assert_eq!(group(Host::Clob, Method::Get, "/data/order/0x1"), Group::Clob);
    assert_eq!(group(Host::Clob, Method::Get, "/data/orders?next_cursor=MA=="), Group::OpenOrders);
    assert_eq!(group(Host::Clob, Method::Get, "/balance-allowance?asset_type=COLLATERAL"), Group::Balance);
    assert_eq!(group(Host::Clob, Method::Get, "/balance-allowance/update"), Group::BalanceUpdate);
    assert_eq!(group(Host::Clob, Method::Post, "/auth/api-key"), Group::Keys);
    assert_eq!(group(Host::Gamma, Method::Get, "/markets/keyset?limit=1"), Group::GammaMarkets);
    assert_eq!(group(Host::Data, Method::Get, "/v2/positions?user=0x"), Group::DataPositions);
}

#[test]
fn a_flood_is_spread_and_what_waits_is_bounded() {
    let mut limits = Limits::default();
    for id in 0..1_000 {
        limits.ask(Ask::Call(call(id, Host::Clob, Method::Get, "/balance-allowance?x")), at(0));
    }
    let mut refused = 0;
    while let Some(Tell::Answer(_, Err(NoAnswer::NotSent(_)))) = limits.next_refused() {
        refused += 1;
    }
    assert_eq!(refused, 1_000 - WAITING_MAX);
    let mut times = Vec::new();
    for ms in (0..30_000).step_by(20) {
        times.extend(sent(&mut limits, ms).into_iter().map(|id| (ms, id)));
    }
    assert!(times.is_sorted_by_key(|(_, id)| *id), "in their order");
    let most = times.iter().map(|(from, _)| times.iter().filter(|(ms, _)| (*from..from + 10_000).contains(ms)).count());
    assert!((95..=100).contains(&most.max().unwrap()), "half of 200 in any ten seconds");
    assert!(limits.next_refused().is_some(), "what waited for ten seconds is told as not sent");
    limits.ask(Ask::Call(call(5_000, Host::Clob, Method::Get, "/book?x")), at(0));
    assert_eq!(sent(&mut limits, 0).len(), 1, "other endpoints have their own");
}

#[test]
fn failing_reads_pause_longer_each_time_and_one_tries() {
    let mut limits = Limits::default();
    let mut gone = Vec::new();
    let mut id = 0;
    for ms in (0..120_000).step_by(100) {
        id += 1;
        limits.ask(Ask::Call(call(id, Host::Clob, Method::Post, "/books")), at(ms));
        for id in sent(&mut limits, ms) {
            gone.push(ms);
            limits.heed(&answer(id, 503, &[]), at(ms));
        }
        while limits.next_refused().is_some() {}
    }
    assert_eq!(gone, [0, 500, 1_500, 3_500, 7_500, 15_500, 31_500, 61_500, 91_500]);
    // It answers again: everything goes.
    let first = sent(&mut limits, 121_500);
    assert_eq!(first.len(), 1, "one tries");
    assert!(sent(&mut limits, 121_600).is_empty());
    limits.heed(&answer(first[0], 200, &[]), at(121_700));
    assert!(sent(&mut limits, 121_700).len() > 10);
}

#[test]
fn retry_after_is_kept_to_and_has_an_end() {
    let mut limits = Limits::default();
    for (id, wait, opens) in [(1, "7", 7_000), (2, "99999999", 7_000 + 600_000)] {
        let from = if id == 1 { 0 } else { 7_000 };
        limits.ask(Ask::Call(call(id, Host::Clob, Method::Get, "/data/trades?a")), at(from));
        assert_eq!(sent(&mut limits, from), [CallId(id)]);
        limits.heed(&answer(CallId(id), 429, &[("retry-after", wait)]), at(from));
        limits.ask(Ask::Call(call(id + 10, Host::Clob, Method::Get, "/data/trades?b")), at(opens - 1_000));
        assert!(sent(&mut limits, opens - 1).is_empty());
        assert_eq!(sent(&mut limits, opens), [CallId(id + 10)]);
        limits.heed(&answer(CallId(id + 10), 200, &[]), at(opens));
    }
}

#[test]
fn cancels_and_heartbeats_go_on_while_the_venue_fails() {
    let mut limits = Limits::default();
    for id in 0..20 {
        let (method, target) = if id % 2 == 0 { (Method::Delete, "/order") } else { (Method::Post, "/v1/heartbeats") };
        limits.ask(Ask::Call(call(id, Host::Clob, method, target)), at(id as i64));
        assert_eq!(sent(&mut limits, id as i64), [CallId(id)]);
        limits.heed(&answer(CallId(id), 503, &[("Retry-After", "100")]), at(id as i64));
    }
}

#[test]
fn a_try_without_an_answer_does_not_close_the_gate_for_good() {
    let mut limits = Limits::default();
    limits.ask(Ask::Call(call(1, Host::Clob, Method::Get, "/time")), at(0));
    assert_eq!(sent(&mut limits, 0).len(), 1);
    limits.ask(Ask::Call(call(2, Host::Clob, Method::Get, "/time")), at(0));
    assert_eq!(sent(&mut limits, 0).len(), 1);
    limits.heed(&Tell::Answer(CallId(1), Err(NoAnswer::Lost("gone".to_owned()))), at(0));
    // The second is never answered.
    limits.ask(Ask::Call(call(3, Host::Clob, Method::Get, "/time")), at(125_000));
    assert!(sent(&mut limits, 125_000).is_empty());
    assert_eq!(sent(&mut limits, 130_000), [CallId(3)]);
}
