//! Putting a backup's objects in place.

use crate::catalog::Catalog;
use crate::crypt::Sealer;
use crate::error::BackupError;
use crate::manifest::{Kind, Manifest, Object, Range, Sealed, log_folder};
use crate::place::short;
use crate::scratch::Scratch;
use crate::store::Store;
use crate::sums::{Sum, Summing, sum_file};
use std::collections::BTreeMap;
use std::path::Path;

/// Puts objects of one log, each once.
pub(crate) struct Uploader<'a> {
    pub(crate) store: &'a dyn Store,
    pub(crate) folder: String,
    pub(crate) sealer: Sealer,
    /// The objects of an earlier backup that are still there.
    known: Vec<Object>,
    /// Lengths of everything that is there.
    listed: BTreeMap<String, u64>,
    scratch: Scratch,
    pub(crate) uploaded: usize,
    pub(crate) uploaded_len: u64,
}

impl<'a> Uploader<'a> {
    pub(crate) fn new(
        store: &'a dyn Store,
        catalog: &Catalog,
        base: Option<&Manifest>,
        sealer: Sealer,
        scratch: Scratch,
    ) -> Result<Self, BackupError> {
        let listed: BTreeMap<String, u64> = catalog.objects().into_iter().map(|l| (l.key, l.len)).collect();
        let there = |o: &&Object| listed.get(&o.key) == Some(&o.stored_len);
        let known = base.iter().flat_map(|m| &m.objects).filter(there).cloned().collect();
        let folder = log_folder(&catalog.log_id());
        Ok(Self { store, folder, sealer, known, listed, scratch, uploaded: 0, uploaded_len: 0 })
    }

    /// Where files are made before they are put.
    pub(crate) fn scratch(&self) -> &Path {
        self.scratch.path()
    }

    /// Whether an earlier backup's object is still there.
    pub(crate) fn is_there(&self, object: &Object) -> bool {
        self.listed.get(&object.key) == Some(&object.stored_len)
    }

    /// Puts a file of the scratch folder, encrypted if that is how objects are stored; one that is there already is
    /// used again.
    pub(crate) fn put(&mut self, kind: Kind, path: &Path, range: Option<Range>) -> Result<Object, BackupError> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let plain = sum_file(path)?;
        let sealed = self.sealer.sealed();
        let same = |o: &&Object| {
            (o.kind, &o.name, o.sealed, o.range) == (kind, &name, sealed, range)
                && (o.plain_len, o.plain_hash) == (plain.len, plain.hash)
        };
        if let Some(object) = self.known.iter().find(same) {
            return Ok(object.clone());
        }
        let stem = match kind {
            Kind::Segment => name.clone(),
            // Told apart by content: the same name may come again with other bytes.
            _ => {
                let (stem, end) = name.rsplit_once('.').unwrap_or((&name, ""));
                let dot = if end.is_empty() { "" } else { "." };
                format!("{stem}-{}{dot}{end}", short(&plain.hash))
            }
        };
        let (file, stored) = match sealed {
            Sealed::Plain => (path.to_owned(), plain),
            Sealed::Age => {
                let to = self.scratch.file("sealed");
                let stored = self.sealer.seal(path, &to)?;
                (to, stored)
            }
        };
        let object = self.place(kind, &file, name, stem, sealed, (plain, stored), range)?;
        // Many segments must not pile up here.
        for left in [path, &file] {
            let _ = std::fs::remove_file(left);
        }
        Ok(object)
    }

    /// Puts a file without encrypting it.
    pub(crate) fn put_as_is(&mut self, kind: Kind, path: &Path, name: &str) -> Result<Object, BackupError> {
        let sum = sum_file(path)?;
        self.place(kind, path, name.to_owned(), name.to_owned(), Sealed::Plain, (sum, sum), None)
    }

    #[expect(clippy::too_many_arguments, reason = "they are the fields of the object that is made")]
    fn place(
        &mut self,
        kind: Kind,
        file: &Path,
        name: String,
        stem: String,
        sealed: Sealed,
        (plain, stored): (Sum, Sum),
        range: Option<Range>,
    ) -> Result<Object, BackupError> {
        let key = self.free_key(kind, file, &stem, sealed, stored)?;
        Ok(Object {
            key,
            kind,
            name,
            sealed,
            stored_len: stored.len,
            stored_hash: stored.hash,
            plain_len: plain.len,
            plain_hash: plain.hash,
            range,
        })
    }

    /// Puts the file at the first key that is free, or finds that it is there. A key can be taken by a backup that did
    /// not come to its end, by damaged bytes, or by the same file under another encryption.
    fn free_key(
        &mut self,
        kind: Kind,
        file: &Path,
        stem: &str,
        sealed: Sealed,
        stored: Sum,
    ) -> Result<String, BackupError> {
        let suffix = if sealed == Sealed::Age { ".age" } else { "" };
        let mut number = 0u32;
        loop {
            let again = if number == 0 { String::new() } else { format!("~{number}") };
            let key = format!("{}/{stem}{again}{suffix}", kind.folder());
            let full = format!("{}/{key}", self.folder);
            if !self.listed.contains_key(&key) && self.store.put_new(&full, file)? {
                self.uploaded += 1;
                self.uploaded_len += stored.len;
                self.listed.insert(key.clone(), stored.len);
                return Ok(key);
            }
            if sealed == Sealed::Plain && self.holds(&full, stored)? {
                return Ok(key);
            }
            number += 1;
        }
    }

    /// Whether exactly these bytes are at a key.
    fn holds(&self, full: &str, expected: Sum) -> Result<bool, BackupError> {
        let mut there = Summing::new(std::io::sink());
        self.store.get(full, &mut there)?;
        Ok(there.finish().1 == expected)
    }
}
