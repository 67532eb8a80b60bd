//! Whatever clients do to each other, nothing is made or lost: a pair of shares costs a dollar, fees leave, and nobody
//! goes below zero.

use super::desk::{Desk, M, PROMPT, YES, cents, dollars};
use exchange::AccountId;
use proptest::prelude::*;
use schemas::event::{Action, OrderEvent, OrderPlan, Purpose, Resolution, Style, TimeInForce};
use schemas::{Cash, Event, Price, Side, Size, TokenId, UtcNanos};

const CLIENTS: u32 = 4;
const OPENED: i64 = 200;

#[derive(Clone, Debug)]
struct Sent {
    client: u32,
    plan: OrderPlan,
}

fn plan() -> impl Strategy<Value = OrderPlan> {
    let tif = prop_oneof![
        4 => Just(TimeInForce::Gtc),
        1 => Just(TimeInForce::Gtd),
        2 => Just(TimeInForce::Fak),
        1 => Just(TimeInForce::Fok),
    ];
    // Prices near each other, so that orders meet; sizes in hundredths of a share.
    (0..2u32, any::<bool>(), 30..70i64, 1..20_000i64, tif, prop::bool::weighted(0.1)).prop_map(
        |(token, buys, price, lots, tif, post_only)| OrderPlan {
            action: Action { token: TokenId(token), side: if buys { Side::Buy } else { Side::Sell } },
            purpose: Purpose::Entry,
            style: Style::Taker,
            price: cents(price),
            size: Size(lots * 10_000),
            tif,
            post_only,
            expires: UtcNanos(if tif == TimeInForce::Gtd { i64::MAX } else { 0 }),
            stop: Price::ZERO,
            target: Price::ZERO,
        },
    )
}

fn flow() -> impl Strategy<Value = Vec<Sent>> {
    prop::collection::vec((1..=CLIENTS, plan()).prop_map(|(client, plan)| Sent { client, plan }), 1..80)
}

fn clients(rate_ppm: u32) -> Desk {
    let mut d = Desk::with_fee(PROMPT, rate_ppm);
    (1..=CLIENTS).for_each(|c| d.fund(c, dollars(OPENED)));
    d
}

fn fees(d: &Desk) -> i64 {
    let fee = |e: &Event| match e {
        Event::Order(OrderEvent::FillBooked(f)) => f.fee.0,
        _ => 0,
    };
    d.said.iter().map(|(_, _, e)| fee(e)).sum()
}

fn all_cash(d: &Desk) -> i64 {
    (1..=CLIENTS).map(|c| d.cash(c).0).sum()
}

fn all_shares(d: &Desk, token: TokenId) -> i64 {
    (1..=CLIENTS).map(|c| d.held(c, token).0).sum()
}

/// What a client's own reports add up to.
fn ledger(d: &Desk, client: u32) -> (i64, [i64; 2]) {
    let (mut cash, mut held) = (OPENED * 1_000_000, [0; 2]);
    for (_, _, event) in d.said.iter().filter(|s| s.0 == AccountId(client)) {
        match event {
            Event::Order(OrderEvent::FillBooked(f)) => {
                let exact = i128::from(f.price.0) * i128::from(f.size.0);
                assert_eq!(exact % 1_000_000, 0);
                let notional = (exact / 1_000_000) as i64;
                let sign = if f.side == Side::Buy { 1 } else { -1 };
                cash -= sign * notional + f.fee.0;
                held[f.token.index()] += sign * f.size.0;
            }
            Event::Order(OrderEvent::PositionSettled(s)) => {
                cash += s.cash.0;
                held[s.token.index()] -= s.size.0;
            }
            _ => {}
        }
    }
    (cash, held)
}

fn nobody_is_below_zero(d: &Desk) -> Result<(), TestCaseError> {
    for client in 1..=CLIENTS {
        prop_assert!(d.cash(client) >= Cash::ZERO, "client {} has {}", client, d.cash(client));
        let (cash, held) = ledger(d, client);
        prop_assert_eq!(d.cash(client), Cash(cash));
        for token in [M.yes(), M.no()] {
            prop_assert!(d.held(client, token) >= Size::ZERO);
            prop_assert_eq!(d.held(client, token), Size(held[token.index()]));
            let sales =
                d.exchange.resting(M).iter().filter(|r| {
                    (r.order.account, r.order.token, r.order.side) == (AccountId(client), token, Side::Sell)
                });
            let bound: i64 = sales.map(|r| r.remaining.0).sum();
            prop_assert!(bound <= d.held(client, token).0, "client {client} offers what it has not");
        }
    }
    Ok(())
}

fn the_book_is_not_crossed(d: &Desk) -> Result<(), TestCaseError> {
    let side =
        |s: Side| d.exchange.resting(M).iter().filter(move |r| r.order.book_side() == s).map(|r| r.order.book_price());
    let (bid, ask) = (side(Side::Buy).max(), side(Side::Sell).min());
    prop_assert!(bid.is_none() || ask.is_none() || bid < ask, "{:?} meets {:?}", bid, ask);
    Ok(())
}

proptest! {
    #[test]
    fn among_clients_nothing_is_made_or_lost(sent in flow(), rate in prop_oneof![Just(0u32), Just(40_000u32)], end in 0..3usize) {
        let mut d = clients(rate);
        let opened = all_cash(&d);
        for Sent { client, plan } in sent {
            let order = d.client(client, plan);
            prop_assert!(!d.story(order).is_empty(), "every order is answered");
            prop_assert!(d.filled(order) <= plan.size);
            let (yes, no) = (all_shares(&d, M.yes()), all_shares(&d, M.no()));
            prop_assert_eq!(yes, no, "shares come and go in pairs");
            prop_assert_eq!(all_cash(&d) + fees(&d) + yes, opened, "a pair is a dollar");
            nobody_is_below_zero(&d)?;
            the_book_is_not_crossed(&d)?;
            if matches!(plan.tif, TimeInForce::Fok) {
                let filled = d.filled(order);
                prop_assert!(filled == Size::ZERO || filled == plan.size);
            }
            for f in d.fills(order) {
                let better = if plan.action.side == Side::Buy { f.price <= plan.price } else { f.price >= plan.price };
                prop_assert!(better, "filled at {} with a limit of {}", f.price, plan.price);
            }
        }
        d.resolve([Resolution::Yes, Resolution::No, Resolution::Split][end]);
        prop_assert_eq!(all_cash(&d) + fees(&d), opened);
        prop_assert_eq!(all_shares(&d, M.yes()) + all_shares(&d, M.no()), 0);
        nobody_is_below_zero(&d)?;
    }

    /// Against a recording: what clients got of a level that nobody changed is never more than was there.
    #[test]
    fn recorded_liquidity_is_taken_once(sent in flow(), levels in prop::collection::vec((31..69i64, 1..100i64), 1..6)) {
        let mut d = clients(40_000);
        let asks: std::collections::BTreeMap<i64, i64> = levels.iter().copied().collect();
        for (price, size) in &asks {
            d.ask(*price, *size);
        }
        let shown: i64 = asks.values().sum::<i64>() * 1_000_000;
        for Sent { client, plan } in sent {
            d.client(client, plan);
            // Said again, level by level and as a whole: still the same liquidity.
            d.ask(*asks.keys().next().unwrap(), *asks.values().next().unwrap());
            let all: Vec<(i64, i64)> = asks.iter().map(|(p, s)| (*p, *s)).collect();
            d.book(YES, &[], &all);
            let from_outside = all_shares(&d, M.yes()) - all_shares(&d, M.no());
            prop_assert!((0..=shown).contains(&from_outside), "{} of {}", from_outside, shown);
            nobody_is_below_zero(&d)?;
        }
    }
}
