//! Object stores by URL: `s3://`, `gs://`, `az://`, `http://`, ... Credentials come from the environment, under the
//! names that the `object_store` crate documents (`AWS_ACCESS_KEY_ID` and so on).

use super::{Listed, Store};
use crate::error::{BackupError, path_error};
use futures_util::StreamExt;
use object_store::path::Path as Key;
use object_store::{Error, ObjectStore as Remote, ObjectStoreExt, PutMode, PutOptions, PutPayload};
use schemas::UtcNanos;
use std::future::Future;
use std::io::Write;
use std::path::{Path, PathBuf};

/// An object store. Every call blocks: backups run in a process of their own.
pub(super) struct ObjectStore {
    url: String,
    remote: Box<dyn Remote>,
    base: Key,
    runtime: tokio::runtime::Runtime,
}

impl ObjectStore {
    pub(super) fn open(target: &str) -> Result<Self, BackupError> {
        let bad = |reason: String| BackupError::BadTarget { target: target.to_owned(), reason };
        let url = url::Url::parse(target).map_err(|e| bad(e.to_string()))?;
        if url.password().is_some() {
            return Err(bad("credentials belong into the environment, not into the URL".to_owned()));
        }
        let env = std::env::vars().map(|(name, value)| (name.to_ascii_lowercase(), value));
        let known = env.filter(|(n, _)| ["aws_", "google_", "azure_"].iter().any(|p| n.starts_with(p)));
        let (remote, base) = object_store::parse_url_opts(&url, known).map_err(|e| bad(e.to_string()))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(crate::error::io_error("start", "the runtime"))?;
        Ok(Self { url: target.trim_end_matches('/').to_owned(), remote, base, runtime })
    }

    fn key(&self, key: &str) -> Key {
        key.split('/').filter(|part| !part.is_empty()).fold(self.base.clone(), |at, part| at.join(part))
    }

    fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    fn failed(&self, what: &'static str, key: &str) -> impl FnOnce(Error) -> BackupError {
        let place = self.place(key);
        move |e| match e {
            Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => BackupError::Denied { what, place },
            Error::NotFound { .. } => BackupError::Io { what, place, source: std::io::ErrorKind::NotFound.into() },
            e => BackupError::Target { what, place, reason: e.to_string() },
        }
    }
}

impl Store for ObjectStore {
    fn place(&self, key: &str) -> String {
        if key.is_empty() { self.url.clone() } else { format!("{}/{key}", self.url) }
    }

    fn exists(&self) -> Result<bool, BackupError> {
        let first = self.wait(async { self.remote.list(Some(&self.base)).next().await });
        first.transpose().map(|found| found.is_some()).map_err(self.failed("list", ""))
    }

    /// The whole object in one request, because only that can refuse to overwrite; objects are tens of megabytes.
    fn put_new(&self, key: &str, file: &Path) -> Result<bool, BackupError> {
        let bytes = std::fs::read(file).map_err(path_error("read", file))?;
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        match self.wait(self.remote.put_opts(&self.key(key), PutPayload::from(bytes), options)) {
            Ok(_) => Ok(true),
            Err(Error::AlreadyExists { .. }) => Ok(false),
            Err(e) => Err(self.failed("write", key)(e)),
        }
    }

    fn get(&self, key: &str, out: &mut dyn Write) -> Result<(), BackupError> {
        self.wait(async {
            let mut parts = self.remote.get(&self.key(key)).await.map_err(self.failed("read", key))?.into_stream();
            while let Some(part) = parts.next().await {
                let part = part.map_err(self.failed("read", key))?;
                out.write_all(&part).map_err(crate::error::io_error("read", self.place(key)))?;
            }
            Ok(())
        })
    }

    fn list(&self, folder: &str) -> Result<Vec<Listed>, BackupError> {
        let prefix = self.key(folder);
        let base = if self.base.as_ref().is_empty() { String::new() } else { format!("{}/", self.base) };
        let mut found = self.wait(async {
            let mut listed = self.remote.list(Some(&prefix));
            let mut found = Vec::new();
            while let Some(object) = listed.next().await {
                let object = object.map_err(self.failed("list", folder))?;
                let Some(key) = object.location.as_ref().strip_prefix(&base) else { continue };
                let modified = object.last_modified.timestamp_nanos_opt().map(UtcNanos);
                found.push(Listed { key: key.to_owned(), len: object.size, modified });
            }
            Ok::<_, BackupError>(found)
        })?;
        found.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(found)
    }

    fn delete(&self, key: &str) -> Result<(), BackupError> {
        match self.wait(self.remote.delete(&self.key(key))) {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(e) => Err(self.failed("delete", key)(e)),
        }
    }

    fn scratch(&self) -> PathBuf {
        std::env::temp_dir()
    }
}
