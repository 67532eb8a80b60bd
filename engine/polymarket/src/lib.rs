//! Polymarket's protocol as pure functions and types: everything that can be said without a socket, a clock or a draw.
//!
//! Times, salts, nonces and keys come in as arguments; what goes out is bytes, texts and typed values. So an order's id
//! is known, and its bytes can be in the log, before anything is sent; and whoever checks a signature reads the
//! protocol with the same code as whoever made it. Amounts are integers in millionths; floats do not occur.
//!
//! # Sources
//!
//! "The protocol notes" are the project's own, of 2026-11-22. Their sections are from the official clients
//! (polymarket-client 0.14.0, py-clob-client-v2 1.2.1, @polymarket/clob-client-v2 1.1.0, polymarket_client_sdk_v2
//! 0.9.0), run or read, from docs.polymarket.com, and where marked from the adapter guide of nautilus_trader:
//!
//! | rule | where | section | from |
//! |---|---|---|---|
//! | generations, unknown versions | [`Generation`] | 1 | docs, SDK source |
//! | addresses | [`Chain`] | 2 | SDK tables, docs |
//! | order, domain, id | [`Order`], [`Domain`] | 3.1 | vectors of three clients; EIP-712 |
//! | signatures | [`order_signature`], [`verify_order`] | 3.2, 3.4 | vectors; RFC 6979, ERC-7739 |
//! | wallets | [`wallet`] | 3.3 | vectors; EIP-1014 |
//! | ticks, amounts, minimums | [`amounts`] | 3.5 | vectors; docs |
//! | order types, body | [`Terms`], [`post_body`] | 3.6, 3.7 | vectors |
//! | L1 and L2 | [`auth`] | 4 | vectors |
//! | answers, errors, limits | [`wire::rest`] | 5 | docs; nautilus (outcome classes) |
//! | websockets, book hash | [`wire::market`], [`wire::user`], [`book_hash`] | 6 | samples parsed by the SDK; recorded books |
//! | catalogue | [`wire::gamma`] | 7 | recorded objects; SDK source |
//! | positions, trades | [`wire::data`] | 8 | SDK source |
//! | fees | [`amounts::fee`] | 9 | docs, vectors |
//! | calls, transactions | [`calldata`], [`tx`] | 10 | vectors; Solidity ABI, EIP-155, EIP-1559 |
//!
//! Nothing here was tried on the live venue. What only a live account can settle stays configurable: signature type,
//! maker and signer of an order, and how fees are rounded.

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
mod posted;
mod signature;
pub mod token;
pub mod tx;
pub mod wallet;
pub mod wire;

pub use address::{Address, AddressError};
pub use book_hash::{book_hash, preimage};
pub use chain::{Chain, ChainError, Contract, Generation, GenerationError};
pub use hex::{from_hex, hex};
pub use order::{Domain, ORDER_TYPE, Order, OrderError, SALT_END, SignatureType};
pub use post::{BATCH_MAX, CANCEL_MAX, GTD_EARLY_S, GTD_LEAD_S, OrderType, Terms, post_batch_body, post_body};
pub use posted::{Posted, PostedError, read_post_batch_body, read_post_body};
pub use signature::{
    NESTED_LEN, SignDigest, Signature65, SignatureError, address_of, assemble, order_signature, recover,
    signing_digest, verify_order,
};
