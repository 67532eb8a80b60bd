//! What is held of markets that are over, at a venue whose balances are set by hand.

use crate::desk::{World, intent};
use crate::hand::{Hand, MARKET};
use schemas::event::{
    AccountEvent, FillBooked, Liquidity, MarketEvent, OrderEvent, Purpose, Resolution, SystemEvent, TradeKey,
};
use schemas::{Cash, Event, OrderId, Price, Side, Size};

const SHARES: i64 = 10_000_000;

/// Ten shares of YES were bought for half a dollar each, of a hundred dollars.
fn holding() -> World {
    let mut world = World::new();
    world.list();
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
    world.begin();
    world
}

/// Lets minutes pass at a venue that says we have so much.
fn pass(world: &mut World, minutes: i64, cash: i64, shares: i64) {
    world.pass(&mut Hand { shares, ..Hand::new(cash) }, minutes * 60_000);
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
