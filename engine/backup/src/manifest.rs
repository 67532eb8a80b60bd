//! What one backup consists of, signed.
//!
//! ```json
//! { "manifest": { "format": 1, "id": "20261124T000000.000Z-368759", ... , "objects": [ ... ] },
//!   "public_key": "02ab...", "signature": "..." }
//! ```
//!
//! What is signed is the BLAKE3, derived for this purpose alone, of `manifest` written without spaces and with its
//! fields in the order of [`Manifest`]. The signature is ECDSA on secp256k1, made with the log's key.

use crate::error::BackupError;
use crate::place::{id_hex, id_of, is_file_name, is_safe};
use eventlog::{LogId, PublicKey, Signer, hex, is_signed};
use schemas::frame::Head;
use schemas::{Bytes32, UtcNanos};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The newest manifest format this build knows.
pub const FORMAT: u16 = 1;
/// More bytes than any manifest has: some hundred a segment, and a segment holds a million events.
pub(crate) const LEN_MAX: usize = 256 << 20;
/// Keeps these signatures apart from those of checkpoints, which the same key makes.
const PURPOSE: &str = "alpha-arena 2026 backup manifest";

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A sealed segment.
    Segment,
    /// What lay behind the last sealed segment, as a segment file.
    Tail,
    /// A snapshot of the projections.
    Snapshot,
    /// The log's signed checkpoints.
    Checkpoints,
    /// The configuration, without secrets.
    Config,
    /// The identity that objects are encrypted for, itself encrypted with a passphrase.
    Key,
}

impl Kind {
    /// The folder of such objects.
    pub(crate) fn folder(self) -> &'static str {
        match self {
            Self::Segment => crate::place::SEGMENTS,
            Self::Tail => "tails",
            Self::Snapshot => "snapshots",
            Self::Checkpoints => "checkpoints",
            Self::Config => "config",
            Self::Key => "keys",
        }
    }

    /// Whether it holds events.
    pub(crate) fn has_events(self) -> bool {
        matches!(self, Self::Segment | Self::Tail)
    }
}

/// How an object's bytes are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sealed {
    /// As they are.
    Plain,
    /// Encrypted with age.
    Age,
}

/// The events in an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// The log's head before its first event.
    pub before: Head,
    /// The log's head at its last event.
    pub head: Head,
}

impl Range {
    /// Its first event.
    pub fn first_seq(&self) -> u64 {
        self.before.seq.saturating_add(1)
    }
}

/// One object of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Object {
    /// Where it is, below the log's folder.
    pub key: String,
    /// What it is.
    pub kind: Kind,
    /// The file's name in a log.
    pub name: String,
    /// How its bytes are stored.
    pub sealed: Sealed,
    /// Bytes as stored.
    pub stored_len: u64,
    /// BLAKE3 of the bytes as stored.
    pub stored_hash: Bytes32,
    /// Bytes in a log.
    pub plain_len: u64,
    /// BLAKE3 of the bytes in a log.
    pub plain_hash: Bytes32,
    /// Its events, if it holds any.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub range: Option<Range>,
}

/// One backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Of this description.
    pub format: u16,
    /// What the backup is called: its time and its last event.
    pub id: String,
    /// When it was made.
    pub time: UtcNanos,
    /// Which program made it.
    pub made_by: String,
    /// Which log, in hex.
    pub log_id: String,
    /// Where the events in it end.
    pub head: Head,
    /// Its objects: segments and tail in the order of their events, then the others.
    pub objects: Vec<Object>,
}

impl Manifest {
    /// Its log, if the text is an id.
    pub fn log_id(&self) -> Option<LogId> {
        id_of(&self.log_id)
    }

    /// Objects with events, in order.
    pub fn events(&self) -> impl Iterator<Item = (&Object, Range)> {
        self.objects.iter().filter_map(|o| o.range.filter(|_| o.kind.has_events()).map(|r| (o, r)))
    }

    /// Bytes of all its objects as stored.
    pub fn stored_len(&self) -> u64 {
        self.objects.iter().map(|o| o.stored_len).sum()
    }

    /// The object of a kind of which there is at most one.
    pub fn one(&self, kind: Kind) -> Option<&Object> {
        self.objects.iter().find(|o| o.kind == kind)
    }

    /// What is signed.
    fn hash_to_sign(&self) -> Result<Bytes32, serde_json::Error> {
        let bytes = serde_json::to_vec(self)?;
        Ok(Bytes32(*blake3::Hasher::new_derive_key(PURPOSE).update(&bytes).finalize().as_bytes()))
    }

    /// Signs it.
    pub fn sign(self, signer: &Signer) -> Result<SignedManifest, BackupError> {
        let unable = |e: serde_json::Error| BackupError::BadManifest { place: self.id.clone(), reason: e.to_string() };
        let signature = signer.sign(&self.hash_to_sign().map_err(unable)?)?;
        Ok(SignedManifest { public_key: hex(&signer.public_key()), signature: hex(&signature), manifest: self })
    }

    /// Whether it describes one log without holes, in words what is wrong.
    pub(crate) fn check(&self) -> Result<(), String> {
        let id = self.log_id().ok_or_else(|| format!("'{}' is no log id", self.log_id))?;
        if self.id != id_text(self.time, self.head.seq) {
            return Err(format!("its id {} does not fit its time and head", self.id));
        }
        let mut keys = BTreeSet::new();
        for o in &self.objects {
            if !is_safe(&o.key) || !is_file_name(&o.name) || !o.key.starts_with(&format!("{}/", o.kind.folder())) {
                return Err(format!("'{}' named '{}' is no place for an object", o.key, o.name));
            }
            if !keys.insert(&o.key) {
                return Err(format!("{} is listed twice", o.key));
            }
            if o.kind.has_events() != o.range.is_some() {
                return Err(format!(
                    "{} should {}say which events it holds",
                    o.key,
                    if o.range.is_some() { "not " } else { "" }
                ));
            }
            if o.sealed == Sealed::Plain && (o.stored_len, o.stored_hash) != (o.plain_len, o.plain_hash) {
                return Err(format!("{} is not encrypted, but has two hashes", o.key));
            }
        }
        let mut at = Head::genesis(&id);
        for (o, r) in self.events() {
            if r.before != at || r.head.seq <= r.before.seq {
                return Err(format!("{} does not go on where the object before it ends, at event {}", o.key, at.seq));
            }
            at = r.head;
        }
        match at == self.head {
            true => Ok(()),
            false => Err(format!("its objects do not end at event {}, where it says it ends", self.head.seq)),
        }
    }
}

/// A manifest and who vouches for it, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedManifest {
    /// What is signed.
    pub manifest: Manifest,
    /// The key that signed, SEC1 compressed, in hex.
    pub public_key: String,
    /// The signature, in hex.
    pub signature: String,
}

impl SignedManifest {
    /// As it is stored.
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// Reads and checks one: format, form, signature, and that it is one log without holes. `place` is its file, for
    /// errors. Who signed it, is for the caller to judge.
    pub(crate) fn parse(bytes: &[u8], place: &str) -> Result<Self, BackupError> {
        /// Enough to tell a newer format before anything else is looked at.
        #[derive(Deserialize)]
        struct Outer {
            manifest: Inner,
        }
        #[derive(Deserialize)]
        struct Inner {
            format: u64,
        }
        let bad = |reason: String| BackupError::BadManifest { place: place.to_owned(), reason };
        let found = serde_json::from_slice::<Outer>(bytes).map_err(|e| bad(e.to_string()))?.manifest.format;
        if found > u64::from(FORMAT) {
            return Err(BackupError::NewerManifest { place: place.to_owned(), found, newest: u64::from(FORMAT) });
        }
        let signed: Self = serde_json::from_slice(bytes).map_err(|e| bad(e.to_string()))?;
        let key = signed.key().ok_or_else(|| bad(format!("'{}' is no public key", signed.public_key)))?;
        let signature: [u8; 64] =
            bytes_of(&signed.signature).ok_or_else(|| bad(format!("'{}' is no signature", signed.signature)))?;
        let hash = signed.manifest.hash_to_sign().map_err(|e| bad(e.to_string()))?;
        if !is_signed(&key, &hash, &signature) {
            return Err(BackupError::BadSignature { place: place.to_owned(), key: signed.public_key });
        }
        signed.manifest.check().map_err(bad)?;
        Ok(signed)
    }

    /// The key that signed.
    pub fn key(&self) -> Option<PublicKey> {
        bytes_of(&self.public_key)
    }
}

/// A backup's id: `20261124T000000.000Z-368759`.
pub(crate) fn id_text(time: UtcNanos, seq: u64) -> String {
    let millis = UtcNanos::from_millis(time.as_millis()).unwrap_or(time).to_string();
    let (day, rest) = millis.trim_end_matches('Z').split_once('T').unwrap_or((&millis, "000000"));
    let (clock, fraction) = rest.split_once('.').unwrap_or((rest, ""));
    format!("{}T{}.{fraction:0<3}Z-{seq}", day.replace('-', ""), clock.replace(':', ""))
}

/// The key of a backup's manifest below the log's folder.
pub(crate) fn manifest_key(id: &str) -> String {
    format!("{}/m-{id}.json", crate::place::MANIFESTS)
}

/// The id in a manifest's key.
pub(crate) fn id_in(key: &str) -> Option<&str> {
    key.rsplit('/').next()?.strip_prefix("m-")?.strip_suffix(".json")
}

/// Reads hex digits, with or without `0x`.
pub(crate) fn bytes_of<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.strip_prefix("0x").unwrap_or(text).as_bytes();
    if digits.len() != 2 * N {
        return None;
    }
    let mut out = [0u8; N];
    for (byte, pair) in out.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |c: u8| char::from(c).to_digit(16).and_then(|d| u8::try_from(d).ok());
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(out)
}

/// Who made it: for manifests of this build.
pub(crate) fn made_by() -> String {
    format!("alpha-arena {}", env!("CARGO_PKG_VERSION"))
}

/// The folder of a log at a target.
pub(crate) fn log_folder(id: &LogId) -> String {
    id_hex(id)
}

#[cfg(test)]
mod tests;
