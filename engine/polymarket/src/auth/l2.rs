//! L2: an HMAC with the API key's secret on time, method, path and body.

use super::{AuthError, Headers, Secret};
use crate::Address;
use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// Writes padding, which the venue wants; reads with or without.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What the venue gives for an L1 signature. Only the key, a UUID, may be shown.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
pub struct Credentials {
    /// The key: a UUID. It is also the `owner` of orders.
    #[serde(rename = "apiKey")]
    pub api_key: String,
    /// The HMAC key, as base64url.
    pub secret: Secret,
    /// Sent along with each request.
    pub passphrase: Secret,
}

/// The HMAC of a request before it is finished.
fn mac(
    secret: &Secret,
    timestamp_s: u64,
    method: &str,
    path: &str,
    body: Option<&[u8]>,
) -> Result<Hmac<Sha256>, AuthError> {
    // Some tools write the other alphabet of base64; the bytes are the same.
    let text = Zeroizing::new(secret.expose().trim().replace('+', "-").replace('/', "_"));
    let key = Zeroizing::new(BASE64.decode(text.as_bytes()).map_err(|_| AuthError::Secret)?);
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).map_err(|_| AuthError::Secret)?;
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    mac.update(timestamp_s.to_string().as_bytes());
    mac.update(method.as_bytes());
    mac.update(path.as_bytes());
    mac.update(body.unwrap_or_default());
    Ok(mac)
}

/// The signature of a request. `method` is upper-case; of `path` what follows a `?` is left out; `body` is the exact
/// bytes sent, or nothing.
pub fn l2_signature(
    secret: &Secret,
    timestamp_s: u64,
    method: &str,
    path: &str,
    body: Option<&[u8]>,
) -> Result<String, AuthError> {
    Ok(BASE64.encode(mac(secret, timestamp_s, method, path, body)?.finalize().into_bytes()))
}

/// The five headers of an L2 request. `address` is the account that signed for the API key, whatever wallet trades.
pub fn l2_headers(
    credentials: &Credentials,
    address: &Address,
    timestamp_s: u64,
    method: &str,
    path: &str,
    body: Option<&[u8]>,
) -> Result<Headers, AuthError> {
    let signature = l2_signature(&credentials.secret, timestamp_s, method, path, body)?;
    Ok(Headers::new([
        ("POLY_ADDRESS", address.to_string()),
        ("POLY_SIGNATURE", signature),
        ("POLY_TIMESTAMP", timestamp_s.to_string()),
        ("POLY_API_KEY", credentials.api_key.clone()),
        ("POLY_PASSPHRASE", credentials.passphrase.expose().to_owned()),
    ]))
}

/// Checks a request's signature, in a time that does not depend on where it differs.
///
/// The standalone Python and Rust clients sign the body with each `'` turned into `"`; that is accepted too.
pub fn l2_verify(
    secret: &Secret,
    timestamp_s: u64,
    method: &str,
    path: &str,
    body: Option<&[u8]>,
    signature: &str,
) -> Result<bool, AuthError> {
    let Ok(claimed) = BASE64.decode(signature.as_bytes()) else {
        return Ok(false);
    };
    if mac(secret, timestamp_s, method, path, body)?.verify_slice(&claimed).is_ok() {
        return Ok(true);
    }
    let Some(body) = body.filter(|body| body.contains(&b'\'')) else {
        return Ok(false);
    };
    let quoted: Vec<u8> = body.iter().map(|b| if *b == b'\'' { b'"' } else { *b }).collect();
    Ok(mac(secret, timestamp_s, method, path, Some(&quoted))?.verify_slice(&claimed).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_secret_is_shown() {
        let text =
            r#"{"apiKey":"00000000-0000-0000-0000-000000000001","secret":"CANARYAAAA==","passphrase":"CANARYPASS"}"#;
        let credentials: Credentials = serde_json::from_str(text).unwrap();
        let headers = l2_headers(&credentials, &Address::ZERO, 1, "GET", "/data/orders", None).unwrap();
        assert_eq!(headers.get("poly_passphrase"), Some("CANARYPASS"));
        let shown = format!("{credentials:?} {credentials:#?} {headers:?} {:?}", credentials.secret);
        assert!(!shown.contains("CANARY") && !shown.contains(headers.get("POLY_SIGNATURE").unwrap()), "{shown}");
        assert!(shown.contains("00000000-0000-0000-0000-000000000001") && shown.contains("POLY_PASSPHRASE"));
        let wrong =
            serde_json::from_str::<Credentials>(r#"{"apiKey":"a","secret":"CANARY","passphrase":7}"#).unwrap_err();
        assert!(!wrong.to_string().contains("CANARY"), "{wrong}");
    }

    #[test]
    fn a_secret_that_is_none_is_refused_unseen() {
        let secret = Secret::new("not base64 at all!".to_owned());
        let wrong = l2_signature(&secret, 1, "GET", "/", None).unwrap_err();
        assert_eq!(wrong, AuthError::Secret);
        assert!(!wrong.to_string().contains("at all"));
    }

    #[test]
    fn both_alphabets_padded_or_not() {
        let sign = |text: &str| l2_signature(&Secret::new(text.to_owned()), 1, "GET", "/", None).unwrap();
        assert_eq!(sign("-_-_AA=="), sign("+/+/AA"));
    }
}
