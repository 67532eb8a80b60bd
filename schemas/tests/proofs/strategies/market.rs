//! What venues say.

use super::super::variants::*;
use super::values::*;
use super::{each, nest, unnest};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use schemas::Event;
use schemas::event::*;

fn say(event: impl Strategy<Value = MarketEvent> + 'static) -> BoxedStrategy<Event> {
    event.prop_map(Event::Market).boxed()
}

fn fee() -> impl Strategy<Value = FeeSchedule> {
    each!(FeeSchedule { rate_ppm: number(), exponent: any::<u8>(), taker_only: any::<bool>() })
}

fn top() -> impl Strategy<Value = Top> {
    each!(Top { bid: price(), ask: price() })
}

fn levels() -> impl Strategy<Value = Vec<Level>> {
    vec(each!(Level { price: price(), size: size() }), 0..12)
}

fn scope() -> impl Strategy<Value = FeedScope> {
    prop_oneof![Just(FeedScope::All), market().prop_map(FeedScope::Market)]
}

pub fn listed() -> BoxedStrategy<Event> {
    let listed = each!(MarketListed {
        market: market(),
        venue: select(VENUES),
        condition: hash(),
        tokens: [hash(), hash()],
        slug: text(),
        question: text(),
        group: text(),
        category: text(),
        tick: price(),
        min_size: size(),
        fee: fee(),
        ends: time(),
        neg_risk: any::<bool>(),
        protocol: any::<u8>(),
    });
    say(listed.prop_map(|e| MarketEvent::Listed(Box::new(e))))
}

pub fn changed() -> BoxedStrategy<Event> {
    let change = prop_oneof![
        price().prop_map(MarketChange::Tick),
        select(STATUSES).prop_map(MarketChange::Status),
        fee().prop_map(MarketChange::Fee),
        size().prop_map(MarketChange::MinSize),
    ];
    say(each!(MarketEvent::Changed { market: market(), change: change }))
}

pub fn book_snapshot() -> BoxedStrategy<Event> {
    let book = each!(BookSnapshot { token: token(), bids: levels(), asks: levels(), source_time: time() });
    say(book.prop_map(|e| MarketEvent::BookSnapshot(Box::new(e))))
}

pub fn book_delta() -> BoxedStrategy<Event> {
    let delta = each!(BookDelta {
        token: token(),
        side: side(),
        price: price(),
        size: size(),
        stated: option::of(top()),
        source_time: time(),
    });
    say(delta.prop_map(MarketEvent::BookDelta))
}

pub fn trade() -> BoxedStrategy<Event> {
    let trade = each!(Trade { token: token(), aggressor: side(), price: price(), size: size(), source_time: time() });
    say(trade.prop_map(MarketEvent::Trade))
}

pub fn quote() -> BoxedStrategy<Event> {
    let quote = each!(Quote { token: token(), top: top(), bid_size: size(), ask_size: size(), source_time: time() });
    say(quote.prop_map(MarketEvent::Quote))
}

pub fn resolved() -> BoxedStrategy<Event> {
    say(each!(MarketEvent::Resolved { market: market(), resolution: select(RESOLUTIONS) }))
}

pub fn feed_gap() -> BoxedStrategy<Event> {
    say(each!(MarketEvent::FeedGap { scope: scope(), lost: number() }))
}

pub fn feed_stale() -> BoxedStrategy<Event> {
    say(each!(MarketEvent::FeedStale { scope: scope() }))
}

pub fn feed_restored() -> BoxedStrategy<Event> {
    say(each!(MarketEvent::FeedRestored { scope: scope() }))
}

pub fn probability() -> BoxedStrategy<Event> {
    say(each!(MarketEvent::Probability { market: market(), probability: prob(), source_time: time() }))
}
