//! Folds are total: whatever comes, in whatever order, with whatever numbers, nothing panics and nothing is lost count
//! of. The tests run with overflow checks.

use super::dice::Dice;
use super::stream::{Stream, at, envelopes};
use projections::State;
use projections::memory::Memory;
use proptest::prelude::*;
use schemas::event::{MarketEvent, Quote, Top, Trade};
use schemas::{Event, MarketId, Price, Side, Size, TokenId, UtcNanos};

fn quote(bid: i64, ask: i64) -> Event {
    let top = Top { bid: Price(bid), ask: Price(ask) };
    let token = MarketId(0).yes();
    Event::Market(MarketEvent::Quote(Quote {
        token,
        top,
        bid_size: Size(i64::MAX),
        ask_size: Size(i64::MIN),
        source_time: UtcNanos::ZERO,
    }))
}

#[test]
fn the_largest_prices_have_a_middle() {
    let mut s = Stream::new();
    s.tell(quote(i64::MAX - 1, i64::MAX));
    assert_eq!(s.state.quotes.get(TokenId(0)).mid(), Some(Price(i64::MAX - 1)));
}

#[test]
fn indicators_survive_absurd_prices_and_sizes() {
    let mut s = Stream::new();
    for (bid, ask) in [(1, 3), (i64::MAX - 1, i64::MAX), (1, 3), (i64::MAX - 1, i64::MAX)] {
        s.tell(quote(bid, ask));
        s.wait(61_000_000_000);
        let trade = Trade {
            token: TokenId(0),
            aggressor: Side::Sell,
            price: Price(i64::MIN),
            size: Size(i64::MIN),
            source_time: UtcNanos(i64::MAX),
        };
        s.tell(Event::Market(MarketEvent::Trade(trade)));
    }
    let i = s.state.indicators.get(MarketId(0));
    assert!(i.rsi_ppm() <= 1_000_000);
    i.macd();
}

#[test]
fn time_may_jump_from_one_end_to_the_other() {
    let mut state = State::new();
    for (n, time) in [i64::MIN, i64::MAX, i64::MIN, 0, -1, i64::MAX].into_iter().enumerate() {
        state.apply(&at(n as u64 + 1, time, None, quote(400_000, 500_000)));
    }
    assert_eq!(state.seq, 6);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn nothing_panics(rolls in prop::collection::vec(any::<u64>(), 0..200)) {
        let mut state = State::new();
        for envelope in envelopes(&rolls, true) {
            state.apply(&envelope);
            // What is asked of the folds all the time must be total too.
            let (now, mut dice) = (envelope.time, Dice::new(envelope.seq.get(), true));
            let (market, token) = (dice.market(), dice.token());
            state.positions.cost();
            state.positions.imbalance();
            state.equity.visible(&state.positions, &state.quotes);
            state.equity.unrealized(&state.positions);
            let _ = (state.equity.daily_loss(), state.equity.drawdown_ppm());
            let _ = (state.orders.reserved(), state.orders.selling(token), state.orders.next_id());
            let _ = (state.activity.orders_last_minute(now), state.activity.turnover_last_day(now));
            let _ = (state.activity.fees_last_day(now), state.costs.day(now), state.costs.month(now));
            let _ = (state.decisions.look(market), state.decisions.is_busy(market), state.decisions.next_id());
            let quote = state.quotes.get(token);
            let _ = (quote.mid(), quote.spread(), quote.probability());
            let _ = (state.indicators.get(market).macd(), state.indicators.get(market).rsi_ppm());
            state.scores.of_market(market, "blend", true);
            state.positions.held_all().for_each(|(_, p)| { p.average_cost(); });
            state.memory.recall(now, &state.settings).for_each(|e| { Memory::weight_ppm(e, now, &state.settings); });
        }
        state.state_hash();
    }

    /// Even absurd numbers leave the books balanced: what does not fit is refused as a whole.
    #[test]
    fn absurd_numbers_do_not_unbalance_the_books(rolls in prop::collection::vec(any::<u64>(), 0..300)) {
        let mut s = Stream::new();
        for roll in rolls {
            let event = Dice::new(roll, true).order_event();
            s.tell(Event::Order(event));
            prop_assert_eq!(s.state.positions.imbalance(), 0);
        }
    }
}
