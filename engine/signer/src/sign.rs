//! What an engine asks of a signer, wherever the key is.

use crate::ledger::LedgerError;
use crate::policy::Refusal;
use crate::request::{SignedTx, SigningDomainRequest, TxRequest};
use polymarket::{Address, Order, Signature65};
use std::path::PathBuf;

/// Signs what its policy allows. The same request gives the same bytes, whoever answers it.
pub trait OrderSigner: Send + Sync {
    /// The key's own account.
    fn address(&self) -> Address;

    /// Signs an order: 65 bytes, or the 317 of a nested signature for a deposit wallet. Counts it for the day.
    fn sign_order(&self, order: &Order, request: &SigningDomainRequest) -> Result<Vec<u8>, SignError>;

    /// Signs a login (L1), which makes or gets API credentials. The time is in Unix seconds, and about now.
    fn sign_l1(&self, timestamp_s: u64, nonce: u64) -> Result<Signature65, SignError>;

    /// Signs a transaction of the key's own account.
    fn sign_tx(&self, tx: &TxRequest) -> Result<SignedTx, SignError>;
}

/// Nothing was signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The policy forbids it. Asking again changes nothing.
    #[error("refused by the signer's policy ({rule}): {refusal}", refusal = .0, rule = .0.rule())]
    Refused(#[from] Refusal),
    /// The signer process refused it, by this rule of its policy.
    #[error("refused by the signer's policy ({rule}): {why}")]
    RefusedThere {
        /// The rule's name.
        rule: String,
        /// Its words, escaped.
        why: String,
    },
    /// The day's sums cannot be kept. No order is signed before that is mended.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The venue has no such contract on this chain.
    #[error(transparent)]
    Chain(#[from] polymarket::ChainError),
    /// A signature that no transaction can carry.
    #[error(transparent)]
    Signature(#[from] polymarket::tx::RecoveryError),
    /// The signer process does not answer. It may have counted the request; asking again gives the same signature and
    /// counts it again.
    #[error("the signer at {} does not answer: {source}", path.display())]
    Unreachable {
        /// Its socket.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The signer process answered something else.
    #[error("the signer at {} answered what was not asked: {reason}", path.display())]
    Protocol {
        /// Its socket.
        path: PathBuf,
        /// What.
        reason: String,
    },
    /// The signer process failed, in its own words.
    #[error("the signer failed: {why}")]
    FailedThere {
        /// Its words, escaped.
        why: String,
    },
    /// Another thread died while it signed.
    #[error("the signer's state is unknown after a failure; restart it")]
    Poisoned,
}

impl SignError {
    /// The policy's rule that forbids it, if that is why.
    pub fn rule(&self) -> Option<&str> {
        match self {
            Self::Refused(refusal) => Some(refusal.rule()),
            Self::RefusedThere { rule, .. } => Some(rule),
            _ => None,
        }
    }

    /// What to do next, if there is something.
    pub fn next_step(&self) -> Option<String> {
        match self {
            Self::Refused(_) | Self::RefusedThere { .. } => {
                Some("if it is meant, change the policy file and restart the signer".to_owned())
            }
            Self::Ledger(e) => e.next_step(),
            Self::Unreachable { .. } => Some("start it: `arena signer`, or look at its own log".to_owned()),
            _ => None,
        }
    }
}
