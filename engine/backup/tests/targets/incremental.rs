//! A second backup uploads what is new, old ones go, and every one can be restored as long as it is there.

use crate::world::{DAY, World, files, intact};
use backup::{Choice, Kind, Sealer};
use schemas::UtcNanos;
use std::fs;

#[test]
fn a_backup_comes_back_as_the_same_log() {
    let world = World::new();
    let report = world.backup().unwrap();
    assert_eq!(report.manifest.head.seq, 1280);
    let kinds = |kind| report.manifest.objects.iter().filter(|o| o.kind == kind).count();
    assert!(kinds(Kind::Segment) >= 4, "{:#?}", report.manifest);
    assert_eq!((kinds(Kind::Tail), kinds(Kind::Checkpoints)), (1, 1));
    let restored = world.restore(Choice::Newest).unwrap();
    assert_eq!(restored.head, report.manifest.head);
    assert_eq!(restored.signed_by, eventlog::hex(&world.signer().public_key()));
    intact(&world.restored(), 1280);
    assert!(restored.verified.checkpoints > 0, "the signed checkpoints came back and hold");
    assert!(
        !world
            .home
            .path()
            .read_dir()
            .unwrap()
            .any(|e| { e.unwrap().file_name().to_string_lossy().contains("restoring") })
    );
}

#[test]
fn a_second_backup_uploads_only_what_is_new() {
    let world = World::new();
    let first = world.backup().unwrap();
    let before = files(&world.folder().join("segments"));
    let again = world.backup().unwrap();
    assert_eq!((again.uploaded, again.uploaded_len), (0, 0), "nothing is new");
    assert!(again.manifest.id > first.manifest.id, "and yet it is a backup of its own");
    world.grow(20);
    let second = world.backup().unwrap();
    let old: Vec<_> = first.manifest.objects.iter().filter(|o| o.kind == Kind::Segment).collect();
    assert!(old.iter().all(|o| second.manifest.objects.contains(o)), "old segments are named again");
    let new = second.manifest.objects.iter().filter(|o| !first.manifest.objects.contains(o)).count();
    assert_eq!(second.uploaded, new);
    let after = files(&world.folder().join("segments"));
    assert!(before.iter().all(|(path, bytes)| after.get(path) == Some(bytes)), "and not touched");
    world.restore(Choice::Newest).unwrap();
    intact(&world.restored(), 1280 + 640);
}

#[test]
fn each_backup_that_is_kept_can_be_restored() {
    let mut world = World::new();
    let first = world.backup().unwrap().manifest;
    world.now = world.now.plus(DAY);
    world.grow(10);
    let second = world.backup().unwrap().manifest;
    world.restore(Choice::Id(first.id.clone())).unwrap();
    intact(&world.restored(), 1280);
    fs::remove_dir_all(world.restored()).unwrap();
    world.restore(Choice::At(world.now.plus(-1))).unwrap();
    intact(&world.restored(), 1280);
    fs::remove_dir_all(world.restored()).unwrap();
    world.restore(Choice::At(second.time)).unwrap();
    intact(&world.restored(), 1600);
    fs::remove_dir_all(world.restored()).unwrap();
    let error = world.restore(Choice::At(UtcNanos(0))).unwrap_err();
    assert!(error.to_string().contains("of 1970-01-01T00:00:00Z or before"), "{error}");
    world.nothing_restored();
}

#[test]
fn old_backups_are_deleted_and_the_others_stay_whole() {
    let mut world = World::new();
    for day in 0..5 {
        world.now = UtcNanos((20_000 + 10 * day) * DAY);
        let report = world.backup().unwrap();
        // Days 0, 10, 20, 30, 40: with 30 days kept, the one of day 0 goes on day 40.
        assert_eq!(report.deleted_backups.len(), usize::from(day == 4), "{report:?}");
        world.grow(5);
    }
    assert_eq!(world.names("manifests").len(), 4);
    let store = world.store();
    let catalog = backup::Catalog::of(&*store, None).unwrap();
    for kept in &catalog.backups {
        assert_eq!(catalog.missing(kept.manifest()), [] as [String; 0]);
        let _ = fs::remove_dir_all(world.restored());
        world.restore(Choice::Id(kept.manifest().id.clone())).unwrap();
        intact(&world.restored(), kept.manifest().head.seq);
    }
    let tails: usize = catalog.backups.iter().filter(|b| b.manifest().one(Kind::Tail).is_some()).count();
    assert_eq!(world.names("tails").len(), tails, "the tail of the deleted backup went with it");
    // For ever is for ever.
    world.now = world.now.plus(1000 * DAY);
    let report = world.backup_with(Sealer::plain(), |o| o.keep_days = 0).unwrap();
    assert!(report.deleted_backups.is_empty() && report.deleted_objects == 0);
    assert_eq!(world.names("manifests").len(), 5);
}

#[test]
fn a_pruned_log_is_backed_up_whole_from_what_the_target_has() {
    let mut world = World::new();
    let (mut writer, _) = eventlog::LogWriter::open(&world.log, &crate::world::options(Some(world.signer()))).unwrap();
    writer.write_snapshot(&[("state".to_owned(), vec![1, 2, 3])]).unwrap();
    writer.close().unwrap();
    let first = world.backup().unwrap();
    assert!(first.manifest.one(Kind::Snapshot).is_some());
    let middle = first.manifest.objects[2].range.unwrap().head.seq;
    let gone = eventlog::maintain::prune(&world.log, middle).unwrap();
    assert_eq!(gone.len(), 3);
    world.grow(10);
    // So late that only the newest would be kept, by its age alone.
    world.now = world.now.plus(400 * DAY);
    let report = world.backup().unwrap();
    assert_eq!(report.deleted_backups, [first.manifest.id]);
    assert_eq!(report.manifest.events().next().unwrap().1.first_seq(), 1, "the history is complete");
    world.restore(Choice::Newest).unwrap();
    intact(&world.restored(), 1600);
    // Without that target the history has a hole, and that is said.
    fs::rename(&world.target, world.home.path().join("away")).unwrap();
    let error = world.backup().unwrap_err();
    assert!(error.to_string().contains(&format!("events 1 to {middle} are neither in")), "{error}");
    assert!(error.next_step().unwrap().contains("copy its folder"));
}

#[test]
fn a_restored_log_goes_on_and_is_backed_up_to_the_same_target() {
    let mut world = World::new();
    world.backup().unwrap();
    world.restore(Choice::Newest).unwrap();
    fs::remove_dir_all(&world.log).unwrap();
    fs::rename(world.restored(), &world.log).unwrap();
    let last = world.grow(20);
    world.now = world.now.plus(DAY);
    let report = world.backup().unwrap();
    assert_eq!(report.manifest.head.seq, last);
    world.restore(Choice::Newest).unwrap();
    intact(&world.restored(), last);
}

#[test]
fn the_configuration_comes_back_beside_the_log() {
    let world = World::new();
    let files = vec![("arena.toml".to_owned(), b"mode = \"paper\"\n".to_vec())];
    world.backup_with(Sealer::plain(), |o| o.config = files).unwrap();
    let report = world.restore(Choice::Newest).unwrap();
    assert_eq!(report.config, [world.home.path().join("restored.restored-arena.toml")]);
    assert_eq!(fs::read(&report.config[0]).unwrap(), b"mode = \"paper\"\n");
}

#[test]
fn a_clock_that_was_set_back_does_not_make_an_old_backup_the_newest() {
    let mut world = World::new();
    let first = world.backup().unwrap().manifest;
    world.now = world.now.plus(-7 * DAY);
    world.grow(5);
    let second = world.backup().unwrap().manifest;
    assert!(second.time > first.time && second.id > first.id);
    assert_eq!(world.restore(Choice::Newest).unwrap().manifest.id, second.id);
}
