//! Files that may not grow: what a full disk looks like, without filling one.

use crate::sample::{append, closed_log, expected, fast_home, notes, options, read_all, records, repaired};
use eventlog::{LogError, LogWriter, WriterOptions};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

const DIR: &str = "ARENA_LIMIT_DIR";

/// Set for a child without a hot copy and with one long journal file.
const LONE: &str = "ARENA_LIMIT_LONE";

/// Not a test of its own: what the children of the tests below do.
#[test]
#[ignore = "started by the other tests"]
fn write_until_the_end() {
    let Ok(dir) = std::env::var(DIR) else { return };
    let lone = std::env::var_os(LONE).is_some();
    let roll_len = if lone { 64 << 20 } else { 300_000 };
    let kept = WriterOptions { roll_len, checkpoint_len: 100_000, hot: !lone, ..options() };
    let (mut writer, _) = match LogWriter::open(Path::new(&dir), &kept) {
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

/// A child whose files may have so many blocks of 512 bytes.
fn limited(dir: &Path, blocks: u32) -> Command {
    let mut command = Command::new("sh");
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    command.arg("-c").arg(script).arg(std::env::current_exe().unwrap());
    command.args(["--exact", "limits::write_until_the_end", "--ignored", "--nocapture"]);
    command.env(DIR, dir).stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

#[test]
fn files_that_may_not_grow_stop_the_writer_and_lose_nothing() {
    // With a hot copy sled meets the limit first, without one the journal does.
    for hot in [true, false] {
        let home = fast_home();
        let dir = home.path().join("log");
        let mut command = limited(&dir, 1100);
        let mut running = if hot { &mut command } else { command.env(LONE, "1") }.spawn().unwrap();
        let lines: Vec<String> = BufReader::new(running.stdout.take().unwrap()).lines().map(Result::unwrap).collect();
        assert_eq!(running.wait().unwrap().code(), Some(7), "{lines:?}");
        let number = |l: &String| l.strip_prefix("ack ").and_then(|n| n.parse().ok());
        let last: u64 = lines.iter().filter_map(number).max().unwrap();
        let part = if hot { "hot" } else { "journal" };
        let full = |l: &String| l.starts_with("stopped no space left") && l.contains(&format!("/log/{part}"));
        assert!(lines.iter().any(full), "{lines:?}");
        assert!(lines.iter().any(|l| l == "poisoned"));
        let (mut writer, report) = LogWriter::open(&dir, &options()).unwrap();
        assert!(report.head.seq >= last && last > 0);
        append(&mut writer, &[1]);
        writer.close().unwrap();
        assert_eq!(read_all(&dir), expected(report.head.seq + 1));
    }
}

#[test]
fn a_sound_hot_copy_is_left_alone_when_the_disk_is_full() {
    let home = fast_home();
    let dir = home.path().join("log");
    closed_log(&dir, &options(), &[40, 2]);
    let output = limited(&dir, 1).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("no space left to"), "{said}");
    assert!(!dir.join("hot.damaged-1").exists());
    assert_eq!(notes(&repaired(&dir, &options(), 42)), "");
}
