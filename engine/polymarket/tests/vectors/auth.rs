//! Signatures of requests.

use super::ledger::{Ledger, bytes, key, text};
use polymarket::auth::{Credentials, Secret, l1_digest, l1_headers, l1_verify, l2_headers, l2_signature, l2_verify};
use polymarket::{Address, SignDigest};

pub fn l1(ledger: &mut Ledger) {
    let key = key(ledger.field("private_key"));
    ledger.each("vectors", |vector, i| {
        let address: Address = text(vector, "address").parse().unwrap();
        assert_eq!(key.address(), address, "{i}");
        let number = |key: &str| vector[key].as_u64().unwrap();
        let (chain, time, nonce) = (number("chain_id"), number("timestamp"), number("nonce"));
        let digest = l1_digest(chain, &address, time, nonce);
        assert_eq!(format!("0x{digest}"), text(vector, "digest"), "{i}");
        let signature = key.sign(&digest).unwrap();
        assert_eq!(signature.0.as_slice(), bytes(vector, "signature"), "{i}");
        let headers = l1_headers(&address, &signature, time, nonce);
        let expected = vector["headers"].as_object().unwrap();
        assert_eq!(headers.iter().count(), expected.len(), "{i}");
        for (name, value) in expected {
            assert_eq!(headers.get(name), value.as_str(), "{i} {name}");
        }
        assert_eq!(l1_verify(chain, &address, time, nonce, &signature), Ok(()), "{i}");
        assert!(l1_verify(chain, &address, time, nonce + 1, &signature).is_err(), "{i}");
        true
    });
}

pub fn l2(ledger: &mut Ledger) {
    ledger.each("vectors", |vector, i| {
        let secret = Secret::new(text(vector, "secret").to_owned());
        let (time, method, path) =
            (vector["timestamp"].as_u64().unwrap(), text(vector, "method"), text(vector, "path"));
        let body = vector["body"].as_str().map(str::as_bytes);
        let expected = text(vector, "signature");
        assert_eq!(l2_signature(&secret, time, method, path, body).unwrap(), expected, "{i}");
        let with_query = format!("{path}?next_cursor=MA==");
        assert_eq!(
            l2_signature(&secret, time, method, &with_query, body).unwrap(),
            expected,
            "{i}: the query is not signed"
        );
        assert_eq!(l2_verify(&secret, time, method, path, body, expected), Ok(true), "{i}");
        assert_eq!(l2_verify(&secret, time + 1, method, path, body, expected), Ok(false), "{i}");
        let credentials = Credentials { api_key: "id".to_owned(), secret, passphrase: Secret::new("pass".to_owned()) };
        let headers = l2_headers(&credentials, &Address::ZERO, time, method, path, body).unwrap();
        assert_eq!(headers.get("POLY_SIGNATURE"), Some(expected), "{i}");
        assert_eq!((headers.get("POLY_API_KEY"), headers.get("POLY_PASSPHRASE")), (Some("id"), Some("pass")));
        true
    });
    // Two clients sign an apostrophe as a quotation mark. We sign what is sent, and accept both.
    ledger.one("quirk", |quirk| {
        let secret = Secret::new(text(quirk, "secret").to_owned());
        let (time, method, path) = (quirk["timestamp"].as_u64().unwrap(), text(quirk, "method"), text(quirk, "path"));
        let body = Some(text(quirk, "body").as_bytes());
        let exact = text(quirk, "signature_exact_bytes_polymarket_client");
        let replaced = text(quirk, "signature_quote_replaced_py_clob_client_v2");
        assert_eq!(l2_signature(&secret, time, method, path, body).unwrap(), exact);
        for (signature, good) in [(exact, true), (replaced, true), ("AAAA", false), ("'", false)] {
            assert_eq!(l2_verify(&secret, time, method, path, body, signature), Ok(good), "{signature}");
        }
    });
}
