//! What people point these commands at by mistake.

use crate::world::{World, append, files, options};
use backup::store::{LocalStore, Store};
use backup::{BackupError, Catalog, Choice};
use eventlog::LogWriter;
use std::fs;

#[test]
fn not_a_backup() {
    let world = World::new();
    let error = world.restore(Choice::Newest).unwrap_err();
    assert!(error.to_string().contains("does not exist"), "{error}");
    fs::create_dir(&world.target).unwrap();
    let error = world.restore(Choice::Newest).unwrap_err();
    assert!(error.to_string().contains("no folder of a log"), "{error}");
    fs::write(world.target.join("notes.txt"), "hello").unwrap();
    fs::create_dir_all(world.target.join("manifests")).unwrap();
    fs::write(world.target.join("manifests/m-1.json"), "{}").unwrap();
    let error = world.restore(Choice::Newest).unwrap_err();
    assert!(matches!(error, BackupError::NotABackup { .. }), "{error}");
    assert!(error.next_step().unwrap().contains("arena backups"));
    world.nothing_restored();
}

#[test]
fn not_a_log_and_an_empty_log() {
    let world = World::empty();
    assert!(world.backup().unwrap_err().to_string().contains("is not a log"));
    let (writer, _) = LogWriter::open(&world.log, &options(None)).unwrap();
    writer.close().unwrap();
    let error = world.backup().unwrap_err();
    assert!(matches!(error, BackupError::NothingThere { .. }), "{error}");
    assert!(files(&world.target).is_empty());
}

#[test]
fn a_newer_manifest() {
    let world = World::new();
    let id = world.backup().unwrap().manifest.id;
    let path = world.folder().join(format!("manifests/m-{id}.json"));
    let text = fs::read_to_string(&path).unwrap().replace("\"format\": 1", "\"format\": 2");
    fs::write(&path, text).unwrap();
    let error = world.restore(Choice::Newest).unwrap_err();
    assert!(matches!(error, BackupError::NewerManifest { found: 2, newest: 1, .. }), "{error}");
    assert!(error.to_string().contains(&id) && error.next_step().unwrap().contains("release"), "{error}");
    world.nothing_restored();
}

#[test]
fn a_renamed_manifest_is_no_newer_backup() {
    let world = World::new();
    let id = world.backup().unwrap().manifest.id;
    let folder = world.folder().join("manifests");
    fs::copy(folder.join(format!("m-{id}.json")), folder.join("m-29991231T000000.000Z-1.json")).unwrap();
    let error = world.restore(Choice::Newest).unwrap_err();
    assert!(error.to_string().contains("renamed"), "{error}");
    world.nothing_restored();
}

#[test]
fn the_place_of_the_log_is_taken() {
    let world = World::new();
    world.backup().unwrap();
    fs::create_dir(world.restored()).unwrap();
    fs::write(world.restored().join("mine"), "keep").unwrap();
    let error = world.restore(Choice::Newest).unwrap_err();
    assert!(matches!(error, BackupError::NotEmpty { .. }), "{error}");
    assert_eq!(fs::read(world.restored().join("mine")).unwrap(), b"keep");
    fs::remove_dir_all(world.restored()).unwrap();
    fs::write(world.restored(), "a file").unwrap();
    assert!(matches!(world.restore(Choice::Newest).unwrap_err(), BackupError::NotEmpty { .. }));
    fs::remove_file(world.restored()).unwrap();
    fs::create_dir(world.restored()).unwrap();
    world.restore(Choice::Newest).unwrap();
}

#[test]
fn two_logs_at_one_target() {
    let world = World::new();
    world.backup().unwrap();
    let second = World { log: world.home.path().join("second"), ..World::empty() };
    let options = eventlog::WriterOptions { log_id: Some([5; 16]), ..options(None) };
    let (mut writer, _) = LogWriter::open(&second.log, &options).unwrap();
    append(&mut writer, 2, 10);
    writer.close().unwrap();
    second.backup_into(&*world.store(), backup::Sealer::plain(), |_| ()).unwrap();
    let error = world.restore(Choice::Newest).unwrap_err();
    assert!(matches!(&error, BackupError::SeveralLogs { logs, .. } if logs.len() == 2), "{error}");
    assert!(error.next_step().unwrap().contains("--log-id"));
    let store = world.store();
    assert_eq!(Catalog::of(&*store, Some([5; 16])).unwrap().backups.len(), 1);
    let error = Catalog::of(&*store, Some([6; 16])).unwrap_err();
    assert!(matches!(error, BackupError::NoSuchBackup { .. }), "{error}");
}

#[test]
fn another_history_of_the_same_log() {
    let world = World::new();
    world.backup().unwrap();
    world.grow(10);
    world.backup().unwrap();
    // The log is set back to an older state, as a copy of the disk would: it must not overwrite what is known.
    let store = world.store();
    let first = Catalog::of(&*store, None).unwrap().backups[0].manifest().id.clone();
    world.restore(Choice::Id(first)).unwrap();
    fs::remove_dir_all(&world.log).unwrap();
    fs::rename(world.restored(), &world.log).unwrap();
    let error = world.backup().unwrap_err();
    assert!(matches!(error, BackupError::Foreign { .. }), "{error}");
    assert!(error.to_string().contains("reaches event 1600"), "{error}");
    // And when it has grown again, it is another history.
    let (mut writer, _) = LogWriter::open(&world.log, &options(None)).unwrap();
    append(&mut writer, 20, 16);
    writer.close().unwrap();
    let error = world.backup().unwrap_err();
    assert!(matches!(error, BackupError::Foreign { .. }), "{error}");
    assert!(error.to_string().contains("two histories"), "{error}");
}

#[test]
fn a_target_that_may_not_be_written() {
    let world = World::new();
    // Nobody may make a directory there, not even the superuser.
    let store = LocalStore::new("/sys/arena-target");
    let error = world.backup_into(&store, backup::Sealer::plain(), |_| ()).unwrap_err();
    assert!(matches!(error, BackupError::Denied { .. }), "{error}");
    assert!(error.to_string().contains("/sys/arena-target") && error.next_step().is_some(), "{error}");
}

#[test]
fn a_target_inside_the_log() {
    let world = World::new();
    let before = files(&world.log);
    for name in ["", "backups", "segments/../backups/deep"] {
        let store = LocalStore::new(world.log.join(name));
        let error = world.backup_into(&store, backup::Sealer::plain(), |_| ()).unwrap_err();
        assert!(matches!(error, BackupError::BadTarget { .. }), "{error}");
        assert!(error.to_string().contains("inside the log"), "{error}");
    }
    assert!(before == files(&world.log));
}

#[test]
fn a_file_where_the_target_should_be() {
    let world = World::new();
    fs::write(&world.target, "a file").unwrap();
    let error = world.backup().unwrap_err();
    assert!(error.to_string().contains(&world.target.display().to_string()), "{error}");
}

#[test]
fn keys_that_lead_out_of_the_target() {
    let world = World::new();
    let store = LocalStore::new(&world.target);
    for key in ["../key", "/etc/passwd", "a/../../key", ".hidden"] {
        assert!(store.get(key, &mut Vec::new()).is_err(), "{key}");
        assert!(store.put_new(key, &world.key_file()).is_err(), "{key}");
        assert!(store.delete(key).is_err(), "{key}");
    }
    assert!(world.key_file().exists());
}

#[cfg(not(feature = "object-store"))]
#[test]
fn urls_need_a_feature() {
    let error = backup::store::open("s3://bucket/folder").err().unwrap();
    assert!(matches!(error, BackupError::NotBuilt { .. }), "{error}");
    assert!(error.next_step().unwrap().contains("--features object-store"));
}
