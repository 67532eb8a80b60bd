//! Cash that moves without a trade: said once, explained by a person, and then trading goes on without a restart.

use crate::desk::World;
use crate::venue::at;
use schemas::event::{AccountEvent, KillLevel, KillSource, MoveKind, SystemEvent};
use schemas::{Cash, Event};
use serde_json::{Value, json};
use venues::wire::{Answer, Tell};

const OPENED: i64 = 100_000_000;

/// A log that opened with a hundred dollars, and a desk that starts on it.
fn started() -> World {
    let mut world = World::new();
    world.append(None, Event::Account(AccountEvent::BalanceObserved { cash: Cash(OPENED) }));
    let start = at(world.now_ms);
    world.desk.start(start, &world.state);
    world.fold();
    world
}

/// Lets seconds pass at a venue that says we have so much.
fn pass(world: &mut World, seconds: i64, cash: i64) {
    for _ in 0..seconds {
        for call in world.calls(1_000) {
            let body: Value = match call.target.split('?').next().unwrap() {
                "/time" => json!(at(world.now_ms).0 / 1_000_000_000),
                "/v1/heartbeats" => json!({ "heartbeat_id": "beat" }),
                "/v2/positions" => json!({ "data": [], "pagination": { "has_more": false, "next_cursor": null } }),
                "/balance-allowance" => json!({ "balance": cash.to_string(), "allowances": {} }),
                _ => json!({ "limit": 100, "count": 0, "next_cursor": "LTE=", "data": [] }),
            };
            let answer = Answer { status: 200, headers: Vec::new(), body: body.to_string() };
            world.hear(Tell::Answer(call.id, Ok(answer)));
        }
    }
}

fn moved(world: &mut World, amount: i64) {
    let (amount, kind) = (Cash(amount), if amount < 0 { MoveKind::Withdrawal } else { MoveKind::Deposit });
    let event = AccountEvent::CashMoved { amount, kind, who: "ada".to_owned(), note: String::new() };
    world.append(None, Event::Account(event));
}

/// What the books and the venue said each time that they differed.
fn differences(world: &World) -> Vec<(i64, i64)> {
    let of = |e: &Event| match e {
        Event::Account(event) => event.cash_mismatch().map(|(expected, observed)| (expected.0, observed.0)),
        _ => None,
    };
    world.said.iter().filter_map(of).collect()
}

fn release(world: &mut World) {
    let (level, source) = (KillLevel::Off, KillSource::Operator);
    world.append(None, Event::System(SystemEvent::KillSwitch { level, source }));
}

#[test]
fn a_deposit_between_two_runs_holds_trading_until_it_is_explained() {
    let mut world = started();
    pass(&mut world, 30, OPENED + 50_000_000);
    assert_eq!(differences(&world), [(OPENED, OPENED + 50_000_000)], "said once");
    assert!(world.state.kill.halted.is_some() && world.state.kill.mismatch && !world.desk.is_reconciled());
    moved(&mut world, 50_000_000);
    pass(&mut world, 10, OPENED + 50_000_000);
    assert_eq!((world.state.kill.halted.as_deref(), world.desk.is_reconciled()), (None, true));
    // What else was thrown is a person's to release; nothing says it again.
    release(&mut world);
    pass(&mut world, 180, OPENED + 50_000_000);
    assert_eq!((differences(&world).len(), world.state.kill.mismatch), (1, false));
}

#[test]
fn a_withdrawal_while_trading_is_said_and_explained_and_the_run_goes_on() {
    let mut world = started();
    pass(&mut world, 30, OPENED);
    assert_eq!((differences(&world), world.state.kill.halted.as_deref()), (vec![], None));
    pass(&mut world, 90, OPENED - 40_000_000);
    assert_eq!(differences(&world), [(OPENED, OPENED - 40_000_000)]);
    moved(&mut world, -40_000_000);
    release(&mut world);
    pass(&mut world, 180, OPENED - 40_000_000);
    assert_eq!((differences(&world).len(), world.state.kill.mismatch), (1, false));
}

#[test]
fn what_is_explained_before_the_venue_shows_it_is_no_difference() {
    let mut world = started();
    pass(&mut world, 30, OPENED);
    moved(&mut world, 7_000_000);
    pass(&mut world, 180, OPENED + 7_000_000);
    assert_eq!(differences(&world), []);
    assert_eq!((world.state.positions.put_in(), world.state.equity.made_today()), (Cash(107_000_000), Cash::ZERO));
}

#[test]
fn a_release_without_an_explanation_is_answered_by_the_next_comparison() {
    let mut world = started();
    pass(&mut world, 30, OPENED + 50_000_000);
    release(&mut world);
    pass(&mut world, 10, OPENED + 50_000_000);
    assert_eq!((differences(&world).len(), world.state.kill.mismatch), (2, true));
    // An explanation of a part leaves the rest.
    moved(&mut world, 20_000_000);
    release(&mut world);
    pass(&mut world, 10, OPENED + 50_000_000);
    assert_eq!(differences(&world)[2..], [(OPENED + 20_000_000, OPENED + 50_000_000)]);
    assert!(world.state.kill.halted.is_some());
}
