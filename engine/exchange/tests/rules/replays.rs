//! The exchange is a function of the log: the same events give the same exchange, and a log that says otherwise is found.

use super::desk::{Desk, M, NO, YES, buy, fak, order, sell};
use exchange::{Divergence, Exchange};
use projections::State;
use schemas::event::{FillBooked, OrderEvent, OrderPlan, Resolution, TimeInForce};
use schemas::{Envelope, Event, Price, Seq, Side};

/// A bit of everything.
fn session() -> Desk {
    let faults = r#""submit_latency_ms":5,"report_latency_ms":7,"lose_every_nth_answer":3,"fail_every_nth_trade":4"#;
    let mut d = Desk::with_fee(faults, 20_000);
    for round in 0..12 {
        d.until(1_000 * round + 100);
        d.book(YES, &[(38 + round % 3, 20), (37, 50)], &[(42 + round % 2, 30), (45, 100)]);
        d.send(fak(buy(44, 12 + round)));
        d.send(OrderPlan { tif: TimeInForce::Gtd, expires: d.time(1_000 * round + 3_500), ..buy(38, 10) });
        let o = d.send(order(NO, Side::Buy, 57, 15));
        d.until(1_000 * round + 500);
        d.send(fak(sell(30, 9)));
        d.trade(YES, Side::Sell, 37, 8);
        d.resend(o);
        d.cancel(o);
    }
    d.until(20_000);
    d.resolve(Resolution::Yes);
    d.until(60_000);
    d
}

fn replay(log: &[Envelope]) -> Result<(State, Exchange), Divergence> {
    let (mut state, mut exchange) = (State::new(), Exchange::new());
    for envelope in log {
        state.apply(envelope);
        exchange.apply(envelope, (&state).into())?;
    }
    Ok((state, exchange))
}

#[test]
fn the_same_log_gives_the_same_exchange() {
    let d = session();
    assert!(d.log.len() > 200, "{}", d.log.len());
    let (state, exchange) = replay(&d.log).unwrap();
    assert_eq!(exchange, d.exchange);
    assert_eq!(state.state_hash(), d.state.state_hash());
    let again = session();
    assert_eq!((again.log, again.exchange), (d.log, d.exchange));
}

#[test]
fn the_session_has_a_bit_of_everything() {
    let d = session();
    let o = &d.state.orders;
    assert!(o.cancelled > 0 && o.unknown > 0 && o.voided > 0 && o.filled > 0 && d.state.positions.settled > 0, "{o:?}");
    assert_eq!((d.state.positions.cash, d.state.positions.imbalance()), (d.cash(0), 0));
    assert!(d.exchange.resting(M).is_empty());
}

fn first(log: &[Envelope], wanted: fn(&Event) -> bool) -> usize {
    log.iter().position(|e| wanted(&e.event)).unwrap()
}

fn is_fill(event: &Event) -> bool {
    matches!(event, Event::Order(OrderEvent::FillBooked(_)))
}

#[test]
fn an_altered_report_is_a_divergence() {
    let mut log = session().log;
    let at = first(&log, is_fill);
    if let Event::Order(OrderEvent::FillBooked(f)) = &mut log[at].event {
        **f = FillBooked { price: Price(f.price.0 - 10_000), ..**f };
    }
    let divergence = replay(&log).unwrap_err();
    assert_eq!(divergence.seq, at as u64 + 1);
    assert!(divergence.found.contains("FillBooked") && divergence.expected.contains("FillBooked"), "{divergence}");
}

#[test]
fn another_cause_or_cycle_is_a_divergence() {
    for change in [|e: &mut Envelope| e.cause = Seq::new(1), |e: &mut Envelope| e.cycle = Some(schemas::CycleId(9))] {
        let mut log = session().log;
        let at = first(&log, is_fill);
        change(&mut log[at]);
        assert_eq!(replay(&log).unwrap_err().seq, at as u64 + 1);
    }
}

#[test]
fn a_missing_report_is_found_at_the_next_one() {
    let mut log = session().log;
    let at = first(&log, |e| matches!(e, Event::Order(OrderEvent::Accepted { .. })));
    log.remove(at);
    assert!(replay(&log).is_err());
}

#[test]
fn a_report_that_nobody_made_is_a_divergence() {
    let mut log = session().log;
    let mut forged = log[first(&log, is_fill)].clone();
    forged.seq = Seq::new(log.len() as u64 + 1).unwrap();
    forged.time = log.last().unwrap().time;
    log.push(forged);
    let divergence = replay(&log).unwrap_err();
    assert_eq!((divergence.seq, divergence.expected.as_str()), (log.len() as u64, "nothing"));
}

#[test]
fn a_report_before_its_time_is_a_divergence() {
    let mut log = session().log;
    let at = first(&log, is_fill);
    log[at].time.0 -= 1;
    assert!(replay(&log).is_err());
}
