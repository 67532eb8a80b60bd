//! Whether a host can be reached, and if not, at which step it fails: the name, the connection, TLS, or the answer. An error
//! of the HTTP client says "error sending request" to all of them, and each has another remedy.

use crate::http::{self, HttpError, escaped, shown};
use polymarket::wire::rest::{self, Geoblock};
use reqwest::Url;
use std::error::Error;
use std::time::Duration;
use tokio::net::{TcpStream, lookup_host};

/// How long one step of the search for a cause may take.
const STEP_TIMEOUT: Duration = Duration::from_secs(5);
/// More of an answer is not looked at, bytes.
const BODY_MAX: usize = 64 * 1024;

/// A host answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// The HTTP status.
    pub status: u16,
    /// The beginning of its body.
    pub body: String,
}

/// A host did not answer: at which step, and why.
#[derive(Debug, thiserror::Error)]
pub enum Unreachable {
    /// The address cannot be used.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// Its name is not known.
    #[error("the name {host} does not resolve: {reason}")]
    NoName {
        /// The name.
        host: String,
        /// What the resolver said.
        reason: String,
    },
    /// It has an address and takes no connection.
    #[error("{host} takes no connection at port {port}: {reason}")]
    NoConnection {
        /// The name.
        host: String,
        /// The port.
        port: u16,
        /// What the system said.
        reason: String,
    },
    /// It takes connections, and no trust comes about.
    #[error("TLS with {host} fails: {reason}")]
    Tls {
        /// The name.
        host: String,
        /// What the library said.
        reason: String,
    },
    /// It takes connections, and says nothing.
    #[error("{host} takes the connection and does not answer in time")]
    Silent {
        /// The name.
        host: String,
    },
    /// It takes connections, and says something else.
    #[error("{host} takes the connection and does not speak HTTP: {reason}")]
    NoHttp {
        /// The name.
        host: String,
        /// What the library said.
        reason: String,
    },
}

impl Unreachable {
    /// What to do next.
    pub fn next_step(&self) -> &'static str {
        match self {
            Self::Http(_) => "correct the address in the configuration",
            Self::NoName { .. } => "is the name right, and does this machine have a resolver? try `getent hosts NAME`",
            Self::NoConnection { .. } => "is there a firewall or a proxy in between, or is nothing listening there?",
            Self::Tls { .. } => {
                "install the CA certificates (package ca-certificates), and look at this machine's clock"
            }
            Self::Silent { .. } => "try again; if it stays so, look at the venue's status page",
            Self::NoHttp { .. } => "is this the right address, and is no proxy in between?",
        }
    }
}

/// Asks for a path of a host. `address` is its base, as the configuration has it.
pub async fn ask(address: &str, path: &str, timeout: Duration) -> Result<Reached, Unreachable> {
    let base = http::endpoint(address)?;
    let url = http::endpoint(&format!("{}{path}", base.as_str().trim_end_matches('/')))?;
    match http::client(timeout)?.get(url.clone()).send().await {
        Ok(mut response) => {
            let status = response.status().as_u16();
            let mut body = Vec::new();
            while let Ok(Some(chunk)) = response.chunk().await {
                body.extend(chunk.iter().take(BODY_MAX - body.len()));
            }
            Ok(Reached { status, body: String::from_utf8_lossy(&body).into_owned() })
        }
        Err(e) => Err(why(&url, e).await),
    }
}

/// The place of whoever asks, as the venue sees it.
pub async fn geoblock(address: &str, timeout: Duration) -> Result<Geoblock, String> {
    let answer = ask(address, "", timeout).await.map_err(|e| e.to_string())?;
    if answer.status != 200 {
        return Err(format!("the geoblock page answers with status {}", answer.status));
    }
    rest::read(&answer.body).map_err(|e| format!("the geoblock page cannot be read: {e}"))
}

/// Goes the way of the failed request once more, step by step.
async fn why(url: &Url, failed: reqwest::Error) -> Unreachable {
    let host = url.host_str().unwrap_or_default().to_owned();
    let port = url.port_or_known_default().unwrap_or(443);
    let timed_out = failed.is_timeout();
    let reason = deepest(&failed.without_url());
    let plain = host.trim_matches(['[', ']']).to_owned();
    let found = match tokio::time::timeout(STEP_TIMEOUT, lookup_host((plain.as_str(), port))).await {
        Ok(Ok(found)) => found.collect::<Vec<_>>(),
        Ok(Err(e)) => return Unreachable::NoName { host, reason: escaped(&e.to_string()) },
        Err(_) => return Unreachable::NoName { host, reason: "the resolver does not answer".to_owned() },
    };
    let mut refusal = "the name has no address".to_owned();
    let mut connected = false;
    for at in found {
        match tokio::time::timeout(STEP_TIMEOUT, TcpStream::connect(at)).await {
            Ok(Ok(_)) => connected = true,
            Ok(Err(e)) => refusal = e.to_string(),
            Err(_) => refusal = "no answer within 5 s".to_owned(),
        }
        if connected {
            break;
        }
    }
    match connected {
        false => Unreachable::NoConnection { host, port, reason: escaped(&refusal) },
        true if timed_out => Unreachable::Silent { host: shown(url) },
        true if url.scheme() == "https" => Unreachable::Tls { host, reason },
        true => Unreachable::NoHttp { host: shown(url), reason },
    }
}

/// What is at the bottom of an error: the outermost says little.
fn deepest(e: &dyn Error) -> String {
    let mut text = e.to_string();
    let mut cause = e.source();
    while let Some(inner) = cause {
        text = inner.to_string();
        cause = inner.source();
    }
    escaped(&text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    const SOON: Duration = Duration::from_millis(500);

    /// Answers every connection with a text, or keeps it open in silence.
    async fn peer(answer: Option<&'static str>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let mut open = Vec::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                if let Some(answer) = answer {
                    let mut request = [0; 1024];
                    let _ = stream.read(&mut request).await;
                    let _ = stream.write_all(answer.as_bytes()).await;
                } else {
                    open.push(stream);
                }
            }
        });
        at.to_string()
    }

    #[tokio::test]
    async fn each_cause_has_its_own_name() {
        let answering = peer(Some("HTTP/1.1 503 Busy\r\ncontent-length: 2\r\n\r\nno")).await;
        let reached = ask(&format!("http://{answering}/"), "/time", SOON).await.unwrap();
        assert_eq!((reached.status, reached.body.as_str()), (503, "no"));
        let cause = async |address: String| ask(&address, "/time", SOON).await.unwrap_err();
        // Longer than a label may be: no resolver asks anybody for it.
        let unknown = cause(format!("https://{}.invalid", "x".repeat(64))).await;
        assert!(matches!(unknown, Unreachable::NoName { .. }), "{unknown}");
        // A port that was free a moment ago.
        let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let refused = cause(format!("http://{free}")).await;
        assert!(matches!(refused, Unreachable::NoConnection { .. }), "{refused}");
        let tls = cause(format!("https://{}", peer(Some("this is not TLS\r\n\r\n")).await)).await;
        assert!(matches!(tls, Unreachable::Tls { .. }), "{tls}");
        let silent = cause(format!("http://{}", peer(None).await)).await;
        assert!(matches!(silent, Unreachable::Silent { .. }), "{silent}");
        let odd = cause(format!("http://{}", peer(Some("SSH-2.0-x\r\n\r\n")).await)).await;
        assert!(matches!(odd, Unreachable::NoHttp { .. }), "{odd}");
        assert!(matches!(cause("ftp://x".to_owned()).await, Unreachable::Http(_)));
        for e in [unknown, refused, tls, silent, odd] {
            assert!(!e.to_string().is_empty() && !e.next_step().is_empty());
        }
    }

    #[tokio::test]
    async fn places_are_read() {
        let body = "HTTP/1.1 200 OK\r\ncontent-length: 62\r\n\r\n\
                    {\"blocked\":true,\"ip\":\"192.0.2.1\",\"country\":\"US\",\"region\":\"NY\"}";
        let at = peer(Some(body)).await;
        let place = geoblock(&format!("http://{at}/api/geoblock"), SOON).await.unwrap();
        assert!(place.blocked && place.country == "US" && place.region == "NY");
        let at = peer(Some("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")).await;
        assert!(geoblock(&format!("http://{at}/"), SOON).await.unwrap_err().contains("cannot be read"));
    }
}
