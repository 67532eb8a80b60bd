//! Kills during what a person or a timer does to a log.

use crate::aftermath::{is_sample, recovers};
use crate::ledger::{Dice, Ledger, rounds};
use crate::sample::fast_home;
use crate::spec::{PLAIN, SEALING, Spec};
use crate::victim::{Moment, last_acknowledged, last_step, start};
use std::time::Duration;

const LOG_LIFE: u64 = 6;

fn kill_tenders(subject: &'static str, short: u64, specs: &[Spec], steps: &[&str], pause_us: u64) {
    let (home, mut dice, mut ledger) = (fast_home(), Dice::new(subject), Ledger::new(subject));
    let all = rounds(short);
    let mut last = 0;
    for round in 0..all {
        let dir = home.path().join(format!("log-{}", round / LOG_LIFE));
        if round % LOG_LIFE == 0 {
            last = 0;
        }
        let spec = dice.pick(specs);
        let child = start("children::tend", &dir, spec, steps);
        let moment = Moment::Behind("do ", 1 + dice.below(3), Duration::from_micros(dice.below(pause_us)));
        let said = child.kill(moment);
        ledger.kill(&last_step(&said));
        let acknowledged = last_acknowledged(&said).max(last);
        ledger.acknowledged(acknowledged - last);
        last = acknowledged;
        recovers(&dir, spec, last, &is_sample, &mut ledger);
    }
    ledger.close(all);
}

#[test]
fn a_kill_while_the_hot_copy_is_rebuilt_loses_nothing() {
    let specs = [PLAIN, Spec { signed: true, ..SEALING }, Spec { journal: false, ..PLAIN }];
    kill_tenders("rebuilds of the hot copy", 30, &specs, &["rebuild the hot copy"], 25_000);
}

#[test]
fn a_kill_while_a_closed_log_is_sealed_and_compressed_loses_nothing() {
    kill_tenders("seals of closed logs", 24, &[PLAIN, SEALING], &["seal", "compress"], 6_000);
}

#[test]
fn a_kill_while_old_segments_are_deleted_loses_nothing_else() {
    let specs = [SEALING, Spec { plain_segments: 0, signed: true, ..SEALING }];
    kill_tenders("prunes", 36, &specs, &["prune"], 400);
}

#[test]
fn compressing_beside_a_writer_disturbs_neither_and_a_kill_of_it_loses_nothing() {
    let (home, mut dice, mut ledger) = (fast_home(), Dice::new("compress"), Ledger::new("compressing beside a writer"));
    let all = rounds(12);
    for round in 0..all {
        let dir = home.path().join(format!("log-{round}"));
        let spec = Spec { plain_segments: usize::from(round % 2 == 0), ..SEALING };
        let mut writer = start("children::write", &dir, &spec, &["seal"]);
        writer.hear("did seal");
        let presser = start("children::compress", &dir, &spec, &[]);
        let pressed = presser.kill(Moment::Behind("do ", 1 + dice.below(20), Duration::from_micros(dice.below(1_500))));
        ledger.kill(&last_step(&pressed));
        let failures: Vec<&String> = pressed.iter().filter(|l| l.starts_with("could not")).collect();
        assert!(failures.is_empty(), "{failures:?}");
        writer.hear("did seal");
        let said = writer.kill(Moment::After(Duration::from_micros(dice.below(2_000))));
        ledger.kill(&last_step(&said));
        let acknowledged = last_acknowledged(&said);
        ledger.acknowledged(acknowledged);
        recovers(&dir, &spec, acknowledged, &is_sample, &mut ledger);
    }
    ledger.close(2 * all);
}
