//! Why the chain could not be asked, and what that means for what was sent.

use crate::http::HttpError;
use schemas::Bytes32;

/// The node did not give a usable answer.
#[derive(Debug, thiserror::Error)]
pub enum RpcError {
    /// It cannot be asked at all.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// It did not answer in time.
    #[error("{host} did not answer {method} in time")]
    Timeout {
        /// Which node.
        host: String,
        /// What was asked.
        method: &'static str,
    },
    /// It cannot be reached, or the connection broke.
    #[error("{host} cannot be reached for {method}: {reason}")]
    Unreachable {
        /// Which node.
        host: String,
        /// What was asked.
        method: &'static str,
        /// What the library said.
        reason: String,
    },
    /// It answered with an HTTP error.
    #[error("{host} answered {method} with HTTP status {status}{}", hint(*status))]
    Status {
        /// Which node.
        host: String,
        /// What was asked.
        method: &'static str,
        /// The status.
        status: u16,
    },
    /// Its answer makes no sense.
    #[error("{host} answered {method} with something else: {reason}")]
    BadAnswer {
        /// Which node.
        host: String,
        /// What was asked.
        method: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// It refused, in its own words.
    #[error("{host} refused {method}: {message} (code {code})")]
    Refused {
        /// Which node.
        host: String,
        /// What was asked.
        method: &'static str,
        /// The code of JSON-RPC.
        code: i64,
        /// Its words, escaped and cut.
        message: String,
    },
    /// It is on another chain.
    #[error("{host} is on chain {found}, the configuration says {expected}")]
    WrongChain {
        /// Which node.
        host: String,
        /// The configured chain.
        expected: u64,
        /// The node's.
        found: u64,
    },
    /// A contract is not known on this chain.
    #[error(transparent)]
    Contract(#[from] polymarket::ChainError),
    /// No receipt within the time.
    #[error("the transaction 0x{hash} has no receipt after {seconds} s; it can still be included")]
    NoReceipt {
        /// Its hash.
        hash: Bytes32,
        /// How long was waited.
        seconds: u64,
    },
}

fn hint(status: u16) -> &'static str {
    match status {
        401 | 403 => ": it wants a key, or another one",
        429 => ": too many requests; use a node of your own",
        300..=399 => ": it points elsewhere, which is not followed",
        _ => "",
    }
}

impl RpcError {
    /// After sending a transaction: whether the chain may have it all the same. Then ask for its receipt; never sign
    /// another one in its place under a new nonce.
    pub fn may_have_arrived(&self) -> bool {
        match self {
            Self::Http(_) | Self::WrongChain { .. } | Self::Contract(_) => false,
            Self::Refused { message, .. } => {
                let message = message.to_ascii_lowercase();
                ["already known", "known transaction", "nonce too low", "already imported"]
                    .iter()
                    .any(|m| message.contains(m))
            }
            Self::Timeout { .. }
            | Self::Unreachable { .. }
            | Self::Status { .. }
            | Self::BadAnswer { .. }
            | Self::NoReceipt { .. } => true,
        }
    }

    /// Whether the node ran the call and the contract turned it down.
    pub fn is_revert(&self) -> bool {
        matches!(self, Self::Refused { code, message, .. } if *code == 3 || message.contains("revert"))
    }
}
