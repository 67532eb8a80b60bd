//! Who signed.

use crate::world::{DAY, World, intact};
use backup::{BackupError, Choice, Opener, Sealer, Trust};
use eventlog::{Signer, hex};
use std::fs;

fn pinned(signer: &Signer) -> Trust {
    Trust(Some(signer.public_key()))
}

#[test]
fn a_pinned_key_is_demanded() {
    let world = World::new();
    world.backup().unwrap();
    let other = Signer::create(&world.home.path().join("other")).unwrap();
    let (right, wrong) = (hex(&world.signer().public_key()), hex(&other.public_key()));
    let error = world.restore_with(Choice::Newest, Opener::default(), pinned(&other)).unwrap_err();
    assert!(matches!(error, BackupError::WrongKey { .. }), "{error}");
    assert!(error.to_string().contains(&right) && error.to_string().contains(&wrong), "{error}");
    world.nothing_restored();
    world.restore_with(Choice::Newest, Opener::default(), pinned(&world.signer())).unwrap();
    intact(&world.restored(), 1280);
}

#[test]
fn a_replaced_key_must_be_named_to_be_built_upon() {
    let mut world = World::new();
    let first = world.backup().unwrap();
    let old = world.signer().public_key();
    fs::rename(world.key_file(), world.home.path().join("old-key")).unwrap();
    Signer::create(&world.key_file()).unwrap();
    world.now = world.now.plus(DAY);
    // What another key signed is compared byte by byte, not believed.
    let report = world.backup().unwrap();
    assert!(report.notes.iter().any(|n| n.contains(&hex(&old)) && n.contains("--also-trust")), "{:?}", report.notes);
    assert_eq!(report.uploaded, 0, "the bytes are the same");
    let segments = |m: &backup::Manifest| m.events().map(|(o, _)| o.clone()).collect::<Vec<_>>();
    assert_eq!(segments(&report.manifest), segments(&first.manifest));
    world.now = world.now.plus(DAY);
    let report = world.backup_with(Sealer::plain(), |o| o.also_trust = vec![old]).unwrap();
    assert!(report.notes.is_empty(), "{:?}", report.notes);
}
