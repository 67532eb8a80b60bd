//! Recorded decisions are held against what the core decides again: what is altered, missing or added is found.

use super::floor::Floor;
use super::market::{M, YES, book, listed};
use super::settings::eager;
use engine_core::{Chain, Core, Mismatch, Origin};
use schemas::event::{AgentEvent, KillLevel, KillSource, OrderEvent, SystemEvent};
use schemas::{Envelope, Event, Price, Seq, Size};

/// An entry, a look that leads to nothing, and an exit.
fn session() -> Vec<Envelope> {
    let mut c = eager();
    c.execution.allow_maker = false;
    let mut f = Floor::open(&c);
    f.tick(1, listed(M, 20_000));
    f.tick(1, book(YES, (49, 10_000), (51, 100)));
    f.tick(20, book(YES, (50, 1_000), (52, 900)));
    f.tick(20, book(YES, (62, 1_000), (64, 900)));
    f.wait(30);
    f.kill(KillLevel::NoNewRisk);
    f.log
}

fn check(log: &[Envelope]) -> Result<Vec<Origin>, Mismatch> {
    let (mut core, mut chain, mut drafts) = (Core::new(), Chain::default(), Vec::new());
    let mut origins = Vec::new();
    for envelope in log {
        origins.push(chain.check(envelope)?);
        core.apply(envelope);
        core.decide(envelope, &mut drafts);
        chain.owe(&mut drafts);
    }
    assert!(chain.is_empty());
    Ok(origins)
}

fn decisions(log: &[Envelope]) -> Vec<usize> {
    let origins = check(log).unwrap();
    (0..log.len()).filter(|i| origins[*i] == Origin::Decided).collect()
}

/// A log without gaps again.
fn renumber(log: &mut [Envelope]) {
    for (n, e) in log.iter_mut().enumerate() {
        e.seq = Seq::new(n as u64 + 1).unwrap();
    }
}

#[test]
fn a_session_is_what_the_core_decides() {
    let log = session();
    let decided = decisions(&log);
    assert!(decided.len() > 15, "{}", decided.len());
    for (n, e) in log.iter().enumerate() {
        let made_by_the_core =
            e.event.is_intent() || matches!(e.event, Event::Agent(_) | Event::System(SystemEvent::KillSwitch { .. }));
        assert_eq!(decided.contains(&n), made_by_the_core, "{e:?}");
    }
}

#[test]
fn a_missing_decision_is_found() {
    let log = session();
    for i in decisions(&log) {
        let mut cut = log.clone();
        cut.remove(i);
        // At once, by the event in its place; the last one has none.
        let Some(next) = cut.get(i) else { continue };
        assert_eq!(check(&cut).unwrap_err().seq, next.seq.get(), "{:?}", log[i].event);
    }
}

#[test]
fn a_decision_at_the_end_that_is_missing_is_owed() {
    let log = session();
    let last = *decisions(&log).last().unwrap();
    assert_eq!(last, log.len() - 1, "the switch");
    let mut f = Floor::restart(&log[..last]);
    f.wait(0);
    assert_eq!(f.log, log, "a restart appends what is owed");
}

#[test]
fn an_altered_decision_is_found() {
    let log = session();
    for i in decisions(&log) {
        for change in [
            (|e: &mut Envelope| alter(&mut e.event)) as fn(&mut Envelope),
            |e| e.cause = None,
            |e| e.cause = Seq::new(1),
            |e| e.cycle = Some(schemas::CycleId(77)),
        ] {
            let mut forged = log.clone();
            change(&mut forged[i]);
            assert_eq!(check(&forged).unwrap_err().seq, i as u64 + 1, "{:?}", log[i].event);
        }
    }
}

/// The smallest change that matters.
fn alter(event: &mut Event) {
    match event {
        Event::Agent(AgentEvent::CycleStarted { market, .. } | AgentEvent::NoDecision { market, .. }) => market.0 += 1,
        Event::Agent(AgentEvent::ResearchEstimate(e)) => e.probability.0 += 1,
        Event::Agent(AgentEvent::ProposalMade(p)) => p.size = Size(p.size.0 + 1),
        Event::Agent(AgentEvent::RiskVerdict(v)) => v.checks[0].observed += 1,
        Event::Agent(AgentEvent::OrderPlanned(p)) => p.price = Price(p.price.0 + 1),
        Event::Agent(AgentEvent::Reflection(r)) => r.brier_ppm += 1,
        Event::Agent(AgentEvent::LessonLearned(l)) => l.text.push('!'),
        Event::Order(OrderEvent::Intended(i)) => i.signed[0] ^= 1,
        Event::Order(OrderEvent::CancelIntended { order, .. } | OrderEvent::ResendIntended { order, .. }) => {
            order.0 += 1
        }
        Event::System(SystemEvent::KillSwitch { level, .. }) => *level = KillLevel::Flatten,
        other => panic!("not a decision: {other:?}"),
    }
}

#[test]
fn a_decision_that_nobody_made_is_found() {
    let log = session();
    let forged = [
        Event::System(SystemEvent::KillSwitch { level: KillLevel::Off, source: KillSource::Operator }),
        log[decisions(&log)[0]].event.clone(),
        log.iter().find(|e| matches!(e.event, Event::Order(OrderEvent::Intended(_)))).unwrap().event.clone(),
    ];
    for event in forged {
        let mut longer = log.clone();
        longer.push(Envelope { event, cause: Seq::new(1), ..log.last().unwrap().clone() });
        renumber(&mut longer);
        let mismatch = check(&longer).unwrap_err();
        assert_eq!((mismatch.seq, mismatch.expected.as_str()), (longer.len() as u64, "nothing here"));
    }
}

#[test]
fn decisions_in_another_order_are_found() {
    let log = session();
    let decided = decisions(&log);
    let pair = decided.windows(2).find(|w| w[1] == w[0] + 1).unwrap();
    let mut swapped = log.clone();
    swapped.swap(pair[0], pair[1]);
    renumber(&mut swapped);
    assert_eq!(check(&swapped).unwrap_err().seq, pair[0] as u64 + 1);
}

#[test]
fn the_same_events_give_the_same_drafts() {
    assert_eq!(session(), session());
    let log = session();
    let run = || {
        let mut core = Core::new();
        let mut all = Vec::new();
        for e in &log {
            core.apply(e);
            core.decide(e, &mut all);
            let before = all.len();
            core.decide(e, &mut all);
            let again = all.split_off(before);
            assert_eq!(all[all.len() - again.len()..], again, "deciding changes nothing");
        }
        all
    };
    assert_eq!(run(), run());
}

#[test]
fn a_core_from_a_snapshot_decides_the_same() {
    let log = session();
    for cut in [3, log.len() / 2, log.len() - 2] {
        let (mut whole, mut drafts) = (Core::new(), Vec::new());
        for e in &log[..cut] {
            whole.apply(e);
        }
        let bytes = whole.state().to_snapshot().unwrap();
        let mut restored = Core::from_state(projections::State::from_snapshot(&bytes).unwrap());
        assert_eq!(restored.config(), whole.config());
        assert_eq!(restored.next_timer(), whole.next_timer());
        for e in &log[cut..] {
            let mut others = Vec::new();
            whole.apply(e);
            whole.decide(e, &mut drafts);
            restored.apply(e);
            restored.decide(e, &mut others);
            assert_eq!(std::mem::take(&mut drafts), others);
        }
        assert_eq!(restored.state(), whole.state());
    }
}
