//! Polymarket's protocol as pure functions and types.
mod address;
pub mod amounts;
pub mod auth;
mod book_hash;
pub mod calldata;
mod chain;
pub mod hash;
mod hex;
pub mod number;
mod order;
mod post;
mod signature;
pub mod token;
pub mod tx;
pub mod wallet;

pub use address::{Address, AddressError};
pub use book_hash::{book_hash, preimage};
pub use chain::{Chain, ChainError, Contract, Generation, GenerationError};
pub use hex::{from_hex, hex};
pub use order::{Domain, ORDER_TYPE, Order, OrderError, SALT_END, SignatureType};
pub use post::{BATCH_MAX, CANCEL_MAX, GTD_LEAD_S, OrderType, Terms, post_batch_body, post_body};
pub use signature::{
    NESTED_LEN, SignDigest, Signature65, SignatureError, address_of, assemble, order_signature, recover, signing_digest,
    verify_order,
};
