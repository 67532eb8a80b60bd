//! What is held of markets that are over, at a venue whose balances are set by hand.

use crate::desk::{World, intent};
use crate::venue::at;
use schemas::event::{
    AccountEvent, FeeSchedule, FillBooked, Liquidity, MarketEvent, MarketListed, OrderEvent, Purpose, Resolution,
    SystemEvent, TradeKey, Venue,
};
use schemas::{Bytes32, Cash, Event, MarketId, OrderId, Price, Side, Size, UtcNanos};
use serde_json::{Value, json};
use venues::wire::{Answer, Tell};

const MARKET: MarketId = MarketId(0);
const SHARES: i64 = 10_000_000;

/// Ten shares of YES were bought for half a dollar each, of a hundred dollars.
fn holding() -> World {
    let mut world = World::new();
    let listed = MarketListed {
        market: MARKET,
        venue: Venue::Polymarket,
        condition: Bytes32([1; 32]),
        tokens: [Bytes32([2; 32]), Bytes32([3; 32])],
        slug: "rain".to_owned(),
        question: "Will it rain?".to_owned(),
        group: "weather".to_owned(),
        category: "weather".to_owned(),
        tick: Price(10_000),
        min_size: Size(5_000_000),
        fee: FeeSchedule::default(),
        ends: UtcNanos::ZERO,
        neg_risk: false,
        protocol: 2,
    };
    world.append(None, Event::Market(MarketEvent::Listed(Box::new(listed))));
    world.append(None, Event::Account(AccountEvent::BalanceObserved { cash: Cash(100_000_000) }));
    world.append(None, Event::Order(OrderEvent::Intended(Box::new(intent(1, Purpose::Entry, false)))));
    let (order, trade) = (OrderId(1), TradeKey(1));
    let fill = FillBooked {
        order,
        trade,
        token: MARKET.yes(),
        side: Side::Buy,
        price: Price(500_000),
        size: Size(SHARES),
        fee: Cash::ZERO,
        liquidity: Liquidity::Taker,
    };
    world.append(None, Event::Order(OrderEvent::FillBooked(Box::new(fill))));
    world.append(None, Event::Order(OrderEvent::FillConfirmed { order, trade }));
    let start = at(world.now_ms);
    world.desk.start(start, &world.state);
    world.fold();
    world
}

/// Lets minutes pass at a venue that says we have so much.
fn pass(world: &mut World, minutes: i64, cash: i64, shares: i64) {
    for _ in 0..minutes * 60 {
        for call in world.calls(1_000) {
            let micro = if call.target.contains("COLLATERAL") { cash } else { shares };
            let body: Value = match call.target.split('?').next().unwrap() {
                "/time" => json!(at(world.now_ms).0 / 1_000_000_000),
                "/v1/heartbeats" => json!({ "heartbeat_id": "beat" }),
                "/balance-allowance" => json!({ "balance": micro.to_string(), "allowances": {} }),
                _ => json!({ "limit": 100, "count": 0, "next_cursor": "LTE=", "data": [] }),
            };
            let answer = Answer { status: 200, headers: Vec::new(), body: body.to_string() };
            world.hear(Tell::Answer(call.id, Ok(answer)));
        }
    }
}

fn resolve(world: &mut World, resolution: Resolution) {
    world.append(None, Event::Market(MarketEvent::Resolved { market: MARKET, resolution }));
}

fn settled(world: &World) -> Vec<(Price, Cash)> {
    let settled = |e: &Event| match e {
        Event::Order(OrderEvent::PositionSettled(s)) => Some((s.payout, s.cash)),
        _ => None,
    };
    world.said.iter().filter_map(settled).collect()
}

fn mismatches(world: &World) -> usize {
    let is = |e: &&Event| matches!(e, Event::Account(AccountEvent::ReconcileMismatch { .. }));
    world.said.iter().filter(is).count()
}

fn reminders(world: &World) -> usize {
    let is = |e: &&Event| matches!(e, Event::System(SystemEvent::Fault { text, .. }) if text.contains("redeem"));
    world.said.iter().filter(is).count()
}

#[test]
fn what_lost_is_settled_at_once() {
    let mut world = holding();
    pass(&mut world, 2, 95_000_000, SHARES);
    assert_eq!((settled(&world), mismatches(&world)), (vec![], 0));
    resolve(&mut world, Resolution::No);
    // The worthless shares stay in the wallet.
    pass(&mut world, 3, 95_000_000, SHARES);
    assert_eq!(settled(&world), [(Price::ZERO, Cash::ZERO)]);
    assert_eq!((world.state.positions.cash, mismatches(&world), reminders(&world)), (Cash(95_000_000), 0, 0));
}

#[test]
fn what_won_is_settled_when_it_is_redeemed_and_the_cash_may_come_first() {
    for (resolution, payout, paid) in
        [(Resolution::Yes, Price::ONE, 10_000_000), (Resolution::Split, Price(500_000), 5_000_000)]
    {
        let mut world = holding();
        pass(&mut world, 2, 95_000_000, SHARES);
        resolve(&mut world, resolution);
        pass(&mut world, 3, 95_000_000, SHARES);
        pass(&mut world, 3, 95_000_000 + paid, SHARES);
        assert_eq!(settled(&world), [], "its shares are still there");
        pass(&mut world, 3, 95_000_000 + paid, 0);
        assert_eq!(settled(&world), [(payout, Cash(paid))]);
        assert_eq!((world.state.positions.cash, mismatches(&world)), (Cash(95_000_000 + paid), 0));
    }
}

#[test]
fn what_nobody_redeems_is_said_once_and_hides_no_other_difference() {
    let mut world = holding();
    pass(&mut world, 2, 95_000_000, SHARES);
    resolve(&mut world, Resolution::Yes);
    pass(&mut world, 120, 95_000_000, SHARES);
    assert_eq!((settled(&world), reminders(&world), mismatches(&world)), (vec![], 1, 0));
    // More than it pays, or less than was there, is a difference.
    pass(&mut world, 3, 106_000_000, SHARES);
    assert_eq!(mismatches(&world), 1);
    pass(&mut world, 3, 94_000_000, SHARES);
    assert_eq!(mismatches(&world), 2);
}

#[test]
fn an_order_that_may_still_trade_keeps_the_position_open() {
    let mut world = holding();
    pass(&mut world, 2, 95_000_000, SHARES);
    world.append(None, Event::Order(OrderEvent::Intended(Box::new(intent(2, Purpose::Entry, false)))));
    resolve(&mut world, Resolution::No);
    pass(&mut world, 3, 95_000_000, SHARES);
    assert_eq!(settled(&world), []);
    world.append(None, Event::Order(OrderEvent::Rejected { order: OrderId(2), reason: String::new() }));
    pass(&mut world, 1, 95_000_000, SHARES);
    assert_eq!(settled(&world), [(Price::ZERO, Cash::ZERO)]);
}
