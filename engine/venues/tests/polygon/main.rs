//! The client against a node on loopback that decodes what it is sent.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod faults;
mod peer;
mod reading;
mod rlp;
mod sending;
mod world;

use peer::Peer;
use polymarket::Address;
use std::time::Duration;
use venues::polygon::Node;

/// Account 0 of Anvil, known to everybody.
const OWNER: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";

fn owner() -> Address {
    OWNER.parse().unwrap()
}

/// Runs something with a client of the peer; each question has a second.
fn with_node<T>(peer: &Peer, work: impl AsyncFnOnce(&Node) -> T) -> T {
    let node = Node::new(&peer.url, Duration::from_secs(1)).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(work(&node))
}
