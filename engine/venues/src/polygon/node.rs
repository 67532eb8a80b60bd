//! One node, asked one thing at a time.

use super::error::RpcError;
use crate::http::{client, endpoint, escaped, shown};
use polymarket::{Address, Chain, from_hex, hex};
use reqwest::{Client, Url};
use serde_json::{Value, json};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Longest answer that is read, bytes.
const ANSWER_LEN_MAX: usize = 1 << 20;

/// A node of the chain. `Debug` shows its host alone.
pub struct Node {
    client: Client,
    url: Url,
    host: String,
    asked: AtomicU64,
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Node({})", self.host)
    }
}

impl Node {
    /// The node at `url`: https, or http on this machine. Each question has `timeout` for its answer.
    pub fn new(url: &str, timeout: Duration) -> Result<Self, RpcError> {
        let url = endpoint(url)?;
        Ok(Self { client: client(timeout)?, host: shown(&url), url, asked: AtomicU64::new(1) })
    }

    /// Scheme and host: what may be shown of its address.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The chain that it is on.
    pub async fn chain_id(&self) -> Result<u64, RpcError> {
        self.number("eth_chainId", json!([])).await
    }

    /// Fails unless it is on this chain. Ask before anything else: addresses are the same on many chains.
    pub async fn check_chain(&self, chain: &Chain) -> Result<(), RpcError> {
        match self.chain_id().await? {
            found if found == chain.id => Ok(()),
            found => Err(RpcError::WrongChain { host: self.host.clone(), expected: chain.id, found }),
        }
    }

    /// What a contract answers to a call, as of the newest block.
    pub async fn call(&self, to: Address, data: &[u8]) -> Result<Vec<u8>, RpcError> {
        self.bytes("eth_call", json!([{ "to": to, "data": hex(data) }, "latest"])).await
    }

    /// Whether there is a contract at this address.
    pub async fn has_code(&self, address: Address) -> Result<bool, RpcError> {
        Ok(!self.bytes("eth_getCode", json!([address, "latest"])).await?.is_empty())
    }

    /// A number of at most 64 bits.
    pub(super) async fn number(&self, method: &'static str, params: Value) -> Result<u64, RpcError> {
        let wide = self.wide_number(method, params).await?;
        u64::try_from(wide).map_err(|_| self.bad(method, "a number that is too large"))
    }

    /// A number of at most 128 bits.
    pub(super) async fn wide_number(&self, method: &'static str, params: Value) -> Result<u128, RpcError> {
        let result = self.ask(method, params).await?;
        quantity(&result).ok_or_else(|| self.bad(method, "not a number"))
    }

    pub(super) async fn bytes(&self, method: &'static str, params: Value) -> Result<Vec<u8>, RpcError> {
        let result = self.ask(method, params).await?;
        let text = result.as_str().filter(|t| t.starts_with("0x"));
        text.and_then(from_hex).ok_or_else(|| self.bad(method, "not bytes in hex"))
    }

    pub(super) fn bad(&self, method: &'static str, reason: &str) -> RpcError {
        RpcError::BadAnswer { host: self.host.clone(), method, reason: reason.to_owned() }
    }

    /// Asks, and returns the member `result`.
    pub(super) async fn ask(&self, method: &'static str, params: Value) -> Result<Value, RpcError> {
        let id = self.asked.fetch_add(1, Ordering::Relaxed);
        let body = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string();
        let request = self.client.post(self.url.clone()).header("content-type", "application/json").body(body);
        let mut response = request.send().await.map_err(|e| self.failed(method, e))?;
        let status = response.status();
        let mut text = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|e| self.failed(method, e))? {
            if text.len() + chunk.len() > ANSWER_LEN_MAX {
                return Err(self.bad(method, "more than 1 MiB"));
            }
            text.extend_from_slice(&chunk);
        }
        let answer: Option<Value> = serde_json::from_slice(&text).ok();
        // Some nodes send their refusal with an HTTP error; it says more than the status.
        if let Some(error) = answer.as_ref().and_then(|a| a.get("error")).filter(|e| e.is_object()) {
            return Err(RpcError::Refused {
                host: self.host.clone(),
                method,
                code: error["code"].as_i64().unwrap_or_default(),
                message: escaped(error["message"].as_str().unwrap_or("it does not say why")),
            });
        }
        if !status.is_success() {
            return Err(RpcError::Status { host: self.host.clone(), method, status: status.as_u16() });
        }
        let mut answer = answer.ok_or_else(|| self.bad(method, "not JSON"))?;
        if answer["id"] != json!(id) {
            return Err(self.bad(method, "the answer to another question"));
        }
        answer.get_mut("result").map(Value::take).ok_or_else(|| self.bad(method, "no result"))
    }

    fn failed(&self, method: &'static str, e: reqwest::Error) -> RpcError {
        let host = self.host.clone();
        match e.is_timeout() {
            true => RpcError::Timeout { host, method },
            false => RpcError::Unreachable { host, method, reason: causes(&e.without_url()) },
        }
    }
}

/// An error and what caused it: the outermost says little.
fn causes(e: &dyn std::error::Error) -> String {
    let mut text = e.to_string();
    let mut cause = e.source();
    while let Some(inner) = cause {
        text = inner.to_string();
        cause = inner.source();
    }
    escaped(&text)
}

/// A number as Ethereum's JSON has it: `0x` and hex digits without leading zeros. Leading zeros are let pass.
pub(super) fn quantity(value: &Value) -> Option<u128> {
    let digits = value.as_str()?.strip_prefix("0x")?;
    let plain = !digits.is_empty() && digits.len() <= 64 && digits.bytes().all(|b| b.is_ascii_hexdigit());
    if !plain {
        return None;
    }
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() { Some(0) } else { u128::from_str_radix(digits, 16).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_nodes() {
        for (text, number) in [("0x0", Some(0)), ("0x89", Some(137)), ("0x0089", Some(137)), ("0x", None), ("89", None)]
        {
            assert_eq!(quantity(&json!(text)), number, "{text}");
        }
        for bad in [json!("0x-1"), json!("0x+1"), json!(137), json!(null), json!(format!("0x1{}", "0".repeat(32)))] {
            assert_eq!(quantity(&bad), None, "{bad}");
        }
        assert_eq!(quantity(&json!(format!("0x{}", "f".repeat(32)))), Some(u128::MAX));
    }

    #[test]
    fn only_the_host_is_shown() {
        let node = Node::new("https://host.example/v2/SECRET", Duration::from_secs(1)).unwrap();
        assert_eq!(format!("{node:?}"), "Node(https://host.example)");
        let error = Node::new("http://host.example/SECRET", Duration::from_secs(1)).unwrap_err();
        assert!(!error.to_string().contains("SECRET") && !error.may_have_arrived());
    }
}
