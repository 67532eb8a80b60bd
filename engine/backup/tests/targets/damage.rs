//! Whatever happens to an object at the target: nothing is built from it, and it is named.

use crate::world::{World, intact};
use backup::{BackupError, Choice, Kind};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// A generator of places that gives the same ones each time.
struct Places(u64);

impl Places {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % below
    }
}

fn overwrite(path: &Path, bytes: &[u8]) {
    fs::set_permissions(path, Permissions::from_mode(0o644)).unwrap();
    fs::write(path, bytes).unwrap();
}

/// Damages, in words, and the bytes then.
fn damages(bytes: &[u8], places: &mut Places) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for _ in 0..6 {
        let (at, bit) = (places.next(bytes.len()), places.next(8));
        let mut bad = bytes.to_vec();
        bad[at] ^= 1 << bit;
        all.push((format!("bit {bit} of byte {at}"), bad));
    }
    let at = places.next(bytes.len());
    all.push((format!("cut to {at} bytes"), bytes[..at].to_vec()));
    all.push(("one byte more".to_owned(), [bytes, b"x"].concat()));
    let mut zeroed = bytes.to_vec();
    let end = (at + 512).min(bytes.len());
    zeroed[at..end].fill(0);
    if zeroed != bytes {
        all.push((format!("zeros from {at}"), zeroed));
    }
    all
}

#[test]
fn every_object_damaged_at_random_places_is_refused_by_name() {
    let world = World::new();
    let manifest = world.backup().unwrap().manifest;
    let (mut places, mut cases) = (Places(7), 0);
    for object in &manifest.objects {
        let path = world.folder().join(&object.key);
        let good = fs::read(&path).unwrap();
        for (what, bad) in damages(&good, &mut places) {
            overwrite(&path, &bad);
            let error = world.restore(Choice::Newest).unwrap_err();
            assert!(error.is_integrity(), "{}: {what}: {error}", object.key);
            assert!(error.to_string().contains(&object.key), "{}: {what}: {error}", object.key);
            world.nothing_restored();
            match world.verify() {
                Ok(report) => assert_eq!(report.faults.len(), 1, "{}: {what}: {:?}", object.key, report.faults),
                Err(e) => panic!("{}: {what}: {e}", object.key),
            }
            cases += 1;
        }
        overwrite(&path, &good);
    }
    assert!(cases >= 60, "{cases}");
    world.restore(Choice::Newest).unwrap();
    intact(&world.restored(), 1280);
}

#[test]
fn damage_at_the_target_does_not_stop_the_next_backup() {
    let mut world = World::new();
    let manifest = world.backup().unwrap().manifest;
    // Cut short and deleted objects are uploaded again. A flipped bit is for `verify` to find.
    let (a, b) = (world.folder().join(&manifest.objects[0].key), world.folder().join(&manifest.objects[1].key));
    overwrite(&a, b"half");
    fs::remove_file(&b).unwrap();
    world.now = world.now.plus(1_000_000_000);
    let report = world.backup().unwrap();
    assert_eq!(report.uploaded, 2);
    assert_eq!(fs::read(&a).unwrap(), b"half", "nothing is overwritten");
    assert_eq!(world.verify().unwrap().faults.len(), 0);
    world.restore(Choice::Newest).unwrap();
    intact(&world.restored(), 1280);
    fs::remove_dir_all(world.restored()).unwrap();
    // The older backup says what it lacks.
    let error = world.restore(Choice::Id(manifest.id)).unwrap_err();
    assert!(matches!(&error, BackupError::HalfCopied { missing, .. } if missing.len() == 1), "{error}");
}

#[test]
fn a_half_copied_backup_names_what_is_missing() {
    let world = World::new();
    let manifest = world.backup().unwrap().manifest;
    for object in [&manifest.objects[2], &manifest.objects[4]] {
        fs::remove_file(world.folder().join(&object.key)).unwrap();
    }
    let error = world.restore(Choice::Newest).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, BackupError::HalfCopied { .. }), "{text}");
    assert!(text.contains("2 of") && text.contains(&manifest.objects[2].key), "{text}");
    world.nothing_restored();
    let faults = world.verify().unwrap().faults;
    assert_eq!(faults.len(), 2);
}

#[test]
fn a_damaged_manifest_is_never_silently_passed_over() {
    let mut world = World::new();
    let first = world.backup().unwrap().manifest;
    world.now = world.now.plus(60_000_000_000);
    world.grow(5);
    let second = world.backup().unwrap().manifest;
    let path = world.folder().join(format!("manifests/m-{}.json", second.id));
    let good = fs::read(&path).unwrap();
    let mut places = Places(3);
    for (what, bad) in damages(&good, &mut places) {
        overwrite(&path, &bad);
        match world.restore(Choice::Newest) {
            Err(error) => {
                assert!(error.to_string().contains(&second.id), "{what}: {error}");
                world.nothing_restored();
            }
            // One byte more behind the end is white space or refused; a changed byte of white space changes nothing.
            Ok(report) => {
                assert_eq!(report.manifest, second, "{what}");
                fs::remove_dir_all(world.restored()).unwrap();
            }
        }
    }
    // The older one can still be had, by name.
    overwrite(&path, b"{}");
    world.restore(Choice::Id(first.id.clone())).unwrap();
    intact(&world.restored(), 1280);
    // And a new backup goes on from it, says so, and deletes nothing while that manifest is unreadable.
    world.now = world.now.plus(crate::world::DAY * 90);
    let report = world.backup().unwrap();
    assert!(report.notes.iter().any(|n| n.contains(&second.id)), "{:?}", report.notes);
    assert!(report.deleted_backups.is_empty() && report.deleted_objects == 0, "{report:?}");
    assert!(report.notes.iter().any(|n| n.contains("nothing was deleted")), "{:?}", report.notes);
}

#[test]
fn a_damaged_log_is_not_backed_up() {
    let world = World::new();
    let segments = world.log.join("segments");
    let path = fs::read_dir(&segments).unwrap().map(|e| e.unwrap().path()).find(|p| p.extension().is_some()).unwrap();
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 4;
    overwrite(&path, &bytes);
    let error = world.backup().unwrap_err();
    assert!(error.to_string().contains(&path.file_name().unwrap().to_string_lossy().into_owned()), "{error}");
    assert!(!world.target.join("manifests").exists() && world.names("manifests").is_empty());
}

#[test]
fn a_segment_of_another_log_under_the_right_name() {
    // Its bytes are whole and its hash is in a manifest that the right key signed: what is inside is looked at too.
    let (world, other) = (World::new(), World::empty());
    let key = fs::read(world.key_file()).unwrap();
    fs::remove_file(other.key_file()).unwrap();
    fs::write(other.key_file(), key).unwrap();
    fs::set_permissions(other.key_file(), Permissions::from_mode(0o600)).unwrap();
    let options = eventlog::WriterOptions { log_id: Some([9; 16]), ..crate::world::options(None) };
    let (mut writer, _) = eventlog::LogWriter::open(&other.log, &options).unwrap();
    crate::world::append(&mut writer, 37, 32);
    writer.seal_all().unwrap();
    crate::world::append(&mut writer, 3, 32);
    writer.close().unwrap();
    let mut manifest = world.backup().unwrap().manifest;
    let foreign = other.backup().unwrap().manifest;
    let theirs = foreign.objects.iter().find(|o| o.kind == Kind::Segment).unwrap();
    let ours = &mut manifest.objects[0];
    assert_eq!(ours.key, theirs.key);
    overwrite(&world.folder().join(&ours.key), &fs::read(other.folder().join(&theirs.key)).unwrap());
    (ours.stored_len, ours.stored_hash) = (theirs.stored_len, theirs.stored_hash);
    (ours.plain_len, ours.plain_hash) = (theirs.plain_len, theirs.plain_hash);
    let key = ours.key.clone();
    let path = world.folder().join(format!("manifests/m-{}.json", manifest.id));
    let signed = manifest.sign(&world.signer()).unwrap();
    overwrite(&path, &serde_json::to_vec(&signed).unwrap());
    let error = world.restore(Choice::Newest).unwrap_err();
    assert!(matches!(error, BackupError::Foreign { .. }), "{error}");
    assert!(error.to_string().contains(&key) && error.to_string().contains("segment of log 0909"), "{error}");
    world.nothing_restored();
}
