//! Encrypted backups.

use crate::world::{DAY, World, files, intact};
use age::secrecy::ExposeSecret;
use backup::{BackupError, Choice, Kind, Opener, Sealed, Sealer, Trust};
use std::fs;
use std::path::{Path, PathBuf};

/// A new identity in a file, and its recipient.
fn identity(dir: &Path, name: &str) -> (PathBuf, String) {
    let identity = age::x25519::Identity::generate();
    let path = dir.join(name);
    fs::write(&path, format!("# made by a test\n{}\n", identity.to_string().expose_secret())).unwrap();
    (path, identity.to_public().to_string())
}

fn restore(world: &World, opener: Opener) -> Result<u64, BackupError> {
    let _ = fs::remove_dir_all(world.restored());
    world.restore_with(Choice::Newest, opener, Trust::default()).map(|r| r.head.seq)
}

fn with(files: &[&Path]) -> Opener {
    Opener::new(files, None).unwrap()
}

/// Whether any object at the target has the marker text of the log's events in it.
fn readable(world: &World) -> bool {
    let probe = b"AAsg";
    files(&world.target).values().any(|bytes| bytes.windows(4).any(|w| w == probe))
}

#[test]
fn a_round_trip_for_two_recipients() {
    let mut world = World::new();
    let (alice, bob) = (identity(world.home.path(), "alice"), identity(world.home.path(), "bob"));
    let eve = identity(world.home.path(), "eve");
    let recipients = [alice.1, bob.1];
    let report = world.backup_with(Sealer::new(&recipients, None).unwrap(), |_| ()).unwrap();
    assert!(report.manifest.objects.iter().all(|o| o.sealed == Sealed::Age && o.key.ends_with(".age")));
    assert!(!readable(&world), "no segment can be read at the target");
    for file in [&alice.0, &bob.0] {
        assert_eq!(restore(&world, with(&[file])).unwrap(), 1280);
        intact(&world.restored(), 1280);
    }
    let error = restore(&world, Opener::default()).unwrap_err();
    assert!(matches!(error, BackupError::NoIdentity { .. }), "{error}");
    assert!(error.next_step().unwrap().contains("--identity"));
    let error = restore(&world, with(&[&eve.0])).unwrap_err();
    assert!(matches!(error, BackupError::WrongIdentity { .. }), "{error}");
    assert!(error.to_string().contains(".age"), "{error}");
    world.nothing_restored();
    // Incremental as well.
    world.now = world.now.plus(DAY);
    world.grow(10);
    let second = world.backup_with(Sealer::new(&recipients, None).unwrap(), |_| ()).unwrap();
    assert!(second.uploaded < second.manifest.objects.len());
    assert_eq!(restore(&world, with(&[&eve.0, &bob.0])).unwrap(), 1600);
    intact(&world.restored(), 1600);
}

#[test]
fn behind_a_passphrase() {
    let mut world = World::new();
    let (right, wrong) = (world.home.path().join("right"), world.home.path().join("wrong"));
    fs::write(&right, "correct horse battery staple\nnot this line\n").unwrap();
    fs::write(&wrong, "incorrect horse\n").unwrap();
    let sealer = || Sealer::new(&[], Some(&right)).unwrap();
    let first = world.backup_with(sealer(), |_| ()).unwrap();
    assert!(first.manifest.one(Kind::Key).is_some() && !readable(&world));
    world.now = world.now.plus(DAY);
    world.grow(10);
    let second = world.backup_with(sealer(), |_| ()).unwrap();
    assert_eq!(second.manifest.one(Kind::Key), first.manifest.one(Kind::Key), "one key for all backups");
    assert!(second.uploaded < second.manifest.objects.len());
    let error = world.backup_with(Sealer::new(&[], Some(&wrong)).unwrap(), |_| ()).unwrap_err();
    assert!(matches!(error, BackupError::WrongPassphrase { .. }), "{error}");
    let error = restore(&world, Opener::new(&[], Some(&wrong)).unwrap()).unwrap_err();
    assert!(matches!(error, BackupError::WrongPassphrase { .. }), "{error}");
    assert!(error.to_string().contains("keys/k-"), "{error}");
    world.nothing_restored();
    assert_eq!(restore(&world, Opener::new(&[], Some(&right)).unwrap()).unwrap(), 1600);
    intact(&world.restored(), 1600);
    let report = world.verify_with(Opener::new(&[], Some(&right)).unwrap()).unwrap();
    assert_eq!((report.faults.len(), report.closed), (0, 0));
}

#[test]
fn plain_and_then_encrypted() {
    let mut world = World::new();
    world.backup().unwrap();
    let (file, recipient) = identity(world.home.path(), "alice");
    world.now = world.now.plus(40 * DAY);
    let report = world.backup_with(Sealer::new(&[recipient], None).unwrap(), |_| ()).unwrap();
    assert_eq!(report.uploaded, report.manifest.objects.len(), "everything is stored anew, encrypted");
    assert_eq!(report.deleted_backups.len(), 1);
    assert!(!readable(&world), "and the readable objects went with the old backup");
    assert_eq!(restore(&world, with(&[&file])).unwrap(), 1280);
}

#[test]
fn damage_is_found_with_and_without_the_identity() {
    let world = World::new();
    let (file, recipient) = identity(world.home.path(), "alice");
    let manifest = world.backup_with(Sealer::new(&[recipient], None).unwrap(), |_| ()).unwrap().manifest;
    let closed = world.verify().unwrap();
    assert_eq!((closed.good, closed.closed, closed.faults.len()), (0, manifest.objects.len(), 0));
    let object = &manifest.objects[1];
    let path = world.folder().join(&object.key);
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::remove_file(&path).unwrap();
    fs::write(&path, bytes).unwrap();
    for report in [world.verify().unwrap(), world.verify_with(with(&[&file])).unwrap()] {
        assert_eq!(report.faults.len(), 1);
        assert!(report.faults[0].to_string().contains(&object.key), "{}", report.faults[0]);
    }
    let error = restore(&world, with(&[&file])).unwrap_err();
    assert!(matches!(error, BackupError::Damaged { .. }) && error.to_string().contains(&object.key), "{error}");
    world.nothing_restored();
}

#[test]
fn key_material_that_is_none() {
    let world = World::new();
    let dir = world.home.path();
    let (empty, text) = (dir.join("empty"), dir.join("text"));
    fs::write(&empty, "").unwrap();
    fs::write(&text, "hello\n").unwrap();
    let absent = dir.join("absent");
    for error in [
        Sealer::new(&["age1nonsense".to_owned()], None).err().unwrap(),
        Sealer::new(&[], Some(&empty)).err().unwrap(),
        Sealer::new(&[], Some(&absent)).err().unwrap(),
        Opener::new(&[&empty], None).err().unwrap(),
        Opener::new(&[&text], None).err().unwrap(),
        Opener::new(&[&absent], None).err().unwrap(),
    ] {
        assert!(matches!(error, BackupError::BadKeyMaterial { .. }), "{error}");
        assert!(error.is_usage() && error.next_step().is_some());
    }
}
