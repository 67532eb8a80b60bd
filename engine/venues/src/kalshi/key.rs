//! The API key that opens the websocket: RSA-PSS with SHA-256 and a salt as long as the digest, by the same library that
//! does TLS. It can read market data and, at the venue, much more: it is kept like a wallet's key, and used for one path.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use polymarket::auth::Headers;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use rustls::sign::SigningKey;
use rustls::{SignatureAlgorithm, SignatureScheme};
use schemas::UtcNanos;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zeroize::{Zeroize, Zeroizing};

/// The only path that is ever signed.
const SIGNED: &str = "GET/trade-api/ws/v2";
/// A key file is a few thousand bytes.
const FILE_LEN_MAX: u64 = 64 << 10;

/// Why there is no key, or no signature. Nothing of the key is in it.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Others may read it.
    #[error("{}: others may read this key (mode {mode:03o}); run: chmod 600 on it", path.display())]
    Open {
        /// Which.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// It is no key of this kind.
    #[error("{}: {reason}; an RSA private key in PEM is expected, as Kalshi hands it out", path.display())]
    NoKey {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: &'static str,
    },
    /// The name of the key cannot be sent.
    #[error("the id of Kalshi's API key is empty or holds something other than letters, digits and '-'")]
    Id,
    /// The library refuses.
    #[error("cannot sign: {0}")]
    Sign(String),
}

/// Signs the handshake of the websocket.
pub trait SignsHandshake: Send {
    /// The headers of a handshake at a moment of the machine's clock.
    fn headers(&self, now: UtcNanos) -> Result<Headers, KeyError>;
}

/// An API key: its public name and its private key.
pub struct ApiKey {
    id: String,
    key: Arc<dyn SigningKey>,
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(hidden)")
    }
}

impl ApiKey {
    /// Reads the private key from a PEM file (PKCS#1 or PKCS#8) that only its owner may read. The file's bytes and the
    /// decoded key are wiped; the numbers inside the library's own key are not, it offers no way.
    pub fn load(id: &str, path: &Path) -> Result<Self, KeyError> {
        if id.is_empty() || id.len() > 100 || !id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return Err(KeyError::Id);
        }
        let pem = read_private(path)?;
        let no_key = |reason| KeyError::NoKey { path: path.to_owned(), reason };
        let mut der = PrivateKeyDer::from_pem_slice(&pem).map_err(|_| no_key("it holds no private key in PEM"))?;
        let key = rustls::crypto::ring::sign::any_supported_type(&der);
        der.zeroize();
        let key = key.map_err(|_| no_key("the key cannot be used"))?;
        if key.algorithm() != SignatureAlgorithm::RSA {
            return Err(no_key("the key is not an RSA key"));
        }
        Ok(Self { id: id.to_owned(), key })
    }
}

fn read_private(path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let failed = |source| KeyError::File { path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    // Of the open file, so that nobody can put another one in its place in between.
    let meta = file.metadata().map_err(failed)?;
    if !meta.is_file() || meta.len() > FILE_LEN_MAX {
        return Err(KeyError::NoKey { path: path.to_owned(), reason: "it is no file of a key's size" });
    }
    let mode = meta.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(KeyError::Open { path: path.to_owned(), mode });
    }
    // As long as it will ever be: growing would leave pieces behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(FILE_LEN_MAX as usize));
    file.take(FILE_LEN_MAX).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

impl SignsHandshake for ApiKey {
    fn headers(&self, now: UtcNanos) -> Result<Headers, KeyError> {
        let failed = |e: &dyn fmt::Display| KeyError::Sign(e.to_string());
        let signer = self
            .key
            .choose_scheme(&[SignatureScheme::RSA_PSS_SHA256])
            .ok_or_else(|| failed(&"the library does not know RSA-PSS with SHA-256"))?;
        let millis = now.as_millis().to_string();
        let signature = signer.sign(format!("{millis}{SIGNED}").as_bytes()).map_err(|e| failed(&e))?;
        Ok(Headers::new([
            ("KALSHI-ACCESS-KEY", self.id.clone()),
            ("KALSHI-ACCESS-TIMESTAMP", millis),
            ("KALSHI-ACCESS-SIGNATURE", STANDARD.encode(signature)),
        ]))
    }
}
