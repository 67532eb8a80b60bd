//! Signed checkpoints: what the log's chain was at some event, signed with a key that need not be on the machine for
//! ever. Whoever changes history afterwards must forge a signature too.
//!
//! `LOG/checkpoints` is a row of records:
//!
//! | offset | bytes | field |
//! |---|---|---|
//! | 0 | 4 | magic `AAck` |
//! | 4 | 2 | format |
//! | 6 | 2 | why: 1 = the engine's checkpoint, 2 = a segment was sealed |
//! | 8 | 16 | log id |
//! | 24 | 8 | sequence |
//! | 32 | 32 | chain value there |
//! | 64 | 32 | state hash there, or the hash of the sealed segment |
//! | 96 | 33 | public key, SEC1 compressed |
//! | 129 | 64 | ECDSA signature (secp256k1) over BLAKE3 of the 129 bytes before |
//! | 252 | 4 | CRC-32C of the record before this field |

use crate::LogId;
use crate::disk::{damaged_name, read_if_there, sync_dir, take, with_suffix, write_whole};
use crate::error::{LogError, io_error};
use k256::ecdsa::signature::hazmat::{PrehashSigner, PrehashVerifier};
use k256::ecdsa::{Signature, SigningKey, VerifyingKey};
use schemas::Bytes32;
use schemas::frame::{FrameError, Head};
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

const RECORD_LEN: usize = 256;
const SIGNED_LEN: usize = 129;
const MAGIC: [u8; 4] = *b"AAck";
const FORMAT: u16 = 1;

/// Counts the keys made by this process.
static CREATED: AtomicU32 = AtomicU32::new(0);

/// A secp256k1 public key, SEC1 compressed.
pub type PublicKey = [u8; 33];

/// A signing key. Its bytes are wiped when it goes; it is never printed.
pub struct Signer {
    key: SigningKey,
    public: PublicKey,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signer({})", hex(&self.public))
    }
}

impl Signer {
    /// Loads the key from a file of 64 hex digits, which nobody but its owner may read; makes the file with a new key
    /// from the system's random source if there is none.
    pub fn load_or_create(path: &Path) -> Result<Self, LogError> {
        if path.exists() {
            return Self::load(path);
        }
        // Another process may make it at the same moment; then its key is the one.
        Self::create(path).or_else(|e| if path.exists() { Self::load(path) } else { Err(e) })
    }

    /// Makes a new key and writes it to a file that must not exist, readable by its owner alone.
    pub fn create(path: &Path) -> Result<Self, LogError> {
        let mut secret = [0u8; 32];
        let key = loop {
            let random = Path::new("/dev/urandom");
            let read = File::open(random).and_then(|mut f| f.read_exact(&mut secret));
            read.map_err(io_error("read", random))?;
            // One draw in 2^128 is no key.
            if let Ok(key) = SigningKey::from_slice(&secret) {
                break key;
            }
        };
        if let Some(parent) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
            crate::disk::create_dir(parent)?;
        }
        // A name of its own for each call: what a killed process leaves here is a key that nothing was signed with.
        let number = CREATED.fetch_add(1, Ordering::Relaxed);
        let temp = with_suffix(path, &format!(".{}-{number}.tmp", std::process::id()));
        let create = || {
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temp)?;
            file.write_all(hex(&secret).as_bytes())?;
            file.write_all(b"\n")?;
            file.sync_all()?;
            // A rename would replace a key that is there.
            let linked = fs::hard_link(&temp, path);
            fs::remove_file(&temp)?;
            linked
        };
        create().map_err(io_error("write the key", path))?;
        secret.fill(0);
        path.parent().filter(|p| !p.as_os_str().is_empty()).map_or(Ok(()), sync_dir)?;
        Ok(Self::of(key))
    }

    /// Loads a key that must be there.
    pub fn load(path: &Path) -> Result<Self, LogError> {
        let bad = |reason: &str| LogError::BadKey { file: path.to_owned(), reason: reason.to_owned() };
        let mut file = File::open(path).map_err(io_error("open the key", path))?;
        let mode = file.metadata().map_err(io_error("inspect", path))?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(bad("others than its owner may read it; chmod 600"));
        }
        let mut text = String::new();
        (&mut file).take(1024).read_to_string(&mut text).map_err(io_error("read the key", path))?;
        let secret = Bytes32::from_hex(text.trim()).ok_or_else(|| bad("it does not hold 64 hex digits"))?;
        let key = SigningKey::from_slice(&secret.0).map_err(|_| bad("its number is outside of the curve"))?;
        Ok(Self::of(key))
    }

    fn of(key: SigningKey) -> Self {
        let mut public = [0u8; 33];
        public.copy_from_slice(key.verifying_key().to_sec1_point(true).as_bytes());
        Self { key, public }
    }

    /// What its signatures are checked with.
    pub fn public_key(&self) -> PublicKey {
        self.public
    }

    /// Signs a hash. The signature depends on key and hash alone (RFC 6979).
    pub fn sign(&self, hash: &Bytes32) -> Result<[u8; 64], LogError> {
        let unable = |_| LogError::BadKey { file: PathBuf::new(), reason: "it cannot sign".to_owned() };
        let signature: Signature = self.key.sign_prehash(&hash.0).map_err(unable)?;
        let mut bytes = [0u8; 64];
        bytes.copy_from_slice(&signature.to_bytes());
        Ok(bytes)
    }
}

/// Whether `signature` is the key's, over that hash.
pub fn is_signed(public: &PublicKey, hash: &Bytes32, signature: &[u8; 64]) -> bool {
    let key = VerifyingKey::from_sec1_bytes(public);
    let signature = Signature::from_slice(signature);
    key.is_ok_and(|key| signature.is_ok_and(|s| key.verify_prehash(&hash.0, &s).is_ok()))
}

/// Lower-case hex digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Why a checkpoint was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Reason {
    /// The engine's own checkpoint; the hash is the state's.
    State = 1,
    /// A segment was sealed; the hash is its footer's.
    Sealed = 2,
}

/// One record of `LOG/checkpoints`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedCheckpoint {
    /// Why it was signed.
    pub reason: Reason,
    /// Which log.
    pub log_id: LogId,
    /// Where the chain was.
    pub head: Head,
    /// The state's hash, or the segment's.
    pub hash: Bytes32,
    /// Who signed.
    pub public_key: PublicKey,
    signature: [u8; 64],
}

impl SignedCheckpoint {
    fn signed_part(&self) -> [u8; SIGNED_LEN] {
        let mut b = [0u8; SIGNED_LEN];
        b[0..4].copy_from_slice(&MAGIC);
        b[4..6].copy_from_slice(&FORMAT.to_le_bytes());
        b[6..8].copy_from_slice(&(self.reason as u16).to_le_bytes());
        b[8..24].copy_from_slice(&self.log_id);
        b[24..32].copy_from_slice(&self.head.seq.to_le_bytes());
        b[32..64].copy_from_slice(&self.head.chain.0);
        b[64..96].copy_from_slice(&self.hash.0);
        b[96..129].copy_from_slice(&self.public_key);
        b
    }

    fn hash_to_sign(&self) -> Bytes32 {
        Bytes32(*blake3::hash(&self.signed_part()).as_bytes())
    }

    fn to_bytes(self) -> [u8; RECORD_LEN] {
        let mut b = [0u8; RECORD_LEN];
        b[..SIGNED_LEN].copy_from_slice(&self.signed_part());
        b[SIGNED_LEN..SIGNED_LEN + 64].copy_from_slice(&self.signature);
        let crc = crc32c::crc32c(&b[..252]);
        b[252..].copy_from_slice(&crc.to_le_bytes());
        b
    }

    fn parse(b: &[u8], file: &Path) -> Result<Option<Self>, LogError> {
        let intact =
            b.len() == RECORD_LEN && b[0..4] == MAGIC && crc32c::crc32c(&b[..252]) == u32::from_le_bytes(take(b, 252));
        if !intact {
            return Ok(None);
        }
        let format = u16::from_le_bytes(take(b, 4));
        if format > FORMAT {
            let source = FrameError::NewerFormat { found: format, newest: FORMAT };
            return Err(LogError::Newer { file: file.to_owned(), source });
        }
        let reason = match u16::from_le_bytes(take(b, 6)) {
            1 => Reason::State,
            2 => Reason::Sealed,
            _ => return Ok(None),
        };
        Ok(Some(Self {
            reason,
            log_id: take(b, 8),
            head: Head { seq: u64::from_le_bytes(take(b, 24)), chain: Bytes32(take(b, 32)) },
            hash: Bytes32(take(b, 64)),
            public_key: take(b, 96),
            signature: take(b, SIGNED_LEN),
        }))
    }

    /// Checks the signature, and that it was made with `expected`, if that is given.
    pub fn verify(&self, expected: Option<&PublicKey>) -> Result<(), String> {
        if let Some(expected) = expected
            && *expected != self.public_key
        {
            return Err(format!("it is signed with {}, expected was {}", hex(&self.public_key), hex(expected)));
        }
        match is_signed(&self.public_key, &self.hash_to_sign(), &self.signature) {
            true => Ok(()),
            false => Err(format!("its signature is not that of {}", hex(&self.public_key))),
        }
    }
}

/// Where the checkpoints are.
pub(crate) fn checkpoint_path(dir: &Path) -> PathBuf {
    dir.join("checkpoints")
}

/// Every readable checkpoint of a log, oldest first, and how many records are not: the last one may have been cut short
/// while it was written, others are damaged. Each record stands for itself, so the others still say what they say.
pub(crate) fn read_file(dir: &Path) -> Result<(Vec<SignedCheckpoint>, u64), LogError> {
    let path = checkpoint_path(dir);
    let bytes = read_if_there(&path)?.unwrap_or_default();
    let (mut all, mut bad) = (Vec::with_capacity(bytes.len() / RECORD_LEN), 0);
    for record in bytes.chunks(RECORD_LEN) {
        match SignedCheckpoint::parse(record, &path)? {
            Some(checkpoint) => all.push(checkpoint),
            None => bad += 1,
        }
    }
    Ok((all, bad))
}

/// Leaves the readable checkpoints alone. A damaged file is kept beside it; a record that was cut short vouched for
/// nothing yet.
pub(crate) fn drop_unreadable(dir: &Path) -> Result<(), LogError> {
    let path = checkpoint_path(dir);
    let bytes = read_if_there(&path)?.unwrap_or_default();
    let (all, _) = read_file(dir)?;
    let whole: Vec<u8> = all.iter().flat_map(|c| c.to_bytes()).collect();
    if bytes.len() - whole.len() >= RECORD_LEN || !bytes.starts_with(&whole) {
        std::fs::copy(&path, damaged_name(&path)).map_err(io_error("keep the damaged", &path))?;
    }
    write_whole(&path, &[&whole])
}

/// Every readable checkpoint of a log, oldest first.
pub fn read_checkpoints(dir: &Path) -> Result<Vec<SignedCheckpoint>, LogError> {
    Ok(read_file(dir)?.0)
}

/// The checkpoints as their writer holds them.
pub(crate) struct CheckpointFile {
    dir: PathBuf,
    log_id: LogId,
    signer: std::sync::Arc<Signer>,
    file: Option<File>,
    len: u64,
}

impl CheckpointFile {
    /// Goes on behind the readable records.
    pub(crate) fn open(dir: &Path, log_id: LogId, signer: std::sync::Arc<Signer>, records: usize) -> Self {
        Self { dir: dir.to_owned(), log_id, signer, file: None, len: (records * RECORD_LEN) as u64 }
    }

    /// The file; every byte of it is in a readable record.
    fn file(&mut self) -> Result<&File, LogError> {
        let path = checkpoint_path(&self.dir);
        match &mut self.file {
            Some(file) => Ok(file),
            none => {
                let file = OpenOptions::new().write(true).create(true).truncate(false).open(&path);
                let file = file.map_err(io_error("open", &path))?;
                sync_dir(&self.dir)?;
                Ok(none.insert(file))
            }
        }
    }

    /// Signs and appends; on the disk when this returns.
    pub(crate) fn append(&mut self, reason: Reason, head: Head, hash: Bytes32) -> Result<(), LogError> {
        let (log_id, public_key) = (self.log_id, self.signer.public_key());
        let mut checkpoint = SignedCheckpoint { reason, log_id, head, hash, public_key, signature: [0; 64] };
        checkpoint.signature = self.signer.sign(&checkpoint.hash_to_sign())?;
        let (path, at) = (checkpoint_path(&self.dir), self.len);
        let file = self.file()?;
        file.write_all_at(&checkpoint.to_bytes(), at).map_err(io_error("append to", &path))?;
        file.sync_data().map_err(io_error("sync", &path))?;
        self.len += RECORD_LEN as u64;
        Ok(())
    }
}
