//! Whatever a node answers, it is a typed error or the truth, and nothing secret is in it.

use super::peer::{Fault, Peer};
use super::world::World;
use super::{owner, with_node};
use serde_json::json;
use venues::polygon::RpcError;

#[test]
fn answers_that_are_none() {
    let peer = Peer::start(World::polygon());
    let bodies = [
        "",
        "{",
        "[]",
        "null",
        "{}",
        "\"0x89\"",
        "<html>",
        "{\"id\":1}",
        "{\"result\":\"0x89\"}",
        "{\"id\":null,\"result\":\"0x89\"}",
        "{\"id\":\"1\",\"result\":\"0x89\"}",
    ];
    for body in bodies {
        peer.fail("eth_chainId", Fault::Body(200, body.to_owned()));
        let error = with_node(&peer, async |n| n.chain_id().await).unwrap_err();
        assert!(matches!(error, RpcError::BadAnswer { .. }), "{body}: {error}");
    }
    for result in
        [json!(137), json!("137"), json!("0x"), json!("0xzz"), json!(null), json!([]), json!("0x1ffffffffffffffff")]
    {
        peer.fail("eth_chainId", Fault::Result(result.clone()));
        let error = with_node(&peer, async |n| n.chain_id().await).unwrap_err();
        assert!(matches!(error, RpcError::BadAnswer { .. }), "{result}: {error}");
    }
    peer.fail("eth_chainId", Fault::OtherId);
    assert!(matches!(with_node(&peer, async |n| n.chain_id().await), Err(RpcError::BadAnswer { .. })));
    assert_eq!(with_node(&peer, async |n| n.chain_id().await).unwrap(), 137);
}

#[test]
fn an_answer_cut_at_each_byte() {
    let peer = Peer::start(World::polygon());
    let whole = json!({ "jsonrpc": "2.0", "id": 1, "result": format!("0x{}", "0".repeat(64)) }).to_string();
    for len in 0..whole.len() {
        peer.fail("eth_call", Fault::Body(200, whole[..len].to_owned()));
        let error = with_node(&peer, async |n| n.call(owner(), &[]).await).unwrap_err();
        assert!(matches!(error, RpcError::BadAnswer { .. }), "{len}: {error}");
    }
}

#[test]
fn too_much_too_late_and_not_at_all() {
    let peer = Peer::start(World::polygon());
    peer.fail("eth_chainId", Fault::Body(200, " ".repeat(2 << 20)));
    assert!(matches!(with_node(&peer, async |n| n.chain_id().await), Err(RpcError::BadAnswer { .. })));
    peer.fail("eth_chainId", Fault::Silence);
    assert!(matches!(with_node(&peer, async |n| n.chain_id().await), Err(RpcError::Timeout { .. })));
    peer.fail("eth_chainId", Fault::Lost);
    assert!(matches!(with_node(&peer, async |n| n.chain_id().await), Err(RpcError::Unreachable { .. })));
    for status in [302, 401, 404, 429, 500, 503] {
        peer.fail("eth_chainId", Fault::Body(status, "no".to_owned()));
        let error = with_node(&peer, async |n| n.chain_id().await).unwrap_err();
        assert!(matches!(error, RpcError::Status { status: found, .. } if found == status), "{error}");
    }
}

#[test]
fn a_contract_that_is_not_there_is_no_balance_of_nothing() {
    let peer = Peer::start(World::polygon());
    peer.fail("eth_call", Fault::Result(json!("0x")));
    let error = with_node(&peer, async |n| n.balances(&polymarket::Chain::POLYGON, owner()).await).unwrap_err();
    assert!(matches!(error, RpcError::BadAnswer { .. }), "{error}");
}

/// The address of a node often holds a key.
#[test]
fn no_error_shows_the_path_or_raw_words() {
    let peer = Peer::start(World::polygon());
    let words = json!({ "id": 1, "error": { "code": -1, "message": format!("\u{1b}[31m\n{}", "x".repeat(5_000)) } });
    let faults = [
        Fault::Body(200, words.to_string()),
        Fault::Body(500, "rpc-canary-key".to_owned()),
        Fault::Silence,
        Fault::Lost,
        Fault::Body(200, "rpc-canary-key".to_owned()),
    ];
    for fault in faults {
        peer.fail("eth_chainId", fault.clone());
        let error = with_node(&peer, async |n| n.chain_id().await).unwrap_err();
        for text in [error.to_string(), format!("{error:?}")] {
            assert!(!text.contains("canary") && !text.contains('\u{1b}') && text.len() < 1_000, "{fault:?}: {text}");
        }
    }
    // Nobody listens there.
    let gone =
        venues::polygon::Node::new("http://127.0.0.1:1/rpc-canary-key", std::time::Duration::from_secs(1)).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let error = runtime.block_on(gone.chain_id()).unwrap_err();
    assert!(matches!(error, RpcError::Unreachable { .. }) && !error.to_string().contains("canary"), "{error}");
}
