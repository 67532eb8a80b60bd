//! Which backups and objects may go. A pure function, because what it gets wrong cannot be undone.

use crate::manifest::Manifest;
use crate::place::{SEGMENTS, range_in};
use crate::store::Listed;
use schemas::UtcNanos;
use schemas::time::NANOS_PER_DAY;
use std::collections::BTreeSet;

/// Objects of no backup may belong to one that is being made; younger ones stay.
const ORPHAN_AGE_NANOS: i64 = NANOS_PER_DAY;

/// What is at the target for one log.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    /// Every usable manifest, oldest first.
    pub manifests: &'a [Manifest],
    /// Whether there are others, which cannot be read: nobody knows what they need.
    pub unusable: bool,
    /// Every object, without manifests; keys below the log's folder.
    pub objects: &'a [Listed],
    /// The events that the log itself still has sealed, first and last.
    pub local: Option<(u64, u64)>,
    /// The time.
    pub now: UtcNanos,
    /// Backups older than so many days may go; 0 keeps them for ever.
    pub keep_days: u32,
}

/// What may be deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Ids of backups. Their manifests go first: an interrupted deletion leaves objects, never a backup without them.
    pub backups: Vec<String>,
    /// Keys of objects that no backup needs any more.
    pub objects: Vec<String>,
    /// Why less was deleted than the days would allow, in words.
    pub held_back: Option<String>,
}

/// Says what may go:
///
/// 1. Backups older than the days, but never the newest.
/// 2. Objects that no backup needs which stays, if one of those that go needed them, or if they are older than a day.
/// 3. But never a segment that the log itself no longer has: it may be the only copy.
/// 4. Nothing at all while a manifest cannot be read.
pub fn plan(s: &Situation<'_>) -> Plan {
    if s.keep_days == 0 {
        return Plan::default();
    }
    if s.unusable {
        let held_back = "a manifest cannot be read, and nobody knows what it needs: nothing was deleted".to_owned();
        return Plan { held_back: Some(held_back), ..Plan::default() };
    }
    let age_max = i64::from(s.keep_days).saturating_mul(NANOS_PER_DAY);
    let Some((newest, older)) = s.manifests.split_last() else { return Plan::default() };
    let (go, stay): (Vec<_>, Vec<_>) = older.iter().partition(|m| s.now.since(m.time) > age_max);
    let keys = |of: &[&Manifest]| -> BTreeSet<String> {
        of.iter().flat_map(|m| m.objects.iter().map(|o| o.key.clone())).collect()
    };
    let needed: BTreeSet<String> = keys(&stay).union(&keys(&[newest])).cloned().collect();
    let dropped = keys(&go);
    let mut plan = Plan { backups: go.iter().map(|m| m.id.clone()).collect(), ..Plan::default() };
    for object in s.objects.iter().filter(|o| !needed.contains(&o.key)) {
        let old = object.modified.is_some_and(|at| s.now.since(at) > ORPHAN_AGE_NANOS);
        if !dropped.contains(&object.key) && !old {
            continue;
        }
        match may_be_the_only_copy(&object.key, s.local) {
            true => {
                plan.held_back = Some(format!(
                    "{} holds events that the log no longer has: it may be the only copy and was kept",
                    object.key
                ));
            }
            false => plan.objects.push(object.key.clone()),
        }
    }
    plan
}

fn may_be_the_only_copy(key: &str, local: Option<(u64, u64)>) -> bool {
    let Some(name) = key.strip_prefix(SEGMENTS).and_then(|rest| rest.strip_prefix('/')) else { return false };
    match (range_in(name), local) {
        (Some((first, last)), Some((here, until))) => first < here || last > until,
        // Nobody knows what is in it, or whether the log has it.
        _ => true,
    }
}

#[cfg(test)]
mod tests;
