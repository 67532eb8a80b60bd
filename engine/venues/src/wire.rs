//! What is asked of the network, and what it tells, whichever venue it is about. The network itself decides nothing.

use polymarket::auth::{Headers, Secret};
use std::fmt;

/// Names a request until it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CallId(pub u64);

/// Which host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Host {
    /// Polymarket's order book.
    Clob,
    /// Polymarket's catalogue of markets.
    Gamma,
    /// Polymarket's positions and history.
    Data,
    /// Kalshi's market data.
    Kalshi,
    /// Manifold.
    Manifold,
}

/// How a path is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    /// Reads.
    Get,
    /// Makes something.
    Post,
    /// Takes something back.
    Delete,
}

impl Method {
    /// As HTTP writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Delete => "DELETE",
        }
    }
}

/// A request, complete.
#[derive(Clone)]
pub struct Call {
    /// Its name.
    pub id: CallId,
    /// To whom.
    pub host: Host,
    /// How.
    pub method: Method,
    /// Path and query.
    pub target: String,
    /// Headers of a private request.
    pub headers: Option<Headers>,
    /// The exact bytes of the body; empty for none.
    pub body: Vec<u8>,
    /// How long an answer is waited for, ms.
    pub timeout_ms: u64,
}

impl fmt::Debug for Call {
    /// Names of headers at most, and of bodies the length: some hold what nobody may read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, host, method, target, headers, body, timeout_ms } = self;
        let mut shown = f.debug_struct("Call");
        shown.field("id", id).field("host", host).field("method", method).field("target", target);
        shown.field("headers", headers).field("body_len", &body.len()).field("timeout_ms", timeout_ms).finish()
    }
}

/// Names a websocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Socket {
    /// Our orders and trades at Polymarket.
    User,
    /// Polymarket's market data; a socket carries a limited number of tokens, so there are several.
    Market(u16),
    /// Kalshi's market data.
    Kalshi,
}

/// What to ask for.
#[derive(Clone, Debug)]
pub enum Ask {
    /// Send a request.
    Call(Call),
    /// Open a websocket.
    Open(Socket),
    /// Open a websocket whose handshake carries headers: who asks, and a signature.
    OpenSigned(Socket, Headers),
    /// Send a text on it.
    Say(Socket, Secret),
    /// Close it.
    Close(Socket),
}

/// An answer to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Its headers.
    pub headers: Vec<(String, String)>,
    /// Its body. What is not UTF-8 is replaced: such a body is not understood in any case.
    pub body: String,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// Nothing has left this machine.
    #[error("not sent: {0}")]
    NotSent(String),
    /// It may have arrived.
    #[error("no answer: {0}")]
    Lost(String),
}

/// What the network tells.
#[derive(Clone, Debug)]
pub enum Tell {
    /// A request is answered, or will not be.
    Answer(CallId, Result<Answer, NoAnswer>),
    /// A websocket is open.
    Opened(Socket),
    /// It said something.
    Text(Socket, String),
    /// It is gone.
    Closed(Socket, String),
}
