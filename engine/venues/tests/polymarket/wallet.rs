//! Shares that the log did not buy: found in the list of the wallet's positions, compared by what the venue says exactly.

use crate::desk::World;
use crate::hand::Hand;
use schemas::Event;
use schemas::event::{AccountEvent, KillLevel, KillSource, MarketEvent, Resolution, SystemEvent};
use serde_json::{Value, json};
use venues::polymarket::limits::Limits;

const DOLLARS_100: i64 = 100_000_000;
const SHARES_120: i64 = 120_000_000;

/// A row of the list, as the Data API writes it.
fn row(token: u8, size: &str, status: &str) -> Value {
    row_of(&schemas::Bytes32([token; 32]), size, status)
}

fn row_of(token: &schemas::Bytes32, size: &str, status: &str) -> Value {
    let token = polymarket::token::to_decimal(token);
    json!({
        "proxy_wallet": polymarket::Address::ZERO, "token_id": token, "condition_id": format!("0x{}", "ab".repeat(32)),
        "current_size": serde_json::from_str::<Value>(size).unwrap(), "status": status, "title": "Will it rain?",
    })
}

/// What differed, and both figures.
fn differences(world: &World) -> Vec<(String, i64, i64)> {
    let of = |e: &Event| match e {
        Event::Account(AccountEvent::ReconcileMismatch { what, expected, observed }) => {
            Some((what.clone(), *expected, *observed))
        }
        _ => None,
    };
    world.said.iter().filter_map(of).collect()
}

fn faults(world: &World, about: &str) -> Vec<String> {
    let of = |e: &Event| match e {
        Event::System(SystemEvent::Fault { text, .. }) if text.contains(about) => Some(text.clone()),
        _ => None,
    };
    world.said.iter().filter_map(of).collect()
}

#[test]
fn shares_that_the_log_did_not_buy_throw_the_switch() {
    let mut hand = Hand::new(DOLLARS_100);
    hand.shares = SHARES_120;
    // It is on the second page, behind a token of nobody's market.
    hand.wallet_pages = vec![vec![row(9, "3", "OPEN")], vec![row(3, "120.00000000000001", "MERGEABLE")]];
    let mut world = World::started(&mut hand);
    assert_eq!(differences(&world), [], "the venue is asked twice");
    world.pass(&mut hand, 10_000);
    assert_eq!(differences(&world), [("shares of token 1, micro-shares".to_owned(), 0, SHARES_120)]);
    assert!(world.state.kill.mismatch);
    world.pass(&mut hand, 700_000);
    assert_eq!(differences(&world).len(), 1, "said once");
    let asked = hand.asked.iter().filter(|(_, target)| target.starts_with("/v2/positions")).map(|(_, t)| t.clone());
    let asked: Vec<String> = asked.collect();
    let first = format!("/v2/positions?user={}&limit=1000", polymarket::Address::ZERO);
    assert_eq!(asked, [first.clone(), format!("{first}&cursor=on%26on"), first], "again after ten minutes");
}

#[test]
fn a_list_that_is_behind_is_no_difference() {
    let mut hand = Hand::new(DOLLARS_100);
    hand.wallet_pages = vec![vec![row(2, "120", "OPEN")]];
    let world = World::started(&mut hand);
    assert_eq!((differences(&world), world.state.kill.halted.as_deref()), (vec![], None));
    assert!(world.desk.is_reconciled());
}

#[test]
fn what_is_over_and_what_the_log_does_not_list_holds_nothing_back() {
    let mut hand = Hand::new(DOLLARS_100);
    hand.shares = SHARES_120;
    let mut world = World::new();
    world.list();
    world.append(
        None,
        Event::Market(MarketEvent::Resolved { market: crate::hand::MARKET, resolution: Resolution::Yes }),
    );
    let over = [row(2, "120", "OPEN"), row(8, "5", "REDEEMABLE"), row(7, "0", "OPEN"), row(6, "0.01", "OPEN")];
    let rows: Vec<Value> = over.into_iter().chain([row(9, "5", "OPEN"), json!({ "token_id": "combo" })]).collect();
    hand.wallet_pages = vec![rows.clone()];
    world.begin();
    world.pass(&mut hand, 3_000);
    assert_eq!(faults(&world, "does not list").len(), 0, "the markets may not all be found yet");
    hand.wallet_pages = vec![rows];
    world.pass(&mut hand, 700_000);
    assert_eq!((differences(&world), world.state.kill.halted.as_deref()), (vec![], None));
    assert_eq!(faults(&world, "does not list").len(), 1);
    assert!(faults(&world, "does not list")[0].starts_with("the wallet also has 1 positions"));
    assert_eq!(faults(&world, "the wallet's positions: ").len(), 1, "what cannot be read is kept and said");
}

#[test]
fn nothing_begins_before_the_wallet_was_listed_and_every_token_compared() {
    let mut hand = Hand::new(DOLLARS_100);
    hand.broken.insert("/v2/positions", 503);
    let mut world = World::started(&mut hand);
    world.pass(&mut hand, 60_000);
    assert_eq!(world.state.kill.halted.as_deref(), Some("reconciling with the venue"));
    assert_eq!(faults(&world, "could not be listed 4 times").len(), 1, "said once");
    // Now it comes, and what it names cannot be asked for.
    hand.broken.clear();
    hand.broken.insert("/balance-allowance?asset_type=CONDITIONAL", 0);
    hand.wallet_pages = vec![vec![row(2, "120", "OPEN")]];
    world.pass(&mut hand, 60_000);
    assert_eq!(faults(&world, "does not say how much shares of token 0 there is").len(), 1);
    assert_eq!(world.state.kill.halted.as_deref(), Some("reconciling with the venue"));
    hand.broken.clear();
    world.pass(&mut hand, 10_000);
    assert_eq!((differences(&world), world.state.kill.halted.as_deref()), (vec![], None));
    // Once it was listed, a list that fails holds nothing back.
    hand.broken.insert("/v2/positions", 503);
    world.pass(&mut hand, 1_300_000);
    assert_eq!(world.state.kill.halted, None);
}

/// The limits let through only so many requests at a time: what was compared is not asked for again before the rest was.
#[test]
fn a_wallet_of_many_positions_is_compared_part_by_part() {
    let mut hand = Hand::new(DOLLARS_100);
    let mut world = World::new();
    let mut rows = Vec::new();
    for n in 0..300u16 {
        let token = |side: u8| {
            let [high, low] = n.to_be_bytes();
            let mut id = [side; 32];
            (id[30], id[31]) = (high, low);
            schemas::Bytes32(id)
        };
        world.list_as(schemas::MarketId(u32::from(n)), [token(2), token(3)]);
        rows.push(row_of(&token(2), "5", "OPEN"));
    }
    hand.wallet_pages = vec![rows];
    hand.limits = Some(Limits::default());
    world.begin();
    world.pass(&mut hand, 60_000);
    assert_eq!((differences(&world), world.state.kill.halted.as_deref()), (vec![], None));
    let asked = hand.asks_of("/balance-allowance?asset_type=CONDITIONAL");
    assert!((300..400).contains(&asked), "each once, about: {asked}");
}

#[test]
fn a_market_that_is_found_later_is_compared_too() {
    let mut hand = Hand::new(DOLLARS_100);
    hand.shares = SHARES_120;
    hand.wallet_pages = vec![vec![row(2, "120", "OPEN")]];
    let mut world = World::new();
    world.begin();
    world.pass(&mut hand, 3_000);
    assert_eq!(world.state.kill.halted, None);
    world.list();
    world.pass(&mut hand, 90_000);
    assert_eq!(differences(&world), [("shares of token 0, micro-shares".to_owned(), 0, SHARES_120)]);
}

#[test]
fn a_difference_that_the_second_look_does_not_find_is_none() {
    let mut hand = Hand::new(DOLLARS_100);
    hand.shares = SHARES_120;
    hand.wallet_pages = vec![vec![row(2, "120", "OPEN")]];
    // Before trades were listed again, it is not looked at as one.
    hand.broken.insert("/data/trades", 503);
    let mut world = World::new();
    world.list();
    world.begin();
    world.pass(&mut hand, 3_000);
    hand.broken.clear();
    for _ in 0..200 {
        world.pass(&mut hand, 100);
        if hand.asks_of("/balance-allowance?asset_type=CONDITIONAL") > 0 {
            break;
        }
    }
    hand.shares = 0;
    world.pass(&mut hand, 120_000);
    assert_eq!((differences(&world), world.state.kill.halted.as_deref()), (vec![], None));
    assert!(hand.asks_of("/balance-allowance/update?asset_type=CONDITIONAL") >= 2, "the venue is told to look again");
}

#[test]
fn shares_that_differ_while_the_switch_is_on_are_said_again_when_it_is_released() {
    let mut hand = Hand::new(DOLLARS_100);
    hand.shares = SHARES_120;
    hand.wallet_pages = vec![vec![row(2, "120", "OPEN")]];
    let mut world = World::new();
    world.list();
    let thrown = |level| Event::System(SystemEvent::KillSwitch { level, source: KillSource::Operator });
    world.append(None, thrown(KillLevel::NoNewRisk));
    world.begin();
    world.pass(&mut hand, 90_000);
    assert_eq!(differences(&world).len(), 1);
    world.append(None, thrown(KillLevel::Off));
    world.pass(&mut hand, 90_000);
    assert_eq!(differences(&world).len(), 2);
    world.append(None, thrown(KillLevel::Off));
    world.pass(&mut hand, 300_000);
    assert_eq!(differences(&world).len(), 2, "a release that has seen it is a person's word");
}

#[test]
fn a_list_of_which_nothing_can_be_read_is_none() {
    let mut hand = Hand::new(DOLLARS_100);
    hand.wallet_pages = vec![vec![json!({ "token": "7" })]];
    let mut world = World::started(&mut hand);
    assert_eq!(world.state.kill.halted.as_deref(), Some("reconciling with the venue"));
    world.pass(&mut hand, 10_000);
    assert_eq!(world.state.kill.halted, None, "the next one is empty");
}
