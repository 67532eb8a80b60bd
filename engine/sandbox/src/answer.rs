//! Requests and answers without a socket.

use crate::frames;
use schemas::UtcNanos;
use serde::Serialize;
use serde_json::{Value, json};

/// A request as the venue sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `POST`, `DELETE`.
    pub method: String,
    /// The path, without query.
    pub path: String,
    /// What follows the `?`, as it was sent.
    pub query: String,
    /// Names in any case.
    pub headers: Vec<(String, String)>,
    /// The exact bytes.
    pub body: Vec<u8>,
}

impl Request {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The first value of a query parameter.
    pub fn param(&self, name: &str) -> Option<String> {
        self.params(name).into_iter().next()
    }

    /// Every value of a query parameter.
    pub fn params(&self, name: &str) -> Vec<String> {
        let pairs = self.query.split('&').filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        pairs.filter(|(key, _)| decoded(key) == name).map(|(_, value)| decoded(value)).collect()
    }

    /// The body as JSON; `None` if it is not.
    pub(crate) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

/// Percent signs and pluses of a query, read. Broken escapes stay as they are.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while let Some(byte) = bytes.get(i) {
        let escape = bytes.get(i + 1..i + 3).and_then(|d| std::str::from_utf8(d).ok());
        let value = escape.filter(|_| *byte == b'%').and_then(|d| u8::from_str_radix(d, 16).ok());
        match (byte, value) {
            (_, Some(value)) => {
                out.push(value);
                i += 2;
            }
            (b'+', _) => out.push(b' '),
            _ => out.push(*byte),
        }
        i += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// What is sent back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Beside the content type, which is always JSON.
    pub headers: Vec<(&'static str, String)>,
    /// JSON.
    pub body: String,
}

impl Response {
    /// 200 with this.
    pub(crate) fn ok(body: &impl Serialize) -> Self {
        Self { status: 200, headers: Vec::new(), body: frames::text(body) }
    }

    /// An error in the venue's form.
    pub(crate) fn error(status: u16, text: &str) -> Self {
        Self { status, headers: Vec::new(), body: json!({ "error": text }).to_string() }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }

    pub(crate) fn bad(text: &str) -> Self {
        Self::error(400, text)
    }

    pub(crate) fn missing(text: &str) -> Self {
        Self::error(404, text)
    }
}

/// What becomes of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Answered at once.
    Now(Response),
    /// Done now, answered only then.
    Later {
        /// When the answer leaves.
        at: UtcNanos,
        /// The answer.
        response: Response,
    },
    /// Never answered: the client runs into its time-out.
    Never(Loss),
}

/// Why there is no answer. The client cannot tell these apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// The venue did it; only its answer is lost.
    Answer,
    /// It never arrived.
    Request,
    /// It arrives later, when nobody waits for the answer any more.
    Late {
        /// When.
        arrives: UtcNanos,
    },
}

impl Answer {
    /// The response, whenever it leaves; `None` if there is none.
    pub fn response(&self) -> Option<&Response> {
        match self {
            Self::Now(response) | Self::Later { response, .. } => Some(response),
            Self::Never(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_read() {
        let request = Request { query: "a=1&b=x%20y+z&a=2&c=%zz&d".to_owned(), ..Request::default() };
        assert_eq!(request.params("a"), ["1", "2"]);
        assert_eq!(request.param("b").as_deref(), Some("x y z"));
        assert_eq!(request.param("c").as_deref(), Some("%zz"));
        assert_eq!((request.param("d").as_deref(), request.param("e")), (Some(""), None));
    }
}
