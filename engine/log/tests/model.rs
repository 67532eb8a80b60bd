//! A log is a list: whatever is done to it, it reads back as what was committed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod sample;

use eventlog::{LogReader, LogWriter, WriterOptions, verify};
use proptest::prelude::*;
use sample::*;
use schemas::Seq;

#[derive(Clone, Debug)]
enum Step {
    Commit(u64),
    Checkpoint,
    Snapshot,
    Close,
    Crash,
    LoseHot,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => (0u64..80).prop_map(Step::Commit),
        1 => Just(Step::Checkpoint),
        1 => Just(Step::Snapshot),
        1 => Just(Step::Close),
        1 => Just(Step::Crash),
        1 => Just(Step::LoseHot),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn a_log_equals_a_list(steps in prop::collection::vec(step(), 1..30), roll in 1u64..12_000, checkpoint in 1u64..30_000) {
        let home = fast_home();
        let dir = home.path().join("log");
        let options = WriterOptions { roll_len: roll, checkpoint_len: checkpoint, ..options() };
        let mut writer = Some(LogWriter::open(&dir, &options).unwrap().0);
        let mut last = 0;
        for step in steps {
            let mut open = writer.take().unwrap();
            match step {
                Step::Commit(count) => {
                    open.commit(&records(last + 1, count)).unwrap();
                    last += count;
                }
                Step::Checkpoint => open.checkpoint().unwrap(),
                Step::Snapshot => drop(open.write_snapshot(&[("n".to_owned(), last.to_le_bytes().to_vec())]).unwrap()),
                Step::Close | Step::LoseHot | Step::Crash => {
                    match step {
                        Step::Crash => drop(open),
                        _ => open.close().unwrap(),
                    }
                    if matches!(step, Step::LoseHot) {
                        std::fs::remove_dir_all(dir.join("hot")).unwrap();
                    }
                    open = LogWriter::open(&dir, &options).unwrap().0;
                }
            }
            prop_assert_eq!(open.head().seq, last);
            writer = Some(open);
        }
        writer.unwrap().close().unwrap();
        prop_assert_eq!(read_all(&dir), expected(last));
        let reader = LogReader::open(&dir).unwrap();
        let some = Seq::new(1 + last / 2).unwrap();
        prop_assert_eq!(reader.read(some).unwrap(), expected(last).get(some.get() as usize - 1).cloned());
        if let Some(snapshot) = reader.latest_snapshot(None).unwrap().newest {
            prop_assert_eq!(&snapshot.sections[0].1, &snapshot.head.seq.to_le_bytes().to_vec());
        }
        let report = verify(&dir).unwrap();
        prop_assert!(report.is_clean(), "{:?}", report.findings);
    }
}
