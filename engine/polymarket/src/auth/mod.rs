//! Authentication (section 4 of the protocol notes): the wallet's signature that makes API keys (L1), and the key's
//! HMAC on every private request (L2).

mod l1;
mod l2;
mod secret;

pub use l1::{l1_digest, l1_headers, l1_verify};
pub use l2::{Credentials, l2_headers, l2_signature, l2_verify};
pub use secret::{Headers, Secret};

/// Why a request could not be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// The API secret is not base64. The text is not shown.
    #[error("the API secret is not base64url text; derive the API key again")]
    Secret,
}
