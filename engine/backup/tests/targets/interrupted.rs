//! Backups and restores that stop between any two objects.

use crate::faulty::{End, Faulty};
use crate::world::{DAY, World, files, intact};
use backup::{BackupError, Choice, Opener, RestoreOptions, Sealer, Silent, Trust};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A backup that dies after so many changes at the target. Returns whether it came to its end.
fn dies_after(world: &World, changes: usize) -> bool {
    let store = Faulty::new(world.store(), changes, End::Killed);
    catch_unwind(AssertUnwindSafe(|| world.backup_into(&store, Sealer::plain(), |_| ()).unwrap())).is_ok()
}

#[test]
fn killed_between_any_two_objects() {
    let world = World::new();
    let mut changes = 0;
    while !dies_after(&world, changes) {
        // Before the manifest there is no backup; objects alone are not one.
        let error = world.restore(Choice::Newest).unwrap_err();
        assert!(matches!(error, BackupError::NotABackup { .. }), "{changes}: {error}");
        world.nothing_restored();
        fs::remove_dir_all(&world.target).unwrap();
        changes += 1;
    }
    assert!(changes >= 6, "{changes} objects");
    world.restore(Choice::Newest).unwrap();
    intact(&world.restored(), 1280);
}

#[test]
fn killed_and_made_again_at_the_same_target() {
    let mut world = World::new();
    let first = world.backup().unwrap().manifest;
    world.now = world.now.plus(40 * DAY);
    world.grow(20);
    let mut changes = 0;
    // Through the uploads, the manifest and the deletion of the first backup and its tail.
    while !dies_after(&world, changes) {
        let _ = fs::remove_dir_all(world.restored());
        let restored = world.restore(Choice::Newest).unwrap();
        assert!([1280, 1920].contains(&restored.head.seq), "the old backup or the new one, whole");
        intact(&world.restored(), restored.head.seq);
        changes = 1 + changes % 3;
        assert!(fs::read_dir(world.folder().join("manifests")).unwrap().count() < 30);
        world.now = world.now.plus(1);
    }
    let _ = fs::remove_dir_all(world.restored());
    world.restore(Choice::Newest).unwrap();
    intact(&world.restored(), 1920);
    assert!(!world.names("manifests").iter().any(|n| n.contains(&first.id)), "and the old one is gone in the end");
}

#[test]
fn what_an_interrupted_backup_uploaded_is_used() {
    let world = World::new();
    assert!(!dies_after(&world, 3));
    let uploaded = world.names("segments");
    assert_eq!(uploaded.len(), 3);
    let report = world.backup().unwrap();
    assert_eq!(report.uploaded, report.manifest.objects.len() - 3);
    assert!(world.names("segments").starts_with(&uploaded), "nothing was uploaded twice");
    // But not when it is damaged: what nobody vouches for is compared.
    let world = World::new();
    assert!(!dies_after(&world, 3));
    let damaged = world.folder().join("segments").join(&world.names("segments")[1]);
    let bytes = fs::read(&damaged).unwrap();
    fs::remove_file(&damaged).unwrap();
    fs::write(&damaged, [&bytes[..100], b"?", &bytes[101..]].concat()).unwrap();
    let report = world.backup().unwrap();
    assert_eq!(report.uploaded, report.manifest.objects.len() - 2);
    world.restore(Choice::Newest).unwrap();
    intact(&world.restored(), 1280);
}

#[test]
fn no_space_at_the_target() {
    let world = World::new();
    let mut changes = 0;
    loop {
        let store = Faulty::new(world.store(), changes, End::Full);
        match world.backup_into(&store, Sealer::plain(), |_| ()) {
            Ok(_) => break,
            Err(error) => {
                assert!(matches!(error, BackupError::DiskFull { .. }), "{error}");
                assert!(error.to_string().contains(&world.target.display().to_string()), "{error}");
                assert!(error.next_step().unwrap().contains("free space"));
            }
        }
        changes += 1;
    }
    let scratch = world.target.join(".unfinished");
    assert_eq!(fs::read_dir(scratch).unwrap().count(), 0, "no unfinished file is left");
    world.restore(Choice::Newest).unwrap();
    intact(&world.restored(), 1280);
}

#[test]
fn a_restore_that_was_stopped_goes_on() {
    let world = World::new();
    let manifest = world.backup().unwrap().manifest;
    let restore = |gets: usize| {
        let store = Faulty::new(world.store(), 0, End::Killed);
        store.gets.set(gets);
        let (choice, trust, log) = (Choice::Newest, Trust::default(), world.restored());
        let options = RestoreOptions {
            store: &store,
            log_id: None,
            choice,
            trust,
            opener: Opener::default(),
            log: &log,
            deep: false,
        };
        backup::restore(options, &mut Silent)
    };
    // The manifest is the first get.
    let error = restore(4).unwrap_err();
    assert!(error.to_string().contains("gone"), "{error}");
    world.nothing_restored();
    let site = world.home.path().join(format!("restored.restoring-{}", manifest.id));
    let parts = files(&site.join("parts"));
    assert_eq!(parts.len(), 3);
    // One of the fetched parts is damaged meanwhile, and a half-made log lies there.
    fs::write(parts.keys().next().unwrap(), "damaged").unwrap();
    fs::create_dir(site.join("log")).unwrap();
    fs::write(site.join("log/head"), "half").unwrap();
    let report = restore(usize::MAX).unwrap();
    let had: u64 = manifest.objects[1..3].iter().map(|o| o.stored_len).sum();
    assert_eq!(report.fetched_len, manifest.stored_len() - had);
    intact(&world.restored(), 1280);
    assert!(!site.exists());
}

#[test]
fn two_restores_do_not_meet() {
    let world = World::new();
    let manifest = world.backup().unwrap().manifest;
    let site = world.home.path().join(format!("restored.restoring-{}", manifest.id));
    fs::create_dir_all(&site).unwrap();
    let lock = fs::File::create(site.join("lock")).unwrap();
    lock.lock().unwrap();
    let error = world.restore(Choice::Newest).unwrap_err();
    assert!(matches!(error, BackupError::RestoreRunning { .. }), "{error}");
    drop(lock);
    world.restore(Choice::Newest).unwrap();
}
