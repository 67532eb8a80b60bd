//! The chain that holds the money: a small JSON-RPC client for Polygon (polymarket.md section 10; the methods are those of
//! the Ethereum execution API).
//!
//! Reads balances and permissions, asks for what a transaction needs, sends signed bytes and waits for their receipt. It
//! has no key and signs nothing. What a node says is input from outside: sizes are bounded, numbers checked, words escaped.
//! An address of a node can hold a key, so only its host is ever shown.

mod account;
mod error;
mod node;
mod transaction;

pub use account::{Balances, Held, Permission, Purpose, permissions_for};
pub use error::RpcError;
pub use node::Node;
pub use transaction::{Fees, Receipt};
