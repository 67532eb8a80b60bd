//! Transactions, from the numbers they need to their receipt.

use super::peer::{Fault, Peer};
use super::world::{World, at};
use super::{owner, with_node};
use k256::ecdsa::SigningKey;
use polymarket::tx::{Eip1559, Transaction};
use polymarket::{Address, Contract, SignDigest, calldata};
use std::time::Duration;
use venues::polygon::RpcError;

fn key() -> SigningKey {
    let bytes = polymarket::from_hex("0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80").unwrap();
    SigningKey::from_slice(&bytes).unwrap()
}

const FRIEND: Address = Address([0x70; 20]);

fn rich() -> World {
    let mut world = World::polygon();
    world.pol.insert(owner(), 10u128.pow(18));
    world.dollars.insert((at(Contract::Pusd), owner()), 5_000_000);
    world
}

/// Two dollars to a friend, with these numbers.
fn raw(nonce: u64, gas: u64, max_fee: u64) -> Vec<u8> {
    let tx = Transaction::Eip1559(Eip1559 {
        chain_id: 137,
        nonce,
        max_priority_fee: 30_000_000_000,
        max_fee: max_fee.into(),
        gas,
        to: at(Contract::Pusd),
        value: 0,
        data: calldata::transfer(&FRIEND, 2_000_000),
    });
    let Ok(signature) = key().sign(&tx.digest());
    tx.raw(&signature).unwrap()
}

#[test]
fn prepared_sent_and_included() {
    let peer = Peer::start(rich());
    let receipt = with_node(&peer, async |node| {
        let fees = node.fees().await.unwrap();
        let nonce = node.nonce(owner()).await.unwrap();
        let data = calldata::transfer(&FRIEND, 2_000_000);
        let gas = node.gas(owner(), at(Contract::Pusd), &data).await.unwrap();
        assert_eq!((nonce, gas), (0, 75_000));
        let hash = node.send(&raw(nonce, gas, fees.max_fee)).await.unwrap();
        node.wait(&hash, Duration::from_secs(4)).await.unwrap()
    });
    assert!(receipt.succeeded);
    assert_eq!((receipt.block, receipt.fee_wei), (1, 60_000 * 70_000_000_000));
    let world = peer.world.lock().unwrap();
    assert_eq!((world.has(Contract::Pusd, owner()), world.has(Contract::Pusd, FRIEND)), (3_000_000, 2_000_000));
    assert_eq!(world.included[0].1.from, owner());
}

#[test]
fn a_call_that_would_fail_is_known_before() {
    let peer = Peer::start(rich());
    let data = calldata::transfer(&FRIEND, 6_000_000);
    let error = with_node(&peer, async |n| n.gas(owner(), at(Contract::Pusd), &data).await).unwrap_err();
    assert!(error.is_revert() && error.to_string().contains("exceeds balance"), "{error}");
}

#[test]
fn a_transaction_that_failed_says_so() {
    let peer = Peer::start(rich());
    let receipt = with_node(&peer, async |node| {
        let hash = node.send(&raw(0, 30_000, 100_000_000_000)).await.unwrap();
        node.wait(&hash, Duration::from_secs(2)).await.unwrap()
    });
    assert!(!receipt.succeeded);
}

#[test]
fn what_a_node_refuses_has_not_arrived() {
    let peer = Peer::start(rich());
    for (bytes, word) in [
        (raw(1, 75_000, 100_000_000_000), "nonce too high"),
        (raw(0, 75_000, 39_000_000_000), "underpriced"),
        (raw(0, u64::MAX, 100_000_000_000), "insufficient funds"),
    ] {
        let error = with_node(&peer, async |n| n.send(&bytes).await).unwrap_err();
        assert!(error.to_string().contains(word) && !error.may_have_arrived(), "{error}");
    }
    assert!(peer.world.lock().unwrap().included.is_empty());
}

#[test]
fn a_lost_answer_may_have_arrived_and_the_receipt_tells() {
    let peer = Peer::start(rich());
    let bytes = raw(0, 75_000, 100_000_000_000);
    for fault in [Fault::Lost, Fault::Body(502, "bad gateway".to_owned())] {
        peer.fail("eth_sendRawTransaction", fault);
        let error = with_node(&peer, async |n| n.send(&bytes).await).unwrap_err();
        assert!(error.may_have_arrived(), "{error}");
    }
    // The same bytes again are known, and count once.
    let error = with_node(&peer, async |n| n.send(&bytes).await).unwrap_err();
    assert!(error.to_string().contains("already known") && error.may_have_arrived(), "{error}");
    let hash = polymarket::tx::transaction_hash(&bytes);
    assert!(with_node(&peer, async |n| n.receipt(&hash).await).unwrap().unwrap().succeeded);
    assert_eq!(peer.world.lock().unwrap().has(Contract::Pusd, FRIEND), 2_000_000);
}

#[test]
fn waiting_has_an_end() {
    let peer = Peer::start(rich());
    let hash = schemas::Bytes32([9; 32]);
    let error = with_node(&peer, async |n| n.wait(&hash, Duration::from_secs(2)).await).unwrap_err();
    assert!(matches!(error, RpcError::NoReceipt { .. }), "{error}");
}
