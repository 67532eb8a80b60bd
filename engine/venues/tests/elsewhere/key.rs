//! The API key: what it signs can be verified, and nobody else may read it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use polymarket::auth::Headers;
use rustls::SignatureScheme;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use schemas::UtcNanos;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use venues::kalshi::{ApiKey, KeyError, SignsHandshake};

/// A copy of one of the keys with these permissions.
pub fn key_file(dir: &tempfile::TempDir, name: &str, mode: u32) -> PathBuf {
    let from = format!("{}/tests/elsewhere/key/{name}", env!("CARGO_MANIFEST_DIR"));
    let to = dir.path().join(name);
    std::fs::write(&to, std::fs::read(from).unwrap()).unwrap();
    std::fs::set_permissions(&to, std::fs::Permissions::from_mode(mode)).unwrap();
    to
}

/// Whether these bytes are the key's RSA-PSS-SHA256 signature of a text.
pub fn is_signed(text: &str, signature: &[u8]) -> bool {
    let pem = include_bytes!("key/pkcs1.pem");
    let key = rustls::crypto::ring::sign::any_supported_type(&PrivateKeyDer::from_pem_slice(pem).unwrap()).unwrap();
    let spki = key.public_key().unwrap();
    // Of a 2048-bit key: 24 bytes say what kind of key follows.
    let public = &spki.as_ref()[24..];
    let provider = rustls::crypto::ring::default_provider();
    let known = provider.signature_verification_algorithms.mapping;
    let (_, algorithms) = known.iter().find(|(scheme, _)| *scheme == SignatureScheme::RSA_PSS_SHA256).unwrap();
    algorithms.iter().any(|algorithm| algorithm.verify_signature(public, text.as_bytes(), signature).is_ok())
}

/// Whether a handshake is signed by the key, for its own timestamp.
pub fn is_good(header: impl Fn(&str) -> Option<String>) -> bool {
    let Some(time) = header("KALSHI-ACCESS-TIMESTAMP") else { return false };
    let Some(signature) = header("KALSHI-ACCESS-SIGNATURE").and_then(|text| STANDARD.decode(text).ok()) else {
        return false;
    };
    header("KALSHI-ACCESS-KEY").as_deref() == Some("test-key")
        && is_signed(&format!("{time}GET/trade-api/ws/v2"), &signature)
}

#[test]
fn both_forms_of_a_key_sign_and_the_signature_is_verified() {
    let dir = tempfile::tempdir().unwrap();
    let now = UtcNanos::from_millis(1_780_272_000_123).unwrap();
    for name in ["pkcs1.pem", "pkcs8.pem"] {
        let key = ApiKey::load("test-key", &key_file(&dir, name, 0o600)).unwrap();
        let headers: Headers = key.headers(now).unwrap();
        assert_eq!(headers.get("KALSHI-ACCESS-TIMESTAMP"), Some("1780272000123"));
        assert!(is_good(|name| headers.get(name).map(str::to_owned)), "{name}");
        let signature = STANDARD.decode(headers.get("KALSHI-ACCESS-SIGNATURE").unwrap()).unwrap();
        assert!(!is_signed("1780272000124GET/trade-api/ws/v2", &signature), "another moment");
        // The salt is drawn anew each time.
        assert_ne!(headers.get("KALSHI-ACCESS-SIGNATURE"), key.headers(now).unwrap().get("KALSHI-ACCESS-SIGNATURE"));
        assert_eq!(format!("{key:?}"), "ApiKey(hidden)");
        assert!(!format!("{headers:?}").contains(&STANDARD.encode(&signature)[..16]));
    }
}

#[test]
fn files_that_others_can_read_and_other_keys_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let load = |name: &str, mode| ApiKey::load("test-key", &key_file(&dir, name, mode)).unwrap_err();
    for mode in [0o640, 0o604, 0o660, 0o601] {
        let error = load("pkcs1.pem", mode);
        assert!(matches!(error, KeyError::Open { mode: found, .. } if found == mode), "{error}");
        assert!(error.to_string().contains("chmod 600"), "{error}");
    }
    assert!(load("ec.pem", 0o600).to_string().contains("not an RSA key"));
    let path = dir.path().join("nothing.pem");
    assert!(matches!(ApiKey::load("test-key", &path).unwrap_err(), KeyError::File { .. }));
    let cut = include_str!("key/pkcs1.pem").replace("MII", "");
    for bad in ["", "no key", cut.as_str(), &"x".repeat(70_000)] {
        std::fs::write(&path, bad).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        let error = ApiKey::load("test-key", &path).unwrap_err();
        assert!(matches!(error, KeyError::NoKey { .. }), "{error}");
        assert!(bad.len() < 10 || !error.to_string().contains(&bad[bad.len() - 10..]), "{error}");
    }
    let good = key_file(&dir, "pkcs1.pem", 0o600);
    for id in ["", "a b", "a\r\nX-Other: 1", "é"] {
        assert!(matches!(ApiKey::load(id, &good).unwrap_err(), KeyError::Id), "{id}");
    }
    assert!(matches!(
        ApiKey::load("test-key", dir.path()).unwrap_err(),
        KeyError::NoKey { .. } | KeyError::Open { .. }
    ));
}
