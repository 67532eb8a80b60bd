use super::*;
use crate::manifest::{Kind, Object, Range, Sealed, id_text};
use eventlog::segment::file_name;
use proptest::prelude::*;
use schemas::Bytes32;
use schemas::frame::Head;

const DAY: i64 = NANOS_PER_DAY;

fn key(kind: Kind, first: u64, last: u64) -> String {
    format!("{}/{}", kind.folder(), file_name(first, last))
}

fn object(kind: Kind, first: u64, last: u64) -> Object {
    let head = |seq| Head { seq, chain: Bytes32::ZERO };
    Object {
        key: key(kind, first, last),
        kind,
        name: file_name(first, last),
        sealed: Sealed::Plain,
        stored_len: 1,
        stored_hash: Bytes32::ZERO,
        plain_len: 1,
        plain_hash: Bytes32::ZERO,
        range: Some(Range { before: head(first - 1), head: head(last) }),
    }
}

/// A backup of day `day`: segments of ten events up to `sealed`, and a tail of three.
fn backup(day: i64, sealed: u64) -> Manifest {
    let mut objects: Vec<Object> = (0..sealed / 10).map(|n| object(Kind::Segment, 10 * n + 1, 10 * n + 10)).collect();
    objects.push(object(Kind::Tail, sealed + 1, sealed + 3));
    let time = UtcNanos(day * DAY);
    let head = Head { seq: sealed + 3, chain: Bytes32::ZERO };
    Manifest {
        format: 1,
        id: id_text(time, head.seq),
        time,
        made_by: String::new(),
        log_id: String::new(),
        head,
        objects,
    }
}

fn listed(manifests: &[Manifest]) -> Vec<Listed> {
    let mut all: Vec<Listed> = Vec::new();
    for m in manifests {
        for o in &m.objects {
            if all.iter().all(|l| l.key != o.key) {
                all.push(Listed { key: o.key.clone(), len: 1, modified: Some(m.time) });
            }
        }
    }
    all
}

fn situation<'a>(manifests: &'a [Manifest], objects: &'a [Listed], now_day: i64) -> Situation<'a> {
    let now = UtcNanos(now_day * DAY);
    Situation { manifests, unusable: false, objects, local: Some((1, 1000)), now, keep_days: 30 }
}

#[test]
fn old_backups_go_with_their_tails_and_segments_stay() {
    let manifests = [backup(0, 10), backup(20, 20), backup(40, 30)];
    let objects = listed(&manifests);
    let plan = plan(&situation(&manifests, &objects, 40));
    assert_eq!(plan.backups, [manifests[0].id.clone()]);
    assert_eq!(plan.objects, [key(Kind::Tail, 11, 13)]);
    assert_eq!(plan.held_back, None);
}

#[test]
fn the_newest_stays_however_old_and_zero_days_keep_all() {
    let manifests = [backup(0, 10), backup(1, 20)];
    let objects = listed(&manifests);
    let old = plan(&situation(&manifests, &objects, 5000));
    assert_eq!(old.backups, [manifests[0].id.clone()]);
    let all = plan(&Situation { keep_days: 0, ..situation(&manifests, &objects, 5000) });
    assert_eq!(all, Plan::default());
    assert_eq!(plan(&situation(&[], &objects, 5000)), Plan::default());
}

#[test]
fn a_manifest_that_cannot_be_read_stops_all_deletion() {
    let manifests = [backup(0, 10), backup(40, 20)];
    let objects = listed(&manifests);
    let plan = plan(&Situation { unusable: true, ..situation(&manifests, &objects, 100) });
    assert!(plan.backups.is_empty() && plan.objects.is_empty() && plan.held_back.is_some());
}

#[test]
fn a_segment_that_the_log_no_longer_has_is_never_deleted() {
    // The same events in another cut: no backup that stays needs the old segment, but the log has pruned it.
    let mut newest = backup(40, 20);
    newest.objects.remove(0);
    let manifests = [backup(0, 20), newest];
    let objects = listed(&manifests);
    let local = Some((11, 20));
    let pruned = plan(&Situation { local, ..situation(&manifests, &objects, 100) });
    assert_eq!(pruned.objects, [] as [String; 0]);
    assert!(pruned.held_back.unwrap().contains("only copy"));
    let here = plan(&situation(&manifests, &objects, 100));
    assert_eq!(here.objects, [key(Kind::Segment, 1, 10)]);
    let no_log = plan(&Situation { local: None, ..situation(&manifests, &objects, 100) });
    assert_eq!(no_log.objects, [] as [String; 0]);
}

#[test]
fn leftovers_of_interrupted_backups_go_after_a_day() {
    let manifests = [backup(10, 10)];
    let mut objects = listed(&manifests);
    let left = Listed { key: key(Kind::Tail, 14, 20), len: 1, modified: Some(UtcNanos(10 * DAY)) };
    objects.push(left.clone());
    objects.push(Listed { key: key(Kind::Tail, 14, 25), modified: None, ..left.clone() });
    assert!(plan(&situation(&manifests, &objects, 11)).objects.is_empty(), "a backup may just be under way");
    assert_eq!(plan(&situation(&manifests, &objects, 12)).objects, [left.key]);
}

proptest! {
    /// Whatever happened before: no backup that stays lacks an object, and the newest stays.
    #[test]
    fn what_stays_is_whole(
        days in proptest::collection::btree_set(0i64..200, 1..12),
        steps in proptest::collection::vec(0u64..4, 12),
        now in 0i64..400,
        keep_days in 0u32..100,
        pruned in 0u64..10,
    ) {
        let mut sealed = 0;
        let manifests: Vec<Manifest> = days.iter().zip(steps).map(|(day, step)| {
            sealed += 10 * step;
            backup(*day, sealed)
        }).collect();
        let objects = listed(&manifests);
        let s = Situation { keep_days, local: Some((10 * pruned + 1, sealed)), ..situation(&manifests, &objects, now) };
        let plan = plan(&s);
        let newest = manifests.last().unwrap();
        prop_assert!(!plan.backups.contains(&newest.id));
        for m in manifests.iter().filter(|m| !plan.backups.contains(&m.id)) {
            for o in &m.objects {
                prop_assert!(!plan.objects.contains(&o.key), "{} needs {}", m.id, o.key);
            }
        }
        for m in manifests.iter().filter(|m| plan.backups.contains(&m.id)) {
            prop_assert!(keep_days > 0 && s.now.since(m.time) > i64::from(keep_days) * DAY);
        }
        for key in plan.objects.iter().filter(|k| k.starts_with(SEGMENTS)) {
            prop_assert!(range_in(&key[SEGMENTS.len() + 1..]).unwrap().0 > 10 * pruned);
        }
    }
}
