//! The desk's requests: several at once, and the venue's closed times. Answers are written by hand.

use crate::venue::at;
use polymarket::Address;
use polymarket::auth::{Credentials, Secret};
use projections::State;
use projections::orders::OrderStatus;
use schemas::event::{
    Action, CancelReason, ExitReason, OrderEvent, OrderIntended, OrderPlan, Purpose, Style, SystemEvent, TimeInForce,
};
use schemas::{Bytes32, Cash, CycleId, Envelope, Event, MarketId, OrderId, Price, Seq, Side, Size, UtcNanos};
use serde_json::{Value, json};
use venues::polymarket::desk::{Account, Desk};
use venues::polymarket::limits::Limits;
use venues::wire::{Answer, Ask, Call, Method, NoAnswer, Tell};

pub struct World {
    pub desk: Desk,
    pub state: State,
    seq: Seq,
    pub now_ms: i64,
    pub said: Vec<Event>,
}

pub fn hash(n: u32) -> Bytes32 {
    let mut id = [0xaa; 32];
    id[28..].copy_from_slice(&n.to_be_bytes());
    Bytes32(id)
}

pub fn intent(n: u32, purpose: Purpose, post_only: bool) -> OrderIntended {
    let side = if purpose == Purpose::Entry { Side::Buy } else { Side::Sell };
    let plan = OrderPlan {
        action: Action { token: MarketId(0).yes(), side },
        purpose,
        style: Style::Taker,
        price: Price(500_000),
        size: Size(10_000_000),
        tif: TimeInForce::Gtc,
        post_only,
        expires: UtcNanos::ZERO,
        stop: Price::ZERO,
        target: Price::ZERO,
    };
    let signed = format!("{{\"n\":{n}}}").into_bytes();
    OrderIntended {
        order: OrderId(n),
        market: MarketId(0),
        plan,
        worst_case_loss: Cash(5_000_000),
        salt: u64::from(n),
        hash: hash(n),
        signed,
    }
}

pub fn taken(n: u32) -> Value {
    json!({ "success": true, "errorMsg": "", "orderID": format!("0x{}", hash(n)), "status": "live" })
}

impl World {
    pub fn new() -> Self {
        let secret = |text: &str| Secret::new(text.to_owned());
        let credentials =
            Credentials { api_key: "key".to_owned(), secret: secret("c2VjcmV0"), passphrase: secret("p") };
        let account = Account { signer: Address::ZERO, maker: Address::ZERO, signature_type: 0, credentials };
        Self { desk: Desk::new(account), state: State::new(), seq: Seq::FIRST, now_ms: 0, said: Vec::new() }
    }

    pub fn append(&mut self, cycle: Option<CycleId>, event: Event) {
        let envelope = Envelope { seq: self.seq, time: at(self.now_ms), cause: None, cycle, event };
        self.seq = self.seq.next();
        self.state.apply(&envelope);
        self.said.push(envelope.event);
    }

    pub fn fold(&mut self) {
        while let Some(said) = self.desk.next_said() {
            self.append(said.cycle, said.event);
        }
    }

    pub fn place(&mut self, intent: &OrderIntended) {
        self.append(Some(CycleId(1)), Event::Order(OrderEvent::Intended(Box::new(intent.clone()))));
        self.desk.place(intent, at(self.now_ms));
    }

    pub fn entry(&mut self, n: u32) {
        self.place(&intent(n, Purpose::Entry, false));
    }

    /// Lets a step of time pass, and takes every request that leaves.
    pub fn calls(&mut self, ms: i64) -> Vec<Call> {
        self.now_ms += ms;
        self.desk.look(at(self.now_ms), &self.state);
        self.fold();
        self.desk.asks().filter_map(|ask| if let Ask::Call(call) = ask { Some(call) } else { None }).collect()
    }

    /// Lets time pass, and takes the trading requests that leave.
    fn run(&mut self, ms: i64) -> Vec<Call> {
        let mut out = Vec::new();
        let until = self.now_ms + ms;
        let mut calls = self.calls(0);
        loop {
            out.extend(calls.into_iter().filter(|c| c.target.starts_with("/order")));
            if self.now_ms >= until {
                return out;
            }
            calls = self.calls(20);
        }
    }

    fn answer(&mut self, call: &Call, status: u16, headers: &[(&str, &str)], body: &Value) {
        let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        self.hear(Tell::Answer(call.id, Ok(Answer { status, headers, body: body.to_string() })));
    }

    pub fn hear(&mut self, tell: Tell) {
        self.desk.hear(tell, at(self.now_ms), &self.state);
        self.fold();
    }

    pub fn status(&self, n: u32) -> OrderStatus {
        self.state.orders.get(OrderId(n)).unwrap().status
    }

    fn statuses(&self, of: std::ops::Range<u32>) -> Vec<OrderStatus> {
        of.map(|n| self.status(n)).collect()
    }

    /// Places orders that the venue takes.
    fn live(&mut self, of: std::ops::Range<u32>) {
        for n in of {
            self.entry(n);
            for call in self.run(40) {
                self.answer(&call, 200, &[], &taken(n));
            }
            assert_eq!(self.status(n), OrderStatus::Live);
        }
    }
}

fn body(call: &Call) -> String {
    String::from_utf8(call.body.clone()).unwrap()
}

#[test]
fn orders_of_one_step_go_together_and_each_has_its_own_end() {
    let mut world = World::new();
    (1..6).for_each(|n| world.entry(n));
    let calls = world.run(0);
    assert_eq!(calls.len(), 1);
    assert_eq!((calls[0].method, calls[0].target.as_str()), (Method::Post, "/orders"));
    assert_eq!(body(&calls[0]), "[{\"n\":1},{\"n\":2},{\"n\":3},{\"n\":4},{\"n\":5}]", "the exact signed bytes");
    let refused = |text: &str| json!({ "success": true, "errorMsg": text, "orderID": "", "status": "" });
    let answers = json!([
        taken(1),
        refused("not enough balance / allowance"),
        refused("order 0xaa is invalid. Duplicated."),
        refused("order match delayed due to market conditions"),
        taken(99),
    ]);
    world.answer(&calls[0], 200, &[], &answers);
    use OrderStatus::{Live, Rejected, Unknown};
    assert_eq!(world.statuses(1..6), [Live, Rejected, Live, Unknown, Unknown]);
}

#[test]
fn an_answer_that_is_lost_or_wrong_leaves_all_of_them_unknown() {
    let lost = NoAnswer::Lost("timed out".to_owned());
    let answers = [
        Err(lost),
        Ok((200, json!([taken(1)]))),
        Ok((200, json!({ "success": true }))),
        Ok((500, json!({ "error": "internal server error" }))),
    ];
    for result in answers {
        let mut world = World::new();
        (1..4).for_each(|n| world.entry(n));
        let calls = world.run(0);
        match result {
            Err(e) => world.hear(Tell::Answer(calls[0].id, Err(e))),
            Ok((status, body)) => world.answer(&calls[0], status, &[], &body),
        }
        assert_eq!(world.statuses(1..4), [OrderStatus::Unknown; 3]);
        // They are sent again alone, and what is answered then is about one.
        (1..4).for_each(|n| world.desk.resend(OrderId(n), at(world.now_ms)));
        let again = world.run(0);
        let targets: Vec<&str> = again.iter().map(|c| c.target.as_str()).collect();
        assert_eq!(targets, ["/order"; 3]);
    }
    let mut world = World::new();
    (1..4).for_each(|n| world.entry(n));
    let calls = world.run(0);
    world.hear(Tell::Answer(calls[0].id, Err(NoAnswer::NotSent("no route".to_owned()))));
    assert_eq!(world.statuses(1..4), [OrderStatus::Rejected; 3], "nothing has left this machine");
}

#[test]
fn no_request_has_more_than_fifteen_and_no_second_more_than_the_venue_gives() {
    let mut world = World::new();
    (1..101).for_each(|n| world.entry(n));
    let calls = world.run(0);
    let lens: Vec<usize> = calls.iter().map(|c| body(c).matches("\"n\"").count()).collect();
    assert_eq!(lens, [15, 15, 15, 15], "sixty at once");
    let next = world.run(1_000);
    let sum: usize = next.iter().map(|c| body(c).matches("\"n\"").count()).sum();
    assert_eq!(sum, 40, "then forty a second");
}

#[test]
fn many_cancels_are_one_request_and_each_has_its_own_end() {
    let mut world = World::new();
    world.live(1..5);
    (1..5).for_each(|n| world.desk.cancel(OrderId(n), CancelReason::Kill, at(world.now_ms)));
    // Asked twice is asked once.
    world.desk.cancel(OrderId(1), CancelReason::Kill, at(world.now_ms));
    let calls = world.run(0);
    assert_eq!(calls.len(), 1);
    assert_eq!((calls[0].method, calls[0].target.as_str()), (Method::Delete, "/orders"));
    assert_eq!(body(&calls[0]).matches("0x").count(), 4);
    let id = |n: u32| format!("0x{}", hash(n));
    let answer = json!({ "canceled": [id(1), id(3)], "not_canceled": { id(2): "order can't be found" } });
    world.answer(&calls[0], 200, &[], &answer);
    use OrderStatus::{Cancelled, Live};
    assert_eq!(world.statuses(1..5), [Cancelled, Live, Cancelled, Live], "what is not confirmed is looked for");
    // An answer that is lost: asked again, all of them.
    let mut world = World::new();
    world.live(1..4);
    (1..4).for_each(|n| world.desk.cancel(OrderId(n), CancelReason::Kill, at(world.now_ms)));
    let calls = world.run(0);
    world.hear(Tell::Answer(calls[0].id, Err(NoAnswer::Lost("timed out".to_owned()))));
    let again = world.run(1_500);
    assert_eq!(again.len(), 1, "a second later");
    assert_eq!(body(&again[0]), body(&calls[0]));
}

#[test]
fn cancels_go_first_and_what_was_never_sent_is_not_sent_any_more() {
    let mut world = World::new();
    world.live(1..2);
    world.entry(2);
    world.entry(3);
    world.desk.cancel(OrderId(1), CancelReason::ViewChanged, at(world.now_ms));
    world.desk.cancel(OrderId(3), CancelReason::ViewChanged, at(world.now_ms));
    let calls = world.run(20);
    let targets: Vec<_> = calls.iter().map(|c| (c.method, body(c).contains("\"n\":2"))).collect();
    assert_eq!(targets, [(Method::Delete, false), (Method::Post, true)]);
    assert_eq!(world.status(3), OrderStatus::Rejected);
    // While a cancel waits for its bucket no order goes.
    let mut world = World::new();
    world.live(1..30);
    (1..30).for_each(|n| world.desk.cancel(OrderId(n), CancelReason::Kill, at(world.now_ms)));
    let first = world.run(0);
    let limited = [("Poly-RateLimit-Remaining", "0"), ("Retry-After", "3")];
    world.answer(&first[0], 429, &limited, &json!({ "error": "Too Many Requests" }));
    world.entry(40);
    assert!(world.run(2_900).is_empty());
    let next = world.run(200);
    assert_eq!(next.iter().map(|c| c.method).collect::<Vec<_>>()[0], Method::Delete);
}

fn refusals(world: &World) -> Vec<String> {
    let refused = |e: &Event| match e {
        Event::Order(OrderEvent::Rejected { reason, .. }) => Some(reason.clone()),
        _ => None,
    };
    world.said.iter().filter_map(refused).collect()
}

pub fn halts(world: &World) -> Vec<String> {
    let halt = |e: &Event| match e {
        Event::System(SystemEvent::Halted { reason }) => Some(reason.clone()),
        Event::System(SystemEvent::Resumed { .. }) => Some("resumed".to_owned()),
        _ => None,
    };
    world.said.iter().filter_map(halt).collect()
}

#[test]
fn while_the_venue_restarts_entries_are_not_sent_to_be_refused_one_by_one() {
    let mut world = World::new();
    world.entry(1);
    let calls = world.run(0);
    world.answer(&calls[0], 425, &[], &json!({ "error": "matching engine restarting" }));
    assert_eq!(world.status(1), OrderStatus::Unknown);
    assert!(world.state.kill.halted.is_some(), "no new risk");
    (2..20).for_each(|n| world.entry(n));
    world.place(&intent(20, Purpose::Exit(ExitReason::Stop), false));
    let calls = world.run(100);
    assert_eq!(calls.len(), 1, "what gives up risk is tried");
    assert_eq!(body(&calls[0]), "{\"n\":20}");
    assert_eq!(world.statuses(2..20), [OrderStatus::Rejected; 18]);
    assert!(refusals(&world).iter().all(|r| r.contains("restarts")));
    // The same bytes are sent again by the core: the answer tells that it is over.
    world.now_ms += 30_000;
    world.desk.resend(OrderId(1), at(world.now_ms));
    let calls = world.run(0);
    world.answer(&calls[0], 200, &[], &taken(1));
    assert_eq!(halts(&world), ["the venue's matching engine restarts", "resumed"]);
    world.entry(30);
    assert_eq!(world.run(20).len(), 1);
}

#[test]
fn a_closed_time_ends_by_itself_and_each_costs_one_refusal() {
    let mut world = World::new();
    let said = json!({ "error": "post-only mode: only post-only orders and cancels are allowed", "code": "post_only_mode",
        "retry_after_seconds": 79 });
    let mut sent = 0;
    for n in 1..600 {
        world.entry(n);
        for call in world.run(1_000) {
            sent += 1;
            world.answer(&call, 503, &[("Retry-After", "79")], &said);
        }
    }
    assert!((7..=9).contains(&sent), "{sent} of 599 entries in ten minutes");
    let kept = |n| matches!(world.status(n), OrderStatus::Unknown);
    assert!(kept(1), "what was sent is looked for");
}

#[test]
fn post_only_orders_go_in_post_only_mode() {
    let mut world = World::new();
    world.entry(1);
    let calls = world.run(0);
    let said = json!({ "error": "post-only mode: only post-only orders and cancels are allowed" });
    world.answer(&calls[0], 503, &[], &said);
    world.place(&intent(2, Purpose::Entry, true));
    world.entry(3);
    let calls = world.run(20);
    assert_eq!(calls.iter().map(body).collect::<Vec<_>>(), ["{\"n\":2}"]);
}

#[test]
fn a_closed_account_or_a_venue_that_cancels_alone_is_not_asked_again_and_again() {
    let texts = [
        (400, "'0xf39F' address in closed only mode", 600_000, "close positions alone"),
        (
            503,
            "Trading is currently cancel-only. New orders are not accepted, but cancels are allowed.",
            60_000,
            "cancels",
        ),
        (503, "Trading is currently disabled. Check polymarket.com for updates", 60_000, "disabled"),
        (400, "'0xf39F' address banned", 3_600_000, "banned"),
    ];
    for (status, text, lasts_ms, why) in texts {
        let mut world = World::new();
        world.entry(1);
        let calls = world.run(0);
        world.answer(&calls[0], status, &[], &json!({ "error": text }));
        assert!(halts(&world)[0].contains(why), "{:?}", halts(&world));
        world.entry(2);
        assert!(world.run(100).is_empty(), "{text}");
        world.now_ms += lasts_ms;
        world.run(20);
        assert_eq!(halts(&world).len(), 2, "{:?}", halts(&world));
        world.entry(3);
        assert_eq!(world.run(20).len(), 1);
    }
}

#[test]
fn an_order_that_waited_too_long_is_not_sent() {
    let mut world = World::new();
    world.entry(1);
    let calls = world.run(0);
    let limited = [("Poly-RateLimit-Remaining", "0"), ("Retry-After", "60")];
    world.answer(&calls[0], 429, &limited, &json!({ "error": "Too Many Requests" }));
    world.entry(2);
    assert!(world.run(9_000).is_empty());
    assert_eq!(world.status(2), OrderStatus::Intended);
    assert!(world.run(60_000).is_empty(), "its price is of another time");
    assert_eq!(world.status(2), OrderStatus::Rejected);
}

#[test]
fn several_reasons_hold_until_the_last_is_gone() {
    let mut world = World::new();
    world.desk.start(at(0), &world.state);
    world.fold();
    world.entry(1);
    let calls = world.run(0);
    world.answer(&calls[0], 425, &[], &json!({ "error": "restarting" }));
    world.now_ms += 95_000;
    world.run(20);
    let halted = world.state.kill.halted.clone();
    assert!(halted.is_some(), "the end of the restart does not end the others");
    assert!(!halts(&world).contains(&"resumed".to_owned()), "{:?}", halts(&world));
}

#[test]
fn an_api_key_that_the_venue_does_not_know_is_said() {
    let mut world = World::new();
    world.desk.start(at(0), &world.state);
    world.fold();
    for _ in 0..40 {
        for call in world.calls(500) {
            let status = if call.headers.is_some() { 401 } else { 200 };
            world.answer(&call, status, &[], &json!({ "error": "Unauthorized/Invalid api key" }));
        }
    }
    let reason = |world: &World| world.state.kill.halted.clone().unwrap_or_default();
    assert!(reason(&world).contains("refuses the API key"), "{}", reason(&world));
    assert!(reason(&world).contains("heartbeat"), "and what comes of it: {}", reason(&world));
    let said = halts(&world).len();
    let calls = world.calls(5_000);
    let call = calls.iter().find(|c| c.headers.is_some()).unwrap();
    world.answer(call, 200, &[], &json!({}));
    assert_eq!(halts(&world).len(), said + 1);
    assert!(!reason(&world).contains("API key") && !reason(&world).is_empty(), "{}", reason(&world));
}

#[test]
fn an_outage_makes_no_storm_of_requests() {
    let mut world = World::new();
    world.live(1..11);
    world.desk.start(at(world.now_ms), &world.state);
    world.fold();
    (11..31).for_each(|n| world.entry(n));
    let (mut limits, mut coming, mut counts) = (Limits::default(), Vec::new(), std::collections::BTreeMap::new());
    // Nothing is answered but with an error, and everything is to be cancelled.
    for step in 0..30_000 {
        world.now_ms += 20;
        let now = at(world.now_ms);
        while let Some(refused) = limits.next_refused() {
            world.hear(refused);
        }
        for call in std::mem::take(&mut coming) {
            let body = json!({ "error": "service unavailable" }).to_string();
            let tell = Tell::Answer(call, Ok(Answer { status: 503, headers: Vec::new(), body }));
            limits.heed(&tell, now);
            world.hear(tell);
        }
        if step == 100 {
            (1..11).for_each(|n| world.desk.cancel(OrderId(n), CancelReason::Kill, now));
        }
        world.desk.look(now, &world.state);
        world.fold();
        let asks: Vec<Ask> = world.desk.asks().collect();
        asks.into_iter().for_each(|ask| limits.ask(ask, now));
        for ask in limits.ready(now) {
            if let Ask::Call(call) = ask {
                let path = call.target.split(['?', '0']).next().unwrap_or_default().to_owned();
                *counts.entry((call.method.as_str(), path)).or_insert(0) += 1;
                coming.push(call.id);
            }
        }
    }
    let count = |method, path: &str| counts.get(&(method, path.to_owned())).copied().unwrap_or(0);
    assert!((115..=125).contains(&count("POST", "/v1/heartbeats")), "they go on: {counts:?}");
    assert!((100..=130).contains(&count("DELETE", "/orders")), "so do cancels, every five seconds: {counts:?}");
    for path in ["/data/orders", "/data/trades", "/data/order/", "/time", "/balance-allowance"] {
        assert!(count("GET", path) <= 30, "{path}: {counts:?}");
    }
}

/// What was open before the channel broke is held against the venue's list, however often that list fails to come.
#[test]
fn a_list_of_open_orders_that_failed_is_asked_for_again() {
    let mut world = World::new();
    world.live(1..2);
    world.desk.start(at(world.now_ms), &world.state);
    let mut lists = Vec::new();
    let mut looked_for = false;
    for _ in 0..1_500 {
        for call in world.calls(20) {
            looked_for |= call.target == format!("/data/order/0x{}", hash(1));
            if !call.target.starts_with("/data/orders?") {
                continue;
            }
            lists.push(world.now_ms);
            match lists.len() {
                1 => world.hear(Tell::Answer(call.id, Err(NoAnswer::Lost("timed out".to_owned())))),
                2 => world.answer(&call, 503, &[], &json!({ "error": "service unavailable" })),
                _ => world.answer(&call, 200, &[], &json!({ "data": [], "next_cursor": "LTE=", "count": 0 })),
            }
        }
    }
    let pauses: Vec<i64> = lists.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(pauses, [5_000, 5_000], "then it is complete");
    assert!(looked_for, "the order that is not in it is looked for");
}

/// The log says that an order is to be cancelled, and the process ended before the venue heard of it.
#[test]
fn a_cancel_that_never_left_is_sent_at_the_next_start() {
    let mut world = World::new();
    world.live(1..3);
    let (order, reason) = (OrderId(1), CancelReason::Kill);
    world.append(None, Event::Order(OrderEvent::CancelIntended { order, reason }));
    world.desk = World::new().desk;
    (1..3).for_each(|n| world.desk.remember(&intent(n, Purpose::Entry, false)));
    world.desk.start(at(world.now_ms), &world.state);
    let calls = world.run(40);
    let deletes: Vec<String> = calls.iter().filter(|c| c.method == Method::Delete).map(body).collect();
    assert_eq!(deletes, [format!("{{\"orderID\":\"0x{}\"}}", hash(1))]);
}
