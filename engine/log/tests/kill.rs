//! A writer that dies, or whose disk fills, at a moment nobody chose. The child is this test program itself.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod sample;

use eventlog::{LogError, LogWriter, WriterOptions, verify};
use sample::*;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

const DIR: &str = "ARENA_LOG_TEST_DIR";

/// Set for a child without a hot copy and with one long journal file.
const LONE: &str = "ARENA_LOG_TEST_LONE";

fn child_options() -> WriterOptions {
    let lone = std::env::var_os(LONE).is_some();
    WriterOptions { roll_len: if lone { 64 << 20 } else { 300_000 }, checkpoint_len: 100_000, hot: !lone, ..options() }
}

/// Not a test of its own: what the children of the tests below do.
#[test]
#[ignore = "started by the other tests"]
fn write_until_the_end() {
    let Ok(dir) = std::env::var(DIR) else { return };
    let (mut writer, _) = match LogWriter::open(Path::new(&dir), &child_options()) {
        Ok(opened) => opened,
        Err(e) => return println!("\nrefused {e}"),
    };
    println!("\nopen {}", writer.head().seq);
    for n in 0u64.. {
        let first = writer.next_seq().get();
        match writer.commit(&records(first, 1 + (first + n) % 90)) {
            Ok(head) => println!("ack {}", head.seq),
            Err(e) => {
                println!("stopped {e}");
                assert!(matches!(writer.commit(&records(first, 1)), Err(LogError::Poisoned { .. })));
                println!("poisoned");
                // sled is left alone: what it does on a full disk is not this test's subject.
                std::process::exit(7);
            }
        }
    }
}

fn child(program: &str, before: &[&str], dir: &Path) -> Command {
    let mut command = Command::new(program);
    command.args(before).env(DIR, dir).stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

const ARGS: [&str; 4] = ["--exact", "write_until_the_end", "--ignored", "--nocapture"];

fn acknowledged(line: &str) -> Option<u64> {
    line.strip_prefix("ack ").or_else(|| line.strip_prefix("open ")).and_then(|n| n.parse().ok())
}

#[test]
fn a_killed_writer_loses_nothing_it_acknowledged() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("log");
    let me = std::env::current_exe().unwrap();
    let mut last = 0;
    for round in 0u64..20 {
        let mut running = child(me.to_str().unwrap(), &ARGS, &dir).spawn().unwrap();
        let mut lines = BufReader::new(running.stdout.take().unwrap());
        // Some die while opening, some after a few commits, some later.
        std::thread::sleep(Duration::from_millis(5 + round * 37 % 120));
        running.kill().unwrap();
        running.wait().unwrap();
        let mut said = String::new();
        lines.read_to_string(&mut said).unwrap();
        assert!(!said.contains("refused"), "{said}");
        last = said.lines().filter_map(acknowledged).chain([last]).max().unwrap();
        if round % 3 == 2 && eventlog::exists(&dir) {
            let (writer, report) = LogWriter::open(&dir, &child_options()).unwrap();
            assert!(report.head.seq >= last, "acknowledged {last}, found {}", report.head.seq);
            last = report.head.seq;
            drop(writer);
            assert_eq!(read_all(&dir), expected(last));
        }
    }
    assert!(last > 0, "no child came as far as a commit");
    let (writer, report) = LogWriter::open(&dir, &child_options()).unwrap();
    assert!(report.head.seq >= last);
    writer.close().unwrap();
    assert_eq!(read_all(&dir), expected(report.head.seq));
    assert!(verify(&dir).unwrap().is_clean());
}

#[test]
fn a_second_process_is_refused_by_the_first_ones_name() {
    let home = tempfile::tempdir().unwrap();
    let (writer, _) = LogWriter::open(home.path(), &options()).unwrap();
    let me = std::env::current_exe().unwrap();
    let output = child(me.to_str().unwrap(), &ARGS, home.path()).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let owner = format!("refused the log is being written by pid {}, the test", std::process::id());
    assert!(said.contains(&owner), "{said}");
    drop(writer);
}

#[test]
fn files_that_may_not_grow_stop_the_writer_and_lose_nothing() {
    let me = std::env::current_exe().unwrap();
    // Blocks of 512 bytes. With a hot copy sled meets the limit first, without one the journal does.
    let script = "trap '' XFSZ; ulimit -f 1100; exec \"$0\" \"$@\"";
    for hot in [true, false] {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("log");
        let mut command = child("sh", &["-c", script, me.to_str().unwrap()], &dir);
        let mut running = if hot { &mut command } else { command.env(LONE, "1") }.args(ARGS).spawn().unwrap();
        let lines: Vec<String> = BufReader::new(running.stdout.take().unwrap()).lines().map(Result::unwrap).collect();
        assert_eq!(running.wait().unwrap().code(), Some(7), "{lines:?}");
        let last = lines.iter().filter_map(|l| acknowledged(l)).max().unwrap();
        let part = if hot { "hot" } else { "journal" };
        let full = |l: &String| l.starts_with("stopped no space left") && l.contains(&format!("/log/{part}"));
        assert!(lines.iter().any(full), "{lines:?}");
        assert!(lines.iter().any(|l| l == "poisoned"));
        let (writer, report) = LogWriter::open(&dir, &options()).unwrap();
        assert!(report.head.seq >= last && last > 0);
        writer.close().unwrap();
        assert_eq!(read_all(&dir), expected(report.head.seq));
    }
}

#[test]
fn a_sound_hot_copy_is_left_alone_when_the_disk_is_full() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("log");
    closed_log(&dir, &options(), &[40, 2]);
    let me = std::env::current_exe().unwrap();
    let script = "trap '' XFSZ; ulimit -f 1; exec \"$0\" \"$@\"";
    let output = child("sh", &["-c", script, me.to_str().unwrap()], &dir).args(ARGS).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("no space left to"), "{said}");
    assert!(!dir.join("hot.damaged-1").exists());
    assert_eq!(notes(&repaired(&dir, &options(), 42)), "");
}
