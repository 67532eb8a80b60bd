//! What of a log an archive really has: asked before anything is deleted from the log.

use crate::catalog::{Catalog, Trust};
use crate::crypt::Opener;
use crate::error::BackupError;
use crate::fetch::Fetcher;
use crate::log_parts::LocalLog;
use crate::manifest::{Kind, log_folder};
use crate::progress::Progress;
use crate::scratch::Scratch;
use crate::store::Store;
use schemas::frame::Head;
use std::path::Path;

/// What an archive holds of a log's sealed history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archived {
    /// The backup that was looked at.
    pub backup: String,
    /// Up to this event every segment of the log is there, with the bytes that its manifest says; 0 for none.
    pub upto: u64,
    /// Why it is not more, in words.
    pub because: Option<String>,
}

/// How far the newest backup of a log holds what the log's own segments hold. Every segment that counts is read back
/// and its hash compared; the newest `keep` segments of the log are not asked for.
pub fn archived(
    store: &dyn Store,
    log: &Path,
    trust: Trust,
    keep: usize,
    progress: &mut dyn Progress,
) -> Result<Archived, BackupError> {
    let log = LocalLog::open(log)?;
    let mut catalog = Catalog::of(store, Some(log.id()))?;
    let backup = catalog.choose(&Default::default())?;
    trust.check(&backup)?;
    let manifest = backup.manifest();
    let scratch = Scratch::create(&std::env::temp_dir())?;
    let (folder, opener) = (log_folder(&log.id()), Opener::default());
    let fetcher = Fetcher { store, folder, opener: &opener, unfinished: scratch.path().to_owned() };
    let mut archived = Archived { backup: manifest.id.clone(), upto: 0, because: None };
    let asked = log.segments.len().saturating_sub(keep);
    progress.begin("reading back", log.segments.iter().take(asked).map(|s| s.file_len).sum());
    // What was deleted here before is not asked for again; the backup's own chain leads through it.
    let mut at = log.segments.first().map_or_else(|| Head::genesis(&log.id()), |s| s.before);
    for segment in log.segments.iter().take(asked) {
        let same = |r: &crate::manifest::Range| (r.before, r.head) == (segment.before, segment.head);
        let found = manifest.events().find(|(o, r)| o.kind == Kind::Segment && same(r) && r.before == at);
        let Some((object, _)) = found else {
            archived.because = Some(format!(
                "events {} to {} are not in backup {} as a segment",
                segment.first_seq, segment.last_seq, manifest.id
            ));
            break;
        };
        if let Err(e) = fetcher.stored(object, &scratch.file("read-back"), progress) {
            archived.because = Some(e.to_string());
            break;
        }
        (at, archived.upto) = (segment.head, segment.last_seq);
    }
    Ok(archived)
}
