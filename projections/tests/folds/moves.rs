//! Cash that moves without a trade: it is neither made nor lost, and no limit sees it.

use super::dice::Dice;
use super::equity::{dollars, holding, quote};
use super::positions::moved;
use super::stream::{START, Stream, at, envelopes};
use projections::State;
use proptest::prelude::*;
use schemas::event::{AccountEvent, KillLevel, KillSource, SystemEvent};
use schemas::time::NANOS_PER_DAY;
use schemas::{Cash, Envelope, Event};

/// What was made, lost and paid so far, however the account was fed.
fn results(state: &State) -> impl PartialEq + std::fmt::Debug + use<> {
    let (p, e) = (&state.positions, &state.equity);
    let from_start = |cash: Cash| cash.0 - p.moved.0;
    let worth = [e.now, p.cash, e.day_start, p.put_in()].map(from_start);
    let made =
        [e.made_today(), e.daily_loss(), e.max_drawdown, e.unrealized(p), p.realized, p.fees, p.volume, p.cost()];
    (worth, made, e.days.clone(), p.trips, p.imbalance())
}

/// The same events with something moved now and then, told with the number of the event behind.
fn with_moves(all: &[Envelope], rolls: &[u64]) -> Vec<(bool, Envelope)> {
    let mut out: Vec<(bool, Envelope)> = Vec::new();
    for (n, envelope) in all.iter().enumerate() {
        let mut dice = Dice::new(rolls.get(n).copied().unwrap_or(0), false);
        if n > 5 && dice.chance(4) {
            let amount = dice.pick(&[1, 250_000_000, 30_000_000, -1, -20_000_000, -400_000_000, -1_000_000_000]);
            out.push((true, at(envelope.seq.get(), envelope.time.0, None, moved(amount))));
        }
        out.push((false, envelope.clone()));
    }
    out
}

fn is_moved(envelope: &Envelope) -> bool {
    matches!(envelope.event, Event::Account(AccountEvent::CashMoved { .. }))
}

proptest! {
    #[test]
    fn whatever_moves_results_are_those_of_an_account_that_nobody_touched(
        rolls in prop::collection::vec(any::<u64>(), 0..250),
    ) {
        let all: Vec<Envelope> = envelopes(&rolls, false).into_iter().filter(|e| !is_moved(e)).collect();
        let (mut plain, mut fed) = (State::new(), State::new());
        for (extra, envelope) in with_moves(&all, &rolls) {
            let (worth, fall, deepest) =
                (fed.equity.now, fed.equity.drawdown_ppm(), fed.equity.max_drawdown_ppm);
            fed.apply(&envelope);
            if !extra {
                plain.apply(&envelope);
                prop_assert_eq!(results(&fed), results(&plain));
            } else if worth > Cash::ZERO {
                // No limit is nearer than before.
                prop_assert!(fed.equity.drawdown_ppm() <= fall, "{} {fall}", fed.equity.drawdown_ppm());
                prop_assert_eq!(fed.equity.max_drawdown_ppm, deepest);
            }
        }
        prop_assert_eq!(fed.orders, plain.orders);
        prop_assert_eq!((fed.activity, fed.costs, fed.scores), (plain.activity, plain.costs, plain.scores));
    }

    /// Not even amounts that no account has.
    #[test]
    fn absurd_amounts_do_not_unbalance_the_books(amounts in prop::collection::vec(any::<i64>(), 0..40)) {
        let mut s = holding();
        for amount in amounts {
            s.tell(moved(amount));
            let p = &s.state.positions;
            prop_assert_eq!((p.imbalance(), p.put_in().0), (0, 100_000_000 + p.moved.0));
            prop_assert!(p.cash >= Cash::ZERO);
        }
    }
}

#[test]
fn a_deposit_is_no_profit_and_a_withdrawal_no_loss() {
    let mut s = holding();
    s.tell(quote(30, 32));
    let anomalies = s.state.health.anomalies;
    let today = (dollars(-10), dollars(10), 100_000);
    let found = |s: &Stream| (s.state.equity.made_today(), s.state.equity.daily_loss(), s.state.equity.drawdown_ppm());
    assert_eq!(found(&s), today);
    s.tell(moved(90_000_000));
    assert_eq!((s.state.equity.now, s.state.positions.cash), (dollars(180), dollars(150)));
    assert_eq!(found(&s), today);
    s.tell(moved(-135_000_000));
    assert_eq!((s.state.equity.now, s.state.positions.put_in()), (dollars(45), dollars(55)));
    assert_eq!(found(&s), today);
    // The day after it is all the same, and yesterday lost what it lost.
    s.time = START + NANOS_PER_DAY;
    s.tell(moved(60_000_000));
    assert_eq!(s.state.equity.days, [(START / NANOS_PER_DAY, dollars(-10))]);
    assert_eq!((s.state.equity.made_today(), s.state.equity.daily_loss()), (Cash::ZERO, Cash::ZERO));
    s.tell(quote(29, 31));
    assert_eq!((s.state.equity.made_today(), s.state.equity.max_drawdown), (dollars(-1), dollars(11)));
    assert_eq!(s.state.health.anomalies, anomalies);
}

#[test]
fn after_a_withdrawal_a_loss_weighs_what_it_weighed_and_the_next_one_more() {
    let mut s = holding();
    s.tell(quote(30, 32));
    s.tell(moved(-45_000_000));
    assert_eq!((s.state.equity.now, s.state.equity.drawdown_ppm()), (dollars(45), 100_000));
    // Half the account: the same five cents a share are twice the part.
    s.tell(quote(25, 27));
    assert_eq!((s.state.equity.drawdown_ppm(), s.state.equity.max_drawdown_ppm), (200_000, 200_000));
    assert_eq!(s.state.equity.max_drawdown, dollars(15));
}

#[test]
fn an_account_that_was_emptied_begins_anew() {
    let mut s = Stream::new();
    s.tell(Event::Account(AccountEvent::BalanceObserved { cash: dollars(100) }));
    s.tell(moved(-100_000_000));
    assert_eq!((s.state.equity.now, s.state.equity.drawdown_ppm()), (Cash::ZERO, 0));
    s.tell(moved(50_000_000));
    assert_eq!((s.state.equity.now, s.state.equity.drawdown_ppm()), (dollars(50), 0));
    assert_eq!((s.state.equity.daily_loss(), s.state.equity.max_drawdown), (Cash::ZERO, Cash::ZERO));
}

#[test]
fn what_is_released_stays_released_whatever_moves() {
    let mut s = holding();
    s.tell(quote(20, 22));
    let switch = |level, source| Event::System(SystemEvent::KillSwitch { level, source });
    s.tell(switch(KillLevel::CancelAll, KillSource::Drawdown));
    s.tell(switch(KillLevel::Off, KillSource::Operator));
    s.tell(moved(-40_000_000));
    assert_eq!((s.state.equity.drawdown_ppm(), s.state.equity.daily_loss()), (0, Cash::ZERO));
    assert_eq!((s.state.equity.made_today(), s.state.equity.max_drawdown_ppm), (dollars(-20), 200_000));
}

#[test]
fn what_cannot_have_moved_is_counted_and_changes_nothing() {
    let mut s = Stream::new();
    // The first balance will have it.
    s.tell(moved(5_000_000));
    assert_eq!((s.state.positions.cash, s.state.health.anomalies), (Cash::ZERO, 1));
    s.tell(Event::Account(AccountEvent::BalanceObserved { cash: dollars(100) }));
    let before = (s.state.positions.clone(), s.state.equity.clone());
    for amount in [0, -100_000_001, i64::MAX, i64::MIN] {
        s.tell(moved(amount));
    }
    assert_eq!((&s.state.positions, &s.state.equity), (&before.0, &before.1));
    assert_eq!(s.state.health.anomalies, 5);
    s.tell(moved(-100_000_000));
    assert_eq!((s.state.positions.cash, s.state.health.anomalies), (Cash::ZERO, 5), "all of it may go");
}
