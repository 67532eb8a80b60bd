//! Orders of all generations.

use super::ledger::{Ledger, bytes, key, text};
use polymarket::{
    Address, Chain, Domain, Generation, GenerationError, Order, OrderType, PostedError, SignDigest, SignatureError,
    SignatureType, Terms, order_signature, post_body, read_post_body, signing_digest, token, verify_order,
};
use schemas::{Bytes32, Side};
use serde_json::Value;

pub fn v2(ledger: &mut Ledger) {
    orders(ledger, Generation::V2);
}

pub fn v3(ledger: &mut Ledger) {
    orders(ledger, Generation::V3);
}

fn order(vector: &Value) -> Order {
    let json = &vector["order"];
    let address = |key: &str| text(json, key).parse::<Address>().unwrap();
    let number = |key: &str| text(json, key).parse::<u64>().unwrap();
    Order {
        salt: json["salt"].as_u64().unwrap(),
        maker: address("maker"),
        signer: address("signer"),
        token: token::from_decimal(text(json, "tokenId")).unwrap(),
        maker_amount: number("makerAmount"),
        taker_amount: number("takerAmount"),
        side: if json["side"] == 0 { Side::Buy } else { Side::Sell },
        signature_type: u8::try_from(json["signatureType"].as_u64().unwrap()).unwrap().try_into().unwrap(),
        timestamp_ms: number("timestamp"),
        metadata: Bytes32::from_hex(text(json, "metadata")).unwrap(),
        builder: Bytes32::from_hex(text(json, "builder")).unwrap(),
    }
}

fn terms(vector: &Value) -> Terms {
    Terms {
        order_type: serde_json::from_value::<OrderType>(vector["order_type"].clone()).unwrap(),
        expiration_s: vector["expiration"].as_u64().unwrap(),
        post_only: vector["post_only"].as_bool().unwrap(),
        defer_exec: false,
    }
}

fn hex(hash: Bytes32) -> String {
    format!("0x{hash}")
}

fn orders(ledger: &mut Ledger, generation: Generation) {
    let key = key(ledger.field("private_key"));
    assert_eq!(ledger.field("type_string"), polymarket::ORDER_TYPE);
    ledger.each("vectors", |vector, i| {
        let name = format!("{generation:?} {i}");
        let order = order(vector);
        order.check().unwrap();
        let chain = Chain::by_id(vector["chain_id"].as_u64().unwrap()).unwrap();
        let domain = Domain::exchange(chain, generation, vector["neg_risk"].as_bool().unwrap()).unwrap();
        assert_eq!(domain.contract().to_string(), text(vector, "verifying_contract"), "{name}");
        assert_eq!(Generation::from_domain_version(text(vector, "domain_version")), Ok(generation), "{name}");
        assert_eq!(Generation::of_token(&order.token), generation, "{name}: by the token's id alone");
        assert_eq!(hex(domain.separator()), text(vector, "domain_separator"), "{name}");
        assert_eq!(hex(order.struct_hash()), text(vector, "struct_hash"), "{name}");
        assert_eq!(hex(order.id(&domain)), text(vector, "order_id"), "{name}");
        if let Some(digest) = vector["signing_digest"].as_str() {
            assert_eq!(order.signature_type, SignatureType::DepositWallet, "{name}");
            assert_eq!(hex(signing_digest(&order, &domain)), digest, "{name}");
            let inner = key.sign(&signing_digest(&order, &domain)).unwrap();
            assert_eq!(inner.0.as_slice(), bytes(vector, "inner_signature"), "{name}");
        }
        let signature = order_signature(&order, &domain, &key).unwrap();
        assert_eq!(polymarket::hex(&signature), text(vector, "signature"), "{name}");
        body(vector, &order, &signature, &name);
        signatures_are_checked(&order, &domain, &signature, key.address(), &name);
        true
    });
}

/// The posted bytes say the same as the official client's, and are read back.
fn body(vector: &Value, order: &Order, signature: &[u8], name: &str) {
    let theirs = text(vector, "post_body");
    let mut expected: Value = serde_json::from_str(theirs).unwrap();
    let terms = terms(vector);
    let owner = text(&expected, "owner").to_owned();
    // The official client leaves this out where it is false.
    let post_only = expected.as_object_mut().unwrap().entry("postOnly").or_insert(Value::Bool(false));
    assert_eq!(*post_only, Value::Bool(terms.post_only), "{name}");
    let ours = String::from_utf8(post_body(order, signature, &owner, &terms)).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&ours).unwrap(), expected, "{name}");
    assert!(!ours.contains('\''), "{name}: an apostrophe is signed differently by different clients");
    for body in [theirs, ours.as_str()] {
        let posted = read_post_body(body).unwrap();
        assert_eq!((posted.order, posted.terms), (*order, terms), "{name}");
        assert_eq!((posted.signature.as_slice(), posted.owner.as_str()), (signature, owner.as_str()), "{name}");
    }
}

fn signatures_are_checked(order: &Order, domain: &Domain, signature: &[u8], owner: Address, name: &str) {
    assert_eq!(verify_order(order, domain, signature, None), Ok(()), "{name}");
    assert_eq!(verify_order(order, domain, signature, Some(owner)), Ok(()), "{name}");
    let other = Address([7; 20]);
    let wrong = verify_order(order, domain, signature, Some(other));
    assert_eq!(wrong, Err(SignatureError::Signer { signed: owner, expected: other }), "{name}");
    let changed = Order { maker_amount: order.maker_amount + 1, ..*order };
    assert!(verify_order(&changed, domain, signature, None).is_err(), "{name}");
    assert!(verify_order(order, domain, &signature[..signature.len() - 1], None).is_err(), "{name}");
    let elsewhere = Domain::of_contract(domain.chain_id() + 1, domain.generation(), domain.contract());
    assert!(verify_order(order, &elsewhere, signature, Some(owner)).is_err(), "{name}");
    for at in [0, 33, 64, signature.len() - 1] {
        let mut flipped = signature.to_vec();
        flipped[at] ^= 1;
        assert!(verify_order(order, domain, &flipped, Some(owner)).is_err(), "{name}: byte {at}");
    }
}

/// V1 orders are recognised by their fields, their domain and their contracts, and refused.
pub fn v1(ledger: &mut Ledger) {
    ledger.each("vectors", |vector, i| {
        let refused = read_post_body(text(vector, "post_body"));
        assert_eq!(refused, Err(PostedError::Version(GenerationError::Dead)), "{i}");
        assert_eq!(Generation::from_domain_version(text(vector, "domain_version")), Err(GenerationError::Dead));
        let chain = Chain::by_id(vector["chain_id"].as_u64().unwrap()).unwrap();
        assert!(chain.is_dead_exchange(text(vector, "verifying_contract").parse().unwrap()), "{i}");
        true
    });
}
