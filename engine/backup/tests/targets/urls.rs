//! The same through an object store: here the `object_store` crate's own directory, behind a URL.

use crate::world::{DAY, World, intact};
use backup::store::{self, Store};
use backup::{BackupError, Catalog, Choice, Opener, RestoreOptions, Sealer, Silent, Trust};
use schemas::UtcNanos;
use std::fs;

/// The adapter over a directory. `file:` with one slash less: with two, our own directory target would take it.
fn remote(world: &World) -> Box<dyn Store> {
    fs::create_dir_all(&world.target).unwrap();
    store::open_object_store(&format!("file://{}", world.target.display())).unwrap()
}

#[test]
fn backup_and_restore_through_a_url() {
    let mut world = World::new();
    let store = remote(&world);
    let first = world.backup_into(&*store, Sealer::plain(), |_| ()).unwrap();
    world.now = UtcNanos(world.now.0 + 40 * DAY);
    world.grow(10);
    let second = world.backup_into(&*store, Sealer::plain(), |_| ()).unwrap();
    assert!(second.uploaded < second.manifest.objects.len());
    assert_eq!(second.deleted_backups, [first.manifest.id]);
    let (choice, trust, opener) = (Choice::Newest, Trust::default(), Opener::default());
    let log = world.restored();
    let options = RestoreOptions { store: &*store, log_id: None, choice, trust, opener, log: &log, deep: true };
    backup::restore(options, &mut Silent).unwrap();
    intact(&log, 1600);
    // The layout is the same as that of a directory target.
    assert_eq!(Catalog::of(&*world.store(), None).unwrap().backups.len(), 1);
}

#[test]
fn nothing_is_overwritten_and_absence_is_told() {
    let world = World::new();
    let store = remote(&world);
    assert!(!store.exists().unwrap());
    let (a, b) = (world.home.path().join("a"), world.home.path().join("b"));
    fs::write(&a, "first").unwrap();
    fs::write(&b, "second").unwrap();
    assert!(store.put_new("x/y", &a).unwrap());
    assert!(!store.put_new("x/y", &b).unwrap());
    assert_eq!(store.get_small("x/y", 100).unwrap(), b"first");
    assert!(store.get_small("x/y", 3).is_err());
    let keys: Vec<_> = store.list("x").unwrap().into_iter().map(|l| (l.key, l.len)).collect();
    assert_eq!(keys, [("x/y".to_owned(), 5)]);
    store.delete("x/y").unwrap();
    store.delete("x/y").unwrap();
    let error = store.get_small("x/y", 100).unwrap_err();
    assert!(matches!(error, BackupError::Io { .. }) && error.to_string().contains("x/y"), "{error}");
}

#[test]
fn targets_that_are_none() {
    for bad in ["s3://", "gopher://x/y", "https://user:secret@host/x"] {
        let error = store::open(bad).err().unwrap();
        assert!(matches!(error, BackupError::BadTarget { .. }), "{bad}: {error}");
    }
}
