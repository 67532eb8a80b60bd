//! How this crate reaches the outside: one kind of client, with time-outs, without redirects, TLS by rustls and ring.

use reqwest::{Client, Url, redirect};
use std::time::Duration;

/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// An address or a client that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The text is no address for this. It is not repeated: addresses can hold keys.
    #[error("the address cannot be used: {reason}")]
    BadUrl {
        /// Why.
        reason: &'static str,
    },
    /// TLS or the resolver cannot be set up.
    #[error("cannot set up HTTPS: {reason}; are the system's CA certificates installed?")]
    Setup {
        /// What the library said.
        reason: String,
    },
}

/// A client whose requests end after `timeout`. Follows no redirects: nothing here has a reason to be sent elsewhere.
pub fn client(timeout: Duration) -> Result<Client, HttpError> {
    // Fails if a provider is installed already, which then is the one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .timeout(timeout)
        .connect_timeout(CONNECT_TIMEOUT)
        .redirect(redirect::Policy::none())
        .user_agent(concat!("alpha-arena/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|e| HttpError::Setup { reason: e.without_url().to_string() })
}

/// Reads an address: https, or http to this machine.
pub fn endpoint(text: &str) -> Result<Url, HttpError> {
    let url = Url::parse(text).map_err(|_| HttpError::BadUrl { reason: "it is no URL" })?;
    let host = url.host_str().unwrap_or_default();
    let here =
        host == "localhost" || host.trim_matches(['[', ']']).parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback());
    match url.scheme() {
        _ if host.is_empty() => Err(HttpError::BadUrl { reason: "it names no host" }),
        "https" => Ok(url),
        "http" if here => Ok(url),
        "http" => Err(HttpError::BadUrl { reason: "http is for this machine alone; write https" }),
        _ => Err(HttpError::BadUrl { reason: "it must begin with https://" }),
    }
}

/// The part of an address that may be shown: keys are often in its path or query.
pub fn shown(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{}://{host}:{port}", url.scheme()),
        None => format!("{}://{host}", url.scheme()),
    }
}

/// Words from outside as they are shown: short, and without control characters.
pub(crate) fn escaped(text: &str) -> String {
    text.chars().take(300).flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
}

/// A text in a query.
pub fn encoded(text: &str) -> String {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"-_.~".contains(b);
    text.bytes().map(|b| if plain(&b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_https_or_here() {
        for good in ["https://polygon.drpc.org", "http://127.0.0.1:8545/x", "http://localhost:1", "http://[::1]:80"] {
            assert!(endpoint(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "polygon.drpc.org",
            "http://polygon.drpc.org",
            "http://127.0.0.1.evil.org",
            "ftp://x",
            "https://",
            "file:///etc",
        ] {
            assert!(endpoint(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn keys_in_addresses_are_not_shown() {
        let url = endpoint("https://user:pass@host.example:8443/v2/SECRET?key=SECRET#SECRET").unwrap();
        assert_eq!(shown(&url), "https://host.example:8443");
        let error = endpoint("http://host/SECRET").unwrap_err().to_string();
        assert!(!error.contains("SECRET"));
        assert!(client(Duration::from_secs(1)).is_ok());
    }
}
