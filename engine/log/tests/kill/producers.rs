//! Kills of a process in which many threads append through one log thread.

use crate::aftermath::recovers;
use crate::ledger::{Dice, Ledger, rounds};
use crate::sample::{fast_home, record};
use crate::spec::{PLAIN, SEALING, Spec};
use crate::victim::{Moment, start};
use schemas::{Envelope, Seq};
use std::time::Duration;

/// A batch that was acknowledged: the sequence of its first event, how many, and the number of the first record.
type Batch = (u64, u64, u64);

fn batches(said: &[String]) -> Vec<Batch> {
    let batch = |line: &String| {
        let numbers: Vec<u64> = line.strip_prefix("ack ")?.split(' ').filter_map(|n| n.parse().ok()).collect();
        let [first, count, from] = numbers[..] else { return None };
        Some((first, count, from))
    };
    said.iter().filter_map(batch).collect()
}

/// Every acknowledged batch stands where its ticket said, in one piece, and sequences have no gap.
fn holds(events: &[Envelope], acknowledged: &[Batch]) {
    for (n, event) in (1..).zip(events) {
        assert_eq!(event.seq.get(), n);
    }
    for (first, count, from) in acknowledged {
        for n in 0..*count {
            let at = Seq::new(first + n).unwrap();
            assert_eq!(events[at.get() as usize - 1], record(from + n).at(at), "batch {first}");
        }
    }
}

#[test]
fn every_acknowledged_ticket_survives_a_kill() {
    const LOG_LIFE: u64 = 4;
    let (home, mut dice, mut ledger) = (fast_home(), Dice::new("producers"), Ledger::new("four producers"));
    let specs = [
        Spec { preallocate: true, ..PLAIN },
        Spec { signed: true, ..SEALING },
        Spec { hot: false, ..SEALING },
        Spec { journal: false, ..PLAIN },
    ];
    let all = rounds(40);
    let mut acknowledged = Vec::new();
    for round in 0..all {
        let dir = home.path().join(format!("log-{}", round / LOG_LIFE));
        if round % LOG_LIFE == 0 {
            acknowledged.clear();
        }
        let spec = dice.pick(&specs);
        let gathering: &[&str] = if round % 3 == 0 { &["one by one"] } else { &[] };
        let child = start("children::produce", &dir, spec, gathering);
        let moment = Moment::Behind("ack", 1 + dice.below(200), Duration::from_micros(dice.below(20_000)));
        let said = child.kill(moment);
        ledger.kill("while appending");
        let new = batches(&said);
        ledger.acknowledged(new.iter().map(|(_, count, _)| count).sum());
        acknowledged.extend(new);
        let last = acknowledged.iter().map(|(first, count, _)| first + count - 1).max().unwrap_or(0);
        recovers(&dir, spec, last, &|events| holds(events, &acknowledged), &mut ledger);
    }
    ledger.close(all);
}
