//! What is at a target: which logs, which backups of each, which objects.

use crate::error::BackupError;
use crate::manifest::{LEN_MAX, Manifest, SignedManifest, id_in, log_folder, manifest_key};
use crate::place::{MANIFESTS, id_hex, id_of};
use crate::store::{Listed, Store};
use eventlog::{LogId, PublicKey, hex};
use schemas::UtcNanos;
use std::collections::BTreeMap;

/// A backup whose manifest is whole.
#[derive(Clone, Debug)]
pub struct Backup {
    /// Its manifest.
    pub signed: SignedManifest,
    /// Where the manifest is, for people.
    pub place: String,
}

impl Backup {
    /// What it consists of.
    pub fn manifest(&self) -> &Manifest {
        &self.signed.manifest
    }
}

/// A manifest that cannot be used.
#[derive(Debug)]
pub struct Unusable {
    /// The backup's id, by the file's name.
    pub id: String,
    /// Why.
    pub error: BackupError,
}

/// Which backup is meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// The newest.
    #[default]
    Newest,
    /// The newest made at this time or before.
    At(UtcNanos),
    /// The one with this id.
    Id(String),
}

/// Everything at a target that belongs to one log.
#[derive(Debug)]
pub struct Catalog {
    log_id: LogId,
    target: String,
    /// Usable backups, oldest first.
    pub backups: Vec<Backup>,
    /// Manifests that cannot be used.
    pub unusable: Vec<Unusable>,
    /// Objects that are there: key below the log's folder, and what the listing says.
    objects: BTreeMap<String, Listed>,
}

impl Catalog {
    /// Reads what is there of a log; nothing at all is an empty catalogue.
    pub fn read(store: &dyn Store, log_id: LogId) -> Result<Self, BackupError> {
        let folder = log_folder(&log_id);
        let mut catalog = Self {
            log_id,
            target: store.place(""),
            backups: Vec::new(),
            unusable: Vec::new(),
            objects: BTreeMap::new(),
        };
        for listed in store.list(&folder)? {
            let Some(key) = listed.key.strip_prefix(&folder).and_then(|rest| rest.strip_prefix('/')) else { continue };
            if !key.starts_with(MANIFESTS) {
                catalog.objects.insert(key.to_owned(), Listed { key: key.to_owned(), ..listed });
                continue;
            }
            let Some(id) = id_in(key) else { continue };
            let place = store.place(&listed.key);
            let read = store.get_small(&listed.key, LEN_MAX).and_then(|bytes| SignedManifest::parse(&bytes, &place));
            match read.and_then(|signed| belongs(signed, id, &folder, &place)) {
                Ok(signed) => catalog.backups.push(Backup { signed, place }),
                Err(e @ (BackupError::Io { .. } | BackupError::Target { .. } | BackupError::Denied { .. })) => {
                    return Err(e);
                }
                Err(error) => catalog.unusable.push(Unusable { id: id.to_owned(), error }),
            }
        }
        catalog.backups.sort_by_key(|b| (b.manifest().time, b.manifest().head.seq));
        Ok(catalog)
    }

    /// The logs that a target has backups of.
    pub fn logs(store: &dyn Store) -> Result<Vec<LogId>, BackupError> {
        let not = |reason: &str| BackupError::NotABackup { place: store.place(""), reason: reason.to_owned() };
        if !store.exists()? {
            return Err(not("it does not exist"));
        }
        let manifest = |key: &str| {
            let (folder, rest) = key.split_once('/')?;
            rest.strip_prefix(MANIFESTS)?.strip_prefix('/').and_then(id_in)?;
            id_of(folder)
        };
        let all = store.list("")?;
        let mut logs: Vec<LogId> = all.iter().filter_map(|l| manifest(&l.key)).collect();
        logs.sort_unstable();
        logs.dedup();
        let known = |l: &Listed| l.key.split_once('/').is_some_and(|(folder, _)| id_of(folder).is_some());
        match (logs.is_empty(), all.iter().any(known)) {
            (false, _) => Ok(logs),
            (true, true) => {
                Err(not("it has objects but no manifest: the backup was not finished, or not all was copied"))
            }
            (true, false) => Err(not("it holds no folder of a log with manifests")),
        }
    }

    /// Reads what is there of the one log a target has, or of the one that is named.
    pub fn of(store: &dyn Store, named: Option<LogId>) -> Result<Self, BackupError> {
        let logs = Self::logs(store)?;
        let id = match (named, logs.as_slice()) {
            (Some(id), _) if logs.contains(&id) => id,
            (None, [id]) => *id,
            (Some(id), _) => {
                let (place, what) = (store.place(""), format!("of log {}", id_hex(&id)));
                return Err(BackupError::NoSuchBackup { place, what });
            }
            (None, _) => {
                let logs = logs.iter().map(id_hex).collect();
                return Err(BackupError::SeveralLogs { place: store.place(""), logs });
            }
        };
        Self::read(store, id)
    }

    /// Which log.
    pub fn log_id(&self) -> LogId {
        self.log_id
    }

    /// The backup that is meant. If the newest cannot be used, an older one is not silently taken instead.
    pub fn choose(&mut self, choice: &Choice) -> Result<Backup, BackupError> {
        let none = |what: String| BackupError::NoSuchBackup { place: self.target.clone(), what };
        let newest = self.backups.last().map(|b| b.manifest().id.clone()).unwrap_or_default();
        let (found, hidden, what) = match choice {
            Choice::Newest => (self.backups.last(), self.unusable.iter().position(|u| u.id > newest), "yet".to_owned()),
            Choice::At(time) => {
                let found = self.backups.iter().rev().find(|b| b.manifest().time <= *time);
                let after = found.map(|b| b.manifest().id.clone()).unwrap_or_default();
                let until = crate::manifest::id_text(time.plus_millis(1), 0);
                let hidden = self.unusable.iter().position(|u| u.id > after && u.id < until);
                (found, hidden, format!("of {time} or before"))
            }
            Choice::Id(id) => {
                let found = self.backups.iter().find(|b| b.manifest().id == *id);
                (found, self.unusable.iter().position(|u| u.id == *id), id.clone())
            }
        };
        match (found, hidden) {
            (_, Some(at)) => Err(self.unusable.swap_remove(at).error),
            (Some(backup), None) => Ok(backup.clone()),
            (None, None) => Err(none(what)),
        }
    }

    /// Every object.
    pub(crate) fn objects(&self) -> Vec<Listed> {
        self.objects.values().cloned().collect()
    }

    /// The objects of a backup that are missing or have another length.
    pub fn missing(&self, manifest: &Manifest) -> Vec<String> {
        let there = |key: &str, len: u64| self.objects.get(key).is_some_and(|l| l.len == len);
        manifest.objects.iter().filter(|o| !there(&o.key, o.stored_len)).map(|o| o.key.clone()).collect()
    }

    /// Fails if a backup is only half there.
    pub(crate) fn whole(&self, manifest: &Manifest) -> Result<(), BackupError> {
        let missing = self.missing(manifest);
        if missing.is_empty() {
            return Ok(());
        }
        let (id, objects) = (manifest.id.clone(), manifest.objects.len());
        Err(BackupError::HalfCopied { id, place: self.target.clone(), objects, missing })
    }
}

fn belongs(signed: SignedManifest, id: &str, folder: &str, place: &str) -> Result<SignedManifest, BackupError> {
    let m = &signed.manifest;
    if m.log_id != folder {
        let reason = format!("it is a manifest of log {}", m.log_id);
        return Err(BackupError::Foreign { place: place.to_owned(), reason });
    }
    if m.id != id {
        let reason = format!("it was renamed: inside it is called {}", manifest_key(&m.id));
        return Err(BackupError::BadManifest { place: place.to_owned(), reason });
    }
    Ok(signed)
}

/// Whose signature is good enough: this key's, or anybody's who is named then.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trust(pub Option<PublicKey>);

impl Trust {
    /// Fails unless the demanded key signed.
    pub(crate) fn check(&self, backup: &Backup) -> Result<(), BackupError> {
        match self.0 {
            Some(expected) if backup.signed.key() != Some(expected) => Err(BackupError::WrongKey {
                place: backup.place.clone(),
                found: backup.signed.public_key.clone(),
                expected: hex(&expected),
            }),
            _ => Ok(()),
        }
    }
}
