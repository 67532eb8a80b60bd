//! One log, one writer, also between processes.

use crate::aftermath::{is_sample, read, recovers};
use crate::ledger::{Dice, Ledger, rounds};
use crate::sample::fast_home;
use crate::spec::PLAIN;
use crate::victim::{Moment, last_acknowledged, start};
use std::time::Duration;

#[test]
fn of_two_processes_the_second_is_refused_by_name_until_the_first_is_dead() {
    let (home, mut dice, mut ledger) = (fast_home(), Dice::new("owners"), Ledger::new("two writers"));
    let dir = home.path().join("log");
    let all = rounds(100);
    let mut last = 0;
    for _ in 0..all {
        // Lets itself in the moment after the one before it was killed.
        let mut first = start("children::write", &dir, &PLAIN, &[]);
        let found: u64 = first.hear("open ").strip_prefix("open ").unwrap().parse().unwrap();
        assert!(found >= last);
        let second = start("children::write", &dir, &PLAIN, &[]);
        let refused = second.finish();
        let owner = format!("refused the log is being written by pid {}, the test", first.pid());
        assert!(refused.iter().any(|l| l.starts_with(&owner)), "{refused:?}");
        assert!(!refused.iter().any(|l| l.starts_with("open ")), "{refused:?}");
        ledger.saw("second writers refused");
        let said = first.kill(Moment::After(Duration::from_micros(dice.below(3_000))));
        ledger.kill("while appending");
        last = last_acknowledged(&said);
        ledger.acknowledged(last - found);
        // Short logs, so that each round costs the same.
        if last > 20_000 {
            recovers(&dir, &PLAIN, last, &is_sample, &mut ledger);
            std::fs::remove_dir_all(&dir).unwrap();
            last = 0;
        }
    }
    if eventlog::exists(&dir) {
        is_sample(&read(&dir));
        recovers(&dir, &PLAIN, last, &is_sample, &mut ledger);
    }
    ledger.close(all);
}
