//! Kills during opens, appends, rolls, seals, checkpoints and snapshots, in every way a log can be kept.

use crate::aftermath::{is_sample, recovers};
use crate::ledger::{Dice, Ledger, rounds};
use crate::sample::fast_home;
use crate::spec::{PLAIN, SEALING, Spec};
use crate::victim::{Moment, last_acknowledged, last_step, start};
use std::time::Duration;

/// After so many kills a new log is begun, so that checking stays as cheap as it was.
const LOG_LIFE: u64 = 6;

/// Kills a writing child again and again on the same log, each time while it opens what the last one left, or later.
fn kill_writers(
    subject: &'static str,
    short: u64,
    specs: &[Spec],
    steps: &[&str],
    moment: impl Fn(&mut Dice) -> Moment,
) {
    let (home, mut dice, mut ledger) = (fast_home(), Dice::new(subject), Ledger::new(subject));
    let all = rounds(short);
    let mut last = 0;
    for round in 0..all {
        let life = round / LOG_LIFE;
        let dir = home.path().join(format!("log-{life}"));
        if round % LOG_LIFE == 0 {
            last = 0;
        }
        // The same log may be kept in another way every time.
        let spec = dice.pick(specs);
        let child = start("children::write", &dir, spec, steps);
        let said = child.kill(moment(&mut dice));
        ledger.kill(&last_step(&said));
        let acknowledged = last_acknowledged(&said).max(last);
        ledger.acknowledged(acknowledged - last);
        last = acknowledged;
        recovers(&dir, spec, last, &is_sample, &mut ledger);
        if round % LOG_LIFE == LOG_LIFE - 1 {
            std::fs::remove_dir_all(&dir).unwrap();
        }
    }
    ledger.close(all);
}

/// Two in three die while they open what the one before left.
fn while_opening(dice: &mut Dice) -> Moment {
    match dice.below(3) {
        0 => Moment::Behind("ack", 1 + dice.below(30), Duration::from_micros(dice.below(5_000))),
        _ => Moment::Behind("start", 1, Duration::from_micros(dice.below(12_000))),
    }
}

/// One in six dies soon after its start, one while it opens; the others some commits later, or inside a step.
fn any_moment(dice: &mut Dice) -> Moment {
    match dice.below(6) {
        0 => Moment::After(Duration::from_micros(1_000 + dice.below(40_000))),
        1 => Moment::Behind("start", 1, Duration::from_micros(dice.below(30_000))),
        2 => Moment::Behind("ack", 1 + dice.below(10), Duration::from_micros(dice.below(2_000))),
        3 => Moment::Behind("ack", 1 + dice.below(60), Duration::from_micros(dice.below(30_000))),
        _ => Moment::Behind("do ", 1 + dice.below(6), Duration::from_micros(dice.below(3_000))),
    }
}

#[test]
fn a_killed_writer_loses_nothing_it_acknowledged() {
    let specs = [
        PLAIN,
        Spec { hot: false, ..PLAIN },
        Spec { preallocate: true, ..PLAIN },
        Spec { preallocate: true, signed: true, roll_len: 20_000, ..PLAIN },
    ];
    kill_writers("appends", 60, &specs, &["checkpoint", "close"], any_moment);
}

#[test]
fn a_kill_while_files_roll_and_are_sealed_and_compressed_loses_nothing() {
    let specs = [
        SEALING,
        Spec { plain_segments: 0, ..SEALING },
        Spec { plain_segments: 0, keep_journal: 0, signed: true, ..SEALING },
        Spec { preallocate: true, keep_journal: 3, ..SEALING },
        Spec { hot: false, plain_segments: 1, ..SEALING },
    ];
    kill_writers("seals", 72, &specs, &["seal", "close", "seal", "sign"], any_moment);
}

#[test]
fn a_kill_of_a_writer_without_a_journal_loses_nothing() {
    let alone = Spec { journal: false, ..PLAIN };
    let specs = [alone, Spec { roll_len: 3_000, ..alone }, Spec { signed: true, plain_segments: 0, ..alone }];
    kill_writers("without a journal", 48, &specs, &["seal", "checkpoint", "close"], any_moment);
}

#[test]
fn a_kill_while_large_batches_are_cut_into_parts_loses_nothing() {
    let alone = Spec { journal: false, roll_len: 400_000, ..PLAIN };
    let specs = [alone, alone, Spec { roll_len: 150_000, plain_segments: 0, ..PLAIN }];
    kill_writers("large batches", 24, &specs, &["big", "checkpoint"], any_moment);
}

#[test]
fn a_kill_while_a_log_changes_how_it_is_kept_loses_nothing() {
    let specs = [
        Spec { roll_len: 8_000, ..PLAIN },
        Spec { journal: false, roll_len: 8_000, ..PLAIN },
        Spec { hot: false, roll_len: 8_000, preallocate: true, ..PLAIN },
    ];
    kill_writers("other ways to keep it", 48, &specs, &["checkpoint", "close"], any_moment);
}

#[test]
fn a_kill_while_snapshots_are_written_and_the_hot_copy_is_built_anew_loses_nothing() {
    let specs = [PLAIN, Spec { signed: true, ..SEALING }];
    kill_writers(
        "snapshots and lost hot copies",
        48,
        &specs,
        &["snapshot", "lose the hot copy", "snapshot"],
        any_moment,
    );
}

#[test]
fn a_kill_while_opening_what_a_kill_left_loses_nothing() {
    let specs = [
        PLAIN,
        Spec { preallocate: true, signed: true, ..PLAIN },
        Spec { plain_segments: 0, ..SEALING },
        Spec { journal: false, ..PLAIN },
    ];
    kill_writers("opens", 60, &specs, &["lose the hot copy", "seal"], while_opening);
}
