//! Backup and restore of logs.
//!
//! ```text
//! TARGET/<log id>/segments/   s-<first>-<last>.aas[.age]: sealed history, compressed; uploaded once, never changed
//! TARGET/<log id>/tails/      what lies behind the last sealed segment at each backup; replaced by later backups
//! TARGET/<log id>/snapshots/  the newest snapshot of the projections
//! TARGET/<log id>/config/     the configuration, without secrets
//! TARGET/<log id>/checkpoints/, keys/
//! TARGET/<log id>/manifests/  m-<time>-<seq>.json: signed; names every object of one backup, written last
//! ```
//!
//! **What is promised.** A backup exists when its manifest does, and the manifest is written after everything it names.
//! Every object is listed with the hash of its bytes as stored and as they are in a log, so damage is found and named
//! before anything is built from it. A restore gives a log that passes every check, or nothing. Backups only read the
//! log, so they are made while an engine writes it.
//!
//! **What is not promised.** Who can write to the target can delete backups, newest first, and nobody can tell from the
//! target alone; keep a copy where the engine's machine cannot write. Manifests are not encrypted: they tell how much
//! happened and when, and hashes, nothing else.

mod archive;
mod backup;
mod catalog;
pub mod clock;
mod coverage;
mod crypt;
mod error;
mod fetch;
mod log_parts;
mod manifest;
mod place;
mod progress;
mod restore;
pub mod retention;
mod scratch;
pub mod store;
mod sums;
mod upload;
mod verify;

pub use archive::{Archived, archived};
pub use backup::{BackupOptions, BackupReport, backup};
pub use catalog::{Backup, Catalog, Choice, Trust, Unusable};
pub use crypt::{Opener, Sealer};
pub use error::BackupError;
pub use manifest::{FORMAT, Kind, Manifest, Object, Range, Sealed, SignedManifest};
pub use progress::{Progress, Silent};
pub use restore::{RestoreOptions, RestoreReport, restore};
pub use verify::{VerifyOptions, VerifyReport, verify};
