//! A conversation with the venue before or beside a running engine: one question at a time, each waited for.

use crate::config::AppConfig;
use crate::exit::{Code, Failure};
use polymarket::auth::Headers;
use std::time::Duration;
use venues::net::Net;
use venues::wire::{Answer, Ask, Call, CallId, Host, Method, NoAnswer, Tell};

/// How long the venue may take to answer, ms.
const TIMEOUT_MS: u64 = 10_000;
/// The network's own patience comes first; this is for a network that is gone.
const PATIENCE: Duration = Duration::from_millis(TIMEOUT_MS + 5_000);
/// Names of questions are this and above, below those of every feed: an engine that takes the network over knows none of them.
const FIRST_CALL: u64 = 1 << 62;

/// The conversation.
pub(super) struct Talk {
    net: Net,
    last: u64,
    /// The address of the order book.
    pub clob_url: String,
}

impl Talk {
    /// Starts the network.
    pub fn start(config: &AppConfig) -> Result<Self, Failure> {
        let net = Net::start(&config.hosts()).map_err(|e| Failure::new(Code::Config, e.to_string()))?;
        Ok(Self { net, last: FIRST_CALL, clob_url: config.venue.clob_url.clone() })
    }

    /// The network, for an engine.
    pub fn into_net(self) -> Net {
        self.net
    }

    /// The network, to listen to.
    pub fn net(&self) -> &Net {
        &self.net
    }

    /// Puts a question without waiting: its answer comes by its name.
    pub fn put(&mut self, host: Host, method: Method, target: &str, headers: Option<Headers>, body: Vec<u8>) -> CallId {
        self.last += 1;
        let id = CallId(self.last);
        let target = target.to_owned();
        self.net.ask(Ask::Call(Call { id, host, method, target, headers, body, timeout_ms: TIMEOUT_MS }));
        id
    }

    /// Asks, and waits. What else is heard meanwhile is nobody's.
    pub fn ask(
        &mut self,
        host: Host,
        method: Method,
        target: &str,
        headers: Option<Headers>,
        body: Vec<u8>,
    ) -> Result<Answer, NoAnswer> {
        let id = self.put(host, method, target, headers, body);
        loop {
            match self.net.tells().recv_timeout(PATIENCE) {
                Ok(Tell::Answer(found, answer)) if found == id => return answer,
                Ok(_) => {}
                Err(_) => return Err(NoAnswer::Lost("the venue did not answer in time".to_owned())),
            }
        }
    }

    /// An answer to an open question, which must be 200.
    pub fn get(&mut self, host: Host, target: &str) -> Result<String, Failure> {
        good(self.ask(host, Method::Get, target, None, Vec::new()), target)
    }
}

/// The body of an answer that is good.
pub(super) fn good(answer: Result<Answer, NoAnswer>, what: &str) -> Result<String, Failure> {
    let path = what.split_once('?').map_or(what, |(path, _)| path);
    match answer {
        Ok(answer) if answer.status == 200 => Ok(answer.body),
        Ok(answer) => Err(Failure::new(Code::Error, format!("the venue answers {path} with {}", refusal(&answer)))),
        Err(e) => Err(unreachable(&e)),
    }
}

/// A refusal in the venue's words, which are untrusted and may be long.
pub(super) fn refusal(answer: &Answer) -> String {
    let said = serde_json::from_str::<serde_json::Value>(&answer.body).ok();
    let said = said.as_ref().and_then(|v| v.get("error")).and_then(|v| v.as_str());
    match said {
        Some(text) => {
            let text: String = text.chars().take(200).collect();
            format!("status {}: {}", answer.status, console::output::plain(&text))
        }
        None => format!("status {}", answer.status),
    }
}

/// No answer ends a command.
pub(super) fn unreachable(e: &NoAnswer) -> Failure {
    Failure::new(Code::Error, format!("the venue cannot be reached: {e}"))
        .next("`arena doctor` names the cause: the name, the connection, TLS or the answer")
}
