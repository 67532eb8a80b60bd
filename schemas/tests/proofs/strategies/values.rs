//! Numbers, names and texts: the whole range, and the edges more often than chance would have it.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use schemas::event::TradeKey;
use schemas::money::MICRO;
use schemas::{Bytes32, Cash, MarketId, OrderId, Price, Prob, Side, Size, TokenId, UtcNanos};

/// Any 64-bit amount, with the edges and everyday sizes over-represented.
pub fn micro() -> impl Strategy<Value = i64> {
    prop_oneof![
        2 => any::<i64>(),
        3 => -10 * MICRO..10_000 * MICRO,
        1 => select(vec![0, 1, -1, MICRO, -MICRO, i64::MIN, i64::MIN + 1, i64::MAX - 1, i64::MAX]),
    ]
}

pub fn price() -> impl Strategy<Value = Price> {
    micro().prop_map(Price)
}

pub fn size() -> impl Strategy<Value = Size> {
    micro().prop_map(Size)
}

pub fn cash() -> impl Strategy<Value = Cash> {
    micro().prop_map(Cash)
}

pub fn prob() -> impl Strategy<Value = Prob> {
    prop_oneof![Just(Prob(0)), Just(Prob::ONE), (0..=Prob::ONE.0).prop_map(Prob)]
}

/// Any moment, the edges of the range included.
pub fn time() -> impl Strategy<Value = UtcNanos> {
    prop_oneof![
        Just(UtcNanos::ZERO),
        Just(UtcNanos(i64::MIN)),
        Just(UtcNanos(i64::MAX)),
        any::<i64>().prop_map(UtcNanos)
    ]
}

/// Any 32-bit number: ids, calls, millionths.
pub fn number() -> impl Strategy<Value = u32> {
    prop_oneof![Just(0), Just(1), Just(u32::MAX), any::<u32>()]
}

pub fn market() -> impl Strategy<Value = MarketId> {
    number().prop_map(MarketId)
}

pub fn token() -> impl Strategy<Value = TokenId> {
    number().prop_map(TokenId)
}

pub fn order() -> impl Strategy<Value = OrderId> {
    number().prop_map(OrderId)
}

pub fn trade_key() -> impl Strategy<Value = TradeKey> {
    prop_oneof![Just(u128::MAX), any::<u128>()].prop_map(TradeKey)
}

pub fn hash() -> impl Strategy<Value = Bytes32> {
    any::<[u8; 32]>().prop_map(Bytes32)
}

pub fn side() -> impl Strategy<Value = Side> {
    select(super::super::variants::SIDES)
}

/// Text as the world sends it: any characters, control characters included; short enough for rkyv's inline form and not.
pub fn text() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), "[a-z_]{1,8}", "(?s).{0,40}", "[ -~]{0,200}"]
}

/// Body bytes; not always text.
pub fn bytes() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..200)
}
