//! The wallet's key: at rest, in use, and in a process of its own.
//!
//! - [`keystore`]: encrypted files, and the other places a key may come from.
//! - [`hardening`]: what a process does before it reads a key.
//! - [`policy`]: what may be signed; pure.
//! - [`LocalSigner`]: a key, a policy and the day's sums in this process.
//! - [`Server`] and [`RemoteSigner`]: the same behind a unix socket, so that the engine never holds the key.
//!
//! A signer computes every digest itself, from typed fields. There is no way to have a digest signed.

pub mod clock;
mod error;
pub mod hardening;
mod key;
pub mod keystore;
pub mod ledger;
mod local;
pub mod policy;
mod private_file;
mod remote;
mod request;
mod secret;
mod server;
mod sign;
mod transaction;
mod wire;

pub use error::KeyError;
pub use key::WalletKey;
pub use local::LocalSigner;
pub use policy::{Policy, PolicyFile, Refusal};
pub use remote::RemoteSigner;
pub use request::{Allowance, Call, Dollar, SignedTx, SigningDomainRequest, TokenLedger, TxRequest};
pub use secret::{PASSWORD_LEN_MIN, Password};
pub use server::{Server, ServerError, Stopper};
pub use sign::{OrderSigner, SignError};
