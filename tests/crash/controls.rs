//! Controls: the disk model keeps what was synced and takes what was not. Without them a harness that loses nothing
//! would prove nothing.

use super::dice::Dice;
use super::disk::{Disk, Image, Loss};
use super::names::{Keep, Names};
use super::pages::Data;
use super::stage::{Marks, Stage, orders};
use super::trace::{Op, Trace};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::Path;

const CHILD: &str = "controls::write_without_a_log";
const WRITES: u64 = 60;

/// How a control writes.
#[derive(Clone, Copy, Debug)]
enum Writer {
    /// A file that grows, with a sync of its data after each write.
    Synced,
    /// The same, but the directory is never synced.
    Nameless,
    /// sled: insert and flush.
    Sled,
    /// sled: insert, flush, and a sync of its file. It never syncs its small `conf` either, and one that is all zeros
    /// keeps it from opening for ever: so that is synced too, once.
    SledSynced,
    /// A whole file written anew each time: temporary name, sync, rename, sync of the directory.
    Renamed,
    /// The same without the sync of the file.
    RenamedUnsynced,
}

const WRITERS: [Writer; 6] =
    [Writer::Synced, Writer::Nameless, Writer::Sled, Writer::SledSynced, Writer::Renamed, Writer::RenamedUnsynced];

fn line(n: u64) -> Vec<u8> {
    format!("{n:06} {}\n", "x".repeat((n * 37 % 900) as usize)).into_bytes()
}

/// Not a test of its own: what the children do.
#[test]
#[ignore = "started by the other tests"]
fn write_without_a_log() {
    let Some(mut marks) = Marks::of_child() else { return };
    let (dir, number) = orders();
    fs::create_dir(&dir).unwrap();
    File::open(dir.parent().unwrap()).unwrap().sync_all().unwrap();
    let writer = WRITERS[number as usize];
    let mut write = writer.start(&dir);
    for n in 0..WRITES {
        write(n);
        marks.say(&format!("ack {}", n + 1));
    }
    // What sled does when it is dropped is not asked.
    std::process::exit(0);
}

impl Writer {
    fn start(self, dir: &Path) -> Box<dyn FnMut(u64) + '_> {
        let sync_dir = move || File::open(dir).unwrap().sync_all().unwrap();
        match self {
            Self::Synced | Self::Nameless => {
                let mut file = File::create(dir.join("file")).unwrap();
                if !matches!(self, Self::Nameless) {
                    sync_dir();
                }
                Box::new(move |n| {
                    file.write_all(&line(n)).unwrap();
                    file.sync_data().unwrap();
                })
            }
            Self::Sled | Self::SledSynced => {
                let db = sled::Config::new().path(dir.join("sled")).flush_every_ms(None).open().unwrap();
                let open = |name: &str| fs::OpenOptions::new().write(true).open(dir.join("sled").join(name)).unwrap();
                let file = open("db");
                open("conf").sync_all().unwrap();
                for made in [dir.join("sled"), dir.to_owned()] {
                    File::open(made).unwrap().sync_all().unwrap();
                }
                Box::new(move |n| {
                    db.insert(n.to_be_bytes(), line(n)).unwrap();
                    db.flush().unwrap();
                    if matches!(self, Self::SledSynced) {
                        file.sync_data().unwrap();
                    }
                })
            }
            Self::Renamed | Self::RenamedUnsynced => Box::new(move |n| {
                let temp = dir.join("file.tmp");
                let file = File::create(&temp).unwrap();
                file.write_all_at(&(0..=n).flat_map(line).collect::<Vec<_>>(), 0).unwrap();
                if matches!(self, Self::Renamed) {
                    file.sync_all().unwrap();
                }
                fs::rename(temp, dir.join("file")).unwrap();
                sync_dir();
            }),
        }
    }

    /// How many of the acknowledged writes are left in what was the child's directory.
    fn count(self, image: &Image) -> u64 {
        match self {
            Self::Sled | Self::SledSynced => {
                let home = super::stage::fast_home();
                let root = home.path().join("disk");
                image.write(&root);
                let opened = std::panic::catch_unwind(|| sled::open(root.join("log/sled")));
                let Ok(Ok(db)) = opened else { return 0 };
                let intact = |n: &u64| db.get(n.to_be_bytes()).is_ok_and(|v| v.is_some_and(|v| v == line(*n)));
                (0..WRITES).take_while(intact).count() as u64
            }
            _ => {
                let bytes = image.file("log/file").unwrap_or_default();
                let (mut at, mut n) = (0, 0);
                while bytes.get(at..).is_some_and(|rest| n < WRITES && rest.starts_with(&line(n))) {
                    at += line(n).len();
                    n += 1;
                }
                n
            }
        }
    }
}

/// Records a control.
fn record(writer: Writer) -> Trace {
    let stage = Stage::new();
    let number = WRITERS.iter().position(|w| std::mem::discriminant(w) == std::mem::discriminant(&writer)).unwrap();
    let (ended, trace) = stage.run(CHILD, number as u64, None);
    assert_eq!(ended.code, Some(0), "{}", ended.said);
    assert_eq!(trace.last_number("ack ", trace.len()), Some(WRITES));
    let mut disk = Disk::new(Names::Strict, Dice::new(0));
    trace.ops().for_each(|op| disk.apply(&op));
    assert_eq!(disk.cut(Loss::NONE).difference(&Image::read(&stage.root)), None, "the trace has a gap");
    trace
}

/// Cuts the power so many times; returns how often acknowledged writes were lost. The disk does not take part in the
/// effects `without`.
fn losses(writer: Writer, trace: &Trace, rules: Names, cuts: u64, without: &BTreeSet<usize>) -> u64 {
    let mut lost = 0;
    for n in 0..cuts {
        let mut dice = Dice::new(n);
        let loss = if n % 4 == 0 { Loss::ALL } else { Loss::draw(&mut dice) };
        let at = 1 + dice.below(trace.len() as u64) as usize;
        let mut disk = Disk::new(rules, dice);
        (0..at).filter(|i| !without.contains(i)).for_each(|i| disk.apply(&trace.op(i)));
        let acknowledged = trace.last_number("ack ", at).unwrap_or(0);
        lost += u64::from(writer.count(&disk.cut(loss)) < acknowledged);
    }
    println!("control {writer:?}, {rules:?}: {lost} of {cuts} cuts lost acknowledged writes");
    lost
}

const BOTH: [Names; 2] = [Names::Strict, Names::Journaled];

#[test]
fn a_file_synced_after_each_write_never_loses() {
    let trace = record(Writer::Synced);
    for rules in BOTH {
        assert_eq!(losses(Writer::Synced, &trace, rules, 400, &BTreeSet::new()), 0);
    }
}

#[test]
fn a_file_only_written_back_loses() {
    let trace = record(Writer::Synced);
    // The same writes with `sync_file_range` in the place of each sync of the file.
    let (mut ranged, mut file) = (BTreeSet::new(), None);
    for (i, op) in trace.ops().enumerate() {
        match op {
            Op::Open { fd, path: "log/file", .. } => file = Some(fd),
            Op::Sync { fd } if Some(fd) == file => drop(ranged.insert(i)),
            _ => {}
        }
    }
    assert_eq!(ranged.len() as u64, WRITES);
    for rules in BOTH {
        assert!(losses(Writer::Synced, &trace, rules, 400, &ranged) > 200);
    }
}

#[test]
fn a_name_is_lost_without_a_sync_of_its_directory() {
    let trace = record(Writer::Nameless);
    assert!(losses(Writer::Nameless, &trace, Names::Strict, 400, &BTreeSet::new()) > 100);
    // ext4 and XFS write all names out with any sync, which no standard promises.
    assert_eq!(losses(Writer::Nameless, &trace, Names::Journaled, 400, &BTreeSet::new()), 0);
}

#[test]
fn sled_alone_loses_what_it_flushed() {
    let trace = record(Writer::Sled);
    let ranges = trace.ops().filter(|op| matches!(op, Op::Range { .. })).count();
    assert!(ranges as u64 >= WRITES, "sled is expected to call sync_file_range: {ranges}");
    for rules in BOTH {
        assert!(losses(Writer::Sled, &trace, rules, 60, &BTreeSet::new()) > 20);
    }
}

#[test]
fn sled_with_a_sync_of_its_file_never_loses_small_values() {
    let trace = record(Writer::SledSynced);
    for rules in BOTH {
        assert_eq!(losses(Writer::SledSynced, &trace, rules, 60, &BTreeSet::new()), 0);
    }
}

#[test]
fn a_file_replaced_by_rename_needs_its_own_sync() {
    let (synced, unsynced) = (record(Writer::Renamed), record(Writer::RenamedUnsynced));
    for rules in BOTH {
        assert_eq!(losses(Writer::Renamed, &synced, rules, 400, &BTreeSet::new()), 0);
        assert!(losses(Writer::RenamedUnsynced, &unsynced, rules, 400, &BTreeSet::new()) > 100);
    }
}

#[test]
fn a_failed_sync_loses_pages_that_no_later_sync_brings_back() {
    let path = "file";
    let sync = Op::Sync { fd: 3 };
    let failed = Op::Fault { fd: 3, class: 2, errno: 5, path };
    let ops = |middle| {
        [
            Op::Open { fd: 3, create: true, truncate: false, path },
            Op::Write { fd: 3, at: 0, bytes: &[7; 9000] },
            middle,
            Op::Write { fd: 3, at: 9000, bytes: &[8; 10] },
            sync,
        ]
    };
    let left = |middle| {
        let mut disk = Disk::new(Names::Journaled, Dice::new(1)).failing(Data::Dropped);
        ops(middle).iter().for_each(|op| disk.apply(op));
        disk.cut(Loss::ALL).file(path).unwrap().to_vec()
    };
    let (good, bad) = (left(sync), left(failed));
    assert_eq!((good.len(), bad.len()), (9010, 9010));
    assert!(good[..9000].iter().all(|b| *b == 7));
    assert!(bad[..8192].iter().all(|b| *b == 0), "the first two pages are gone for good");
    assert_eq!(bad[8192..], good[8192..], "the last page was written anew, and with it all that is in it");
}

#[test]
fn names_are_lost_in_order_and_each_directory_for_itself() {
    let run = |ops: &[Op<'_>], loss| {
        let mut disk = Disk::new(Names::Strict, Dice::new(5));
        ops.iter().for_each(|op| disk.apply(op));
        disk.cut(loss)
    };
    let make = |fd, path| [Op::Open { fd, create: true, truncate: false, path }, Op::Sync { fd }, Op::Close { fd }];
    let dir = |fd, path| [Op::Open { fd, create: false, truncate: false, path }, Op::Sync { fd }, Op::Close { fd }];
    let mut ops = vec![Op::Mkdir { path: "a" }, Op::Mkdir { path: "b" }];
    ops.extend(make(3, "a/one"));
    ops.extend(make(3, "b/two"));
    ops.extend(dir(4, ""));
    // Synced: the root. So the directories are there, and nothing in them.
    let image = run(&ops, Loss::ALL);
    assert_eq!((image.file("a/one"), image.file("b/two")), (None, None));
    assert_eq!(run(&ops, Loss::NONE).file("a/one"), Some(&[][..]));
    // A rename from `a` to `b` is durable with a sync of `b`, and what `a` did before goes along.
    ops.push(Op::Rename { from: "a/one", to: "b/one" });
    ops.extend(make(5, "a/three"));
    ops.extend(dir(6, "b"));
    let image = run(&ops, Loss::ALL);
    assert_eq!((image.file("a/one"), image.file("a/three")), (None, None));
    assert!(image.file("b/one").is_some() && image.file("b/two").is_some());
    // Replaced, but not durably: the old one is back.
    ops.extend([
        Op::Open { fd: 7, create: true, truncate: false, path: "b/new" },
        Op::Write { fd: 7, at: 0, bytes: b"new" },
    ]);
    ops.extend([Op::Sync { fd: 7 }, Op::Rename { from: "b/new", to: "b/one" }]);
    assert_eq!(run(&ops, Loss::ALL).file("b/one"), Some(&[][..]));
    assert_eq!(run(&ops, Loss::NONE).file("b/one"), Some(&b"new"[..]));
    let orders = (0..50).map(|n| {
        let mut disk = Disk::new(Names::Strict, Dice::new(n));
        ops.iter().for_each(|op| disk.apply(op));
        let image = disk.cut(Loss { data: Data::Kept, names: Keep::Some(50) });
        (image.file("b/new").is_some(), image.file("b/one").unwrap() == b"new")
    });
    let orders: BTreeSet<_> = orders.collect();
    assert_eq!(orders.into_iter().collect::<Vec<_>>(), [(false, false), (false, true), (true, false)]);
}

#[test]
fn a_torn_write_mixes_sectors_of_old_and_new() {
    let path = "file";
    let mut disk = Disk::new(Names::Journaled, Dice::new(3));
    let write = |bytes| Op::Write { fd: 3, at: 0, bytes };
    let open = Op::Open { fd: 3, create: true, truncate: false, path };
    for op in [open, write(&[1; 8192]), Op::Sync { fd: 3 }, write(&[2; 8192])] {
        disk.apply(&op);
    }
    let torn = disk.cut(Loss { data: Data::TornEnd, names: Keep::All });
    let bytes = torn.file(path).unwrap();
    assert!(bytes.chunks(512).all(|sector| sector.iter().all(|b| *b == sector[0])));
    assert!(bytes.contains(&1) && bytes.contains(&2));
}
