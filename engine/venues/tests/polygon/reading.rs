//! Balances, permissions, fees.

use super::peer::{Fault, Peer};
use super::world::{World, at};
use super::{owner, with_node};
use polymarket::{Address, Chain, Contract, Generation};
use serde_json::json;
use venues::polygon::{Balances, Fees, RpcError};

const CHAIN: &Chain = &Chain::POLYGON;

#[test]
fn what_an_address_has() {
    let mut world = World::polygon();
    world.pol.insert(owner(), 1_500_000_000_000_000_000);
    for (token, amount) in [(Contract::Pusd, 5_000_001), (Contract::UsdcE, 7), (Contract::Usdc, u64::MAX)] {
        world.dollars.insert((at(token), owner()), amount);
    }
    let peer = Peer::start(world);
    let expected = Balances { pol_wei: 1_500_000_000_000_000_000, pusd: 5_000_001, usdc_e: 7, usdc: u64::MAX };
    assert_eq!(with_node(&peer, async |n| n.balances(CHAIN, owner()).await).unwrap(), expected);
    let nobody = with_node(&peer, async |n| n.balances(CHAIN, Address([1; 20])).await).unwrap();
    assert_eq!(nobody, Balances::default());
}

#[test]
fn whom_it_lets_take_it() {
    let mut world = World::polygon();
    let (exchange, third) = (at(Contract::ExchangeV2), at(Contract::ExchangeV3));
    world.allowances.insert((owner(), exchange), u128::MAX);
    world.allowances.insert((owner(), third), 3_000_000);
    world.operators.insert((at(Contract::Ctf), owner(), exchange));
    let peer = Peer::start(world);
    let found = with_node(&peer, async |n| n.permissions(CHAIN, owner()).await).unwrap();
    let granted: Vec<_> = found.iter().filter(|p| p.amount > 0).map(|p| (p.contract, p.amount)).collect();
    let expected =
        [(Contract::ExchangeV2, u64::MAX), (Contract::ExchangeV3, 3_000_000), (Contract::ExchangeV2, u64::MAX)];
    assert_eq!((granted.as_slice(), found.len()), (expected.as_slice(), 10));
    assert_eq!(CHAIN.exchange(Generation::V3, true), Ok(third));
}

#[test]
fn the_right_chain_or_nothing() {
    let mut world = World::polygon();
    world.chain_id = 1;
    let peer = Peer::start(world);
    let error = with_node(&peer, async |n| n.check_chain(CHAIN).await).unwrap_err();
    assert!(matches!(error, RpcError::WrongChain { expected: 137, found: 1, .. }), "{error}");
}

#[test]
fn fees_from_the_newest_blocks_or_the_nodes_word() {
    let peer = Peer::start(World::polygon());
    // Twice the base fee of 40 gwei, and the higher of two medians, 35 gwei.
    let expected = Fees { max_fee: 115_000_000_000, max_priority_fee: 35_000_000_000 };
    assert_eq!(with_node(&peer, async |n| n.fees().await).unwrap(), expected);
    let error = json!({ "jsonrpc": "2.0", "id": 1, "error": { "code": -32601, "message": "no such method" } });
    peer.fail("eth_feeHistory", Fault::Body(200, error.to_string()));
    let expected = Fees { max_fee: 105_000_000_000, max_priority_fee: 25_000_000_000 };
    assert_eq!(with_node(&peer, async |n| n.fees().await).unwrap(), expected);
    // A node that invents fees cannot make the arithmetic wrap.
    peer.fail("eth_feeHistory", Fault::Result(json!({ "baseFeePerGas": [format!("{:#x}", u128::MAX)] })));
    assert!(matches!(with_node(&peer, async |n| n.fees().await), Err(RpcError::BadAnswer { .. })));
}

#[test]
fn whether_a_wallet_is_there() {
    let peer = Peer::start(World::polygon());
    assert!(with_node(&peer, async |n| n.has_code(at(Contract::Pusd)).await).unwrap());
    assert!(!with_node(&peer, async |n| n.has_code(owner()).await).unwrap());
}
