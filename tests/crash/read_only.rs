//! A log on a medium that takes nothing.

use super::disk::Image;
use super::stage::{Calls, DIR, Fault, SEED, Stage, child, finish, orders};
use super::workload::{WRITE_A_LOG, options, snapshot};
use eventlog::{LogReader, LogWriter, Policy, verify};
use schemas::Seq;
use schemas::frame::Check;
use std::time::Duration;

const EROFS: i32 = 30;
const READ_A_LOG: &str = "read_only::read_a_log";

/// Not a test of its own: what a process can do with a log that it cannot change.
#[test]
#[ignore = "started by the other tests"]
fn read_a_log() {
    if std::env::var_os(DIR).is_none() {
        return;
    }
    let (dir, seed) = orders();
    let reader = LogReader::open(&dir).unwrap();
    let last = reader.head_anchor().unwrap().unwrap().head.seq;
    assert!(last > 100, "a log of {last} events proves little");
    assert_eq!(super::sample::read_all(&dir), super::sample::expected(last));
    let some = Seq::new(last / 2).unwrap();
    assert_eq!(reader.read(some).unwrap().unwrap(), super::sample::record(last / 2).at(some));
    let mut stream = reader.events(some, Check::Crc).unwrap();
    assert!(stream.next_frame(&mut Vec::new()).unwrap());
    let found = reader.latest_snapshot(None).unwrap().newest.unwrap();
    assert_eq!(found.sections, snapshot(found.head.seq));
    let verified = verify(&dir).unwrap();
    assert!(verified.is_clean(), "{:?}", verified.findings);
    assert_eq!(verified.events, last);
    let refused = LogWriter::open(&dir, &options(seed)).err().unwrap();
    assert!(matches!(refused.policy(), Policy::Refuse | Policy::Halt), "{refused:?}");
    assert!(refused.to_string().contains("Read-only file system"), "{refused}");
    println!("\nread {last} events");
}

fn closed_log(seed: u64) -> Stage {
    let stage = Stage::new();
    let (ended, _) = stage.run(WRITE_A_LOG, seed, None);
    assert_eq!(ended.code, Some(0), "{}", ended.said);
    stage
}

#[test]
fn a_log_is_read_where_every_change_is_refused() {
    let calls = Calls::WRITE.and(Calls::SYNC).and(Calls::NAME).and(Calls::OPEN);
    let fault = Fault { calls, errno: EROFS, lasting: true, short: false, path: "" };
    for seed in [1, 4] {
        let stage = closed_log(seed);
        let before = Image::read(&stage.root);
        let (ended, _) = stage.run(READ_A_LOG, seed, Some((fault, 1)));
        assert!(ended.code == Some(0) && ended.said.contains("\nread "), "{}", ended.said);
        assert_eq!(before.difference(&Image::read(&stage.root)), None, "a file was changed");
    }
}

/// The same on a real mount, where this process may make one. The test above does not depend on that.
#[test]
fn a_log_is_read_on_a_read_only_mount() {
    let stage = closed_log(2);
    let reader = child(READ_A_LOG);
    let mount = "mount --bind \"$ROOT\" \"$ROOT\" && mount -o remount,bind,ro \"$ROOT\" || exit 77; exec \"$0\" \"$@\"";
    let mut command = std::process::Command::new("unshare");
    command.args(["--mount", "sh", "-c", mount]).arg(reader.get_program()).args(reader.get_args());
    command.env("ROOT", &stage.root).env(DIR, stage.log()).env(SEED, "2");
    let probe = std::process::Command::new("unshare").args(["--mount", "true"]).output();
    if !probe.is_ok_and(|p| p.status.success()) {
        return println!("no right to mount here: only the injected fault was tested");
    }
    let ended = finish(command, &stage.path("said"), Duration::from_secs(120));
    if ended.code == Some(77) {
        return println!("no right to mount here: only the injected fault was tested; {}", ended.said);
    }
    assert!(ended.code == Some(0) && ended.said.contains("\nread "), "{}", ended.said);
}
