//! Making a backup.

use crate::catalog::{Backup, Catalog};
use crate::coverage::{Fault, Stretch, cover};
use crate::crypt::Sealer;
use crate::error::{BackupError, path_error};
use crate::fetch::key_bytes;
use crate::log_parts::LocalLog;
use crate::manifest::{FORMAT, Kind, Manifest, Object, Range, id_text, log_folder, made_by, manifest_key};
use crate::progress::Progress;
use crate::retention::{Situation, plan};
use crate::scratch::Scratch;
use crate::store::Store;
use crate::upload::Uploader;
use eventlog::{PublicKey, Signer};
use schemas::UtcNanos;
use schemas::frame::Head;
use std::path::{Path, PathBuf};

/// What to back up, where to, and how.
pub struct BackupOptions<'a> {
    /// The log. It is only read; an engine may write it meanwhile.
    pub log: &'a Path,
    /// The target.
    pub store: &'a dyn Store,
    /// Signs the manifest.
    pub signer: &'a Signer,
    /// Other keys whose earlier backups may be built upon: those that signed before the key was replaced.
    pub also_trust: Vec<PublicKey>,
    /// What objects are encrypted for.
    pub sealer: Sealer,
    /// Configuration files, without secrets: name and content.
    pub config: Vec<(String, Vec<u8>)>,
    /// Backups older than so many days are deleted; 0 keeps them for ever.
    pub keep_days: u32,
    /// The time.
    pub now: UtcNanos,
}

/// What a backup came to.
#[derive(Clone, Debug)]
pub struct BackupReport {
    /// What was written.
    pub manifest: Manifest,
    /// Where the manifest is, for people.
    pub place: String,
    /// Objects that were uploaded.
    pub uploaded: usize,
    /// Their bytes.
    pub uploaded_len: u64,
    /// Ids of backups that were deleted, because they were old.
    pub deleted_backups: Vec<String>,
    /// How many objects went with them.
    pub deleted_objects: usize,
    /// What a person should know.
    pub notes: Vec<String>,
}

/// Makes a backup of everything the log has acknowledged by now, then deletes what the retention allows.
pub fn backup(options: BackupOptions<'_>, progress: &mut dyn Progress) -> Result<BackupReport, BackupError> {
    let log = LocalLog::open(options.log)?;
    must_lie_outside(options.store, options.log)?;
    let catalog = Catalog::read(options.store, log.id())?;
    let mut notes = notes_on(&catalog, &options);
    let base = base(&catalog, &options).cloned();
    if let Some(base) = &base {
        same_history(&log, base, options.store)?;
    }
    let scratch = Scratch::create(&options.store.scratch())?;
    let uploader =
        Uploader::new(options.store, &catalog, base.as_ref().map(Backup::manifest), options.sealer, scratch)?;
    let mut run = Run { log, base, uploader, objects: Vec::new(), progress };
    run.key()?;
    // Before the events: what was signed until now is about events that will be in the backup.
    let checkpoints = run.log.export_checkpoints(run.uploader.scratch())?;
    let sealed = run.segments()?;
    let head = run.tail(sealed, &mut notes)?;
    if head.seq == 0 {
        return Err(BackupError::NothingThere { log: options.log.to_owned() });
    }
    run.file(Kind::Checkpoints, checkpoints)?;
    let snapshot = run.log.export_snapshot(head, run.uploader.scratch())?;
    run.file(Kind::Snapshot, snapshot)?;
    run.config(&options.config)?;
    let (manifest, place) = run.manifest(options.signer, options.now, head, &catalog)?;
    let mut report = BackupReport {
        manifest,
        place,
        uploaded: run.uploader.uploaded,
        uploaded_len: run.uploader.uploaded_len,
        deleted_backups: Vec::new(),
        deleted_objects: 0,
        notes,
    };
    let local = run.log.segments.first().zip(run.log.segments.last()).map(|(a, b)| (a.first_seq, b.last_seq));
    delete_old(options.store, &run.log, local, options.keep_days, &mut report)?;
    Ok(report)
}

/// A target inside the log would be written into what must only be read, and lost with it.
fn must_lie_outside(store: &dyn Store, log: &Path) -> Result<(), BackupError> {
    let scratch = store.scratch();
    let log = log.canonicalize().map_err(path_error("open", log))?;
    // The target need not exist yet: its nearest ancestor that does says where it is.
    let absolute = std::path::absolute(&scratch).unwrap_or(scratch);
    let inside = absolute.ancestors().find_map(|p| p.canonicalize().ok()).is_some_and(|p| p.starts_with(&log));
    match inside {
        false => Ok(()),
        true => Err(BackupError::BadTarget {
            target: store.place(""),
            reason: format!("it lies inside the log {}", log.display()),
        }),
    }
}

fn trusted(backup: &Backup, options: &BackupOptions<'_>) -> bool {
    let own = options.signer.public_key();
    backup.signed.key().is_some_and(|key| key == own || options.also_trust.contains(&key))
}

/// The newest earlier backup whose objects may be used again: one that another key signed is not believed.
fn base<'a>(catalog: &'a Catalog, options: &BackupOptions<'_>) -> Option<&'a Backup> {
    catalog.backups.iter().rev().find(|b| trusted(b, options))
}

fn notes_on(catalog: &Catalog, options: &BackupOptions<'_>) -> Vec<String> {
    let mut notes: Vec<String> = catalog.unusable.iter().map(|u| format!("not used: {}", u.error)).collect();
    if let Some(other) = catalog.backups.iter().rev().find(|b| !trusted(b, options)) {
        notes.push(format!(
            "{} is signed with another key, {}: its objects are not used again; if the key was replaced, say so with \
             --also-trust",
            other.place, other.signed.public_key
        ));
    }
    notes
}

/// Refuses a target whose newest backup is not part of this log's past.
fn same_history(log: &LocalLog, base: &Backup, store: &dyn Store) -> Result<(), BackupError> {
    let then = base.manifest().head;
    let foreign = |reason: String| BackupError::Foreign { place: store.place(""), reason };
    if then.seq + 1 < log.first_seq {
        // The log no longer has that event; the objects are held against it where they meet.
        return Ok(());
    }
    match log.chain_at(then.seq)? {
        Some(now) if now == then => Ok(()),
        Some(_) => Err(foreign(format!(
            "its backup {} has another event {} than the log {}: they are two logs, or two histories of one",
            base.manifest().id,
            then.seq,
            log.dir().display()
        ))),
        None if log.only_sealed => Ok(()),
        None => Err(foreign(format!(
            "its backup {} reaches event {}, the log {} does not: an older copy of the log, or another history of it",
            base.manifest().id,
            then.seq,
            log.dir().display()
        ))),
    }
}

/// One backup under way.
struct Run<'a> {
    log: LocalLog,
    base: Option<Backup>,
    uploader: Uploader<'a>,
    objects: Vec<Object>,
    progress: &'a mut dyn Progress,
}

impl Run<'_> {
    /// The key behind a passphrase, if that is how objects are encrypted.
    fn key(&mut self) -> Result<(), BackupError> {
        if !self.uploader.sealer.needs_key() {
            return Ok(());
        }
        let stored = self.base.as_ref().and_then(|b| b.manifest().one(Kind::Key)).cloned();
        let object = match stored.filter(|key| self.uploader.is_there(key)) {
            Some(key) => {
                let (bytes, place) = key_bytes(self.uploader.store, &self.uploader.folder, &key)?;
                self.uploader.sealer.take_key(Some((&bytes, &place)))?;
                key
            }
            None => {
                let bytes = self.uploader.sealer.take_key(None)?.unwrap_or_default();
                let name = format!("k-{}.age", crate::place::short(&crate::sums::sum_bytes(&bytes).hash));
                let path = self.uploader.scratch().join(&name);
                std::fs::write(&path, &bytes).map_err(path_error("write", &path))?;
                self.uploader.put_as_is(Kind::Key, &path, &name)?
            }
        };
        self.objects.push(object);
        Ok(())
    }

    /// The sealed history. Returns where it ends.
    fn segments(&mut self) -> Result<Head, BackupError> {
        let base = self.base.clone();
        let known: Vec<(&Object, Range)> = base.iter().flat_map(|b| b.manifest().events()).collect();
        let usable: Vec<_> = known.into_iter().filter(|(o, _)| o.kind == Kind::Segment && self.may_keep(o)).collect();
        let (genesis, local) = (Head::genesis(&self.log.id()), self.log.segments.clone());
        let stretches = cover(genesis, self.log.first_seq, &local, &usable).map_err(|fault| self.fault(fault))?;
        let new = |s: &Stretch<'_>| if let Stretch::New(info) = s { info.file_len } else { 0 };
        let bytes: u64 = stretches.iter().map(new).sum();
        if bytes > 0 {
            self.progress.begin("segments", bytes);
        }
        let mut at = genesis;
        for stretch in stretches {
            let object = match stretch {
                Stretch::Kept(object) => object.clone(),
                Stretch::New(info) => {
                    let file = self.log.export_segment(info, self.uploader.scratch())?;
                    let range = Range { before: info.before, head: info.head };
                    let object = self.uploader.put(Kind::Segment, &file.path, Some(range))?;
                    self.progress.advance(info.file_len);
                    object
                }
            };
            at = object.range.map_or(at, |r| r.head);
            self.objects.push(object);
        }
        Ok(at)
    }

    /// Objects that this run would store in the same way, or that nobody can store again.
    fn may_keep(&self, object: &Object) -> bool {
        let pruned = object.range.is_some_and(|r| r.first_seq() < self.log.first_seq);
        self.uploader.is_there(object) && (pruned || object.sealed == self.uploader.sealer.sealed())
    }

    fn fault(&self, fault: Fault) -> BackupError {
        let (log, place) = (self.log.dir().to_owned(), self.uploader.store.place(""));
        match fault {
            Fault::Gap(first_seq, last_seq) => BackupError::Gap { log, place, first_seq, last_seq },
            Fault::Fork(seq) => {
                let reason = format!("it has another event {seq} than the log {}", log.display());
                BackupError::Foreign { place, reason }
            }
        }
    }

    /// What is acknowledged and not sealed. Returns where the backup ends.
    fn tail(&mut self, sealed: Head, notes: &mut Vec<String>) -> Result<Head, BackupError> {
        if self.log.only_sealed {
            notes.push(format!(
                "the log is kept without a journal: this backup ends with its last sealed event, {}",
                sealed.seq
            ));
            return Ok(sealed);
        }
        let Some(info) = self.log.export_tail(sealed, self.uploader.scratch())? else { return Ok(sealed) };
        self.progress.begin("the newest events", info.file_len);
        let range = Range { before: info.before, head: info.head };
        let object = self.uploader.put(Kind::Tail, &info.path, Some(range))?;
        self.progress.advance(info.file_len);
        // In the order of events, behind the segments.
        self.objects.push(object);
        Ok(info.head)
    }

    fn file(&mut self, kind: Kind, path: Option<PathBuf>) -> Result<(), BackupError> {
        if let Some(path) = path {
            let object = self.uploader.put(kind, &path, None)?;
            self.objects.push(object);
        }
        Ok(())
    }

    fn config(&mut self, files: &[(String, Vec<u8>)]) -> Result<(), BackupError> {
        let folder = self.uploader.scratch().join("config");
        std::fs::create_dir(&folder).map_err(path_error("create", &folder))?;
        for (name, content) in files {
            let path = folder.join(crate::place::plain_name(name));
            std::fs::write(&path, content).map_err(path_error("write", &path))?;
            self.file(Kind::Config, Some(path))?;
        }
        Ok(())
    }

    /// Signs and writes the manifest: from here on the backup exists.
    fn manifest(
        &mut self,
        signer: &Signer,
        now: UtcNanos,
        head: Head,
        catalog: &Catalog,
    ) -> Result<(Manifest, String), BackupError> {
        // A clock that was set back must not make an older backup the newest.
        let last = catalog.backups.last().map(|b| b.manifest().time);
        let mut time = last.map_or(now, |last| now.max(last.plus_millis(1)));
        loop {
            let manifest = Manifest {
                format: FORMAT,
                id: id_text(time, head.seq),
                time,
                made_by: made_by(),
                log_id: log_folder(&self.log.id()),
                head,
                objects: self.objects.clone(),
            };
            let signed = manifest.sign(signer)?;
            let key = format!("{}/{}", self.uploader.folder, manifest_key(&signed.manifest.id));
            let unwritable = |reason: String| BackupError::BadManifest { place: key.clone(), reason };
            signed.manifest.check().map_err(unwritable)?;
            let path = self.uploader.scratch().join("manifest");
            let bytes = signed.to_bytes().map_err(|e| unwritable(e.to_string()))?;
            std::fs::write(&path, bytes).map_err(path_error("write", &path))?;
            if self.uploader.store.put_new(&key, &path)? {
                return Ok((signed.manifest, self.uploader.store.place(&key)));
            }
            time = time.plus_millis(1);
        }
    }
}

/// Deletes what the retention allows. By now the new backup stands, so a failure here is only a note.
fn delete_old(
    store: &dyn Store,
    log: &LocalLog,
    local: Option<(u64, u64)>,
    keep_days: u32,
    report: &mut BackupReport,
) -> Result<(), BackupError> {
    let catalog = Catalog::read(store, log.id())?;
    let manifests: Vec<Manifest> = catalog.backups.iter().map(|b| b.manifest().clone()).collect();
    let objects = catalog.objects();
    let unusable = !catalog.unusable.is_empty();
    let now = report.manifest.time;
    let plan = plan(&Situation { manifests: &manifests, unusable, objects: &objects, local, now, keep_days });
    report.notes.extend(plan.held_back);
    let folder = log_folder(&log.id());
    let delete = |key: &str| store.delete(&format!("{folder}/{key}"));
    let deleted = || {
        for id in plan.backups {
            delete(&manifest_key(&id))?;
            report.deleted_backups.push(id);
        }
        for key in plan.objects {
            delete(&key)?;
            report.deleted_objects += 1;
        }
        Ok::<(), BackupError>(())
    };
    if let Err(e) = deleted() {
        report.notes.push(format!("old backups could not be deleted: {e}"));
    }
    Ok(())
}
